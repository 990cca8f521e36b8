"""Listings for people: what is there, newest first. Reads that may take their time, away from the hot path."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from emla.model.leg import Leg


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One package in a list. `state` is the leg's for ours, the inbox's for a peer's; `late`: accepted after RelayFailure."""

    incoming: bool
    pid: bytes
    signed: bytes
    peer: str
    state: str
    late: bool
    urgent: bool
    created: int
    expires: int
    size: int
    message_id: bytes | None


class Listings(Protocol):
    """Lists over everything stored."""

    async def packages(
        self, *, incoming: bool, outgoing: bool, state: str | None, limit: int
    ) -> Sequence[Listed]:
        """Packages, newest first."""
        ...

    async def resolve(self, prefix: str) -> Sequence[bytes]:
        """Package ids that begin with these hexadecimal digits, or carry exactly this message id; at most two."""
        ...

    async def legs(self, *, state: str | None, limit: int) -> Sequence[Leg]:
        """Legs, the ones due first in front."""
        ...

    async def leg_counts(self) -> dict[str, int]:
        """How many legs are in each state."""
        ...

    async def waiting(self) -> dict[str, tuple[int, float]]:
        """For each peer with legs that still ask: how many, and when the next is due."""
        ...
