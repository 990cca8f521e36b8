"""Accesses: what the ledger says of who read a case, for its owner; the reports of others that are kept; the line to holders.

Contract of `AccessLeaves`: as `emla.ports.listings`: what is committed, on a thread of its own. Of `AccessTransport`: as
`emla.ports.transport`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from emla.model.access import LedgerPlace
from emla.model.documents import Authority
from emla.ports.happenings import Extent
from emla.ports.transport import Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class FiledLeaf:
    """The leaf of an event that is filed under a package of a case."""

    index: int
    digest: bytes
    kind: str
    body: bytes
    """Zeros where it was erased."""


class AccessLeaves(Protocol):
    """Reads of leaves by case."""

    async def extent(self) -> Extent:
        """How far the ledger goes."""
        ...

    async def filed(self, case_id: bytes, first: LedgerPlace, end: int, limit: int) -> Sequence[FiledLeaf]:
        """Events filed under packages of a case, from a place to before a leaf of the same epoch; the first so many."""
        ...

    async def checkpoint_of(self, epoch: int) -> bytes | None:
        """The newest checkpoint of an epoch."""
        ...

    async def packages_from(self, case_id: bytes, sender: str) -> Sequence[bytes]:
        """Ids of the packages of a case that a peer sent, those whose content is erased too."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRow:
    """A report of a holder's, sealed (`formats.access_report`)."""

    case_id: bytes
    holder: str
    first: LedgerPlace
    end: int
    at: int
    """When it came, by our clock."""
    sealed: bytes


class AccessTransaction(Protocol):
    """What an operation may do inside a batch."""

    def insert_access_report(self, row: ReportRow) -> None:
        """Keep a report; not where the case is being erased."""
        ...


class AccessReader(Protocol):
    """Reads by key, of what is committed."""

    def access_reports(self, case_id: bytes) -> Sequence[ReportRow]:
        """The reports about a case, in the order in which they came; not those that were erased."""
        ...


class AccessTransport(Protocol):
    """The line to holders."""

    async def ask_accesses(self, peer: Authority, case_id: bytes, first: LedgerPlace) -> bytes | Refusal:
        """Ask a holder who read what it holds of ours in a case; the signed report, unverified.

        Raises:
            TransportError: as every call of the line.
        """
        ...
