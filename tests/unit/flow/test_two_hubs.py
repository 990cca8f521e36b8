"""A peer that names two hubs: whatever the first one answers, it does not keep the second one unused."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from emla.flow.documents.peers import ImportPeer, root_fingerprint
from emla.flow.gateway import subject_of
from emla.formats.export import encode_export
from emla.model.acknowledgement import Event
from emla.model.documents import Authority
from emla.model.leg import LegState
from emla.model.mailbox import ItemKind, Listing
from emla.ports.transport import Refusal
from tests.support.authorities import party
from tests.support.gateways import answer_of
from tests.support.hub_stations import HUB, RECIPIENT, SENDER, HubWorld, hub_world
from tests.support.in_process import Station
from tests.support.memory_hub import Door, MemoryHub

EVIL = party("un.hub")
DAY = 86400.0


@dataclass
class Doors:
    """The line of one member to several hubs."""

    doors: dict[str, Door]

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(hub: Authority, *given: object, **named: object) -> object:
            return getattr(self.doors[hub.id], name)(hub, *given, **named)

        return call


class Rejecting(MemoryHub):
    """Takes no package that its card has no room for."""

    def answer(self, signed: bytes) -> bytes | Refusal:
        return answer_of(self.party, subject_of(signed), Event.HUB_REJECTION, at=self.now, reason="too-large")


class Rambling(MemoryHub):
    """Answers what is no bundle."""

    def answer(self, signed: bytes) -> bytes | Refusal:
        return b"\x00no bundle at all"


class Quoting(MemoryHub):
    """Answers with something else that was said about the package, once it has it."""

    word = b""

    def answer(self, signed: bytes) -> bytes | Refusal:
        return self.word or super().answer(signed)


class Hiding(MemoryHub):
    """Takes everything, and hands out nothing."""

    def listed(self, owner: str, after: int) -> list[Listing]:
        return []


async def name_first(world: HubWorld, station: Station, peer: str, hub: MemoryHub) -> None:
    """A peer names another hub before the one that everybody has."""
    authority = hub.party.authority
    await ImportPeer(station.gateway)(encode_export(authority.documents), root_fingerprint(authority))
    hub.now = world.hub.now
    owner = station.gateway.identity.id
    station._deliver._hub_line = Doors({each.party.id: each.door(owner) for each in (hub, world.hub)})
    world.line.hubs[hub.party.id] = hub
    known = station.gateway.directory.peers[peer]
    known.authority = replace(known.authority, card=replace(known.authority.card, hubs=(EVIL.id, HUB.id)))


@pytest.mark.parametrize("kind", [Rejecting, Rambling])
async def test_what_the_first_hub_answers_instead_of_holding_it_leaves_it_to_the_second(
    tmp_path: Path, kind: type[MemoryHub]
) -> None:
    async with hub_world(tmp_path) as world:
        evil = kind(EVIL)
        await name_first(world, world.sender, RECIPIENT, evil)
        pid = await world.submit()
        assert await world.sender.deliver(RECIPIENT) == []
        assert (len(evil.deposits), len(world.hub.deposits)) == (1, 1)
        assert world.state(pid) is LegState.HUB_HELD
        await world.collect(world.recipient)
        await world.recipient.deliver(SENDER)
        assert world.state(pid) is LegState.ACCEPTED


async def test_the_recipients_word_about_the_content_is_no_answer_to_a_package(tmp_path: Path) -> None:
    async with hub_world(tmp_path) as world:
        evil = Quoting(EVIL)
        await name_first(world, world.sender, RECIPIENT, evil)
        pid = await world.submit()
        for _ in range(2):  # each has it
            await world.sender.deliver(RECIPIENT)
            world.clock.moved_by += DAY
        await world.collect(world.recipient)
        await world.recipient.open()
        evil.word = world.recipient.store.read.bundle(pid, Event.CONTENT_CONSIGNMENT) or b""
        evil.answers.clear()
        assert evil.word
        assert await world.sender.deliver(RECIPIENT) == []
        assert world.state(pid) is LegState.ACCEPTED


async def test_a_hubs_rejection_is_kept_beside_the_acceptance_of_the_other(tmp_path: Path) -> None:
    async with hub_world(tmp_path) as world:
        await name_first(world, world.sender, RECIPIENT, Rejecting(EVIL))
        pid = await world.submit()
        await world.sender.deliver(RECIPIENT)
        stored = [(each.event, each.by) for each in world.sender.store.read.acknowledgements(pid)]
        assert stored == [
            (Event.SUBMISSION_ACCEPTANCE, SENDER),
            (Event.HUB_REJECTION, EVIL.id),
            (Event.HUB_ACCEPTANCE, HUB.id),
        ]
        await world.whole()


async def test_when_each_of_them_rejects_it_that_is_told(tmp_path: Path) -> None:
    async with hub_world(tmp_path, Rejecting(HUB)) as world:
        await name_first(world, world.sender, RECIPIENT, Rejecting(EVIL))
        pid = await world.submit()
        assert [each.code for each in await world.sender.deliver(RECIPIENT)] == ["too-large"]
        assert world.state(pid) is LegState.READY


async def test_a_hub_that_takes_packages_and_hides_them_is_not_the_only_one_that_is_given_them(
    tmp_path: Path,
) -> None:
    async with hub_world(tmp_path) as world:
        evil = Hiding(EVIL)
        await name_first(world, world.sender, RECIPIENT, evil)
        pid = await world.submit()
        for _ in range(4):
            await world.sender.deliver(RECIPIENT)
            world.clock.moved_by += DAY
        assert (len(evil.deposits), len(world.hub.deposits)) == (2, 2)
        stored = {(each.event, each.by) for each in world.sender.store.read.acknowledgements(pid)}
        assert {(Event.HUB_ACCEPTANCE, EVIL.id), (Event.HUB_ACCEPTANCE, HUB.id)} < stored
        assert world.sender.store.read.peers_with_legs() == [RECIPIENT]
        await world.collect(world.recipient)
        await world.recipient.deliver(SENDER)
        assert world.state(pid) is LegState.ACCEPTED


async def test_a_hub_that_hides_an_answer_is_not_the_only_one_that_is_given_it(tmp_path: Path) -> None:
    """at.moj has a line, which is cut: its answers are offered to a hub ever more seldom, and to another one each time."""
    async with hub_world(tmp_path) as world:
        evil = Hiding(EVIL)
        await name_first(world, world.recipient, SENDER, evil)
        world.line.cut.add(SENDER)
        pid = await world.submit()
        await world.sender.deliver(RECIPIENT)
        await world.collect(world.recipient)
        given = []
        for _ in range(9):
            await world.recipient.deliver(SENDER)
            given.append([len(each.deposits) for each in (evil, world.hub)])
            world.clock.moved_by += 3600
        # Offered at 0, 1, 2, 4 and 8 attempts. The hub that is honest was given the package, too.
        assert [evils for evils, _ in given] == [1, 1, 2, 2, 2, 2, 2, 2, 3]
        assert [ours - 1 for _, ours in given] == [0, 1, 1, 1, 2, 2, 2, 2, 2]
        assert world.hub.count(SENDER, ItemKind.ACKNOWLEDGEMENT) == 1
        await world.collect(world.sender)
        assert world.state(pid) is LegState.ACCEPTED
