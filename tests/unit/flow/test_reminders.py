"""Reminders of time limits: once, on the days that are configured and when a limit ran out, across restarts."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from emla.bootstrap.schema_folder import schema_folder
from emla.cases.reminding import RAN_OUT, next_reminder_at, reminder
from emla.flow.clocks import Clocks
from emla.flow.dockets import Dockets, Held
from emla.flow.events import CASE_REMINDER
from emla.flow.reminders import Reminders
from emla.formats.event import decode
from emla.formats.genericode import CodeLists, deadlines
from emla.model.case_states import Side
from emla.model.deadline import Unit
from emla.model.time_limit import Course, TimeLimit
from emla.ports.cases import SOMETHING_CAME, AgendaItem
from emla.ports.store import Transaction
from tests.support.away_store import AwayStore
from tests.support.folders import make_folder
from tests.support.gateways import until
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
async def both(tmp_path: Path) -> AsyncIterator[dict[str, Station]]:
    """Two gateways; an investigation order was delivered from one to the other, and not opened yet."""
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
    yield stations
    for each in stations.values():
        await each.close()


@pytest.fixture
async def asked(both: dict[str, Station]) -> Station:
    """The gateway of the requested authority, with an investigation order that nobody has answered."""
    await both[ASKED].open()
    return both[ASKED]


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
    # Each has its leaf, by which case systems are told, with neither what is due nor of whom.
    told = [decode(row.body).facts for row in asked.store.real.read.events(CASE_REMINDER, 100)]
    assert [each["kind"] for each in reversed(told)] == [kind for each in given for kind in each]
    assert {tuple(sorted(each)) for each in told} == {("case", "days", "kind")}


def agenda(station: Station) -> list[AgendaItem]:
    return list(station.store.real.read.agenda(-1, b"", 2**40, 100))


async def test_a_case_is_looked_at_when_something_came_or_an_instant_has_come_and_at_no_other_time(
    asked: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[bytes] = []
    found = reminders(asked)

    async def of(case_id: bytes, real: Callable[[bytes], Awaitable[Held]] = found._dockets.of) -> Held:
        looks.append(case_id)
        return await real(case_id)

    monkeypatch.setattr(found._dockets, "of", of)
    assert [each.at for each in agenda(asked)] == [SOMETHING_CAME]
    await found.round()
    (first,) = agenda(asked)
    assert looks == [first.case_id]
    await found.round()
    assert len(looks) == 1
    asked.clock.stand()
    asked.clock.moved_by += first.at - asked.gateway.now() - 2
    await found.round()
    assert len(looks) == 1
    asked.clock.moved_by += 4
    await found.round()
    (second,) = agenda(asked)
    assert len(looks) == 2
    assert second.at > first.at


async def test_what_comes_while_a_case_is_looked_at_is_not_lost(
    asked: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = reminders(asked)
    (begun,) = agenda(asked)
    (row,) = asked.store.real.read.acts_of_case(begun.case_id, 10)

    async def of(case_id: bytes, real: Callable[[bytes], Awaitable[Held]] = found._dockets.of) -> Held:
        held = await real(case_id)
        await asked.gateway.store.write(lambda transaction: transaction.look_again(row.pid))
        return held

    monkeypatch.setattr(found._dockets, "of", of)
    await found.round()
    assert begun.case_id in {each.case_id for each in agenda(asked) if each.at == SOMETHING_CAME}
    monkeypatch.undo()
    await found.round()
    assert all(each.at for each in agenda(asked))


async def test_a_case_that_cannot_be_looked_at_stays_on_the_agenda_and_holds_up_no_other(
    asked: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = reminders(asked)
    others = [bytes([number]) * 16 for number in range(20)]
    (broken,) = agenda(asked)

    def put(transaction: Transaction) -> None:
        for each in others:
            transaction.look_at(each, SOMETHING_CAME)

    await asked.gateway.store.write(put)

    def due(held: Held) -> object:
        if held.case_id == broken.case_id:
            raise ZeroDivisionError
        return [], None

    monkeypatch.setattr(found, "_due", due)
    await found.round()
    assert agenda(asked) == [broken]


async def test_the_sender_looks_at_a_case_again_when_its_request_has_arrived(
    both: dict[str, Station],
) -> None:
    sender = both[ASKS]
    found = reminders(sender)
    await found.round()
    assert all(each.at != SOMETHING_CAME for each in agenda(sender))
    await both[ASKED].open()
    assert await both[ASKED].deliver(ASKS) == []
    assert SOMETHING_CAME in [each.at for each in agenda(sender)]


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


async def test_reminders_wait_for_the_token_that_signs_their_leaves(
    asked: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("emla.flow.reminders._ROUND_SECONDS", 0.01)
    asked.clock.moved_by += 5.1 * 86400
    away = AwayStore(asked.gateway.store, refusals=2)
    monkeypatch.setattr(asked.gateway, "store", away)
    found = reminders(asked)
    running = asyncio.create_task(found.run())
    await until(lambda: running.done() or found.given["soon"] == 1)
    assert not running.done()
    assert away.refusals == 0
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    monkeypatch.undo()
