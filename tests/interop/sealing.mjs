// Suites h1 and cc1 from their specifications: X-Wing from libsodium; HPKE's key schedule, ChaCha20-Poly1305 by hand.

import { createDecipheriv, createHash, createHmac, timingSafeEqual } from "node:crypto";
import { Refusal, manifest as decodeManifest } from "./strict.mjs";

export const sha256 = (...data) => {
  const hash = createHash("sha256");
  for (const each of data) hash.update(each);
  return hash.digest();
};
const hmac = (key, ...data) => {
  const mac = createHmac("sha256", key);
  for (const each of data) mac.update(each);
  return mac.digest();
};
const u16 = (value) => Buffer.from([value >> 8, value & 255]);
const u32 = (value) => {
  const out = Buffer.alloc(4);
  out.writeUInt32BE(value);
  return out;
};

// LP(...): each item as a 4-byte length and its bytes; texts in UTF-8, integers in decimal.
export const hashOf = (...items) =>
  sha256(...items.flatMap((item) => {
    const data = Buffer.isBuffer(item) ? item : Buffer.from(String(item), "utf-8");
    return [u32(data.length), data];
  }));
export const labelled = (key, label, data) => hmac(key, `${label}\0`, data);

export function headerBinding(header) {
  return hashOf("emla/1 header", 1, header.suites.join("+"), header.msg, header.from, header.to, header.kid,
    header.created, header.expires, header.payload.id, header.payload.sha256, header.payload.commit);
}
const payloadBinding = (header) => hashOf("emla/1 payload", "cc1", header.from, header.payload.id);

function chacha(key, nonce, sealed) {
  if (sealed.length < 16) return null;
  const box = createDecipheriv("chacha20-poly1305", key, nonce, { authTagLength: 16 });
  box.setAuthTag(sealed.subarray(sealed.length - 16));
  try {
    return Buffer.concat([box.update(sealed.subarray(0, sealed.length - 16)), box.final()]);
  } catch {
    return null;
  }
}

// RFC 9180 section 5.1, base mode; KEM 0x647A, KDF 0x0001, AEAD 0x0003.
const SUITE = Buffer.concat([Buffer.from("HPKE"), u16(0x647a), u16(0x0001), u16(0x0003)]);
const extract = (salt, label, key) =>
  hmac(salt.length ? salt : Buffer.alloc(32), "HPKE-v1", SUITE, label, key);
const expand = (key, label, info, length) =>
  hmac(key, u16(length), "HPKE-v1", SUITE, label, info, Buffer.from([1])).subarray(0, length);

export function openStanza(sodium, seed, stanza, hbind) {
  const pair = sodium.crypto_kem_xwing_seed_keypair(seed);
  let shared;
  try {
    shared = Buffer.from(sodium.crypto_kem_xwing_dec(stanza.subarray(0, 1120), pair.privateKey));
  } catch {
    return null; // a low-order point
  }
  const none = Buffer.alloc(0);
  const info = Buffer.concat([Buffer.from("emla/1 h1"), hbind]);
  const context = Buffer.concat([Buffer.from([0]), extract(none, "psk_id_hash", none), extract(none, "info_hash", info)]);
  const secret = extract(shared, "secret", none);
  return chacha(expand(secret, "key", context, 32), expand(secret, "base_nonce", context, 12), stanza.subarray(1120));
}

const CHUNK = 65536;
export function openChunks(key, payload) {
  const count = Math.ceil(payload.length / (CHUNK + 16));
  const size = payload.length - 16 * count;
  if (size < 0 || size + 16 * Math.max(1, Math.ceil(size / CHUNK)) !== payload.length) return null;
  const out = [];
  for (let number = 0; number < count; number += 1) {
    const nonce = Buffer.alloc(12);
    nonce.writeUInt32BE(number, 7);
    nonce[11] = number === count - 1 ? 1 : 0;
    const plain = chacha(key, nonce, payload.subarray(number * (CHUNK + 16), (number + 1) * (CHUNK + 16)));
    if (plain === null) return null;
    out.push(plain);
  }
  return Buffer.concat(out);
}

function padme(size) {
  if (size < 2) return size;
  const exponent = Math.floor(Math.log2(size));
  const block = 2 ** Math.max(0, exponent - (Math.floor(Math.log2(exponent)) + 1));
  return Math.ceil(size / block) * block;
}

export function openPackage(sodium, seed, header, payload) {
  if (payload.length !== header.payload.size || !sha256(payload).equals(header.payload.sha256)) {
    throw new Refusal("digest-mismatch");
  }
  const cek = openStanza(sodium, seed, header.stanza, headerBinding(header));
  if (cek === null) throw new Refusal("stanza-mismatch");
  const pbind = payloadBinding(header);
  if (!timingSafeEqual(labelled(cek, "emla/1 commit", pbind), header.payload.commit)) throw new Refusal("commit-mismatch");
  const stream = openChunks(labelled(cek, "emla/1 pay", pbind), payload);
  if (stream === null) throw new Refusal("chunk-damaged");
  const [manifestBytes, manifest] = readManifest(stream, header);
  readParts(stream, manifest, manifestBytes.length);
  return { cek, stream, manifestBytes, manifest };
}

function readManifest(stream, header) {
  const wrong = new Refusal("manifest-mismatch");
  if (stream.length < 4) throw wrong;
  const length = stream.readUInt32BE(stream.length - 4);
  if (length === 0 || length > 1 << 20 || length + 4 > stream.length) throw wrong;
  const data = stream.subarray(stream.length - 4 - length, stream.length - 4);
  if (!sha256("emla/1 content", sha256(data)).equals(header.content)) throw wrong;
  let manifest;
  try {
    manifest = decodeManifest(data);
  } catch {
    throw wrong;
  }
  if (manifest.from !== header.from || !manifest.payload_id.equals(header.payload.id) || !manifest.to.includes(header.to)) throw wrong;
  return [data, manifest];
}

function readParts(stream, manifest, manifestLength) {
  const wrong = new Refusal("part-mismatch");
  const total = manifest.parts.reduce((sum, part) => sum + part.size, 0);
  if (padme(total + manifestLength + 4) !== stream.length) throw wrong;
  let at = 0;
  for (const part of manifest.parts) {
    if (!sha256(stream.subarray(at, at + part.size)).equals(part.sha256)) throw wrong;
    at += part.size;
  }
  if (!stream.subarray(at, stream.length - 4 - manifestLength).every((byte) => byte === 0)) throw wrong;
}
