"""The call that tells what happened."""

from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from emla.web.contract.call import LIMIT, WAIT, Call, Count, Digits32, Digits64, Instant, Parameter, Shape

EventId = Annotated[str, Meta(pattern=r"^[1-9][0-9]{0,9}[.](0|[1-9][0-9]{0,14})[.][0-9a-f]{8}$")]


class Event(Shape, frozen=True, kw_only=True):
    """Something that happened: ids and codes, never content. Types: docs/reference/events.md."""

    id: EventId
    type: str
    at: Instant
    pid: Digits64 | None
    case: Digits32 | None
    code: str | UnsetType = UNSET
    kind: str | UnsetType = UNSET
    days: Count | UnsetType = UNSET
    part: Count | UnsetType = UNSET
    draft: Digits32 | UnsetType = UNSET


class Events(Shape, frozen=True, kw_only=True):
    """What happened behind a place. `next`: what to ask behind the next time; `more`: ask at once."""

    items: list[Event]
    next: EventId | None
    more: bool


CALLS = (
    Call(
        method="GET",
        path="/v1/events",
        words="What happened behind a place, oldest first; a stream of server-sent events for who accepts that.",
        query=(
            Parameter(
                "after",
                str,
                "The `id` of an event, the `next` of an answer, or `now`; else from the beginning.",
            ),
            Parameter("types", str, "Types with commas between, or what stands before their point."),
            WAIT,
            LIMIT,
            Parameter("Last-Event-ID", str, "The same as `after`, which it beats.", where="header"),
        ),
        answer=Events,
        codes=("place-unknown", "busy"),
        stream="text/event-stream",
    ),
)
