"""How often a hub is asked: one that does not wait, or whose mailbox is full of what stays, keeps us no busier than others."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from emla.flow.member.collect import Mailbox
from emla.model.documents import Authority
from emla.model.mailbox import Listing
from emla.ports.transport import Refusal
from tests.support.hub_stations import HUB, RECIPIENT, hub_world, until
from tests.support.memory_hub import Door, MemoryHub


class Hasty(MemoryHub):
    """Answers at once that there is nothing, whatever it was asked to wait; until it is made honest."""

    honest = False

    def door(self, owner: str) -> Door:
        return HastyDoor(self, owner)


class HastyDoor(Door):
    async def items(self, hub: Authority, after: int, wait_seconds: int) -> Sequence[Listing] | Refusal:
        assert isinstance(self.hub, Hasty)
        return await super().items(hub, after, wait_seconds if self.hub.honest else 0)


async def test_a_hub_that_does_not_wait_is_asked_ever_more_slowly_until_it_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rests: list[int] = []

    async def rest(self: Mailbox, failures: int) -> None:
        rests.append(failures)
        await asyncio.sleep(0)

    monkeypatch.setattr(Mailbox, "_rest", rest)
    hub = Hasty(HUB)
    async with hub_world(tmp_path, hub) as world, world.collecting(world.recipient) as mailbox:
        await until(lambda: hub.lists >= 20)
        assert rests == list(range(1, len(rests) + 1))
        assert len(rests) >= 19
        hub.honest = True
        pid = await world.submit()
        await world.sender.deliver(RECIPIENT)
        await until(lambda: world.recipient.accepted == [pid])
        assert mailbox._hasty == 0
        lists = hub.lists
        await asyncio.sleep(0.02)
        assert hub.lists <= lists + 1, "it waits, and nobody rests beside it"
