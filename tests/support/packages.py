"""Rows and acknowledgements for store tests: what a journey would hand to a transaction."""

from dataclasses import replace

from emla.model.acknowledgement import Event
from emla.model.leg import LegKind
from emla.model.package import Priority
from emla.ports.store import Issued, ReceivedRow, SentRow, Transaction
from emla.steps.acknowledge import IssuedAcknowledgement, acknowledge
from tests.support.authorities import NOW, Package, Party, build, derived

_PACKAGES: dict[tuple[str, str, int], Package] = {}


def package_of(sender: Party, recipient: Party, number: int = 1) -> Package:
    """An honest package, the same one each time: `build` alone wraps its key anew."""
    key = (sender.id, recipient.id, number)
    if key not in _PACKAGES:
        _PACKAGES[key] = build(sender, recipient, number=number)
    return _PACKAGES[key]


def acknowledgement_of(
    issuer: Party, package: Package, event: Event, reason: str | None = None
) -> IssuedAcknowledgement:
    """An acknowledgement that its issuer has not put into its ledger yet."""
    return acknowledge(
        event, package.subject, by=issuer.id, card=issuer.card, at=NOW + 5, signer=issuer.sign, reason=reason
    )


def message_id_of(recipient: str, number: int) -> bytes:
    """The message id of a package that `sent_row` made."""
    return derived("message id", recipient, number, length=16)


def sent_row(package: Package, *, message_id: bytes | None = None, seq: int | None = None) -> SentRow:
    """A package as its sender keeps it."""
    header = package.header
    return SentRow(
        pid=package.pid,
        signed=package.signed,
        msg=header.msg,
        recipient=header.recipient,
        epoch=header.epoch,
        seq=seq or header.seq,
        message_id=message_id or message_id_of(header.recipient, header.seq),
        message_sha256=derived("message", header.seq),
        payload_id=header.payload.id,
        payload_sha256=header.payload.sha256,
        payload_size=header.payload.size,
        payload=package.payload,
        record=b"sealed",
        urgent=header.prio is Priority.URGENT,
        created=header.created,
        expires=header.expires,
    )


def received_row(package: Package, **changes: object) -> ReceivedRow:
    """A package as its recipient keeps it; `changes` replaces members."""
    header = package.header
    row = ReceivedRow(
        pid=package.pid,
        signed=package.signed,
        signature_sha256=package.subject.signature_sha256,
        sender=header.sender,
        msg=header.msg,
        payload_id=header.payload.id,
        payload_sha256=header.payload.sha256,
        payload_size=header.payload.size,
        payload=package.payload,
        epoch=header.epoch,
        seq=header.seq,
        urgent=False,
        created=header.created,
        expires=header.expires,
        accepted_at=NOW,
    )
    return replace(row, **changes)  # type: ignore[arg-type]  # a wrong member fails the test that names it


def send(transaction: Transaction, sender: Party, recipient: Party, number: int) -> Issued:
    """What submission does inside its batch."""
    package = package_of(sender, recipient, number)
    transaction.insert_sent(sent_row(package))
    transaction.insert_leg(
        LegKind.PACKAGE, package.pid, recipient.id, urgent=False, created=NOW, expires=NOW + 86400
    )
    return transaction.issue(acknowledgement_of(sender, package, Event.SUBMISSION_ACCEPTANCE))


def leaf(transaction: Transaction, number: int) -> None:
    """Append one leaf that stands for anything."""
    transaction.insert_event("test", number, b"event %d" % number)
