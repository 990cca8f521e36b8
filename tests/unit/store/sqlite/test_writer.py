"""The writer: many writes share a commit, nobody is answered before it, and after a failure nobody is left waiting."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest
import uvloop

from emla.model.errors import StoreError
from emla.ports.store import Transaction
from emla.steps.verify_acknowledgement import verify_acknowledgement
from emla.store.sqlite import wal
from emla.store.sqlite.store import SqliteStore, open_store
from tests.support.authorities import party
from tests.support.gateways import Home, ledger_key, opened, rows, until
from tests.support.packages import leaf, package_of, send

AT, DE = party("at.moj"), party("de.bfj")


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Home]:
    async with opened(tmp_path, AT, DE) as one:
        yield one


async def test_concurrent_writes_share_commits_and_all_are_durable_when_they_return(home: Home) -> None:
    bundles = await asyncio.gather(
        *(home.store.write(partial(send, sender=AT, recipient=DE, number=n)) for n in range(1, 51))
    )
    assert home.store.figures.operations == 50
    assert home.store.figures.commits < 10
    for number, issued in enumerate(bundles, 1):
        subject = package_of(AT, DE, number).subject
        verify_acknowledgement(issued.bundle, issuer=AT.authority, subject=subject)
    assert rows(home.data)["sent"] == 50
    assert rows(home.data)["checkpoint"] == home.store.figures.commits


async def test_an_answer_comes_after_the_commit_and_never_before(home: Home) -> None:
    seen: list[int] = []

    async def one(number: int) -> None:
        await home.store.write(lambda each: leaf(each, number))
        seen.append(rows(home.data)["leaf"])

    for number in range(5):
        await one(number)
    assert seen == [1, 2, 3, 4, 5]


async def test_a_deferrable_write_rides_on_the_commit_of_another(home: Home) -> None:
    rider = asyncio.create_task(home.store.write(lambda each: leaf(each, 1), patience_seconds=0.5))
    await asyncio.sleep(0)
    assert not rider.done()
    await home.store.write(lambda each: leaf(each, 2))
    await rider
    assert home.store.figures.commits == 1


async def test_a_deferrable_write_that_finds_no_company_is_committed_all_the_same(home: Home) -> None:
    await home.store.write(lambda each: leaf(each, 1), patience_seconds=0.5)
    assert rows(home.data)["leaf"] == 1


def test_patience_that_is_over_already_is_kept_on_uvloop_too(tmp_path: Path) -> None:
    async def writes() -> None:
        async with opened(tmp_path, AT, DE) as home:
            await asyncio.gather(
                *(home.store.write(partial(leaf, number=n), patience_seconds=1e-9) for n in range(3))
            )
            assert home.store.figures.commits == 1

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(writes())
    assert rows(tmp_path)["leaf"] == 3


async def test_a_failing_operation_is_its_callers_alone(home: Home) -> None:
    def fails(transaction: Transaction) -> None:
        leaf(transaction, 1)
        raise KeyError("mine")

    answers = await asyncio.gather(
        home.store.write(lambda each: leaf(each, 2)),
        home.store.write(fails),
        home.store.write(lambda each: leaf(each, 3)),
        return_exceptions=True,
    )
    assert [type(each) for each in answers] == [type(None), KeyError, type(None)]
    assert rows(home.data)["leaf"] == 2
    assert home.failures == []


async def test_a_caller_that_goes_away_takes_nobody_with_it(home: Home) -> None:
    gone = asyncio.create_task(home.store.write(lambda each: leaf(each, 1)))
    await asyncio.sleep(0)
    gone.cancel()
    with suppress(asyncio.CancelledError):
        await gone
    await home.store.write(lambda each: leaf(each, 2))
    assert rows(home.data)["leaf"] == 2


async def test_no_batch_begins_while_the_connection_is_worked_on_not_even_when_a_patience_ends(
    home: Home,
) -> None:
    loop = asyncio.get_running_loop()

    def works() -> bool:
        before = rows(home.data)["leaf"]
        # The loop has come by the end of the patience when it comes to what is due later, however late it is.
        asyncio.run_coroutine_threadsafe(asyncio.sleep(0.1), loop).result()
        return not home.store._connection.in_transaction and rows(home.data)["leaf"] == before

    rider = asyncio.create_task(home.store.write(lambda each: leaf(each, 1), patience_seconds=0.03))
    await asyncio.sleep(0)
    writer = home.store._writer
    assert writer is not None
    assert await writer.between_batches(works)
    await rider
    assert rows(home.data)["leaf"] == 1


async def test_close_commits_what_waits_and_takes_nothing_after(tmp_path: Path) -> None:
    async with opened(tmp_path, AT) as home:
        waiting = [
            asyncio.create_task(home.store.write(partial(leaf, number=n), patience_seconds=n % 2 / 10))
            for n in range(20)
        ]
        await asyncio.sleep(0)
        await home.store.close()
        await asyncio.gather(*waiting)
        with pytest.raises(StoreError) as caught:
            await home.store.write(lambda each: leaf(each, 99))
        assert caught.value.code == "stopping"
    assert rows(tmp_path)["leaf"] == 20


def breaks(transaction: Transaction) -> None:
    raise sqlite3.OperationalError("disk I/O error")


async def test_after_a_failure_every_caller_gets_it_and_no_batch_runs(home: Home) -> None:
    waiting = [
        asyncio.create_task(home.store.write(breaks if n == 3 else partial(leaf, number=n))) for n in range(6)
    ]
    answers = await asyncio.gather(*waiting, return_exceptions=True)
    assert all(isinstance(each, StoreError) and each.code == "store-failed" for each in answers)
    assert len(home.failures) == 1
    with pytest.raises(StoreError):
        await home.store.write(lambda each: leaf(each, 9))
    assert rows(home.data)["leaf"] == 0


async def test_a_wal_checkpoint_that_fails_stops_the_store_like_a_failed_commit(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails() -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(wal, "_WAL_BYTES_MAX", 1)
    monkeypatch.setattr(home.store.wal, "run", fails)
    await home.store.write(lambda each: leaf(each, 1))
    await until(lambda: bool(home.failures))
    with pytest.raises(StoreError):
        await home.store.write(lambda each: leaf(each, 2))
    assert rows(home.data)["leaf"] == 1


async def test_a_store_that_was_not_started_takes_nothing(tmp_path: Path) -> None:
    store: SqliteStore = open_store(tmp_path / "emla.db", ledger_key(AT))
    with pytest.raises(StoreError):
        await store.write(lambda each: leaf(each, 1))
    await store.close()
