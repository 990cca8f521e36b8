// Reads every vector and says what an implementation that shares no code with emla makes of it.
//   node verify.mjs <folder of vectors>
// Prints one line of JSON: how many vectors of each format were judged as they say, which were not, and which formats it
// leaves to others (documents: their rules are those of headers and signatures again).

import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import sodium from "libsodium-wrappers";
import { judgeAccesses } from "./accesses.mjs";
import { openBackup } from "./backup.mjs";
import { judgeCall } from "./calls.mjs";
import { judgeChannel } from "./channel.mjs";
import { checkpoint, consistency, inclusion, leafHash } from "./ledger.mjs";
import { openChunks, openPackage, sha256 } from "./sealing.mjs";
import { Refusal, acknowledgement, authority, bundle, envelope, header, manifest, octets, parseStrict } from "./strict.mjs";

const HEADER = "application/vnd.emla.header.v1+json";
const ACKNOWLEDGEMENT = "application/vnd.emla.acknowledgement.v1+json";

function read(path) {
  const raw = readFileSync(path);
  const end = raw.indexOf("\n\n");
  const lines = Object.fromEntries(raw.subarray(0, end).toString("utf-8").split("\n").map((line) => {
    const colon = line.indexOf(": ");
    return [line.slice(0, colon), line.slice(colon + 2)];
  }));
  return { lines, body: raw.subarray(end + 2) };
}

const hex = (text) => Buffer.from(text, "hex");
const demand = (good, code) => {
  if (!good) throw new Refusal(code);
};
function verifyEd25519(signature, message, key) {
  return signature.length === 64 && sodium.crypto_sign_verify_detached(signature, message, key);
}
function signedBy(found, kid, key) {
  const type = Buffer.from(found.payloadType, "utf-8");
  const message = Buffer.concat([
    Buffer.from(`DSSEv1 ${type.length} `), type, Buffer.from(` ${found.payload.length} `), found.payload,
  ]);
  return found.signatures.some((each) => each.keyid === kid && verifyEd25519(each.sig, message, key));
}

// Rungs 2 to 10 of the ladder.
function judgeHeader(lines, data) {
  const found = envelope(data, HEADER);
  const claimed = parseStrict(found.payload, 65536).get("from");
  demand(authority(claimed) === lines.sender, "unknown-sender");
  demand(found.signatures.length === 1, "malformed");
  demand(signedBy(found, lines["sign-kid"], hex(lines["sign-key"])), "bad-signature");
  const seen = header(found.payload);
  const inWindow = seen.created >= Number(lines["sign-not-before"]) && seen.created < Number(lines["sign-not-after"]);
  demand(inWindow, "bad-signature");
  demand(seen.to === lines.me, "not-recipient");
  demand(seen.created <= Number(lines.now) + 300, "clock-skew");
  demand(Number(lines.now) < seen.expires, "expired");
  demand(seen.suites.join() === "h1,cc1,ed1", "bad-suite");
  demand(seen.kid === lines["sealing-kid"], "unknown-kid");
  demand(seen.payload.size <= Number(lines["payload-max"]), "too-large");
  if (lines.pid) demand(sha256(found.payload).equals(hex(lines.pid)), "wrong pid");
  return seen;
}

function judgePackage(lines, data) {
  const length = data.readUInt32BE(0);
  const seen = judgeHeader(lines, data.subarray(4, 4 + length));
  const opened = openPackage(sodium, hex(lines["seal-seed"]), seen, data.subarray(4 + length));
  if (lines.cek) {
    demand(opened.cek.equals(hex(lines.cek)), "wrong cek");
    demand(sha256(opened.manifestBytes).equals(hex(lines["manifest-sha256"])), "wrong manifest");
    demand(opened.stream.length === Number(lines["stream-size"]), "wrong size");
  }
}

// The origin that counts: that of the card, or one of a former epoch of the same ledger (ledger 1.6).
function ledgerOf(note, ofCard) {
  const named = note.toString("utf-8").split("\n")[0];
  const [stem, epoch] = [named.slice(0, named.lastIndexOf("/")), named.slice(named.lastIndexOf("/") + 1)];
  const end = ofCard.lastIndexOf("/");
  const former = stem === ofCard.slice(0, end) && /^[1-9][0-9]*$/.test(epoch) && BigInt(epoch) < BigInt(ofCard.slice(end + 1));
  return former ? named : ofCard;
}

const BY_SENDER = ["SubmissionAcceptance", "SubmissionRejection", "RelayFailure"];
const BY_HUB = ["HubAcceptance", "HubRejection"];
function judgeAcknowledgement(lines, data) {
  const outer = bundle(data);
  const found = envelope(outer.acknowledgement, ACKNOWLEDGEMENT);
  const said = acknowledgement(found.payload);
  const entitled = BY_HUB.includes(said.event)
    ? said.by !== said.from && said.by !== said.to
    : said.by === (BY_SENDER.includes(said.event) ? said.from : said.to);
  demand(said.by === lines.issuer && entitled, "acknowledgement-mismatch");
  demand(found.signatures.length === 1, "malformed");
  const inWindow = said.at >= Number(lines["sign-not-before"]) && said.at < Number(lines["sign-not-after"]);
  demand(inWindow && signedBy(found, lines["sign-kid"], hex(lines["sign-key"])), "bad-signature");
  const note = Buffer.from(outer.checkpoint, "utf-8");
  const head = checkpoint(note, ledgerOf(note, lines["ledger-origin"]), verifyEd25519, hex(lines["ledger-key"]));
  const begun = said.at >= Number(lines["ledger-not-before"] ?? 0);
  demand(begun && said.at < Number(lines["ledger-not-after"] ?? Infinity), "bad-signature");
  const entry = Buffer.concat([Buffer.from([3]), sha256(outer.acknowledgement)]);
  demand(inclusion(leafHash(entry), outer.index, head.size, outer.proof, head.root), "proof-mismatch");
  const facts = [
    [said.pid, "pid"], [said.payload.id, "payload-id"], [said.payload.sha256, "payload-sha256"], [said.msg, "msg"],
    [said.header_sig, "header-sig"],
  ];
  demand(facts.every(([value, name]) => value.equals(hex(lines[name]))), "acknowledgement-mismatch");
  const plain = [[said.from, "from"], [said.to, "to"], [said.epoch, "epoch"], [said.seq, "seq"]];
  demand(plain.every(([value, name]) => String(value) === lines[name]), "acknowledgement-mismatch");
  if (lines.aid) demand(sha256(found.payload).equals(hex(lines.aid)), "wrong aid");
}

function judgeChunks(lines, data) {
  const stream = openChunks(hex(lines.key), data);
  demand(stream !== null, "chunk-damaged");
  const same = stream.length === Number(lines["plaintext-size"]) && sha256(stream).equals(hex(lines["plaintext-sha256"]));
  demand(same, "wrong plaintext");
}

const hashes = (data) => Array.from({ length: Math.ceil(data.length / 32) }, (_, n) => data.subarray(32 * n, 32 * n + 32));
const judges = {
  "strict-json": (lines, data) => parseStrict(data, Number(lines.limit)),
  base64url: (lines, data) => demand(octets(data.toString("utf-8")).equals(hex(lines.octets)), "wrong octets"),
  dsse: (lines, data) => {
    const found = envelope(data, lines.type, Number(lines.limit));
    demand(signedBy(found, lines.kid, hex(lines["public-key"])), "bad-signature");
  },
  cc1: judgeChunks,
  backup: (lines, data) => {
    const found = openBackup(sodium, hex(lines.seed), data);
    demand(sha256(found.archive).equals(hex(lines["archive-sha256"])), "wrong archive");
    demand(found.files === Number(lines.files), "wrong number of files");
  },
  manifest: (_, data) => manifest(data),
  header: judgeHeader,
  package: judgePackage,
  acknowledgement: judgeAcknowledgement,
  channel: (lines, data) => judgeChannel(lines, data, signedBy),
  accesses: (lines, data) => judgeAccesses(lines, data, signedBy, verifyEd25519),
  call: (lines, data) => judgeCall(lines, data, sha256, verifyEd25519),
  checkpoint: (lines, data) => checkpoint(data, lines.origin, verifyEd25519, hex(lines["public-key"])),
  inclusion: (lines, data) => {
    const good = inclusion(leafHash(hex(lines.entry)), lines.index, lines.size, hashes(data), hex(lines.root));
    demand(good, "proof-mismatch");
  },
  consistency: (lines, data) => {
    const roots = [hex(lines["first-root"]), hex(lines["second-root"])];
    demand(consistency(Number(lines.first), Number(lines.second), hashes(data), ...roots), "proof-mismatch");
  },
};

await sodium.ready;
const root = process.argv[2];
const summary = { judged: {}, wrong: [], left: [] };
for (const folder of readdirSync(root, { withFileTypes: true }).filter((each) => each.isDirectory())) {
  for (const name of readdirSync(join(root, folder.name)).filter((each) => each.endsWith(".vector")).sort()) {
    const { lines, body } = read(join(root, folder.name, name));
    const judge = judges[lines.format];
    if (!judge) {
      if (!summary.left.includes(lines.format)) summary.left.push(lines.format);
      continue;
    }
    let verdict = "success";
    try {
      judge(lines, body);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      verdict = error.code;
    }
    if (verdict === lines.expect) {
      const count = (summary.judged[lines.format] ??= { success: 0, refused: 0 });
      count[verdict === "success" ? "success" : "refused"] += 1;
    } else summary.wrong.push(`${folder.name}/${name}: ${verdict}, not ${lines.expect}`);
  }
}
console.log(JSON.stringify(summary));
process.exitCode = summary.wrong.length ? 1 : 0;
