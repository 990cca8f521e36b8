"""The WAL and its way back into the database: copied between batches, brought to the disk beside them (docs/adr/0057).

In three steps, so that no batch waits for the disk to write the pages of thousands of packages, which lie all over the file:
 1. `copy`, on the writer's thread between two batches: every page goes to its place, and nothing is synced. A reader that began
    before holds the WAL: nothing may be written over what the disk has in no other place.
 2. `sync`, on another thread, while batches go on behind it in the WAL.
 3. `finish`, again between two batches: the reader lets go, what was written meanwhile is copied and synced, and the WAL begins
    anew with the next batch.
A power cut before 3 finds the whole WAL. The connection that writes is the only one that copies (attack row 87).
"""

import sqlite3
from collections.abc import Callable
from enum import Enum, auto

from emla.model.errors import StoreError
from emla.store.sqlite import schema
from emla.store.sqlite.batch import BatchRunner

_WAL_BYTES_MAX = 32 * 1024 * 1024
_COPY = "PRAGMA wal_checkpoint(PASSIVE)"


class _Step(Enum):
    """How far it is."""

    NONE = auto()
    COPIED = auto()
    """Pages are in their place in the file, and perhaps not on the disk."""
    SYNCED = auto()


class WalCheckpoint:
    """Copies the WAL back into the database when enough was written to it."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        holder: sqlite3.Connection,
        runner: BatchRunner,
        sync_file: Callable[[], None],
    ) -> None:
        """Args: what writes; what reads, its own; what counts the bytes written; what syncs the file of the database."""
        self._connection = connection
        self._holder = holder
        self._runner = runner
        self._sync_file = sync_file
        self._step = _Step.NONE
        self.count = 0
        """How often it was done; each time is three fsyncs."""

    @property
    def is_whole(self) -> bool:
        """Whether nothing is in the file that only the WAL has on the disk."""
        return self._step is not _Step.COPIED

    def is_due(self) -> bool:
        """Whether there is something to do between two batches."""
        if self._step is _Step.NONE:
            return self._runner.wal_bytes > _WAL_BYTES_MAX
        return self._step is _Step.SYNCED

    def run(self) -> bool:
        """Copy, or finish; between two batches. Whether `sync` is to be called now, on another thread."""
        if self._step is _Step.SYNCED:
            self._finish()
            return False
        self._copy()
        return True

    def _copy(self) -> None:
        execute = self._connection.execute
        # The read mark at the end of what is committed: the copy goes as far, and the WAL does not begin anew while it is held.
        self._holder.execute("BEGIN").close()
        self._holder.execute("SELECT count(*) FROM migration").fetchone()
        self._step = _Step.COPIED
        execute("PRAGMA synchronous=OFF").close()
        try:
            execute(_COPY).fetchone()
        finally:
            execute("PRAGMA synchronous=FULL").close()

    def sync(self) -> None:
        """Bring to the disk what was copied; batches may go on."""
        self._sync_file()
        self._step = _Step.SYNCED

    def _finish(self) -> None:
        self._holder.execute("ROLLBACK").close()
        self._connection.execute(_COPY).fetchone()
        self._step = _Step.NONE
        self._runner.wal_bytes = 0
        self.count += 1

    def empty(self) -> bool:
        """Copy everything and leave the WAL with no byte in it; False while a reader is in the way: nobody waits for it here.

        A reader that began before an erasure holds the pages of then. Never while a `sync` is under way.
        """
        if self._step is not _Step.NONE:
            self._finish()
        execute = self._connection.execute
        execute("PRAGMA busy_timeout=0").fetchone()
        try:
            busy, *_ = execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        except sqlite3.Error as error:
            raise StoreError("store-failed", str(error)) from error
        finally:
            execute(f"PRAGMA busy_timeout={schema.BUSY_MILLISECONDS}").fetchone()
        self._runner.wal_bytes = 0
        self.count += 1
        return not busy
