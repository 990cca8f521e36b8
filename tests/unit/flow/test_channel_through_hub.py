"""Channels are compared through a hub, too: by an authority that nobody can call, and by one whose line is down."""

import hashlib
import shutil
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from emla.bootstrap.audit import verify_ledger
from emla.bootstrap.restored import Restored, is_restored, write_marker
from emla.flow.channel import exchange
from emla.flow.channel.ledger_watch import BEHIND, RESTORED
from emla.flow.member.statuses import HEARD_MAX
from emla.formats import channel as form
from emla.formats import dsse
from emla.model.acknowledgement import Event
from emla.model.channel import ChannelStatus
from emla.model.leg import LegKind, LegState
from emla.model.limits import WIRE
from emla.model.mailbox import ItemKind
from emla.model.signed import PayloadType
from tests.support.authorities import derived
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
    until,
)
from tests.support.in_process import Station
from tests.support.key_house import Ministry
from tests.support.messages import make_template
from tests.support.restored import closed, line_of, state

BACK = make_template(sender=RECIPIENT, recipient=SENDER, attachment=bytes(500))
HOUR = 3600.0


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[HubWorld]:
    async with hub_world(tmp_path) as made:
        yield made


def status_in(signed: bytes) -> ChannelStatus:
    return form.decode(dsse.decode(signed, PayloadType.CHANNEL, WIRE.channel_bytes).payload)


def left(world: HubWorld, by: str) -> list[ChannelStatus]:
    """What an authority has left at the hub, the oldest first."""
    return [status_in(signed) for sender, _, signed in world.hub.statuses if sender == by]


async def sent(world: HubWorld, number: int = 1) -> bytes:
    """A package of at.moj's, accepted, opened and acknowledged through the hub, as far as the lines reach."""
    pid = await world.submit(number)
    await world.sender.deliver(RECIPIENT)
    await world.collect(world.recipient)
    await world.recipient.open()
    await world.recipient.deliver(SENDER)
    await world.collect(world.sender)
    return pid


# --- what it is for ---


async def test_a_peer_that_nobody_can_call_is_asked_in_its_mailbox_and_answers_in_ours(
    world: HubWorld,
) -> None:
    world.line.cut.add(SENDER)  # neither can be reached
    assert await world.sender.channels.exchange(RECIPIENT) is None
    await world.collect(world.recipient)
    await world.recipient.heard_there.done()
    (question,), (answer,) = left(world, SENDER), left(world, RECIPIENT)
    assert (question.answers, answer.answers) == (None, question.nonce)
    await world.collect(world.sender)
    await world.sender.heard_there.done()
    assert world.sender.channels._last(RECIPIENT) == answer
    assert len(world.hub.statuses) == 2, "an answer is not answered"
    assert world.hub.count(SENDER, ItemKind.CHANNEL) == world.hub.count(RECIPIENT, ItemKind.CHANNEL) == 0
    assert (world.sender.words, world.recipient.words) == ([RECIPIENT], [SENDER])


async def test_a_question_out_of_a_mailbox_is_answered_directly_where_that_is_possible(
    world: HubWorld,
) -> None:
    await world.sender.channels.exchange(RECIPIENT)
    await world.collect(world.recipient)
    await world.recipient.heard_there.done()
    assert left(world, RECIPIENT) == []
    (heard,) = world.sender.heard
    assert heard.answers == left(world, SENDER)[0].nonce


async def test_an_acceptance_that_every_hub_lost_comes_with_the_next_status(world: HubWorld) -> None:
    world.line.cut.add(SENDER)
    pid = await world.submit()
    await world.sender.deliver(RECIPIENT)
    await world.collect(world.recipient)
    await world.recipient.open()
    await world.recipient.deliver(SENDER)
    world.hub.forget(ItemKind.ACKNOWLEDGEMENT)
    world.later(2)
    assert world.state(pid) is LegState.HUB_HELD
    await world.sender.channels.exchange(RECIPIENT)
    await settled(world, world.recipient, world.sender)
    assert world.state(pid) is LegState.CONSIGNED


async def test_what_was_let_go_and_lost_since_is_left_at_the_hub_again(world: HubWorld) -> None:
    world.line.cut.add(SENDER)
    pid = await sent(world)
    assert world.state(pid) is LegState.CONSIGNED
    await world.sender.store.write(lambda each: _forget_verdicts(each._connection))  # type: ignore[attr-defined]  # damage
    assert world.state(pid) is LegState.ACCEPTED
    world.later(2)
    await world.sender.channels.exchange(RECIPIENT)
    await settled(world, world.recipient, world.sender)
    assert world.state(pid) is LegState.CONSIGNED


def _forget_verdicts(connection: object) -> None:
    connection.execute("DELETE FROM acknowledgement WHERE event = 'ContentConsignment'")  # type: ignore[attr-defined]
    connection.execute("UPDATE leg SET state = 'ACCEPTED' WHERE kind = 'package'")  # type: ignore[attr-defined]


async def test_the_rounds_ask_through_the_hub(world: HubWorld) -> None:
    world.line.cut.add(SENDER)
    await world.recipient.rounds._exchange(SENDER)
    assert [each.recipient for each in left(world, RECIPIENT)] == [SENDER]
    # Asked is not reached: when its own line is back, both compare anew.
    assert world.recipient.rounds._away == {SENDER}
    await world.sender.rounds._exchange(RECIPIENT)
    assert world.sender.rounds._away == set(), "one that has no line is not away"


async def test_whoever_could_not_be_asked_is_asked_when_the_hub_is_back(world: HubWorld) -> None:
    world.hub.down = True
    await world.sender.rounds._exchange(RECIPIENT)
    assert world.sender.rounds._away == {RECIPIENT}
    world.hub.down = False
    plan = world.sender.rounds._plan(RECIPIENT)
    plan.at = plan.at + HOUR
    world.later(60)
    world.sender.rounds.hub_reached(HUB.id)
    assert plan.at <= world.clock.steady() + 2


async def test_two_statuses_left_at_a_hub_are_not_of_one_second(
    world: HubWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def passes(seconds: float) -> None:
        world.clock.moved_by += seconds

    # Time passes when the exchange waits for it, and at no other time.
    world.clock.stand()
    monkeypatch.setattr(exchange, "asyncio", SimpleNamespace(sleep=passes))
    for _ in range(2):
        await world.sender.channels.exchange(RECIPIENT)
    first, second = left(world, SENDER)
    assert first.at < second.at


# --- a ledger that is behind ---


async def test_a_member_that_nobody_can_call_finds_out_before_it_signs_that_it_is_behind(
    world: HubWorld, tmp_path: Path
) -> None:
    world.line.cut.add(SENDER)
    await sent(world)
    await world.recipient.close()
    shutil.copytree(world.recipient.data, tmp_path / "backup")
    world.recipient.start()
    await sent(world, 2)
    victim = await put_back(world, tmp_path / "backup")
    size = victim.store.real.ledger_size
    world.hub.checkpoints.clear()  # a hub that was restored, too
    async with world.collecting(world.sender):
        await line_of(victim, world.hub.door(victim.gateway.identity.id)).ask_first(victim.own)
    assert (closed(victim).code, closed(victim).peer) == (BEHIND, SENDER)
    assert victim.store.real.ledger_size == size, "it has signed nothing"


async def test_a_restored_member_that_nobody_can_call_opens_when_everybody_has_answered(
    world: HubWorld,
) -> None:
    world.line.cut.add(SENDER)
    victim = world.recipient
    await sent(world)
    write_marker(victim.data, Restored(at=1790000000, backup_at=1789000000, checkpoint=""))
    world.hub.down = True
    await line_of(victim, world.hub.door(victim.gateway.identity.id)).ask_first(victim.own)
    assert closed(victim).code == RESTORED
    assert victim.watch.unanswered() == [SENDER, HUB.id]
    world.hub.down = False
    async with world.collecting(world.sender):
        await line_of(victim, world.hub.door(victim.gateway.identity.id)).ask_first(victim.own)
    assert victim.store.read.closed() is None
    assert not is_restored(victim.data)


async def test_what_a_member_lost_comes_back_through_the_hub(world: HubWorld, tmp_path: Path) -> None:
    """Both kinds: what it had accepted, and what it had sent. A new epoch first; its card travels through the hub, too."""
    world.line.cut.add(SENDER)
    station = world.recipient
    ministry = Ministry(station)
    await station.own.start()
    await ministry.appoint()
    await station.close()
    shutil.copytree(station.data, tmp_path / "backup")
    station.start()
    pid = await sent(world)
    own = (await station.hand_in(BACK, derived("back", 1, length=16))).pid
    await station.deliver(SENDER)
    await world.collect(world.sender)
    await world.sender.open()
    await world.sender.deliver(RECIPIENT)
    await world.collect(station)
    assert state(station, own) is LegState.CONSIGNED
    victim = await put_back(world, tmp_path / "backup")
    assert (victim.store.read.received(pid), victim.store.read.sent(own)) == (None, None)
    await victim.channels.exchange(SENDER)
    await settled(world, world.sender, victim)
    assert closed(victim).code == BEHIND
    assert victim.store.read.received(pid) is None, "while it is closed nothing is taken back"
    await begin_anew(world, ministry, victim)
    await settled(world, world.sender, victim)
    assert victim.store.read.bundle(pid, Event.RELAY_ACCEPTANCE) == world.sender.store.read.bundle(
        pid, Event.RELAY_ACCEPTANCE
    )
    assert state(victim, own) is LegState.CONSIGNED
    assert world.hub.count(RECIPIENT) == 0, "nothing is left in its mailbox"
    await world.whole()


# --- a hub that lies, and a member that floods ---


def play(world: HubWorld, owner: str, signed: bytes) -> None:
    """The hub puts a status into a mailbox."""
    world.hub.hold(owner, ItemKind.CHANNEL, hashlib.sha256(signed).digest(), signed)


async def test_a_hub_that_plays_back_an_old_status_changes_nothing(world: HubWorld) -> None:
    world.line.cut.add(SENDER)
    await world.sender.channels.exchange(RECIPIENT)
    ((_, _, old),) = world.hub.statuses
    await settled(world, world.recipient, world.sender)
    await sent(world)
    world.later(2)
    await world.sender.channels.exchange(RECIPIENT)
    await settled(world, world.recipient, world.sender)
    before = select(world.recipient.data, "SELECT * FROM channel_status"), len(world.hub.statuses)
    words = list(world.recipient.words)
    for _ in range(HEARD_MAX + 2):
        play(world, RECIPIENT, old)
    await settled(world, world.recipient)
    assert (select(world.recipient.data, "SELECT * FROM channel_status"), len(world.hub.statuses)) == before
    assert world.recipient.words == words, "an old word is no sign of life"
    assert world.hub.count(RECIPIENT) == 0, "and it is let go"


async def test_a_hub_that_plays_back_the_last_status_gets_no_second_answer(world: HubWorld) -> None:
    world.line.cut.add(SENDER)
    await world.sender.channels.exchange(RECIPIENT)
    ((_, _, last),) = world.hub.statuses
    for _ in range(20):
        play(world, RECIPIENT, last)
    await settled(world, world.recipient)
    assert len(left(world, RECIPIENT)) == 1
    assert world.recipient.words == [SENDER]


async def test_an_old_answer_does_not_open_a_restored_ledger(world: HubWorld) -> None:
    world.line.cut.add(SENDER)
    victim = world.recipient
    await victim.channels.exchange(SENDER)
    await settled(world, world.sender, victim)
    old = next(signed for by, _, signed in world.hub.statuses if by == SENDER)
    await victim.restart()
    await victim.watch.restored()
    await victim.rounds._exchange(HUB.id)
    play(world, RECIPIENT, old)
    await settled(world, victim)
    assert closed(victim).code == RESTORED
    assert victim.watch.unanswered() == [SENDER]


async def test_a_hub_that_swaps_the_statuses_of_two_members_is_not_believed(world: HubWorld) -> None:
    """What at.moj says to a third member lies in jp.moj's mailbox: genuine, signed, and not for it."""
    world.line.cut.add(SENDER)
    status = replace(await _said(world.sender), recipient="hk.doj")
    world.hub.held.clear()
    play(world, RECIPIENT, await world.sender.gateway.sign(PayloadType.CHANNEL, form.encode(status)))
    await settled(world, world.recipient)
    assert select(world.recipient.data, "SELECT * FROM channel_status") == []
    assert world.recipient.words == []
    assert left(world, RECIPIENT) == [], "it is not answered"
    assert world.hub.count(RECIPIENT) == 0, "and let go: it will never be for us"


async def test_what_a_hub_made_up_stays_where_it_is(world: HubWorld) -> None:
    status = await _said(world.sender)
    forged = await world.recipient.gateway.sign(PayloadType.CHANNEL, form.encode(status))
    world.hub.held.clear()
    play(world, RECIPIENT, forged)
    await settled(world, world.recipient)
    assert world.hub.count(RECIPIENT) == 1
    assert select(world.recipient.data, "SELECT * FROM channel_status") == []


async def _said(station: Station) -> ChannelStatus:
    """What at.moj would say now."""
    await station.channels.exchange(RECIPIENT)
    return status_in(station._hub_line.hub.statuses[-1][2])  # type: ignore[union-attr]


async def test_a_hub_that_holds_statuses_back_keeps_a_restored_ledger_closed_and_no_longer(
    world: HubWorld,
) -> None:
    world.line.cut.add(SENDER)
    victim = world.recipient
    await victim.watch.restored()
    await victim.rounds._exchange(HUB.id)
    for _ in range(3):
        await victim.rounds._exchange(SENDER)
        world.hub.held.clear()
        world.later(60)
    assert victim.watch.unanswered() == [SENDER]
    await victim.rounds._exchange(SENDER)
    await settled(world, world.sender, victim)
    assert victim.store.read.closed() is None


async def test_a_member_that_floods_is_heard_a_few_times_a_minute(world: HubWorld) -> None:
    world.line.cut.add(SENDER)
    status = await _said(world.sender)
    world.hub.held.clear()
    world.hub.statuses.clear()
    for number in range(40):
        flood = replace(status, nonce=number.to_bytes(16, "big"))
        play(world, RECIPIENT, await world.sender.gateway.sign(PayloadType.CHANNEL, form.encode(flood)))
    async with world.collecting(world.recipient):
        await until(lambda: world.recipient.figures.refused == 40 - HEARD_MAX)
        await until(lambda: world.hub.count(RECIPIENT) == 40 - HEARD_MAX)
    await world.recipient.heard_there.done()
    assert len(world.recipient.words) == HEARD_MAX
    assert len(left(world, RECIPIENT)) <= HEARD_MAX


async def test_everything_is_whole_afterwards(world: HubWorld) -> None:
    world.line.cut.add(SENDER)
    await sent(world)
    world.later(2)
    await world.sender.channels.exchange(RECIPIENT)
    await settled(world, world.recipient, world.sender)
    leg = world.sender.store.read.leg_of(LegKind.PACKAGE, (world.recipient.accepted)[0])
    assert leg is not None
    assert leg.state is LegState.CONSIGNED
    for station in world.stations.values():
        assert verify_ledger(station.data).problems == ()
