"""Refresh: each sign leads to one visit, a visit does what the sign asks for, and nobody is visited without one."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from emla.flow.documents.refresh import Refresh
from emla.formats.export import decode_export
from emla.keyring.files import FileUse
from emla.model.documents import Authority
from emla.model.errors import TransportError
from emla.ports.transport import Refusal
from tests.support.gateways import until
from tests.support.in_process import DirectLine
from tests.support.key_house import RECIPIENT, House, key_house


@dataclass
class WatchedLine:
    """The line, noting what it is asked for; it can be cut."""

    line: DirectLine
    cut: bool = False
    calls: list[str] = field(default_factory=list)

    def _note(self, what: str) -> None:
        self.calls.append(what)
        if self.cut:
            raise TransportError("peer-unreachable")

    async def get_documents(self, peer: Authority) -> bytes | Refusal:
        self._note("fetch")
        return await self.line.get_documents(peer)

    async def put_documents(self, peer: Authority, authority: str, exported: bytes) -> Refusal | None:
        self._note("push")
        return await self.line.put_documents(peer, authority, exported)

    async def ping(self, peer: Authority, signed: bytes) -> bytes | Refusal:
        self._note("ping")
        return await self.line.ping(peer, signed)

    async def send_package(
        self, peer: Authority, pid: bytes, signed: bytes, payload: bytes | Path, payload_size: int
    ) -> bytes | Refusal:
        return await self.line.send_package(peer, pid, signed, payload, payload_size)

    async def send_acknowledgement(self, peer: Authority, aid: bytes, bundle: bytes) -> Refusal | None:
        return await self.line.send_acknowledgement(peer, aid, bundle)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with key_house(tmp_path) as made:
        yield made


@asynccontextmanager
async def refreshing(house: House) -> AsyncIterator[tuple[Refresh, WatchedLine]]:
    """The sender's visits, running."""
    station = house.sender.station
    line = WatchedLine(station._line)
    refresh = Refresh(station.gateway, line, station.ping, station.take)
    task = asyncio.create_task(refresh.run())
    await asyncio.sleep(0)
    yield refresh, line
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def asked(refresh: Refresh, line: WatchedLine, *calls: str) -> None:
    """These were asked for, in this order; and no more when no visit is due or under way."""
    await until(lambda: len(line.calls) >= len(calls))
    await until(lambda: not any(each.under_way for each in refresh._plans.values()))
    await asyncio.sleep(0.05)  # what is due begins within a turn or two: a visit too many is seen here
    assert line.calls == list(calls)


async def test_without_a_sign_nobody_is_visited_before_the_hour(house: House) -> None:
    async with refreshing(house) as (refresh, line):
        refresh.cards_seen(RECIPIENT, 1, 1)
        refresh.cards_seen("fr.moj", 7, 1)
        refresh.refused(RECIPIENT, "busy")
        refresh.contact(RECIPIENT)
        await asked(refresh, line)


async def test_a_newer_card_of_theirs_is_fetched_and_stands(house: House) -> None:
    await house.recipient.add_key(FileUse.SEAL)
    async with refreshing(house) as (refresh, line):
        refresh.cards_seen(RECIPIENT, 2, 1)
        known = house.sender.station.gateway.directory.peers[RECIPIENT]
        await until(lambda: known.authority.card.version == 2)
        refresh.cards_seen(RECIPIENT, 2, 1)
        await asked(refresh, line, "fetch")


async def test_whoever_knows_an_old_card_of_ours_is_pushed_the_new_one(house: House) -> None:
    await house.sender.add_key(FileUse.SEAL)
    async with refreshing(house) as (refresh, line):
        refresh.cards_seen(RECIPIENT, 1, 1)
        there = house.recipient.station.gateway.directory.peers["at.moj"]
        await until(lambda: there.authority.card.version == 2)
        await asked(refresh, line, "push")


async def test_what_we_publish_is_pushed_and_when_the_peer_is_down_as_soon_as_it_makes_contact(
    house: House,
) -> None:
    async with refreshing(house) as (refresh, line):
        await house.sender.add_key(FileUse.SEAL)
        line.cut = True
        refresh.published()
        await asked(refresh, line, "push")
        line.cut = False
        refresh.published()
        there = house.recipient.station.gateway.directory.peers["at.moj"]
        await until(lambda: there.authority.card.version == 2)
        await asked(refresh, line, "push", "push")


@pytest.mark.parametrize("code", ["unknown-kid", "bad-call-signature"])
async def test_a_refusal_that_an_old_document_explains_leads_to_one_visit(house: House, code: str) -> None:
    """The second is a hub's word. Found by the simulation: after a restart nothing else tells that it has not heard of a key."""
    woken: list[str] = []
    house.sender.station.gateway.signals.wake = woken.append
    async with refreshing(house) as (refresh, line):
        for _ in range(3):
            refresh.refused(RECIPIENT, code)
        assert refresh.unheard(RECIPIENT)
        await asked(refresh, line, "push", "fetch")
        refresh.refused(RECIPIENT, code)
        await asked(refresh, line, "push", "fetch")
    assert woken == [RECIPIENT]


async def test_whom_nobody_can_ask_tells_its_documents_again_after_a_start(house: House) -> None:
    """What was published in the last moment of the process before may have reached nobody, and nobody fetches from a mailbox."""
    identity = house.sender.station.gateway.identity
    card = replace(identity.authority.card, endpoints=(), hubs=("eu.hub",))
    async with refreshing(house) as (refresh, line):
        refresh.contact(RECIPIENT)
        await asked(refresh, line)
    house.sender.station.gateway.identity = replace(
        identity, authority=replace(identity.authority, card=card)
    )
    async with refreshing(house) as (refresh, line):
        assert refresh.unheard(RECIPIENT)
        refresh.contact(RECIPIENT)
        await asked(refresh, line, "push")
        assert not refresh.unheard(RECIPIENT)


async def test_visits_are_a_minute_apart_and_a_refusal_is_answered_once(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    ahead = 0.0
    monkeypatch.setattr(house.clock, "steady", lambda: time.monotonic() + ahead)
    async with refreshing(house) as (refresh, line):
        refresh.refused(RECIPIENT, "unknown-kid")
        await asked(refresh, line, "push", "fetch")
        refresh.refused(RECIPIENT, "bad-signature")
        await asked(refresh, line, "push", "fetch")
        ahead += 61
        refresh.refused(RECIPIENT, "revoked-key")
        await asked(refresh, line, *["push", "fetch"] * 2)
        ahead += 61
        for code in ("unknown-kid", "bad-signature", "revoked-key"):
            refresh.refused(RECIPIENT, code)
        await asked(refresh, line, *["push", "fetch"] * 2)
        ahead += 3600
        refresh.contact(RECIPIENT)
        refresh.cards_seen(RECIPIENT, 2, 0)
        await asked(refresh, line, *["push", "fetch"] * 2, "fetch")
    assert house.sender.station.store.read.ping(RECIPIENT) is not None  # the hour was over


async def test_a_peer_that_was_forgotten_is_not_visited(house: House) -> None:
    async with refreshing(house) as (refresh, line):
        house.sender.station.gateway.directory.peers.clear()
        refresh.cards_seen(RECIPIENT, 2, 1)
        await asked(refresh, line)


async def test_documents_pushed_while_they_are_fetched_are_no_rollback(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    station = house.sender.station
    old = await station._line.get_documents(house.recipient.authority)
    assert isinstance(old, bytes)
    answers = [old]
    real = station._line.get_documents

    async def overtaken(peer: Authority) -> bytes | Refusal:
        """The first answer was on its way when newer documents were pushed."""
        if not answers:
            return await real(peer)
        await house.recipient.add_key(FileUse.SEAL)
        pushed = await real(peer)
        assert isinstance(pushed, bytes)
        await station.take(RECIPIENT, pushed, fetched=False)
        return answers.pop()

    monkeypatch.setattr(station._line, "get_documents", overtaken)
    assert not await station.refresh.fetch(RECIPIENT)
    assert station.take.figures.refused == 0
    assert (
        decode_export(station.gateway.directory.peers[RECIPIENT].row.documents).card
        != decode_export(old).card
    )


async def test_who_has_not_our_documents_is_given_them_however_often_it_refuses(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Found by the simulation: a peer that was away when a key changed refused ten acknowledgements within a minute."""
    ahead = 0.0
    monkeypatch.setattr(house.clock, "steady", lambda: time.monotonic() + ahead)
    async with refreshing(house) as (refresh, line):
        line.cut = True
        refresh.refused(RECIPIENT, "bad-signature")
        await asked(refresh, line, "push", "fetch")
        assert refresh.unheard(RECIPIENT)
        line.cut = False
        ahead += 61
        refresh.refused(RECIPIENT, "bad-signature")
        await asked(refresh, line, *["push", "fetch"] * 2)
        assert not refresh.unheard(RECIPIENT)
        ahead += 61
        refresh.refused(RECIPIENT, "bad-signature")
        await asked(refresh, line, *["push", "fetch"] * 2)  # it has them: it says so of something else


async def test_a_signature_refused_by_who_has_not_heard_of_the_key_is_no_fault_of_the_leg(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    station = house.sender.station

    async def refuses(*_: object) -> Refusal:
        return Refusal(code="bad-signature")

    monkeypatch.setattr(station._line, "send_package", refuses)
    unheard = [True, False]
    station.gateway.signals.unheard = lambda peer: unheard.pop(0)
    await house.hand_in()
    assert [each.held for each in await station.deliver(RECIPIENT)] == [True]
    assert [each.held for each in await station.deliver(RECIPIENT)] == [False]
