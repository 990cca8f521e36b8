// Strict JSON, base64url and the shapes of emla's objects, written from docs/spec alone.
// Everything that is not as specified throws Refusal("malformed").

export class Refusal extends Error {
  constructor(code, why = "") {
    super(`${code}: ${why}`);
    this.code = code;
  }
}

export const malformed = (why) => new Refusal("malformed", why);

const INTEGER_MAX = 2 ** 53 - 1;
const INSTANT_MAX = 253402300799;

export function parseStrict(bytes, limit) {
  if (bytes.length > limit) throw malformed("too long");
  let text;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw malformed("not UTF-8");
  }
  let at = 0;
  const blank = () => {
    while (" \t\r\n".includes(text[at] ?? "x")) at += 1;
  };
  const expect = (token) => {
    if (!text.startsWith(token, at)) throw malformed(`${token} expected`);
    at += token.length;
  };
  const string = () => {
    const found = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/uy;
    found.lastIndex = at;
    const match = found.exec(text);
    if (!match) throw malformed("no text");
    at += match[0].length;
    const value = JSON.parse(match[0]);
    if (!value.isWellFormed()) throw malformed("lone surrogate");
    return value;
  };
  const value = (depth) => {
    blank();
    const first = text[at];
    if (first === '"') return string();
    if (first === "{" || first === "[") {
      if (depth > 8) throw malformed("too deep");
      at += 1;
      const close = first === "{" ? "}" : "]";
      const out = first === "{" ? new Map() : [];
      blank();
      if (text[at] === close) {
        at += 1;
        return out;
      }
      for (;;) {
        blank();
        if (first === "{") {
          const name = string();
          blank();
          expect(":");
          if (out.has(name)) throw malformed("a name twice");
          out.set(name, value(depth + 1));
        } else out.push(value(depth + 1));
        blank();
        if (text[at] === close) {
          at += 1;
          return out;
        }
        expect(",");
      }
    }
    for (const [word, meaning] of [["true", true], ["false", false]]) {
      if (text.startsWith(word, at)) {
        at += word.length;
        return meaning;
      }
    }
    const number = /-?(?:0|[1-9][0-9]*)/y;
    number.lastIndex = at;
    const match = number.exec(text);
    if (!match || match[0] === "-0" || match[0].length > 17) throw malformed("no value");
    at += match[0].length;
    if (".eE".includes(text[at] ?? "x")) throw malformed("not an integer");
    const result = Number(match[0]);
    if (BigInt(match[0]) > BigInt(INTEGER_MAX) || BigInt(match[0]) < -BigInt(INTEGER_MAX)) throw malformed("too large");
    return result;
  };
  const whole = value(1);
  blank();
  if (at !== text.length || !(whole instanceof Map)) throw malformed("not one object");
  return whole;
}

export function octets(text) {
  if (typeof text !== "string" || !/^[A-Za-z0-9_-]*$/.test(text) || text.endsWith("\n")) throw malformed("base64url");
  const data = Buffer.from(text, "base64url");
  if (data.toString("base64url") !== text) throw malformed("base64url is not canonical");
  return data;
}

// --- shapes: each takes a value and returns it decoded, or throws ---

const check = (good, why) => {
  if (!good) throw malformed(why);
};
export const bytes = (length) => (value) => {
  const data = octets(value);
  check(length === undefined || data.length === length, "length");
  return data;
};
export const text = (pattern, longest = 256) => (value) => {
  check(typeof value === "string" && [...value].length <= longest && (!pattern || pattern.test(value)), "text");
  return value;
};
export const line = (value) => {
  check(!/[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/u.test(text()(value)), "not one plain line");
  return value;
};
export const integer = (least = 0, most = INTEGER_MAX) => (value) => {
  check(typeof value === "number" && value >= least && value <= most, "integer");
  return value;
};
export const instant = integer(0, INSTANT_MAX);
export const list = (item, longest) => (value) => {
  check(Array.isArray(value) && value.length <= longest, "list");
  return value.map(item);
};
export const optional = (shape) => Object.assign((value) => shape(value), { optional: true });
export const any = (value) => value;

export const object = (members, { extensible = false } = {}) => (value) => {
  check(value instanceof Map, "object");
  const out = {};
  for (const [name, shape] of Object.entries(members)) {
    if (value.has(name)) out[name] = shape(value.get(name));
    else check(shape.optional, `lacks ${name}`);
  }
  for (const name of value.keys()) {
    check(name in members || (extensible && (name === "ext" || name === "crit")), `unknown ${name}`);
  }
  if (value.has("ext")) check(value.get("ext") instanceof Map, "ext");
  if (value.has("crit")) check(list(text(), 16)(value.get("crit")).length === 0, "crit"); // nothing is understood yet
  return out;
};

const AUTHORITY = /^[a-z]{2}(\.[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?){1,4}$/;
const exact = (pattern) => text(new RegExp(pattern.source + "(?!\\n)"));
export const authority = exact(AUTHORITY);
export const kid = exact(/^[0-9a-f]{32}$/);
const suite = exact(/^[a-z][a-z0-9-]{0,15}$/);
const card = object({ version: integer(1), sha256: bytes(32) });

export const headerShape = object(
  {
    v: integer(1, 1), suites: list(suite, 8), msg: bytes(16), from: authority, to: authority,
    epoch: integer(1, 2 ** 31), seq: integer(1), prev: optional(bytes(32)), kid, stanza: bytes(1168),
    created: instant, expires: instant, prio: text(/^(urgent|normal)$/),
    payload: object({ id: bytes(16), size: integer(1), sha256: bytes(32), commit: bytes(32) }),
    content: bytes(32), cards: object({ from: card, to: card }), replaces: optional(bytes(32)),
  },
  { extensible: true },
);

export function header(data) {
  const found = headerShape(parseStrict(data, 65536));
  const life = found.expires - found.created;
  check(life >= 3600 && life <= 90 * 86400, "lifetime");
  check((found.seq === 1) === (found.prev === undefined), "prev");
  return found;
}

const manifestShape = object(
  {
    v: integer(1, 1), salt: bytes(32), from: authority, to: list(authority, 64), payload_id: bytes(16),
    conv: bytes(16), message: text(/^[A-Z][A-Za-z]{2,63}$/), in_reply_to: optional(bytes(16)),
    officer: object({ name: line, post: line }), created: instant,
    parts: list(object({
      n: integer(), role: text(/^(main|annex|translation|signature)$/),
      media: text(/^[a-z0-9][a-z0-9!#$&^_.+-]{0,63}\/[a-z0-9][a-z0-9!#$&^_.+-]{0,63}$/),
      name: text(undefined, 16384), size: integer(), sha256: bytes(32),
    }), 500),
  },
  { extensible: true },
);

export function manifest(data) {
  const found = manifestShape(parseStrict(data, 1 << 20));
  check(found.parts.length > 0 && found.parts.every((part, n) => part.n === n && (part.role === "main") === (n === 0)), "parts");
  check(found.to.length > 0 && new Set(found.to).size === found.to.length, "to");
  return found;
}

const EVENTS = { SubmissionAcceptance: false, SubmissionRejection: true, RelayAcceptance: false, RelayRejection: true,
  RelayFailure: true, ContentConsignment: false, ContentConsignmentFailure: true, ContentHandover: false,
  HubAcceptance: false, HubRejection: true };
const acknowledgementShape = object(
  {
    v: integer(1, 1), event: text(), pid: bytes(32), payload: object({ id: bytes(16), sha256: bytes(32) }),
    from: authority, to: authority, by: authority, msg: bytes(16), epoch: integer(1, 2 ** 31), seq: integer(1),
    at: instant, card, header_sig: bytes(32), reason: optional(text(/^[a-z][a-z-]{1,40}$/)),
  },
  { extensible: true },
);

export function acknowledgement(data) {
  const found = acknowledgementShape(parseStrict(data, 65536));
  check(Object.hasOwn(EVENTS, found.event), "event");
  check(EVENTS[found.event] === (found.reason !== undefined), "reason");
  return found;
}

const bundleShape = object(
  {
    v: integer(1, 1), acknowledgement: bytes(), index: integer(), proof: list(bytes(32), 63),
    checkpoint: text(undefined, 4096),
  },
  { extensible: true },
);
export const bundle = (data) => bundleShape(parseStrict(data, 65536));

const envelopeShape = object({
  payloadType: text(), payload: bytes(), signatures: list(object({ keyid: kid, sig: bytes(64) }), 16),
});

export function envelope(data, type, limit = 65536) {
  const found = envelopeShape(parseStrict(data, limit));
  check(found.payloadType === type, "type");
  check(found.signatures.length > 0, "no signatures");
  check(new Set(found.signatures.map((each) => each.keyid)).size === found.signatures.length, "a key twice");
  return found;
}
