"""Calls about cases, and statistics over them."""

from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from emla.web.contract.call import (
    IF_NONE_MATCH,
    LIMIT,
    WAIT,
    Call,
    Count,
    Day,
    Digits32,
    Digits64,
    Flag,
    Instant,
    Parameter,
    Shape,
)
from emla.web.contract.erasure import Hold, Order, Waiting
from emla.web.contract.holdings import Holding


class Named(Shape, frozen=True, kw_only=True):
    """A message, by who wrote it and its id."""

    sender: str
    message_id: Digits32
    message_type: str


class Opening(Named, frozen=True, kw_only=True):
    """The message that began something."""

    issued_at: Instant


class Turn(Shape, frozen=True, kw_only=True):
    """Something that somebody is expected to do."""

    side: str
    ours: bool
    what: str
    source: str
    due_on: Day | None


class Key(Shape, frozen=True, kw_only=True):
    """What a message is known by."""

    sender: str
    message_id: Digits32


class Deadline(Shape, frozen=True, kw_only=True):
    """A time limit."""

    code: str
    what: str
    side: str
    ours: bool
    measures: list[str]
    due_on: Day | None
    due_at: Instant | None
    unit: str
    course: str
    firm: bool
    overdue: bool
    source: str
    verified: bool
    started_at: Instant
    started_by: Key
    met_at: Instant | None
    extended_by: Digits32 | None
    doubts: list[str]


class _Standing(Shape, frozen=True, kw_only=True):
    opening: Opening
    opener: str
    addressees: list[str]
    own_side: str
    requesting_reference: str | None
    requested_reference: str | None
    states: list[str]
    request: str | None
    turns: list[Turn]
    deadlines: list[Deadline]


class BriefStanding(_Standing, frozen=True, kw_only=True):
    """Where something that was begun in a case stands; `measures`: how many are in each state."""

    measures: dict[str, int]


class CaseLine(Shape, frozen=True, kw_only=True):
    """A case in a list."""

    case_id: Digits32
    etag: Digits32
    last_at: Instant
    acts: Count
    waiting: Count
    standings: list[BriefStanding]
    overdue: bool
    hold: Hold | None
    erasures: list[Order]
    erasures_waiting: list[Waiting]


class Measure(Shape, frozen=True, kw_only=True):
    """One of the things asked for; `crossing`: withdrawn while its result was on the way."""

    id: str
    type: str
    state: str
    crossing: bool


class AskedFor(Shape, frozen=True, kw_only=True):
    """A measure as the opening message asks for it."""

    id: str
    type: str


class Question(Shape, frozen=True, kw_only=True):
    """A question of an inquiry."""

    id: str
    mandatory: bool
    open: bool


class Inquiry(Shape, frozen=True, kw_only=True):
    """Questions that were asked once."""

    message_id: Digits32
    sender: str | None
    questions: list[Question]
    due_on: Day | None


class Within(Shape, frozen=True, kw_only=True):
    """Something in a message."""

    message_id: Digits32
    local_id: str


class Pending(Within, frozen=True, kw_only=True):
    """A condition that waits for an answer; `measure` is null for one of offered information."""

    measure: str | None


class Result(Shape, frozen=True, kw_only=True):
    """A result that was sent."""

    message_id: Digits32
    final: bool
    verified: bool


class Withdrawal(Shape, frozen=True, kw_only=True):
    """A withdrawal, with the measures whose withdrawal is not confirmed."""

    message_id: Digits32
    unconfirmed: list[str]


class Talk(Shape, frozen=True, kw_only=True):
    """A consultation."""

    messages: list[Digits32]
    closed: bool


class Standing(_Standing, frozen=True, kw_only=True):
    """Where something that was begun in a case stands, whole."""

    measures: list[Measure]
    asked: list[AskedFor]
    instruments: list[str]
    preservation: str | None
    preserved_until: Day | None
    extradition: str | None
    information: str | None
    generation: int
    inquiries: list[Inquiry]
    conditions_pending: list[Pending]
    results: list[Result]
    withdrawals: list[Withdrawal]
    talks: list[Talk]
    to_return: list[Within]
    use_limits: list[str]
    consented: list[str]
    owner: str | None
    unusable: list[Digits32]
    proposed: Digits32 | None
    closed: bool
    may_say: list[str]


class Move(Shape, frozen=True, kw_only=True):
    """A state that an act moved."""

    machine: str
    subject: str
    before: str | None
    after: str


class Objection(Shape, frozen=True, kw_only=True):
    """Why an act, or a part of it, has no effect."""

    rule: str
    sentence: str
    source: str
    remedy: str
    measure: str | None


class Delivery(Shape, frozen=True, kw_only=True):
    """What the transport did with a package. It is never acceptance of what is in it."""

    state: str | None
    event: str | None
    at: Instant | None
    code: str | None


class Act(Opening, frozen=True, kw_only=True):
    """An act of a case."""

    recipient: str
    in_reply_to: Digits32 | None
    request: Key | None
    effect: str
    missing: str | None
    moves: list[Move]
    objections: list[Objection]
    pid: Digits64 | None
    direction: str | None
    delivery: Delivery | None


class Related(Shape, frozen=True, kw_only=True):
    """Another case."""

    case_id: Digits32
    relation: str
    named: bool


class Case(Shape, frozen=True, kw_only=True):
    """A case whole: technical delivery, request and measures side by side and never mixed."""

    case_id: Digits32
    etag: Digits32
    view: Digits32
    whole: bool
    related: list[Related]
    standings: list[Standing]
    acts: list[Act]
    holdings: list[Holding]
    overdue: bool
    hold: Hold | None
    erasures: list[Order]
    erasures_waiting: list[Waiting]


class Happening(Named, frozen=True, kw_only=True):
    """Something that happened: an act (`effect`, `moves`), or a delivery (`event`, `by`, `reason`)."""

    layer: str
    at: Instant
    effect: str | UnsetType = UNSET
    moves: list[Move] | UnsetType = UNSET
    event: str | UnsetType = UNSET
    by: str | UnsetType = UNSET
    reason: str | UnsetType | None = UNSET


class Timeline(Shape, frozen=True, kw_only=True):
    """Everything that happened in a case, oldest first."""

    case_id: Digits32
    etag: Digits32
    items: list[Happening]


class Band(Shape, frozen=True, kw_only=True):
    """A number, to five."""

    least: int
    most: int


class Group(Shape, frozen=True, kw_only=True):
    """One group of things that are counted; `total` is null below five."""

    name: str
    total: Band | None
    tables: dict[str, dict[str, Band]]


class Statistics(Shape, frozen=True, kw_only=True):
    """What may be said of a year."""

    authority: str
    year: int
    as_of: Instant
    groups: list[Group]


class CaseLines(Shape, frozen=True, kw_only=True):
    """A list of cases."""

    items: list[CaseLine]
    more: bool
    """Whether there are others, which were not looked at."""


CALLS = (
    Call(
        method="GET",
        path="/v1/cases",
        words="Cases, those in which something came or went last in front.",
        query=(
            Parameter("state", str, "Only cases in which something is in this state."),
            Parameter("ours", Flag, "1: only those in which it is our turn."),
            Parameter("overdue", Flag, "1: only those in which a time limit ran out."),
            Parameter("mine", Flag, "1: only those that the caller drafted in or was named for."),
            Parameter(
                "erased",
                Flag,
                "1: only those of which something was ordered erased, the newest order in front.",
            ),
            Parameter(
                "behind", Digits32, "With `erased`: what comes behind this case, the last one of an answer."
            ),
            LIMIT,
        ),
        answer=CaseLines,
        codes=("not-readable", "payload-damaged"),
    ),
    Call(
        method="GET",
        path="/v1/cases/{case_id}",
        words="A case whole. The read leaves a leaf first.",
        query=(
            Parameter("seen", Digits32, "With `wait`: the `view` of an earlier answer."),
            WAIT,
            IF_NONE_MATCH,
        ),
        answer=Case,
        status=(200, 304),
        headers={"ETag": "Its `etag` and its `view`: for If-None-Match here, for If-Match where one writes."},
        writes=True,
        codes=("not-readable", "payload-damaged"),
    ),
    Call(
        method="GET",
        path="/v1/cases/{case_id}/timeline",
        words="Everything that happened in a case, oldest first. The read leaves a leaf first.",
        answer=Timeline,
        writes=True,
        codes=("not-readable", "payload-damaged"),
    ),
    Call(
        method="GET",
        path="/v1/statistics",
        words="What may be said of the requests of a year, without persons and in bands.",
        query=(Parameter("year", Annotated[int, Meta(ge=2000, le=9999)], "A calendar year.", required=True),),
        answer=Statistics,
    ),
)
