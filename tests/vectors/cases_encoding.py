# a table of cases is read by the row
"""Vectors of the encodings: strict JSON, base64url, DSSE, cc1, manifest."""

from hashlib import sha256, sha512

from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from emla.formats import cc1, dsse, strict_json
from emla.formats.ed1 import SigningKey
from emla.formats.strict_json import Json
from emla.model.signed import PayloadType
from tests.support.authorities import build, changed, derived, party
from tests.support.vector_files import Vector

AT, DE = party("at.moj"), party("de.bfj")
ORDER = 2**252 + 27742317777372353535851937790883648493
"""The order of Ed25519's group, L."""


def plus_order(sig: bytes) -> bytes:
    """The same signature with S + L in place of S: good for a verifier that does not look."""
    return sig[:32] + (int.from_bytes(sig[32:], "little") + ORDER).to_bytes(32, "little")


def identity_for_r(seed: bytes, message: bytes) -> bytes:
    """A signature whose R is the identity: it satisfies the equation, yet says nothing only the signer could say."""
    scalar = bytearray(sha512(seed).digest()[:32])
    scalar[0] &= 248
    scalar[31] = scalar[31] & 63 | 64
    public, r = SigningKey(seed, "").public, b"\1" + bytes(31)
    challenge = int.from_bytes(sha512(r + public + message).digest(), "little")
    return r + (challenge * int.from_bytes(scalar, "little") % ORDER).to_bytes(32, "little")


_JSON_GOOD: tuple[tuple[str, bytes, str], ...] = (
    ("good-empty", b"{}", "an empty object"),
    (
        "good-whitespace",
        b' {\t"a" :\r\n1 } \n',
        "the four kinds of white space JSON knows, around every token",
    ),
    ("good-unsorted", b'{"b":1,"a":2}', "names in any order: nobody re-encodes what was signed"),
    ("good-largest-integer", b'{"a":9007199254740991,"b":-9007199254740991}', "plus and minus 2^53 - 1"),
    ("good-depth-8", b'{"a":[[[[[[[1]]]]]]]}', "eight levels of nesting"),
    (
        "good-escapes",
        b'{"a":"\\u0000\\"\\\\\\/\\b\\f\\n\\r\\t\\ud83d\\ude00"}',
        "every escape, and a surrogate pair",
    ),
    ("good-unicode", '{"é":"ж😀"}'.encode(), "names and texts in UTF-8"),
    ("good-empty-name", b'{"":true}', "the empty name is a name"),
)
_JSON_BAD: tuple[tuple[str, bytes, str, int | None], ...] = (
    ("empty", b"", "nothing at all", None),
    ("bom", b"\xef\xbb\xbf{}", "a byte order mark", 18),
    ("array", b"[]", "not an object", None),
    ("text", b'"a"', "not an object", None),
    ("trailing", b"{}{}", "something after the object", None),
    ("trailing-nul", b"{}\0", "a NUL after the object", None),
    ("trailing-comma", b'{"a":1,}', "a comma too many", None),
    ("single-quotes", b"{'a':1}", "quotes of another language", None),
    ("comment", b'{/**/"a":1}', "a comment", None),
    ("duplicate-name", b'{"a":1,"a":1}', "one name twice, even with the same value", 18),
    ("duplicate-escaped-name", b'{"a":1,"\\u0061":1}', "one name twice, once written as an escape", 18),
    ("duplicate-nested-name", b'{"x":[{"a":1,"a":2}]}', "one name twice, further down", 18),
    ("null", b'{"a":null}', "null", 18),
    ("nan", b'{"a":NaN}', "NaN", 18),
    ("infinity", b'{"a":-Infinity}', "Infinity", 18),
    ("float", b'{"a":1.0}', "a fraction, though zero", 18),
    ("exponent", b'{"a":1e3}', "an exponent, though whole", 18),
    ("huge-exponent", b'{"a":1e999}', "an exponent beyond every float", 18),
    ("minus-zero", b'{"a":-0}', "minus zero", None),
    ("leading-zero", b'{"a":01}', "a leading zero", None),
    ("leading-plus", b'{"a":+1}', "a leading plus", None),
    ("hexadecimal", b'{"a":0x1}', "a hexadecimal number", None),
    ("integer-2-53", b'{"a":9007199254740992}', "2^53", 16),
    ("integer-minus-2-53", b'{"a":-9007199254740992}', "minus 2^53", 16),
    ("integer-2-63", b'{"a":9223372036854775808}', "2^63", 16),
    ("integer-5000-digits", b'{"a":' + b"9" * 5000 + b"}", "an integer of 5,000 digits", 18),
    ("lone-high-surrogate", b'{"a":"\\ud800"}', "half a surrogate pair", 18),
    ("lone-low-surrogate", b'{"a":"\\udc00x"}', "the other half", 18),
    ("lone-surrogate-name", b'{"\\ud800":1}', "half a surrogate pair in a name", 18),
    ("encoded-surrogate", b'{"a":"\xed\xa0\x80"}', "a surrogate in UTF-8, which is not UTF-8", 18),
    ("overlong-utf8", b'{"a":"\xc0\xaf"}', "an overlong UTF-8 sequence", None),
    ("not-utf8", b'{"a":"\xff"}', "not UTF-8", None),
    ("utf16", '{"a":1}'.encode("utf-16"), "UTF-16", None),
    ("control-character", b'{"a":"\x01"}', "a control character that is not escaped", None),
    ("newline-in-text", b'{"a":"\n"}', "a newline that is not escaped", None),
    ("form-feed", b"\x0c{}", "white space JSON does not know", None),
    ("no-break-space", b"{}\xc2\xa0", "white space JSON does not know", None),
    ("other-digits", '{"a":١}'.encode(), "digits of another script", None),
    ("depth-9", b'{"a":[[[[[[[[1]]]]]]]]}', "nine levels of nesting", 18),
    ("depth-10000", b'{"a":' + b"[" * 10000 + b"]" * 10000 + b"}", "ten thousand levels of nesting", 18),
    ("depth-10000-open", b'{"a":' * 10000, "ten thousand levels that never close", 18),
    ("too-long", b'{"a":"' + b"x" * 65536 + b'"}', "more bytes than the limit", None),
)
_BASE64_GOOD = (
    ("base64url-empty", b"", ""),
    ("base64url-two", b"-_8", "fbff"),
    ("base64url-three", b"-_-_", "fbffbf"),
)
_BASE64_BAD = (
    ("base64url-padding", b"-_8=", "padding"),
    ("base64url-standard-alphabet", b"+/8", "the letters of the other base64"),
    ("base64url-bits-left", b"-_9", "the last character's unused bits are not zero"),
    ("base64url-one-character", b"A", "a length no bytes have"),
    ("base64url-space", b"-_ 8", "a space"),
    ("base64url-newline", b"-_8\n", "a newline at the end"),
    ("base64url-other-script", "-_８".encode(), "a character that only looks like one"),
)


def strict_json_vectors() -> list[Vector]:
    """Strict JSON and base64url. Line limit: the most bytes accepted."""
    folder, lines = "strict-json", {"limit": "65536"}
    good = [
        Vector(folder=folder, name=name, expect="success", comment=comment, body=body, lines=lines)
        for name, body, comment in _JSON_GOOD
    ]
    bad = [
        Vector(folder=folder, name=name, expect="malformed", comment=comment, body=body, row=row, lines=lines)
        for name, body, comment, row in _JSON_BAD
    ]
    texts = [
        Vector(
            folder=folder,
            name=name,
            form="base64url",
            expect="success",
            comment="canonical base64url",
            body=body,
            lines={"octets": octets},
        )
        for name, body, octets in _BASE64_GOOD
    ]
    wrong = [
        Vector(
            folder=folder, name=name, form="base64url", expect="malformed", comment=comment, body=body, row=19
        )
        for name, body, comment in _BASE64_BAD
    ]
    return good + bad + texts + wrong


def dsse_vectors() -> list[Vector]:
    """Envelopes. Lines: the type expected, the key that must have signed."""
    payload = b'{"v":1}'
    good = dsse.sign(PayloadType.HEADER, payload, AT.sign)
    as_acknowledgement = dsse.sign(PayloadType.ACKNOWLEDGEMENT, payload, AT.sign)
    sig = dsse.decode(good, PayloadType.HEADER, 65536).signatures[0].sig
    first: Json = {"keyid": AT.sign.kid, "sig": strict_json.encode_octets(sig)}
    second: Json = {"keyid": DE.sign.kid, "sig": strict_json.encode_octets(bytes(64))}
    bare = AT.sign.sign(payload)
    encoded = dsse.pre_authentication_encoding(PayloadType.HEADER, payload)
    small = identity_for_r(derived("key", AT.id, "sign"), encoded)

    def signature(value: bytes) -> bytes:
        return changed(good, {"signatures.0.sig": strict_json.encode_octets(value)})

    cases: tuple[tuple[str, str, bytes, str, int | None], ...] = (
        ("good", "success", good, "one signature by the key named", None),
        ("good-other-signature-beside", "success", changed(good, {"signatures": [second, first]}),
         "the key named signed; what stands beside it is nobody's business", None),
        ("good-whitespace", "success", good.replace(b",", b" ,\n "), "the envelope itself is not signed", None),
        ("flipped-payload", "bad-signature", changed(good, {"payload": strict_json.encode_octets(b'{"v":2}')}),
         "one bit of the payload is flipped", 1),
        ("flipped-signature-r", "bad-signature", signature(bytes([sig[0] ^ 1]) + sig[1:]), "one bit of R is flipped", 1),
        ("flipped-signature-s", "bad-signature", signature(sig[:40] + bytes([sig[40] ^ 1]) + sig[41:]),
         "one bit of S is flipped", 1),
        ("zero-signature", "bad-signature", signature(bytes(64)), "64 zero bytes", 1),
        ("s-plus-l", "bad-signature", signature(plus_order(sig)), "S + L in place of S", 6),
        ("r-small-order", "bad-signature", signature(small), "R is the identity", 6),
        ("no-encoding", "bad-signature", signature(bare), "signed is the payload, not its pre-authentication encoding", None),
        ("other-key", "bad-signature", changed(good, {"signatures.0.keyid": DE.sign.kid}), "only another key is named", 3),
        ("type-changed", "malformed", changed(good, {"payloadType": PayloadType.ACKNOWLEDGEMENT.value}),
         "the type says acknowledgement", 2),
        ("type-of-other-object", "malformed", as_acknowledgement, "an acknowledgement where a header is expected", 2),
        ("type-relabelled", "bad-signature", changed(as_acknowledgement, {"payloadType": PayloadType.HEADER.value}),
         "signed as an acknowledgement, relabelled as a header", 2),
        ("type-unknown", "malformed", changed(good, {"payloadType": "application/json"}), "an unknown type", 2),
        ("type-case", "malformed", changed(good, {"payloadType": PayloadType.HEADER.value.upper()}), "the type in capitals", 2),
        ("key-twice", "malformed", changed(good, {"signatures": [first, first]}), "one key listed twice", 4),
        ("algorithm-named", "malformed", changed(good, {"signatures.0.alg": "none"}), "a signature that names an algorithm", 4),
        ("algorithm-named-outside", "malformed", changed(good, {"alg": "ed1"}), "an envelope that names an algorithm", 4),
        ("no-signatures", "malformed", changed(good, {"signatures": []}), "no signatures", None),
        ("seventeen-signatures", "malformed",
         changed(good, {"signatures": [{"keyid": f"{n:032x}", "sig": strict_json.encode_octets(sig)} for n in range(17)]}),
         "more signatures than allowed", None),
        ("signature-63-bytes", "malformed", signature(sig[:63]), "a signature of 63 bytes", None),
        ("signature-65-bytes", "malformed", signature(sig + b"\0"), "a signature of 65 bytes", None),
        ("keyid-capitals", "malformed", changed(good, {"signatures.0.keyid": AT.sign.kid.upper()}), "a key id in capitals", None),
        ("payload-padded", "malformed", changed(good, {"payload": strict_json.encode_octets(payload) + "=="}), "padding", 19),
        ("payload-standard-alphabet", "malformed", changed(good, {"payload": "++//"}), "the letters of the other base64", 19),
        ("lacks-payload", "malformed", changed(good, {"payload": None}), "no payload", None),
        ("lacks-type", "malformed", changed(good, {"payloadType": None}), "no type", None),
        ("lacks-signatures", "malformed", changed(good, {"signatures": None}), "no member for signatures", None),
    )  # fmt: skip
    lines = {
        "type": PayloadType.HEADER.value,
        "limit": "65536",
        "kid": AT.sign.kid,
        "public-key": AT.sign.public.hex(),
    }
    return [
        Vector(folder="dsse", name=name, expect=expect, comment=comment, body=body, row=row, lines=lines)
        for name, expect, body, comment, row in cases
    ]


def cc1_vectors() -> list[Vector]:
    """Payloads. Lines: the key of the chunks and, on success, the plaintext's size and SHA-256."""
    key, sealed_chunk = derived("cc1 key"), cc1.CHUNK_BYTES + cc1.TAG_BYTES
    text = derived("cc1 stream", length=2 * cc1.CHUNK_BYTES + 100)
    streams = {
        "empty": b"",
        "one-byte": text[:1],
        "chunk-less-one": text[: cc1.CHUNK_BYTES - 1],
        "chunk": text[: cc1.CHUNK_BYTES],
        "chunk-and-one": text[: cc1.CHUNK_BYTES + 1],
        "three-chunks": text,
    }
    good = [
        Vector(
            folder="cc1",
            name=f"good-{name}",
            expect="success",
            comment=f"a stream of {len(stream)} bytes",
            body=cc1.seal_all(key, stream),
            lines={
                "key": key.hex(),
                "plaintext-size": str(len(stream)),
                "plaintext-sha256": sha256(stream).hexdigest(),
            },
        )
        for name, stream in streams.items()
    ]
    whole = cc1.seal_all(key, text)
    one, two, three = whole[:sealed_chunk], whole[sealed_chunk : 2 * sealed_chunk], whole[2 * sealed_chunk :]
    short, exact = cc1.seal_all(key, text[:100]), cc1.seal_all(key, text[: cc1.CHUNK_BYTES])
    empty_last = ChaCha(key).seal(0, text[: cc1.CHUNK_BYTES]) + ChaCha(key).seal(1, b"", last=True)
    bad: tuple[tuple[str, bytes, str, int | None], ...] = (
        ("nothing", b"", "no chunk at all", 14),
        ("fifteen-bytes", short[:15], "shorter than a tag", 14),
        ("flipped-byte", bytes([short[0] ^ 1]) + short[1:], "one bit of the ciphertext is flipped", None),
        ("flipped-tag", short[:-1] + bytes([short[-1] ^ 1]), "one bit of the tag is flipped", None),
        ("other-key", cc1.seal_all(derived("another key"), text[:100]), "sealed under another key", None),
        ("last-chunk-dropped", one + two, "the last chunk is missing", 14),
        ("last-byte-dropped", whole[:-1], "the last byte is missing", 14),
        ("last-flag-dropped", ChaCha(key).seal(0, text[:100]), "the only chunk is not sealed as the last", 14),
        ("last-flag-early", ChaCha(key).seal(0, text[: cc1.CHUNK_BYTES], last=True) + ChaCha(key).seal(1, b"x", last=True),
         "the first of two chunks is sealed as the last", 14),
        ("chunk-doubled", one + one + three, "the first chunk stands at the second's place", 14),
        ("chunks-swapped", two + one + three, "two chunks are swapped", 14),
        ("chunk-inserted", one + two + two + three, "a chunk occurs twice", 14),
        ("chunk-appended", exact + ChaCha(key).seal(1, b"more", last=True), "a good chunk follows the last", 15),
        ("empty-chunk-appended", empty_last, "an empty last chunk after a full one", 15),
        ("byte-appended", short + b"\0", "a byte follows the last chunk", 15),
        ("numbers-from-one", ChaCha(key).seal(1, text[:100], last=True), "chunks are numbered from 1", None),
    )  # fmt: skip
    return good + [
        Vector(
            folder="cc1",
            name=name,
            expect="chunk-damaged",
            comment=comment,
            body=body,
            row=row,
            lines={"key": key.hex()},
        )
        for name, body, comment, row in bad
    ]


class ChaCha:
    """Single chunks with any number and flag, sealed without cc1's own sealer."""

    def __init__(self, key: bytes) -> None:
        self._cipher = ChaCha20Poly1305(key)

    def seal(self, number: int, text: bytes, *, last: bool = False) -> bytes:
        """Seal one chunk."""
        return self._cipher.encrypt(number.to_bytes(11, "big") + bytes([last]), text, None)


def manifest_vectors() -> list[Vector]:
    """Manifest bytes."""
    good = build(AT, DE).manifest
    part: Json = {"n": 2, "role": "annex", "media": "a/b", "name": "x", "size": 0, "sha256": "A" * 43}
    accepted = {
        "good": (good, "two parts"),
        "good-in-reply-to": (changed(good, {"in_reply_to": "A" * 22}), "an answer"),
        "good-name-with-path": (
            changed(good, {"parts.1.name": "../../x"}),
            "a name that is a path, shown cleaned",
        ),
        "good-two-recipients": (changed(good, {"to": ["de.bfj", "hk.doj"]}), "two recipients"),
        "good-extension": (changed(good, {"ext": {"x": [1]}}), "an extension that need not be understood"),
        "good-empty-part": (changed(good, {"parts.1.size": 0}), "a part of no bytes"),
    }
    refused = {f"lacks-{name}": (changed(good, {name: None}), f"no '{name}'") for name in (
        "v", "salt", "from", "to", "payload_id", "conv", "message", "officer", "created", "parts",
    )} | {f"part-lacks-{name}": (changed(good, {f"parts.1.{name}": None}), f"a part without '{name}'") for name in (
        "n", "role", "media", "name", "size", "sha256",
    )} | {
        "unknown-member": (changed(good, {"x": 1}), "an unknown member"),
        "unknown-part-member": (changed(good, {"parts.0.path": "/etc"}), "an unknown member of a part"),
        "crit-unknown": (changed(good, {"ext": {"x": 1}, "crit": ["x"]}), "an extension that must be understood and is not"),
        "version-2": (changed(good, {"v": 2}), "version 2"),
        "salt-31-bytes": (changed(good, {"salt": "A" * 42}), "a salt of 31 bytes"),
        "no-recipient": (changed(good, {"to": []}), "no recipient"),
        "recipient-twice": (changed(good, {"to": ["de.bfj", "de.bfj"]}), "one recipient twice"),
        "no-parts": (changed(good, {"parts": []}), "no parts"),
        "no-main": (changed(good, {"parts.0.role": "annex"}), "no main part"),
        "main-second": (changed(good, {"parts.0.role": "annex", "parts.1.role": "main"}), "the main part is not the first"),
        "two-mains": (changed(good, {"parts.1.role": "main"}), "two main parts"),
        "role-unknown": (changed(good, {"parts.1.role": "evidence"}), "an unknown role"),
        "part-number-gap": (changed(good, {"parts.1": part}), "parts numbered 0 and 2"),
        "part-size-negative": (changed(good, {"parts.1.size": -1}), "a part of minus one byte"),
        "part-hash-short": (changed(good, {"parts.1.sha256": "A" * 42}), "a hash of 31 bytes"),
        "media-without-slash": (changed(good, {"parts.1.media": "pdf"}), "a media type without a slash"),
        "media-with-parameter": (changed(good, {"parts.1.media": "a/b;c=d"}), "a media type with a parameter"),
        "name-20000-characters": (changed(good, {"parts.1.name": "x" * 20000}), "a name of 20,000 characters"),
        "officer-newline": (changed(good, {"officer.name": "A\nB"}), "a newline in a name people see"),
        "officer-escape": (changed(good, {"officer.post": "\x1b[2J"}), "a terminal's control sequence in a post"),
        "officer-direction": (changed(good, {"officer.name": "a\u202eb"}), "a mark that turns the direction of text"),
        "message-lower-case": (changed(good, {"message": "request"}), "a message that is no message's name"),
        "created-year-10000": (changed(good, {"created": 253402300800}), "an instant without a date"),
    }  # fmt: skip
    return [
        Vector(folder="manifest", name=name, expect=expect, comment=comment, body=body, row=row)
        for expect, table, row in (("success", accepted, None), ("malformed", refused, None))
        for name, (body, comment) in table.items()
    ]
