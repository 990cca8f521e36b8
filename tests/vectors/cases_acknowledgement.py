# ruff: noqa: E501  # a table of cases is read by the row
"""Vectors of acknowledgements with their proofs."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from emla.formats import acknowledgement as acknowledgement_form
from emla.formats import dsse, strict_json
from emla.ledger.leaf import LeafKind, entry
from emla.ledger.merkle import leaf_hash
from emla.model.acknowledgement import Bundle, Event
from emla.model.signed import PayloadType
from tests.support.acknowledging import checkpoint_of, issue, record
from tests.support.authorities import DAY, NOW, Changes, Party, changed, derived, party
from tests.support.vector_files import Vector
from tests.vectors.cases_encoding import plus_order
from tests.vectors.cases_header import sealed

AT, DE, HK, HUB = party("at.moj"), party("de.bfj"), party("hk.doj"), party("eu.hub")
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
    name: str,
    expect: str,
    comment: str,
    bundle: Bundle | bytes,
    *,
    row: int | None = None,
    issuer: Party = DE,
    more: Mapping[str, str] | None = None,
) -> Vector:
    body = bundle if isinstance(bundle, bytes) else acknowledgement_form.encode_bundle(bundle)
    lines = _subject_lines(issuer) | dict(more or {})
    if expect == "success":
        signed = acknowledgement_form.decode_signed(acknowledgement_form.decode_bundle(body).signed)
        lines["aid"] = acknowledgement_form.acknowledgement_id(signed.payload).hex()
    return Vector(
        folder="acknowledgement", name=name, expect=expect, comment=comment, body=body, row=row, lines=lines
    )


def acknowledgement_vectors() -> list[Vector]:
    """Bundles, verified against the package that was sent."""
    return [*_good_acknowledgements(), *_malformed(), *_mismatched(), *_unproved(), *_of_former_epochs()]


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
        yield _acknowledgement(
            f"good-{event.value.lower()}",
            "success",
            f"a {event.value} of the recipient",
            issue(DE, PACKAGE, event, reason=reason),
        )
    for event, reason in (
        (Event.SUBMISSION_ACCEPTANCE, None),
        (Event.SUBMISSION_REJECTION, "too-large"),
        (Event.RELAY_FAILURE, "expired"),
    ):
        yield _acknowledgement(
            f"good-{event.value.lower()}",
            "success",
            f"a {event.value} of the sender",
            issue(AT, PACKAGE, event, reason=reason),
            issuer=AT,
        )
    for event, reason in ((Event.HUB_ACCEPTANCE, None), (Event.HUB_REJECTION, "too-large")):
        yield _acknowledgement(
            f"good-{event.value.lower()}",
            "success",
            f"a {event.value} of a hub",
            issue(HUB, PACKAGE, event, reason=reason),
            issuer=HUB,
        )
    for index, size in ((0, 1), (0, 2), (6, 7), (7, 8), (8, 9)):
        yield _acknowledgement(
            f"good-leaf-{index}-of-{size}",
            "success",
            f"leaf {index} of a tree of {size}",
            _relay(index=index, size=size),
        )
    yield _acknowledgement(
        "good-extension",
        "success",
        "an extension that need not be understood",
        _relay(members={"ext": {"x": 1}}),
    )


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
    for name in [
        "event",
        "pid",
        "payload",
        "from",
        "to",
        "by",
        "msg",
        "epoch",
        "seq",
        "at",
        "card",
        "header_sig",
    ]:
        yield _acknowledgement(
            f"lacks-{name.replace('_', '-')}", "malformed", f"no '{name}'", _relay(members={name: None})
        )
    bundle = acknowledgement_form.encode_bundle(_relay())
    outer: tuple[tuple[str, Changes, str], ...] = (
        ("bundle-unknown-member", {"x": 1}, "a bundle with an unknown member"),
        ("bundle-version-2", {"v": 2}, "a bundle of version 2"),
        ("bundle-lacks-proof", {"proof": None}, "a bundle without a proof"),
        ("bundle-lacks-checkpoint", {"checkpoint": None}, "a bundle without a checkpoint"),
        ("bundle-proof-hash-short", {"proof.0": "A" * 42}, "a proof hash of 31 bytes"),
        ("bundle-proof-64", {"proof": ["A" * 43] * 64}, "a proof of 64 hashes"),
        ("bundle-index-negative", {"index": -1}, "a negative index"),
        ("bundle-padded", {"acknowledgement": "e30="}, "padded base64url"),
    )
    for name, changes, comment in outer:
        yield _acknowledgement(name, "malformed", comment, changed(bundle, changes))
    header = record(DE, PACKAGE.signed)
    yield _acknowledgement(
        "type-of-header", "malformed", "a header where an acknowledgement is expected", header, row=2
    )
    two = dsse.sign(PayloadType.ACKNOWLEDGEMENT, _payload(_relay()), DE.sign, HK.sign)
    yield _acknowledgement(
        "two-signatures", "malformed", "an acknowledgement has one signature", record(DE, two)
    )


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
        yield _acknowledgement(
            f"other-{name}",
            "acknowledgement-mismatch",
            f"another package's '{name}'",
            _relay(members=other),
            row=27,
        )
    yield _acknowledgement(
        "by-other",
        "acknowledgement-mismatch",
        "issued in the name of another authority",
        _relay(members={"by": "hk.doj"}),
        row=27,
    )
    yield _acknowledgement(
        "event-of-sender",
        "acknowledgement-mismatch",
        "the recipient says what only the sender may",
        issue(DE, PACKAGE, Event.SUBMISSION_ACCEPTANCE),
        row=27,
    )
    yield _acknowledgement(
        "event-of-recipient",
        "acknowledgement-mismatch",
        "the sender accepts its own package",
        issue(AT, PACKAGE, Event.RELAY_ACCEPTANCE),
        row=28,
        issuer=AT,
    )


def _resigned(sig: bytes) -> Bundle:
    good = _relay()
    signed = changed(good.signed, {"signatures.0.sig": strict_json.encode_octets(sig)})
    return record(DE, signed)


def _unproved() -> Iterable[Vector]:
    good = _relay()
    sig = acknowledgement_form.decode_signed(good.signed).signatures[0].sig
    leaf = leaf_hash(entry(LeafKind.ACKNOWLEDGEMENT_ISSUED, good.signed))
    yield _acknowledgement("forged", "bad-signature", "signed by hk.doj", _relay(signer=HK.sign), row=28)
    yield _acknowledgement(
        "ledger-key", "bad-signature", "signed by the ledger key", _relay(signer=DE.ledger)
    )
    yield _acknowledgement(
        "flipped-signature",
        "bad-signature",
        "one bit of the signature is flipped",
        _resigned(sig[:-1] + bytes([sig[-1] ^ 1])),
    )
    yield _acknowledgement(
        "s-plus-l", "bad-signature", "S + L in place of S", _resigned(plus_order(sig)), row=6
    )
    yield _acknowledgement(
        "key-window", "bad-signature", "issued after the key's window", _relay(at=NOW + 300 * DAY), row=29
    )
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
        yield _acknowledgement(
            name, "bad-signature", comment, replace(good, index=0, proof=(), checkpoint=note), row=30
        )
    yield _acknowledgement(
        "checkpoint-unsigned",
        "malformed",
        "a checkpoint without a signature",
        replace(good, checkpoint=good.checkpoint.split(b"\n\n")[0] + b"\n"),
        row=30,
    )


def _of_former_epochs() -> Iterable[Vector]:
    """The card of the issuer names epoch 10. What it acknowledged before stays verifiable, by the key that the card ended."""
    good, ends = _relay(index=0, size=1), NOW + 90
    leaf = leaf_hash(entry(LeafKind.ACKNOWLEDGEMENT_ISSUED, good.signed))
    key = {"ledger-not-before": str(NOW - DAY), "ledger-not-after": str(ends)}
    epochs: tuple[tuple[str, str, str, str, dict[str, str]], ...] = (
        ("good-former-epoch", "success", "de.bfj/emla/1/9", "of the epoch before", {}),
        ("good-first-epoch", "success", "de.bfj/emla/1/1", "of the first of ten epochs", {}),
        ("good-epoch-10", "success", "de.bfj/emla/1/10", "of the epoch in force: numbers are compared, not texts", {}),
        ("former-epoch-to-come", "bad-signature", "de.bfj/emla/1/11", "of an epoch that has not begun", {}),
        ("former-epoch-0", "bad-signature", "de.bfj/emla/1/0", "of an epoch 0: they begin at 1", {}),
        ("former-epoch-leading-zero", "bad-signature", "de.bfj/emla/1/09", "an epoch with a leading zero", {}),
        ("former-epoch-of-other", "bad-signature", "hk.doj/emla/1/9", "of a former epoch of another authority", {}),
        ("former-epoch-other-version", "bad-signature", "de.bfj/emla/2/9", "of another protocol", {}),
        ("former-epoch-after-its-key", "bad-signature", "de.bfj/emla/1/9", "issued when the key of that ledger had ended", {"ledger-not-after": str(NOW + 60)}),
        ("former-epoch-before-its-key", "bad-signature", "de.bfj/emla/1/9", "issued before the key of that ledger began", {"ledger-not-before": str(NOW + 61)}),
    )  # fmt: skip
    for name, expect, origin, comment, window in epochs:
        note = checkpoint_of(DE, 1, leaf, origin=origin)
        more = {"ledger-origin": "de.bfj/emla/1/10", **key, **window}
        row = None if expect == "success" else 36
        yield _acknowledgement(name, expect, comment, replace(good, checkpoint=note), row=row, more=more)
    yield _acknowledgement(
        "former-epoch-other-tree",
        "proof-mismatch",
        "of a former epoch, and not in its tree",
        replace(good, checkpoint=checkpoint_of(DE, 1, derived("another root"), origin="de.bfj/emla/1/9")),
        row=30,
        more={"ledger-origin": "de.bfj/emla/1/10", **key},
    )
