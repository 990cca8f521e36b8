"""trust: documents as bytes -> Authority. Trust logic without I/O: bytes in, trusted authority or error out.

Rules (after The Update Framework, docs/spec/documents.md):
 1. The root chain starts at version 1, every version is exactly one more, names the same authority and the hash of the one
    before, and is signed by its own threshold and by the threshold of the one before.
 2. The pin (version and hash of a root two people compared by telephone) stands in the chain, or nothing is trusted.
 3. The card is signed by the threshold of the newest root and names its authority and version.
 4. The profile is signed by one of the card's sign keys, inside that key's window.
 5. No key counts twice towards a threshold.
 6. A version once seen never changes and never goes back (`check_successor`).
Expiry is a question of its own (`check_current`): an expired document still proves what was signed while it was valid.
"""

from dataclasses import dataclass

from emla.formats import documents as form
from emla.formats import dsse
from emla.model.documents import Authority, Card, Documents, KeyUse, Profile, Root
from emla.model.errors import InvalidDocumentError, MalformedError
from emla.model.signed import PayloadType, SignedObject


@dataclass(frozen=True, slots=True, kw_only=True)
class RootPin:
    """The root that people compared: its version and the SHA-256 of its payload bytes."""

    version: int
    sha256: bytes


def trust_documents(documents: Documents, pin: RootPin | None = None) -> Authority:
    """Verify an authority's documents against each other and, where there is one, against the pin.

    Raises:
        InvalidDocumentError: ``invalid-document``, or ``peer-conflict`` when the pin is not in the chain.
    """
    try:
        chain = [_decode_root(data) for data in documents.roots]
        card_object = form.decode_signed(documents.card, PayloadType.CARD)
        card = form.decode_card(card_object.payload)
        profile_object = form.decode_signed(documents.profile, PayloadType.PROFILE)
        profile = form.decode_profile(profile_object.payload)
    except MalformedError as error:
        raise InvalidDocumentError("invalid-document", error.detail) from error
    root, root_sha256 = _verify_chain(chain, pin)
    _verify_card(card, card_object, root)
    _verify_profile(profile, profile_object, card)
    return Authority(
        root=root,
        root_sha256=root_sha256,
        card=card,
        card_sha256=form.document_hash(card_object.payload),
        profile=profile,
        documents=documents,
    )


def _decode_root(data: bytes) -> tuple[Root, SignedObject]:
    signed = form.decode_signed(data, PayloadType.ROOT)
    return form.decode_root(signed.payload), signed


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
    # Rule 5: one count for each key of the root, however often it signed.
    return sum(1 for key in root.keys if dsse.verifies(signed, key.kid, key.public))


def _verify_card(card: Card, signed: SignedObject, root: Root) -> None:
    # Rule 3.
    if card.authority != root.authority or card.root_version != root.version:
        raise InvalidDocumentError("invalid-document", "The card belongs to another root.")
    if _signatures_by(root, signed) < root.threshold:
        raise InvalidDocumentError("invalid-document", "The card lacks signatures of its root.")


def _verify_profile(profile: Profile, signed: SignedObject, card: Card) -> None:
    # Rule 4.
    if profile.authority != card.authority:
        raise InvalidDocumentError("invalid-document", "The profile belongs to another authority.")
    for key in card.keys:
        in_window = key.not_before <= profile.created < key.not_after
        if key.use is KeyUse.SIGN and in_window and dsse.verifies(signed, key.kid, key.public):
            return
    raise InvalidDocumentError("invalid-document", "The profile is not signed by a key of the card.")


def check_current(authority: Authority, now: int) -> None:
    """Refuse documents that have expired at `now` (UNIX seconds).

    Raises:
        InvalidDocumentError: ``document-expired``.
    """
    for name, expires in (("root", authority.root.expires), ("card", authority.card.expires)):
        if now >= expires:
            raise InvalidDocumentError("document-expired", f"The {name} of {authority.id} has expired.")


def check_successor(known: Authority, offered: Authority) -> None:
    """Refuse documents that go back behind, or contradict, what is already known (rule 6).

    Raises:
        InvalidDocumentError: ``document-rollback`` or ``peer-conflict``.
    """
    if offered.id != known.id:
        raise InvalidDocumentError("peer-conflict", "The documents are of another authority.")
    for ours, theirs in zip(known.documents.roots, offered.documents.roots, strict=False):
        if _payload_hash(ours, PayloadType.ROOT) != _payload_hash(theirs, PayloadType.ROOT):
            raise InvalidDocumentError("peer-conflict", "A root version already seen has changed.")
    steps = (
        ("root", known.root.version, offered.root.version, known.root_sha256, offered.root_sha256),
        ("card", known.card.version, offered.card.version, known.card_sha256, offered.card_sha256),
        (
            "profile",
            known.profile.version,
            offered.profile.version,
            _payload_hash(known.documents.profile, PayloadType.PROFILE),
            _payload_hash(offered.documents.profile, PayloadType.PROFILE),
        ),
    )
    for name, ours_version, theirs_version, ours_hash, theirs_hash in steps:
        if theirs_version < ours_version:
            raise InvalidDocumentError(
                "document-rollback",
                f"The {name} is version {theirs_version}, version {ours_version} is known.",
            )
        if theirs_version == ours_version and ours_hash != theirs_hash:
            raise InvalidDocumentError(
                "document-rollback", f"Version {ours_version} of the {name} has changed."
            )


def _payload_hash(data: bytes, kind: PayloadType) -> bytes:
    return form.document_hash(form.decode_signed(data, kind).payload)
