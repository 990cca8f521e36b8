"""A closed case is erased when its time has passed, and not before; nothing else ever is by itself."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from emla.flow.dockets import Dockets
from emla.flow.erasure.erase import Erase
from emla.flow.erasure.retention import Retention
from emla.model.erasure import ErasureReason, LegalHold
from emla.model.errors import ConfigurationError
from emla.model.settings import CaseSettings
from tests.support.backups import Pair, pair
from tests.support.erasing import bring, case_id, erasing
from tests.support.gateways import until
from tests.support.in_process import Station

DAY = 86400.0


@pytest.fixture
async def both(tmp_path: Path) -> AsyncIterator[Pair]:
    async with pair(tmp_path) as made:
        yield made


def retention(station: Station, journey: Erase) -> Retention:
    return Retention(station.gateway, journey, Dockets(station.gateway, station.news), set())


async def rounds(station: Station, days: int, *, after: float, closed: bool = True) -> int:
    """One round of a process that starts so long after the last act."""
    station.clock.moved_by = after
    await station.restart()
    gateway = station.gateway
    gateway.settings = replace(gateway.settings, cases=CaseSettings(erase_after_days=days))
    async with erasing(station) as journey:
        plan = journey.plan

        async def planned(case: bytes) -> object:
            # That a case is closed is said by `emla.cases`; here it is one or it is not.
            return replace(await plan(case), closed=closed)

        journey.plan = planned  # type: ignore[method-assign,assignment]
        return await retention(station, journey).round()


async def test_a_closed_case_is_erased_when_its_time_has_passed_and_not_before(both: Pair) -> None:
    await bring(both, "a")
    station = both.recipient
    assert await rounds(station, 30, after=29 * DAY) == 0
    assert await rounds(station, 30, after=31 * DAY, closed=False) == 0
    assert await rounds(station, 0, after=300 * DAY) == 0
    assert await rounds(station, 30, after=31 * DAY) == 1
    (order,) = station.store.read.erasures(case_id("a"))
    assert (order.why, order.person) == (ErasureReason.RETENTION, "")
    assert await rounds(station, 30, after=31 * DAY) == 0


async def test_what_is_on_hold_is_kept_whatever_time_has_passed(both: Pair) -> None:
    await bring(both, "a")
    station = both.recipient
    hold = LegalHold(case_id=case_id("a"), person="p", at=1, reason="Appeal pending.")
    await station.store.write(lambda each: each.hold_case(hold))
    assert await rounds(station, 30, after=31 * DAY) == 0


async def test_a_clock_that_is_set_forward_erases_nothing(both: Pair) -> None:
    await bring(both, "a")
    station = both.recipient
    await station.restart()
    gateway = station.gateway
    gateway.settings = replace(gateway.settings, cases=CaseSettings(erase_after_days=30))
    moved = station.gateway.clock.now() + 31 * DAY
    station.clock.now = lambda: moved  # type: ignore[method-assign]
    async with erasing(station) as journey:
        plan = journey.plan

        async def planned(case: bytes) -> object:
            return replace(await plan(case), closed=True)

        journey.plan = planned  # type: ignore[method-assign,assignment]
        assert await retention(station, journey).round() == 0


async def test_a_round_in_which_the_token_does_not_answer_is_no_end(
    both: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("emla.flow.erasure.retention._ROUND_SECONDS", 0.01)
    await bring(both, "a")
    station = both.recipient
    async with erasing(station) as journey:
        one, rounds_made = retention(station, journey), 0

        async def made() -> int:
            nonlocal rounds_made
            rounds_made += 1
            raise ConfigurationError("token-unavailable")

        monkeypatch.setattr(one, "round", made)
        running = asyncio.create_task(one.run())
        await until(lambda: running.done() or rounds_made > 2)
        assert not running.done()
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
