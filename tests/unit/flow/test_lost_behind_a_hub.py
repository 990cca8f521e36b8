"""A member lets a package go at its hub, and loses it with its disk before anybody else has its answer: only the hub has that."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from emla.flow.channel.ledger_watch import BEHIND
from emla.model.acknowledgement import Event
from emla.model.leg import LegState
from emla.model.mailbox import ItemKind
from tests.support.hub_stations import (
    HUB,
    RECIPIENT,
    SENDER,
    HubWorld,
    begin_anew,
    hub_world,
    put_back,
    settled,
)
from tests.support.in_process import Station
from tests.support.key_house import Ministry
from tests.support.restored import closed

HOUR = 3600.0


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[HubWorld]:
    async with hub_world(tmp_path) as made:
        made.line.cut.add(SENDER)  # neither can be reached
        yield made


async def back_up(station: Station, backup: Path) -> None:
    """Copy a folder, as a backup does: while nothing is written."""
    await station.close()
    shutil.copytree(station.data, backup)
    station.start()


async def accepted(world: HubWorld) -> bytes:
    """A package of at.moj's, accepted by jp.moj and let go at the hub; the answer has reached nobody yet."""
    pid = await world.submit()
    await world.sender.deliver(RECIPIENT)
    await world.collect(world.recipient)
    assert [owner for owner, _ in world.hub.released] == [RECIPIENT]
    return pid


async def test_what_a_member_let_go_at_its_hub_and_lost_before_anybody_had_its_answer_comes_back(
    world: HubWorld, tmp_path: Path
) -> None:
    """The hub holds nothing any more, and is the only one that has the acceptance: it gives that to the package's sender."""
    station = world.recipient
    ministry = Ministry(station)
    await station.own.start()
    await ministry.appoint()
    await back_up(station, tmp_path / "backup")
    pid = await accepted(world)
    proof = station.store.read.bundle(pid, Event.RELAY_ACCEPTANCE)
    assert world.state(pid) is LegState.HUB_HELD
    victim = await put_back(world, tmp_path / "backup")
    assert victim.store.read.received(pid) is None
    world.later(2 * HOUR)
    await world.sender.deliver(RECIPIENT)
    assert world.state(pid) is LegState.ACCEPTED
    assert world.sender.store.read.bundle(pid, Event.RELAY_ACCEPTANCE) == proof
    assert world.hub.count(RECIPIENT, ItemKind.PACKAGE) == 0, "what was let go is not held again"
    await victim.channels.exchange(SENDER)
    await settled(world, world.sender, victim)
    assert closed(victim).code == BEHIND
    await begin_anew(world, ministry, victim)
    assert victim.store.read.bundle(pid, Event.RELAY_ACCEPTANCE) == proof
    await victim.open()
    await victim.deliver(SENDER)
    await settled(world, world.sender, victim)
    assert world.state(pid) is LegState.CONSIGNED
    await world.whole()


async def test_a_restored_member_is_told_by_its_hub_what_it_had_signed_though_nobody_else_has_it(
    world: HubWorld, tmp_path: Path
) -> None:
    """Its acceptance has reached nobody but the hub, as the proof; the package's sender cannot know how large the ledger was."""
    await back_up(world.recipient, tmp_path / "backup")
    await accepted(world)
    victim = await put_back(world, tmp_path / "backup")
    await victim.watch.restored()
    await victim.rounds._exchange(HUB.id)
    assert (closed(victim).code, closed(victim).peer) == (BEHIND, HUB.id)
