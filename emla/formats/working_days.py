"""The extension ``working_days`` of a profile (docs/spec/documents.md 4.7).

Rules of this file:
- It came after version 1 was closed (ADR 0033), so an older gateway lets it be. A newer one does the same with what it cannot
  read: a day too many must not cost a peer its card and its revocations.
- One spelling for one meaning: days in order, none twice, and nothing that says nothing.
"""

from datetime import date

from emla.formats.strict_json import Json
from emla.model.working_days import HOLIDAYS_MAX, NOT_SAID, WEEKDAYS, WorkingDays

EXTENSION = "working_days"


def encode_working_days(days: WorkingDays) -> dict[str, Json]:
    """Encode what is said, and nothing else."""
    members: dict[str, Json] = {}
    if days.rest_days:
        members["rest_days"] = list(days.rest_days)
    if days.holidays:
        members["holidays"] = [each.isoformat() for each in days.holidays]
    return members


def decode_working_days(found: Json) -> WorkingDays:
    """Decode the extension; what is not spelt as it should be says nothing."""
    if not isinstance(found, dict) or not found or set(found) - {"rest_days", "holidays"}:
        return NOT_SAID
    rest, holidays = found.get("rest_days", False), found.get("holidays", False)
    days = WorkingDays(rest_days=_rest(rest), holidays=_holidays(holidays))
    return days if encode_working_days(days) == found else NOT_SAID


def _rest(found: Json) -> tuple[str, ...]:
    if not isinstance(found, list) or len(found) >= len(WEEKDAYS):
        return ()
    return tuple(each for each in WEEKDAYS if each in found)


def _holidays(found: Json) -> tuple[date, ...]:
    if not isinstance(found, list) or len(found) > HOLIDAYS_MAX:
        return ()
    return tuple(sorted({day for day in map(_day, found) if day is not None}))


def _day(found: Json) -> date | None:
    try:
        return date.fromisoformat(found) if isinstance(found, str) and len(found) == 10 else None
    except ValueError:
        return None
