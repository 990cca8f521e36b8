"""What the store calls of `sqlite3.Connection`, on APSW, with the errors that it would raise: no more than that."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import Any

import apsw

from emla.store.sqlite import schema

OPENED_TO_READ = apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI
_OPENED_TO_WRITE = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE


class ApswCursor:
    """The rows of one statement."""

    def __init__(self, rows: apsw.Cursor, connection: apsw.Connection) -> None:
        self._rows = rows
        self.rowcount = connection.changes()
        self.lastrowid = connection.last_insert_rowid()

    def __iter__(self) -> "ApswCursor":
        return self

    def __next__(self) -> Any:
        with _errors():
            return next(self._rows)

    def fetchone(self) -> Any:
        """The next row, or None."""
        return next(self, None)

    def fetchall(self) -> list[Any]:
        """The rest."""
        return list(self)

    def fetchmany(self, size: int = 1) -> list[Any]:
        """The next rows, at most so many."""
        return list(islice(self, size))

    def close(self) -> None:
        """End the statement."""
        self._rows.close()


class ApswConnection:
    """A connection."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open."""
        with _errors():
            return self._connection.in_transaction

    def execute(self, sql: str, values: Sequence[Any] = ()) -> ApswCursor:
        """Run a statement."""
        with _errors():
            return ApswCursor(self._connection.execute(sql, tuple(values)), self._connection)

    def executemany(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        """Run a statement for each row."""
        with _errors():
            self._connection.executemany(sql, rows)

    def close(self) -> None:
        """Close it; that the disk fails meanwhile is nobody's error, as with sqlite3."""
        with suppress(apsw.Error):
            self._connection.close()


@contextmanager
def _errors() -> Iterator[None]:
    try:
        yield
    except apsw.ConstraintError as error:
        raise sqlite3.IntegrityError(str(error).removeprefix("ConstraintError: ")) from error
    except apsw.Error as error:
        failure = sqlite3.OperationalError(str(error))
        full = isinstance(error, apsw.FullError)
        failure.sqlite_errorcode = sqlite3.SQLITE_FULL if full else sqlite3.SQLITE_IOERR
        raise failure from error


def connect_writer(path: Path, vfs: str, *, alone: bool = False) -> ApswConnection:
    """As `schema.connect_writer`, with the settings that stand there."""
    pragmas = (*(schema.ALONE_PRAGMAS if alone else ()), *schema.WRITER_PRAGMAS)
    return _prepared(apsw.Connection(str(path), flags=_OPENED_TO_WRITE, vfs=vfs), pragmas)


def connect_reader(path: Path, vfs: str) -> ApswConnection:
    """As `schema.connect_reader`."""
    uri = f"{path.absolute().as_uri()}?mode=ro"
    connection = apsw.Connection(uri, flags=OPENED_TO_READ, vfs=vfs)
    return _prepared(connection, schema.READER_PRAGMAS)


def _prepared(connection: apsw.Connection, pragmas: Sequence[str]) -> ApswConnection:
    made = ApswConnection(connection)
    for pragma in pragmas:
        made.execute(f"PRAGMA {pragma}").fetchall()
    return made
