"""Vectors of statuses and revocations, and of exports that carry them."""

from collections.abc import Iterable
from dataclasses import replace

from emla.formats import documents as form
from emla.formats import dsse, export, standing
from emla.formats.strict_json import encode_octets
from emla.model.documents import Documents
from emla.model.signed import PayloadType
from emla.steps.trust import revocation_hash, trust_documents
from tests.support.acknowledging import checkpoint_of
from tests.support.authorities import DAY, NOW, Changes, changed, derived, party
from tests.support.standing import (
    revocation_of,
    revoke,
    revoking,
    rotated,
    signed_status,
    status_of,
    with_status,
)
from tests.support.vector_files import Vector

AT, DE = party("at.moj"), party("de.bfj")
_OTHER_KID = "0" * 32
"""A key that is on no card: revoking it spoils nothing that is signed."""


def standing_vectors() -> list[Vector]:
    """Payload bytes of statuses and revocations, and whole exports judged with a pin."""
    return [*_status_payloads(), *_revocation_payloads(), *_exports()]


def _status_payloads() -> Iterable[Vector]:
    authority = revoking(AT, revoke(AT, _OTHER_KID))
    good = standing.encode_status(status_of(authority, checkpoint=checkpoint_of(AT, 3, derived("root"))))
    yield Vector(
        folder="documents",
        name="status-good",
        form="status",
        expect="success",
        comment="one key is revoked",
        body=good,
    )
    hashes = list(standing.decode_status(good).revocations)
    text = encode_octets
    two = sorted([hashes[0], bytes(32)])
    cases: tuple[tuple[str, Changes, str], ...] = (
        ("lives-8-days", {"expires": NOW + 7 * DAY + 1}, "lives one second longer than seven days"),
        ("ends-at-once", {"expires": NOW}, "expires when it begins"),
        ("no-revocations", {"revocations": None}, "does not say which revocations there are"),
        ("revocation-twice", {"revocations": [text(hashes[0]), text(hashes[0])]}, "names a revocation twice"),
        ("revocations-descend", {"revocations": [text(two[1]), text(two[0])]}, "names revocations in descending order"),
        ("revocation-short", {"revocations": [text(bytes(31))]}, "a hash of 31 bytes"),
        ("revocations-65", {"revocations": [text(number.to_bytes(32, "big")) for number in range(65)]}, "65 revocations"),
        ("checkpoint-empty", {"checkpoint": ""}, "an empty checkpoint; there is one or the member is absent"),
        ("checkpoint-long", {"checkpoint": "x" * 4097}, "a checkpoint of 4,097 characters"),
        ("card-hash-short", {"card.sha256": text(bytes(31))}, "the card's hash has 31 bytes"),
        ("card-version-0", {"card.version": 0}, "a card of version 0"),
        ("unknown-member", {"x": 1}, "a member nobody knows"),
        ("unknown-inner-member", {"root.x": 1}, "a member nobody knows, inside"),
        ("at-huge", {"at": 2**53 - 1, "expires": 2**53 - 1}, "instants that have no date"),
    )  # fmt: skip
    for name, changes, comment in cases:
        yield _payload("status", name, comment, changed(good, changes))


def _revocation_payloads() -> Iterable[Vector]:
    good = standing.encode_revocation(revocation_of(AT, AT.sign.kid))
    freeze = standing.encode_revocation(revocation_of(AT, None))
    yield Vector(
        folder="documents",
        name="revocation-good",
        form="revocation",
        expect="success",
        comment="a sign key is revoked",
        body=good,
        lines={"sha256": form.document_hash(good).hex()},
    )
    yield Vector(
        folder="documents",
        name="revocation-freeze",
        form="revocation",
        expect="success",
        comment="the authority is frozen",
        body=freeze,
        lines={"sha256": form.document_hash(freeze).hex()},
    )
    cases: tuple[tuple[str, Changes, str], ...] = (
        ("begins-later", {"invalid_since": NOW + 1}, "begins later than it was made"),
        ("kid-empty", {"kid": ""}, "an empty key id is no freeze"),
        ("kid-upper-case", {"kid": AT.sign.kid.upper()}, "a key id in capitals"),
        ("root-0", {"root": 0}, "root version 0"),
        ("reason-long", {"reason": "x" * 201}, "a reason of 201 characters"),
        ("reason-turns", {"reason": "\u202ex"}, "a reason that turns the direction of its text"),
        ("no-reason", {"reason": None}, "no reason"),
        ("unknown-member", {"x": 1}, "a member nobody knows"),
    )  # fmt: skip
    for name, changes, comment in cases:
        yield _payload("revocation", name, comment, changed(good, changes))


def _payload(kind: str, name: str, comment: str, body: bytes) -> Vector:
    return Vector(
        folder="documents", name=f"{kind}-{name}", form=kind, expect="malformed", comment=comment, body=body
    )


def _export(
    name: str, expect: str, comment: str, documents: Documents, *, row: int | None = None, now: int = NOW
) -> Vector:
    lines = {"now": str(now), "pin-version": "1", "pin-sha256": AT.authority.root_sha256.hex()}
    return Vector(
        folder="documents",
        name=f"export-{name}",
        form="export",
        expect=expect,
        comment=comment,
        body=export.encode_export(documents),
        row=row,
        lines=lines,
    )


def _exports() -> Iterable[Vector]:
    other = revoke(AT, _OTHER_KID)
    good = with_status(revoking(AT, other), AT.sign, checkpoint=checkpoint_of(AT, 3, derived("root")))
    plain = AT.authority
    yield _export("status-good", "success", "a status and the one revocation it names", good)
    yield _export(
        "status-revocation-more",
        "success",
        "a revocation the status does not name yet",
        replace(with_status(plain, AT.sign), revocations=(other,)),
    )
    yield _export(
        "revocation-by-one-root-key",
        "success",
        "one root key revokes, the threshold is two",
        replace(plain.documents, revocations=(other,)),
        row=46,
    )
    yield _export(
        "revocation-held-back",
        "invalid-document",
        "the status names a revocation that is not here",
        replace(good, revocations=()),
        row=43,
    )
    yield _export(
        "revocation-by-sign-key",
        "invalid-document",
        "a sign key revokes",
        replace(plain.documents, revocations=(revoke(AT, _OTHER_KID, AT.sign),)),
        row=46,
    )
    yield _export(
        "revocation-other-authority",
        "invalid-document",
        "another authority's revocation",
        replace(plain.documents, revocations=(revoke(DE, _OTHER_KID),)),
    )
    yield _export(
        "revocation-root-2",
        "invalid-document",
        "a revocation by a root that is not in the chain",
        replace(plain.documents, revocations=(revoke(AT, _OTHER_KID, root=2),)),
    )
    yield _export(
        "revocation-twice",
        "invalid-document",
        "one revocation twice, signed by two keys",
        replace(plain.documents, revocations=(other, revoke(AT, _OTHER_KID, AT.roots[1]))),
    )
    yield _export(
        "frozen",
        "frozen",
        "frozen by one root key",
        replace(plain.documents, revocations=(revoke(AT, None),)),
        row=46,
    )
    healed, _ = rotated(AT, kept=1, revocations=[revoke(AT, None)])
    yield _export("freeze-ended", "success", "a freeze under root 1, and root 2", healed)
    stolen, _ = rotated(AT, revocations=[other])
    yield _export(
        "revocation-by-removed-root-key",
        "invalid-document",
        "a root key that is not in root 2 any more revokes, and no status names it",
        stolen,
    )
    vouched = replace(stolen, revocations=())
    status = replace(status_of(trust_documents(vouched)), revocations=(revocation_hash(other),))
    yield _export(
        "revocation-by-removed-root-key-named",
        "success",
        "the same, and the status names it",
        replace(stolen, status=signed_status(status, AT.sign)),
    )
    yield _export(
        "profile-by-revoked-key",
        "invalid-document",
        "the key that signed the profile is revoked",
        replace(plain.documents, revocations=(revoke(AT, AT.sign.kid),)),
    )
    yield from _status_exports(good)


def _status_exports(good: Documents) -> Iterable[Vector]:
    plain = AT.authority
    right = status_of(plain)
    lies = (
        ("status-other-card", {"card_sha256": bytes(32)}, "the status names another card of this version"),
        ("status-older-card", {"card_version": 2}, "the status names a card of another version"),
        ("status-other-root", {"root_sha256": bytes(32)}, "the status names another root"),
        ("status-other-profile", {"profile_sha256": bytes(32)}, "the status names another profile"),
        ("status-other-authority", {"authority": DE.id}, "another authority's status"),
        ("status-before-its-key", {"at": NOW - 30 * DAY - 1, "expires": NOW - 29 * DAY}, "made before the key's window"),
    )  # fmt: skip
    for name, changes, comment in lies:
        status = replace(right, **changes)
        yield _export(
            name, "invalid-document", comment, replace(plain.documents, status=signed_status(status, AT.sign))
        )
    yield _export(
        "status-by-root-key",
        "invalid-document",
        "a root key signs the status",
        with_status(plain, AT.roots[0]),
    )
    yield _export(
        "status-other-ledger",
        "invalid-document",
        "a checkpoint of another authority's ledger",
        with_status(plain, AT.sign, checkpoint=checkpoint_of(DE, 3, derived("root"))),
    )
    yield _export(
        "status-future",
        "clock-skew",
        "the status was made 301 seconds from now",
        with_status(plain, AT.sign, at=NOW + 301),
    )
    as_status = dsse.sign(PayloadType.REVOCATION, standing.encode_status(right), AT.sign)
    yield _export(
        "status-of-other-type",
        "invalid-document",
        "a status under another type",
        replace(good, status=as_status),
    )
