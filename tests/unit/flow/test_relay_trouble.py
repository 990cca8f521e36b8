"""Relay in trouble: a poison package blocks nobody and is put aside; a long outage drains in bounded memory, urgent first."""

import asyncio
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest

from emla.flow.line.gate import HELD_SECONDS
from emla.flow.line.lanes import LANE_MAX, TURN
from emla.flow.line.relay import Relay
from emla.flow.line.watch_legs import WatchLegs
from emla.flow.news import News
from emla.formats.event import decode as decode_event
from emla.model.acknowledgement import Event
from emla.model.errors import TransportError
from emla.model.leg import Hold, Leg, LegKind, LegState
from emla.model.settings import RelaySettings
from emla.ports.channel import ClosedRow
from emla.ports.store import Transaction
from emla.ports.transport import Refusal
from tests.support.authorities import NOW
from tests.support.away_store import AwayStore
from tests.support.gateways import SetForward, TurnedClock, opened, select, until
from tests.support.packages import package_of, send
from tests.support.relay_line import AT, DE, HK, PEERS, Line, line
from tests.support.scripted_transport import ScriptedTransport

BOUNDS = RelaySettings()
POISON = package_of(AT, DE, 1).pid


def refusing(code: str, *, all_of_them: bool = False) -> ScriptedTransport:
    async def script(peer: str, ref: bytes) -> Refusal | None:
        return Refusal(code=code) if all_of_them or ref == POISON else None

    return ScriptedTransport(PEERS, script)


async def try_often(here: Line, times: int) -> None:
    """Have everything that waits tried until the first package was tried so often, or is put aside."""
    for number in range(attempts(here) + 1, times + 1):
        here.home.clock.at += 7200  # more than any pause
        here.relay.retry(DE.id)
        if await tried(here, number) is LegState.HELD:
            return


async def tried(here: Line, times: int) -> LegState | None:
    """Wait until the first package was tried so often, or is put aside; its state."""
    async with asyncio.timeout(10):
        while attempts(here) < times and here.state() is not LegState.HELD:
            await here.home.store.write(_nothing)  # what has patience goes with it
            await asyncio.sleep(0.01)
    return here.state()


def _nothing(transaction: Transaction) -> None:
    """A write that only gives others company."""


def attempts(here: Line) -> int:
    return int(str(select(here.home.data, "SELECT attempts FROM leg WHERE ref = ?", POISON)[0][0]))


@pytest.mark.parametrize("code", ["malformed", "equivocation", "http-403", "peer-nonsense"])
async def test_a_package_that_alone_is_refused_is_put_aside_and_the_others_go_on(
    tmp_path: Path, code: str
) -> None:
    async with line(tmp_path, refusing(code), clock=TurnedClock()) as here:
        await here.submit(1)
        await tried(here, 1)
        await here.submit(2)
        await here.accepted(2)
        await try_often(here, BOUNDS.hold_after_refusals)
        assert here.state() is LegState.HELD
        leg = here.home.store.read.leg_of(LegKind.PACKAGE, POISON)
        assert leg is not None
        hold = here.home.store.read.hold(leg.id)
        assert hold is not None
        assert hold.code == code
        (event,) = here.home.store.read.events("leg.held", 9)
        assert decode_event(event.body).facts["ref"] == POISON.hex()
        calls = len(here.transport.calls)
        await here.submit(3)
        await here.accepted(3)
        assert len(here.transport.calls) == calls + 1


async def test_a_leg_that_cannot_be_put_aside_now_is_postponed_and_put_aside_later(tmp_path: Path) -> None:
    """The token that signs the leaf of it does not answer for a moment."""
    async with line(tmp_path, refusing("malformed"), clock=TurnedClock()) as here:
        await here.submit(1)
        await tried(here, 1)
        await here.submit(2)
        await here.accepted(2)
        await try_often(here, BOUNDS.hold_after_refusals - 1)
        away = AwayStore(here.home.gateway.store, refusals=1)
        here.home.gateway.store = away
        await try_often(here, BOUNDS.hold_after_refusals)
        assert away.refusals == 0
        assert here.state() is LegState.READY
        await try_often(here, BOUNDS.hold_after_refusals + 1)
        assert here.state() is LegState.HELD


async def test_a_peer_that_refuses_everything_makes_no_work_for_people_within_a_week(tmp_path: Path) -> None:
    async with line(tmp_path, refusing("malformed", all_of_them=True), clock=TurnedClock()) as here:
        await here.submit(1)
        await tried(here, 1)
        here.home.clock.at += 3600
        await here.submit(2)
        for number in range(2, BOUNDS.hold_after_refusals + 3):
            here.relay.retry(DE.id)
            assert await tried(here, number) is LegState.READY


async def test_refusals_are_counted_in_a_row_over_a_restart_and_through_an_outage(tmp_path: Path) -> None:
    down = False

    async def script(peer: str, ref: bytes) -> Refusal | None:
        if down:
            raise TransportError("peer-unreachable")
        return Refusal(code="malformed")

    async def again(here: Line, number: int) -> None:
        here.relay.retry(DE.id)
        await tried(here, number)

    clock = TurnedClock()
    async with line(tmp_path, ScriptedTransport(PEERS, script), clock=clock) as here:
        await here.submit(1)
        await tried(here, 1)
        await again(here, 2)
        down = True
        await again(here, 3)
    down = False
    async with line(tmp_path, ScriptedTransport(PEERS, script), clock=clock) as here:
        await again(here, 4)
        leg = here.home.store.read.leg_of(LegKind.PACKAGE, POISON)
        assert leg is not None
        assert (leg.refusals, leg.refused_since) == (3, int(clock.at))


async def hold_now(here: Line) -> Leg:
    leg = here.home.store.read.leg_of(LegKind.PACKAGE, POISON)
    assert leg is not None
    await here.home.store.write(partial(_hold, leg=leg.id))
    return leg


def _hold(transaction: Transaction, leg: int) -> None:
    assert transaction.hold_leg(Hold(leg=leg, at=NOW, code="held", reason="A test."))


async def test_what_is_held_expires_like_any_other(tmp_path: Path) -> None:
    async with line(tmp_path, refusing("malformed"), clock=TurnedClock()) as here:
        await here.submit(1)
        await tried(here, 1)
        leg = await hold_now(here)
        watch = WatchLegs(here.home.gateway, News())
        await watch.round()
        assert here.state() is LegState.HELD
        assert leg.expires is not None
        here.home.clock.at = float(leg.expires)
        await watch.round()
        assert here.state() is LegState.EXPIRED
        (failure,) = (
            each
            for each in here.home.store.read.acknowledgements(POISON)
            if each.event is Event.RELAY_FAILURE
        )
        assert failure.reason == "expired"
        await watch.round()  # and once


async def test_a_clock_that_is_set_forward_ends_nothing_that_is_held(tmp_path: Path) -> None:
    async with line(tmp_path, refusing("malformed"), clock=SetForward()) as here:
        await here.submit(1)
        await tried(here, 1)
        leg = await hold_now(here)
        assert leg.expires is not None
        here.home.clock.at = float(leg.expires)
        await WatchLegs(here.home.gateway, News()).round()
        assert here.state() is LegState.HELD


@pytest.mark.parametrize("meanwhile", [False, True], ids=["closed", "closed meanwhile"])
async def test_while_the_ledger_is_closed_what_is_held_stays_and_the_gateway_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, meanwhile: bool
) -> None:
    """No RelayFailure can be signed then; and whoever is to open the next epoch needs a gateway that runs."""
    async with line(tmp_path, refusing("malformed"), clock=TurnedClock()) as here:
        await here.submit(1)
        await tried(here, 1)
        leg = await hold_now(here)
        assert leg.expires is not None
        here.home.clock.at = float(leg.expires)
        row = ClosedRow(code="ledger-behind", since=NOW, peer=DE.id, proof=b"proof")
        await here.home.store.write(partial(_close, row=row))
        if meanwhile:
            monkeypatch.setattr(type(here.home.gateway), "ledger_closed", lambda _: None)
        watch = WatchLegs(here.home.gateway, News())
        await watch.round()
        assert here.state() is LegState.HELD
        monkeypatch.undo()
        await here.home.store.write(_open)
        await watch.round()
        assert here.state() is LegState.EXPIRED


async def test_while_the_ledger_is_closed_what_is_over_is_not_looked_at_again_and_again(
    tmp_path: Path,
) -> None:
    async with line(tmp_path, clock=TurnedClock()) as here:
        await here.home.store.write(partial(send, sender=AT, recipient=DE, number=1))
        row = ClosedRow(code="ledger-restored", since=NOW, peer=DE.id, proof=b"proof")
        await here.home.store.write(partial(_close, row=row))
        leg = here.home.store.read.leg_of(LegKind.PACKAGE, POISON)
        assert leg is not None
        assert leg.expires is not None
        here.home.clock.at = float(leg.expires) + 10
        here.relay.add(leg)
        await until(lambda: last_code(here) == "ledger-restored")
        leg = here.home.store.read.leg(leg.id)
        assert leg is not None
        assert leg.next_at == here.home.clock.at + HELD_SECONDS
        await here.home.store.write(_open)
        here.relay.retry(DE.id)  # as whoever opens it does (`bootstrap.channels`)
        await until(lambda: here.state() is LegState.EXPIRED)


def last_code(here: Line) -> object:
    return select(here.home.data, "SELECT last_code FROM leg WHERE ref = ?", POISON)[0][0]


def _close(transaction: Transaction, row: ClosedRow) -> None:
    assert transaction.close_ledger(row)


def _open(transaction: Transaction) -> None:
    transaction.open_ledger()


async def test_contact_that_comes_without_end_does_not_undo_every_pause(tmp_path: Path) -> None:
    """A hub can play back what a peer signed; and each contact that came too soon is heard a little later, once."""

    async def script(peer: str, ref: bytes) -> Refusal | None:
        return Refusal(code="internal", retry_after_seconds=3000.0)

    clock, transport = TurnedClock(), ScriptedTransport(PEERS, script)
    async with line(tmp_path, transport, clock=clock) as here:
        await here.submit(1)
        await until(lambda: select(tmp_path, "SELECT attempts FROM leg") == [(1,)])
        here.relay.contact(DE.id)
        await until(lambda: select(tmp_path, "SELECT attempts FROM leg") == [(2,)])
        for _ in range(20):
            here.relay.contact(DE.id)
            here.relay.wake(DE.id)
            await asyncio.sleep(0)
        assert len(transport.calls) == 2
        clock.at += 5.0
        here.relay.contact(DE.id)
        await until(lambda: select(tmp_path, "SELECT attempts FROM leg") == [(3,)])
        assert len(transport.calls) == 3


async def test_overdue_is_said_once_and_moves_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with line(tmp_path, refusing("internal", all_of_them=True), clock=TurnedClock()) as here:
        await here.submit(1)
        await tried(here, 1)
        watch = WatchLegs(here.home.gateway, News())
        await watch.round()
        assert "packages overdue" not in caplog.messages
        here.home.clock.at = NOW + BOUNDS.overdue_seconds + 1.0
        await watch.round()
        await watch.round()
        assert caplog.messages.count("packages overdue") == 1
        assert here.state() is LegState.READY
        assert here.home.store.read.overdue(NOW + 1, NOW - 10) == [(DE.id, 1, NOW)]


async def test_ten_thousand_legs_of_a_month_drain_in_bounded_memory_urgent_first(tmp_path: Path) -> None:
    count, urgent_each = 10_000, 10
    clock = TurnedClock()
    async with opened(tmp_path, AT, DE, HK, clock=clock, window=64) as home:

        def month(transaction: Transaction, first: int) -> None:
            for number in range(first, first + 1000):
                transaction.insert_leg(
                    LegKind.PACKAGE,
                    number.to_bytes(32, "big"),
                    DE.id,
                    urgent=number % urgent_each == 0,
                    created=NOW + number,
                    expires=NOW + 90 * 86400,
                )

        for first in range(0, count, 1000):
            await home.store.write(partial(month, first=first))
        clock.at = NOW + 30 * 86400.0
        order: list[Leg] = []
        most = 0

        async def deliver(leg: Leg) -> Refusal | None:
            nonlocal most
            order.append(leg)
            lanes = relay._destinations[DE.id].lanes
            most = max(most, lanes.in_memory)
            await home.store.write(lambda each: each.move_leg(leg.id, LegState.READY, LegState.ACCEPTED))
            return None

        relay = Relay(home.gateway, deliver)
        running = asyncio.create_task(relay.run())
        try:
            async with asyncio.timeout(60):
                while len(order) < count or home.gateway.under_way.count:
                    assert not running.done()
                    await asyncio.sleep(0.01)
        finally:
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running
        assert len({leg.id for leg in order}) == len(order) == count
        assert most <= 2 * LANE_MAX + 64
        urgent = count // urgent_each
        head = order[: urgent + urgent // (TURN - 1) + 64]
        assert sum(leg.urgent for leg in head) == urgent
        for lane in (True, False):
            ids = [leg.id for leg in order if leg.urgent is lane]
            assert ids == sorted(ids)
