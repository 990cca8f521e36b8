// Channel statuses (docs/spec/channel.md), written from their specification.

import {
  Refusal, authority, bytes, envelope, instant, integer, list, malformed, object, optional, parseStrict, text,
} from "./strict.mjs";

const TYPE = "application/vnd.emla.channel.v1+json";
const LIMIT = 262144;
const GAPS = 128;

const range = (value) => {
  if (!Array.isArray(value) || value.length !== 2) throw malformed("no range");
  return value.map(integer());
};
const ranges = list(range, GAPS);
const epoch = integer(1, 2 ** 31);
const note = (value) => {
  const found = text(undefined, 4096)(value);
  if (found.length === 0) throw malformed("an empty checkpoint");
  return found;
};
const voided = object({ seq: integer(1), pid: bytes(32), reason: text(/^[a-z][a-z-]{1,40}$/) });
const shape = object(
  {
    v: integer(1, 1), from: authority, to: authority, at: instant, nonce: bytes(16), answers: optional(bytes(16)),
    card: object({ from: integer(1), to: integer() }), profile: optional(integer(1)),
    sent: list(object({ epoch, seq: integer(), lost: ranges, voided: list(voided, 256) }), 8),
    received: list(object({ epoch, seq: integer(), last: integer(), gaps: ranges, header: optional(bytes()) }), 8),
    open: list(bytes(32), 256), missing: list(bytes(32), 256),
    seen: list(note, 8), checkpoint: optional(note),
  },
  { extensible: true },
);

const check = (good, why) => {
  if (!good) throw malformed(why);
};
const rise = (numbers) => numbers.every((number, n) => n === 0 || numbers[n - 1] < number);
// Ranges rise, do not touch, and lie within bounds (1.5).
function checkRanges(found, least, most) {
  let from = least;
  for (const [first, last] of found) {
    check(from <= first && first <= last && last <= most, "a range out of place");
    from = last + 2;
  }
}

export function status(data) {
  const found = shape(parseStrict(data, LIMIT));
  check(rise(found.sent.map((each) => each.epoch)) && rise(found.received.map((each) => each.epoch)), "epochs");
  for (const each of found.sent) {
    checkRanges(each.lost, 1, each.seq);
    check(rise(each.voided.map((one) => one.seq)) && each.voided.every((one) => one.seq <= each.seq), "voided");
  }
  for (const each of found.received) {
    check(each.last >= each.seq && (each.header?.length ?? 1) > 0, "received");
    checkRanges(each.gaps, each.seq + 1, each.last);
  }
  return found;
}

// Which of the reader's numbers, up to the last one used, are lacking at the speaker's (1.4, 1.5, 4.4).
export function lacking(said, used) {
  if (!said) return used < 1 ? [] : [[1, used]];
  const found = said.gaps.filter(([first]) => first <= used).map(([first, last]) => [first, Math.min(last, used)]);
  if (said.gaps.length < GAPS && said.last < used) found.push([said.last + 1, used]);
  return found;
}

export function judgeChannel(lines, data, signedBy) {
  const demand = (good, code) => {
    if (!good) throw new Refusal(code);
  };
  const outer = envelope(data, TYPE, LIMIT);
  const said = status(outer.payload);
  demand(said.from === lines.sender, "unknown-sender");
  demand(outer.signatures.length === 1, "malformed");
  const inWindow = said.at >= Number(lines["sign-not-before"]) && said.at < Number(lines["sign-not-after"]);
  demand(inWindow && signedBy(outer, lines["sign-kid"], Buffer.from(lines["sign-key"], "hex")), "bad-signature");
  demand(said.to === lines.me, "not-recipient");
  demand(Math.abs(said.at - Number(lines.now)) <= 86400, "clock-skew");
  if (lines.nonce) {
    demand(said.nonce.toString("hex") === lines.nonce, "wrong nonce");
    demand((said.answers?.toString("hex") ?? "none") === lines.answers, "wrong answers");
    const numbers = lacking(said.received.find((each) => each.epoch === 1), Number(lines.used));
    demand((numbers.map((each) => each.join("-")).join(" ") || "none") === lines.lacking, "wrong numbers");
  }
}
