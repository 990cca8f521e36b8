"""What pauses everything for a peer: that several packages fail, or that nothing answers. One package's trouble is its own."""

import asyncio
from pathlib import Path

import pytest

from emla.model.errors import TransportError
from emla.model.leg import LegKind
from emla.ports.store import Transaction
from emla.ports.transport import Refusal
from tests.support.gateways import TurnedClock, select, until
from tests.support.packages import package_of
from tests.support.relay_line import AT, DE, PEERS, Line, line
from tests.support.scripted_transport import ScriptedTransport, accepting
from tests.unit.flow.test_relay_trouble import POISON, refusing, tried, try_often


def _nothing(transaction: Transaction) -> None:
    """A write that only gives others company."""


def again(here: Line, number: int = 1) -> None:
    """A package's next time has come."""
    leg = here.home.store.read.leg_of(LegKind.PACKAGE, package_of(AT, DE, number).pid)
    assert leg is not None
    here.relay.add(leg)


@pytest.mark.parametrize("code", ["peer-nonsense", "unknown-kid", "internal", "timeout", "http-503"])
async def test_a_poison_package_makes_nobody_wait(tmp_path: Path, code: str) -> None:
    clock = TurnedClock()
    async with line(tmp_path, refusing(code), clock=clock, lucky=True) as here:
        await here.submit(1)
        for number in range(1, 6):
            await tried(here, number)
            again(here)
        await tried(here, 6)
        # By now its own pauses are long, and the clock stands: what comes is sent at once.
        await here.submit(2)
        async with asyncio.timeout(60):
            await here.accepted(2)


async def test_two_poison_packages_that_take_turns_make_nobody_wait(tmp_path: Path) -> None:
    both = (POISON, package_of(AT, DE, 2).pid)

    async def script(peer: str, ref: bytes) -> Refusal | None:
        return Refusal(code="unknown-kid") if ref in both else None

    async with line(tmp_path, ScriptedTransport(PEERS, script), clock=TurnedClock(), lucky=True) as here:
        await here.submit(1)
        await tried(here, 1)
        await here.submit(2)
        for number in range(1, 5):
            await until_tried(here, both[1], number)
            again(here, 1)
            await until_tried(here, both[0], number + 1)
            again(here, 2)
        await here.submit(3)
        async with asyncio.timeout(60):
            await here.accepted(3)


async def test_one_package_that_nothing_answers_is_a_sign_about_the_peer(tmp_path: Path) -> None:
    transport = ScriptedTransport(PEERS, away)
    async with line(tmp_path, transport, clock=TurnedClock(), lucky=True) as here:
        await here.submit(1)
        for number in (1, 2):
            await tried(here, number)
            again(here)
        await tried(here, 3)
        await here.submit(2)
        for _ in range(20):
            await here.home.store.write(_nothing)
        assert len(transport.calls) == 3  # the second waits for the pause to end


async def test_a_pause_for_all_is_no_longer_than_the_peers_own_failures_ask_for(tmp_path: Path) -> None:
    transport, clock = ScriptedTransport(PEERS, away), TurnedClock()
    async with line(tmp_path, transport, clock=clock, lucky=True) as here:
        await here.submit(1)
        await tried(here, 1)
        await try_often(
            here, 12
        )  # by now this one waits for an hour; what is counted of the peer begins anew with each
        for number in (13, 14):
            again(here)
            await tried(here, number)
        transport.script = accepting
        clock.at += 8.0
        await here.submit(2)
        async with asyncio.timeout(60):
            await here.accepted(2)


async def away(peer: str, ref: bytes) -> Refusal | None:
    raise TransportError("peer-unreachable")


async def until_tried(here: Line, ref: bytes, times: int) -> None:
    async with asyncio.timeout(10):
        while select(here.home.data, "SELECT attempts FROM leg WHERE ref = ?", ref)[0][0] != times:
            await here.home.store.write(_nothing)
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("code", ["peer-nonsense", "internal"])
async def test_packages_that_meet_the_same_in_turn_are_a_sign_about_the_peer(
    tmp_path: Path, code: str
) -> None:
    transport = refusing(code, all_of_them=True)
    async with line(tmp_path, transport, clock=TurnedClock(), lucky=True, window=1) as here:
        for number in range(1, 6):
            await here.submit(number)
        await until(lambda: len(transport.calls) == 3)
        for _ in range(20):
            await here.home.store.write(_nothing)
        assert len(transport.calls) == 3  # the fourth waits for the pause to end
