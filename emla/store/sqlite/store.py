"""The embedded store: SQLite in WAL mode behind one writer thread, reads on the caller's thread."""

import os
import sqlite3
from collections.abc import Callable
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TypeVar, cast

from emla.ledger import checkpoint as checkpoint_form
from emla.ledger.batch import LedgerKey
from emla.ledger.leaf import LeafKind, entry_of_digest
from emla.ledger.merkle import EMPTY, Frontier, grow, leaf_hash
from emla.model.errors import InvalidAcknowledgementError, LedgerIntegrityError, StoreError
from emla.ports.signing import SlowSigners
from emla.ports.store import Transaction
from emla.store.files import sync_folder
from emla.store.sqlite import schema
from emla.store.sqlite.batch import BatchRunner
from emla.store.sqlite.reader import SqliteReader
from emla.store.sqlite.wal import WalCheckpoint
from emla.store.sqlite.writer import Writer, WriterFigures

T = TypeVar("T")
_LEAVES_AT_ONCE = 65536
"""When the tree is recomputed at the start: a few megabytes of memory."""


class SqliteStore:
    """Implements `emla.ports.store.Store`. Open with `open_store`, close with `close`."""

    def __init__(self, files: "_Opened", runner: BatchRunner) -> None:
        self._files = files
        self._connection = files.writer
        self._reader_connection = files.reader
        self._runner = runner
        self._writer: Writer | None = None
        self.read = SqliteReader(files.reader)
        self.wal = WalCheckpoint(files.writer, files.holder, runner, files.sync)

    def start(
        self,
        *,
        on_failure: Callable[[StoreError], None],
    ) -> None:
        """Start the writer; called once, inside the event loop."""
        self._writer = Writer(self._runner, checkpoint=self.wal, on_failure=on_failure)

    def on_commit(self, told: Callable[[], None]) -> None:
        """Have somebody told whenever a batch is durable; after `start`. What is told must return at once."""
        if self._writer is not None:
            self._writer.on_commit = told

    @property
    def figures(self) -> WriterFigures:
        """What the writer did so far."""
        return self._writer.figures if self._writer else WriterFigures()

    @property
    def waiting(self) -> int:
        """How many operations that somebody waits for are in no batch yet."""
        return self._writer.waiting if self._writer else 0

    def use_ledger_key(self, key: LedgerKey) -> None:
        """Sign the checkpoints of the batches to come with this key."""
        self._runner.key = key

    @property
    def ledger_size(self) -> int:
        """Number of leaves in the last committed tree."""
        return self._runner.frontier.size

    async def write(self, operation: Callable[[Transaction], T], *, patience_seconds: float = 0.0) -> T:
        """Run an operation in the next batch and return when it is durable."""
        if self._writer is None:
            raise StoreError("stopping", "The store was not started.")
        return cast(T, await self._writer.write(operation, patience_seconds=patience_seconds))

    async def empty_wal(self) -> bool:
        """Bring every committed page to its place and leave no older one anywhere; False while a reader still needs one."""
        if self._writer is None:
            raise StoreError("stopping", "The store was not started.")
        return await self._writer.between_batches(self.wal.empty)

    async def close(self) -> None:
        """Commit what waits, end the writer, close the connections."""
        if self._writer:
            await self._writer.close()
        self._files.close(whole=self.wal.is_whole)


@dataclass(frozen=True, slots=True)
class _Opened:
    """The database, opened three times by SQLite and once more as a file."""

    writer: sqlite3.Connection
    reader: sqlite3.Connection
    """For the event loop."""
    holder: sqlite3.Connection
    """For the writer's thread: holds the WAL while it is copied back."""
    file: BinaryIO
    """Closed last of all: whoever closes a descriptor of a file gives up the locks that the process has on it."""
    unsynced: Path
    """The mark that the disk did not take what was copied from the WAL."""

    def sync(self) -> None:
        """Bring to the disk what was written to the file, by whatever descriptor.

        Raises:
            OSError: what the disk holds is unknown, and the system says so this once.
        """
        _sync(self.file, self.unsynced)

    def close(self, *, whole: bool) -> None:
        """Close everything.

        Args:
            whole: whether SQLite may copy the WAL and remove it. Where it was copied and not synced it must stay: the last
                connection is one that cannot write, then.
        """
        if whole:
            self.reader.close()
            self.holder.close()
            self.writer.close()
        else:
            self.writer.close()
            self.reader.close()
            self.holder.close()
        self.file.close()


def _sync(file: BinaryIO, unsynced: Path) -> None:
    try:
        os.fsync(file.fileno())
    except OSError:
        with suppress(OSError):
            unsynced.touch()
            sync_folder(unsynced.parent)
        raise


def open_store(path: Path, key: LedgerKey, slow: SlowSigners | None = None) -> SqliteStore:
    """Open the database, bring its schema up to date and check the ledger before anything is signed.

    Args:
        path: the database's file.
        key: what signs checkpoints.
        slow: the signers that operations and `key` may ask and that are too slow to be waited for in a batch.

    Raises:
        StoreError: it cannot be opened, or was written by a newer release.
        LedgerIntegrityError: the leaves do not add up to the last checkpoint.
    """
    unsynced = path.with_name(f"{path.name}-unsynced")
    if unsynced.exists():
        _copy_anew(path)
        unsynced.unlink()
    with ExitStack() as undo:
        try:
            writer = undo.enter_context(closing(schema.connect_writer(path)))
            file = undo.enter_context(path.open("rb", buffering=0))
            # A process before may have ended when the WAL was copied and not synced yet, and a reader may have kept what says so.
            _sync(file, unsynced)
            schema.migrate(writer)
            frontier = load_frontier(writer, key)
            reader = undo.enter_context(closing(schema.connect_reader(path)))
            holder = undo.enter_context(closing(schema.connect_reader(path, handed_on=True)))
        except (sqlite3.Error, OSError) as error:
            raise StoreError("store-failed", f"{path.name}: {error}") from error
        undo.pop_all()
    opened = _Opened(writer, reader, holder, file, unsynced)
    return SqliteStore(opened, BatchRunner(writer, frontier, key, slow))


def _copy_anew(path: Path) -> None:
    """Copy the WAL back from its beginning, whatever is said to have been copied.

    Raises:
        StoreError: it cannot be copied, or another process has the database open, which keeps what is said.
    """
    try:
        with closing(schema.connect_writer(path, alone=True)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    except sqlite3.Error as error:
        detail = f"The disk failed to take {path.name}, which is now to be written anew: {error}"
        raise StoreError("store-failed", f"{detail}. End whatever else reads it, and start again.") from error


_RECORDED = (
    ("packages sent", "SELECT count(*) FROM sent", (LeafKind.HEADER_SENT,)),
    (
        "packages received",
        "SELECT (SELECT count(*) FROM received) + (SELECT count(*) FROM equivocation)",
        (LeafKind.HEADER_RECEIVED,),
    ),
    (
        "acknowledgements",
        "SELECT (SELECT count(*) FROM acknowledgement) + (SELECT count(*) FROM contradiction)",
        (LeafKind.ACKNOWLEDGEMENT_ISSUED, LeafKind.ACKNOWLEDGEMENT_RECEIVED),
    ),
    ("documents", "SELECT count(*) FROM document", (LeafKind.DOCUMENT,)),
    ("events", "SELECT count(*) FROM event", (LeafKind.EVENT,)),
)
"""What must stand in the ledger: its name, how many there are, and the kinds of leaves about it."""
_LEAVES = """
SELECT kind, count(*) FROM (
    SELECT kind FROM leaf UNION ALL SELECT kind FROM former_leaf UNION ALL SELECT kind FROM late_leaf
) GROUP BY kind
"""
"""The leaves of this ledger and of those before it, and those that wait for it to be open."""


def unrecorded(connection: sqlite3.Connection) -> list[str]:
    """Say where something is stored that the ledger does not record, or the reverse: a ledger cut short with its checkpoints."""
    leaves = dict(connection.execute(_LEAVES))
    problems = []
    for name, count, kinds in _RECORDED:
        stored = connection.execute(count).fetchone()[0]
        recorded = sum(leaves.get(int(kind), 0) for kind in kinds)
        if stored != recorded:
            problems.append(f"{stored} {name} are stored, but the ledger has {recorded} leaves about them.")
    return problems


def load_frontier(connection: sqlite3.Connection, key: LedgerKey) -> Frontier:
    """Recompute the tree from its leaves and hold it against the last checkpoint signed.

    Raises:
        LedgerIntegrityError: a gap, a changed leaf, a missing or foreign checkpoint.
    """
    frontier = EMPTY
    leaves = connection.execute("SELECT idx, kind, digest FROM leaf ORDER BY idx")
    while some := leaves.fetchmany(_LEAVES_AT_ONCE):
        hashes: list[bytes] = []
        for place, (index, kind, digest) in enumerate(some, frontier.size):
            if index != place:
                raise LedgerIntegrityError("ledger-broken", f"Leaf {place} is missing.")
            try:
                hashes.append(leaf_hash(entry_of_digest(kind, digest)))
            except OverflowError as error:
                raise LedgerIntegrityError("ledger-broken", f"Leaf {index} is of no kind.") from error
        frontier = grow(frontier, hashes)
    for problem in unrecorded(connection):
        raise LedgerIntegrityError("ledger-broken", problem)
    row = connection.execute("SELECT note FROM checkpoint ORDER BY size DESC LIMIT 1").fetchone()
    if row is None:
        if frontier.size:
            raise LedgerIntegrityError("ledger-broken", "There are leaves but no checkpoint.")
        return frontier
    try:
        last = checkpoint_form.verify_any(row[0], key.origin, key.publics)
    except InvalidAcknowledgementError as error:
        raise LedgerIntegrityError(
            "ledger-broken", f"The last checkpoint is not ours: {error.detail}"
        ) from error
    if last.size != frontier.size or last.root != frontier.root():
        raise LedgerIntegrityError(
            "ledger-broken",
            f"The {frontier.size} leaves do not give the last checkpoint, of size {last.size}.",
        )
    return frontier
