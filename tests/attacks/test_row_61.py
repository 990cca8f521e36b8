"""Row 61: a hub drops, delays, reorders, duplicates, serves an old list or the wrong blob -> never loss, nothing twice.

What does not verify is refused unsigned (`digest-mismatch`), stays where it is and is asked for again.
"""

from dataclasses import replace
from pathlib import Path

from emla.model.leg import LegState
from emla.model.mailbox import ItemKind, Listing
from tests.support.hub_stations import HUB, RECIPIENT, SENDER, HubWorld, hub_world, until
from tests.support.memory_hub import Held, MemoryHub

HOUR = 3600.0


async def settle(world: HubWorld, *pids: bytes) -> None:
    """Whatever the hub did before: once it is honest, everything arrives, once."""
    for _ in range(4):
        world.later(25 * HOUR)
        await world.sender.deliver(RECIPIENT)
        await world.collect(world.recipient)
        await world.recipient.open()
        await world.recipient.deliver(SENDER)
        await world.collect(world.sender)
    assert [world.state(pid) for pid in pids] == [LegState.CONSIGNED] * len(pids)
    assert sorted(world.recipient.accepted) == sorted(pids)
    await world.whole()


async def three(world: HubWorld) -> list[bytes]:
    pids = [await world.submit(number) for number in (1, 2, 3)]
    await world.sender.deliver(RECIPIENT)
    assert {world.state(pid) for pid in pids} == {LegState.HUB_HELD}
    return pids


async def test_drops(tmp_path: Path) -> None:
    async with hub_world(tmp_path) as world:
        pids = await three(world)
        world.hub.held = [each for each in world.hub.held if each.listing.ref != pids[1]]
        world.hub.seen = {each for each in world.hub.seen if each[2] != pids[1]}
        await world.collect(world.recipient)
        assert set(world.recipient.accepted) == {pids[0], pids[2]}
        await settle(world, *pids)


async def test_drops_every_acknowledgement(tmp_path: Path) -> None:
    async with hub_world(tmp_path) as world:
        world.line.cut.add(SENDER)
        pids = await three(world)
        await world.collect(world.recipient)
        await world.recipient.open()
        await world.recipient.deliver(SENDER)
        assert world.hub.count(SENDER, ItemKind.ACKNOWLEDGEMENT) > 0
        world.hub.forget(ItemKind.ACKNOWLEDGEMENT)
        await settle(world, *pids)


class Secretive(MemoryHub):
    """Keeps packages from their owner for a while."""

    quiet = True

    def listed(self, owner: str, after: int) -> list[Listing]:
        found = super().listed(owner, after)
        return [each for each in found if not (self.quiet and each.kind is ItemKind.PACKAGE)]


async def test_delays(tmp_path: Path) -> None:
    hub = Secretive(HUB)
    async with hub_world(tmp_path, hub) as world:
        pids = await three(world)
        async with world.collecting(world.recipient):
            await until(lambda: hub.lists > 0)
        assert world.recipient.accepted == []
        hub.quiet = False
        await settle(world, *pids)


class Backwards(MemoryHub):
    """Numbers what it holds anew each time, the newest first."""

    def listed(self, owner: str, after: int) -> list[Listing]:
        return [
            each.listing for each in reversed(self.held) if each.owner == owner and each.listing.item > after
        ]


async def test_reorders(tmp_path: Path) -> None:
    """The later ones come first; what was passed over is found by the next round."""
    async with hub_world(tmp_path, Backwards(HUB)) as world:
        pids = await three(world)
        async with world.collecting(world.recipient):
            await until(lambda: set(world.recipient.accepted) == set(pids))
        await settle(world, *pids)


class Repeating(MemoryHub):
    """Lists and hands out everything again under new numbers, released or not."""

    def __init__(self) -> None:
        super().__init__(HUB)
        self.turns = 0
        self.everything: dict[str, list[Held]] = {}

    def listed(self, owner: str, after: int) -> list[Listing]:
        known = self.everything.setdefault(owner, [])
        known += [each for each in self.held if each.owner == owner and each not in known]
        if not known or self.turns > 6:
            return []
        self.turns += 1
        again = [
            Held(owner, replace(each.listing, item=after + number), each.body)
            for number, each in enumerate(known, 1)
        ]
        self.held += again
        return [each.listing for each in again]


async def test_duplicates_and_serves_old_lists(tmp_path: Path) -> None:
    async with hub_world(tmp_path, Repeating()) as world:
        pids = await three(world)
        async with world.collecting(world.recipient):
            await until(lambda: isinstance(world.hub, Repeating) and world.hub.turns > 6)
            await until(lambda: not world.recipient.gateway.under_way.count)
        assert sorted(world.recipient.accepted) == sorted(pids)
        assert world.recipient.store.read.peers_with_legs() == [SENDER]
        world.hub.held.clear()
        await settle(world, *pids)


class Mixing(MemoryHub):
    """Hands out something else than it lists: another package, or a damaged one."""

    lying = True
    damage = b""

    def handed(self, held: Held) -> bytes:
        if not self.lying:
            return held.body
        if self.damage:
            return held.body[: -len(self.damage)] + self.damage
        others = [each.body for each in self.held if each.owner == held.owner and each is not held]
        return others[0] if others else b"nothing"


async def test_the_wrong_blob(tmp_path: Path) -> None:
    hub = Mixing(HUB)
    async with hub_world(tmp_path, hub) as world:
        pids = await three(world)
        async with world.collecting(world.recipient):
            await until(lambda: world.recipient.figures.refused >= 3)
        assert world.recipient.accepted == []
        assert hub.released == []
        hub.lying = False
        await settle(world, *pids)


async def test_a_damaged_payload_is_a_digest_mismatch_and_leaves_no_trace(tmp_path: Path) -> None:
    hub = Mixing(HUB)
    hub.damage = bytes(16)
    async with hub_world(tmp_path, hub) as world:
        pids = await three(world)
        before = world.recipient.store.real.ledger_size
        async with world.collecting(world.recipient):
            await until(lambda: world.recipient.figures.refused >= 3)
        assert world.recipient.store.real.ledger_size == before
        hub.lying = False
        await settle(world, *pids)


async def test_the_wrong_acknowledgement_is_not_let_go(tmp_path: Path) -> None:
    hub = Mixing(HUB)
    hub.lying = False
    async with hub_world(tmp_path, hub) as world:
        world.line.cut.add(SENDER)
        pids = await three(world)
        await world.collect(world.recipient)
        await world.recipient.deliver(SENDER)
        hub.lying = True
        async with world.collecting(world.sender):
            await until(lambda: world.sender.figures.refused >= 3)
        assert not [each for owner, each in hub.released if owner == SENDER]
        assert {world.state(pid) for pid in pids} == {LegState.HUB_HELD}
        hub.lying = False
        await settle(world, *pids)
