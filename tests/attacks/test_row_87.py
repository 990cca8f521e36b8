"""Row 87. SQLite version in the WAL-reset range with two writers configured.

Expected: start refused. There is no setting that gives emla two writers; what must hold is stronger and for every version: a
second process is refused, one connection writes and copies the log back, and no other connection can do either.
"""

import ast
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from pathlib import Path

import pytest

from emla.bootstrap.checkup import Verdict
from emla.bootstrap.doctor_store import check_sqlite, has_wal_reset_bug
from emla.bootstrap.parts import THE_MACHINE
from emla.bootstrap.system import lock_folder
from emla.model.errors import ConfigurationError
from emla.store.sqlite.listings import open_listings
from emla.store.sqlite.schema import connect_reader
from emla.store.sqlite.store import open_store
from tests.support.backups import Pair, pair

EMLA = Path(__file__).parents[2] / "emla"


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Pair]:
    async with pair(tmp_path) as made:
        yield made


def test_a_second_process_is_refused_before_it_opens_the_database(tmp_path: Path) -> None:
    with lock_folder(tmp_path):
        with pytest.raises(ConfigurationError) as caught:
            lock_folder(tmp_path)
        assert caught.value.code == "server-running"
    lock_folder(tmp_path).close()


def test_the_lock_is_taken_before_the_store_is_opened() -> None:
    gateway = (EMLA / "bootstrap" / "parts.py").read_text(encoding="utf-8")
    assert 0 < gateway.index("around.lock(data)") < gateway.index("around.store(data / DATABASE")
    assert (THE_MACHINE.lock, THE_MACHINE.store) == (lock_folder, open_store)
    hub = (EMLA / "bootstrap" / "serve_hub.py").read_text(encoding="utf-8")
    assert 0 < hub.index("around.lock(data)") < hub.index("around.store(data / DATABASE")


async def test_every_connection_but_the_writers_can_neither_write_nor_copy_the_log_back(house: Pair) -> None:
    await house.exchange(700)
    path = house.sender.data / "emla.db"
    log = path.with_name("emla.db-wal")
    before = log.stat().st_size
    assert before
    with closing(connect_reader(path)) as reader:
        assert_only_reads(reader.execute)
        assert reader.execute("PRAGMA wal_autocheckpoint").fetchone() == (0,)
    listings = await open_listings(path)
    for statement in ("INSERT INTO warning VALUES ('x', 1)", "PRAGMA wal_checkpoint(TRUNCATE)"):
        with pytest.raises(sqlite3.OperationalError):
            await listings._connection.execute_fetchall(statement)
    (found,) = await listings._connection.execute_fetchall("PRAGMA wal_autocheckpoint")
    assert tuple(found) == (0,)
    await listings.close()
    assert_only_reads(house.sender.store.real._reader_connection.execute)
    assert log.stat().st_size == before


def assert_only_reads(execute: Callable[[str], sqlite3.Cursor]) -> None:
    for statement in (
        "INSERT INTO warning VALUES ('x', 1)",
        "DELETE FROM leaf",
        "CREATE TABLE other (x)",
        "PRAGMA wal_checkpoint(TRUNCATE)",
    ):
        with pytest.raises(sqlite3.OperationalError):
            execute(statement)


async def test_the_writer_never_copies_the_log_back_by_itself_in_a_commit(house: Pair) -> None:
    """Only between batches, on the writer's thread, when nobody else can be writing."""
    writer = house.sender.store.real._connection
    assert writer.execute("PRAGMA wal_autocheckpoint").fetchone() == (0,)
    assert writer.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert writer.execute("PRAGMA synchronous").fetchone() == (2,)


def calls_of(name: str) -> set[str]:
    """The files of emla in which something of this name is called."""
    found = set()
    for path in EMLA.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(text if name in text else "")):
            if isinstance(node, ast.Call):
                called = (
                    node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                )
                if called == name and not (name == "connect" and owner(node) not in ("sqlite3", "aiosqlite")):
                    found.add(path.relative_to(EMLA).as_posix())
    return found


def owner(node: ast.Call) -> str:
    """`sqlite3` of `sqlite3.connect(...)`."""
    value = node.func.value if isinstance(node.func, ast.Attribute) else None
    return value.id if isinstance(value, ast.Name) else ""


def test_one_place_opens_the_connection_that_writes() -> None:
    assert calls_of("connect_writer") == {"store/sqlite/store.py"}
    assert (
        calls_of("open_store") == set()
    )  # `around.store` of a gateway and of a hub is it, as the test above says
    # `backup_source` makes a file of its own that nobody else opens, and so does `backup_restore`; the others open read-only.
    assert calls_of("connect") == {
        "store/sqlite/schema.py",
        "store/sqlite/listings.py",
        "bootstrap/backup_source.py",
        "bootstrap/backup_restore.py",
    }


@pytest.mark.parametrize(
    ("version", "has"),
    [
        ((3, 6, 23), False),
        ((3, 7, 0), True),
        ((3, 40, 1), True),
        ((3, 44, 5), True),
        ((3, 44, 6), False),
        ((3, 45, 0), True),
        ((3, 50, 6), True),
        ((3, 50, 7), False),
        ((3, 51, 0), True),
        ((3, 51, 2), True),
        ((3, 51, 3), False),
        ((3, 54, 1), False),
        ((4, 0, 0), False),
    ],
)
def test_doctor_names_the_version_and_why_it_is_safe(version: tuple[int, ...], has: bool) -> None:  # noqa: FBT001
    assert has_wal_reset_bug(version) is has
    found = check_sqlite(version)
    assert found.verdict is Verdict.OK
    assert found.found.startswith(".".join(map(str, version)))
    assert ("WAL-reset bug" in found.found) is has
    assert ("one connection writes" in found.found) is has
