"""A restored member whose hub still holds what it had accepted: no package gets a second, different RelayAcceptance."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from emla.bootstrap.hubs import HubWays, collector
from emla.flow.channel.ledger_watch import BEHIND
from emla.flow.channel.own_status import last_status
from emla.flow.events import LEDGER_RECOVERED
from emla.flow.member import earlier
from emla.flow.member.earlier import Earlier
from emla.model.acknowledgement import Event
from emla.model.channel import ChannelStatus, SentChannel
from emla.model.errors import ConfigurationError
from emla.model.leg import LegState
from emla.model.mailbox import ItemKind
from tests.support.gateways import select
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
from tests.support.restored import begin_epoch, closed
from tests.unit.flow.test_lost_behind_a_hub import back_up

HOUR = 3600.0


@dataclass
class Lost:
    """jp.moj is put back to before it accepted a package, which the hub, never told, still holds. Its ledger is behind."""

    world: HubWorld
    ministry: Ministry
    pid: bytes
    first: bytes | None
    """The acceptance that jp.moj signed then and has lost, where its sender has it."""
    victim: Station

    def second(self) -> bytes | None:
        return self.victim.store.read.bundle(self.pid, Event.RELAY_ACCEPTANCE)

    def signed(self) -> bytes:
        row = self.world.sender.store.read.sent(self.pid)
        assert row is not None
        return row.signed

    def begun(self) -> int:
        """When the epoch in force began."""
        return self.victim.store.read.events(LEDGER_RECOVERED, 1)[0].at


async def lose(world: HubWorld, backup: Path, *, is_answered: bool) -> Lost:
    station = world.recipient
    ministry = Ministry(station)
    await station.own.start()
    await ministry.appoint()
    await back_up(station, backup)
    await world.submit(2)  # its answer arrives in any case, and shows that the ledger is behind
    await world.sender.deliver(RECIPIENT)
    await world.collect(station)
    await station.deliver(SENDER)
    pid = await world.submit()
    await world.sender.deliver(RECIPIENT)
    held = list(world.hub.held)
    await world.collect(station)
    if is_answered:
        await station.deliver(SENDER)
    first = world.sender.store.read.bundle(pid, Event.RELAY_ACCEPTANCE)
    assert (first is not None) == is_answered
    world.hub.held = held
    world.hub.proofs.clear()
    victim = await put_back(world, backup)
    world.later(2 * HOUR)
    await victim.channels.exchange(SENDER)
    assert closed(victim).code == BEHIND
    return Lost(world, ministry, pid, first, victim)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[HubWorld]:
    async with hub_world(tmp_path) as made:
        yield made


async def test_what_was_accepted_before_the_loss_is_not_accepted_again_but_comes_back(
    world: HubWorld, tmp_path: Path
) -> None:
    lost = await lose(world, tmp_path / "backup", is_answered=True)
    await begin_anew(world, lost.ministry, lost.victim)
    await world.sender.settle_heard()
    await settled(world, world.sender, lost.victim)
    assert lost.second() == lost.first
    world.later(HOUR)
    await world.collect(lost.victim)
    assert world.hub.count(RECIPIENT) == 0, "it is known now, and let go"
    await lost.victim.open()
    await lost.victim.deliver(SENDER)
    assert world.state(lost.pid) is LegState.CONSIGNED
    assert select(world.sender.data, "SELECT count(*) FROM contradiction") == [(0,)]
    await world.whole()


async def test_what_its_sender_says_nobody_has_answered_is_accepted(world: HubWorld, tmp_path: Path) -> None:
    lost = await lose(world, tmp_path / "backup", is_answered=False)
    world.later(2)
    await begin_epoch(lost.ministry)
    await lost.victim.refresh._pushed(SENDER)
    world.later(HOUR)
    await world.collect(lost.victim)
    assert lost.second() is None, "nobody has said yet whether it was accepted"
    assert world.hub.count(RECIPIENT, ItemKind.PACKAGE) == 1
    await lost.victim.channels.exchange(SENDER)
    await world.collect(lost.victim)
    assert lost.second() is not None
    await lost.victim.deliver(SENDER)
    assert world.state(lost.pid) is LegState.ACCEPTED
    assert world.sender.store.read.bundle(lost.pid, Event.RELAY_ACCEPTANCE) == lost.second()
    await world.whole()


async def test_what_is_made_after_the_epoch_began_waits_for_nobody(world: HubWorld, tmp_path: Path) -> None:
    lost = await lose(world, tmp_path / "backup", is_answered=False)
    await begin_epoch(lost.ministry)
    await lost.victim.refresh._pushed(SENDER)
    await world.collect(world.sender)
    world.later(HOUR)
    pid = await world.submit(3)
    await world.sender.deliver(RECIPIENT)
    await world.collect(lost.victim)
    assert lost.victim.store.read.received(pid) is not None
    assert lost.second() is None


async def test_what_a_sender_said_or_made_before_the_epoch_began_says_nothing(
    world: HubWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By its clock, which may be five minutes ahead."""
    lost = await lose(world, tmp_path / "backup", is_answered=False)
    signed, victim = lost.signed(), lost.victim
    asked = Earlier(victim.gateway)
    with pytest.raises(ConfigurationError) as caught:
        asked.check(1, lost.pid, signed)
    assert caught.value.code == BEHIND
    await begin_epoch(lost.ministry)
    begun, said = lost.begun(), last_status(victim.gateway, SENDER)
    assert said is not None
    assert lost.pid in said.open

    def judged(status: ChannelStatus | None) -> bool:
        monkeypatch.setattr(earlier, "last_status", lambda *_: status)
        try:
            asked.check(1, lost.pid, signed)
        except ConfigurationError as error:
            assert error.code == "ledger-restored"
            return False
        return True

    assert not judged(None)
    assert not judged(said)
    assert not judged(replace(said, at=begun + 299))
    assert judged(replace(said, at=begun + 300))
    assert not judged(replace(said, at=begun + 300, open=()))
    unknown = SentChannel(
        epoch=1, seq=2, lost=((2, 2),)
    )  # it was put back itself, and knows the package no more
    assert judged(replace(said, at=begun + 300, open=(), sent=(unknown,)))
    assert not asked.spoke(SENDER), "nothing waits any more"


async def test_what_waits_for_its_senders_word_is_looked_at_when_that_has_come(
    world: HubWorld, tmp_path: Path
) -> None:
    lost = await lose(world, tmp_path / "backup", is_answered=False)
    await begin_epoch(lost.ministry)
    victim, relay = lost.victim, type("Relay", (), {"add": lambda _, leg: None})()
    collect = collector(
        victim.gateway,
        HubWays(line=world.hub.door(RECIPIENT), ways=victim.ways),  # type: ignore[arg-type]
        victim.accept,
        victim.receive,
        victim.take,
        victim.take_back,
        victim.heard_there,
        relay,
        lambda hub: None,
    )
    mailbox = collect._mailboxes[HUB.id] = world.mailbox(victim)
    mailbox._takers = collect._takers
    mailbox._leave(9, 8)
    (item,) = world.hub.listed(RECIPIENT, 0)
    mailbox._leave(item.item, 8)
    with pytest.raises(ConfigurationError):
        async with mailbox._line.fetch(HUB.authority, item) as source:
            await mailbox._takers[item.kind](item, source)
    await victim.channels.exchange(SENDER)
    now = world.clock.steady()
    assert mailbox._troubles[item.item].until <= now < mailbox._troubles[9].until
