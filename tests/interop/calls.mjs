// Signed calls: one profile of RFC 9421, written from docs/spec/signed-calls.md alone.

import { Refusal } from "./strict.mjs";

const AUTHORITY = /^[a-z]{2}(\.[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?){1,4}$/;
const unsigned = (why) => new Refusal("unsigned-call", why);

function take(text) {
  const end = text.indexOf("\n\n");
  const [first, ...rest] = (end < 0 ? text : text.subarray(0, end)).toString("utf-8").split("\n");
  const space = first.indexOf(" ");
  const target = first.slice(space + 1);
  const mark = target.indexOf("?");
  const fields = new Map();
  for (const line of rest) {
    const colon = line.indexOf(": ");
    const name = line.slice(0, colon);
    fields.set(name, [...(fields.get(name) ?? []), line.slice(colon + 2)]);
  }
  return {
    method: first.slice(0, space), path: mark < 0 ? target : target.slice(0, mark), query: mark < 0 ? "" : target.slice(mark + 1),
    fields, body: end < 0 ? null : text.subarray(end + 2),
  };
}

const one = (fields, name) => {
  const values = fields.get(name) ?? [];
  if (values.length !== 1) throw unsigned(name);
  return values[0];
};

export function judgeCall(lines, data, sha256, verifyEd25519) {
  const call = take(data);
  const [from, to] = ["emla-from", "emla-to"].map((name) => {
    const value = one(call.fields, name);
    if (!AUTHORITY.test(value)) throw unsigned(name);
    return value;
  });
  const digest = call.body && `sha-256=:${sha256(call.body).toString("base64")}:`;
  const components = [["@method", call.method], ["@path", call.path], ["@query", `?${call.query}`]];
  if (call.body) components.push(["content-digest", digest], ["content-length", String(call.body.length)]);
  components.push(["emla-from", from], ["emla-to", to]);
  const covered = components.map(([name]) => `"${name}"`).join(" ");
  const found = /^emla=(\(([^()]*)\);created=([1-9]\d{0,11});expires=([1-9]\d{0,11});nonce="[A-Za-z0-9_-]{22}";keyid="([0-9a-f]{32})";alg="ed25519";tag="emla-http\/1")$/
    .exec(one(call.fields, "signature-input"));
  if (!found || found[2] !== covered) throw unsigned("input");
  const sig = /^emla=:([A-Za-z0-9+/]{86}==):$/.exec(one(call.fields, "signature"));
  if (!sig || Buffer.from(sig[1], "base64").toString("base64") !== sig[1]) throw unsigned("signature");
  const demand = (good, code) => {
    if (!good) throw new Refusal(code);
  };
  const [created, expires, now] = [found[3], found[4], lines.now].map(Number);
  demand(to === lines.me, "misdirected-call");
  demand(from === lines.sender, "unknown-sender");
  demand(expires > created && expires - created <= 300 && created <= now + 300 && now < expires, "stale-call");
  if (call.body) {
    const said = [call.fields.get("content-digest"), call.fields.get("content-length")].map((values) => values?.join());
    demand(said[0] === digest && said[1] === String(call.body.length), "bad-call-signature");
  }
  const base = Buffer.from([...components.map(([name, value]) => `"${name}": ${value}`), `"@signature-params": ${found[1]}`].join("\n"));
  const live = now >= Number(lines["sign-not-before"]) && now < Number(lines["sign-not-after"]);
  const good = found[5] === lines["sign-kid"] && live && verifyEd25519(Buffer.from(sig[1], "base64"), base, Buffer.from(lines["sign-key"], "hex"));
  demand(good, "bad-call-signature");
  demand(!lines["base-sha256"] || sha256(base).toString("hex") === lines["base-sha256"], "wrong base");
}
