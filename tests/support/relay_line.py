"""A gateway with its relay on a scripted line, for tests of what becomes of legs."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from emla.flow.line.deliver import DeliverLeg
from emla.flow.line.relay import Relay
from emla.flow.line.ways import Ways
from emla.flow.news import News
from emla.model.leg import LegKind, LegState
from emla.ports.transport import Refusal
from tests.support.authorities import party
from tests.support.gateways import (
    Home,
    RunningClock,
    TurnedClock,
    opened,
    until,
)
from tests.support.packages import package_of, send
from tests.support.scripted_transport import ScriptedTransport

AT, DE, HK = party("at.moj"), party("de.bfj"), party("hk.doj")
PEERS = {each.id: each for each in (DE, HK)}


def no_luck(count: int) -> bytes:
    """Entropy under which every pause is the shortest."""
    return bytes(count)


def much_luck(count: int) -> bytes:
    """Entropy under which every pause is the longest."""
    return b"\xff" * count


@dataclass
class Line:
    """A gateway with its relay and the other ends."""

    home: Home
    relay: Relay
    transport: ScriptedTransport
    ways: Ways

    def state(self, number: int = 1, peer: str = DE.id) -> LegState | None:
        package = package_of(AT, PEERS[peer], number)
        leg = self.home.store.read.leg_of(LegKind.PACKAGE, package.pid)
        return leg.state if leg else None

    async def submit(self, number: int, peer: str = DE.id) -> None:
        """What submission does: commit, then tell the relay."""
        await self.home.store.write(partial(send, sender=AT, recipient=PEERS[peer], number=number))
        leg = self.home.store.read.leg_of(LegKind.PACKAGE, package_of(AT, PEERS[peer], number).pid)
        assert leg is not None
        self.relay.add(leg)

    async def accepted(self, *numbers: int, peer: str = DE.id) -> None:
        await until(lambda: all(self.state(n, peer) is LegState.ACCEPTED for n in numbers))


@asynccontextmanager
async def line(
    data: Path,
    transport: ScriptedTransport | None = None,
    *,
    window: int = 32,
    lucky: bool = False,
    clock: TurnedClock | None = None,
) -> AsyncIterator[Line]:
    transport = transport or ScriptedTransport(PEERS)
    entropy = much_luck if lucky else no_luck
    clock = clock or RunningClock()
    async with opened(data, AT, DE, HK, clock=clock, window=window, entropy=entropy) as home:
        ways = Ways(home.gateway)
        relay = Relay(home.gateway, DeliverLeg(home.gateway, transport, News(), ways=ways))
        running = asyncio.create_task(relay.run())
        await asyncio.sleep(0)
        try:
            yield Line(home, relay, transport, ways)
            assert not running.done()
        finally:
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running


class Gate:
    """Holds calls until it is opened."""

    def __init__(self, *peers: str) -> None:
        self._open = asyncio.Event()
        self._peers = peers or tuple(PEERS)

    async def __call__(self, peer: str, ref: bytes) -> Refusal | None:
        if peer in self._peers:
            await self._open.wait()
        return None

    def open(self) -> None:
        self._open.set()
