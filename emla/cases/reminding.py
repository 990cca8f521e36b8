"""When somebody is reminded of a time limit: so many days before its end, and when it ran out. `flow.reminders` does it once.

Rules of this file:
- A reminder is due for what is open. What was met, stands still or is over reminds nobody.
- Of several days that have come the last one counts: who was away for a month is reminded once.
- A limit that is shorter than the days before its end begins with no reminder. One in hours does: nobody looks in between.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from emla.model.time_limit import OPEN, TimeLimit

RAN_OUT = 0
"""Instead of the days before the end."""


def reminder(limit: TimeLimit, days_before: Sequence[int], now: datetime) -> int | None:
    """The reminder that is due: so many days before the end, or `RAN_OUT`; None while there is none.

    Args:
        limit: as it stands.
        days_before: days before the end, as configured, at least 1 each.
        now: the instant, aware.
    """
    if limit.course not in OPEN:
        return None
    return min((days for days, at in _instants(limit, days_before) if at <= now), default=None)


def next_reminder_at(limit: TimeLimit, days_before: Sequence[int], now: datetime) -> datetime | None:
    """The next instant at which another reminder will be due, if nothing happens until then."""
    if limit.course not in OPEN:
        return None
    return min((at for _, at in _instants(limit, days_before) if at > now), default=None)


def moved(at: datetime, days: int) -> datetime:
    """So many days later, or earlier; no further than dates go, for people write 9999-12-31 when they mean without end."""
    try:
        return at + timedelta(days=days)
    except OverflowError:
        end = datetime.max if days > 0 else datetime.min  # noqa: DTZ901 (its zone follows)
        return end.replace(tzinfo=at.tzinfo)


def _instants(limit: TimeLimit, days_before: Sequence[int]) -> Iterator[tuple[int, datetime]]:
    yield RAN_OUT, limit.due_at
    if limit.due_on is None:
        yield max(days_before), limit.started_at
        return
    for days in days_before:
        at = moved(limit.due_at, -days)
        if at > limit.started_at:
            yield days, at
