"""How long something may be kept is its owner's word, and obeyed by who holds it: reading, reminders, erasing, what is said."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from emla.flow.clocks import Clocks
from emla.flow.dockets import Dockets
from emla.flow.drafts.erasures import OrderErasure
from emla.flow.erasure.hold import HoldCase
from emla.flow.erasure.retention import Retention
from emla.flow.reminders import Reminders
from emla.model.erasure import ErasureReason
from emla.model.errors import EmlaError
from emla.model.person import ALONE
from tests.support.case_world import World
from tests.support.erasing import erasing
from tests.support.held_messages import HOLDER, OWNER, item, message_id, recall, said
from tests.support.in_process import Station
from tests.support.sample_cases import FOLDER
from tests.unit.flow.test_holdings import STEPS, package, read

CASE = bytes.fromhex("dfdaba3a5b3d4507950f7c6b514d78e6")
LONG_AGO = "2020-01-01"


@pytest.fixture
async def given(tmp_path: Path) -> AsyncIterator[World]:
    """Singapore has sent information with a file; Australia may read it."""
    async with World(tmp_path, {OWNER, HOLDER}) as world:
        for name in STEPS:
            await world.say(FOLDER / "S10" / name)
        yield world


async def keep(
    world: World, folder: Path, until: str, then: str = "DELETE", *, review: str = "", name: str = "keep"
) -> None:
    """The owner says how long all of it may be kept."""
    handling = (
        "<u:NewHandling><ConfidentialityLevel>RESTRICTED</ConfidentialityLevel>"
        "<ConfidentialityRequested>true</ConfidentialityRequested>"
        f"<RetentionUntil>{until}</RetentionUntil>{f'<ReviewDate>{review}</ReviewDate>' if review else ''}"
        f"{f'<Disposition>{then}</Disposition>' if then else ''}</u:NewHandling>"
        "<u:EffectiveFrom>2020-01-01T00:00:00Z</u:EffectiveFrom>"
    )
    await world.say(said(folder, name, "RestrictionChange", item() + handling))


async def rounds(station: Station, **settings: int) -> tuple[dict[str, int], int]:
    """A round of reminders and one of erasing: what was given, how many orders."""
    gateway = station.gateway
    gateway.settings = replace(gateway.settings, cases=replace(gateway.settings.cases, **settings))  # type: ignore[arg-type] # numbers only
    dockets = Dockets(gateway, station.news)
    found = Reminders(gateway, dockets, Clocks(gateway, {}), station.news)
    await found.round()
    async with erasing(station) as journey:
        count = await Retention(gateway, journey, dockets, found.outlived).round()
        await journey.carry_out()
    return dict(found.given), count


def day(station: Station, days: int) -> str:
    return (datetime.fromtimestamp(station.gateway.now(), UTC) + timedelta(days=days)).date().isoformat()


async def test_what_outlived_its_time_is_not_handed_out_unless_a_court_keeps_it(
    given: World, tmp_path: Path
) -> None:
    for then in ("DELETE", "RETAIN_COURT_FILE", "RETURN", ""):
        await keep(given, tmp_path, LONG_AGO, then, name=f"keep, then {then}")
        code = "" if then == "RETAIN_COURT_FILE" else "retention-ended"
        assert [await read(given.stations[HOLDER], number) for number in (0, 1)] == [code, code], then
    assert await read(given.stations[OWNER]) == ""  # its own copy


async def test_what_is_on_hold_may_be_read_as_long_as_it_is_kept(given: World, tmp_path: Path) -> None:
    holder = given.stations[HOLDER]
    await keep(given, tmp_path, LONG_AGO)
    await HoldCase(holder.gateway).set(CASE, "cara", "Appeal pending.")
    assert await read(holder) == ""
    assert await rounds(holder, erase_outlived_days=5) == ({"retention": 1}, 0)
    await HoldCase(holder.gateway).lift(CASE, "cara")
    assert await read(holder) == "retention-ended"


async def test_people_are_reminded_before_the_time_ends_when_it_ended_and_of_a_review(
    given: World, tmp_path: Path
) -> None:
    holder, owner = given.stations[HOLDER], given.stations[OWNER]
    await keep(given, tmp_path, day(holder, 40), review=day(holder, 20))
    found = []
    for days in (0, 12, 10, 20):  # 0, 12, 22, 42
        holder.clock.moved_by += days * 86400
        found.append((await rounds(holder))[0])
        assert (await rounds(holder))[0] == {}
    assert found == [{}, {"retention": 1}, {"review": 1}, {"retention": 1}]
    assert (await rounds(owner))[0] == {}


async def test_who_lets_something_be_kept_without_end_silences_no_other_reminder(
    given: World, tmp_path: Path
) -> None:
    holder = given.stations[HOLDER]
    for kept in ("9999-12-31", "0001-01-01"):
        await keep(given, tmp_path, kept, review=day(holder, 1), name=f"keep until {kept}")
    holder.clock.moved_by += 2 * 86400
    assert "review" in (await rounds(holder))[0]


async def test_what_outlived_its_time_is_erased_after_the_days_that_are_set_and_its_act_stays(
    given: World, tmp_path: Path
) -> None:
    holder = given.stations[HOLDER]
    await keep(given, tmp_path, day(holder, 2))
    pid, acts = package(holder), len((await given.case(HOLDER, CASE)).own)
    # The 2nd day is its last, then five more; a day away from that, so that midnight may come in between.
    for days, orders in ((0, 0), (4, 0), (2, 0), (3, 1), (1, 0)):
        holder.clock.moved_by += days * 86400
        await holder.restart()
        assert (await rounds(holder, erase_outlived_days=5))[1] == orders, days
    (given_order,) = holder.store.read.erasures(CASE)
    assert (given_order.why, given_order.person, given_order.pid) == (ErasureReason.RETENTION, "", pid)
    assert holder.store.read.record(pid) is None
    assert len((await given.case(HOLDER, CASE)).own) == acts
    assert given.stations[OWNER].store.read.erasures(CASE) == []


async def test_nothing_is_erased_by_itself_that_its_owner_or_the_settings_leave_to_people(
    given: World, tmp_path: Path
) -> None:
    for then, days in (("RETURN", 5), ("", 5), ("RETAIN_COURT_FILE", 5), ("DELETE", 0)):
        await keep(given, tmp_path, LONG_AGO, then, name=f"keep, then {then}")
        assert (await rounds(given.stations[HOLDER], erase_outlived_days=days))[1] == 0, then


async def test_a_clock_that_is_set_forward_erases_nothing_before_its_time(
    given: World, tmp_path: Path
) -> None:
    holder = given.stations[HOLDER]
    await keep(given, tmp_path, day(holder, -1))
    await holder.restart()
    moved = holder.gateway.clock.now() + 30 * 86400
    holder.clock.now = lambda: moved  # type: ignore[method-assign] # while it runs
    assert (await rounds(holder, erase_outlived_days=5))[1] == 0


async def test_nobody_says_that_something_was_erased_while_it_is_here(given: World, tmp_path: Path) -> None:
    holder = given.stations[HOLDER]
    await given.say(said(tmp_path, "recall", "RecallNotice", recall("A-FLOW")))

    def answer(name: str, result: str) -> Path:
        named = item("A-FLOW", "RecalledItem")
        body = f"<u:RecallOutcome>{named}<u:RecallResult>{result}</u:RecallResult></u:RecallOutcome>"
        return said(tmp_path, name, "RecallConfirmation", body, by=HOLDER, answers="recall")

    with pytest.raises(EmlaError) as caught:
        await given.say(answer("too soon", "ERASED"))
    assert caught.value.code == "not-erased"
    await given.say(answer("kept away", "QUARANTINED"))
    async with erasing(holder) as journey:
        orders = OrderErasure(holder.gateway, journey)
        plan = await orders.plan(CASE, package(holder))
        assert await orders.want(ALONE, plan, "Recalled by its owner.", although_open=False)
        await journey.carry_out()
    (order,) = holder.store.read.erasures(CASE)
    assert order.why is ErasureReason.RECALL
    await given.say(answer("now", "ERASED"))
    assert message_id("now") in {each.message_id.hex() for each in (await given.case(OWNER, CASE)).own}
