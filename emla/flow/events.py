"""events: what a person or the gateway did, into the ledger. A leaf each, with a nonce, so that the hash betrays nothing."""

from collections.abc import Callable

from emla.flow.gateway import Gateway
from emla.formats import event as form
from emla.ports.documents import DocumentTransaction

IMPORT_REFUSED = "import.refused"
DOCUMENTS_REFUSED = "documents.refused"
PEER_FORGOTTEN = "peer.forgotten"
KEY_DESTROYED = "key.destroyed"
MAILBOX_EXPIRED = "mailbox.expired"
LEG_HELD = "leg.held"
LEG_RELEASED = "leg.released"
PACKAGE_RELEASED = "package.released"
LEDGER_CLOSED = "ledger.closed"
LEDGER_OPENED = "ledger.opened"
LEDGER_RECOVERED = "ledger.recovered"
PEER_GONE = "ledger.peer-gone"
PEER_EPOCH = "peer.epoch"
PEER_CONTRADICTED = "peer.contradicted-itself"
RULE_OVERRIDDEN = "rule.overridden"
BACKUP_CREATED = "backup.created"
PERSON_ADDED = "person.added"
PERSON_ROLES = "person.roles"
PERSON_DISABLED = "person.disabled"
PERSON_INVITED = "person.invited"
PASSWORD_SET = "person.password"  # noqa: S105 (the name of an event)
TOKEN_MADE = "token.made"  # noqa: S105 (the name of an event)
TOKEN_REVOKED = "token.revoked"  # noqa: S105 (the name of an event)
CASE_NAMED = "case.named"
CASE_UNNAMED = "case.unnamed"
ERASURE_WANTED = "erasure.wanted"
ERASURE_CANCELLED = "erasure.cancelled"
ERASURE_ORDERED = "erasure.ordered"
CONTENT_ERASED = "content.erased"
PACKAGE_ERASED = "package.erased"
EVENT_ERASED = "event.erased"
CASE_HELD = "case.held"
CASE_UNHELD = "case.unheld"
CASE_REMINDER = "case.reminder"
CONTENT_READ = "content.read"
CONTENT_REFUSED = "content.refused"
CONTENT_PASSED = "content.passed"
ACCESSES_REPORTED = "accesses.reported"
MALWARE_FOUND = "malware.found"
PART_RELEASED = "part.released"
DRAFT_HANDED_IN = "draft.handed-in"
DRAFT_APPROVED = "draft.approved"
DRAFT_RETURNED = "draft.returned"
DRAFT_WITHDRAWN = "draft.withdrawn"
DRAFT_LAPSED = "draft.lapsed"
SENT_ALONE = "message.sent-alone"
ALONE_REVIEWED = "message.reviewed"
WEBHOOK_ADDED = "webhook.added"
WEBHOOK_REMOVED = "webhook.removed"
WEBHOOK_PAUSED = "webhook.paused"
WEBHOOK_RESUMED = "webhook.resumed"


def event(
    gateway: Gateway, kind: str, facts: form.Facts, *, about: bytes | None = None
) -> Callable[[DocumentTransaction], None]:
    """The operation that records an event; made before the batch, so that it writes the same bytes however often it runs.

    Args:
        gateway: whose clock and entropy it takes.
        kind: what was done.
        facts: with which facts.
        about: the package under which its leaf is filed, where it is to be found again by that.
    """
    at = gateway.now()
    body = form.encode(
        form.RecordedEvent(kind=kind, at=at, nonce=gateway.entropy(form.NONCE_BYTES), facts=facts)
    )
    return lambda transaction: transaction.insert_event(kind, at, body, about)
