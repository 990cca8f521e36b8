"""A new epoch: nothing is numbered in one that ended, and no peer keeps us from publishing its card."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from emla.flow.channel.own_status import Compose, card_known
from emla.formats import header as header_form
from emla.formats.channel import encode
from emla.model.documents import Authority
from emla.model.package import Header
from emla.model.signed import PayloadType
from tests.support.authorities import derived
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


async def test_what_is_shown_of_the_former_ledger_in_that_moment_does_not_close_the_new_one(
    both: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An ordinary status comes while the new epoch begins: committed before it, judged after it, under the old card."""
    await both.copy()
    await both.here()
    await both.restore()
    await both.victim.channels.exchange(SENDER)
    assert closed(both.victim).peer == SENDER
    both.house.clock.moved_by += 2
    status = await Compose(both.peer.gateway, both.victim.gateway.identity.authority, None)(None)
    shown = await both.peer.gateway.sign(PayloadType.CHANNEL, encode(status))
    begin = both.victim.own.adopt
    arrived: list[asyncio.Task[object]] = []

    async def beginning(*change: Any) -> Authority:
        arrived.append(asyncio.create_task(both.victim.channels.answer(shown)))
        await asyncio.sleep(0)
        return await begin(*change)

    monkeypatch.setattr(both.victim.own, "adopt", beginning)
    await both.recover()
    await asyncio.gather(*arrived)
    assert both.victim.gateway.identity.authority.card.epoch == 2
    assert both.victim.store.read.closed() is None
    await both.here()


async def test_no_peer_uses_up_the_versions_of_our_card_by_lying(both: Exchange) -> None:
    both.house.clock.moved_by += 2
    gateway = both.victim.gateway
    status = await Compose(both.peer.gateway, gateway.identity.authority, None)(None)
    for claimed, counts in ((2**53 - 1, 0), (gateway.identity.authority.card.version + 7, 7)):
        both.house.clock.moved_by += 2
        said = replace(status, at=both.peer.gateway.now(), card_known=claimed)
        await both.victim.channels.answer(await both.peer.gateway.sign(PayloadType.CHANNEL, encode(said)))
        assert card_known(gateway) == (gateway.identity.authority.card.version + counts if counts else 0)
