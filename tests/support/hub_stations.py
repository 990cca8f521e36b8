"""Two ministries and a hub in one process: real stations, a hub in memory, and a line that a test can cut."""

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from emla.bootstrap.audit import verify_ledger
from emla.flow.documents.peers import ImportPeer, root_fingerprint
from emla.flow.member.collect import Mailbox, Take
from emla.flow.member.items import TakeItems
from emla.formats.export import encode_export
from emla.model.documents import Authority
from emla.model.errors import TransportError
from emla.model.leg import LegKind, LegState
from emla.model.mailbox import ItemKind
from emla.ports.transport import Refusal
from tests.support.authorities import derived, party
from tests.support.folders import make_folder
from tests.support.in_process import DirectLine, InlineOpener, Station, TestClock
from tests.support.key_house import Ministry
from tests.support.memory_hub import MemoryHub
from tests.support.messages import Template, make_template
from tests.support.patience import PATIENCE_SECONDS
from tests.support.restored import begin_epoch

HUB = party("eu.hub")
SENDER, RECIPIENT = "at.moj", "jp.moj"


class CutLine(DirectLine):
    """The direct line; a hub-only authority has none, and a test may cut that of others."""

    def __init__(self, find: Callable[[str], Station], hub: MemoryHub) -> None:
        super().__init__(find)
        self._hub = hub
        self.hubs = {hub.party.id: hub}
        """Who takes acknowledgements for others; a test may add another hub."""
        self.cut: set[str] = set()
        self.tries = 0

    def _reach(self, peer: Authority) -> Station:
        self.tries += 1
        if peer.id in self.cut or not peer.card.endpoints:
            raise TransportError("peer-unreachable")
        return super()._reach(peer)

    async def send_package(
        self, peer: Authority, pid: bytes, signed: bytes, payload: bytes | Path, payload_size: int
    ) -> bytes | Refusal:
        self._reach(peer)
        return await super().send_package(peer, pid, signed, payload, payload_size)

    async def exchange_status(self, peer: Authority, signed: bytes) -> bytes | Refusal | None:
        if peer.id == self._hub.party.id:
            return self._hub.answer_status(signed)
        return await super().exchange_status(peer, signed)

    async def put_documents(self, peer: Authority, authority: str, exported: bytes) -> Refusal | None:
        self._reach(peer)
        return await super().put_documents(peer, authority, exported)

    async def send_acknowledgement(self, peer: Authority, aid: bytes, bundle: bytes) -> Refusal | None:
        if hub := self.hubs.get(peer.id):
            return hub.take_acknowledgement(aid, bundle)
        self._reach(peer)
        return await super().send_acknowledgement(peer, aid, bundle)


@dataclass
class HubWorld:
    """at.moj can be reached, jp.moj only through the hub; every test begins with them pinned everywhere."""

    hub: MemoryHub
    line: CutLine
    clock: TestClock
    template: Template
    stations: dict[str, Station] = field(default_factory=dict)

    @property
    def sender(self) -> Station:
        return self.stations[SENDER]

    @property
    def recipient(self) -> Station:
        return self.stations[RECIPIENT]

    def state(self, pid: bytes) -> LegState:
        leg = self.sender.store.read.leg_of(LegKind.PACKAGE, pid)
        assert leg is not None
        return leg.state

    async def submit(self, number: int = 1) -> bytes:
        return (await self.sender.hand_in(self.template, derived("hub world", number, length=16))).pid

    def mailbox(self, station: Station) -> Mailbox:
        """What collects a station's mailbox, with the journeys of that station."""
        items = TakeItems(
            station.gateway,
            station.accept,
            station.receive,
            station.take,
            station.take_back,
            lambda leg: None,
        )
        takers: dict[ItemKind, Take] = {**items.table(), ItemKind.CHANNEL: station.heard_there}
        door = self.hub.door(station.gateway.identity.id)
        return Mailbox(station.gateway, door, HUB.id, takers, station.figures)

    @asynccontextmanager
    async def collecting(self, station: Station) -> AsyncIterator[Mailbox]:
        """A station collects."""
        mailbox = self.mailbox(station)
        running = asyncio.create_task(mailbox.run())
        try:
            yield mailbox
            assert not running.done(), running.exception()
        finally:
            running.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await running

    async def collect(self, station: Station) -> None:
        """A station collects until its mailbox holds nothing that it wants."""
        async with self.collecting(station) as mailbox:
            await until(
                lambda: self.hub.lists > 0 and not mailbox._busy and not self.wanted(mailbox, station)
            )

    def wanted(self, mailbox: Mailbox, station: Station) -> bool:
        owner = station.gateway.identity.id
        return any(mailbox._is_wanted(each) for each in self.hub.listed(owner, 0))

    def later(self, seconds: float) -> None:
        """Time passes; whoever waits for the hub looks again."""
        self.clock.moved_by += seconds
        self.hub.lapse()

    async def whole(self, count: int = 1) -> None:
        """Everything arrived once, and both ledgers are whole."""
        for station in self.stations.values():
            await station.close()
            assert verify_ledger(station.data).whole


async def settled(world: HubWorld, *stations: Station) -> None:
    """Everybody collects, and does what follows, until nobody has anything to collect."""
    for _ in range(6):
        for station in stations:
            await world.collect(station)
            await station.heard_there.done()


async def put_back(world: HubWorld, backup: Path) -> Station:
    """jp.moj, which nobody can call, is put back to what it was."""
    station = world.recipient
    world.later(2)
    await station.close()
    shutil.rmtree(station.data)
    shutil.copytree(backup, station.data)
    station.start()
    return station


async def begin_anew(world: HubWorld, ministry: Ministry, victim: Station) -> None:
    """What was put back begins a new epoch, tells at.moj of it, and both compare what they hold."""
    world.later(2)
    await begin_epoch(ministry)
    await victim.refresh._pushed(SENDER)
    world.later(3600)
    await victim.channels.exchange(SENDER)
    await settled(world, world.sender, victim)


async def until(condition: Callable[[], bool]) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not condition():
            await asyncio.sleep(0.005)


@asynccontextmanager
async def hub_world(folder: Path, hub: MemoryHub | None = None) -> AsyncIterator[HubWorld]:
    """Make the world; `hub` is one that lies."""
    clock = TestClock()
    hub = hub or MemoryHub(HUB)
    hub.now = int(clock.now())
    stations: dict[str, Station] = {}
    line = CutLine(stations.__getitem__, hub)
    for name in (SENDER, RECIPIENT):
        data = folder / name
        make_folder(data, name, hubs=(HUB.id,), endpoint=name == SENDER)
        stations[name] = Station(data, line, clock, InlineOpener(data), hub_line=hub.door(name))
        stations[name].start()
    world = HubWorld(
        hub, line, clock, make_template(sender=SENDER, recipient=RECIPIENT, attachment=bytes(700)), stations
    )
    try:
        for here in stations.values():
            for there in stations.values():
                if here is not there:
                    await here.pin(there.data)
            documents = encode_export(HUB.authority.documents)
            await ImportPeer(here.gateway)(documents, root_fingerprint(HUB.authority))
        yield world
    finally:
        for station in stations.values():
            await station.close()
