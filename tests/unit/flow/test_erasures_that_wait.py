"""An erasure that has to wait, for a reader, a file or the token, goes on by itself, and holds up no other."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from emla.bootstrap.own import DATABASE
from emla.model.erasure import ErasureState
from emla.model.errors import StoreError
from tests.support.away_store import AwayStore
from tests.support.backups import Pair, pair
from tests.support.erasing import Secrets, bring, case_id, erasing, ordered
from tests.support.gateways import until
from tests.support.in_process import Station

BLOB = 2 * 1024**2


@pytest.fixture
async def both(tmp_path: Path) -> AsyncIterator[Pair]:
    async with pair(tmp_path) as made:
        yield made


@contextmanager
def reading(station: Station) -> Iterator[sqlite3.Connection]:
    """A reader that holds the pages of now, until it ends its transaction."""
    with closing(sqlite3.connect(station.data / DATABASE, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM record").fetchone()
        yield reader


async def test_a_reader_that_began_before_keeps_it_erasing_until_it_ends(both: Pair) -> None:
    pid = await bring(both, "a")
    station = both.recipient
    secrets = Secrets(station, pid)
    with reading(station) as reader:
        async with erasing(station) as journey:
            await ordered(journey, case_id("a"))
            assert not await journey.carry_out()
            assert all(each.done for each in station.store.read.doomed(1))
            assert secrets.found(station.data)
            assert state_of(station, "a") is ErasureState.ERASING
            assert await bring(both, "b")  # nobody waits for it
            reader.execute("COMMIT")
            assert await journey.carry_out()
    assert secrets.found(station.data) == []
    assert state_of(station, "a") is ErasureState.ERASED


async def test_an_order_that_waits_for_a_reader_holds_up_no_other(
    both: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("emla.flow.erasure.erase._AGAIN_SECONDS", 0.01)
    for name in ("a", "b"):
        await bring(both, name, BLOB)
    station = both.recipient
    read, blobs = station.store.read, station.gateway.blobs

    def overwritten(number: int) -> bool:
        doomed = read.doomed(number)
        return all(each.done and not blobs.path(each.payload_sha256).exists() for each in doomed)

    with reading(station) as reader:
        async with erasing(station) as journey:
            running = asyncio.create_task(journey.run())
            try:
                await ordered(journey, case_id("a"))
                await until(lambda: overwritten(1))
                await ordered(journey, case_id("b"))
                await until(lambda: overwritten(2))
                assert {state_of(station, name) for name in ("a", "b")} == {ErasureState.ERASING}
                reader.execute("COMMIT")
                await until(lambda: not read.erasures_under_way())
            finally:
                await cancelled(running)


def log_emptied(monkeypatch: pytest.MonkeyPatch, station: Station) -> list[bool]:
    """What each emptying of the write-ahead log said."""
    store, said = station.gateway.store, list[bool]()
    real = store.empty_wal

    async def empty() -> bool:
        said.append(await real())
        return said[-1]

    monkeypatch.setattr(store, "empty_wal", empty)
    return said


async def test_a_file_that_cannot_be_unlinked_makes_its_order_wait_and_nothing_else(
    both: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("emla.flow.erasure.erase._AGAIN_SECONDS", 0.01)
    for name in ("a", "b"):
        await bring(both, name, BLOB)
    station = both.recipient
    blobs = station.gateway.blobs
    unlink, refused = blobs.erase, 3

    def erase(sha256: bytes) -> None:
        nonlocal refused
        if sha256 == stuck and refused:
            refused -= 1
            raise StoreError("store-failed", "Operation not permitted")
        unlink(sha256)

    monkeypatch.setattr(blobs, "erase", erase)
    async with erasing(station) as journey:
        await ordered(journey, case_id("a"))
        (stuck,) = (each.payload_sha256 for each in station.store.read.doomed(1))
        emptied = log_emptied(monkeypatch, station)
        assert not await journey.carry_out()
        assert emptied == [True]  # what the log still has goes, though a file stays
        await ordered(journey, case_id("b"))
        assert not await journey.carry_out()
        assert [state_of(station, name) for name in ("a", "b")] == [
            ErasureState.ERASING,
            ErasureState.ERASED,
        ]
        assert blobs.path(stuck).exists()
        running = asyncio.create_task(journey.run())
        await until(lambda: running.done() or state_of(station, "a") is ErasureState.ERASED)
        assert not running.done()
        assert not blobs.path(stuck).exists()
        await cancelled(running)


async def test_an_erasure_waits_for_the_token_that_signs_its_leaf(
    both: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("emla.flow.erasure.erase._AGAIN_SECONDS", 0.01)
    await bring(both, "a")
    station = both.recipient
    async with erasing(station) as journey:
        await ordered(journey, case_id("a"))
        away = AwayStore(station.gateway.store, refusals=2)
        monkeypatch.setattr(station.gateway, "store", away)
        running = asyncio.create_task(journey.run())
        await until(lambda: running.done() or state_of(station, "a") is ErasureState.ERASED)
        assert away.refusals == 0
        await cancelled(running)
    monkeypatch.undo()


def state_of(station: Station, name: str) -> ErasureState:
    (given,) = station.store.read.erasures(case_id(name))
    return given.state


async def cancelled(running: asyncio.Task[None]) -> None:
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
