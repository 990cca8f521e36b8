"""The simulated disk: what was synced survives a power cut, what was not may not, and a disk that fails says so."""

import os
import random
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import apsw
import pytest

from emla.bootstrap.own import DATABASE, write_own_file
from emla.keyring.private_files import replace_private, write_private
from emla.ledger.merkle import EMPTY
from emla.store.files import FileBlobs, blob_path
from emla.store.sqlite import schema
from emla.store.sqlite.batch import BatchRunner
from emla.store.sqlite.wal import WalCheckpoint
from tests.simulation.folders import reading_beside
from tests.simulation.storage import DISK_FULL, Disk, no_fault
from tests.support.authorities import party
from tests.support.gateways import ledger_key

ROWS = 40


def fill(folder: Path, pragma: str, seed: int) -> tuple[int, int]:
    """Commit rows, cut the power; how many were committed and how many are there."""
    disk = Disk(folder, random.Random(seed))
    with disk.in_place():
        connection = schema.connect_writer(folder / "x.db")
        reader = schema.connect_reader(folder / "x.db")
        connection.execute(f"PRAGMA synchronous={pragma}").close()
        connection.execute("CREATE TABLE t (number INTEGER, filler BLOB)")
        reader.execute(
            "SELECT * FROM t"
        ).fetchall()  # so that the writer is not the last to close, and copies nothing back
        for number in range(ROWS):
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("INSERT INTO t VALUES (?, ?)", (number, bytes(2000)))
            connection.execute("COMMIT")
        connection.close()
        reader.close()
        disk.cut(folder)
    with sqlite3.connect(folder / "x.db") as found:
        assert found.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        try:
            left = [row[0] for row in found.execute("SELECT number FROM t ORDER BY number")]
        except sqlite3.OperationalError:
            left = []
    found.close()
    assert left == list(range(len(left))), "what is there is a prefix of what was committed"
    return ROWS, len(left)


def folders(parent: Path, count: int) -> list[Path]:
    made = [parent / str(number) for number in range(count)]
    for each in made:
        each.mkdir()
    return made


def test_what_was_committed_survives_a_power_cut(tmp_path: Path) -> None:
    for seed, folder in enumerate(folders(tmp_path, 20)):
        committed, left = fill(folder, "FULL", seed)
        assert left == committed


def test_without_the_sync_of_each_commit_rows_are_lost_and_the_simulation_sees_it(tmp_path: Path) -> None:
    lost = [
        committed - left
        for committed, left in (
            fill(folder, "NORMAL", seed) for seed, folder in enumerate(folders(tmp_path, 20))
        )
    ]
    assert sum(1 for each in lost if each) >= 15


def copied_back(folder: Path, seed: int) -> None:
    """Commit rows while the WAL is copied back in its three steps, and cut the power after any of them."""
    disk = Disk(folder, random.Random(seed))
    path = folder / "x.db"
    with disk.in_place(), path.open("ab", buffering=0) as file:
        connection, holder = schema.connect_writer(path), schema.connect_reader(path, handed_on=True)
        connection.execute("CREATE TABLE migration (number INTEGER)")
        connection.execute("CREATE TABLE t (number INTEGER, filler BLOB)")
        back = WalCheckpoint(
            connection,
            holder,
            BatchRunner(connection, EMPTY, ledger_key(party("at.moj"))),
            lambda: os.fsync(file.fileno()),
        )
        number = 0
        for step in ("copy", "sync", "finish", "copy", "sync", "finish")[: disk.chance.randint(1, 6)]:
            for _ in range(
                disk.chance.choice((0, ROWS // 4))
            ):  # none: SQLite itself syncs nothing when it finishes
                connection.execute("INSERT INTO t VALUES (?, ?)", (number, bytes(2000)))
                number += 1
            {"copy": back.run, "sync": back.sync, "finish": back.run}[step]()
        for _ in range(disk.chance.randint(0, ROWS // 4)):
            connection.execute("INSERT INTO t VALUES (?, ?)", (number, bytes(2000)))
            number += 1
        connection.close()
        holder.close()
        disk.cut(folder)
    with closing(sqlite3.connect(path)) as found:
        assert found.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert [row[0] for row in found.execute("SELECT number FROM t ORDER BY number")] == list(
            range(number)
        )


def test_what_was_committed_survives_a_power_cut_at_each_step_of_the_way_back(tmp_path: Path) -> None:
    for seed, folder in enumerate(folders(tmp_path, 40)):
        copied_back(folder, seed)


def test_a_blob_that_was_kept_survives_and_one_that_was_not_may_be_short_or_gone(tmp_path: Path) -> None:
    gone = 0
    for seed, folder in enumerate(folders(tmp_path, 20)):
        disk = Disk(folder, random.Random(seed))
        with disk.in_place():
            blobs = FileBlobs(folder, os.urandom)
            kept, open_ = blobs.begin(), blobs.begin()
            kept.write(b"kept" * 1000)
            kept.keep(bytes(32))
            open_.write(b"open" * 1000)
            disk.cut(folder)
        assert blob_path(folder / "blobs", bytes(32)).read_bytes() == b"kept" * 1000
        gone += sum(1 for each in (folder / "tmp").iterdir() if each.stat().st_size < 4000)
        open_.drop()
    assert gone > 10


def test_a_name_whose_folder_was_not_synced_may_be_gone_and_what_bore_it_before_is_back(
    tmp_path: Path,
) -> None:
    back = 0
    for seed, folder in enumerate(folders(tmp_path, 20)):
        disk = Disk(folder, random.Random(seed))
        (folder / "new").write_bytes(b"new")
        (folder / "name").write_bytes(b"old")
        with disk.in_place():
            (folder / "new").rename(folder / "name")
            disk.cut(folder)
        back += (folder / "name").read_bytes() == b"old"
    assert 3 < back < 17


WRITTEN: dict[str, Callable[[Path, bytes], None]] = {
    "documents/own.json": write_own_file,
    "keys/new": lambda folder, data: write_private(folder / "keys" / "new", data),
    "keys/replaced": lambda folder, data: replace_private(folder / "keys" / "replaced", data),
}


@pytest.mark.parametrize("name", WRITTEN)
def test_a_file_that_was_written_is_there_and_whole_after_a_power_cut(tmp_path: Path, name: str) -> None:
    for seed, folder in enumerate(folders(tmp_path, 20)):
        for each in ("documents", "keys"):
            (folder / each).mkdir()
        (folder / "keys" / "replaced").write_bytes(b"before")
        disk = Disk(folder, random.Random(seed))
        with disk.in_place():
            WRITTEN[name](folder, b"written" * 100)
            disk.cut(folder)
        assert (folder / name).read_bytes() == b"written" * 100


def test_errors_of_the_disk_are_those_that_the_store_knows(tmp_path: Path) -> None:
    disk = Disk(tmp_path, random.Random(1))
    with disk.in_place():
        connection = schema.connect_writer(tmp_path / "x.db")
        connection.execute("CREATE TABLE t (number INTEGER UNIQUE)")
        connection.execute("INSERT INTO t VALUES (1)")
        with pytest.raises(sqlite3.IntegrityError, match=r"^UNIQUE constraint failed: t\.number$"):
            connection.execute("INSERT INTO t VALUES (1)")
        disk.fault = lambda path, call: DISK_FULL
        with pytest.raises(sqlite3.OperationalError) as full:
            connection.execute("INSERT INTO t VALUES (2)")
        assert full.value.sqlite_errorcode == sqlite3.SQLITE_FULL
        disk.fault = lambda path, call: apsw.IOError if call == "sync" else None
        with pytest.raises(sqlite3.OperationalError) as failed:
            connection.execute("INSERT INTO t VALUES (3)")
        assert failed.value.sqlite_errorcode == sqlite3.SQLITE_IOERR
        disk.fault = no_fault
        connection.close()


def test_a_folder_is_read_beside_the_gateway_that_writes_there(tmp_path: Path) -> None:
    with (
        Disk(tmp_path, random.Random(1)).in_place(),
        closing(schema.connect_writer(tmp_path / DATABASE)) as writer,
    ):
        writer.execute("CREATE TABLE t (number INTEGER)")
        writer.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("INSERT INTO t VALUES (1)")
        with reading_beside(tmp_path) as found:
            assert found.execute("SELECT count(*) FROM t").fetchone() == (0,)
        writer.execute("COMMIT")
        with reading_beside(tmp_path) as found:
            assert found.execute("SELECT count(*) FROM t").fetchone() == (1,)
