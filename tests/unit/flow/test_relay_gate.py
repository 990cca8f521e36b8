"""A peer whose documents are old: whether packages go to it is decided once for all of them, and no leg is touched meanwhile.

And one that was forgotten: what waits for it says so, goes when it is pinned again, and expires like anything else.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from emla.flow.documents.peers import ForgetPeer
from emla.flow.gateway import Gateway, Peer
from emla.flow.line import deliver
from emla.flow.line.gate import reason_to_wait
from emla.model.acknowledgement import Event
from emla.model.leg import LegKind, LegState
from emla.model.package import Header
from tests.support.authorities import DAY
from tests.support.gateways import SetForward, TurnedClock, select, until
from tests.support.packages import package_of
from tests.support.relay_line import AT, DE, Line, line

HOUR = 3600.0
EVERY_LEG = "SELECT ref, state, attempts, next_at, last_code FROM leg ORDER BY id"


def turn_stale(here: Line) -> None:
    """Nothing was heard of the peer for longer than packages may go to it."""
    peer = here.home.gateway.directory.peers[DE.id]
    peer.row = replace(peer.row, pinned_at=int(here.home.clock.now()) - 8 * DAY)


def turn_fresh(here: Line) -> None:
    """It is fresh again, and nobody tells the relay: a clock was set right, or a start came in between."""
    peer = here.home.gateway.directory.peers[DE.id]
    peer.row = replace(peer.row, pinned_at=int(here.home.clock.now()))


def code_of(here: Line, number: int) -> str | None:
    leg = here.home.store.read.leg_of(LegKind.PACKAGE, package_of(AT, DE, number).pid)
    return leg.last_code if leg else None


def waits(here: Line, number: int) -> bool:
    return code_of(here, number) == "stale-peer"


@contextmanager
def said(caplog: pytest.LogCaptureFixture) -> Iterator[list[str]]:
    """What the relay says meanwhile."""
    caplog.clear()
    found: list[str] = []
    with caplog.at_level(logging.INFO, "emla.relay"):
        yield found
    found += [each.getMessage() for each in caplog.records if each.name == "emla.relay"]


async def test_no_leg_is_looked_at_again_while_the_peer_is_stale_whatever_hour_it_is(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[bytes] = []

    def counted(gateway: Gateway, peer: Peer, pid: bytes, header: Header) -> str | None:
        looked.append(pid)
        return reason_to_wait(gateway, peer, pid, header)

    monkeypatch.setattr(deliver, "reason_to_wait", counted)
    async with line(tmp_path, clock=TurnedClock()) as here:
        turn_stale(here)
        for number in (1, 2, 3):
            await here.submit(number)
        await until(lambda: all(waits(here, number) for number in (1, 2, 3)))
        before = select(here.home.data, EVERY_LEG)
        with said(caplog) as lines:
            for number in range(4, 8):
                here.home.clock.at += HOUR
                here.relay.contact(DE.id)
                await here.submit(number)  # a new one has its own turn, once
                await until(lambda number=number: waits(here, number))  # type: ignore[misc]  # bound at once
        assert select(here.home.data, EVERY_LEG)[:3] == before
        assert lines == ["leg waits"] * 4, "one line for each new leg, none for those that wait"
        assert sorted(looked) == sorted(package_of(AT, DE, number).pid for number in range(1, 8))
        assert here.transport.calls == []


async def test_all_of_them_go_when_it_is_fresh_again_though_nobody_says_so(tmp_path: Path) -> None:
    async with line(tmp_path, clock=TurnedClock()) as here:
        turn_stale(here)
        for number in (1, 2):
            await here.submit(number)
        await until(lambda: waits(here, 1) and waits(here, 2))
        here.home.clock.at += 61
        turn_fresh(here)
        await here.submit(3)
        await here.accepted(1, 2, 3)


async def test_news_about_the_peer_sets_them_going_at_once(tmp_path: Path) -> None:
    async with line(tmp_path, clock=TurnedClock()) as here:
        turn_stale(here)
        await here.submit(1)
        await until(lambda: waits(here, 1))
        turn_fresh(here)
        here.relay.retry(DE.id)
        await here.accepted(1)


async def test_a_start_sees_that_what_waited_may_go(tmp_path: Path) -> None:
    clock = TurnedClock()
    async with line(tmp_path, clock=clock) as here:
        turn_stale(here)
        await here.submit(1)
        await until(lambda: waits(here, 1))
    clock.at += HOUR
    async with line(tmp_path, clock=clock) as here:
        turn_fresh(here)
        await here.submit(2)
        await here.accepted(1, 2)


async def test_it_expires_in_time_all_the_same(tmp_path: Path) -> None:
    async with line(tmp_path, clock=TurnedClock()) as here:
        turn_stale(here)
        await here.submit(1)
        await until(lambda: waits(here, 1))
        leg = here.home.store.read.leg_of(LegKind.PACKAGE, package_of(AT, DE, 1).pid)
        assert leg is not None
        assert leg.next_at == leg.expires
        here.home.clock.at = float(leg.next_at) + 1
        turn_stale(here)
        await here.submit(2)
        await until(lambda: here.state(1) is LegState.EXPIRED)


async def test_what_a_clock_that_is_set_forward_calls_over_waits_until_it_is(tmp_path: Path) -> None:
    clock = SetForward()
    async with line(tmp_path, clock=clock) as here:
        begun = clock.at
        turn_stale(here)
        await here.submit(1)
        await until(lambda: waits(here, 1))
        leg = here.home.store.read.leg_of(LegKind.PACKAGE, package_of(AT, DE, 1).pid)
        assert leg is not None
        assert leg.expires is not None
        clock.at = float(leg.expires) + HOUR
        turn_stale(here)
        here.relay.add(leg)
        over = clock.at + leg.expires - begun
        await until(lambda: next_at(here, leg.id) == over)
        assert here.state(1) is LegState.READY
        clock.at, clock.passed = over, leg.expires - begun
        here.relay.add(leg)  # which the queue does by itself, within a minute of the machine's time
        await until(lambda: here.state(1) is LegState.EXPIRED)


async def test_what_waits_for_a_peer_that_was_forgotten_says_so_and_expires(tmp_path: Path) -> None:
    clock = SetForward()
    async with line(tmp_path, clock=clock) as here:
        begun = clock.at
        await ForgetPeer(here.home.gateway)(DE.id, force=True)
        await here.submit(1)
        await until(lambda: code_of(here, 1) == "unknown-recipient")
        leg = here.home.store.read.leg_of(LegKind.PACKAGE, package_of(AT, DE, 1).pid)
        assert leg is not None
        assert leg.expires is not None
        assert (leg.attempts, leg.next_at) == (0, begun + HOUR)
        clock.at = float(leg.expires) + 1  # set forward: it is not certain that it is over
        here.relay.add(leg)
        await until(lambda: next_at(here, leg.id) != begun + HOUR)
        assert here.state(1) is LegState.READY
        clock.passed = leg.expires - begun + 1

        def is_over() -> bool:
            here.relay.add(leg)  # one that is just being put off is not taken a second time
            return here.state(1) is LegState.EXPIRED

        await until(is_over)
        (failure,) = (
            each
            for each in here.home.store.read.acknowledgements(leg.ref)
            if each.event is Event.RELAY_FAILURE
        )
        assert failure.reason == "expired"
        assert here.transport.calls == []


async def test_what_waits_for_a_peer_that_was_forgotten_goes_when_it_is_pinned_again(tmp_path: Path) -> None:
    async with line(tmp_path, clock=TurnedClock()) as here:
        pinned = here.home.gateway.directory.peers.pop(DE.id)
        await here.submit(1)
        await until(lambda: code_of(here, 1) == "unknown-recipient")
        here.home.gateway.directory.peers[DE.id] = pinned
        here.home.clock.at += HOUR
        await here.submit(2)
        await here.accepted(1, 2)


def next_at(here: Line, leg_id: int) -> float:
    leg = here.home.store.read.leg(leg_id)
    assert leg is not None
    return leg.next_at
