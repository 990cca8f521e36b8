"""Vectors of headers and whole packages."""

from collections.abc import Iterable
from hashlib import sha256
from struct import pack

from emla.formats import cc1, dsse, h1, strict_json
from emla.formats import header as header_form
from emla.formats.strict_json import Json
from emla.model.signed import PayloadType
from tests.support.authorities import (
    DAY,
    NOW,
    Changes,
    Package,
    Parts,
    PartRole,
    Party,
    Secrets,
    Tampering,
    build,
    changed,
    derived,
    party,
    secrets_of,
)
from tests.support.vector_files import Vector
from tests.vectors import xwing
from tests.vectors.cases_encoding import plus_order

AT, DE, HK = party("at.moj"), party("de.bfj"), party("hk.doj")


def wrap(public: bytes, cek: bytes, hbind: bytes) -> bytes:
    """Suite h1 by the second implementation; its randomness is derived, so that vectors repeat."""
    return xwing.wrap(public, cek, hbind, sha256(b"1" + hbind).digest() + sha256(b"2" + cek + hbind).digest())


def sealed(sender: Party = AT, recipient: Party = DE, *, number: int = 1, **tampering: object) -> Package:
    """Build a package with deterministic bytes."""
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


_MEMBERS = (
    "v suites msg from to epoch seq kid stanza created expires prio payload content cards payload.id payload.size "
    "payload.sha256 payload.commit cards.from cards.to cards.to.version cards.from.sha256"
).split()
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
    yield header("size-2-63", "malformed", "a payload of 2^63 bytes", raw(b'"size":', b'"size":9223372036854775808,"x":'), row=16)  # fmt: skip
    yield header("seq-float", "malformed", "a number with a fraction", raw(b'"seq":1', b'"seq":1.0'), row=18)
    yield header("not-json", "malformed", "signed well, but no JSON", sealed(header_bytes=lambda data: data[:-1]))


def _judged_headers() -> Iterable[Vector]:
    fine = sealed()
    sig = header_form.decode_signed(fine.signed).signatures[0].sig
    foreign = build(AT, DE, signer=HK.sign, wrap=wrap)
    both = dsse.sign(PayloadType.HEADER, fine.header_bytes, AT.sign, HK.sign)
    listed: Json = {"keyid": AT.sign.kid, "sig": strict_json.encode_octets(sig)}

    def envelope(changes: Changes) -> Package:
        return sealed(envelope=changes)

    yield header("flipped-payload", "bad-signature", "signed bytes changed: the lane",
                 envelope({"payload": strict_json.encode_octets(changed(fine.header_bytes, {"prio": "urgent"}))}), row=1)  # fmt: skip
    yield header("flipped-signature", "bad-signature", "one bit of the signature is flipped",
                 envelope({"signatures.0.sig": strict_json.encode_octets(sig[:-1] + bytes([sig[-1] ^ 1]))}), row=1)  # fmt: skip
    yield header("s-plus-l", "bad-signature", "S + L in place of S",
                 envelope({"signatures.0.sig": strict_json.encode_octets(plus_order(sig))}), row=6)  # fmt: skip
    yield header("type-of-acknowledgement", "malformed", "a header in the envelope of an acknowledgement",
                 envelope({"payloadType": PayloadType.ACKNOWLEDGEMENT.value}), row=2)  # fmt: skip
    yield header("foreign-kid", "bad-signature", "a good signature by a key of another authority", foreign, row=3)
    yield header("kid-twice", "malformed", "one key listed twice", envelope({"signatures": [listed, listed]}), row=4)
    yield header("algorithm-named", "malformed", "a signature that names an algorithm",
                 envelope({"signatures.0.alg": "ed1"}), row=4)  # fmt: skip
    yield header("two-signatures", "malformed", "a header has one signature", sealed(signed=lambda _: both))
    yield header("ledger-key", "bad-signature", "signed by the sender's ledger key",
                 build(AT, DE, signer=AT.ledger, wrap=wrap))  # fmt: skip
    yield header("unknown-sender", "unknown-sender", "nothing is pinned for this sender", sealed(HK, DE))
    yield header("key-not-yet-valid", "bad-signature", "created before the key's window", fine,
                 sign_not_before=str(NOW + 1))  # fmt: skip
    yield header("key-no-longer-valid", "bad-signature", "created at the end of the key's window", fine,
                 sign_not_after=str(NOW))  # fmt: skip
    yield header("good-key-expired-since", "success", "the window is judged at 'created', not now", fine,
                 sign_not_after=str(NOW + 1))  # fmt: skip
    yield header("other-recipient", "not-recipient", "addressed to de.bfj, offered to hk.doj", fine, me=HK, row=8)
    yield header("unknown-kid", "unknown-kid", "sealed to a key the recipient does not hold", fine,
                 sealing_kid=HK.seal.kid, row=48)  # fmt: skip
    yield header("future-301", "clock-skew", "created 301 seconds from now", fine, now=NOW - 301, row=25)
    yield header("good-future-300", "success", "created 300 seconds from now", fine, now=NOW - 300)
    yield header("expired", "expired", "expires now", fine, now=NOW + 60 * DAY, row=25)
    yield header("good-expires-in-1", "success", "expires in one second", fine, now=NOW + 60 * DAY - 1)
    yield header("too-large", "too-large", "larger than the recipient takes", fine,
                 payload_max=str(len(fine.payload) - 1))  # fmt: skip
    for name, suites in (
        ("suite-unknown", ["h1", "cc1", "hy1"]),
        ("suite-missing", ["h1", "cc1"]),
        ("suites-none", []),
        ("suites-reordered", ["ed1", "cc1", "h1"]),
        ("suite-added", ["h1", "cc1", "ed1", "hy1"]),
    ):
        offered: Json = [*suites]
        yield header(name, "bad-suite", "not the suites the recipient publishes", sealed(header={"suites": offered}), row=17)  # fmt: skip


def framed(package: Package) -> bytes:
    """A package in one piece, as it is uploaded: header length (4 bytes), header, payload."""
    return pack(">I", len(package.signed)) + package.signed + package.payload


def _package(
    name: str, expect: str, comment: str, package: Package, *, row: int | None = None, sender: Party = AT
) -> Vector:
    lines = lines_for(DE, sender) | {"seal-seed": DE.seal_seed.hex()}
    if expect == "success":
        lines |= {
            "pid": package.pid.hex(),
            "cek": package.cek.hex(),
            "manifest-sha256": sha256(package.manifest).hexdigest(),
            "stream-size": str(len(package.stream)),
        }
    return Vector(
        folder="package", name=name, expect=expect, comment=comment, body=framed(package), row=row, lines=lines
    )


def _with_payload(package: Package, payload: bytes) -> Package:
    return Package(
        header_bytes=package.header_bytes,
        signed=package.signed,
        payload=payload,
        stream=package.stream,
        manifest=package.manifest,
        cek=package.cek,
    )


def package_vectors() -> list[Vector]:
    """Whole packages, opened with the recipient's key."""
    return [*_good_packages(), *_stanza_packages(), *_payload_packages(), *_manifest_packages(), *_part_packages()]


def _good_packages() -> Iterable[Vector]:
    big: Parts = (
        (PartRole.MAIN, "application/xml", "request.xml", b"<a/>"),
        (PartRole.ANNEX, "application/octet-stream", "capture", derived("capture", length=70_000)),
        (PartRole.TRANSLATION, "text/plain", "empty.txt", b""),
        (PartRole.SIGNATURE, "application/pkcs7-signature", "s.p7s", b"not a signature"),
    )
    bare: Parts = ((PartRole.MAIN, "application/xml", "request.xml", b""),)
    yield _package("good", "success", "two small parts", sealed())
    yield _package("good-two-chunks", "success", "four parts over two chunks", build(AT, DE, parts=big, wrap=wrap))
    yield _package("good-empty-main", "success", "one part without bytes", build(AT, DE, parts=bare, wrap=wrap))
    yield _package("good-two-recipients", "success", "the manifest lists another recipient too",
                   sealed(manifest={"to": ["hk.doj", "de.bfj"]}))  # fmt: skip
    yield _package("good-extension", "success", "extensions in header and manifest",
                   sealed(header={"ext": {"x": 1}}, manifest={"ext": {"x": 1}}))  # fmt: skip


def _stanza_packages() -> Iterable[Vector]:
    other = sealed(number=2).header.stanza

    def flip(place: int) -> Package:
        def change(stanza: bytes) -> bytes:
            return stanza[:place] + bytes([stanza[place] ^ 1]) + stanza[place + 1 :]

        return sealed(stanza=change)

    yield _package("stanza-moved", "stanza-mismatch", "the stanza of another package", sealed(stanza=lambda _: other), row=11)
    for name, place in (("mlkem", 0), ("x25519", 1088), ("box", 1120), ("tag", h1.STANZA_BYTES - 1)):
        yield _package(f"stanza-flipped-{name}", "stanza-mismatch", f"one bit of the stanza's byte {place} is flipped",
                       flip(place), row=26)  # fmt: skip
    yield _package("stanza-low-order", "stanza-mismatch", "the stanza's X25519 point is zero",
                   sealed(stanza=lambda stanza: stanza[:1088] + bytes(32) + stanza[1120:]), row=7)  # fmt: skip
    hidden = xwing.wrap(HK.seal.public, bytes(32), bytes(32), bytes(64))
    yield _package("stanza-for-other-key", "stanza-mismatch", "sealed to the key of hk.doj",
                   sealed(stanza=lambda _: hidden))  # fmt: skip
    for path, value in (("msg", "A" * 22), ("created", NOW - 1), ("expires", NOW + 59 * DAY), ("payload.id", "A" * 22)):
        yield _package(f"binding-{path.replace('.', '-')}", "stanza-mismatch",
                       f"'{path}' changed and signed after the stanza was bound", sealed(header={path: value}), row=11)  # fmt: skip
    yield _package("good-unbound-seq", "success", "'seq' is not part of the binding: it is given later",
                   sealed(header={"seq": 3, "prev": "A" * 43}))  # fmt: skip
    yield _package("cek-other", "commit-mismatch", "the stanza holds another content key than the header commits to",
                   sealed(wrapped_cek=lambda _: derived("another cek")), row=12)  # fmt: skip
    yield _package("commit-other", "commit-mismatch", "the header commits to another content key",
                   sealed(commit=lambda _: derived("another commitment")), row=12)  # fmt: skip


def _payload_packages() -> Iterable[Vector]:
    fine = sealed()
    long: Parts = (
        (PartRole.MAIN, "application/xml", "request.xml", b"<a/>"),
        (PartRole.ANNEX, "application/octet-stream", "capture", derived("capture", length=70_000)),
    )
    first = cc1.CHUNK_BYTES + cc1.TAG_BYTES

    def cut(payload: bytes) -> bytes:
        return payload[:first]

    yield _package("line-flipped-byte", "digest-mismatch", "the payload changed after the header was signed",
                   _with_payload(fine, bytes([fine.payload[0] ^ 1]) + fine.payload[1:]), row=10)  # fmt: skip
    yield _package("line-cut", "digest-mismatch", "the last byte is missing", _with_payload(fine, fine.payload[:-1]), row=16)
    yield _package("line-longer", "digest-mismatch", "a byte follows", _with_payload(fine, fine.payload + b"\0"), row=16)
    yield _package("rewritten", "digest-mismatch", "the recipient re-sealed other content under the known key",
                   _with_payload(fine, sealed(manifest={"message": "Decision"}).payload), row=10)  # fmt: skip
    yield _package("flipped-byte", "chunk-damaged", "a damaged chunk, hashed and signed by the sender",
                   sealed(payload=lambda data: bytes([data[0] ^ 1]) + data[1:]), row=14)  # fmt: skip
    yield _package("last-chunk-dropped", "chunk-damaged", "the last chunk is missing, and the header says so",
                   build(AT, DE, parts=long, tampering=Tampering(payload=cut), wrap=wrap), row=14)  # fmt: skip
    yield _package("size-impossible", "chunk-damaged", "a payload no stream has",
                   sealed(payload=lambda data: data[:15]), row=15)  # fmt: skip
    yield _package("stolen-ciphertext", "chunk-damaged", "hk.doj, once a recipient, sends at.moj's sealed payload as its own",
                   _stolen(payload=True), row=9, sender=HK)  # fmt: skip
    yield _package("stolen-plaintext", "manifest-mismatch", "hk.doj seals at.moj's stream anew as its own",
                   _stolen(payload=False), row=9, sender=HK)  # fmt: skip


def _stolen(*, payload: bool) -> Package:
    ours = sealed(AT, HK)
    secret = secrets_of(AT.id, HK.id, 1)
    kept = Secrets(cek=secret.cek, salt=secret.salt, msg=derived("msg", length=16), payload_id=secret.payload_id)
    taken = (
        Tampering(payload=lambda _: ours.payload, manifest_bytes=lambda _: ours.manifest)
        if payload
        else Tampering(stream=lambda _: ours.stream, manifest_bytes=lambda _: ours.manifest)
    )
    return build(HK, DE, secrets=kept, tampering=taken, wrap=wrap)


def _manifest_packages() -> Iterable[Vector]:
    cases: tuple[tuple[str, str, dict[str, object], int | None], ...] = (
        ("manifest-from", "the manifest names another sender", {"manifest": {"from": "hk.doj"}}, 20),
        ("manifest-to", "the manifest does not list the recipient", {"manifest": {"to": ["hk.doj"]}}, 20),
        ("manifest-payload-id", "the manifest names another payload", {"manifest": {"payload_id": "A" * 22}}, 20),
        ("manifest-unknown-member", "the manifest has an unknown member", {"manifest": {"x": 1}}, 18),
        ("manifest-not-json", "the manifest is no JSON", {"manifest_bytes": lambda data: data[:-1]}, None),
        ("content-other", "the header commits to another manifest", {"header": {"content": "A" * 43}}, 20),
        ("manifest-length-0", "the manifest's length is 0", {"stream": lambda data: data[:-4] + bytes(4)}, None),
        ("manifest-length-huge", "the manifest is longer than a manifest may be",
         {"stream": lambda data: data[:-4] + b"\xff\xff\xff\xff"}, None),
        ("manifest-length-beyond", "the manifest is longer than the stream",
         {"stream": lambda data: data[:-4] + pack(">I", len(data))}, None),
        ("manifest-length-off-by-one", "the length is one too small",
         {"stream": lambda data: data[:-1] + bytes([data[-1] - 1])}, None),
        ("stream-empty", "a stream of no bytes", {"stream": lambda _: b""}, None),
        ("stream-three-bytes", "a stream too short for a length", {"stream": lambda _: bytes(3)}, None),
    )  # fmt: skip
    for name, comment, tampering, row in cases:
        yield _package(name, "manifest-mismatch", comment, sealed(**tampering), row=row)


def _part_packages() -> Iterable[Vector]:
    def filler(data: bytes) -> bytes:
        place = len(data) - 4 - int.from_bytes(data[-4:], "big") - 1
        return data[:place] + b"\1" + data[place + 1 :]

    def longer(data: bytes) -> bytes:
        place = len(data) - 4 - int.from_bytes(data[-4:], "big") - 1
        return data[:place] + b"\0" + data[place:]

    cases: tuple[tuple[str, str, dict[str, object]], ...] = (
        ("part-flipped", "a byte of the first part is not the one hashed",
         {"stream": lambda data: bytes([data[0] ^ 1]) + data[1:]}),
        ("part-last-flipped", "the last byte of the last part is not the one hashed",
         {"stream": lambda data: data[:55] + bytes([data[55] ^ 1]) + data[56:]}),
        ("part-hash-other", "the manifest has another hash", {"manifest": {"parts.1.sha256": "A" * 43}}),
        ("part-size-smaller", "the manifest has a smaller size", {"manifest": {"parts.1.size": 15}}),
        ("part-size-larger", "the manifest has a larger size", {"manifest": {"parts.1.size": 17}}),
        ("part-size-beyond", "the parts do not fit into the stream", {"manifest": {"parts.1.size": 9007199254740991}}),
        ("filler-not-zero", "the filler is not zeros", {"stream": filler}),
        ("padding-longer", "one zero more than the Padme length has", {"stream": longer}),
    )  # fmt: skip
    for name, comment, tampering in cases:
        yield _package(name, "part-mismatch", comment, sealed(**tampering))
