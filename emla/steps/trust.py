"""trust: documents as bytes -> Authority. Trust logic without I/O: bytes in, trusted authority or error out.

Rules (after The Update Framework, docs/spec/documents.md 9):
 1. The root chain starts at version 1, every version is exactly one more, names the same authority and the hash of the one
    before, and is signed by its own threshold and by the threshold of the one before.
 2. The pin (version and hash of a root two people compared by telephone) stands in the chain, or nothing is trusted.
 3. The card is signed by the threshold of the newest root and names its authority and version.
 4. A revocation is signed by one key of the root it names, which stands in the chain. When no such key is in the newest root
    any more, the status must name the revocation, or it must have been known here: a root key that was stolen and then
    removed takes nothing away any more, and what it took away before it was stolen stays taken.
 5. The profile is signed by one of the card's sign keys, inside that key's window.
 6. The status is signed likewise, names exactly this root, card and profile, and no revocation that is not here; its
    checkpoint is signed by a ledger key of the card. More revocations than it names are welcome: taking away is cheap.
 7. A revoked key signs neither profile nor status nor checkpoint, unless these very bytes were trusted here before.
 8. No key counts twice towards a threshold.
Whether newer documents may follow known ones is decided in `succeed`. Time is a question of its own (`check_current`,
`check_fresh`): an expired document still proves what was signed while it was valid.
"""

from dataclasses import dataclass
from enum import StrEnum

from emla.formats import documents as form
from emla.formats import dsse, standing
from emla.ledger import checkpoint as checkpoint_form
from emla.model.documents import Authority, Card, Documents, KeyUse, Profile, Revocation, Root, Status
from emla.model.errors import InvalidAcknowledgementError, InvalidDocumentError, MalformedError
from emla.model.signed import PayloadType, SignedObject

LATE_SECONDS = 2 * 86400
STALE_SECONDS = 7 * 86400


@dataclass(frozen=True, slots=True, kw_only=True)
class RootPin:
    """The root that people compared: its version and the SHA-256 of its payload bytes."""

    version: int
    sha256: bytes


class Freshness(StrEnum):
    """How long ago an authority, or the people who pinned it, said what is current."""

    FRESH = "fresh"
    LATE = "late"
    """Two days: people are warned."""
    STALE = "stale"
    """Seven days: nothing new is sent to it, because somebody may be holding back a revocation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Revoked:
    """A revocation, its hash, and whether a key of the newest root has signed it."""

    revocation: Revocation
    sha256: bytes
    by_newest: bool


def trust_documents(
    documents: Documents, pin: RootPin | None = None, *, known: Documents | None = None
) -> Authority:
    """Verify an authority's documents against each other and, where there is one, against the pin.

    Args:
        documents: what was offered, or what is stored.
        pin: the root that people compared.
        known: what was trusted here before; for what is stored, that itself. A profile or status of the very same bytes stands
            even when its key has been revoked since, and a revocation stays whoever has left the root since.

    Raises:
        InvalidDocumentError: ``invalid-document``, ``peer-conflict`` when the pinned version is another root,
            ``document-rollback`` when it is not in the chain.
    """
    try:
        chain = [_decode_root(data) for data in documents.roots]
        card_object = form.decode_signed(documents.card, PayloadType.CARD)
        card = form.decode_card(card_object.payload)
        profile_object = form.decode_signed(documents.profile, PayloadType.PROFILE)
        profile = form.decode_profile(profile_object.payload)
        status_object = form.decode_signed(documents.status, PayloadType.STATUS) if documents.status else None
        status = standing.decode_status(status_object.payload) if status_object else None
        revocations = [_decode_revocation(data) for data in documents.revocations]
    except MalformedError as error:
        raise InvalidDocumentError("invalid-document", error.detail) from error
    root, root_sha256 = _verify_chain(chain, pin)
    _verify_card(card, card_object, root)
    believed = _verify_revocations(revocations, [each for each, _ in chain])
    _verify_vouched(believed, status, known)
    authority = Authority(
        root=root,
        root_sha256=root_sha256,
        card=card,
        card_sha256=form.document_hash(card_object.payload),
        profile=profile,
        documents=documents,
        status=status,
        revocations=tuple(each.revocation for each in believed),
    )
    _verify_profile(authority, profile_object, seen=bool(known and known.profile == documents.profile))
    if status and status_object:
        _verify_status(
            authority, status, status_object, seen=bool(known and known.status == documents.status)
        )
        _verify_names(authority, status, form.document_hash(profile_object.payload), believed)
    return authority


def _decode_root(data: bytes) -> tuple[Root, SignedObject]:
    signed = form.decode_signed(data, PayloadType.ROOT)
    return form.decode_root(signed.payload), signed


def _decode_revocation(data: bytes) -> tuple[Revocation, SignedObject]:
    signed = form.decode_signed(data, PayloadType.REVOCATION)
    return standing.decode_revocation(signed.payload), signed


def _verify_chain(chain: list[tuple[Root, SignedObject]], pin: RootPin | None) -> tuple[Root, bytes]:
    previous: Root | None = None
    previous_sha256: bytes | None = None
    pinned = pin is None
    for number, (root, signed) in enumerate(chain, start=1):
        # Rule 1: exactly one more, the same authority, the right predecessor, both thresholds.
        if root.version != number or root.prev != previous_sha256:
            raise InvalidDocumentError("invalid-document", "The chain of roots has a gap.")
        if previous and root.authority != previous.authority:
            raise InvalidDocumentError("invalid-document", "The chain of roots changes its authority.")
        for signatory in (root, previous or root):
            if _signatures_by(signatory, signed) < signatory.threshold:
                raise InvalidDocumentError(
                    "invalid-document", f"Root {number} lacks signatures of root {signatory.version}."
                )
        previous, previous_sha256 = root, form.document_hash(signed.payload)
        # Rule 2: the pin beats everything.
        if pin and pin.version == number:
            if pin.sha256 != previous_sha256:
                raise InvalidDocumentError("peer-conflict", f"Root {number} is not the one pinned.")
            pinned = True
    if previous is None or previous_sha256 is None or not pinned:
        raise InvalidDocumentError("document-rollback", "The pinned root is not in the chain.")
    return previous, previous_sha256


def _signatures_by(root: Root, signed: SignedObject) -> int:
    # Rule 8: one count for each key of the root, however often it signed.
    return sum(1 for key in root.keys if dsse.verifies(signed, key.kid, key.public))


def _verify_card(card: Card, signed: SignedObject, root: Root) -> None:
    # Rule 3.
    if card.authority != root.authority or card.root_version != root.version:
        raise InvalidDocumentError("invalid-document", "The card belongs to another root.")
    if _signatures_by(root, signed) < root.threshold:
        raise InvalidDocumentError("invalid-document", "The card lacks signatures of its root.")


def _verify_revocations(offered: list[tuple[Revocation, SignedObject]], chain: list[Root]) -> list[_Revoked]:
    # Rule 4, first half.
    believed: list[_Revoked] = []
    for revocation, signed in offered:
        if revocation.authority != chain[-1].authority or revocation.root_version > len(chain):
            raise InvalidDocumentError("invalid-document", "A revocation belongs to another root.")
        if _signatures_by(chain[revocation.root_version - 1], signed) < 1:
            raise InvalidDocumentError("invalid-document", "A revocation is not signed by a key of its root.")
        believed.append(
            _Revoked(
                revocation=revocation,
                sha256=form.document_hash(signed.payload),
                by_newest=_signatures_by(chain[-1], signed) > 0,
            )
        )
    if len({each.sha256 for each in believed}) != len(believed):
        raise InvalidDocumentError("invalid-document", "A revocation is there twice.")
    return believed


def _verify_vouched(believed: list[_Revoked], status: Status | None, known: Documents | None) -> None:
    # Rule 4, second half.
    vouched = set(status.revocations) if status else set()
    if known:
        vouched |= {revocation_hash(each) for each in known.revocations}
    if any(not each.by_newest and each.sha256 not in vouched for each in believed):
        raise InvalidDocumentError(
            "invalid-document", "A revocation is signed by a former root key, and no status names it."
        )


def _verify_profile(authority: Authority, signed: SignedObject, *, seen: bool) -> None:
    profile: Profile = authority.profile
    if profile.authority != authority.id:
        raise InvalidDocumentError("invalid-document", "The profile belongs to another authority.")
    # Rules 5 and 7.
    if signer_of(authority, signed, profile.created, revoked_too=seen) is None:
        raise InvalidDocumentError("invalid-document", "The profile is not signed by a key of the card.")


def _verify_status(authority: Authority, status: Status, signed: SignedObject, *, seen: bool) -> None:
    if status.authority != authority.id:
        raise InvalidDocumentError("invalid-document", "The status belongs to another authority.")
    # Rules 6 and 7.
    if signer_of(authority, signed, status.at, revoked_too=seen) is None:
        raise InvalidDocumentError("invalid-document", "The status is not signed by a key of the card.")
    if status.checkpoint and not _is_checkpoint_of(authority, status.checkpoint, revoked_too=seen):
        raise InvalidDocumentError("invalid-document", "The status bears a checkpoint of another ledger.")


def _verify_names(
    authority: Authority, status: Status, profile_sha256: bytes, believed: list[_Revoked]
) -> None:
    # Rule 6: mix-and-match. What is named is what is here.
    pairs = (
        ("root", status.root_version, authority.root.version, status.root_sha256, authority.root_sha256),
        ("card", status.card_version, authority.card.version, status.card_sha256, authority.card_sha256),
        (
            "profile",
            status.profile_version,
            authority.profile.version,
            status.profile_sha256,
            profile_sha256,
        ),
    )
    for name, named, version, named_sha256, sha256 in pairs:
        if named != version or named_sha256 != sha256:
            raise InvalidDocumentError(
                "invalid-document", f"The status names another {name} than the one that came with it."
            )
    if not set(status.revocations) <= {each.sha256 for each in believed}:
        raise InvalidDocumentError(
            "invalid-document", "The status names a revocation that was held back on the way."
        )


def signer_of(authority: Authority, signed: SignedObject, at: int, *, revoked_too: bool) -> str | None:
    """The id of the card's sign key, valid at the instant, that has signed; None where there is none."""
    for key in authority.keys(KeyUse.SIGN):
        if not key.not_before <= at < key.not_after or (authority.revoked(key.kid) and not revoked_too):
            continue
        if dsse.verifies(signed, key.kid, key.public):
            return key.kid
    return None


def _is_checkpoint_of(authority: Authority, note: bytes, *, revoked_too: bool) -> bool:
    # Any ledger key still listed: the newest checkpoint is as old as the last traffic, and may be older than the newest key.
    for key in authority.keys(KeyUse.LEDGER):
        if authority.revoked(key.kid) and not revoked_too:
            continue
        try:
            checkpoint_form.verify(note, authority.card.ledger_origin, key.public)
        except InvalidAcknowledgementError:
            continue
        return True
    return False


def revocation_hash(data: bytes) -> bytes:
    """The document hash of an encoded revocation."""
    return form.document_hash(form.decode_signed(data, PayloadType.REVOCATION).payload)


def check_current(authority: Authority, now: int) -> None:
    """Refuse documents that may not be used for anything new at `now` (UNIX seconds).

    Raises:
        InvalidDocumentError: ``frozen`` or ``document-expired``.
    """
    if authority.frozen:
        raise InvalidDocumentError("frozen", f"{authority.id} is frozen since root {authority.root.version}.")
    for name, expires in (("root", authority.root.expires), ("card", authority.card.expires)):
        if now >= expires:
            raise InvalidDocumentError("document-expired", f"The {name} of {authority.id} has expired.")


def check_fresh(authority: Authority, pinned_at: int, now: int) -> Freshness:
    """Say how fresh an authority's documents are.

    Args:
        authority: the peer.
        pinned_at: when people last compared its root; that is as good as a status of that instant.
        now: our clock, UNIX seconds.
    """
    ends = authority.status.expires if authority.status else 0
    if now >= max(ends, pinned_at + STALE_SECONDS):
        return Freshness.STALE
    if now >= max(authority.fresh_at, pinned_at) + LATE_SECONDS:
        return Freshness.LATE
    return Freshness.FRESH
