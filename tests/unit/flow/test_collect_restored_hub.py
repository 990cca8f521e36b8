"""A hub that was restored begins its numbers again: a release that waited meanwhile must let nothing else go."""

import asyncio
import contextlib
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from emla.formats.export import encode_export
from emla.model.documents import Authority
from emla.model.errors import TransportError
from emla.model.mailbox import ItemKind, Release
from emla.ports.transport import Refusal
from tests.support.authorities import party
from tests.support.hub_stations import RECIPIENT, HubWorld, hub_world, until
from tests.support.memory_hub import Door


@dataclass
class Stuck(Door):
    """Its line does not take releases for a while."""

    stuck: bool = True
    tries: int = 0

    async def release(self, hub: Authority, releases: Sequence[Release]) -> Sequence[str] | Refusal:
        self.tries += 1
        if self.stuck:
            raise TransportError("peer-unreachable")
        return await super().release(hub, releases)


def documents_of(world: HubWorld, exported: bytes) -> None:
    world.hub.hold(RECIPIENT, ItemKind.DOCUMENTS, hashlib.sha256(exported).digest(), exported)


async def test_what_has_got_the_number_of_something_that_was_taken_is_not_let_go_with_it(
    tmp_path: Path,
) -> None:
    async with hub_world(tmp_path) as world:
        hub, door = world.hub, Stuck(world.hub, RECIPIENT)
        mailbox = world.mailbox(world.recipient)
        mailbox._line = door
        documents_of(world, encode_export(party("fr.moj").authority.documents))
        running = asyncio.create_task(mailbox.run())
        await until(lambda: door.tries > 0)
        # Put back to before it held anything.
        hub.held.clear()
        hub._last = 0
        documents_of(world, encode_export(world.sender.gateway.identity.authority.documents))
        assert [each.listing.item for each in hub.held] == [1]
        door.stuck = False
        await until(lambda: bool(hub.released))
        assert hub.count(RECIPIENT) == 1
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running
        await world.collect(world.recipient)
        assert hub.count(RECIPIENT) == 0
