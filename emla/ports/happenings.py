"""The ledger's leaves as the feed of happenings reads them (`flow.happenings`).

Contract: as `emla.ports.listings`: what is committed, in the order of the ledger, on a thread of its own. A leaf is never
changed, so what was read once holds; what it is about may be erased, and then the row has nothing but its place.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class LeafRow:
    """A leaf, and what it is about: an acknowledgement of a package that is ours or was accepted, or an event."""

    index: int
    kind: int
    digest: bytes
    name: str | None = None
    """Of an acknowledgement its event, of an event its kind."""
    at: int | None = None
    code: str | None = None
    incoming: bool = False
    pid: bytes | None = None
    case_id: bytes | None = None
    body: bytes | None = None
    """Of an event."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """How far the ledger goes: the epoch of today with its size, and each epoch that is over."""

    epoch: int | None
    """None while no checkpoint was ever signed."""
    size: int
    former: Mapping[int, int]


class Leaves(Protocol):
    """Reads of leaves."""

    async def extent(self) -> Extent:
        """How far the ledger goes."""
        ...

    async def leaves(self, epoch: int, first: int, end: int) -> Sequence[LeafRow]:
        """Leaves of an epoch from `first` up to, and not with, `end`; none where the ledger has begun another epoch."""
        ...
