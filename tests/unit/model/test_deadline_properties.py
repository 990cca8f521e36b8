"""Time limits over thousands of calendars: summer time, ends of years, holidays, days of rest."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from emla.model.deadline import Deadline, Unit, due

ZONES = [
    "UTC", "Europe/Vienna", "Asia/Tokyo", "Asia/Beirut", "Atlantic/Azores", "America/Sao_Paulo", "Pacific/Apia",
    "Pacific/Kiritimati", "Australia/Lord_Howe", "Asia/Kathmandu", "America/St_Johns", "Africa/Casablanca",
]  # fmt: skip
zones = st.sampled_from([ZoneInfo(each) for each in ZONES])
starts = st.datetimes(datetime(2009, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  # hypothesis adds the zone
counts = st.integers(1, 60)
rests = st.sets(st.integers(0, 6), max_size=6).map(frozenset)
holidays = st.sets(st.integers(0, 120), max_size=30)


def limit(value: int, unit: Unit) -> Deadline:
    return Deadline(code="D", value=value, unit=unit, start_event="", instrument="", source="", verified=True)


def last_day(instant: datetime, zone: ZoneInfo) -> date:
    return (instant - timedelta(microseconds=1)).astimezone(zone).date()


@given(starts, zones, counts, rests, holidays)
def test_the_last_working_day_is_a_working_day_and_the_right_one(
    start: datetime, zone: ZoneInfo, count: int, rest: frozenset[int], off: set[int]
) -> None:
    first = start.astimezone(zone).date()
    closed = {first + timedelta(days=each) for each in off}
    last = last_day(due(limit(count, Unit.WORKING_DAYS), start, zone, closed, weekend=rest), zone)
    passed = [first + timedelta(days=n) for n in range(1, (last - first).days + 1)]
    worked = [each for each in passed if each.weekday() not in rest and each not in closed]
    assert last in worked
    assert len(worked) == count


@given(starts, zones, counts)
def test_calendar_days_are_days_whatever_the_clocks_do(start: datetime, zone: ZoneInfo, count: int) -> None:
    first = start.astimezone(zone).date()
    ends = due(limit(count, Unit.CALENDAR_DAYS), start, zone)
    if zone.key == "Pacific/Apia" and first <= date(2011, 12, 30) <= first + timedelta(days=count):
        return  # a day that did not exist there
    assert last_day(ends, zone) == first + timedelta(days=count)
    assert ends.tzinfo is UTC


@given(starts, zones, counts, counts, st.sampled_from(list(Unit)))
def test_a_later_start_or_a_longer_limit_never_ends_earlier(
    start: datetime, zone: ZoneInfo, count: int, more: int, unit: Unit
) -> None:
    ends = due(limit(count, unit), start, zone)
    assert ends > start
    assert due(limit(count + more, unit), start, zone) >= ends
    assert due(limit(count, unit), start + timedelta(hours=more), zone) >= ends


@given(starts, zones, counts, rests, holidays)
def test_a_holiday_never_shortens_a_limit(
    start: datetime, zone: ZoneInfo, count: int, rest: frozenset[int], off: set[int]
) -> None:
    first = start.astimezone(zone).date()
    closed = {first + timedelta(days=each) for each in off}
    working = limit(count, Unit.WORKING_DAYS)
    assert due(working, start, zone, closed, weekend=rest) >= due(working, start, zone, weekend=rest)
