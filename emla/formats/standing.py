"""Status and revocation: what an authority says, from day to day, about its other documents (docs/spec/documents.md 5 and 6).

Decoding checks form only; who signed, and whether a status names what came with it, is decided by `emla.steps.trust`.
"""

from emla.formats import patterns, strict_json
from emla.formats.documents import VERSION, begin
from emla.formats.strict_json import Json, Members, decode_octets, encode_octets
from emla.model.documents import Revocation, Status
from emla.model.errors import MalformedError

REVOCATIONS_MAX = 64
STATUS_LIFE_SECONDS_MAX = 7 * 86400
CHECKPOINT_CHARACTERS_MAX = 4096
REASON_CHARACTERS_MAX = 200
_HASH_BYTES = 32


def encode_status(status: Status) -> bytes:
    """Encode a status's payload bytes."""
    members: dict[str, Json] = {
        "v": VERSION,
        "id": status.authority,
        "at": status.at,
        "expires": status.expires,
        "root": _reference(status.root_version, status.root_sha256),
        "card": _reference(status.card_version, status.card_sha256),
        "profile": _reference(status.profile_version, status.profile_sha256),
        "revocations": [encode_octets(each) for each in status.revocations],
    }
    if status.checkpoint:
        members["checkpoint"] = status.checkpoint.decode("utf-8")
    return strict_json.encode(members)


def _reference(version: int, sha256: bytes) -> dict[str, Json]:
    return {"version": version, "sha256": encode_octets(sha256)}


def decode_status(payload: bytes) -> Status:
    """Decode a status's payload bytes."""
    members = begin(payload, "status")
    root, card, profile = members.members("root"), members.members("card"), members.members("profile")
    status = Status(
        authority=members.text("id", patterns.AUTHORITY, 160),
        at=members.instant("at"),
        expires=members.instant("expires"),
        root_version=root.integer("version", 1),
        root_sha256=root.octets("sha256", _HASH_BYTES),
        card_version=card.integer("version", 1),
        card_sha256=card.octets("sha256", _HASH_BYTES),
        profile_version=profile.integer("version", 1),
        profile_sha256=profile.octets("sha256", _HASH_BYTES),
        revocations=tuple(decode_octets(each) for each in members.texts("revocations", REVOCATIONS_MAX)),
        checkpoint=_checkpoint(members),
    )
    for part in (root, card, profile):
        part.finish()
    members.extensions()
    members.finish()
    if not 0 < status.expires - status.at <= STATUS_LIFE_SECONDS_MAX:
        raise MalformedError("status lives longer than seven days or ends before it begins.")
    # Ascending and without repeats: one set has one spelling, so two statuses of one instant differ only if they disagree.
    ascending = all(a < b for a, b in zip(status.revocations, status.revocations[1:], strict=False))
    if not ascending or any(len(each) != _HASH_BYTES for each in status.revocations):
        raise MalformedError("status lists revocations that are no hashes in ascending order.")
    return status


def _checkpoint(members: Members) -> bytes:
    if not members.has("checkpoint"):
        return b""
    text = members.text("checkpoint", longest=CHECKPOINT_CHARACTERS_MAX)
    if not text:
        raise MalformedError("status has an empty checkpoint; it leaves the member out instead.")
    return text.encode("utf-8")


def encode_revocation(revocation: Revocation) -> bytes:
    """Encode a revocation's payload bytes."""
    members: dict[str, Json] = {
        "v": VERSION,
        "id": revocation.authority,
        "root": revocation.root_version,
        "invalid_since": revocation.invalid_since,
        "created": revocation.created,
        "reason": revocation.reason,
    }
    if revocation.kid is not None:
        members["kid"] = revocation.kid
    return strict_json.encode(members)


def decode_revocation(payload: bytes) -> Revocation:
    """Decode a revocation's payload bytes."""
    members = begin(payload, "revocation")
    revocation = Revocation(
        authority=members.text("id", patterns.AUTHORITY, 160),
        root_version=members.integer("root", 1),
        kid=members.text("kid", patterns.KID) if members.has("kid") else None,
        invalid_since=members.instant("invalid_since"),
        created=members.instant("created"),
        reason=members.line("reason", REASON_CHARACTERS_MAX),
    )
    members.extensions()
    members.finish()
    if revocation.invalid_since > revocation.created:
        raise MalformedError("revocation begins later than it was made; it takes effect when it is known.")
    return revocation
