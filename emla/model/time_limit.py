"""A time limit of one case as a person sees it: what, who, until when, by what law, and how it stands.

Here: values. Not here: which limits a case has (`emla.cases.deadlines`), how one is counted (`deadline`).

Rules of this file:
- A limit that nobody must keep is none of these: most requests have no limit at all, and nothing here makes one up.
- What is not certain is said beside it: a source nobody compared (`verified`), a time zone or holidays nobody told (`doubts`).
"""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from enum import StrEnum

from emla.model.case_states import Side
from emla.model.deadline import SATURDAY_AND_SUNDAY, Unit
from emla.model.legal_act import Key


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkCalendar:
    """The days of the authority by whose clock limits are counted."""

    zone: tzinfo = UTC
    zone_known: bool = False
    """False: nobody knows where it is, and days are those of UTC."""
    rest_days: AbstractSet[int] = SATURDAY_AND_SUNDAY
    """Days of the week, Monday being 0."""
    holidays: AbstractSet[date] = frozenset()
    """Whoever lists a day of a year lists all of that year."""

    def knows(self, first: date, last: date) -> bool:
        """Whether the holidays of every year between two days are known."""
        years = {each.year for each in self.holidays}
        return all(year in years for year in range(min(first, last).year, max(first, last).year + 1))


class Course(StrEnum):
    """How a limit stands at an instant."""

    RUNNING = "running"
    OVERDUE = "overdue"
    """It ran out, and what it was for has not been done."""
    SUSPENDED = "suspended"
    MET = "met"
    MET_LATE = "met-late"
    OVER = "over"
    """Nobody has to keep it any more."""


OPEN = frozenset({Course.RUNNING, Course.OVERDUE})
"""Somebody has still to act."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeLimit:
    """One limit."""

    code: str
    """Of CL-DEADLINE, or the name of the member that names the day (`cases.named_days`)."""
    what: str
    side: Side
    """Who must act."""
    source: str
    verified: bool
    firm: bool
    """Whether it must be kept; False: it is a wish, an expectation, or it holds as far as possible."""
    unit: Unit
    measures: tuple[str, ...] = ()
    """The measures it is about; none: the request."""
    started_at: datetime
    started_by: Key
    """The message from which it runs."""
    due_at: datetime
    """In time is what happens before it."""
    due_on: date | None
    """The last day, by the calendar of the requested authority; None where hours are counted."""
    course: Course
    met_at: datetime | None = None
    extended_by: Key | None = None
    doubts: tuple[str, ...] = ()

    @property
    def overdue(self) -> bool:
        """Whether it had to be kept and was not."""
        return self.firm and self.course is Course.OVERDUE

    def days_left(self, now: datetime) -> float:
        """Days until it ends; negative afterwards."""
        return (self.due_at - now) / timedelta(days=1)
