"""What the authority API answers about what happened, as values (docs/reference/events.md)."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class EventView:
    """One thing that happened. `id` names it for good: who comes back with it is told what came after it."""

    id: str
    type: str
    at: datetime
    pid: str | None = None
    case: str | None = None
    code: str | None = None
    kind: str | None = None
    days: int | None = None
    part: int | None = None
    draft: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Events:
    """Some of them, in order. `next`: what to ask behind; `more`: there is more at once."""

    items: tuple[EventView, ...]
    next: str | None
    more: bool
