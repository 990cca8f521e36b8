"""A store in front of a token that does not answer for a while."""

from collections.abc import Callable
from typing import TypeVar

from emla.model.errors import ConfigurationError
from emla.ports.store import Store, Transaction

T = TypeVar("T")


class AwayStore:
    """The store while the token that signs does not answer: so many writes are refused, then all is as before."""

    def __init__(self, real: Store, refusals: int) -> None:
        self._real = real
        self.refusals = refusals
        self.read = real.read

    async def write(self, operation: Callable[[Transaction], T], *, patience_seconds: float = 0) -> T:
        if self.refusals:
            self.refusals -= 1
            raise ConfigurationError("token-unavailable")
        return await self._real.write(operation, patience_seconds=patience_seconds)

    async def empty_wal(self) -> bool:
        return await self._real.empty_wal()
