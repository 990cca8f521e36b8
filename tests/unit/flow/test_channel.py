"""Two gateways compare what they hold: gaps close, lost answers come, and a status that lies costs little and ends nothing."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from emla.bootstrap.audit import verify_ledger
from emla.flow.channel import own_status as channel_status
from emla.flow.channel.own_status import Compose
from emla.flow.documents.own import ledger_key_at
from emla.flow.line.hold import hold_leg
from emla.formats.event import decode as decode_event
from emla.ledger.checkpoint import Checkpoint, checkpoint_text, decode, encode
from emla.model.acknowledgement import Event
from emla.model.channel import EPOCHS_MAX, ChannelStatus, ReceivedChannel, SentChannel, Voided
from emla.model.errors import InvalidPackageError, TransportError
from emla.model.leg import LegState
from emla.ports.store import Transaction
from emla.ports.transport import Refusal
from emla.steps.reconcile import Counted
from tests.support.channel_words import accepted, heard, said, signed
from tests.support.gateways import select
from tests.support.in_process import Station
from tests.support.key_house import DAY, RECIPIENT, SENDER
from tests.support.restored import Exchange, exchange, state


@pytest.fixture
async def both(tmp_path: Path) -> AsyncIterator[Exchange]:
    async with exchange(tmp_path) as made:
        yield made


# --- what it is for ---


async def test_an_acceptance_whose_answer_was_lost_comes_with_the_next_status(both: Exchange) -> None:
    pid = await both.house.hand_in()
    lost = await accepted(both, pid)
    assert state(both.peer, pid) is LegState.READY
    await both.both_ask()
    assert state(both.peer, pid) is LegState.ACCEPTED
    assert both.peer.store.read.bundle(pid, Event.RELAY_ACCEPTANCE) == lost


async def test_a_verdict_that_never_came_is_pushed_again(both: Exchange) -> None:
    pid = await both.house.hand_in()
    await both.peer.deliver(RECIPIENT)
    await both.victim.open()
    # The leg says that it was delivered, and the peer does not have it.
    (leg,) = both.victim.store.read.due_legs(SENDER, float("inf"), 10)
    await both.victim.store.write(lambda each: each.move_leg(leg.id, LegState.READY, LegState.DONE))
    assert state(both.peer, pid) is LegState.ACCEPTED
    await both.both_ask()
    assert state(both.peer, pid) is LegState.CONSIGNED


async def test_a_number_that_will_never_come_is_voided_and_the_gap_closes(both: Exchange) -> None:
    gone = await both.house.hand_in()
    both.house.clock.moved_by += 61 * DAY
    await both.peer.deliver(RECIPIENT)
    assert state(both.peer, gone) is LegState.EXPIRED
    for each in (both.house.sender, both.house.recipient):
        await each.station.upkeep.sign_status()
    await both.peer.refresh.fetch(RECIPIENT)
    await both.there()
    before = (await said(both.victim, SENDER)).received_in(1)
    assert before is not None
    assert (before.seq, before.last, before.gaps) == (0, 2, ((1, 1),))
    await both.both_ask()
    after = (await said(both.victim, SENDER)).received_in(1)
    assert after is not None
    assert (after.seq, after.last, after.gaps) == (2, 2, ())
    assert select(both.victim.data, "SELECT seq, pid, reason FROM voided") == [(1, gone, "expired")]


async def test_one_status_each_way_does_what_an_exchange_does(both: Exchange) -> None:
    """As through a mailbox: nobody answers, and each speaks when it can."""
    pid = await both.house.hand_in()
    await accepted(both, pid)
    both.house.clock.moved_by += 2
    status = await said(both.peer, RECIPIENT)
    taken, _ = await both.victim.channels.answer(await signed(both.peer, status))
    await both.victim.settle(SENDER, taken)
    assert state(both.peer, pid) is LegState.ACCEPTED


async def test_the_checkpoint_of_a_status_is_witnessed(both: Exchange) -> None:
    await both.there()
    await both.both_ask()
    newest = both.victim.store.read.newest_checkpoint()
    assert newest is not None
    status = both.peer.channels._last(RECIPIENT)
    assert status is not None
    seen = checkpoint_text(decode(status.checkpoint).checkpoint)
    assert both.peer.store.read.witnessed_at(seen) is not None


async def test_a_channel_is_counted_from_where_it_was_found_whole(both: Exchange) -> None:
    for _ in range(3):
        await both.there()
    await both.both_ask()
    assert both.victim.store.read.whole("theirs", SENDER, 1) == 3
    await both.there()
    received = (await said(both.victim, SENDER)).received_in(1)
    assert received is not None
    assert (received.seq, received.last) == (4, 4)


async def test_what_a_peer_names_makes_no_status_dearer(
    both: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A peer that names epochs without end, and leaves a gap open below very many numbers, has us look at no more of them."""
    monkeypatch.setattr(channel_status, "_NUMBERS_AT_ONCE", 100)
    honest = await said(both.peer, RECIPIENT)
    for first in range(2, 402, 100):
        numbers = tuple(
            Voided(seq=each, pid=bytes(32), reason="expired") for each in range(first, first + 100)
        )
        channels = tuple(
            SentChannel(epoch=each, seq=numbers[-1].seq, voided=numbers) for each in range(first, first + 8)
        )
        await both.victim.channels.answer(await signed(both.peer, replace(honest, sent=channels)))
    read = both.victim.store.read
    assert select(both.victim.data, "SELECT count(DISTINCT epoch) FROM voided") == [(32,)]
    assert len(read.received_epochs(SENDER, EPOCHS_MAX)) == EPOCHS_MAX
    looked_at: list[int] = []

    def numbers_above(peer: str, epoch: int, above: int, limit: int) -> Sequence[int]:
        found = range(max(2, above + 1), 10_000)[:limit]
        looked_at.extend(found)
        return found

    compose = Compose(both.victim.gateway, both.peer.gateway.identity.authority, None, left=300)
    found = await compose._count("theirs", 1, numbers_above)
    assert (found.gaps, found.last, len(looked_at)) == (((1, 1),), 301, 300)
    assert await compose._count("theirs", 2, numbers_above) == Counted(whole=0, last=0, gaps=())


# --- whom it believes ---


async def test_a_status_by_anybody_else_is_refused(both: Exchange) -> None:
    status = await said(both.victim, SENDER)

    async def refusal(changed: ChannelStatus, by: Station) -> str:
        with pytest.raises(InvalidPackageError) as caught:
            await both.peer.channels.answer(await signed(by, changed))
        return caught.value.code

    assert await refusal(status, both.peer) == "bad-signature"
    assert await refusal(replace(status, sender="fr.doj"), both.victim) == "unknown-sender"
    assert await refusal(replace(status, recipient=RECIPIENT), both.victim) == "not-recipient"
    assert await refusal(replace(status, at=status.at + 2 * DAY), both.victim) == "clock-skew"


async def test_an_answer_to_another_status_is_not_taken(both: Exchange) -> None:
    first = await both.victim.channels.answer(await signed(both.peer, await said(both.peer, RECIPIENT)))

    class Replaying:
        async def exchange_status(self, peer: object, sent: bytes) -> bytes | Refusal:
            return first[1]

    both.peer.channels._transport = Replaying()  # type: ignore[assignment]
    with pytest.raises(TransportError, match=r"belongs to another status"):
        await both.peer.channels.exchange(RECIPIENT)


async def test_nothing_in_a_status_ends_a_leg(both: Exchange) -> None:
    pid = await both.house.hand_in()
    await heard(both, received=(ReceivedChannel(epoch=1, seq=9, last=9),), open=(pid,), missing=(pid,))
    assert state(both.peer, pid) is LegState.READY


async def test_a_peer_that_says_it_lost_everything_gets_it_once_a_day(both: Exchange) -> None:
    pid = await both.there()
    sent: list[bytes] = []
    real = both.peer.settle.transport.send_return

    async def counted(peer: object, returned: bytes, *rest: object) -> Refusal | None:
        sent.append(returned)
        return await real(peer, returned, *rest)  # type: ignore[arg-type]

    both.peer.settle.transport.send_return = counted  # type: ignore[assignment, method-assign]  # counted
    for _ in range(3):
        await heard(both, received=())
    assert sent == [pid]
    both.house.clock.moved_by += DAY
    assert state(both.peer, pid) is LegState.CONSIGNED
    assert verify_ledger(both.victim.data).problems == ()


async def test_one_payload_that_is_damaged_holds_back_no_other_return(both: Exchange) -> None:
    damaged, whole = await both.there(), await both.there()
    sent: list[bytes] = []
    real = both.peer.settle.transport.send_return

    async def reading(peer: object, returned: bytes, *rest: object) -> Refusal | None:
        if returned == damaged:
            raise TransportError("payload-damaged")
        sent.append(returned)
        return await real(peer, returned, *rest)  # type: ignore[arg-type]

    both.peer.settle.transport.send_return = reading  # type: ignore[assignment, method-assign]  # its disk has damaged one
    await heard(both, received=())
    assert sent == [whole]


async def test_a_peer_cannot_void_what_is_here(both: Exchange) -> None:
    pid = await both.there()
    await both.both_ask()
    status = await said(both.peer, RECIPIENT)
    (channel,) = status.sent
    lie = replace(status, sent=(replace(channel, voided=(Voided(seq=1, pid=pid, reason="expired"),)),))
    await both.victim.channels.answer(await signed(both.peer, lie))
    assert select(both.victim.data, "SELECT count(*) FROM voided") == [(0,)]


async def test_no_peer_closes_our_ledger_by_lying(both: Exchange) -> None:
    await both.there()
    own = both.victim.store.read.newest_checkpoint()
    assert own is not None
    forged = own.replace(b"/1\n", b"/1\n9", 1)
    row = both.peer.store.read.newest_checkpoint()
    assert row is not None
    status = await said(both.peer, RECIPIENT)
    lie = replace(
        status,
        seen=(forged, row, b"no note"),
        received=(ReceivedChannel(epoch=1, seq=99, last=99, header=b"no header"),),
    )
    await both.victim.channels.answer(await signed(both.peer, lie))
    assert both.victim.store.read.closed() is None


async def test_a_peer_whose_ledger_contradicts_itself_is_recorded_with_both_checkpoints(
    both: Exchange,
) -> None:
    await both.there()
    await both.both_ask()
    (known,) = both.peer.store.read.seen(RECIPIENT)
    ledger = ledger_key_at(both.house.recipient.authority, both.victim.keys, both.house.recipient.now)
    other = encode(
        Checkpoint(origin=known.origin, size=known.size, root=bytes(32)), ledger.sign, ledger.public
    )
    status = replace(await said(both.victim, SENDER), checkpoint=other)
    for _ in range(2):
        await both.peer.channels.answer(await signed(both.victim, status))
    ((body,),) = select(both.peer.data, "SELECT body FROM event WHERE kind = 'peer.contradicted-itself'")
    assert isinstance(body, bytes)
    assert decode_event(body).facts == {
        "peer": RECIPIENT,
        "one": known.note.decode(),
        "other": other.decode(),
    }


async def test_the_answer_to_a_package_that_was_given_up_comes_with_the_next_status(both: Exchange) -> None:
    """The officer was told that it was not delivered, and it was: both sides end with the same record."""
    pid = await both.house.hand_in()
    lost = await accepted(both, pid)
    both.house.clock.moved_by += 61 * DAY
    await both.peer.deliver(RECIPIENT)
    assert state(both.peer, pid) is LegState.EXPIRED
    for each in (both.house.sender, both.house.recipient):
        await each.station.upkeep.sign_status()
    assert (await said(both.peer, RECIPIENT)).open == (pid,)
    await both.both_ask()
    assert state(both.peer, pid) is LegState.ACCEPTED
    assert both.peer.store.read.bundle(pid, Event.RELAY_ACCEPTANCE) == lost
    assert (await said(both.peer, RECIPIENT)).open == (), "it is not asked for any more"


async def test_the_answer_to_a_package_that_was_put_aside_comes_with_the_next_status(both: Exchange) -> None:
    """Found by the simulation: answers under a ledger key not heard of for a day were none, and the leg was held."""
    pid = await both.house.hand_in()
    lost = await accepted(both, pid)
    [leg] = both.peer.store.read.due_legs(RECIPIENT, float("inf"), 9)
    assert await hold_leg(both.peer.gateway, leg, "bad-signature", "It was refused nine times.")
    assert (await said(both.peer, RECIPIENT)).open == (pid,)
    await both.both_ask()
    assert state(both.peer, pid) is LegState.ACCEPTED
    assert both.peer.store.read.bundle(pid, Event.RELAY_ACCEPTANCE) == lost
    assert (await said(both.peer, RECIPIENT)).open == (), "it is not asked for any more"


async def test_an_answer_that_only_what_was_said_of_the_content_stands_for_comes_too(both: Exchange) -> None:
    pid = await both.house.hand_in()
    await accepted(both, pid)
    both.house.clock.moved_by += 61 * DAY
    await both.peer.deliver(RECIPIENT)
    await both.victim.open()
    await both.victim.deliver(SENDER)
    assert state(both.peer, pid) is LegState.CONSIGNED
    assert both.peer.store.read.bundle(pid, Event.RELAY_ACCEPTANCE) is None
    for each in (both.house.sender, both.house.recipient):
        await each.station.upkeep.sign_status()
    await both.both_ask()
    assert both.peer.store.read.bundle(pid, Event.RELAY_ACCEPTANCE) is not None
    assert select(both.peer.data, "SELECT count(*) FROM unanswered") == [(0,)]


async def test_of_many_that_were_given_up_each_comes_to_be_named(both: Exchange) -> None:
    pids = sorted(bytes([number]) * 32 for number in range(5))

    def give_up_all(transaction: Transaction) -> None:
        for each in pids:
            transaction.put_unanswered(each, RECIPIENT)

    await both.peer.store.write(give_up_all)
    read = both.peer.store.read
    assert read.unanswered(RECIPIENT, pids[3], 3) == [pids[3], pids[4], pids[0]]
    assert read.unanswered(RECIPIENT, bytes([255]) * 32, 9) == pids
    assert read.unanswered("fr.doj", bytes(32), 9) == []
