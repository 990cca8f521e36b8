"""What comes back proves itself by what was signed before the loss; what does not is refused and leaves nothing."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from emla.flow.channel.ledger_watch import BEHIND
from emla.model.acknowledgement import Event
from emla.model.errors import EmlaError
from emla.model.leg import InboxState, LegState
from tests.support.gateways import select
from tests.support.in_process import BytesSource, Station
from tests.support.key_house import RECIPIENT, SENDER
from tests.support.restored import Exchange, closed, exchange, state


@pytest.fixture
async def both(tmp_path: Path) -> AsyncIterator[Exchange]:
    async with exchange(tmp_path) as made:
        yield made


class Kept:
    """A package as its holder would return it."""

    def __init__(self, holder: Station, pid: bytes, by: str) -> None:
        read = holder.store.read
        row = read.sent(pid) or read.received(pid)
        assert row is not None
        payload = holder.gateway.payload(row.payload_sha256)
        self.pid, self.signed = pid, row.signed
        self.payload = payload if isinstance(payload, bytes) else payload.read_bytes()
        self.bundles = [each.bundle for each in read.acknowledgements(pid) if each.by == by]


async def lost_there(both: Exchange) -> Kept:
    """A package of the peer's that the victim accepted, handed over, and has lost."""
    await both.copy()
    pid = await both.there()
    await both.victim.read_main(pid)
    await both.victim.deliver(SENDER)
    await both.restore()
    await both.victim.rounds.at_start()
    return Kept(both.peer, pid, RECIPIENT)


async def refusal(
    both: Exchange,
    kept: Kept,
    *,
    signed: bytes | None = None,
    bundles: Sequence[bytes] | None = None,
    payload: bytes | None = None,
) -> str:
    """The code for which the victim does not take it back; it must not."""
    before = select(both.victim.data, "SELECT (SELECT count(*) FROM received) + (SELECT count(*) FROM sent)")
    with pytest.raises(EmlaError) as caught:
        await both.victim.take_back(
            kept.pid,
            kept.signed if signed is None else signed,
            kept.bundles if bundles is None else bundles,
            BytesSource(kept.payload if payload is None else payload),
        )
    assert before == select(
        both.victim.data, "SELECT (SELECT count(*) FROM received) + (SELECT count(*) FROM sent)"
    )
    return caught.value.code


async def test_what_does_not_prove_itself_is_refused_and_leaves_nothing(both: Exchange) -> None:
    kept = await lost_there(both)
    other = Kept(both.peer, await both.house.hand_in(), SENDER)
    await both.recover()
    assert await refusal(both, kept, signed=other.signed) == "malformed"
    assert await refusal(both, kept, signed=b"{}") == "malformed"
    assert await refusal(both, kept, payload=kept.payload[:-1]) == "malformed"
    assert await refusal(both, kept, payload=bytes(len(kept.payload))) == "digest-mismatch"
    assert await refusal(both, kept, bundles=other.bundles) == "acknowledgement-mismatch"
    # Without our own RelayAcceptance it is an offer, and has a way of its own.
    assert await refusal(both, kept, bundles=kept.bundles[1:]) == "acknowledgement-mismatch"
    assert await refusal(both, kept, bundles=kept.bundles * 2) == "acknowledgement-mismatch"


async def test_while_the_ledger_is_closed_nothing_is_taken_back(both: Exchange) -> None:
    kept = await lost_there(both)
    assert await refusal(both, kept) == BEHIND


async def test_what_came_back_is_opened_and_nothing_is_said_about_it_a_second_time(both: Exchange) -> None:
    kept = await lost_there(both)
    await both.recover()
    for _ in range(2):  # whoever sends it twice hears that it is here
        await both.victim.take_back(kept.pid, kept.signed, kept.bundles, BytesSource(kept.payload))
    await both.victim.open()
    row = both.victim.store.read.received(kept.pid)
    assert row is not None
    assert row.state is InboxState.HANDED
    events = [each.event for each in both.victim.store.read.acknowledgements(kept.pid)]
    assert sorted(events) == [
        Event.CONTENT_CONSIGNMENT,
        Event.CONTENT_HANDOVER,
        Event.RELAY_ACCEPTANCE,
    ]
    assert [each.bundle for each in both.victim.store.read.acknowledgements(kept.pid)] == kept.bundles
    assert await both.victim.read_main(kept.pid)
    assert not both.victim.store.read.due_legs(SENDER, float("inf"), 10)


async def test_nobody_is_told_that_it_is_back_before_it_is(both: Exchange) -> None:
    """A return that is still on its way elsewhere may yet come to nothing."""
    kept = await lost_there(both)
    await both.recover()
    codes = []

    class Twice(BytesSource):
        async def read_exactly(self, size: int) -> bytes:
            codes.append(await refusal(both, kept))
            return await super().read_exactly(size)

    await both.victim.take_back(kept.pid, kept.signed, kept.bundles, Twice(kept.payload))
    assert codes == ["processing"]
    await both.victim.take_back(kept.pid, kept.signed, kept.bundles, BytesSource(kept.payload))


async def test_an_acceptance_under_the_ledger_in_force_that_it_does_not_have_closes_it(
    both: Exchange,
) -> None:
    """No status came through that would have shown it; what comes back proves as much."""
    await both.copy()
    pid = await both.there()
    await both.restore()
    kept = Kept(both.peer, pid, RECIPIENT)
    assert both.victim.store.read.closed() is None
    assert await refusal(both, kept) == BEHIND
    assert closed(both.victim).peer == SENDER
    await both.recover()
    await both.victim.take_back(kept.pid, kept.signed, kept.bundles, BytesSource(kept.payload))


async def test_an_offer_of_what_came_back_is_answered_as_before_the_loss(both: Exchange) -> None:
    kept = await lost_there(both)
    await both.recover()
    await both.victim.take_back(kept.pid, kept.signed, kept.bundles, BytesSource(kept.payload))
    answer = await both.victim.accept(kept.pid, kept.signed, BytesSource(kept.payload))
    assert answer.bundle == both.peer.store.read.bundle(kept.pid, Event.RELAY_ACCEPTANCE)


async def test_a_package_of_our_own_in_the_epoch_in_force_that_we_do_not_know_closes_the_ledger(
    both: Exchange,
) -> None:
    await both.copy()
    pid = await both.here()
    await both.restore()
    kept = Kept(both.peer, pid, SENDER)
    assert await refusal(both, kept) == BEHIND
    assert closed(both.victim).peer == SENDER


async def test_a_package_of_our_own_comes_back_without_its_text(both: Exchange) -> None:
    await both.copy()
    pid = await both.here()
    await both.restore()
    await both.victim.rounds.at_start()
    await both.recover()
    kept = Kept(both.peer, pid, SENDER)
    await both.victim.take_back(kept.pid, kept.signed, kept.bundles, BytesSource(kept.payload))
    assert state(both.victim, pid) is LegState.CONSIGNED
    row = both.victim.store.read.sent(pid)
    assert row is not None
    assert both.victim.hand_over.content(pid, row.signed) is None
    assert await refusal(both, Kept(both.peer, pid, SENDER), signed=b"x") == "malformed"
