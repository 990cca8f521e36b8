"""How often a hub is asked: one that does not wait, or whose mailbox is full of what stays, keeps us no busier than others."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from emla.flow.member import collect
from emla.flow.member.collect import Mailbox, Taken
from emla.flow.member.mailboxes import Collect
from emla.model.documents import Authority
from emla.model.errors import ConfigurationError
from emla.model.mailbox import ItemKind, Listing
from emla.ports.hub_line import ItemSource
from emla.ports.transport import Refusal
from tests.support.authorities import derived
from tests.support.hub_stations import HUB, RECIPIENT, SENDER, HubWorld, hub_world, until
from tests.support.memory_hub import Door, MemoryHub

HOUR = 3600.0


def full_of_junk(world: HubWorld, count: int) -> None:
    """The hub holds so many items that jp.moj can never take."""
    for number in range(count):
        world.hub.hold(RECIPIENT, ItemKind.PACKAGE, derived("junk", number), b"\x00\x00\x00\x05junk!")


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


async def test_what_arrives_while_a_round_goes_over_what_stays_is_seen_between_its_pages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each rest may last a minute, and there is one before each page."""
    rests, may_go_on = 0, asyncio.Semaphore(1000)

    async def rest(self: Mailbox, failures: int) -> None:
        nonlocal rests
        rests += 1
        await may_go_on.acquire()

    monkeypatch.setattr(Mailbox, "_rest", rest)
    async with hub_world(tmp_path) as world:
        full_of_junk(world, 650)
        async with world.collecting(world.recipient) as mailbox:
            await until(lambda: mailbox._end == 650 and len(mailbox._troubles) == 650)
            may_go_on = asyncio.Semaphore(0)
            world.later(HOUR + 100)
            rests = 0
            await until(lambda: rests == 1)
            for _ in range(2):
                may_go_on.release()
            await until(lambda: rests == 3)
            pid = await world.submit()
            await world.sender.deliver(RECIPIENT)
            may_go_on.release()
            await until(lambda: rests == 4 or bool(world.recipient.accepted))
            await until(lambda: world.recipient.accepted == [pid])


async def test_what_fills_an_honest_hub_slows_a_start_down_by_a_second_or_two_for_each_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rests: list[int] = []

    async def rest(self: Mailbox, failures: int) -> None:
        rests.append(failures)
        await asyncio.sleep(0)

    monkeypatch.setattr(Mailbox, "_rest", rest)
    async with hub_world(tmp_path) as world:
        full_of_junk(world, 650)
        pid = await world.submit()
        await world.sender.deliver(RECIPIENT)
        async with world.collecting(world.recipient):
            await until(lambda: world.recipient.accepted == [pid])
        assert set(rests) == {1}


async def test_only_what_was_not_tried_before_slows_a_mailbox_down(tmp_path: Path) -> None:
    async with hub_world(tmp_path) as world:
        full_of_junk(world, 60)
        async with world.collecting(world.recipient) as mailbox:
            for tries in (60, 120, 180):
                await until(lambda tries=tries: world.recipient.figures.refused >= tries)  # type: ignore[misc]
                await until(lambda: len(mailbox._troubles) == 60)
                world.later(HOUR)
            assert mailbox._useless == 60


async def test_what_stays_is_looked_at_ever_more_seldom_down_to_once_a_day(tmp_path: Path) -> None:
    async with hub_world(tmp_path) as world:
        mailbox = world.mailbox(world.recipient)
        pauses = []
        for failures in range(30):
            mailbox._leave(7, failures)
            pauses.append(mailbox._troubles[7].until - world.clock.steady())
        assert pauses[0] <= 2
        assert 12 * HOUR - 60 <= pauses[-1] <= 24 * HOUR


async def test_what_is_looked_at_seldom_begins_no_round(tmp_path: Path) -> None:
    async with hub_world(tmp_path) as world:
        mailbox, now = world.mailbox(world.recipient), world.clock.steady()
        mailbox._leave(7, 12)
        mailbox._troubles[7].until = now + 9
        assert mailbox._ends_at(now, 1, is_whole=True) == now + HOUR
        mailbox._leave(8, 1)
        mailbox._troubles[8].until = now + 9
        assert mailbox._ends_at(now, 1, is_whole=True) == now + 9


async def test_rounds_over_a_long_list_begin_the_further_apart(tmp_path: Path) -> None:
    async with hub_world(tmp_path) as world:
        mailbox, now = world.mailbox(world.recipient), world.clock.steady()
        mailbox._leave(8, 1)
        assert mailbox._ends_at(now, 25, is_whole=True) == now + 125
        assert mailbox._ends_at(now, 25_000, is_whole=True) == now + HOUR


async def test_what_our_own_trouble_keeps_is_looked_at_within_the_hour(tmp_path: Path) -> None:
    async def take(item: Listing, source: ItemSource) -> Taken:
        raise ConfigurationError("ledger-behind")

    async with hub_world(tmp_path) as world:
        full_of_junk(world, 1)
        mailbox = world.mailbox(world.recipient)
        mailbox._takers = {ItemKind.PACKAGE: take}
        mailbox._troubles[1] = collect._Trouble(40, collect._SOUGHT)
        async with asyncio.TaskGroup() as group:
            await mailbox._start(world.hub.held[0].listing, group)
        assert mailbox._troubles[1].until <= world.clock.steady() + HOUR


async def test_what_stays_is_looked_at_again_when_somebody_is_pinned(tmp_path: Path) -> None:
    async with hub_world(tmp_path) as world:
        collector = Collect(world.recipient.gateway, world.hub.door(RECIPIENT), {})
        mailbox = collector._mailboxes[HUB.id] = world.mailbox(world.recipient)
        mailbox._leave(7, 40)
        collector.look()
        assert mailbox._troubles[7].until <= world.clock.steady()


async def test_documents_that_a_clock_that_is_behind_cannot_take_yet_stay(tmp_path: Path) -> None:
    async with hub_world(tmp_path) as world:
        before = world.recipient.gateway.directory.peers[SENDER].authority.fresh_at
        await world.sender.own.start()
        world.later(HOUR)
        await world.sender.upkeep.sign_status()
        assert await world.sender.refresh._pushed(RECIPIENT)
        world.later(-HOUR)  # jp.moj's clock
        async with world.collecting(world.recipient):
            await until(lambda: world.recipient.figures.refused == 1 or not world.hub.count(RECIPIENT))
            assert world.hub.count(RECIPIENT, ItemKind.DOCUMENTS) == 1
            world.later(HOUR)
            await until(lambda: not world.hub.count(RECIPIENT))
        assert world.recipient.gateway.directory.peers[SENDER].authority.fresh_at > before
