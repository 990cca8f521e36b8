# a table of cases is read by the row
"""Vectors of headers; and the deterministic packages every other file takes its bytes from."""

from collections.abc import Iterable
from hashlib import sha256

from emla.formats import dsse, strict_json
from emla.formats import header as header_form
from emla.formats.strict_json import Json
from emla.model.signed import PayloadType
from tests.support.authorities import (
    DAY,
    NOW,
    Changes,
    Package,
    Party,
    Tampering,
    build,
    changed,
    party,
)
from tests.support.vector_files import Vector
from tests.vectors import xwing
from tests.vectors.cases_encoding import plus_order

AT, DE, HK = party("at.moj"), party("de.bfj"), party("hk.doj")


def wrap(public: bytes, cek: bytes, hbind: bytes) -> bytes:
    """Suite h1 by the second implementation; its randomness is derived, so that vectors repeat."""
    return xwing.wrap(public, cek, hbind, sha256(b"1" + hbind).digest() + sha256(b"2" + cek + hbind).digest())


def sealed(*way: Party, number: int = 1, **tampering: object) -> Package:
    """Build a package with deterministic bytes, from at.moj to de.bfj unless sender and recipient are
    given.
    """
    sender, recipient = way or (AT, DE)
    return build(sender, recipient, number=number, tampering=Tampering(**tampering), wrap=wrap)  # type: ignore[arg-type]  # names and types are Tampering's; a wrong one fails at once


def lines_for(me: Party, sender: Party = AT, *, now: int = NOW + 10) -> dict[str, str]:
    """What the verifier of a header knows."""
    key = sender.authority.card.keys[0]
    return {
        "me": me.id,
        "sealing-kid": me.seal.kid,
        "payload-max": str(1 << 30),
        "now": str(now),
        "sender": sender.id,
        "sign-kid": key.kid,
        "sign-key": key.public.hex(),
        "sign-not-before": str(key.not_before),
        "sign-not-after": str(key.not_after),
    }


def header(
    name: str,
    expect: str,
    comment: str,
    package: Package,
    *,
    row: int | None = None,
    me: Party = DE,
    now: int = NOW + 10,
    **extra: str,
) -> Vector:
    """One vector of the folder `header`."""
    lines = lines_for(me, now=now) | {key.replace("_", "-"): value for key, value in extra.items()}
    if expect == "success":
        lines["pid"] = package.pid.hex()
    return Vector(
        folder="header", name=name, expect=expect, comment=comment, body=package.signed, row=row, lines=lines
    )


_MEMBERS = [
    "v",
    "suites",
    "msg",
    "from",
    "to",
    "epoch",
    "seq",
    "kid",
    "stanza",
    "created",
    "expires",
    "prio",
    "payload",
    "content",
    "cards",
    "payload.id",
    "payload.size",
    "payload.sha256",
    "payload.commit",
    "cards.from",
    "cards.to",
    "cards.to.version",
    "cards.from.sha256",
]
_OCTETS_17 = "A" * 23
_MALFORMED: tuple[tuple[str, Changes, str, int | None], ...] = (
    ("unknown-member", {"x": 1}, "an unknown member", 18),
    ("unknown-payload-member", {"payload.x": 1}, "an unknown member of payload", 18),
    ("unknown-card-member", {"cards.to.x": 1}, "an unknown member of a card reference", 18),
    ("crit-unknown", {"ext": {"x": 1}, "crit": ["x"]}, "an extension that must be understood and is not", 18),
    ("crit-without-ext", {"crit": ["x"]}, "an extension that must be understood and is not there", 18),
    ("crit-text", {"crit": "x"}, "crit is not a list", 18),
    ("version-2", {"v": 2}, "version 2", None),
    ("version-true", {"v": True}, "true is not 1", None),
    ("epoch-0", {"epoch": 0}, "epochs count from 1", None),
    ("epoch-too-large", {"epoch": 2**31 + 1}, "an epoch above 2^31", None),
    ("seq-0", {"seq": 0}, "numbers count from 1", 24),
    ("seq-2-without-prev", {"seq": 2}, "a second package without a predecessor", None),
    ("seq-1-with-prev", {"prev": "A" * 43}, "a first package with a predecessor", None),
    ("msg-17-bytes", {"msg": _OCTETS_17}, "17 bytes", None),
    ("msg-padded", {"msg": "A" * 22 + "=="}, "base64url with padding", 19),
    ("msg-bits-left", {"msg": "A" * 21 + "B"}, "base64url whose unused bits are not zero", 19),
    ("msg-newline", {"msg": "A" * 21 + "\n"}, "base64url that ends with a newline", 19),
    ("msg-number", {"msg": 1}, "a number where bytes stand", None),
    ("stanza-empty", {"stanza": ""}, "no stanza", 13),
    ("stanza-short", {"stanza": strict_json.encode_octets(bytes(1167))}, "a stanza of 1,167 bytes", 13),
    ("stanza-long", {"stanza": strict_json.encode_octets(bytes(1169))}, "a stanza of 1,169 bytes", 13),
    ("stanza-20-kib", {"stanza": strict_json.encode_octets(bytes(20480))}, "a stanza of 20 KiB", 13),
    ("size-0", {"payload.size": 0}, "a payload of no bytes", 16),
    ("size-negative", {"payload.size": -1}, "a payload of minus one byte", 16),
    ("size-text", {"payload.size": "100"}, "a size in quotes", 16),
    ("commit-31-bytes", {"payload.commit": "A" * 42}, "a commitment of 31 bytes", None),
    ("kid-capitals", {"kid": "AB" * 16}, "a key id in capitals", None),
    ("to-capitals", {"to": "DE.bfj"}, "an authority id in capitals", None),
    ("to-without-country", {"to": "bfj"}, "an authority id without a country", None),
    ("to-newline", {"to": "de.bfj\n"}, "an authority id that ends with a newline", None),
    ("prio-unknown", {"prio": "flash"}, "an unknown priority", None),
    ("suite-with-plus", {"suites": ["h1+cc1", "ed1"]}, "a suite's name that joins to the same text as two", 17),
    ("suites-nine", {"suites": ["h1"] * 9}, "more suites than allowed", 17),
    ("life-3599", {"expires": NOW + 3599}, "shorter than an hour", None),
    ("life-too-long", {"expires": NOW + 90 * DAY + 1}, "longer than 90 days", 25),
    ("expires-first", {"expires": NOW - 1}, "ends before it begins", None),
    ("created-year-10000", {"created": 253402300800, "expires": 253402304400}, "an instant without a date", None),
    ("card-version-0", {"cards.to.version": 0}, "versions count from 1", None),
)  # fmt: skip
_GOOD: tuple[tuple[str, Changes, str], ...] = (
    ("good", {}, "the first package of a channel"),
    ("good-extension", {"ext": {"x": {"y": [1]}}}, "an extension that need not be understood"),
    ("good-empty-crit", {"crit": []}, "nothing must be understood"),
    ("good-second", {"seq": 2, "prev": "A" * 43}, "the second package names its predecessor"),
    ("good-replaces", {"replaces": "A" * 43}, "replaces another package"),
    ("good-urgent", {"prio": "urgent"}, "the other lane"),
    ("good-life-3600", {"expires": NOW + 3600}, "exactly an hour"),
    ("good-life-90-days", {"expires": NOW + 90 * DAY}, "exactly 90 days"),
)


def header_vectors() -> list[Vector]:
    """Headers, as far as a gateway can judge them without the payload and without memory."""
    good = [header(name, "success", comment, sealed(header=changes)) for name, changes, comment in _GOOD]
    lacking = [
        header(f"lacks-{path.replace('.', '-')}", "malformed", f"no '{path}'", sealed(header={path: None}))
        for path in _MEMBERS
    ]
    malformed = [
        header(name, "malformed", comment, sealed(header=changes), row=row)
        for name, changes, comment, row in _MALFORMED
    ]
    return [*good, *lacking, *malformed, *_raw_headers(), *_judged_headers()]


def _raw_headers() -> Iterable[Vector]:
    def raw(old: bytes, new: bytes) -> Package:
        return sealed(header_bytes=lambda data: data.replace(old, new, 1))

    spaced = sealed(header_bytes=lambda data: data.replace(b",", b" ,\n"))
    yield header("good-whitespace", "success", "white space: the bytes received count", spaced)
    yield header("duplicate-member", "malformed", "'seq' twice", raw(b'"seq":1', b'"seq":1,"seq":1'), row=18)
    yield header("null-member", "malformed", "null", raw(b'"seq":1', b'"prev":null,"seq":1'), row=18)
    yield header(
        "size-2-63",
        "malformed",
        "a payload of 2^63 bytes",
        raw(b'"size":', b'"size":9223372036854775808,"x":'),
        row=16,
    )
    yield header("seq-float", "malformed", "a number with a fraction", raw(b'"seq":1', b'"seq":1.0'), row=18)
    yield header(
        "not-json", "malformed", "signed well, but no JSON", sealed(header_bytes=lambda data: data[:-1])
    )


def _judged_headers() -> Iterable[Vector]:
    fine = sealed()
    sig = header_form.decode_signed(fine.signed).signatures[0].sig
    foreign = build(AT, DE, signer=HK.sign, wrap=wrap)
    both = dsse.sign(PayloadType.HEADER, fine.header_bytes, AT.sign, HK.sign)
    listed: Json = {"keyid": AT.sign.kid, "sig": strict_json.encode_octets(sig)}

    def envelope(changes: Changes) -> Package:
        return sealed(envelope=changes)

    yield header(
        "flipped-payload",
        "bad-signature",
        "signed bytes changed: the lane",
        envelope({"payload": strict_json.encode_octets(changed(fine.header_bytes, {"prio": "urgent"}))}),
        row=1,
    )
    yield header(
        "flipped-signature",
        "bad-signature",
        "one bit of the signature is flipped",
        envelope({"signatures.0.sig": strict_json.encode_octets(sig[:-1] + bytes([sig[-1] ^ 1]))}),
        row=1,
    )
    yield header(
        "s-plus-l",
        "bad-signature",
        "S + L in place of S",
        envelope({"signatures.0.sig": strict_json.encode_octets(plus_order(sig))}),
        row=6,
    )
    yield header(
        "type-of-acknowledgement",
        "malformed",
        "a header in the envelope of an acknowledgement",
        envelope({"payloadType": PayloadType.ACKNOWLEDGEMENT.value}),
        row=2,
    )
    yield header(
        "foreign-kid", "bad-signature", "a good signature by a key of another authority", foreign, row=3
    )
    yield header(
        "kid-twice", "malformed", "one key listed twice", envelope({"signatures": [listed, listed]}), row=4
    )
    yield header(
        "algorithm-named",
        "malformed",
        "a signature that names an algorithm",
        envelope({"signatures.0.alg": "ed1"}),
        row=4,
    )
    yield header("two-signatures", "malformed", "a header has one signature", sealed(signed=lambda _: both))
    yield header(
        "ledger-key",
        "bad-signature",
        "signed by the sender's ledger key",
        build(AT, DE, signer=AT.ledger, wrap=wrap),
    )
    yield header("unknown-sender", "unknown-sender", "nothing is pinned for this sender", sealed(HK, DE))
    yield header(
        "key-not-yet-valid",
        "bad-signature",
        "created before the key's window",
        fine,
        sign_not_before=str(NOW + 1),
    )
    yield header(
        "key-no-longer-valid",
        "bad-signature",
        "created at the end of the key's window",
        fine,
        sign_not_after=str(NOW),
    )
    yield header(
        "good-key-expired-since",
        "success",
        "the window is judged at 'created', not now",
        fine,
        sign_not_after=str(NOW + 1),
    )
    yield header(
        "other-recipient", "not-recipient", "addressed to de.bfj, offered to hk.doj", fine, me=HK, row=8
    )
    yield header(
        "unknown-kid",
        "unknown-kid",
        "sealed to a key the recipient does not hold",
        fine,
        sealing_kid=HK.seal.kid,
        row=48,
    )
    yield header("future-301", "clock-skew", "created 301 seconds from now", fine, now=NOW - 301, row=25)
    yield header("good-future-300", "success", "created 300 seconds from now", fine, now=NOW - 300)
    yield header("expired", "expired", "expires now", fine, now=NOW + 60 * DAY, row=25)
    yield header("good-expires-in-1", "success", "expires in one second", fine, now=NOW + 60 * DAY - 1)
    yield header(
        "too-large",
        "too-large",
        "larger than the recipient takes",
        fine,
        payload_max=str(len(fine.payload) - 1),
    )
    for name, suites in (
        ("suite-unknown", ["h1", "cc1", "hy1"]),
        ("suite-missing", ["h1", "cc1"]),
        ("suites-none", []),
        ("suites-reordered", ["ed1", "cc1", "h1"]),
        ("suite-added", ["h1", "cc1", "ed1", "hy1"]),
    ):
        offered: Json = [*suites]
        yield header(
            name,
            "bad-suite",
            "not the suites the recipient publishes",
            sealed(header={"suites": offered}),
            row=17,
        )
