"""What a case system is told: the types, one happening, and the place in the ledger that names it (docs/reference/events.md).

Here: nouns and the spelling of an id. Not here: which leaf is a happening (`flow.happenings.leaves`), and for whom (`.sight`).

Rules of this file:
- A type never changes its meaning and is never used again. What is new gets a new type.
- A happening has ids and codes. It never has a name, a reason in words, or anything that was sealed.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class HappeningType(StrEnum):
    """What happened."""

    SENT_SUBMITTED = "sent.submitted"
    SENT_HELD_BY_HUB = "sent.held-by-hub"
    SENT_REFUSED_BY_HUB = "sent.refused-by-hub"
    SENT_DELIVERED = "sent.delivered"
    SENT_REJECTED = "sent.rejected"
    SENT_FAILED = "sent.failed"
    SENT_CONSIGNED = "sent.consigned"
    SENT_NOT_OPENED = "sent.not-opened"
    SENT_HANDED_OVER = "sent.handed-over"
    SENT_PUT_ASIDE = "sent.put-aside"
    SENT_RELEASED = "sent.released"
    RECEIVED_ACCEPTED = "received.accepted"
    RECEIVED_CONSIGNED = "received.consigned"
    RECEIVED_QUARANTINED = "received.quarantined"
    RECEIVED_RELEASED = "received.released"
    RECEIVED_HANDED_OVER = "received.handed-over"
    RECEIVED_SUSPECT = "received.suspect"
    RECEIVED_PART_RELEASED = "received.part-released"
    DRAFT_WAITING = "draft.waiting"
    DRAFT_APPROVED = "draft.approved"
    DRAFT_RETURNED = "draft.returned"
    DRAFT_WITHDRAWN = "draft.withdrawn"
    DRAFT_LAPSED = "draft.lapsed"
    CASE_REMINDER = "case.reminder"
    CASE_NAMED = "case.named"
    CASE_UNNAMED = "case.unnamed"
    CASE_HELD = "case.held"
    CASE_UNHELD = "case.unheld"
    CASE_ERASURE_WAITING = "case.erasure-waiting"
    CASE_ERASURE_CANCELLED = "case.erasure-cancelled"
    CASE_ERASURE_ORDERED = "case.erasure-ordered"
    CASE_PACKAGE_ERASED = "case.package-erased"
    LEDGER_CLOSED = "ledger.closed"
    LEDGER_OPENED = "ledger.opened"
    LEDGER_RECOVERED = "ledger.recovered"

    @property
    def family(self) -> str:
        """What stands before the point: whoever asks for a family gets its types of today and tomorrow."""
        return self.value.partition(".")[0]


MEANINGS: Mapping[HappeningType, str] = {
    HappeningType.SENT_SUBMITTED: "A message of ours is sealed and durable here, and will be tried until it expires.",
    HappeningType.SENT_HELD_BY_HUB: "A hub holds it for the recipient to collect. Not delivery.",
    HappeningType.SENT_REFUSED_BY_HUB: "A hub did not take it; it is tried again. `code` says why.",
    HappeningType.SENT_DELIVERED: "It is durable at the recipient: technical delivery, not acceptance of the request.",
    HappeningType.SENT_REJECTED: "The recipient's gateway refused it. `code` says why.",
    HappeningType.SENT_FAILED: "It was not delivered: it expired, or two officers gave it up. `code` says which.",
    HappeningType.SENT_CONSIGNED: "It was decrypted, verified, and is in the recipient's inbox.",
    HappeningType.SENT_NOT_OPENED: "It could not be opened or verified at the recipient. `code` says why.",
    HappeningType.SENT_HANDED_OVER: "An authorised officer of the recipient has opened it.",
    HappeningType.SENT_PUT_ASIDE: "It waits for a person: refused again and again, or held by hand. `code` says why.",
    HappeningType.SENT_RELEASED: "What was put aside is tried again.",
    HappeningType.RECEIVED_ACCEPTED: "A package of a peer's is durable here. It is not opened yet, and its case not known.",
    HappeningType.RECEIVED_CONSIGNED: "A message is in the inbox, and its act in its case.",
    HappeningType.RECEIVED_QUARANTINED: "A package could not be opened or verified: somebody must look. `code` says why.",
    HappeningType.RECEIVED_RELEASED: "A package in quarantine is opened once more.",
    HappeningType.RECEIVED_HANDED_OVER: "A message was read here for the first time.",
    HappeningType.RECEIVED_SUSPECT: "The malware scanner found something in `part`: it is not handed over, somebody must look.",
    HappeningType.RECEIVED_PART_RELEASED: "A `part` that the scanner did not call clean was released with a reason.",
    HappeningType.DRAFT_WAITING: "A message waits for a second person: told to its drafter, and to who sees all cases.",
    HappeningType.DRAFT_APPROVED: "It was approved and is sent: `sent.submitted` is told of the package.",
    HappeningType.DRAFT_RETURNED: "It was returned to its drafter, who finds the reason in it.",
    HappeningType.DRAFT_WITHDRAWN: "Its drafter took it back; its content is gone.",
    HappeningType.DRAFT_LAPSED: "Nobody decided in time, it was sent another way, or its case was erased; its content is gone.",
    HappeningType.CASE_REMINDER: "A time limit ends in `days` (`kind` is `soon`), ran out (`overdue`), or a request has no"
    " confirmation of receipt after `days` (`receipt`); something that is held for another authority may be kept for `days` more,"
    " or no longer (`retention`, 0 days), or is to be reviewed (`review`).",
    HappeningType.CASE_NAMED: "The case is for a person from now on: told to that person, and to who sees all cases.",
    HappeningType.CASE_UNNAMED: "The case is not for a person any more: told to that person, and to who sees all cases.",
    HappeningType.CASE_HELD: "The case is on legal hold: nothing of it is erased.",
    HappeningType.CASE_UNHELD: "The hold is lifted.",
    HappeningType.CASE_ERASURE_WAITING: "An order to erase it, or with `pid` that package, waits for a second person.",
    HappeningType.CASE_ERASURE_CANCELLED: "Such an order was taken back.",
    HappeningType.CASE_ERASURE_ORDERED: "Everything that is here of the case, or with `pid` the content of that package, is"
    " erased, and cannot be read any more. Whoever keeps a copy erases it, too.",
    HappeningType.CASE_PACKAGE_ERASED: "A package of the case, or its content, was erased here. What proves delivery stays.",
    HappeningType.LEDGER_CLOSED: "The ledger is closed: nothing is exchanged until people have acted. `code` says why.",
    HappeningType.LEDGER_OPENED: "The ledger is open again as it was.",
    HappeningType.LEDGER_RECOVERED: "The ledger begins anew in a new epoch: what came after the backup is not in it.",
}
"""Each type in words."""

DEAD = frozenset(
    {
        HappeningType.SENT_REJECTED,
        HappeningType.SENT_FAILED,
        HappeningType.SENT_NOT_OPENED,
        HappeningType.SENT_PUT_ASIDE,
    }
)
"""Of a package of ours, those after which a person must look at it."""

DRAFTS = HappeningType.DRAFT_WAITING.family
"""What is told of drafts: nothing for who sees envelopes alone."""

MARK_BYTES = 4
_PLACE = re.compile(r"([1-9][0-9]{0,9})\.(0|[1-9][0-9]{0,14})\.([0-9a-f]{8})", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Place:
    """A leaf of the ledger: what has been told up to and with it.

    The mark tells a ledger that was restored from a backup, and went on differently, from the one that was read.
    """

    epoch: int
    index: int
    mark: bytes
    """The first bytes of what the leaf commits to."""

    @property
    def text(self) -> str:
        """As it is written: ``1.500.9f3a2b1c``."""
        return f"{self.epoch}.{self.index}.{self.mark.hex()}"


def parse_place(text: str) -> Place | None:
    """Read a place; None when the text is none."""
    found = _PLACE.fullmatch(text)
    if found is None:
        return None
    return Place(epoch=int(found[1]), index=int(found[2]), mark=bytes.fromhex(found[3]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """One thing that happened. `at` is UNIX seconds by the clock of whoever signed it."""

    place: Place
    type: HappeningType
    at: int
    pid: bytes | None = None
    case_id: bytes | None = None
    facts: Mapping[str, str | int] = field(default_factory=dict)
    """Codes and numbers, by name."""
    person: str | None = None
    """Whom it is about; never told, but decides to whom it is."""


def wanted_types(words: tuple[str, ...]) -> frozenset[HappeningType] | None:
    """The types that some words name, each a type or a family; None when one of them is neither. No words: every type."""
    if not words:
        return frozenset(HappeningType)
    found: set[HappeningType] = set()
    for word in words:
        named = {each for each in HappeningType if word in (each.value, each.family)}
        if not named:
            return None
        found |= named
    return frozenset(found)
