"""A hub that hands out what it holds by drips: it holds up nothing that another hub hands out, and no stop."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from emla.flow.documents.peers import ImportPeer, root_fingerprint
from emla.flow.member.collect import Mailbox
from emla.flow.member.mailboxes import Collect
from emla.formats.export import encode_export
from emla.model.documents import Authority
from emla.model.mailbox import ItemKind, Listing
from emla.ports.hub_line import ItemSource
from tests.support.authorities import party
from tests.support.hub_stations import HUB, RECIPIENT, HubWorld, hub_world, until
from tests.support.memory_hub import Body, Door, MemoryHub
from tests.support.patience import PATIENCE_SECONDS

OTHER = party("un.hub")


class DrippingBody(Body):
    """Hands out the header, and then a byte now and then."""

    async def read_exactly(self, size: int) -> bytes:
        if size == self.size:  # what is left is the payload
            await asyncio.sleep(3600)
        return await super().read_exactly(size)


class DrippingDoor(Door):
    """The line to a hub that drips; says how many items are being read from it."""

    reading = 0

    @asynccontextmanager
    async def fetch(self, hub: Authority, item: Listing) -> AsyncIterator[ItemSource]:
        (held,) = (each for each in self.hub.held if each.listing.item == item.item)
        self.reading += 1
        try:
            yield DrippingBody(held.body)
        finally:
            self.reading -= 1


async def dripping(world: HubWorld) -> tuple[bytes, DrippingDoor]:
    """A package that the hub holds; and another hub that has a copy of it, and lets that drip."""
    pid = await world.submit()
    await world.sender.deliver(RECIPIENT)
    documents = encode_export(OTHER.authority.documents)
    await ImportPeer(world.recipient.gateway)(documents, root_fingerprint(OTHER.authority))
    other = MemoryHub(OTHER, world.hub.now)
    other.hold(RECIPIENT, ItemKind.PACKAGE, pid, world.hub.held[0].body)
    return pid, DrippingDoor(other, RECIPIENT)


def mailbox_at_other(world: HubWorld, door: DrippingDoor) -> Mailbox:
    mailbox = world.mailbox(world.recipient)
    mailbox._line, mailbox._hub = door, OTHER.id
    return mailbox


async def test_what_one_hub_lets_drip_is_taken_from_another(tmp_path: Path) -> None:
    async with hub_world(tmp_path) as world:
        pid, door = await dripping(world)
        running = asyncio.create_task(mailbox_at_other(world, door).run())
        await until(lambda: door.reading == 1)
        async with world.collecting(world.recipient):
            await until(lambda: world.recipient.accepted == [pid] or bool(world.recipient.figures.refused))
        assert world.recipient.accepted == [pid]
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running


async def test_what_has_not_come_when_a_hub_is_let_go_is_not_waited_for(tmp_path: Path) -> None:
    async with hub_world(tmp_path) as world:
        _, door = await dripping(world)
        mailbox = mailbox_at_other(world, door)
        running = asyncio.create_task(mailbox.run())
        await until(lambda: door.reading == 1)
        assert world.recipient.gateway.under_way.count == 1
        mailbox.end()
        async with asyncio.timeout(PATIENCE_SECONDS):
            await running
        assert (door.reading, world.recipient.gateway.under_way.count) == (0, 0)
        assert world.recipient.accepted == []


async def test_a_body_is_not_begun_to_be_read_after_the_end(tmp_path: Path) -> None:
    """Between two reads the payload is written: whoever ends the mailbox then does not find the item waiting."""
    async with hub_world(tmp_path) as world:
        _, door = await dripping(world)
        mailbox = mailbox_at_other(world, door)
        mailbox._ended = True
        async with asyncio.timeout(PATIENCE_SECONDS), asyncio.TaskGroup() as group:
            await mailbox._start(door.hub.held[0].listing, group)
        assert door.reading == 0


async def test_a_stop_takes_nothing_more_out_of_any_mailbox(tmp_path: Path) -> None:
    async with hub_world(tmp_path) as world:
        station, (_, door) = world.recipient, await dripping(world)
        door.hub.party = HUB  # our card names this one
        collect = Collect(station.gateway, door, world.mailbox(station)._takers)
        running = asyncio.create_task(collect.run())
        await until(lambda: door.reading == 1)
        collect.end()
        collect.look()
        async with asyncio.timeout(PATIENCE_SECONDS):
            await station.gateway.under_way.none()
        await asyncio.sleep(0.05)
        assert door.reading == 0
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running
