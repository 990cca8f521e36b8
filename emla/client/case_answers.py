"""What the authority API answers about cases, as values (docs/reference/authority-api.md)."""

from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

import msgspec

from emla.client.erasure_answers import HoldView, OrderView, WaitingView
from emla.client.holding_answers import HoldingView
from emla.client.limit_answers import DeadlineView
from emla.client.reading import unreadable

Value = TypeVar("Value")


def read_as(kind: type[Value], data: bytes) -> Value:
    """Decode an answer into one of the values of this file; members that it does not know are let be.

    Raises:
        ConfigurationError: ``unreadable-answer``.
    """
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise unreadable(f"The answer about cases: {error}.") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedMessage:
    """A message, by who wrote it and its MessageId."""

    sender: str
    message_id: str
    message_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening(NamedMessage):
    """The message that began something."""

    issued_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """Something that somebody is expected to do."""

    side: str
    ours: bool
    what: str
    source: str
    due_on: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BriefStanding:
    """Where something that was begun in a case stands, in a line."""

    opening: Opening
    opener: str
    addressees: tuple[str, ...]
    own_side: str
    """``opener``, ``addressee`` or ``none``."""
    requesting_reference: str
    requested_reference: str
    states: tuple[str, ...]
    measures: dict[str, int]
    """How many measures are in each state."""
    turns: tuple[Turn, ...]
    deadlines: tuple[DeadlineView, ...] = ()
    """Those on which somebody has still to act."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseLine:
    """A case of GET /v1/cases."""

    case_id: str
    etag: str
    last_at: datetime
    acts: int
    waiting: int
    """Acts that wait for an earlier message."""
    standings: tuple[BriefStanding, ...]
    overdue: bool = False
    """Whether a time limit that had to be kept ran out."""
    hold: HoldView | None = None
    erasures: tuple[OrderView, ...] = ()
    erasures_waiting: tuple[WaitingView, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasureView:
    """One measure."""

    id: str
    type: str
    state: str
    crossing: bool
    """Withdrawn while its result was on the way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A measure as the opening message asks for it."""

    id: str
    type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question of an inquiry."""

    id: str
    mandatory: bool
    open: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class InquiryView:
    """Questions that were asked once."""

    message_id: str
    sender: str | None
    questions: tuple[Question, ...]
    due_on: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Within:
    """Something in a message: a condition, an item; of a condition that is pending also the measure."""

    message_id: str
    local_id: str
    measure: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SentResult:
    """A result that was sent."""

    message_id: str
    final: bool
    verified: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawal:
    """A withdrawal, with the measures whose withdrawal is not confirmed."""

    message_id: str
    unconfirmed: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """A consultation."""

    messages: tuple[str, ...]
    closed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingView:
    """Where something that was begun in a case stands, whole."""

    opening: Opening
    opener: str
    addressees: tuple[str, ...]
    own_side: str
    requesting_reference: str
    requested_reference: str
    request: str | None
    measures: tuple[MeasureView, ...]
    """Of a request; a preservation has none with a state of its own."""
    asked: tuple[Asked, ...]
    instruments: tuple[str, ...]
    preservation: str | None
    preserved_until: str | None
    extradition: str | None
    information: str | None
    generation: int
    inquiries: tuple[InquiryView, ...]
    conditions_pending: tuple[Within, ...]
    results: tuple[SentResult, ...]
    withdrawals: tuple[Withdrawal, ...]
    talks: tuple[Talk, ...]
    to_return: tuple[Within, ...]
    use_limits: tuple[str, ...]
    owner: str
    unusable: tuple[str, ...]
    """Results that crossed a withdrawal."""
    proposed: str | None
    """The message that proposed to close it."""
    closed: bool
    turns: tuple[Turn, ...]
    may_say: tuple[str, ...]
    deadlines: tuple[DeadlineView, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What the transport did with a package; never acceptance of what is in it."""

    state: str | None
    event: str | None
    at: datetime | None
    code: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A state that an act moved; `subject` is the id of a measure, or empty."""

    machine: str
    subject: str
    before: str | None
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Objection:
    """Why an act, or a part of it, has no effect."""

    rule: str
    sentence: str
    source: str
    remedy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """What a message is known by."""

    sender: str
    message_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ActView(NamedMessage):
    """One act of a case."""

    issued_at: datetime
    recipient: str
    in_reply_to: str | None
    request: Key | None
    """The message that began what it is about."""
    effect: str
    missing: str | None
    """The message, or the case, that it waits for."""
    moves: tuple[Move, ...]
    objections: tuple[Objection, ...]
    pid: str | None
    direction: str | None
    delivery: Delivery | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Related:
    """Another case; `named`: this one names it, else it names this one."""

    case_id: str
    relation: str
    named: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A case whole."""

    case_id: str
    etag: str
    """Equal on both sides when both hold the same acts; a submission may name it."""
    view: str
    """Tells one view from the next, deliveries included."""
    whole: bool
    related: tuple[Related, ...]
    standings: tuple[StandingView, ...]
    acts: tuple[ActView, ...]
    overdue: bool = False
    """Whether a time limit that had to be kept ran out."""
    holdings: tuple[HoldingView, ...] = ()
    """What its messages have brought, and what binds who holds it."""
    hold: HoldView | None = None
    erasures: tuple[OrderView, ...] = ()
    """Orders to erase it, or the content of one of its packages."""
    erasures_waiting: tuple[WaitingView, ...] = ()
    """Orders that wait for a second person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening(NamedMessage):
    """One thing that happened: an act (`effect` and `moves`), or a delivery (`event`, `by`, `reason`)."""

    at: datetime
    layer: str
    effect: str | None = None
    moves: tuple[Move, ...] = ()
    event: str | None = None
    by: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cases:
    """GET /v1/cases. `more`: whether there are others, which were not looked at."""

    items: tuple[CaseLine, ...]
    more: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """GET /v1/cases/{case_id}/timeline: oldest first."""

    case_id: str
    etag: str
    items: tuple[Happening, ...]
