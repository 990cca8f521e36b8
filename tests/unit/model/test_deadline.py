from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from emla.formats.genericode import CodeLists, deadlines
from emla.model.deadline import Deadline, Unit, due
from emla.model.errors import ConfigurationError
from tests.support.sample_case import SCHEMA_FOLDER

BERLIN = ZoneInfo("Europe/Berlin")
TOKYO = ZoneInfo("Asia/Tokyo")
BEIRUT = ZoneInfo("Asia/Beirut")
AZORES = ZoneInfo("Atlantic/Azores")


def limit(value: int, unit: Unit) -> Deadline:
    return Deadline(
        code="D-TEST", value=value, unit=unit, start_event="", instrument="", source="", verified=False
    )


def days(value: int) -> Deadline:
    return limit(value, Unit.CALENDAR_DAYS)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("value", "start", "zone", "ends"),
    [
        (7, "2026-06-01T10:00:00+00:00", BERLIN, "2026-06-08T22:00:00+00:00"),
        (7, "2026-06-01T10:00:00+00:00", TOKYO, "2026-06-08T15:00:00+00:00"),
        # One minute before and after midnight there: the day of the event is the day of the requested authority.
        (1, "2026-06-01T21:59:00+00:00", BERLIN, "2026-06-02T22:00:00+00:00"),
        (1, "2026-06-01T22:00:00+00:00", BERLIN, "2026-06-03T22:00:00+00:00"),
        # Summer time begins on 29 March 2026 and ends on 25 October: days are days, not 24 hours.
        (1, "2026-03-28T12:00:00+00:00", BERLIN, "2026-03-29T22:00:00+00:00"),
        (1, "2026-10-24T12:00:00+00:00", BERLIN, "2026-10-25T23:00:00+00:00"),
        # In Beirut 0:00 does not exist on the day summer time begins; the day before ends where it would be.
        (1, "2025-03-28T12:00:00+00:00", BEIRUT, "2025-03-29T22:00:00+00:00"),
        # In the Azores 0:00 comes twice on the day summer time ends; the day before ends at the first.
        (1, "2025-10-24T12:00:00+00:00", AZORES, "2025-10-26T00:00:00+00:00"),
        (0, "2026-06-01T10:00:00+00:00", BERLIN, "2026-06-01T22:00:00+00:00"),
        (30, "2024-02-01T10:00:00+00:00", BERLIN, "2024-03-02T23:00:00+00:00"),
        (-50, "2026-09-30T07:00:00+00:00", BERLIN, "2026-08-11T22:00:00+00:00"),
    ],
)
def test_days_end_at_24_00_where_the_requested_authority_is(
    value: int, start: str, zone: ZoneInfo, ends: str
) -> None:
    assert due(days(value), at(start), zone) == at(ends)
    assert due(days(value), at(start), zone).tzinfo is UTC


def test_the_day_of_the_event_is_the_day_where_the_requested_authority_is() -> None:
    new_year = at("2026-12-31T23:30:00+00:00")
    assert due(days(1), new_year, BERLIN) == at("2027-01-02T23:00:00+00:00")
    assert due(days(1), new_year, UTC) == at("2027-01-02T00:00:00+00:00")


def test_hours_run_in_utc_whatever_summer_time_does() -> None:
    start = at("2026-03-28T23:30:00+01:00")
    assert due(limit(24, Unit.HOURS), start, BERLIN) == start + timedelta(hours=24)
    assert due(limit(24, Unit.HOURS), start, BERLIN).tzinfo is UTC


def test_working_days_pass_over_week_ends_and_holidays() -> None:
    friday = at("2026-12-18T09:00:00+00:00")
    christmas = {date(2026, 12, 25), date(2026, 12, 26)}
    assert due(limit(5, Unit.WORKING_DAYS), friday, BERLIN, christmas) == at("2026-12-28T23:00:00+00:00")
    assert due(limit(5, Unit.WORKING_DAYS), friday, BERLIN) == at("2026-12-25T23:00:00+00:00")
    friday_off = frozenset({4, 5})
    assert due(limit(1, Unit.WORKING_DAYS), at("2026-12-17T09:00:00+00:00"), UTC, weekend=friday_off) == at(
        "2026-12-21T00:00:00+00:00"
    )
    assert due(limit(-2, Unit.WORKING_DAYS), at("2026-12-21T09:00:00+00:00"), UTC) == at(
        "2026-12-18T00:00:00+00:00"
    )


def test_holidays_do_not_move_a_limit_in_calendar_days() -> None:
    start = at("2026-12-24T09:00:00+00:00")
    assert due(days(1), start, UTC, {date(2026, 12, 25)}) == due(days(1), start, UTC)


def test_what_has_no_answer_is_a_programmers_error() -> None:
    with pytest.raises(ValueError, match="aware"):
        due(days(1), datetime(2026, 1, 1), UTC)  # noqa: DTZ001 # the fault under test
    with pytest.raises(ValueError, match="working day"):
        due(limit(1, Unit.WORKING_DAYS), at("2026-01-01T00:00:00+00:00"), UTC, weekend=set(range(7)))


def test_every_limit_of_the_list_can_be_computed() -> None:
    limits = deadlines(CodeLists(SCHEMA_FOLDER).get("CL-DEADLINE"))
    instruments = CodeLists(SCHEMA_FOLDER).get("CL-INSTRUMENT").codes
    start = at("2026-06-01T10:00:00+00:00")
    for each in limits.values():
        assert each.instrument in instruments, each.code
        assert each.start_event, each.code
        ends = due(each, start, BERLIN)
        assert ends > start if each.value > 0 else ends < start, each.code
    assert due(limits["D-EPOC-EMERGENCY"], start, BERLIN) == start + timedelta(hours=8)
    assert limits["D-ARREST-40"].value == 40


def test_a_limit_without_a_value_is_said_by_its_code() -> None:
    with pytest.raises(ConfigurationError, match="F needs value"):
        deadlines(CodeLists(SCHEMA_FOLDER).get("CL-VALIDATION"))
