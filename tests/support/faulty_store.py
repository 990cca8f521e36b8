"""A store that fails at the commit it is told to, on one side of it or the other. Everything else is the real store.

`Fate.LOST`: the commit failed and nothing is stored. `Fate.KEPT`: it failed for whoever waited, and everything is stored; a
process that is killed between the commit and the answer looks the same. After either the storage counts as broken, as in the
real writer: no write is taken any more, and only a new process reads what is there.
"""

from collections.abc import Callable
from enum import Enum, auto
from typing import TypeVar

from emla.model.errors import StoreError
from emla.ports.store import Reader, Transaction
from emla.store.sqlite.store import SqliteStore

T = TypeVar("T")


class Fate(Enum):
    """What becomes of the batch that fails."""

    LOST = auto()
    KEPT = auto()


class FaultyStore:
    """Implements `emla.ports.store.Store` around the embedded store."""

    def __init__(self, store: SqliteStore, on_commit: Callable[[], Fate | None]) -> None:
        """Args: the real store; who is asked before each write whether it fails, and how."""
        self.real = store
        self.broken = False
        self._on_commit = on_commit

    @property
    def read(self) -> Reader:
        """Reads by key."""
        return self.real.read

    async def write(self, operation: Callable[[Transaction], T], *, patience_seconds: float = 0.0) -> T:
        """Run an operation in a batch of its own, unless this is the one that fails."""
        if self.broken:
            raise StoreError("store-failed", "It failed before.")
        fate = self._on_commit()
        if fate is None:
            return await self.real.write(operation)
        self.broken = True
        if fate is Fate.KEPT:
            await self.real.write(operation)
        raise StoreError("store-failed", "As the test asked.")

    async def empty_wal(self) -> bool:
        """As the real one; a store that failed does nothing."""
        if self.broken:
            raise StoreError("store-failed", "It failed before.")
        return await self.real.empty_wal()
