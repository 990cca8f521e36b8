"""Verified again from bytes: a ledger, a header, an acknowledgement and a record of somebody's books. No judgement here."""

from collections.abc import Sequence

from emla.bootstrap.own import ledger_publics
from emla.formats import dsse
from emla.formats import header as header_form
from emla.formats.at_rest import open_record
from emla.formats.manifest import decode as decode_manifest
from emla.ledger.audit import AuditReport, IssuedProof, LeafRecord, audit
from emla.ledger.checkpoint import decode as decode_checkpoint
from emla.ledger.leaf import LeafKind
from emla.model.acknowledgement import Event
from emla.model.documents import Authority, KeyUse
from emla.model.errors import EmlaError, InvalidAcknowledgementError
from emla.model.package import Header, Manifest
from emla.model.record import Record
from emla.steps.verify_acknowledgement import held, verify_claim
from tests.support.books import (
    Books,
    Package,
    ReceivedPackage,
    SentPackage,
    StoredAcknowledgement,
    StoredLeaf,
)

VERDICTS = (Event.CONTENT_CONSIGNMENT, Event.CONTENT_CONSIGNMENT_FAILURE)
SAID: dict[str, tuple[tuple[Event, ...], ...]] = {
    "ACCEPTED": ((), VERDICTS[1:]),
    "CONSIGNED": (VERDICTS[:1], VERDICTS),
    "HANDED": (VERDICTS[:1], VERDICTS),
    "QUARANTINED": (VERDICTS[1:],),
    "CLOSED": (VERDICTS[1:],),
}
"""The verdicts that may be acknowledged in each state of the inbox: what was let out of quarantine has its failure, too."""

TRAVELLING = (*VERDICTS, Event.CONTENT_HANDOVER)
ANSWERS = (Event.RELAY_ACCEPTANCE, Event.RELAY_REJECTION)
"""They travel on a leg of their own when the package came out of a mailbox."""
"""Acknowledgements that travel on a leg of their own."""


def verdict_problem(books: Books, package: ReceivedPackage) -> str:
    """What is wrong with the verdicts acknowledged for a received package in its state; empty when nothing is."""
    events = tuple(event for event in VERDICTS if books.of(package.pid, event))
    if events in SAID.get(package.state, ()):
        return ""
    return f"{package.pid.hex()[:16]} is '{package.state}', acknowledged by {[*map(str, events)]}"


def audit_books(books: Books) -> list[AuditReport]:
    """Audit every ledger from its bytes: leaves, objects, checkpoints and the proof of every acknowledgement of ours."""
    present = _audit_ledger(
        books, books.authority.card.ledger_origin, books.leaves, list(books.checkpoints.values())
    )
    return [
        *(_audit_ledger(books, each.origin, each.leaves, each.checkpoints) for each in books.former),
        present,
    ]


def _audit_ledger(
    books: Books, origin: str, leaves: Sequence[StoredLeaf], checkpoints: Sequence[bytes]
) -> AuditReport:
    refs = {leaf.index: leaf.ref for leaf in leaves}
    here = {leaf.ref for leaf in leaves if leaf.kind == LeafKind.ACKNOWLEDGEMENT_ISSUED}
    issued = (each for aid, each in books.acknowledgements.items() if aid in here and each.claim)
    proofs = [
        IssuedProof(
            kind=LeafKind.ACKNOWLEDGEMENT_ISSUED,
            stored=each.claim.bundle.signed,
            index=each.claim.bundle.index,
            proof=each.claim.bundle.proof,
            note=each.claim.bundle.checkpoint,
        )
        for each in issued
        if each.claim
    ]
    return audit(
        [LeafRecord(index=leaf.index, kind=leaf.kind, digest=leaf.digest) for leaf in leaves],
        lambda leaf: _object_of(books, leaf.kind, refs[leaf.index]),
        checkpoints,
        origin=origin,
        public_keys=ledger_publics(books.authority),
        issued=sorted(proofs, key=lambda each: each.index),
    )


def _object_of(books: Books, kind: int, ref: bytes) -> bytes | None:
    """The stored bytes a leaf speaks about: `ref` is a package id, an acknowledgement id, or the hash of a document or event."""
    if kind == LeafKind.HEADER_SENT:
        return books.sent[ref].signed if ref in books.sent else None
    if kind == LeafKind.HEADER_RECEIVED:
        return books.received[ref].signed if ref in books.received else books.equivocations.get(ref)
    if kind == LeafKind.DOCUMENT:
        return books.documents.get(ref)
    if kind == LeafKind.EVENT:
        return books.events.get(ref)
    acknowledgement = books.acknowledgements.get(ref) or books.contradictions.get(ref)
    claim = acknowledgement.claim if acknowledgement else None
    return claim.bundle.signed if claim else None


def is_beyond_an_end(books: Books, note: bytes) -> bool:
    """Whether a checkpoint is of a former ledger, larger than that was when it ended: what came after its backup was lost."""
    try:
        said = decode_checkpoint(note).checkpoint
    except EmlaError:
        return False
    ended = {each.origin: each.size for each in books.former}
    return said.size > ended.get(said.origin, said.size)


def came_back(books: Books, package: SentPackage) -> bool:
    """Whether a package of ours was lost with the end of a former ledger and returned by its recipient, who alone can read it."""
    former = {leaf.ref for each in books.former if each.epoch >= package.epoch for leaf in each.leaves}
    return any(each.epoch == package.epoch for each in books.former) and package.pid not in former


def kind_of(acknowledgement: StoredAcknowledgement, books: Books) -> LeafKind:
    """The kind of leaf an acknowledgement has here; one of ours that was lost and came back was received."""
    claim = acknowledgement.claim
    own = acknowledgement.by == books.id and not (claim and is_beyond_an_end(books, claim.bundle.checkpoint))
    return LeafKind.ACKNOWLEDGEMENT_ISSUED if own else LeafKind.ACKNOWLEDGEMENT_RECEIVED


def record_of(books: Books, package: Package) -> Record | None:
    """The record of a package; None where it does not open with the folder's content key."""
    if package.record is None:
        return None
    return open_record(package.record, content_key=books.keys.content_key, pid=package.pid)


def manifest_of(books: Books, package: Package) -> Manifest | None:
    """The manifest in a package's record."""
    record = record_of(books, package)
    try:
        return decode_manifest(record.manifest) if record else None
    except EmlaError:
        return None


def is_signed_by(package: Package, sender: Authority) -> bool:
    """Whether the header of a package is signed by a key its sender had when it was created."""
    try:
        envelope = header_form.decode_signed(package.signed)
    except EmlaError:
        return False
    if package.header is None or len(envelope.signatures) != 1:
        return False
    # Revoked or not: when it was taken, and whether that was right, is 17.
    key = sender.listed(envelope.signatures[0].kid, KeyUse.SIGN, package.header.created)
    return key is not None and dsse.verifies(envelope, key.kid, key.public)


def problem_of(books: Books, each: StoredAcknowledgement) -> str:
    """Why an acknowledgement does not verify offline; empty when it does.

    A RelayRejection of our own may be about a package that was not kept: then only its signature and proof are held against.
    """
    issuer = books.authority if each.by == books.id else books.peers.get(each.by)
    package = books.about(each.pid)
    if each.claim is None or issuer is None:
        return "it is no bundle of a known issuer"
    if package is None and not (each.by == books.id and each.event is Event.RELAY_REJECTION):
        return "it is about no stored package"
    try:
        verified = verify_claim(
            each.claim, issuer=issuer, subject=package.subject if package else None, witnessed=held
        )
    except InvalidAcknowledgementError as error:
        return error.code
    said = verified.acknowledgement
    same = (verified.aid, said.pid, said.event, said.by) == (each.aid, each.pid, each.event, each.by)
    return "" if same else "its row does not say what it says"


def row_fits(package: Package, header: Header, own: str) -> bool:
    """Whether the row of a package says what its header says."""
    out = isinstance(package, SentPackage)
    parties = (own, package.other) if out else (package.other, own)
    return (
        (header.sender, header.recipient) == parties
        and (header.msg, header.epoch, header.seq) == (package.msg, package.epoch, package.seq)
        and (header.payload.id, header.payload.sha256, header.payload.size)
        == (package.payload_id, package.payload_sha256, package.payload_size)
    )
