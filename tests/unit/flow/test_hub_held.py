"""Legs that a hub holds: they go on asking, the hub's word ends nothing, and they are not asked for too often."""

import asyncio
from pathlib import Path

import pytest

from emla.flow.backoff import hub_pause_seconds
from emla.flow.gateway import subject_of
from emla.flow.line import deliver
from emla.flow.line.hold import hold_leg
from emla.flow.line.hub_held import ACKNOWLEDGEMENT_SECONDS
from emla.flow.line.legs import Legs
from emla.flow.line.refusals import blame
from emla.flow.line.relay import Relay
from emla.model.acknowledgement import Event
from emla.model.leg import Leg, LegKind, LegState
from emla.model.mailbox import ItemKind
from emla.ports.transport import Refusal
from tests.support.authorities import derived
from tests.support.gateways import answer_of
from tests.support.hub_stations import HUB, RECIPIENT, SENDER, HubWorld, hub_world
from tests.support.in_process import Station
from tests.support.memory_hub import MemoryHub
from tests.support.messages import make_template

HOUR = 3600.0


def leg_of(world: HubWorld, pid: bytes) -> Leg:
    leg = world.sender.store.read.leg_of(LegKind.PACKAGE, pid)
    assert leg is not None
    return leg


async def test_a_package_that_a_hub_holds_waits_and_is_delivered(tmp_path: Path) -> None:
    async with hub_world(tmp_path) as world:
        pid = await world.submit()
        assert await world.sender.deliver(RECIPIENT) == []
        leg = leg_of(world, pid)
        assert (leg.state, leg.attempts, leg.last_code) == (LegState.HUB_HELD, 1, None)
        assert 0.8 * HOUR - 1 <= leg.next_at - world.clock.now() <= 1.2 * HOUR
        await world.collect(world.recipient)
        await world.recipient.open()
        await world.recipient.deliver(SENDER)
        assert world.state(pid) is LegState.CONSIGNED
        assert world.hub.count(RECIPIENT) == 0
        assert await world.recipient.read_main(pid)
        await world.whole()


async def test_whoever_waits_for_news_hears_that_a_hub_has_it(tmp_path: Path) -> None:
    async with hub_world(tmp_path) as world:
        pid = await world.submit()
        waiting = asyncio.create_task(world.sender.news.wait(pid, 5))
        await asyncio.sleep(0)
        await world.sender.deliver(RECIPIENT)
        assert await waiting


async def test_the_hub_is_asked_again_ever_more_seldom(tmp_path: Path) -> None:
    async with hub_world(tmp_path) as world:
        pid = await world.submit()
        pauses = []
        for _ in range(7):
            await world.sender.deliver(RECIPIENT)
            pauses.append(leg_of(world, pid).next_at - world.clock.now())
            world.clock.moved_by += 26 * HOUR
        for pause, hours in zip(pauses, (1, 2, 4, 8, 16, 24, 24), strict=True):
            assert 0.8 * hours * HOUR - 1 <= pause <= 1.2 * hours * HOUR
        assert len(world.hub.deposits) == 7
        assert world.hub.count(RECIPIENT) == 1
        stored = [each.event for each in world.sender.store.read.acknowledgements(pid)]
        assert stored == [Event.SUBMISSION_ACCEPTANCE, Event.HUB_ACCEPTANCE]


async def test_a_held_package_expires_in_time_and_a_late_acceptance_counts(tmp_path: Path) -> None:
    async with hub_world(tmp_path) as world:
        pid = await world.submit()
        await world.sender.deliver(RECIPIENT)
        await world.collect(world.recipient)
        leg = leg_of(world, pid)
        assert leg.expires is not None
        world.clock.moved_by += leg.expires - world.clock.now() - 0.5 * HOUR
        await world.sender.deliver(RECIPIENT)
        assert leg_of(world, pid).next_at <= leg.expires
        world.clock.moved_by += HOUR
        await world.sender.deliver(RECIPIENT)
        assert world.state(pid) is LegState.EXPIRED
        await world.recipient.deliver(SENDER)
        assert world.state(pid) is LegState.ACCEPTED


async def test_what_the_clock_alone_calls_over_is_offered_no_oftener_and_ends_when_it_is_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        deliver, "reason_to_wait", lambda *_: None
    )  # its documents are fresh: fetched each hour
    async with hub_world(tmp_path) as world:
        pid = await world.submit()
        await world.sender.deliver(RECIPIENT)
        leg = leg_of(world, pid)
        assert leg.expires is not None
        world.clock.moved_by += leg.expires - world.clock.now() - 600
        await world.sender.deliver(RECIPIENT)
        assert leg_of(world, pid).next_at == leg.expires
        world.clock.ahead = HOUR
        await world.sender.deliver(RECIPIENT)
        assert 590 <= leg_of(world, pid).next_at - world.clock.now() <= 600
        world.clock.moved_by += 601
        await world.sender.deliver(RECIPIENT)
        assert world.state(pid) is LegState.EXPIRED


async def test_a_peer_with_a_line_of_its_own_is_tried_directly_as_often_as_any(tmp_path: Path) -> None:
    """at.moj has an endpoint, but its line is cut: jp.moj leaves its acknowledgement at the hub, and finds the line mended."""
    async with hub_world(tmp_path) as world:
        world.line.cut.add(SENDER)
        await world.submit()
        await world.sender.deliver(RECIPIENT)
        await world.collect(world.recipient)
        await world.recipient.deliver(SENDER)
        leg = world.recipient.store.read.due_legs(SENDER, float("inf"), 9)[0]
        assert (leg.state, leg.last_code) == (LegState.HUB_HELD, "peer-unreachable")
        assert leg.next_at - world.clock.now() <= 15 * 60
        world.line.cut.clear()
        world.clock.moved_by += 15 * 60 + 1
        await world.recipient.deliver(SENDER)
        assert world.recipient.store.read.peers_with_legs() == []


async def test_while_its_line_is_known_to_be_down_a_held_leg_does_not_wait_for_it(tmp_path: Path) -> None:
    async with hub_world(tmp_path) as world:
        world.line.cut.add(SENDER)
        await world.submit()
        await world.sender.deliver(RECIPIENT)
        await world.collect(world.recipient)
        await world.recipient.deliver(SENDER)
        await world.recipient.deliver(SENDER)
        deposits, tries = len(world.hub.deposits), world.line.tries
        for _ in range(3):
            assert await world.recipient.deliver(SENDER) == []
        assert world.line.tries == tries
        assert len(world.hub.deposits) - deposits < 3


async def test_an_acknowledgement_is_given_to_the_hub_for_three_days_and_is_then_done(tmp_path: Path) -> None:
    async with hub_world(tmp_path) as world:
        world.line.cut.add(SENDER)
        await world.submit()
        await world.sender.deliver(RECIPIENT)
        await world.collect(world.recipient)
        begun, hours = world.clock.now(), 0
        while world.recipient.store.read.peers_with_legs():
            world.hub.forget(ItemKind.ACKNOWLEDGEMENT)
            await world.recipient.deliver(SENDER)
            world.clock.moved_by += HOUR
            hours += 1
            assert hours < 200
        assert world.clock.now() - begun >= ACKNOWLEDGEMENT_SECONDS
        assert sum(kind is ItemKind.ACKNOWLEDGEMENT for kind, _ in world.hub.deposits) >= 6


class Rejecting(MemoryHub):
    """Takes no package."""

    def answer(self, signed: bytes) -> bytes | Refusal:
        return answer_of(self.party, subject_of(signed), Event.HUB_REJECTION, at=self.now, reason="too-large")


async def test_a_hubs_rejection_is_noted_and_ends_nothing(tmp_path: Path) -> None:
    async with hub_world(tmp_path, Rejecting(HUB)) as world:
        pid = await world.submit()
        for _ in range(2):
            assert [each.code for each in await world.sender.deliver(RECIPIENT)] == ["too-large"]
        assert world.state(pid) is LegState.READY
        stored = [(each.event, each.by) for each in world.sender.store.read.acknowledgements(pid)]
        assert stored == [(Event.SUBMISSION_ACCEPTANCE, SENDER), (Event.HUB_REJECTION, HUB.id)]


class Forgetful(MemoryHub):
    """Signs another HubAcceptance each time, as one that was restored from a backup."""

    def answer(self, signed: bytes) -> bytes | Refusal:
        self.answers.clear()
        self.now += 1
        return super().answer(signed)


async def test_a_hub_that_contradicts_itself_stops_nobody(tmp_path: Path) -> None:
    async with hub_world(tmp_path, Forgetful(HUB)) as world:
        pid = await world.submit()
        await world.sender.deliver(RECIPIENT)
        first = world.sender.store.read.bundle(pid, Event.HUB_ACCEPTANCE)
        await world.sender.deliver(RECIPIENT)
        assert world.sender.store.read.bundle(pid, Event.HUB_ACCEPTANCE) == first
        assert leg_of(world, pid).attempts == 2
        assert world.state(pid) is LegState.HUB_HELD


async def test_without_a_pinned_hub_it_waits_and_says_who_must_act(tmp_path: Path) -> None:
    async with hub_world(tmp_path) as world:
        pid = await world.submit()
        pinned = world.sender.gateway.directory.peers.pop(HUB.id)
        refusals = await world.sender.deliver(RECIPIENT)
        assert [(each.code, each.held) for each in refusals] == [("hub-not-pinned", True)]
        expires = leg_of(world, pid).expires
        assert expires is not None
        world.clock.ahead = (
            expires - world.clock.now() + 60
        )  # set forward: it is not over, and nobody refused it
        refusals = await world.sender.deliver(RECIPIENT)
        assert [(each.code, each.held) for each in refusals] == [("hub-not-pinned", True)]
        world.clock.ahead = 0.0
        world.sender.gateway.directory.peers[HUB.id] = pinned
        await world.sender.deliver(RECIPIENT)
        assert world.state(pid) is LegState.HUB_HELD


async def test_a_package_sealed_to_a_revoked_key_is_sealed_anew_though_a_hub_holds_it(tmp_path: Path) -> None:
    async with hub_world(tmp_path) as world:
        pid = await world.submit()
        await world.sender.deliver(RECIPIENT)
        assert [leg.ref for leg in world.sender.store.read.ready_packages(RECIPIENT)] == [pid]


@pytest.mark.parametrize(("offers", "hours"), [(0, 1), (1, 1), (2, 2), (5, 16), (6, 24), (1000, 24)])
def test_the_pause_doubles_up_to_a_day(offers: int, hours: int) -> None:
    assert hub_pause_seconds(offers, chance=0.0) == pytest.approx(0.8 * hours * HOUR)
    assert hub_pause_seconds(offers, chance=0.999) < 1.2 * hours * HOUR


async def test_a_wake_is_for_what_waits_and_not_for_what_a_hub_holds(tmp_path: Path) -> None:
    async with hub_world(tmp_path) as world:
        pid = await world.submit()
        await world.sender.deliver(RECIPIENT)
        read, now = world.sender.store.read, world.clock.now()
        assert read.due_legs(RECIPIENT, float("inf"), 9, hub_held_until=now) == []
        assert [leg.ref for leg in read.due_legs(RECIPIENT, float("inf"), 9)] == [pid]
        assert read.next_due(RECIPIENT, now) == leg_of(world, pid).next_at


class Refusing(MemoryHub):
    """Says of whatever it is given that it is not well formed."""

    def answer(self, signed: bytes) -> bytes | Refusal:
        return Refusal(code="malformed")

    def take_acknowledgement(self, aid: bytes, bundle: bytes) -> Refusal | None:
        return Refusal(code="malformed")


class Forging(MemoryHub):
    """Signs in the recipient's name."""

    def answer(self, signed: bytes) -> bytes | Refusal:
        return answer_of(self.party, subject_of(signed), Event.RELAY_ACCEPTANCE, at=self.now)


@pytest.mark.parametrize("lying", [Refusing, Rejecting, Forging])
async def test_no_hub_has_put_aside_what_its_peer_has_a_line_of_its_own_for(
    tmp_path: Path, lying: type[MemoryHub]
) -> None:
    """at.moj has a line, which is cut for a day: what the hub says of packages meanwhile must not cost a person's release."""
    async with hub_world(tmp_path, lying(HUB)) as world:
        world.line.cut.add(SENDER)
        template = make_template(sender=RECIPIENT, recipient=SENDER, attachment=bytes(10))
        await world.recipient.hand_in(template, derived("there", 1, length=16))
        for _ in range(2):
            assert [each.code for each in await world.recipient.deliver(SENDER)] == ["peer-unreachable"]
        world.hub.answers.clear()
        assert not blame(Refusal(code="peer-unreachable"), own=False).leg


async def test_no_hub_has_put_aside_an_answer_that_has_a_line_of_its_own(tmp_path: Path) -> None:
    async with hub_world(tmp_path) as world:
        await answered(world)
        world.hub.take_acknowledgement = lambda aid, bundle: Refusal(code="malformed")  # type: ignore[method-assign]  # the hub turns
        world.clock.moved_by += HOUR
        assert [each.code for each in await world.recipient.deliver(SENDER)] == ["peer-unreachable"]


async def answered(world: HubWorld) -> Leg:
    """The leg of an answer that the hub was given for its addressee, whose own line is cut."""
    world.line.cut.add(SENDER)
    await world.submit()
    await world.sender.deliver(RECIPIENT)
    await world.collect(world.recipient)
    await world.recipient.deliver(SENDER)
    leg = world.recipient.store.read.due_legs(SENDER, float("inf"), 1)[0]
    assert leg.state is LegState.HUB_HELD
    return leg


async def comes_again(world: HubWorld) -> None:
    """The hub hands out once more what was taken from it."""
    world.hub.forget(ItemKind.PACKAGE)
    world.clock.moved_by += 2 * HOUR
    await world.sender.deliver(RECIPIENT)
    await world.collect(world.recipient)


@pytest.mark.parametrize("cut", [True, False], ids=["by the hub", "directly"])
async def test_a_package_that_comes_again_while_its_answer_is_on_its_way_stops_nobody(
    tmp_path: Path, *, cut: bool
) -> None:
    """Whoever keeps a hub chooses both instants; the gateway must not end over it."""
    async with hub_world(tmp_path) as world:
        under_way = await answered(world)
        await comes_again(world)
        if not cut:
            world.line.cut.clear()
        world.clock.moved_by += 2 * HOUR
        await world.recipient._deliver(under_way)
        leg = world.recipient.store.read.leg(under_way.id)
        assert leg is not None
        assert leg.state is (LegState.HUB_HELD if cut else LegState.DONE)


@pytest.mark.parametrize("cut", [True, False], ids=["by the hub", "directly"])
async def test_an_answer_put_aside_while_it_is_on_its_way_stays_so_until_its_peer_has_it(
    tmp_path: Path, *, cut: bool
) -> None:
    async with hub_world(tmp_path) as world:
        under_way = await answered(world)
        assert await hold_leg(world.recipient.gateway, under_way, "held", "Ask them first.")
        if not cut:
            world.line.cut.clear()
        world.clock.moved_by += 2 * HOUR
        await world.recipient._deliver(under_way)
        leg = world.recipient.store.read.leg(under_way.id)
        assert leg is not None
        assert leg.state is (LegState.HELD if cut else LegState.DONE)


async def test_no_hub_lets_go_on_what_people_put_aside(tmp_path: Path) -> None:
    async with hub_world(tmp_path) as world:
        held = await answered(world)
        assert await hold_leg(world.recipient.gateway, held, "held", "Ask them first.")
        await comes_again(world)
        leg = world.recipient.store.read.leg(held.id)
        assert leg is not None
        assert leg.state is LegState.HELD


# --- what people do ---


def legs_at(station: Station) -> Legs:
    return Legs(station.gateway, Relay(station.gateway, station._deliver), station.ways)


async def test_what_a_person_wants_tried_is_tried_by_every_way_though_its_line_was_left_alone(
    tmp_path: Path,
) -> None:
    async with hub_world(tmp_path) as world:
        leg, station = await answered(world), world.recipient
        while leg.attempts < 3:  # at 3 no hub's turn comes by itself
            world.clock.moved_by += HOUR
            await station.deliver(SENDER)
            leg = station.store.read.due_legs(SENDER, float("inf"), 1)[0]
        assert not station.ways.may_try(SENDER)
        tries, deposits = world.line.tries, len(world.hub.deposits)
        await station._deliver(await legs_at(station).retry(leg.id))
        assert (world.line.tries, len(world.hub.deposits)) == (tries + 1, deposits + 1)
        # It is passed over once: from here on all is as before.
        await station.deliver(SENDER)
        await station.deliver(SENDER)
        assert (world.line.tries, len(world.hub.deposits)) == (tries + 1, deposits + 2)
        world.line.cut.clear()
        await station._deliver(await legs_at(station).retry(leg.id))
        assert station.store.read.peers_with_legs() == []


async def test_what_a_hub_holds_is_let_go_on_as_what_a_hub_holds(tmp_path: Path) -> None:
    async with hub_world(tmp_path) as world:
        pid = await world.submit()
        await world.sender.deliver(RECIPIENT)
        leg, legs = leg_of(world, pid), legs_at(world.sender)
        assert (await legs.hold(leg.id, "Ask them first.")).state is LegState.HELD
        released = await legs.release(leg.id)
        assert released.state is LegState.HUB_HELD
        assert released.next_at <= world.clock.now()
        await world.sender.deliver(RECIPIENT)
        assert len(world.hub.deposits) == 2
        assert leg_of(world, pid).attempts == 2


async def test_a_hubs_word_that_is_known_moves_what_was_put_back(tmp_path: Path) -> None:
    async with hub_world(tmp_path) as world:
        pid = await world.submit()
        await world.sender.deliver(RECIPIENT)
        leg = leg_of(world, pid)
        await world.sender.store.write(lambda each: each.move_leg(leg.id, LegState.HUB_HELD, LegState.READY))
        await world.sender.deliver(RECIPIENT)
        assert world.state(pid) is LegState.HUB_HELD
