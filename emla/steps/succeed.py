"""succeed: what is known, and newer documents -> the authority as it stands from now on. One `now` for one update.

Rules (docs/spec/documents.md 10):
 1. The same authority, and no root version already seen has changed or is missing.
 2. A version of the card never goes back and never changes, among the cards of one root version. A root of a higher version
    starts afresh: that is how an authority recovers from a thief who has signed a card of the highest version there is.
 2b. Likewise the epoch of its ledger: an epoch that is over does not begin again.
 3. Likewise the profile, as long as the key that signed the known one is listed and not revoked.
 4. Revocations only become more. Documents that lack a known one are refused as a whole; what they take away besides is
    kept all the same (`with_revocations`).
 5. A status never goes back, two statuses of one instant are the same, and none is from the future.
What is refused leaves what is known as it was.
"""

from dataclasses import replace

from emla.formats import documents as form
from emla.formats.standing import REVOCATIONS_MAX
from emla.model.documents import Authority, Documents, KeyUse
from emla.model.errors import InvalidDocumentError, MalformedError
from emla.model.limits import WIRE
from emla.model.signed import PayloadType
from emla.steps.trust import revocation_hash, signer_of, trust_documents


def succeed(known: Authority | None, offered: Authority, now: int) -> Authority:
    """Let trusted documents take the place of known ones.

    Args:
        known: what stands here; None at first contact.
        offered: what `trust_documents` made of the newer ones, with the known ones as its `known`.
        now: our clock, UNIX seconds.

    Returns:
        What stands from now on. It may be frozen or expired: that is news too, and `check_current` has the say.

    Raises:
        InvalidDocumentError: ``clock-skew``, ``document-rollback`` or ``peer-conflict``.
    """
    if offered.status and offered.status.at > now + WIRE.clock_skew_seconds:
        raise InvalidDocumentError(
            "clock-skew", f"The status of {offered.id} was made at {offered.status.at}, here it is {now}."
        )
    if known is None:
        return offered
    check_successor(known, offered)
    return _with_status(known, offered)


def check_successor(known: Authority, offered: Authority) -> None:
    """Refuse documents that go back behind, or contradict, what is already known (rules 1 to 4).

    Raises:
        InvalidDocumentError: ``document-rollback`` or ``peer-conflict``.
    """
    if offered.id != known.id:
        raise InvalidDocumentError("peer-conflict", "The documents are of another authority.")
    # Rule 1.
    for ours, theirs in zip(known.documents.roots, offered.documents.roots, strict=False):
        if _payload_hash(ours, PayloadType.ROOT) != _payload_hash(theirs, PayloadType.ROOT):
            raise InvalidDocumentError("peer-conflict", "A root version already seen has changed.")
    if offered.root.version < known.root.version:
        raise _lower("root", known.root.version, offered.root.version)
    # Rule 2.
    if offered.root.version == known.root.version:
        _check_version(
            "card", (known.card.version, known.card_sha256), (offered.card.version, offered.card_sha256)
        )
        # Rule 2b.
        if offered.card.epoch < known.card.epoch:
            raise _lower("ledger's epoch", known.card.epoch, offered.card.epoch)
    # Rule 4.
    missing = _revocations(known.documents) - _revocations(offered.documents)
    if missing:
        raise InvalidDocumentError(
            "document-rollback", f"{len(missing)} known revocation(s) of {known.id} are missing."
        )
    # Rule 3.
    if not _is_signer_lost(known, offered):
        _check_version(
            "profile",
            (known.profile.version, _payload_hash(known.documents.profile, PayloadType.PROFILE)),
            (offered.profile.version, _payload_hash(offered.documents.profile, PayloadType.PROFILE)),
        )


def with_revocations(known: Authority, offered: Documents) -> Authority:
    """Take the revocations, and nothing else, out of documents: deny is cheap, even when all the rest was refused.

    Returns:
        The authority with those revocations that hold under its own roots; itself when there is no new one.
    """
    for each in offered.revocations:
        documents = known.documents
        try:
            if revocation_hash(each) in _revocations(documents):
                continue
            more = replace(documents, revocations=(*documents.revocations, each))
            if len(more.revocations) <= REVOCATIONS_MAX:
                known = trust_documents(more, known=documents)
        except (InvalidDocumentError, MalformedError):
            continue  # not of this authority's root; whoever offered it is told by the refusal of the whole
    return known


def _lower(name: str, known: int, offered: int) -> InvalidDocumentError:
    return InvalidDocumentError(
        "document-rollback", f"The {name} is version {offered}, version {known} is known."
    )


def _check_version(name: str, known: tuple[int, bytes], offered: tuple[int, bytes]) -> None:
    if offered[0] < known[0]:
        raise _lower(name, known[0], offered[0])
    if offered[0] == known[0] and offered[1] != known[1]:
        raise InvalidDocumentError("document-rollback", f"Version {known[0]} of the {name} has changed.")


def _revocations(documents: Documents) -> set[bytes]:
    return {revocation_hash(each) for each in documents.revocations}


def _is_signer_lost(known: Authority, offered: Authority) -> bool:
    signed = form.decode_signed(known.documents.profile, PayloadType.PROFILE)
    kid = signer_of(known, signed, known.profile.created, revoked_too=True)
    listed = kid is not None and offered.listed(kid, KeyUse.SIGN, known.profile.created) is not None
    return not listed or (kid is not None and offered.revoked(kid) is not None)


def _with_status(known: Authority, offered: Authority) -> Authority:
    # Rule 5.
    if known.status is None or known.documents.status is None:
        return offered
    if offered.status is None or offered.documents.status is None:
        if _same(known, offered):
            # An export without a status, of what is known: no news, and no reason to forget how fresh we are.
            status = known.documents.status
            return replace(offered, status=known.status, documents=replace(offered.documents, status=status))
        raise InvalidDocumentError("document-rollback", f"Documents of {known.id} come without a status.")
    if offered.status.at < known.status.at:
        raise InvalidDocumentError(
            "document-rollback", f"The status is of {offered.status.at}, one of {known.status.at} is known."
        )
    if offered.status.at == known.status.at and offered.status != known.status:
        raise InvalidDocumentError("document-rollback", f"Two statuses of {known.id} are of one instant.")
    return offered


def _same(known: Authority, offered: Authority) -> bool:
    ours = (known.root_sha256, known.card_sha256, _payload_hash(known.documents.profile, PayloadType.PROFILE))
    theirs = (
        offered.root_sha256,
        offered.card_sha256,
        _payload_hash(offered.documents.profile, PayloadType.PROFILE),
    )
    return ours == theirs


def _payload_hash(data: bytes, kind: PayloadType) -> bytes:
    return form.document_hash(form.decode_signed(data, kind).payload)
