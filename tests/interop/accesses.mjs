// Access reports (docs/spec/accesses.md), written from their specification.

import { checkpoint } from "./ledger.mjs";
import {
  Refusal, authority, bytes, envelope, instant, integer, line, list, malformed, object, optional, parseStrict, text,
} from "./strict.mjs";

const TYPE = "application/vnd.emla.accesses.v1+json";
const LIMIT = 262144;

const epoch = integer(1, 2 ** 31);
const common = { what: text(), at: instant, leaf: integer(), digest: bytes(32) };
const of = { package: bytes(32), part: integer(0, 500) };
const by = { role: text(/^[a-z][a-z0-9_]{1,39}$/), person: optional((value) => {
  const found = line(value);
  if ([...found].length > 100) throw malformed("a long name");
  return found;
}) };
const kinds = new Map([
  ["part", object({ ...common, ...of, ...by }, { extensible: true })],
  ["case", object({ ...common, ...by }, { extensible: true })],
  ["passed", object({ ...common, ...of, to: authority }, { extensible: true })],
]);
const access = (value) => {
  const shape = kinds.get(value instanceof Map ? value.get("what") : undefined);
  if (!shape) throw malformed("an access of an unknown kind");
  return shape(value);
};
const shape = object(
  {
    v: integer(1, 1), from: authority, to: authority, at: instant, case: bytes(16), epoch, first: integer(), end: integer(),
    next: optional(object({ epoch, first: integer() })), accesses: list(access, 200), checkpoint: text(undefined, 4096),
  },
  { extensible: true },
);

const check = (good, why) => {
  if (!good) throw malformed(why);
};

export function report(data) {
  const found = shape(parseStrict(data, LIMIT));
  check(found.first <= found.end, "an end before the beginning");
  const leaves = found.accesses.map((each) => each.leaf);
  check(leaves.every((leaf, n) => leaf >= found.first && leaf < found.end && (n === 0 || leaves[n - 1] < leaf)), "leaves");
  if (found.next) {
    const goesOn = found.next.epoch === found.epoch && found.next.first === found.end && found.end > found.first;
    check(goesOn || (found.next.epoch > found.epoch && found.next.first === 0), "it does not go on");
  }
  return found;
}

export function judgeAccesses(lines, data, signedBy, verifyEd25519) {
  const demand = (good, code) => {
    if (!good) throw new Refusal(code);
  };
  const outer = envelope(data, TYPE, LIMIT);
  const said = report(outer.payload);
  demand(said.from === lines.sender, "unknown-sender");
  demand(outer.signatures.length === 1, "malformed");
  const inWindow = said.at >= Number(lines["sign-not-before"]) && said.at < Number(lines["sign-not-after"]);
  demand(inWindow && signedBy(outer, lines["sign-kid"], Buffer.from(lines["sign-key"], "hex")), "bad-signature");
  demand(said.to === lines.me, "not-recipient");
  demand(Math.abs(said.at - Number(lines.now)) <= 86400, "clock-skew");
  const [askedEpoch, askedFirst] = lines.asked.split("/").map(Number);
  const asNamed = said.epoch === askedEpoch && said.first === askedFirst;
  demand(said.case.toString("hex") === lines.case, "malformed");
  demand(asNamed || (said.epoch > askedEpoch && said.first === 0), "malformed");
  const stem = lines["ledger-origin"].slice(0, lines["ledger-origin"].lastIndexOf("/"));
  demand(said.checkpoint.split("\n")[0] === `${stem}/${said.epoch}`, "malformed");
  const head = checkpoint(
    Buffer.from(said.checkpoint, "utf-8"), `${stem}/${said.epoch}`, verifyEd25519, Buffer.from(lines["ledger-key"], "hex"),
  );
  demand(head.size >= said.end, "malformed");
  if (lines.leaves) {
    demand((said.accesses.map((each) => each.leaf).join(" ") || "none") === lines.leaves, "wrong leaves");
    demand((said.next ? `${said.next.epoch}/${said.next.first}` : "none") === lines.next, "wrong next");
  }
}
