// Checkpoints (C2SP tlog-checkpoint) and Merkle proofs (RFC 9162), from their specifications.

import { Refusal, malformed } from "./strict.mjs";
import { sha256 } from "./sealing.mjs";

const node = (left, right) => sha256(Buffer.from([1]), left, right);
export const leafHash = (entry) => sha256(Buffer.from([0]), entry);

export function inclusion(leaf, index, size, proof, root) {
  let [fn, sn, hash] = [BigInt(index), BigInt(size) - 1n, leaf];
  if (fn > sn) return false;
  for (const sibling of proof) {
    if (sibling.length !== 32 || sn === 0n) return false;
    if (fn & 1n || fn === sn) {
      hash = node(sibling, hash);
      while (!(fn & 1n) && fn !== 0n) [fn, sn] = [fn >> 1n, sn >> 1n];
    } else hash = node(hash, sibling);
    [fn, sn] = [fn >> 1n, sn >> 1n];
  }
  return sn === 0n && hash.equals(root);
}

export function consistency(first, second, proof, firstRoot, secondRoot) {
  if (first > second) return false;
  if (first === second) return proof.length === 0 && firstRoot.equals(secondRoot);
  if (first === 0) return proof.length === 0;
  const path = Number.isInteger(Math.log2(first)) ? [firstRoot, ...proof] : [...proof];
  if (path.length === 0) return false;
  let [fn, sn] = [first - 1, second - 1];
  while (fn & 1) [fn, sn] = [fn >> 1, sn >> 1];
  let [one, two] = [path[0], path[0]];
  for (const sibling of path.slice(1)) {
    if (sn === 0) return false;
    if (fn & 1 || fn === sn) {
      [one, two] = [node(sibling, one), node(sibling, two)];
      while (!(fn & 1) && fn !== 0) [fn, sn] = [fn >> 1, sn >> 1];
    } else two = node(two, sibling);
    [fn, sn] = [fn >> 1, sn >> 1];
  }
  return sn === 0 && one.equals(firstRoot) && two.equals(secondRoot);
}

const base64 = (text) => {
  const data = Buffer.from(text, "base64");
  if (data.toString("base64") !== text) throw malformed("base64");
  return data;
};

export function checkpoint(note, origin, verifyEd25519, key) {
  const raw = note.toString("utf-8");
  // eslint-disable-next-line no-control-regex
  if (/[\u0000-\u0009\u000b-\u001f]/u.test(raw) || !raw.endsWith("\n")) throw malformed("note");
  const end = raw.lastIndexOf("\n\n");
  if (end < 0) throw malformed("no signatures");
  const text = raw.slice(0, end + 1);
  const lines = text.split("\n");
  if (lines.length !== 4) throw malformed("three lines");
  if (!/^(0|[1-9][0-9]{0,18})$/.test(lines[1]) || BigInt(lines[1]) > 2n ** 63n - 1n) throw malformed("size");
  const root = base64(lines[2]);
  if (root.length !== 32) throw malformed("root");
  const seen = new Set();
  const signatures = raw.slice(end + 2, -1).split("\n").map((line) => {
    const match = /^\u2014 ([^\s+]+) ([A-Za-z0-9+/=]+)$/u.exec(line);
    if (!match) throw malformed("signature line");
    const blob = base64(match[2]);
    const id = `${match[1]} ${blob.subarray(0, 4).toString("hex")}`;
    if (blob.length < 5 || seen.has(id)) throw malformed("signature line");
    seen.add(id);
    return { id, signature: blob.subarray(4) };
  });
  const hash = sha256(origin, "\n", Buffer.from([1]), key).subarray(0, 4).toString("hex");
  const ours = signatures.find((each) => each.id === `${origin} ${hash}`);
  if (lines[0] !== origin || !ours || !verifyEd25519(ours.signature, Buffer.from(text, "utf-8"), key)) {
    throw new Refusal("bad-signature");
  }
  return { size: BigInt(lines[1]), root };
}
