"""Relay: every leg reaches its peer, however that peer behaves, and one peer's trouble stays its own."""

import asyncio
from contextlib import suppress
from pathlib import Path

import pytest

from emla.flow.line.receive_acknowledgement import ReceiveAcknowledgement
from emla.flow.line.relay import Relay
from emla.flow.news import News
from emla.model.acknowledgement import Event
from emla.model.documents import Authority
from emla.model.errors import TransportError
from emla.model.leg import Leg, LegKind, LegState
from emla.ports.store import Transaction
from emla.ports.transport import Refusal
from tests.support.authorities import NOW
from tests.support.gateways import (
    RunningClock,
    acknowledgement_id_of,
    answer_of,
    opened,
    select,
    until,
)
from tests.support.packages import acknowledgement_of, package_of, received_row
from tests.support.relay_line import AT, DE, HK, PEERS, Gate, line
from tests.support.scripted_transport import ScriptedTransport


async def test_legs_are_delivered_and_their_answers_are_kept(tmp_path: Path) -> None:
    async with line(tmp_path) as here:
        for number in (1, 2, 3):
            await here.submit(number)
        await here.accepted(1, 2, 3)
        stored = here.home.store.read.bundle(package_of(AT, DE, 2).pid, Event.RELAY_ACCEPTANCE)
        assert stored is not None
    assert len(here.transport.calls) == 3


async def test_no_more_legs_are_on_their_way_than_the_window_allows(tmp_path: Path) -> None:
    gate = Gate()
    async with line(tmp_path, ScriptedTransport(PEERS, gate), window=3) as here:
        for number in range(1, 9):
            await here.submit(number)
        await until(lambda: len(here.transport.calls) == 3)
        gate.open()
        await here.accepted(*range(1, 9))
    assert here.transport.most_at_once[DE.id] == 3
    assert here.transport.twice_at_once == []


async def test_urgent_legs_go_first(tmp_path: Path) -> None:
    gate = Gate()
    async with line(tmp_path, ScriptedTransport(PEERS, gate), window=1) as here:
        for number in (1, 2, 3):
            await here.submit(number)
        await until(lambda: len(here.transport.calls) == 1)
        package = package_of(DE, AT)

        def consigned(transaction: Transaction) -> int:
            transaction.insert_received(received_row(package))
            issued = acknowledgement_of(AT, package, Event.RELAY_ACCEPTANCE)
            transaction.issue(issued)
            return transaction.insert_leg(
                LegKind.ACKNOWLEDGEMENT,
                issued.aid,
                DE.id,
                urgent=True,
                created=NOW,
                expires=None,
                about=package.pid,
            )

        leg = here.home.store.read.leg(await here.home.store.write(consigned))
        assert leg is not None
        here.relay.add(leg)
        gate.open()
        await here.accepted(1, 2, 3)
        assert here.transport.calls[1] == (DE.id, leg.ref)
        await until(lambda: here.home.store.read.leg(leg.id) != leg)
        done = here.home.store.read.leg(leg.id)
        assert done is not None
        assert done.state is LegState.DONE


async def test_a_leg_that_failed_is_not_starved_by_the_traffic_behind_it(tmp_path: Path) -> None:
    first = package_of(AT, DE, 1).pid
    tries = 0
    others = 0

    async def script(peer: str, ref: bytes) -> Refusal | None:
        nonlocal tries, others
        if ref == first:
            tries += 1
            return Refusal(code="internal") if tries == 1 else None
        others += 1
        if tries < 2 and others < 400:
            # Two more for each one that ends: the queue never runs dry.
            for number in (2 * others + 2, 2 * others + 3):
                await here.submit(number)
        await asyncio.sleep(0.02)
        return None

    async with line(tmp_path, ScriptedTransport(PEERS, script), window=2) as here:
        for number in (1, 2, 3):
            await here.submit(number)
        await here.accepted(1)
        assert others < 400


async def test_when_many_fail_together_the_pause_is_that_of_one_failure(tmp_path: Path) -> None:
    gate = asyncio.Event()

    async def script(peer: str, ref: bytes) -> Refusal | None:
        await gate.wait()
        raise TransportError("peer-unreachable")

    async with line(tmp_path, ScriptedTransport(PEERS, script), lucky=True) as here:
        for number in range(1, 21):
            await here.submit(number)
        await until(lambda: len(here.transport.calls) == 20)
        at = here.home.clock.now()
        gate.set()
        await until(lambda: select(tmp_path, "SELECT min(attempts) FROM leg") == [(1,)])
        (latest,) = select(tmp_path, "SELECT max(next_at) FROM leg")[0]
        assert isinstance(latest, float)
        assert latest - here.home.clock.now() <= 2.0
        assert latest > at


async def test_a_peer_in_trouble_is_tried_with_one_leg_at_a_time_until_one_succeeds(tmp_path: Path) -> None:
    down = True

    async def script(peer: str, ref: bytes) -> Refusal | None:
        if down:
            raise TransportError("peer-unreachable")
        return None

    transport = ScriptedTransport(PEERS, script)
    async with line(tmp_path, transport, window=4) as here:
        for number in range(1, 5):
            await here.submit(number)
        await until(lambda: len(transport.calls) >= 8)
        transport.most_at_once.clear()
        before = len(transport.calls)
        await until(lambda: len(transport.calls) >= before + 2)
        assert transport.most_at_once[DE.id] == 1
        down = False
        await here.accepted(*range(1, 5))
    assert transport.twice_at_once == []


async def test_contact_from_the_peer_wakes_what_waits_for_better_times(tmp_path: Path) -> None:
    answers = [Refusal(code="internal", retry_after_seconds=3000.0)]

    async def script(peer: str, ref: bytes) -> Refusal | None:
        return answers.pop() if answers else None

    async with line(tmp_path, ScriptedTransport(PEERS, script)) as here:
        await here.submit(1)
        await until(lambda: select(tmp_path, "SELECT attempts, last_code FROM leg") == [(1, "internal")])
        assert here.home.store.read.due_legs(DE.id, here.home.clock.now() + 600, 9) == []
        here.relay.contact(HK.id)
        assert here.state() is LegState.READY
        here.relay.contact(DE.id)
        await here.accepted(1)
        assert here.home.gateway.directory.peers[DE.id].last_contact is not None


async def test_an_operator_can_have_a_leg_tried_at_once(tmp_path: Path) -> None:
    answers = [Refusal(code="internal", retry_after_seconds=3000.0)]

    async def script(peer: str, ref: bytes) -> Refusal | None:
        return answers.pop() if answers else None

    async with line(tmp_path, ScriptedTransport(PEERS, script)) as here:
        await here.submit(1)
        await until(lambda: select(tmp_path, "SELECT attempts FROM leg") == [(1,)])
        here.relay.retry(DE.id)
        await here.accepted(1)


async def test_a_wake_is_not_lost_on_a_leg_that_is_being_postponed(tmp_path: Path) -> None:
    answers = [Refusal(code="internal", retry_after_seconds=3000.0)]

    async def script(peer: str, ref: bytes) -> Refusal | None:
        if not answers:
            return None
        # Comes when the refusal is here and its row is not written yet.
        asyncio.get_running_loop().call_soon(here.relay.retry, DE.id)
        return answers.pop()

    async with line(tmp_path, ScriptedTransport(PEERS, script)) as here:
        await here.submit(1)
        async with asyncio.timeout(60):  # else it waits for 3,000 seconds
            await here.accepted(1)


async def test_a_peer_that_hangs_holds_up_nobody_else(tmp_path: Path) -> None:
    gate = Gate(DE.id)
    async with line(tmp_path, ScriptedTransport(PEERS, gate), window=2) as here:
        for number in (1, 2, 3):
            await here.submit(number, DE.id)
        await until(lambda: len(here.transport.calls) == 2)
        for number in (1, 2, 3):
            await here.submit(number, HK.id)
        await here.accepted(1, 2, 3, peer=HK.id)
        assert [here.state(n) for n in (1, 2, 3)] == [LegState.READY] * 3
        gate.open()
        await here.accepted(1, 2, 3)


async def test_a_restart_takes_up_what_is_due_and_keeps_to_the_pauses_of_before(tmp_path: Path) -> None:
    async def script(peer: str, ref: bytes) -> Refusal | None:
        if ref == package_of(AT, DE, 1).pid:
            return Refusal(code="internal", retry_after_seconds=1000.0)
        await asyncio.Event().wait()
        return None

    async with line(tmp_path, ScriptedTransport(PEERS, script)) as here:
        await here.submit(1)
        await here.submit(2)
        await until(lambda: select(tmp_path, "SELECT max(attempts) FROM leg") == [(1,)])
    async with line(tmp_path, ScriptedTransport(PEERS)) as again:
        await again.accepted(2)
        assert again.state(1) is LegState.READY
        assert again.transport.calls == [(DE.id, package_of(AT, DE, 2).pid)]
    later = RunningClock(at=NOW + 2000.0)
    async with line(tmp_path, ScriptedTransport(PEERS), clock=later) as again:
        await again.accepted(1)


async def test_no_leg_is_on_its_way_twice_whoever_asks_for_it(tmp_path: Path) -> None:
    gate = Gate()
    async with line(tmp_path, ScriptedTransport(PEERS, gate), window=8) as here:
        for number in (1, 2, 3):
            await here.submit(number)
        await until(lambda: len(here.transport.calls) == 3)
        for _ in range(5):
            here.relay.retry(DE.id)
            here.relay.contact(DE.id)
            for number in (1, 2, 3):
                leg = here.home.store.read.leg_of(LegKind.PACKAGE, package_of(AT, DE, number).pid)
                assert leg is not None
                here.relay.add(leg)
            await asyncio.sleep(0.01)
        gate.open()
        await here.accepted(1, 2, 3)
    assert here.transport.twice_at_once == []
    assert len(here.transport.calls) == 3


async def test_legs_beyond_what_memory_holds_are_read_from_the_store(tmp_path: Path) -> None:
    def insert(transaction: Transaction) -> None:
        for number in range(1200):
            transaction.insert_leg(
                LegKind.ACKNOWLEDGEMENT, b"%d" % number, DE.id, urgent=False, created=NOW, expires=None
            )

    delivered: list[int] = []

    async with opened(tmp_path, AT, DE, clock=RunningClock()) as home:
        await home.store.write(insert)

        async def deliver(leg: Leg) -> Refusal | None:
            delivered.append(leg.id)
            await home.store.write(lambda each: each.move_leg(leg.id, LegState.READY, LegState.DONE))
            return None

        relay = Relay(home.gateway, deliver)
        running = asyncio.create_task(relay.run())
        await until(lambda: len(delivered) == 1200)
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
    assert sorted(delivered) == list(range(1, 1201))


# --- what an answer may do to a leg ---


async def test_a_package_nobody_acknowledged_in_time_ends_as_relay_failure(tmp_path: Path) -> None:
    clock = RunningClock(at=NOW + 86400.0)
    async with line(tmp_path, clock=clock) as here:
        await here.submit(1)
        await until(lambda: here.state() is LegState.EXPIRED)
        assert here.transport.calls == []
        stored = here.home.store.read.acknowledgements(package_of(AT, DE).pid)
        assert [(each.event, each.reason) for each in stored] == [
            (Event.SUBMISSION_ACCEPTANCE, None),
            (Event.RELAY_FAILURE, "expired"),
        ]


async def test_an_answer_that_does_not_verify_moves_nothing(tmp_path: Path) -> None:
    class Forging(ScriptedTransport):
        async def send_package(
            self, peer: Authority, pid: bytes, signed: bytes, payload: bytes | Path, payload_size: int
        ) -> bytes | Refusal:
            self.calls.append((DE.id, b""))
            forged = package_of(AT, DE, len(self.calls) + 1).subject
            return answer_of(HK if len(self.calls) == 1 else DE, forged, Event.RELAY_ACCEPTANCE)

    async with line(tmp_path, Forging(PEERS)) as here:
        await here.submit(1)
        await until(lambda: len(here.transport.calls) == 3)
        assert here.state() is LegState.READY
        assert here.home.count("acknowledgement") == 1


async def test_a_peer_that_contradicts_itself_while_it_answers_stops_nobody(tmp_path: Path) -> None:
    async def script(peer: str, ref: bytes) -> Refusal | None:
        if peer == DE.id:
            pushed = answer_of(DE, package_of(AT, DE).subject, Event.RELAY_ACCEPTANCE, at=NOW + 19)
            receive = ReceiveAcknowledgement(here.home.gateway, News(), here.relay.contact)
            await receive(acknowledgement_id_of(pushed), pushed)
        return None

    async with line(tmp_path, ScriptedTransport(PEERS, script)) as here:
        await here.submit(1, DE.id)
        await here.accepted(1)
        await until(lambda: not here.home.gateway.under_way.count)
        await here.submit(1, HK.id)
        await here.accepted(1, peer=HK.id)
        stored = here.home.store.read.acknowledgements(package_of(AT, DE).pid)
        assert [each.at for each in stored if each.event is Event.RELAY_ACCEPTANCE] == [NOW + 19]


async def test_what_we_hold_back_ourselves_is_no_failure_and_pauses_nobody(tmp_path: Path) -> None:
    async def held(peer: str, ref: bytes) -> Refusal | None:
        waits = Refusal(code="frozen", retry_after_seconds=3600.0, held=True)
        return None if ref == package_of(AT, DE, 6).pid else waits

    async with line(tmp_path, ScriptedTransport(PEERS, held), window=1) as here:
        await asyncio.gather(*(here.submit(number) for number in range(1, 7)))
        await here.accepted(6)
        await until(lambda: not here.home.store.read.due_legs(DE.id, here.home.clock.now(), 10))
        for leg in here.home.store.read.ready_packages(DE.id):
            assert (leg.attempts, leg.last_code) == (0, "frozen")


# --- what passes by itself ---


def asking(code: str, first_only: bool) -> ScriptedTransport:  # noqa: FBT001 (said by name)
    """A peer that asks for patience about the first package: once, or always."""
    first, asked = package_of(AT, DE, 1).pid, False

    async def script(peer: str, ref: bytes) -> Refusal | None:
        nonlocal asked
        if ref != first or (first_only and asked):
            return None
        asked = True
        return Refusal(code=code, retry_after_seconds=3000.0)

    return ScriptedTransport(PEERS, script)


@pytest.mark.parametrize("code", ["busy", "quota", "maintenance", "processing", "stopping"])
async def test_a_peer_that_asks_for_patience_costs_no_attempt_and_is_no_failure(
    tmp_path: Path, code: str
) -> None:
    async with line(tmp_path, asking(code, first_only=True), window=1) as here:
        await here.submit(1)
        await until(lambda: select(tmp_path, "SELECT last_code FROM leg") == [(code,)])
        ((attempts, next_at),) = select(tmp_path, "SELECT attempts, next_at FROM leg")
        assert attempts == 0
        assert isinstance(next_at, float)
        # As long as it asked, and a part of its own: those who were told the same do not come back together.
        assert 2900 < next_at - here.home.clock.now() <= 4500
        here.relay.retry(DE.id)
        await here.accepted(1)


@pytest.mark.parametrize(("code", "calls"), [("busy", 1), ("quota", 2)])
async def test_a_crowded_peer_is_left_alone_and_a_quota_holds_for_one_leg(
    tmp_path: Path, code: str, calls: int
) -> None:
    async with line(tmp_path, asking(code, first_only=False), window=1) as here:
        await here.submit(1)
        await until(lambda: select(tmp_path, "SELECT last_code FROM leg") == [(code,)])
        await here.submit(2)
        if calls == 2:
            await here.accepted(2)
        await here.submit(1, HK.id)
        await here.accepted(1, peer=HK.id)
        assert len([peer for peer, _ in here.transport.calls if peer == DE.id]) == calls
