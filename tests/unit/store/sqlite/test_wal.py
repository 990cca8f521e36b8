"""The way of the WAL back: batches go on while the disk writes, and nothing is written over that lies nowhere else."""

import asyncio
import os
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from subprocess import PIPE

import pytest

from emla.model.errors import StoreError
from emla.store.sqlite import schema, wal
from emla.store.sqlite.store import open_store
from tests.support.authorities import party
from tests.support.gateways import Home, ledger_key, opened, rows, until
from tests.support.packages import leaf

AT = party("at.moj")


@pytest.fixture
async def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Home]:
    """A store that copies its WAL back whenever anything was written."""
    monkeypatch.setattr(wal, "_WAL_BYTES_MAX", 1)
    async with opened(tmp_path, AT) as one:
        yield one


class Disk:
    """A disk that takes its time, or fails."""

    def __init__(self, home: Home, monkeypatch: pytest.MonkeyPatch, error: OSError | None = None) -> None:
        self.asked, self.go_on = threading.Event(), threading.Event()
        self.error = error
        self.real = os.fsync
        monkeypatch.setattr(os, "fsync", self.sync)

    def sync(self, descriptor: int) -> None:
        if not Path(f"/proc/self/fd/{descriptor}").readlink().name.endswith(".db"):
            self.real(descriptor)
            return
        self.asked.set()
        assert self.go_on.wait(20)
        if self.error is not None and threading.current_thread() is not threading.main_thread():
            raise self.error
        self.real(descriptor)


def salt(home: Home) -> bytes:
    """What tells one beginning of the WAL from another."""
    return (home.data / "emla.db-wal").read_bytes()[16:24]


async def write(home: Home, number: int) -> None:
    await home.store.write(partial(leaf, number=number))


async def test_batches_go_on_while_the_disk_writes_and_the_wal_begins_anew_only_after_it(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = Disk(home, monkeypatch)
    await write(home, 0)
    await until(disk.asked.is_set)
    before = salt(home)
    for number in range(1, 6):
        await write(home, number)
    assert salt(home) == before
    assert home.store.wal.count == 0
    disk.go_on.set()
    await until(lambda: home.store.wal.count == 1)
    await write(home, 6)
    assert salt(home) != before
    assert rows(home.data)["leaf"] == 7


async def test_every_commit_is_synced_after_a_copy_as_before_it(home: Home) -> None:
    for number in range(4):
        await write(home, number)
    await until(lambda: home.store.wal.count > 0)
    assert home.store._connection.execute("PRAGMA synchronous").fetchone() == (2,)


async def test_to_empty_the_wal_waits_for_the_disk_and_leaves_no_byte(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = Disk(home, monkeypatch)
    await write(home, 0)
    await until(disk.asked.is_set)
    emptied = asyncio.create_task(home.store.empty_wal())
    for number in (1, 2):
        await write(home, number)
    assert not emptied.done()
    disk.go_on.set()
    assert await emptied
    assert (home.data / "emla.db-wal").stat().st_size == 0


async def test_to_close_waits_for_the_disk_and_removes_the_wal(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = Disk(home, monkeypatch)
    await write(home, 0)
    await until(disk.asked.is_set)
    closed = asyncio.create_task(home.store.close())
    await asyncio.sleep(0.05)
    assert not closed.done()
    disk.go_on.set()
    await closed
    assert home.store.wal.count == 1
    assert not (home.data / "emla.db-wal").exists()
    assert rows(home.data)["leaf"] == 1


async def test_a_disk_that_cannot_write_stops_the_store_and_the_wal_stays_whole(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = Disk(home, monkeypatch, OSError(5, "Input/output error"))
    await write(home, 0)
    await until(disk.asked.is_set)
    await write(home, 1)
    disk.go_on.set()
    await until(lambda: bool(home.failures))
    with pytest.raises(StoreError):
        await write(home, 2)
    before = (home.data / "emla.db-wal").read_bytes()
    await home.store.close()
    # What lies in the database may be lost by the disk: whoever opens it next finds everything in the WAL.
    assert (home.data / "emla.db-wal").read_bytes() == before
    (home.data / "emla.db-shm").unlink(missing_ok=True)
    assert rows(home.data)["leaf"] == 2


async def leaves(path: Path) -> int:
    """What the ledger of a store has that is opened and closed again."""
    store = open_store(path, ledger_key(AT))
    size = store.ledger_size
    await store.close()
    return size


_READS = """
import sqlite3, sys
connection = sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True)
print(connection.execute("SELECT count(*) FROM leaf").fetchone(), flush=True)
input()
"""


async def test_what_the_disk_did_not_take_is_copied_anew_by_the_next_start_and_not_beside_a_reader(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reader of another process keeps what says that it was copied; the system says once that it could not be written."""
    path = home.data / "emla.db"
    before = path.read_bytes()
    disk = Disk(home, monkeypatch, OSError(5, "Input/output error"))
    await write(home, 0)
    await until(disk.asked.is_set)
    with subprocess.Popen([sys.executable, "-c", _READS, path], stdin=PIPE, stdout=PIPE) as reader:
        assert reader.stdout is not None
        assert reader.stdout.readline() == b"(1,)\n"
        disk.go_on.set()
        await until(lambda: bool(home.failures))
        await home.store.close()
        path.write_bytes(before)  # what the system dropped
        pragmas = tuple(each for each in schema.WRITER_PRAGMAS if "busy" not in each)
        monkeypatch.setattr(schema, "WRITER_PRAGMAS", ("busy_timeout=0", *pragmas))
        with pytest.raises(StoreError, match="End whatever else reads it"):
            await leaves(path)
        reader.communicate(b"\n")
    assert await leaves(path) == 1
    assert not (home.data / "emla.db-wal").exists()
    assert rows(home.data)["leaf"] == 1


async def test_a_start_whose_disk_fails_leaves_word_for_the_next_one(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process before was killed when the WAL was copied and not synced; the system says once that it could not be written."""
    path, mark, real = home.data / "emla.db", home.data / "emla.db-unsynced", os.fsync
    await write(home, 0)
    await home.store.close()

    def sync(descriptor: int) -> None:
        if Path(f"/proc/self/fd/{descriptor}").readlink().name == path.name:
            raise OSError(5, "Input/output error")
        real(descriptor)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", sync)
        with pytest.raises(StoreError, match="Input/output error"):
            await leaves(path)
    assert mark.exists()
    assert await leaves(path) == 1
    assert not mark.exists()
