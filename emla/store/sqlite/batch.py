"""One batch: operations in, one commit, outcomes out (protocol order of writes, docs/explanation/order-of-writes.md).

Runs wherever it is called: on the writer's thread in production, inline in a simulation. Where keys are in tokens, a batch is
run in rounds (`emla.ports.signing`, docs/adr/0012): rolled back while signatures are missing, which are made in between.
"""

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from emla.ledger.batch import ClosedBatch, LedgerKey
from emla.ledger.merkle import Frontier
from emla.model.errors import LedgerIntegrityError, StoreError
from emla.ports.signing import SlowSigners
from emla.ports.store import Transaction
from emla.store.sqlite.transaction import SqliteTransaction

_BYTES_EACH = 24 * 1024
"""About what an operation writes besides its payload: half a dozen pages of rows and indexes."""

Operation = Callable[[Transaction], object]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one operation: its value, or the exception its caller gets."""

    value: object = None
    error: BaseException | None = None


class BatchRunner:
    """Runs batches on the writer's connection and keeps the ledger's frontier between them."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        frontier: Frontier,
        key: LedgerKey,
        slow: SlowSigners | None = None,
    ) -> None:
        self._connection = connection
        self.key = key
        self.slow = slow or SlowSigners()
        """The signers that `prepare` does not wait for."""
        self.unsigned: frozenset[int] = frozenset()
        """After a `prepare` without outcomes: which operations cannot be committed without a signature."""
        self.frontier = frontier
        self._prepared = frontier
        self._prepared_key: LedgerKey | None = None
        """The key of an epoch that begins with the batch prepared."""
        self.wal_bytes = 0
        """About how much was written since the WAL was last copied back; the file itself never shrinks."""

    def prepare(self, operations: Sequence[Operation]) -> list[Outcome] | None:
        """Run operations in one transaction, up to and not including its commit.

        Returns:
            The outcomes; None when signatures are missing: then nothing happened, no transaction is open, and it must be called
            again with the same operations after `slow.sign_missing`.

        Raises:
            StoreError: nothing of the batch happened; the storage cannot be trusted any more and the process must stop.
        """
        if not self.slow:
            return self._prepare(operations)
        unsigned: set[int] = set()
        with self.slow.round():
            numbered = enumerate(operations)
            outcomes = self._prepare([self._announced(each, number, unsigned) for number, each in numbered])
        self.unsigned = frozenset(unsigned)
        return outcomes

    def _announced(self, operation: Operation, number: int, unsigned: set[int]) -> Operation:
        def announced(transaction: Transaction) -> object:
            assert isinstance(transaction, SqliteTransaction)
            self.slow.begin_operation()
            before = transaction.leaf_count
            value = operation(transaction)
            # A leaf needs a checkpoint, and that a signature.
            if self.slow.asked or transaction.leaf_count > before:
                unsigned.add(number)
            return value

        return announced

    def _prepare(self, operations: Sequence[Operation]) -> list[Outcome] | None:
        execute = self._connection.execute
        transaction = SqliteTransaction(self._connection, self.frontier, self.key)
        try:
            execute("BEGIN IMMEDIATE")
            outcomes = _all(operations, transaction)
            if outcomes is None:
                # Rare: one of them failed. Once more from the start, each in a savepoint of its own.
                execute("ROLLBACK")
                execute("BEGIN IMMEDIATE")
                # What was asked for may rest on the one that failed: it is asked for again where it is still wanted.
                self.slow.ask_again()
                transaction = SqliteTransaction(self._connection, self.frontier, self.key)
                outcomes = [self._one(operation, transaction) for operation in operations]
            closed = self._close(transaction)
            if self.slow.is_incomplete():
                execute("ROLLBACK")
                return None
        except sqlite3.Error as error:
            raise self._failure(error) from error
        self.wal_bytes += transaction.payload_bytes + len(operations) * _BYTES_EACH
        self._prepared = closed.frontier if closed else self.frontier
        self._prepared_key = None if transaction.key is self.key else transaction.key
        return outcomes

    def _close(self, transaction: SqliteTransaction) -> ClosedBatch | None:
        if self.slow.is_incomplete():
            return (
                None  # the checkpoint is over every leaf: it is not asked for while one bears a placeholder
            )
        self.slow.begin_operation()
        try:
            return transaction.close()
        except LedgerIntegrityError:
            # A checkpoint is verified before it is written, so a placeholder is refused like any bad signature.
            if self.slow.is_incomplete():
                return None
            raise

    def commit(self) -> None:
        """Commit what was prepared; when this returns, it is durable.

        A crash before the commit: nothing happened, nobody was answered. After it: everything of the batch is durable, and
        whoever was not answered asks again and gets the same bytes.

        Raises:
            StoreError: what the disk holds is unknown; the process must stop.
        """
        try:
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            raise self._failure(error) from error
        self.frontier = self._prepared
        if self._prepared_key is not None:
            self.key, self._prepared_key = self._prepared_key, None
        self.slow.forget()

    def _one(self, operation: Operation, transaction: SqliteTransaction) -> Outcome:
        execute = self._connection.execute
        mark = transaction.mark()
        execute("SAVEPOINT operation")
        try:
            value = operation(transaction)
        except sqlite3.IntegrityError as error:
            failure: Exception = error
        except sqlite3.Error:
            raise  # the storage, not the operation: the whole batch fails
        except Exception as error:  # noqa: BLE001 (whatever it is, it is the answer to this one caller)
            failure = error
        else:
            execute("RELEASE operation")
            return Outcome(value=value)
        execute("ROLLBACK TO operation")
        execute("RELEASE operation")
        transaction.undo(mark)
        self.slow.withdraw()
        return Outcome(error=failure)

    def _failure(self, error: sqlite3.Error) -> StoreError:
        if self._connection.in_transaction:
            try:
                self._connection.execute("ROLLBACK")
            except sqlite3.Error as second:
                error.add_note(f"and the rollback failed: {second}")
        full = getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL
        return StoreError("disk-full" if full else "store-failed", str(error))


def _all(operations: Sequence[Operation], transaction: SqliteTransaction) -> list[Outcome] | None:
    """Run operations without savepoints; None when one of them failed and the whole must be run again."""
    try:
        return [Outcome(value=operation(transaction)) for operation in operations]
    except sqlite3.IntegrityError:
        return None
    except sqlite3.Error:
        raise  # the storage itself
    except Exception:  # noqa: BLE001 (the second run gives it to its caller)
        return None
