"""Collecting a mailbox: everything arrives once, what does not verify blocks nobody, and a hub cannot keep us busy."""

import asyncio
import contextlib
import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from emla.flow.member import collect
from emla.flow.member.collect import Mailbox, Taken
from emla.flow.member.mailboxes import Collect
from emla.formats.export import encode_export
from emla.model.documents import Authority
from emla.model.leg import LegState
from emla.model.mailbox import ItemKind, Listing, Release
from emla.ports.hub_line import ItemSource
from emla.ports.transport import Refusal
from tests.support.authorities import derived, party
from tests.support.faulty_store import Fate
from tests.support.gateways import select
from tests.support.hub_stations import HUB, RECIPIENT, SENDER, hub_world, until
from tests.support.memory_hub import MemoryHub


async def test_a_package_is_released_with_our_own_acceptance_as_the_proof(tmp_path: Path) -> None:
    async with hub_world(tmp_path) as world:
        pid = await world.submit()
        await world.sender.deliver(RECIPIENT)
        await world.collect(world.recipient)
        known = world.recipient.accept.known(pid)
        assert known is not None
        assert [(owner, each.proof) for owner, each in world.hub.released] == [(RECIPIENT, known.bundle)]
        legs = select(world.recipient.data, "SELECT kind, peer, state FROM leg")
        assert legs == [("acknowledgement", SENDER, "READY")]


async def test_a_rejection_travels_back_the_same_way(tmp_path: Path) -> None:
    async with hub_world(tmp_path) as world:
        pid = await world.submit()
        await world.sender.deliver(RECIPIENT)
        world.clock.moved_by += 61 * 86400
        async with world.collecting(world.recipient):
            await until(lambda: not world.hub.count(RECIPIENT))
        await world.recipient.deliver(SENDER)
        assert world.state(pid) is LegState.REJECTED
        assert world.hub.released[0][1].proof is not None


@pytest.mark.parametrize("commit", [1, 2])
async def test_a_crash_before_the_hub_is_told_loses_nothing_and_doubles_nothing(
    tmp_path: Path, commit: int
) -> None:
    """M1 and M2: the commit of the acceptance, or that of the leg that carries it, is the last thing that happens."""
    async with hub_world(tmp_path) as world:
        pid = await world.submit()
        await world.sender.deliver(RECIPIENT)
        commits = 0

        def fate() -> Fate | None:
            nonlocal commits
            commits += 1
            return Fate.KEPT if commits == commit else None

        world.recipient.on_commit = fate
        async with world.collecting(world.recipient):
            await until(lambda: world.recipient.store.broken)
        world.recipient.on_commit = lambda: None
        assert world.hub.released == []
        await world.recipient.restart()
        await world.collect(world.recipient)
        assert len(world.hub.released) == 1
        await world.recipient.deliver(SENDER)
        assert world.state(pid) is LegState.ACCEPTED
        assert select(world.recipient.data, "SELECT count(*) FROM received, leg") == [(1,)]
        await world.whole()


async def test_what_comes_again_has_our_answer_sent_again(tmp_path: Path) -> None:
    async with hub_world(tmp_path) as world:
        pid = await world.submit()
        await world.sender.deliver(RECIPIENT)
        await world.collect(world.recipient)
        await world.recipient.store.write(
            lambda each: each.move_leg(1, LegState.READY, LegState.DONE)
        )  # as if the sender's gateway had lost it after it said that it is durable
        world.hub.forget(ItemKind.PACKAGE)
        world.clock.moved_by += 2 * 3600
        await world.sender.deliver(RECIPIENT)
        await world.collect(world.recipient)
        await world.recipient.deliver(SENDER)
        assert world.state(pid) is LegState.ACCEPTED
        assert world.recipient.accepted == [pid]


async def test_documents_come_through_the_mailbox(tmp_path: Path) -> None:
    async with hub_world(tmp_path) as world:
        await world.recipient.own.start()
        await world.recipient.upkeep.sign_status()
        world.line.cut.add(SENDER)
        before = world.sender.gateway.directory.peers[RECIPIENT].authority.fresh_at
        assert await world.recipient.refresh._pushed(SENDER)
        assert world.hub.count(SENDER, ItemKind.DOCUMENTS) == 1
        await world.collect(world.sender)
        assert world.sender.gateway.directory.peers[RECIPIENT].authority.fresh_at > before
        assert world.hub.count(SENDER) == 0


async def test_a_peer_behind_a_hub_is_given_our_documents_there_and_is_not_pinged(tmp_path: Path) -> None:
    async with hub_world(tmp_path) as world:
        await world.sender.own.start()
        await world.sender.upkeep.sign_status()
        world.sender.refresh.published()
        plan = world.sender.refresh._plan(RECIPIENT)
        plan.hourly_at = 0.0
        tries = world.line.tries
        await world.sender.refresh._visit(RECIPIENT, plan)
        assert world.hub.count(RECIPIENT, ItemKind.DOCUMENTS) == 1
        assert not plan.push_later
        assert world.line.tries == tries
        assert world.sender.store.read.ping(RECIPIENT) is None
        await world.collect(world.recipient)
        assert world.recipient.gateway.directory.peers[SENDER].authority.fresh_at > 0


async def test_when_the_hub_is_down_our_documents_go_later(tmp_path: Path) -> None:
    async with hub_world(tmp_path) as world:
        world.hub.down = True
        assert not await world.sender.refresh._pushed(RECIPIENT)


async def test_documents_that_are_not_those_listed_stay_and_those_of_a_stranger_are_let_go(
    tmp_path: Path,
) -> None:
    async with hub_world(tmp_path) as world:
        exported = encode_export(party("fr.moj").authority.documents)
        world.hub.hold(SENDER, ItemKind.DOCUMENTS, bytes(32), exported)
        world.hub.hold(SENDER, ItemKind.DOCUMENTS, hashlib.sha256(exported).digest(), exported)
        async with world.collecting(world.sender):
            await until(lambda: world.sender.figures.refused + len(world.hub.released) == 2)
        assert [each.listing.ref for each in world.hub.held] == [bytes(32)]


async def test_an_item_that_cannot_be_taken_holds_up_nobody(tmp_path: Path) -> None:
    async with hub_world(tmp_path) as world:
        for number in range(20):
            world.hub.hold(RECIPIENT, ItemKind.PACKAGE, derived("junk", number), b"\x00\x00\x00\x05junk!")
        pid = await world.submit()
        await world.sender.deliver(RECIPIENT)
        async with world.collecting(world.recipient):
            await until(lambda: world.recipient.accepted == [pid])
            await until(lambda: len(world.hub.released) == 1)
        assert world.hub.count(RECIPIENT) == 20
        assert world.recipient.figures.refused == 20


async def test_more_than_a_page_that_cannot_be_taken_holds_up_nobody_either(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with hub_world(tmp_path) as world:

        async def rest(self: Mailbox, failures: int) -> None:
            world.later(3600)  # by then whatever was refused is due again
            await asyncio.sleep(0)

        monkeypatch.setattr(Mailbox, "_rest", rest)
        for number in range(450):
            world.hub.hold(RECIPIENT, ItemKind.PACKAGE, derived("junk", number), b"\x00\x00\x00\x05junk!")
        pid = await world.submit()
        await world.sender.deliver(RECIPIENT)
        async with world.collecting(world.recipient):
            await until(lambda: world.recipient.accepted == [pid])
        assert world.hub.count(RECIPIENT) >= 450


async def test_what_is_being_taken_when_a_hub_is_let_go_is_taken_to_its_end(tmp_path: Path) -> None:
    """Committed and not opened, nor answered, it would stay until the next start."""
    async with hub_world(tmp_path) as world:
        station = world.recipient
        pid = await world.submit()
        await world.sender.deliver(RECIPIENT)
        mailbox = world.mailbox(station)
        committing = asyncio.Event()

        def fate() -> None:
            committing.set()
            mailbox.end()

        station.on_commit = fate
        async with asyncio.timeout(10):
            await mailbox.run()
        assert committing.is_set()
        assert station.accepted == [pid]
        assert [each[2] for each in select(station.data, "SELECT kind, peer, state FROM leg")] == ["READY"]


class Endless(MemoryHub):
    """Always has another hundred items."""

    def listed(self, owner: str, after: int) -> list[Listing]:
        return [
            Listing(
                item=after + number,
                kind=ItemKind.PACKAGE,
                ref=derived("junk", after + number),
                size=9,
                at=self.now,
                expires=self.now + 9,
            )
            for number in range(1, 101)
        ]


async def test_a_hub_that_always_has_more_is_asked_ever_more_slowly_in_bounded_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rests: list[int] = []

    async def rest(self: Mailbox, failures: int) -> None:
        rests.append(failures)
        await asyncio.sleep(0)

    monkeypatch.setattr(Mailbox, "_rest", rest)
    monkeypatch.setattr(collect, "_REMEMBERED_MAX", 250)
    async with hub_world(tmp_path, Endless(HUB)) as world, world.collecting(world.recipient) as mailbox:
        await until(lambda: world.recipient.figures.refused > 1200)
        assert rests[-1] >= 9
        assert rests == sorted(rests)
        assert len(mailbox._troubles) <= 250
        assert len(mailbox._busy) <= 8


async def test_a_hub_that_is_down_is_asked_again_and_what_it_held_comes(tmp_path: Path) -> None:
    async with hub_world(tmp_path) as world:
        pid = await world.submit()
        await world.sender.deliver(RECIPIENT)
        world.hub.down = True
        async with world.collecting(world.recipient) as mailbox:
            await until(lambda: mailbox.reached is False)
            world.hub.down = False
            await until(lambda: world.recipient.accepted == [pid])
            assert mailbox.reached


class Broken(MemoryHub):
    """Whatever it does to our code, which breaks where nobody expected it, twice."""

    left = 2

    def listed(self, owner: str, after: int) -> list[Listing]:
        self.left -= 1
        if self.left >= 0:
            raise IndexError("a bug of ours")
        return super().listed(owner, after)


async def test_a_bug_about_one_hubs_list_does_not_end_the_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("emla.flow.member.collect.delay_seconds", lambda *_, **__: 0.05)
    async with hub_world(tmp_path, Broken(HUB)) as world:
        pid = await world.submit()
        await world.sender.deliver(RECIPIENT)
        running = asyncio.create_task(world.mailbox(world.recipient).run())
        await until(lambda: running.done() or world.recipient.accepted == [pid])
        await ended(running)


async def ended(running: asyncio.Task[None]) -> None:
    """It went on until now, and is ended."""
    assert not running.done(), running.exception()
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running


async def test_a_bug_about_one_hubs_releases_does_not_end_the_process(tmp_path: Path) -> None:
    async with hub_world(tmp_path) as world:
        door = world.hub.door(RECIPIENT)
        honest, bugs = door.release, [IndexError("a bug of ours")]

        async def release(hub: Authority, releases: Sequence[Release]) -> Sequence[str] | Refusal:
            if bugs:
                raise bugs.pop()
            return await honest(hub, releases)

        door.release = release  # type: ignore[method-assign]
        mailbox = world.mailbox(world.recipient)
        mailbox._line = door
        await world.submit()
        await world.sender.deliver(RECIPIENT)
        running = asyncio.create_task(mailbox.run())
        await until(lambda: running.done() or world.hub.count(RECIPIENT) == 0)
        assert not bugs
        await ended(running)


async def test_a_release_that_is_refused_comes_again_ever_more_seldom(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with hub_world(tmp_path) as world:
        door = world.hub.door(RECIPIENT)
        honest, outcomes = door.release, ["bad-signature"] * 3

        async def release(hub: object, releases: list[Release]) -> list[str]:
            if outcomes:
                return [outcomes.pop()] * len(releases)
            return list(await honest(HUB.authority, releases))  # type: ignore[arg-type]

        mailbox = world.mailbox(world.recipient)
        mailbox._line = door
        door.release = release  # type: ignore[method-assign,assignment]
        pid = await world.submit()
        await world.sender.deliver(RECIPIENT)
        running = asyncio.create_task(mailbox.run())
        for left in (2, 1, 0):
            await until(lambda left=left: len(outcomes) == left and bool(mailbox._troubles))  # type: ignore[misc]
            assert [each.failures for each in mailbox._troubles.values()] == [6 - left]
            world.later(4000)
        await until(lambda: world.hub.count(RECIPIENT) == 0 and not mailbox._stays)
        await ended(running)
        assert world.recipient.accepted == [pid]
        assert caplog.messages.count("release refused") == 1


async def test_what_a_hub_cannot_let_go_at_the_moment_keeps_nothing_else(tmp_path: Path) -> None:
    """The hub's ledger is closed: no package goes. It has been told of each, and there is room for what comes."""
    async with hub_world(tmp_path) as world:
        door = world.hub.door(RECIPIENT)
        honest, closed = door.release, [True]

        async def release(hub: object, releases: list[Release]) -> list[str]:
            gone = [each for each in releases if not (closed and each.proof)]
            await honest(HUB.authority, gone)
            return ["ok" if each in gone else "ledger-restored" for each in releases]

        door.release = release  # type: ignore[method-assign,assignment]
        mailbox = world.mailbox(world.recipient)
        mailbox._line = door
        pids = [await world.submit(number) for number in (1, 2)]
        await world.sender.deliver(RECIPIENT)
        exported = encode_export(party("fr.moj").authority.documents)
        world.hub.hold(RECIPIENT, ItemKind.DOCUMENTS, hashlib.sha256(exported).digest(), exported)
        running = asyncio.create_task(mailbox.run())
        await until(lambda: world.hub.count(RECIPIENT, ItemKind.DOCUMENTS) == 0 and not mailbox._busy)
        assert world.hub.count(RECIPIENT, ItemKind.PACKAGE) == 2
        assert not mailbox._taken
        closed.clear()
        world.later(4000)
        await until(lambda: world.hub.count(RECIPIENT) == 0)
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running
        assert sorted(world.recipient.accepted) == sorted(pids)


async def test_mailboxes_follow_our_card_and_who_is_pinned(tmp_path: Path) -> None:
    async with hub_world(tmp_path) as world:
        gateway = world.recipient.gateway
        pinned = gateway.directory.peers.pop(HUB.id)
        taken: list[Listing] = []

        async def take(item: Listing, source: ItemSource) -> Taken:
            taken.append(item)
            return Taken(new=True)

        collector = Collect(gateway, world.hub.door(RECIPIENT), {ItemKind.PACKAGE: take})
        running = asyncio.create_task(collector.run())
        await asyncio.sleep(0.01)
        assert collector.reached() == {HUB.id: False}
        gateway.directory.peers[HUB.id] = pinned
        collector.look()
        await until(lambda: world.hub.lists == 1)
        await world.submit()
        await world.sender.deliver(RECIPIENT)
        await until(lambda: len(taken) == 1)
        assert collector.reached() == {HUB.id: True}
        identity = gateway.identity
        card = replace(identity.authority.card, hubs=())
        gateway.identity = replace(identity, authority=replace(identity.authority, card=card))
        collector.look()
        await until(lambda: not collector._mailboxes)
        lists = world.hub.lists
        world.hub.poke()
        await asyncio.sleep(0.01)
        assert world.hub.lists == lists
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running


async def test_a_kind_that_nobody_takes_stays_where_it_is(tmp_path: Path) -> None:
    async with hub_world(tmp_path) as world:
        world.hub.hold(RECIPIENT, ItemKind.CHANNEL, bytes(32), b"for a later release of emla")
        await world.collect(world.recipient)
        assert world.hub.count(RECIPIENT) == 1
