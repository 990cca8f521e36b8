"""approve: a change, what officers signed about it, and who may -> the change is approved, or an error.

Rules (docs/reference/approvals.md):
 1. One key officer proposes, another approves; each is listed, acts once, and signs with the one key listed.
 2. Both name this authority and exactly this document: its type and its hash. An approval of another version is none.
 3. The approval is not older than the proposal, but for what two clocks may differ.
 4. Everything handed in must hold. One signature that does not is a reason to look, not one to pass over.
 5. The first list of officers is approved by two whom it lists itself; each later one by two of the list before.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from emla.formats import approval as form
from emla.formats import dsse
from emla.formats.documents import decode_signed, document_hash
from emla.model.documents import Approval, ApprovalAct, Officer, Officers
from emla.model.errors import InvalidDocumentError, MalformedError
from emla.model.limits import WIRE
from emla.model.signed import PayloadType


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovedChange:
    """A document that two officers stand for: who proposed it, and who approved it first."""

    document_type: PayloadType
    document_sha256: bytes
    proposal: Approval
    approval: Approval


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficersChange:
    """A list of officers as it is stored: its payload bytes, and the signed approvals."""

    payload: bytes
    approvals: tuple[bytes, ...]


def verify_change(
    document_type: PayloadType, document_sha256: bytes, approvals: Sequence[bytes], officers: Officers
) -> ApprovedChange:
    """Verify that two key officers stand for a document.

    Args:
        document_type: what kind of document is to be published.
        document_sha256: its document hash.
        approvals: the encoded signed approvals, in any order.
        officers: the list in force.

    Raises:
        InvalidDocumentError: ``invalid-document`` (no approval at all in form), ``bad-signature``, ``same-officer`` or
            ``approval-missing``.
    """
    read = [verify_approval(each, officers) for each in approvals]
    for each in read:
        # Rule 2.
        if (each.document_type, each.document_sha256) != (document_type, document_sha256):
            raise InvalidDocumentError("approval-missing", "An officer's word is about another document.")
    # Rule 1.
    if len({each.officer for each in read}) != len(read):
        raise InvalidDocumentError("same-officer", "Proposing and approving are for two persons.")
    proposals = [each for each in read if each.act is ApprovalAct.PROPOSE]
    agreed = [each for each in read if each.act is ApprovalAct.APPROVE]
    if len(proposals) != 1 or not agreed:
        raise InvalidDocumentError(
            "approval-missing", f"There are {len(proposals)} proposal(s) and {len(agreed)} approval(s)."
        )
    first = min(agreed, key=lambda each: (each.at, each.officer))
    # Rule 3.
    if first.at + WIRE.clock_skew_seconds < proposals[0].at:
        raise InvalidDocumentError("approval-missing", "It was approved before it was proposed.")
    return ApprovedChange(
        document_type=document_type,
        document_sha256=document_sha256,
        proposal=proposals[0],
        approval=first,
    )


def verify_approval(signed: bytes, officers: Officers) -> Approval:
    """Verify one officer's signed word, whatever document it is about.

    Raises:
        InvalidDocumentError: ``invalid-document``, ``bad-signature``, or ``approval-missing`` when nobody listed speaks or it
            is another authority's.
    """
    try:
        envelope = decode_signed(signed, PayloadType.APPROVAL)
        approval = form.decode_approval(envelope.payload)
    except MalformedError as error:
        raise InvalidDocumentError("invalid-document", error.detail) from error
    if approval.authority != officers.authority:
        raise InvalidDocumentError("approval-missing", f"The approval is one of {approval.authority}.")
    officer = _find(approval.officer, officers)
    if officer is None:
        raise InvalidDocumentError("approval-missing", f"No key officer has the key {approval.officer}.")
    # One signature, by the officer the approval names: nobody else's name is lent.
    if len(envelope.signatures) != 1 or not dsse.verifies(envelope, officer.kid, officer.public):
        raise InvalidDocumentError("bad-signature", f"The approval is not signed by {officer.name}.")
    return approval


def _find(kid: str, officers: Officers) -> Officer | None:
    return next((each for each in officers.officers if each.kid == kid), None)


def succeed_officers(known: bytes | None, offered: OfficersChange) -> Officers:
    """Let a list of officers take the place of the known one.

    Args:
        known: the payload bytes of the list in force, which was verified when it came; None for the first.
        offered: the new list and its approvals.

    Raises:
        InvalidDocumentError: as `verify_change`; ``document-rollback`` when the version is not exactly one more.
    """
    try:
        before = form.decode_officers(known) if known is not None else None
        officers = form.decode_officers(offered.payload)
    except MalformedError as error:
        raise InvalidDocumentError("invalid-document", error.detail) from error
    if before and officers.authority != before.authority:
        raise InvalidDocumentError("invalid-document", "The officers are another authority's.")
    version = before.version + 1 if before else 1
    prev = document_hash(known) if known is not None else None
    if officers.version != version or officers.prev != prev:
        raise InvalidDocumentError(
            "document-rollback", f"The list of officers has version {officers.version}; {version} is next."
        )
    # Rule 5.
    verify_change(PayloadType.OFFICERS, document_hash(offered.payload), offered.approvals, before or officers)
    return officers


def trust_officers(versions: Sequence[OfficersChange]) -> Officers | None:
    """Walk every list of officers from version 1, as stored; None when there is none.

    Raises:
        InvalidDocumentError: as `succeed_officers`.
    """
    known: bytes | None = None
    officers: Officers | None = None
    for each in versions:
        officers = succeed_officers(known, each)
        known = each.payload
    return officers
