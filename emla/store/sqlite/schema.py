"""Opening the database and bringing its schema up to date: forward only, checksummed, refused when newer than this release.

Rules of the file: one connection writes and checkpoints, all others are read-only (the WAL-reset bug of SQLite before 3.51.3
needs two writers). `synchronous=FULL`: a commit that returned survives a power cut. No mmap.
"""

import hashlib
import sqlite3
from collections.abc import Sequence
from functools import cache
from importlib import resources
from pathlib import Path

from emla.model.errors import StoreError

_FILES = "emla.store.sqlite.migrations"
_TABLE = """
CREATE TABLE IF NOT EXISTS migration (
    number INTEGER PRIMARY KEY,
    name   TEXT NOT NULL,
    sha256 BLOB NOT NULL
) STRICT
"""


CACHE_KIBIBYTES = 128 * 1024
"""Of the writer's pages: much of the indexes over hashes, in which each package touches a random page (docs/adr/0027)."""
BUSY_MILLISECONDS = 5000
WRITER_PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    f"busy_timeout={BUSY_MILLISECONDS}",
    "wal_autocheckpoint=0",
    "secure_delete=ON",
    "temp_store=MEMORY",
    "mmap_size=0",
    f"cache_size=-{CACHE_KIBIBYTES}",
)
ALONE_PRAGMAS = ("locking_mode=EXCLUSIVE",)
READER_PRAGMAS = ("query_only=ON", "wal_autocheckpoint=0", "busy_timeout=5000", "mmap_size=0")


def connect_writer(path: Path, *, alone: bool = False) -> sqlite3.Connection:
    """Open the one connection that writes, creating the file where there is none.

    The connection may be handed to another thread; it is used by one at a time. `alone`: with nobody else, readers of other
    processes included; what is known of the WAL is then read anew from the WAL itself.
    """
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=256)
    return _prepared(connection, (*(ALONE_PRAGMAS if alone else ()), *WRITER_PRAGMAS))


def connect_reader(path: Path, *, handed_on: bool = False) -> sqlite3.Connection:
    """Open a connection that can only read; `handed_on`: on another thread than this, one at a time."""
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=ro",
        uri=True,
        isolation_level=None,
        cached_statements=256,
        check_same_thread=not handed_on,
    )
    return _prepared(connection, READER_PRAGMAS)


def _prepared(connection: sqlite3.Connection, pragmas: Sequence[str]) -> sqlite3.Connection:
    try:
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}").close()
    except sqlite3.Error:
        connection.close()
        raise
    return connection


@cache
def migrations() -> tuple[tuple[int, str, str], ...]:
    """Every migration this release knows: number, name, SQL."""
    found = (
        (int(entry.name[:4]), entry.name, entry.read_text("utf-8"))
        for entry in resources.files(_FILES).iterdir()
        if entry.name.endswith(".sql")
    )
    return tuple(sorted(found))


def migrate(connection: sqlite3.Connection) -> int:
    """Apply what is missing, each migration in a transaction of its own; return the schema's number.

    A crash in the middle of one leaves the number before; the next start goes on from there.

    Raises:
        StoreError: ``newer-schema`` or ``migration-changed``.
    """
    connection.execute(_TABLE)
    applied: dict[int, bytes] = dict(connection.execute("SELECT number, sha256 FROM migration"))
    known = migrations()
    if applied and max(applied) > known[-1][0]:
        raise StoreError("newer-schema", f"It has schema {max(applied)}; this release knows {known[-1][0]}.")
    for number, name, sql in known:
        digest = hashlib.sha256(sql.encode("utf-8")).digest()
        if number in applied:
            if applied[number] != digest:
                raise StoreError("migration-changed", f"{name} is not the one that was applied.")
            continue
        connection.execute("BEGIN IMMEDIATE")
        try:
            for statement in _statements(sql):
                connection.execute(statement)
            connection.execute("INSERT INTO migration VALUES (?, ?, ?)", (number, name, digest))
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")
    if applied and max(applied) < known[-1][0]:
        # An upgrade may have rewritten gigabytes: they are copied back now, and not while somebody waits for a batch.
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    return known[-1][0]


def _statements(sql: str) -> list[str]:
    """Cut a migration into statements, the way SQLite itself sees where one ends."""
    statements, current = [], ""
    for line in sql.splitlines(keepends=True):
        current += line
        if sqlite3.complete_statement(current):
            statements.append(current)
            current = ""
    if current.strip():
        statements.append(current)  # the last one may lack its semicolon; it must not get lost
    return statements
