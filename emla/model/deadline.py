"""Time limits of instruments, and the instant at which one ends.

Here: `Deadline` and `due`, pure. Not here: the values themselves (CL-DEADLINE, read by `formats.genericode`), and who
is warned when.

Rules of this file (domain.md 2.4):
- The day of the event is not counted. A limit in days ends at 24:00 of its last day in the time zone of the
  requested authority, whatever summer time does to that day.
- Hours run in UTC from the instant of the event.
- A negative value counts backwards: the last day on which something may still arrive before the event.
- A limit in calendar days does not move because its last day is a holiday; where the law of a State says so, that is
  for the authority to say.
"""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum

SATURDAY_AND_SUNDAY = frozenset({5, 6})
"""The usual week-end, as `date.weekday` counts."""


class Unit(StrEnum):
    """What a limit is counted in."""

    HOURS = "hours"
    CALENDAR_DAYS = "calendar-days"
    WORKING_DAYS = "working-days"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """One time limit."""

    code: str
    value: int
    unit: Unit
    start_event: str
    """What it is counted from, in words."""
    instrument: str
    """Code of CL-INSTRUMENT."""
    source: str
    verified: bool
    what: str = ""
    """What is to be done in it, in words."""


def due(
    deadline: Deadline,
    start: datetime,
    zone: tzinfo,
    holidays: AbstractSet[date] = frozenset(),
    *,
    weekend: AbstractSet[int] = SATURDAY_AND_SUNDAY,
) -> datetime:
    """The instant at which a limit ends, in UTC: in time is what happens before it.

    Args:
        deadline: the limit.
        start: the instant of the event it is counted from, aware.
        zone: the time zone of the requested authority.
        holidays: days on which it does not work, beside the week-end. Only for limits in working days.
        weekend: the days of the week on which it does not work, Monday being 0.
    """
    if start.tzinfo is None:
        raise ValueError("The start of a time limit is an aware instant.")
    if deadline.unit is Unit.HOURS:
        return start.astimezone(UTC) + timedelta(hours=deadline.value)
    day = start.astimezone(zone).date()
    if deadline.unit is Unit.CALENDAR_DAYS:
        last = day + timedelta(days=deadline.value)
    else:
        last = _working_day(day, deadline.value, holidays, weekend)
    # 24:00 is the next day's 0:00. Where summer time skips or repeats that hour, `fold` 0 is its first instant.
    return datetime.combine(last + timedelta(days=1), time(0), tzinfo=zone).astimezone(UTC)


def _working_day(day: date, count: int, holidays: AbstractSet[date], weekend: AbstractSet[int]) -> date:
    if len(weekend) >= 7:
        raise ValueError("A week has at least one working day.")
    step = timedelta(days=1 if count > 0 else -1)
    left = abs(count)
    while left:
        day += step
        if day.weekday() not in weekend and day not in holidays:
            left -= 1
    return day
