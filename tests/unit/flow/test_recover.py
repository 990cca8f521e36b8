"""A new epoch: nothing is numbered in one that ended, and none begins that was in use before."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from emla.flow.channel_status import Compose
from emla.flow.known_elsewhere import card_version_known, epoch_known
from emla.formats import header as header_form
from emla.formats.channel import encode
from emla.model.channel import ReceivedChannel
from emla.model.errors import InvalidDocumentError
from emla.model.package import Header
from emla.model.signed import PayloadType
from tests.support.authorities import derived
from tests.support.gateways import select
from tests.support.in_process import BytesSource, Station
from tests.support.key_house import RECIPIENT, SENDER
from tests.support.messages import make_template
from tests.support.restored import Exchange, closed, exchange

LARGE = make_template(sender=RECIPIENT, recipient=SENDER, attachment=bytes(300_000))


@pytest.fixture
async def both(tmp_path: Path) -> AsyncIterator[Exchange]:
    async with exchange(tmp_path) as made:
        yield made


def header_of(station: Station, pid: bytes) -> Header:
    signed = station.store.read.sent_signed(pid)
    assert signed is not None
    return header_form.decode(header_form.decode_signed(signed).payload)


async def test_what_was_being_sealed_when_the_ledger_ended_has_its_number_in_the_next_one(
    both: Exchange,
) -> None:
    """The peer holds number 1 of epoch 1, which the ledger has forgotten: it must not be given away a second time."""
    await both.copy()
    assert header_of(both.victim, await both.here()).seq == 1
    await both.restore()

    class Slow(BytesSource):
        reads = 0

        async def read_exactly(self, size: int) -> bytes:
            Slow.reads += 1
            if Slow.reads == 2:
                await both.victim.channels.exchange(SENDER)
                assert closed(both.victim).peer == SENDER
                await both.recover()
            return await super().read_exactly(size)

    sent = await both.victim.hand_in(LARGE, derived("slow", 1, length=16), Slow)
    assert Slow.reads == 2
    header = header_of(both.victim, sent.pid)
    assert (header.epoch, header.seq) == (2, 1)
    row = both.victim.store.read.sent(sent.pid)
    assert row is not None
    assert row.epoch == 2


async def restored_again(both: Exchange) -> None:
    """The one backup there is was restored, a new epoch began, and now the same backup is restored once more."""
    await both.copy()
    await both.here()
    await both.restore()
    await both.victim.channels.exchange(SENDER)
    await both.recover()
    await both.both_ask()
    assert header_of(both.victim, await both.here()).epoch == 2
    await both.restore()
    assert both.victim.gateway.identity.authority.card.epoch == 1


async def test_an_epoch_that_was_in_use_before_another_restore_does_not_begin_again(both: Exchange) -> None:
    await restored_again(both)
    await both.victim.channels.exchange(SENDER)
    with pytest.raises(InvalidDocumentError, match="after 2 comes 3"):
        await both.recover(epoch_above=1)
    await both.recover()
    header = header_of(both.victim, await both.here())
    assert (header.epoch, header.seq) == (3, 1)
    assert select(both.peer.data, "SELECT count(*) FROM equivocation") == [(0,)]


async def test_before_every_peer_has_said_what_it_holds_no_epoch_begins(both: Exchange) -> None:
    await restored_again(both)
    await both.victim.watch.restored()
    with pytest.raises(InvalidDocumentError, match="has not said yet"):
        await both.recover(epoch_above=2)


async def test_no_peer_uses_up_our_versions_and_epochs_by_lying(both: Exchange) -> None:
    both.house.clock.moved_by += 2
    gateway = both.victim.gateway
    card = gateway.identity.authority.card
    note = (both.peer.store.read.newest_checkpoint() or b"").replace(b"/1\n", b"/%d\n" % 2**60)
    status = await Compose(both.peer.gateway, gateway.identity.authority, None)(None)
    lie = replace(
        status,
        card_known=2**53 - 1,
        received=(ReceivedChannel(epoch=2**31 - 1, seq=0, last=0),),
        seen=(note, b"nothing"),
    )
    await both.victim.channels.answer(await both.peer.gateway.sign(PayloadType.CHANNEL, encode(lie)))
    assert card_version_known(gateway) == 0
    assert epoch_known(gateway) == card.epoch
