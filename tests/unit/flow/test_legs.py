"""Legs in people's hands: put aside, let go on, given up by two officers; and what of it the ledger tells."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from emla.flow.line.legs import CloseLeg, Legs
from emla.flow.line.receive_acknowledgement import ReceiveAcknowledgement
from emla.flow.news import News
from emla.formats.event import decode as decode_event
from emla.model.acknowledgement import Event
from emla.model.act import Act, ActKind
from emla.model.errors import ConfigurationError, NotFoundError
from emla.model.leg import Leg, LegKind, LegState
from emla.ports.store import Transaction
from emla.ports.transport import Refusal
from tests.support.authorities import NOW, derived
from tests.support.gateways import TurnedClock, acknowledgement_id_of, answer_of, until
from tests.support.packages import package_of
from tests.support.relay_line import AT, DE, HK, PEERS, Gate, Line, line
from tests.support.scripted_transport import ScriptedTransport

PACKAGE = package_of(AT, DE, 1)
REASON = "The court may withdraw the order."


class Busy:
    """A peer that has no time until it is told that it has."""

    free = False

    async def __call__(self, peer: str, ref: bytes) -> Refusal | None:
        return None if self.free else Refusal(code="busy", retry_after_seconds=3000.0)


@pytest.fixture
def peer() -> Busy:
    return Busy()


@pytest.fixture
async def here(tmp_path: Path, peer: Busy) -> AsyncIterator[Line]:
    async with line(tmp_path, ScriptedTransport(PEERS, peer), clock=TurnedClock()) as made:
        await made.submit(1)
        await until(lambda: bool(made.transport.calls) and not made.home.gateway.under_way.count)
        yield made


def legs_of(here: Line) -> Legs:
    return Legs(here.home.gateway, here.relay, here.ways)


def leg_of(here: Line, number: int = 1) -> Leg:
    leg = here.home.store.read.leg_of(LegKind.PACKAGE, package_of(AT, DE, number).pid)
    assert leg is not None
    return leg


async def test_what_is_held_is_not_tried_until_it_is_released(here: Line, peer: Busy) -> None:
    legs, leg = legs_of(here), leg_of(here)
    held = await legs.hold(leg.id, REASON)
    assert (held.state, held.last_code) == (LegState.HELD, "held")
    hold = here.home.store.read.hold(leg.id)
    assert hold is not None
    assert (hold.code, hold.reason, hold.at) == ("held", REASON, here.home.gateway.now())
    calls = len(here.transport.calls)
    peer.free = True
    here.relay.retry(DE.id)
    here.relay.contact(DE.id)
    assert (await legs.retry(leg.id)).state is LegState.HELD
    await here.submit(2)
    await here.accepted(2)
    assert len(here.transport.calls) == calls + 1
    await legs.release(leg.id)
    await here.accepted(1)


async def test_holding_and_releasing_are_in_the_ledger_with_who_it_was_about_and_why(here: Line) -> None:
    legs, leg = legs_of(here), leg_of(here)
    before = here.home.count("leaf")
    for _ in range(2):  # a second time changes nothing
        await legs.hold(leg.id, REASON)
    await legs.hold(leg.id, "Another reason.")
    for _ in range(2):
        await legs.release(leg.id)
    assert here.home.count("leaf") == before + 2
    (held,), (released,) = (here.home.store.read.events(kind, 9) for kind in ("leg.held", "leg.released"))
    about = {"kind": "package", "ref": PACKAGE.pid.hex(), "peer": DE.id}
    assert decode_event(held.body).facts == about | {"code": "held", "reason": REASON}
    assert decode_event(released.body).facts == about


async def test_a_leg_that_waits_in_memory_is_not_started_after_it_was_held(tmp_path: Path) -> None:
    gate = Gate()
    async with line(tmp_path, ScriptedTransport(PEERS, gate), window=1) as here:
        await here.submit(1)
        await until(lambda: len(here.transport.calls) == 1)
        await here.submit(2)
        await legs_of(here).hold(leg_of(here, 2).id, REASON)
        await here.submit(3)
        gate.open()
        await here.accepted(1, 3)
        assert here.state(2) is LegState.HELD
        assert len(here.transport.calls) == 2


async def test_an_answer_that_was_under_way_when_it_was_held_counts(tmp_path: Path) -> None:
    gate = Gate()
    async with line(tmp_path, ScriptedTransport(PEERS, gate)) as here:
        await here.submit(1)
        await until(lambda: len(here.transport.calls) == 1)
        await legs_of(here).hold(leg_of(here).id, REASON)
        gate.open()
        await here.accepted(1)


async def test_only_what_waits_can_be_held_and_only_what_is_held_released(here: Line, peer: Busy) -> None:
    legs, leg = legs_of(here), leg_of(here)
    peer.free = True
    await legs.retry(leg.id)
    await here.accepted(1)
    for act in (legs.hold(leg.id, REASON), legs.release(leg.id)):
        with pytest.raises(ConfigurationError) as caught:
            await act
        assert caught.value.code == "wrong-state"
    with pytest.raises(NotFoundError):
        await legs.hold(99, REASON)
    assert here.home.store.read.events("leg.held", 9) == []


# --- closing ---


def act_about(pid: bytes, peer: str = DE.id) -> Act:
    return Act(
        authority=AT.id,
        kind=ActKind.LEG_CLOSE,
        facts={"pid": pid.hex(), "peer": peer, "reason": "The court has withdrawn the order."},
        at=NOW,
        nonce=derived("nonce", length=16),
    )


def nothing(transaction: Transaction) -> None:
    """What the act adds to its batch, in a test of its effect alone."""


def closing(here: Line) -> CloseLeg:
    return CloseLeg(here.home.gateway, here.relay, News())


@pytest.mark.parametrize("held", [False, True])
async def test_a_closed_package_ends_with_a_signed_relay_failure_and_is_not_offered_again(
    here: Line, peer: Busy, *, held: bool
) -> None:
    leg = leg_of(here)
    if held:
        await legs_of(here).hold(leg.id, REASON)
    close, act = closing(here), act_about(PACKAGE.pid)
    close.check(act)
    await close(act, nothing)
    assert here.state() is LegState.EXPIRED
    said = {each.event: each.reason for each in here.home.store.read.acknowledgements(PACKAGE.pid)}
    assert said[Event.RELAY_FAILURE] == "closed"
    calls = len(here.transport.calls)
    peer.free = True
    here.relay.retry(DE.id)
    await here.submit(2)
    await here.accepted(2)
    assert len(here.transport.calls) == calls + 1
    with pytest.raises(ConfigurationError) as caught:
        close.check(act)
    assert caught.value.code == "wrong-state"
    with pytest.raises(ConfigurationError):
        await close(act, nothing)


async def test_what_the_recipient_signed_about_the_content_is_not_contradicted_by_a_close(here: Line) -> None:
    receive = ReceiveAcknowledgement(here.home.gateway, News(), lambda peer: None)
    consigned = answer_of(DE, PACKAGE.subject, Event.CONTENT_CONSIGNMENT)
    await receive(acknowledgement_id_of(consigned), consigned)
    await closing(here)(act_about(PACKAGE.pid), nothing)
    assert here.state() is LegState.CONSIGNED
    events = {each.event for each in here.home.store.read.acknowledgements(PACKAGE.pid)}
    assert Event.RELAY_FAILURE not in events


async def test_the_batch_of_a_close_holds_all_of_it_or_nothing(here: Line) -> None:
    def breaks(transaction: Transaction) -> None:
        raise ConfigurationError("wrong-state")

    before = here.home.contents()
    with pytest.raises(ConfigurationError):
        await closing(here)(act_about(PACKAGE.pid), breaks)
    assert here.home.contents() == before
    assert here.state() is LegState.READY


@pytest.mark.parametrize(
    "act", [act_about(PACKAGE.pid, HK.id), act_about(bytes(32)), act_about(b"")], ids=["peer", "pid", "none"]
)
async def test_an_act_about_no_package_of_ours_to_that_peer_is_refused(here: Line, act: Act) -> None:
    with pytest.raises(NotFoundError):
        closing(here).check(act)
