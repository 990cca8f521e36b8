"""Reminders of time limits: once, on the days that are configured and when a limit ran out, across restarts."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from emla.bootstrap.schema_folder import schema_folder
from emla.cases.reminding import RAN_OUT, next_reminder_at, reminder
from emla.flow.clocks import Clocks
from emla.flow.dockets import Dockets
from emla.flow.reminders import Reminders
from emla.formats.genericode import CodeLists, deadlines
from emla.model.case_states import Side
from emla.model.deadline import Unit
from emla.model.time_limit import Course, TimeLimit
from tests.support.folders import make_folder
from tests.support.in_process import DirectLine, InlineOpener, Station, TestClock
from tests.support.sample_cases import cases
from tests.support.sample_line import hand_in

ORDER = next(each for each in cases() if each.folder.name == "S14")
ASKS, ASKED = "fi.kal", "pt.pgr"
LIMITS = deadlines(CodeLists(schema_folder()).get("CL-DEADLINE"))
STARTED, ENDS = datetime(2026, 3, 2, tzinfo=UTC), datetime(2026, 4, 2, tzinfo=UTC)
LIMIT = TimeLimit(
    code="D-EIO-REC",
    what="",
    side=Side.ADDRESSEE,
    source="",
    verified=True,
    firm=True,
    unit=Unit.CALENDAR_DAYS,
    started_at=STARTED,
    started_by=("fi.kal", b""),
    due_at=ENDS,
    due_on=date(2026, 4, 1),
    course=Course.RUNNING,
)


@pytest.mark.parametrize(
    ("days_left", "due", "next_days"),
    [
        (20, None, 14),
        (14, 14, 3),
        (13.9, 14, 3),
        (3, 3, 0),
        (0.1, 3, 0),
        (0, RAN_OUT, None),
        (-9, RAN_OUT, None),
    ],
)
def test_a_reminder_is_due_on_its_days_and_when_the_limit_ran_out(
    days_left: float, due: int | None, next_days: int | None
) -> None:
    now = ENDS - timedelta(days=days_left)
    assert reminder(LIMIT, (14, 3), now) == due
    at = next_reminder_at(LIMIT, (14, 3), now)
    assert at == (None if next_days is None else ENDS - timedelta(days=next_days))


def test_what_is_met_or_stands_still_reminds_nobody_and_a_short_limit_does_not_begin_with_a_reminder() -> (
    None
):
    for course in set(Course) - {Course.RUNNING, Course.OVERDUE}:
        assert reminder(replace(LIMIT, course=course), (14, 3), ENDS) is None
        assert next_reminder_at(replace(LIMIT, course=course), (14, 3), STARTED) is None
    week = replace(LIMIT, started_at=ENDS - timedelta(days=7))
    assert reminder(week, (14, 3), week.started_at) is None
    assert next_reminder_at(week, (14, 3), week.started_at) == ENDS - timedelta(days=3)
    hours = replace(LIMIT, unit=Unit.HOURS, due_on=None)
    assert reminder(hours, (14, 3), STARTED) == 14


@pytest.fixture
async def asked(tmp_path: Path) -> AsyncIterator[Station]:
    """The gateway of the requested authority, with an investigation order that nobody has answered."""
    stations: dict[str, Station] = {}
    line = DirectLine(lambda peer: stations[peer])
    for name in (ASKS, ASKED):
        make_folder(tmp_path / name, name)
        stations[name] = Station(tmp_path / name, line, TestClock(), InlineOpener(tmp_path / name))
        stations[name].start()
    await stations[ASKS].pin(tmp_path / ASKED)
    await stations[ASKED].pin(tmp_path / ASKS)
    await hand_in(stations[ASKS], ORDER.folder / str(ORDER.steps[0].file), tmp_path / "capture")
    assert await stations[ASKS].deliver(ASKED) == []
    await stations[ASKED].open()
    yield stations[ASKED]
    for each in stations.values():
        await each.close()


def reminders(station: Station) -> Reminders:
    dockets = Dockets(station.gateway, station.news)
    return Reminders(station.gateway, dockets, Clocks(station.gateway, LIMITS), station.news)


async def test_each_reminder_is_given_once_and_a_restart_repeats_none(asked: Station) -> None:
    given, passed = [], 0.0
    # A limit of 7 days ends after 7 to 8, one of 30 after 30 to 31: what is asked for is away from these borders.
    for day in (0, 3.9, 5.1, 5.2, 8.1, 13.5, 14.1, 15.9, 17.1, 26.9, 28.1, 31.1, 90):
        asked.clock.moved_by += (day - passed) * 86400
        passed = day
        found = reminders(asked)  # as after a restart: nothing but the rows is left
        await found.round()
        await found.round()
        given.append(dict(found.given))
    soon, overdue, receipt = {"soon": 1}, {"overdue": 1}, {"receipt": 1}
    assert given == [{}, {}, soon, {}, overdue, {}, receipt, {}, soon, {}, soon, overdue, {}]


async def test_a_round_looks_at_a_case_again_when_an_act_came_or_an_instant_has_come(asked: Station) -> None:
    found = reminders(asked)
    await found.round()
    assert found.courses() == {"running": 2}
    asked.clock.moved_by += 8.1 * 86400
    await found.round()
    assert found.courses() == {"running": 1, "overdue": 1}
    assert found.given["overdue"] == 1


async def test_neither_the_rows_nor_the_log_say_what_is_due(
    asked: Station, caplog: pytest.LogCaptureFixture
) -> None:
    asked.clock.moved_by += 8.1 * 86400
    await reminders(asked).round()
    words = [
        f"{each.getMessage()} {each.__dict__.get('what')}"
        for each in caplog.records
        if each.name == "emla.case"
    ]
    assert words
    assert all("EIO" not in each and ASKS not in each for each in words)
    await asked.close()
    stored = b"".join(path.read_bytes() for path in asked.data.rglob("*") if path.is_file())
    assert b"D-EIO" not in stored
    asked.start()
