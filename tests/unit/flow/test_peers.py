"""What is known of one authority is changed by one journey at a time: an import, a visit that brings news, the end of a pin."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from emla.flow.documents.peers import ForgetPeer, ImportPeer, root_fingerprint
from emla.flow.events import PEER_FORGOTTEN
from emla.formats.export import encode_export
from emla.keyring.files import FileUse
from emla.model.documents import KeyUse
from emla.model.errors import InvalidDocumentError
from tests.support.gateways import select
from tests.support.key_house import RECIPIENT, House, key_house


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with key_house(tmp_path) as made:
        yield made


class FirstWaits:
    """A store whose first write is kept back until the test lets it go."""

    def __init__(self, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
        self.begun, self.let_go = asyncio.Event(), asyncio.Event()
        self._real = house.sender.station.store.write
        monkeypatch.setattr(house.sender.station.store, "write", self._write)

    async def _write(self, operation: Callable[..., Any], **how: float) -> Any:
        if not self.begun.is_set():
            self.begun.set()
            await self.let_go.wait()
        return await self._real(operation, **how)


def pinned(house: House) -> tuple[list[str], list[str]]:
    """The peers that the directory and the database have."""
    station = house.sender.station
    return list(station.gateway.directory.peers), [each.authority for each in station.store.read.peers()]


async def test_a_peer_is_forgotten_after_the_news_of_it_that_is_being_taken(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the ledger would say of which documents it was, and others would have stood."""
    station = house.sender.station
    await house.recipient.add_key(FileUse.SEAL)
    store = FirstWaits(house, monkeypatch)
    visit = asyncio.create_task(house.refresh())
    await store.begun.wait()
    end = asyncio.create_task(ForgetPeer(station.gateway)(RECIPIENT, force=True))
    await asyncio.sleep(0.1)
    store.let_go.set()
    assert await visit
    await end
    assert pinned(house) == ([], [])
    newest = hashlib.sha256(encode_export(house.recipient.authority.documents)).hexdigest()
    ((body,),) = select(station.data, f"SELECT body FROM event WHERE kind = '{PEER_FORGOTTEN}'")
    assert isinstance(body, bytes)
    assert newest.encode("ascii") in body
    await station.restart()
    assert pinned(house) == ([], [])


async def test_news_of_a_peer_that_is_being_forgotten_is_not_taken_and_pins_it_not_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    station = house.sender.station
    await house.recipient.add_key(FileUse.SEAL)
    store = FirstWaits(house, monkeypatch)
    end = asyncio.create_task(ForgetPeer(station.gateway)(RECIPIENT, force=True))
    await store.begun.wait()
    visit = asyncio.create_task(house.refresh())
    await asyncio.sleep(0.1)
    store.let_go.set()
    await end
    with pytest.raises(InvalidDocumentError) as caught:
        await visit
    assert caught.value.code == "unknown-sender"
    assert pinned(house) == ([], [])
    await station.restart()
    assert pinned(house) == ([], [])


async def test_news_pins_nobody_whose_row_is_gone(house: House) -> None:
    """The row decides, inside the batch: whatever removed it."""
    station = house.sender.station
    await house.recipient.add_key(FileUse.SEAL)
    await station.store.write(lambda each: each.forget_peer(RECIPIENT))
    leaves = station.store.real.ledger_size
    with pytest.raises(InvalidDocumentError) as caught:
        await house.refresh()
    assert caught.value.code == "unknown-sender"
    assert station.store.real.ledger_size == leaves
    assert pinned(house)[1] == []


async def test_a_revocation_that_comes_while_a_person_imports_older_documents_stays(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    station, ministry = house.sender.station, house.recipient
    old = ministry.newest(KeyUse.SEAL)
    await ministry.add_key(FileUse.SEAL)
    exported = encode_export(ministry.authority.documents)
    await ministry.revoke(old)
    store = FirstWaits(house, monkeypatch)
    by_hand = asyncio.create_task(ImportPeer(station.gateway)(exported, root_fingerprint(ministry.authority)))
    await store.begun.wait()
    visit = asyncio.create_task(house.refresh())
    await asyncio.sleep(0.1)
    store.let_go.set()
    assert (await by_hand)[1]
    assert await visit
    assert station.gateway.directory.peers[RECIPIENT].authority.revoked(old) is not None
    await station.restart()
    assert station.gateway.directory.peers[RECIPIENT].authority.revoked(old) is not None
