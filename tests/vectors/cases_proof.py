"""Vectors of acknowledgements, documents and the ledger."""

from collections.abc import Iterable
from dataclasses import replace
from hashlib import sha256

from emla.formats import acknowledgement as acknowledgement_form
from emla.formats import documents as form
from emla.formats import dsse, ed1, h1, strict_json
from emla.formats.binding import key_id
from emla.formats.strict_json import Json
from emla.ledger.leaf import LeafKind, entry
from emla.ledger.merkle import consistency_proof, inclusion_proof, leaf_hash, root_hash
from emla.model.acknowledgement import Bundle, Event
from emla.model.documents import Card, Documents, Root
from emla.model.signed import PayloadType

from tests.support.authorities import (
    DAY,
    NOW,
    Changes,
    DocumentKeys,
    Party,
    card_of,
    changed,
    checkpoint_of,
    derived,
    documents_of,
    issue,
    party,
    profile_of,
    record,
    root_of,
    signing_key,
)
from tests.support.vector_files import Vector
from tests.vectors.cases_encoding import plus_order
from tests.vectors.cases_package import sealed

AT, DE, HK = party("at.moj"), party("de.bfj"), party("hk.doj")
PACKAGE = sealed()


def _subject_lines(issuer: Party) -> dict[str, str]:
    header, subject = PACKAGE.header, PACKAGE.subject
    sign, ledger = issuer.authority.card.keys[0], issuer.authority.card.keys[1]
    return {
        "issuer": issuer.id,
        "sign-kid": sign.kid,
        "sign-key": sign.public.hex(),
        "sign-not-before": str(sign.not_before),
        "sign-not-after": str(sign.not_after),
        "ledger-origin": issuer.authority.card.ledger_origin,
        "ledger-key": ledger.public.hex(),
        "pid": subject.pid.hex(),
        "payload-id": header.payload.id.hex(),
        "payload-sha256": header.payload.sha256.hex(),
        "from": header.sender,
        "to": header.recipient,
        "msg": header.msg.hex(),
        "epoch": str(header.epoch),
        "seq": str(header.seq),
        "header-sig": subject.signature_sha256.hex(),
    }


def _acknowledgement(
    name: str, expect: str, comment: str, bundle: Bundle | bytes, *, row: int | None = None, issuer: Party = DE
) -> Vector:
    body = bundle if isinstance(bundle, bytes) else acknowledgement_form.encode_bundle(bundle)
    lines = _subject_lines(issuer)
    if expect == "success":
        signed = acknowledgement_form.decode_signed(acknowledgement_form.decode_bundle(body).signed)
        lines["aid"] = acknowledgement_form.acknowledgement_id(signed.payload).hex()
    return Vector(
        folder="acknowledgement", name=name, expect=expect, comment=comment, body=body, row=row, lines=lines
    )


def acknowledgement_vectors() -> list[Vector]:
    """Bundles, verified against the package that was sent."""
    return [*_good_acknowledgements(), *_malformed(), *_mismatched(), *_unproved()]


def _relay(**more: object) -> Bundle:
    return issue(DE, PACKAGE, Event.RELAY_ACCEPTANCE, **more)  # type: ignore[arg-type]  # names and types are those of `issue`; a wrong one fails at once


def _good_acknowledgements() -> Iterable[Vector]:
    for event, reason in (
        (Event.RELAY_ACCEPTANCE, None),
        (Event.RELAY_REJECTION, "bad-suite"),
        (Event.CONTENT_CONSIGNMENT, None),
        (Event.CONTENT_CONSIGNMENT_FAILURE, "chunk-damaged"),
        (Event.CONTENT_HANDOVER, None),
    ):
        yield _acknowledgement(f"good-{event.value.lower()}", "success", f"a {event.value} of the recipient",
                               issue(DE, PACKAGE, event, reason=reason))  # fmt: skip
    for event, reason in (
        (Event.SUBMISSION_ACCEPTANCE, None),
        (Event.SUBMISSION_REJECTION, "too-large"),
        (Event.RELAY_FAILURE, "expired"),
    ):
        yield _acknowledgement(f"good-{event.value.lower()}", "success", f"a {event.value} of the sender",
                               issue(AT, PACKAGE, event, reason=reason), issuer=AT)  # fmt: skip
    for index, size in ((0, 1), (0, 2), (6, 7), (7, 8), (8, 9)):
        yield _acknowledgement(f"good-leaf-{index}-of-{size}", "success", f"leaf {index} of a tree of {size}",
                               _relay(index=index, size=size))  # fmt: skip
    yield _acknowledgement("good-extension", "success", "an extension that need not be understood",
                           _relay(members={"ext": {"x": 1}}))  # fmt: skip


def _malformed() -> Iterable[Vector]:
    members: tuple[tuple[str, Changes, str], ...] = (
        ("unknown-member", {"x": 1}, "an unknown member"),
        ("crit-unknown", {"ext": {"x": 1}, "crit": ["x"]}, "an extension that must be understood and is not"),
        ("event-unknown", {"event": "Receipt"}, "an unknown event"),
        ("reason-missing", {"event": "RelayRejection"}, "a refusal without a reason"),
        ("reason-too-many", {"reason": "expired"}, "an acceptance with a reason"),
        ("pid-short", {"pid": "A" * 42}, "31 bytes"),
        ("seq-0", {"seq": 0}, "numbers count from 1"),
        ("at-year-10000", {"at": 253402300800}, "an instant without a date"),
        ("version-2", {"v": 2}, "version 2"),
    )
    for name, changes, comment in members:
        yield _acknowledgement(name, "malformed", comment, _relay(members=changes))
    for name in "event pid payload from to by msg epoch seq at card header_sig".split():
        yield _acknowledgement(f"lacks-{name.replace('_', '-')}", "malformed", f"no '{name}'", _relay(members={name: None}))
    bundle = acknowledgement_form.encode_bundle(_relay())
    for name, changes, comment in (
        ("bundle-unknown-member", {"x": 1}, "a bundle with an unknown member"),
        ("bundle-version-2", {"v": 2}, "a bundle of version 2"),
        ("bundle-lacks-proof", {"proof": None}, "a bundle without a proof"),
        ("bundle-lacks-checkpoint", {"checkpoint": None}, "a bundle without a checkpoint"),
        ("bundle-proof-hash-short", {"proof.0": "A" * 42}, "a proof hash of 31 bytes"),
        ("bundle-proof-64", {"proof": ["A" * 43] * 64}, "a proof of 64 hashes"),
        ("bundle-index-negative", {"index": -1}, "a negative index"),
        ("bundle-padded", {"acknowledgement": "e30="}, "padded base64url"),
    ):
        wrong: Changes = changes
        yield _acknowledgement(name, "malformed", comment, changed(bundle, wrong))
    header = record(DE, PACKAGE.signed)
    yield _acknowledgement("type-of-header", "malformed", "a header where an acknowledgement is expected", header, row=2)
    two = dsse.sign(PayloadType.ACKNOWLEDGEMENT, _payload(_relay()), DE.sign, HK.sign)
    yield _acknowledgement("two-signatures", "malformed", "an acknowledgement has one signature", record(DE, two))


def _payload(bundle: Bundle) -> bytes:
    return acknowledgement_form.decode_signed(bundle.signed).payload


def _mismatched() -> Iterable[Vector]:
    octets16, octets32 = "A" * 22, "A" * 43
    for name, changes in (
        ("pid", {"pid": octets32}),
        ("payload-id", {"payload.id": octets16}),
        ("payload-sha256", {"payload.sha256": octets32}),
        ("msg", {"msg": octets16}),
        ("epoch", {"epoch": 2}),
        ("seq", {"seq": 2}),
        ("header-sig", {"header_sig": octets32}),
        ("from", {"from": "hk.doj"}),
    ):
        other: Changes = changes
        yield _acknowledgement(f"other-{name}", "acknowledgement-mismatch", f"another package's '{name}'",
                               _relay(members=other), row=27)  # fmt: skip
    yield _acknowledgement("by-other", "acknowledgement-mismatch", "issued in the name of another authority",
                           _relay(members={"by": "hk.doj"}), row=27)  # fmt: skip
    yield _acknowledgement("event-of-sender", "acknowledgement-mismatch", "the recipient says what only the sender may",
                           issue(DE, PACKAGE, Event.SUBMISSION_ACCEPTANCE), row=27)  # fmt: skip
    yield _acknowledgement("event-of-recipient", "acknowledgement-mismatch", "the sender accepts its own package",
                           issue(AT, PACKAGE, Event.RELAY_ACCEPTANCE), row=28, issuer=AT)  # fmt: skip


def _resigned(sig: bytes) -> Bundle:
    good = _relay()
    signed = changed(good.signed, {"signatures.0.sig": strict_json.encode_octets(sig)})
    return record(DE, signed)


def _unproved() -> Iterable[Vector]:
    good = _relay()
    sig = acknowledgement_form.decode_signed(good.signed).signatures[0].sig
    leaf = leaf_hash(entry(LeafKind.ACKNOWLEDGEMENT_ISSUED, good.signed))
    yield _acknowledgement("forged", "bad-signature", "signed by hk.doj", _relay(signer=HK.sign), row=28)
    yield _acknowledgement("ledger-key", "bad-signature", "signed by the ledger key", _relay(signer=DE.ledger))
    yield _acknowledgement("flipped-signature", "bad-signature", "one bit of the signature is flipped",
                           _resigned(sig[:-1] + bytes([sig[-1] ^ 1])))  # fmt: skip
    yield _acknowledgement("s-plus-l", "bad-signature", "S + L in place of S", _resigned(plus_order(sig)), row=6)
    yield _acknowledgement("key-window", "bad-signature", "issued after the key's window", _relay(at=NOW + 300 * DAY), row=29)
    proofs: tuple[tuple[str, Bundle, str], ...] = (
        ("proof-other-index", replace(good, index=4), "the index of a neighbour"),
        ("proof-index-outside", replace(good, index=11), "an index outside the tree"),
        ("proof-hash-flipped", replace(good, proof=(bytes([good.proof[0][0] ^ 1]) + good.proof[0][1:], *good.proof[1:])),
         "one bit of the proof is flipped"),
        ("proof-hash-missing", replace(good, proof=good.proof[:-1]), "the last hash is missing"),
        ("proof-hash-too-many", replace(good, proof=(*good.proof, bytes(32))), "a hash too many"),
        ("proof-hashes-swapped", replace(good, proof=(good.proof[1], good.proof[0], *good.proof[2:])), "two hashes are swapped"),
        ("proof-empty", replace(good, proof=()), "no hashes"),
        ("proof-leaf-kind", record(DE, good.signed, kind=LeafKind.ACKNOWLEDGEMENT_RECEIVED), "recorded as another kind of leaf"),
        ("proof-other-tree", replace(good, checkpoint=checkpoint_of(DE, 11, derived("another root"))), "a checkpoint of another tree"),
        ("proof-stale-size", replace(good, checkpoint=checkpoint_of(DE, 5, derived("old root"))), "a checkpoint older than the leaf"),
    )  # fmt: skip
    for name, bundle, comment in proofs:
        yield _acknowledgement(name, "proof-mismatch", comment, bundle, row=30)
    notes: tuple[tuple[str, bytes, str], ...] = (
        ("checkpoint-other-key", checkpoint_of(DE, 1, leaf, signer=HK.ledger), "signed by another ledger's key"),
        ("checkpoint-sign-key", checkpoint_of(DE, 1, leaf, signer=DE.sign), "signed by the key for packages"),
        ("checkpoint-other-origin", checkpoint_of(DE, 1, leaf, origin="hk.doj/emla/1/1"), "a checkpoint of another origin"),
        ("checkpoint-other-epoch", checkpoint_of(DE, 1, leaf, origin="de.bfj/emla/1/2"), "a checkpoint of another epoch"),
    )  # fmt: skip
    for name, note, comment in notes:
        yield _acknowledgement(name, "bad-signature", comment, replace(good, index=0, proof=(), checkpoint=note), row=30)
    yield _acknowledgement("checkpoint-unsigned", "malformed", "a checkpoint without a signature",
                           replace(good, checkpoint=good.checkpoint.split(b"\n\n")[0] + b"\n"), row=30)  # fmt: skip


_ROOT, _CARD, _PROFILE = root_of(AT.id, AT.roots), card_of(AT.id, AT.sign, AT.ledger, AT.seal), profile_of(AT.id)
_KEYS = DocumentKeys(roots=AT.roots, sign=AT.sign)


def documents_vectors() -> list[Vector]:
    """Payload bytes of documents, and whole exports judged with a pin."""
    return [*_root_payloads(), *_card_payloads(), *_profile_payloads(), *_exports()]


def _root_payloads() -> Iterable[Vector]:
    good = form.encode_root(_ROOT)
    small = bytes(32)
    yield Vector(folder="documents", name="root-good", form="root", expect="success", comment="2 of 3 keys", body=good,
                 lines={"fingerprint": form.fingerprint(good, AT.id)})  # fmt: skip
    same = changed(good, {"keys.1.kid": AT.roots[0].kid, "keys.1.public": strict_json.encode_octets(AT.roots[0].public)})
    cases: tuple[tuple[str, bytes, str, int | None], ...] = (
        ("root-key-twice", same, "one key twice", 41),
        ("root-threshold-0", changed(good, {"threshold": 0}), "no signature needed", 41),
        ("root-threshold-4", changed(good, {"threshold": 4}), "more signatures than keys", None),
        ("root-kid-of-other", changed(good, {"keys.0.kid": AT.roots[1].kid}), "a key under another key's id", None),
        ("root-alg-none", changed(good, {"keys.0.alg": "none"}), "an algorithm that is none", 4),
        ("root-prev-at-1", changed(good, {"prev": "A" * 43}), "a first root with a predecessor", None),
        ("root-2-without-prev", changed(good, {"version": 2}), "a second root without a predecessor", None),
        ("root-three-years", changed(good, {"expires": _ROOT.created + 3 * 366 * DAY}), "lives longer than two years", None),
        ("root-ends-first", changed(good, {"expires": _ROOT.created}), "ends when it begins", None),
        ("root-unknown-member", changed(good, {"x": 1}), "an unknown member", 18),
        ("root-lacks-keys", changed(good, {"keys": None}), "no keys", None),
        *(
            (f"root-key-{name}", _with_key(good, public), comment, 5)
            for name, public, comment in (
                ("zero", small, "y = 0, a point of order 4"),
                ("identity", b"\1" + bytes(31), "the identity"),
                ("order-8", bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"), "a point of order 8"),
                ("non-canonical", b"\xee" + b"\xff" * 30 + b"\x7f", "y + p, another spelling of the identity"),
                ("mixed-order", _mixed(), "a point outside the prime-order group"),
                ("off-curve", b"\2" + bytes(31), "no point at all"),
                ("short", AT.roots[0].public[:31], "31 bytes"),
            )
        ),
    )  # fmt: skip
    for name, body, comment, row in cases:
        yield Vector(folder="documents", name=name, form="root", expect="malformed", comment=comment, body=body, row=row)


def _mixed() -> bytes:
    """A good key's point plus the point of order 2: (x, y) + (0, -1) = (-x, -y)."""
    prime = 2**255 - 19
    whole = int.from_bytes(AT.roots[0].public, "little")
    y, sign = whole % 2**255, whole >> 255
    return ((prime - y) | (1 - sign) << 255).to_bytes(32, "little")


def _with_key(root: bytes, public: bytes) -> bytes:
    return changed(root, {"keys.0.public": strict_json.encode_octets(public), "keys.0.kid": key_id(ed1.NAME, public)})


def _card_payloads() -> Iterable[Vector]:
    good = form.encode_card(_CARD)
    yield Vector(folder="documents", name="card-good", form="card", expect="success", comment="one key of each use", body=good)
    for name, url in (("ipv6", "https://[::1]:8443/"), ("path", "https://emla.example/a/b"), ("port", "https://emla.example:1")):
        yield Vector(folder="documents", name=f"card-good-url-{name}", form="card", expect="success", comment="an endpoint",
                     body=changed(good, {"endpoints.0.url": url}))  # fmt: skip
    seal = AT.seal.public

    def sealing(public: bytes) -> bytes:
        return changed(
            good, {"keys.2.public": strict_json.encode_octets(public), "keys.2.kid": key_id(h1.NAME, public)}
        )

    key: Json = {
        "kid": AT.sign.kid,
        "use": "ledger",
        "alg": "ed1",
        "public": strict_json.encode_octets(AT.sign.public),
        "not_before": 1,
        "not_after": 2,
    }
    cases: tuple[tuple[str, bytes, str, int | None], ...] = (
        ("key-twice", changed(good, {"keys.1": key}), "one key for two uses", None),
        ("use-unknown", changed(good, {"keys.0.use": "all"}), "an unknown use", None),
        ("suite-of-other-use", changed(good, {"keys.0.use": "seal"}), "a signing key for sealing", None),
        ("window-empty", changed(good, {"keys.0.not_after": _CARD.keys[0].not_before}), "a window of no length", None),
        ("origin-of-other", changed(good, {"ledger.origin": "de.bfj/emla/1/1"}), "another authority's ledger", None),
        ("origin-other-epoch", changed(good, {"ledger.epoch": 2}), "origin and epoch differ", None),
        ("life-401-days", changed(good, {"expires": _CARD.created + 401 * DAY}), "lives longer than 400 days", None),
        ("url-http", changed(good, {"endpoints.0.url": "http://emla.example/"}), "an address without TLS", 50),
        ("url-user", changed(good, {"endpoints.0.url": "https://u@emla.example/"}), "an address with a user", 50),
        ("url-port-99999", changed(good, {"endpoints.0.url": "https://emla.example:99999/"}), "a port that is none", 50),
        ("url-query", changed(good, {"endpoints.0.url": "https://emla.example/?a"}), "an address with a query", 50),
        ("url-dots", changed(good, {"endpoints.0.url": "https://emla.example/../x"}), "a path that goes up", 50),
        ("url-brackets", changed(good, {"endpoints.0.url": "https://[::1::2]/"}), "an address that is none", 50),
        ("suite-with-plus", changed(good, {"suites": ["h1+cc1"]}), "a suite's name with a plus", None),
        ("seal-key-short", sealing(seal[:-1]), "a sealing key of 1,215 bytes", None),
        ("seal-key-low-order", sealing(seal[:1184] + bytes(32)), "a sealing key whose X25519 point is zero", 7),
        ("seal-key-not-canonical", sealing(seal[:1184] + b"\xf6" + b"\xff" * 30 + b"\x7f"),
         "a sealing key whose X25519 point is another spelling of 9", None),
        ("seal-key-not-reduced", sealing(b"\xff" * 1184 + seal[1184:]), "a sealing key whose coefficients are not reduced", None),
        ("root-0", changed(good, {"root": 0}), "versions count from 1", None),
        ("unknown-member", changed(good, {"x": 1}), "an unknown member", 18),
    )  # fmt: skip
    for name, body, comment, row in cases:
        yield Vector(folder="documents", name=f"card-{name}", form="card", expect="malformed", comment=comment, body=body, row=row)


def _profile_payloads() -> Iterable[Vector]:
    good = form.encode_profile(_PROFILE)
    yield Vector(folder="documents", name="profile-good", form="profile", expect="success", comment="a profile", body=good)
    cases: tuple[tuple[str, Changes, str], ...] = (
        ("country-lower-case", {"country": "at"}, "a country in lower case"),
        ("name-control", {"names.0.name": "A\x1b[31mB"}, "a terminal's control sequence in a name"),
        ("contact-newline", {"contacts.0.value": "1\n2"}, "a newline in a contact"),
        ("language-unknown-form", {"languages": ["english!"]}, "a language that is no tag"),
        ("unknown-member", {"x": 1}, "an unknown member"),
    )
    for name, changes, comment in cases:
        yield Vector(folder="documents", name=f"profile-{name}", form="profile", expect="malformed", comment=comment,
                     body=changed(good, changes))  # fmt: skip


def _next_root(prev: Root, keys: tuple[ed1.SigningKey, ...]) -> Root:
    hashed = sha256(form.encode_root(prev)).digest()
    return replace(root_of(AT.id, keys), version=prev.version + 1, prev=hashed)


def _signed_root(root: Root, *keys: ed1.SigningKey) -> bytes:
    return dsse.sign(PayloadType.ROOT, form.encode_root(root), *keys)


def _export(name: str, expect: str, comment: str, documents: Documents, *, row: int | None = None, **extra: str) -> Vector:
    lines = {
        "now": str(NOW),
        "pin-version": "1",
        "pin-sha256": sha256(form.encode_root(_ROOT)).hexdigest(),
    } | {key.replace("_", "-"): value for key, value in extra.items()}
    return Vector(folder="documents", name=f"export-{name}", form="export", expect=expect, comment=comment,
                  body=form.encode_export(documents), row=row, lines=lines)  # fmt: skip


def _exports() -> Iterable[Vector]:
    good = documents_of(_ROOT, _CARD, _PROFILE, _KEYS)
    fresh = tuple(signing_key(AT.id, "second root", number) for number in range(3))
    second = _next_root(_ROOT, fresh)
    both = (*AT.roots[:2], *fresh[:2])
    card2 = replace(_CARD, root_version=2)
    rotated = replace(documents_of(_ROOT, card2, _PROFILE, DocumentKeys(roots=fresh, sign=AT.sign)),
                      roots=(good.roots[0], _signed_root(second, *both)))  # fmt: skip

    def with_card(card: Card, *keys: ed1.SigningKey) -> Documents:
        return replace(good, card=dsse.sign(PayloadType.CARD, form.encode_card(card), *(keys or AT.roots[:2])))

    def with_second(*keys: ed1.SigningKey) -> Documents:
        return replace(rotated, roots=(good.roots[0], _signed_root(second, *keys)))

    old_key = replace(_PROFILE, created=_CARD.keys[0].not_after)
    yield _export("good", "success", "a first export", good)
    yield _export("good-rotated", "success", "a second root, signed by both thresholds", rotated)
    yield _export("root-not-pinned", "peer-conflict", "the root is not the one compared", good, row=45, pin_sha256="00" * 32)
    yield _export("pin-not-in-chain", "document-rollback", "the pinned version is not there", good, row=42, pin_version="2")
    yield _export("root-signed-by-one", "invalid-document", "one signature of two",
                  replace(good, roots=(_signed_root(_ROOT, AT.roots[0]),)))  # fmt: skip
    yield _export("root-2-by-old-only", "invalid-document", "the new root is signed by the old threshold alone",
                  with_second(*AT.roots[:2]), row=41)  # fmt: skip
    yield _export("root-2-by-new-only", "invalid-document", "the new root is signed by its own threshold alone",
                  with_second(*fresh[:2]), row=41)  # fmt: skip
    yield _export("root-2-by-one-old", "invalid-document", "one old signature of two",
                  with_second(AT.roots[0], *fresh[:2]), row=41)  # fmt: skip
    yield _export("root-version-skipped", "invalid-document", "version 3 follows version 1", replace(
        rotated, roots=(good.roots[0], _signed_root(replace(second, version=3), *both))), row=42)  # fmt: skip
    yield _export("root-prev-other", "invalid-document", "the second root names another predecessor", replace(
        rotated, roots=(good.roots[0], _signed_root(replace(second, prev=bytes(32)), *both))), row=42)  # fmt: skip
    yield _export("root-other-authority", "invalid-document", "the second root is another authority's", replace(
        rotated, roots=(good.roots[0], _signed_root(replace(second, authority="hk.doj"), *both))))  # fmt: skip
    yield _export("card-signed-by-one", "invalid-document", "one signature of two", with_card(_CARD, AT.roots[0]))
    yield _export("card-signed-by-sign-key", "invalid-document", "signed by the operational key", with_card(_CARD, AT.sign))
    yield _export("card-other-authority", "invalid-document", "the card of another authority", with_card(
        card_of("hk.doj", AT.sign, AT.ledger, AT.seal)))  # fmt: skip
    yield _export("card-old-root", "invalid-document", "the card names root 1, the newest is 2",
                  replace(rotated, card=good.card))  # fmt: skip
    yield _export("card-type", "invalid-document", "a profile in the place of the card", replace(good, card=good.profile), row=2)
    yield _export("profile-signed-by-root", "invalid-document", "not signed by a key of the card", replace(
        good, profile=dsse.sign(PayloadType.PROFILE, form.encode_profile(_PROFILE), AT.roots[0])))  # fmt: skip
    yield _export("profile-outside-window", "invalid-document", "made after the key's window", replace(
        good, profile=dsse.sign(PayloadType.PROFILE, form.encode_profile(old_key), AT.sign)))  # fmt: skip
    yield _export("profile-other-authority", "invalid-document", "another authority's profile", replace(
        good, profile=dsse.sign(PayloadType.PROFILE, form.encode_profile(profile_of("hk.doj")), AT.sign)))  # fmt: skip
    yield _export("expired-card", "document-expired", "the card expires now", good, now=str(_CARD.expires))
    yield _export("no-roots", "malformed", "no roots", replace(good, roots=()))


def ledger_vectors() -> list[Vector]:
    """Checkpoints and proofs."""
    return [*_checkpoints(), *_inclusions(), *_consistencies()]


def _checkpoints() -> Iterable[Vector]:
    root = derived("root")
    good = checkpoint_of(DE, 7, root)
    text = good.split(b"\n\n")[0] + b"\n"
    line = good[len(text) + 1 :]
    origin = DE.authority.card.ledger_origin
    lines = {"origin": origin, "public-key": DE.ledger.public.hex()}
    foreign = "\u2014 witness.example/w1 ".encode() + b"AAAAAAAA\n"
    cases: tuple[tuple[str, str, bytes, str], ...] = (
        ("good", "success", good, "seven leaves"),
        ("good-cosigned", "success", good + foreign, "a cosignature of somebody unknown beside it"),
        ("text-changed", "bad-signature", good.replace(b"\n7\n", b"\n8\n"), "another size under the signature"),
        ("other-origin", "bad-signature", checkpoint_of(DE, 7, root, origin="hk.doj/emla/1/1"), "of another origin"),
        ("other-key", "bad-signature", checkpoint_of(DE, 7, root, signer=HK.ledger), "by another ledger's key"),
        ("no-signature", "malformed", text, "no signature"),
        ("signature-twice", "malformed", good + line, "one signature twice"),
        ("size-leading-zero", "malformed", good.replace(b"\n7\n", b"\n07\n"), "a leading zero"),
        ("size-2-63", "malformed", good.replace(b"\n7\n", b"\n9223372036854775808\n"), "2^63 leaves"),
        ("fourth-line", "malformed", text + b"extra\n\n" + line, "a fourth line"),
        ("carriage-return", "malformed", good.replace(b"\n", b"\r\n"), "lines that end in CR LF"),
        ("root-short", "malformed", good.replace(text.split(b"\n")[2], b"AAAA"), "a root of three bytes"),
        ("no-last-newline", "malformed", good[:-1], "the last newline is missing"),
        ("hyphen", "malformed", good.replace("\u2014".encode(), b"-"), "a hyphen for the dash"),
    )
    for name, expect, body, comment in cases:
        yield Vector(folder="ledger", name=f"checkpoint-{name}", form="checkpoint", expect=expect, comment=comment,
                     body=body, lines=lines)  # fmt: skip


_LEAVES = [leaf_hash(derived("ledger leaf", number, length=33)) for number in range(13)]


def _inclusions() -> Iterable[Vector]:
    def one(name: str, expect: str, comment: str, index: int, size: int, proof: bytes, leaf: int) -> Vector:
        lines = {
            "entry": derived("ledger leaf", leaf, length=33).hex(),
            "index": str(index),
            "size": str(size),
            "root": root_hash(_LEAVES[:size]).hex(),
        }
        return Vector(folder="ledger", name=f"inclusion-{name}", form="inclusion", expect=expect, comment=comment,
                      body=proof, lines=lines)  # fmt: skip

    for index, size in ((0, 1), (0, 13), (5, 8), (12, 13), (6, 7)):
        path = b"".join(inclusion_proof(index, _LEAVES[:size]))
        yield one(f"good-{index}-of-{size}", "success", f"leaf {index} of {size}", index, size, path, index)
    path = b"".join(inclusion_proof(5, _LEAVES[:13]))
    yield one("other-leaf", "proof-mismatch", "the entry of a neighbour", 5, 13, path, 4)
    yield one("other-index", "proof-mismatch", "the index of a neighbour", 4, 13, path, 5)
    yield one("index-outside", "proof-mismatch", "an index that is not in the tree", 13, 13, path, 5)
    yield one("hash-missing", "proof-mismatch", "the last hash is missing", 5, 13, path[:-32], 5)
    yield one("hash-too-many", "proof-mismatch", "a hash too many", 5, 13, path + bytes(32), 5)
    yield one("flipped", "proof-mismatch", "one bit is flipped", 5, 13, bytes([path[0] ^ 1]) + path[1:], 5)


def _consistencies() -> Iterable[Vector]:
    def one(name: str, expect: str, comment: str, first: int, proof: bytes, first_root: bytes | None = None) -> Vector:
        lines = {
            "first": str(first),
            "second": "13",
            "first-root": (first_root or root_hash(_LEAVES[:first])).hex(),
            "second-root": root_hash(_LEAVES).hex(),
        }
        return Vector(folder="ledger", name=f"consistency-{name}", form="consistency", expect=expect, comment=comment,
                      body=proof, lines=lines)  # fmt: skip

    for first in (1, 6, 8, 13):
        path = b"".join(consistency_proof(first, _LEAVES))
        yield one(f"good-{first}-to-13", "success", f"13 leaves begin with these {first}", first, path)
    path = b"".join(consistency_proof(6, _LEAVES))
    yield one("other-root", "proof-mismatch", "the first tree was another", 6, path, derived("another root"))
    yield one("empty", "proof-mismatch", "no hashes where some are needed", 6, b"")
    yield one("hash-missing", "proof-mismatch", "the last hash is missing", 6, path[:-32])
    yield one("flipped", "proof-mismatch", "one bit is flipped", 6, bytes([path[0] ^ 1]) + path[1:])
