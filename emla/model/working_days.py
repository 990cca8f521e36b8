"""The days on which an authority does not work, as its profile says them (docs/spec/documents.md 4.7).

Rules of this file:
- What is not said is not known. Who lists holidays and no days of rest rests on Saturdays and Sundays.
- Who lists a holiday of a year lists all holidays of that year that are no days of rest.
"""

from dataclasses import dataclass
from datetime import date

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
"""As a profile spells them; their places are those of `date.weekday`."""
HOLIDAYS_MAX = 400
"""A profile has 64 KiB; this is some ten years."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkingDays:
    """The days on which nobody is at work."""

    rest_days: tuple[str, ...] = ()
    """Of `WEEKDAYS`, in their order; never all seven."""
    holidays: tuple[date, ...] = ()
    """In ascending order."""


NOT_SAID = WorkingDays()
