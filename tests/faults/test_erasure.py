"""An erasure is cut at every step, on either side of its commit: it ends erased, or was never ordered, and is never half of one.

And what looks like an erasure without being one is found by the audit.
"""

import asyncio
import shutil
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from emla.bootstrap.audit import verify_ledger
from emla.bootstrap.own import DATABASE
from emla.model.erasure import ErasureState
from emla.model.errors import StoreError
from tests.support.backups import RECEIVER, pair
from tests.support.erasing import Secrets, bring, case_id, erased, erasing
from tests.support.faulty_store import Fate
from tests.support.in_process import DirectLine, InlineOpener, Station, TestClock

LARGE = 300 * 1024
COMMITS = ("E1", "E2", "E2", "E5")


@pytest.fixture(scope="module")
def brought(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two messages of one case and one of another at the recipient; each test works on a copy."""
    folder = tmp_path_factory.mktemp("brought")

    async def bring_them() -> None:
        async with pair(folder) as both:
            await bring(both, "a", LARGE)
            await bring(both, "second", case="a")
            await bring(both, "b")

    asyncio.run(bring_them())
    return folder / RECEIVER


@pytest.fixture
async def station(brought: Path, tmp_path: Path) -> AsyncIterator[Station]:
    data = tmp_path / RECEIVER
    shutil.copytree(brought, data)
    made = Station(data, DirectLine(lambda peer: made), TestClock(), InlineOpener(data))
    made.start()
    yield made
    await made.close()


def secrets_of(station: Station) -> tuple[list[Secrets], Secrets]:
    """Of the case that is erased, and of the other one."""
    found = [row[0] for row in select(station.data, "SELECT pid FROM received ORDER BY id")]
    *gone, kept = (Secrets(station, pid) for pid in found)
    return gone, kept


def select(data: Path, sql: str, *values: object) -> list[tuple[bytes, ...]]:
    with closing(sqlite3.connect(data / DATABASE)) as database:
        return database.execute(sql, values).fetchall()


class Ended(Exception):
    """The process ends here."""


async def begun_and_cut(station: Station) -> None:
    with pytest.raises((StoreError, Ended)):
        await erased(station, case_id("a"))
    station.on_commit = lambda: None
    await station.restart()
    assert verify_ledger(station.data).problems == ()  # at every moment


async def check(station: Station, gone: list[Secrets], kept: Secrets) -> None:
    """After the start that follows the crash."""
    async with erasing(station) as journey:
        await journey.carry_out()
    (order,) = station.store.read.erasures(case_id("a"))
    assert order.state is ErasureState.ERASED
    assert [each.found(station.data) for each in gone] == [[], []]
    assert kept.found(station.data)
    audit = verify_ledger(station.data)
    assert (audit.problems, audit.erased) == ((), 2)


@pytest.mark.parametrize("fate", Fate)
@pytest.mark.parametrize("at", range(len(COMMITS)), ids=COMMITS)
async def test_a_commit_that_fails_leaves_no_half_of_an_erasure(
    station: Station, at: int, fate: Fate
) -> None:
    gone, kept = secrets_of(station)
    count = iter(range(100))
    station.on_commit = lambda: fate if next(count) == at else None
    await begun_and_cut(station)
    if (at, fate) == (0, Fate.LOST):
        assert station.store.read.erasures(case_id("a")) == []
        assert all(each.found(station.data) for each in gone)
        await erased(station, case_id("a"))
    await check(station, gone, kept)


async def test_an_erasure_makes_exactly_the_commits_that_are_tried_here(station: Station) -> None:
    gone, kept = secrets_of(station)
    commits: list[None] = []
    station.on_commit = lambda: commits.append(None)
    await erased(station, case_id("a"))
    assert len(commits) == len(COMMITS)
    await check(station, gone, kept)


@pytest.mark.parametrize("step", ["E3", "E3 done", "E4"])
async def test_a_process_that_ends_between_two_commits_is_taken_over(
    station: Station, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone, kept = secrets_of(station)
    erase = station.gateway.blobs.erase

    def fails(sha256: bytes) -> None:
        if step == "E3 done":
            erase(sha256)
        raise Ended

    async def never() -> bool:
        raise Ended

    if step == "E4":
        monkeypatch.setattr(station.store, "empty_wal", never)
    else:
        monkeypatch.setattr(station.gateway.blobs, "erase", fails)
    await begun_and_cut(station)
    await check(station, gone, kept)


FORGED = {
    "record": "UPDATE record SET sealed = zeroblob(length(sealed)) WHERE id = 3",
    "act": "UPDATE legal_act SET sealed = zeroblob(length(sealed)) WHERE id = 3",
    "payload": "UPDATE payload SET body = x'' WHERE sha256 = (SELECT payload_sha256 FROM received WHERE id = 3)",
    "order": "INSERT INTO erased_package VALUES (7, 1, 1); UPDATE record SET sealed = zeroblob(length(sealed)) WHERE id = 3",
}


async def test_what_is_overwritten_without_a_leaf_is_found(station: Station) -> None:
    await erased(station, case_id("a"))
    await station.close()
    for name, sql in FORGED.items():
        with closing(sqlite3.connect(station.data / DATABASE, isolation_level=None)) as database:
            before = database.serialize()
            database.executescript(sql)
        problems = verify_ledger(station.data).problems
        assert len(problems) == 1, (name, problems)
        assert "no erasure is recorded" in problems[0], name
        (station.data / DATABASE).write_bytes(before)
    station.start()


async def test_what_comes_back_after_an_erasure_is_found(station: Station) -> None:
    (((sealed,),), ((sha256,),)) = (
        select(station.data, "SELECT sealed FROM record WHERE id = 1"),
        select(station.data, "SELECT payload_sha256 FROM received WHERE id = 1"),
    )
    await erased(station, case_id("a"))
    path = station.gateway.blobs.path(sha256)
    path.write_bytes(b"as if from a copy")
    problems = verify_ledger(station.data).problems
    assert [each for each in problems if "its file is still there" in each] == list(problems)
    assert problems
    path.unlink()
    await station.close()
    with closing(sqlite3.connect(station.data / DATABASE)) as database:
        database.execute("UPDATE record SET sealed = ? WHERE id = 1", (sealed,))
        database.commit()
    problems = verify_ledger(station.data).problems
    assert [each for each in problems if "its record is still stored" in each] == list(problems)
    assert problems
    station.start()
