"""The store's share in what a malware scanner found in the parts of received packages.

Contract: as `emla.ports.store`, whose Transaction and Reader these are parts of. A part nobody has scanned has no row.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from emla.model.scan import PartScan, Scan, ScanRelease


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldPart:
    """A part of which the last scan did not say that it is clean."""

    pid: bytes
    signed: bytes
    """The signed header of its package."""
    peer: str
    number: int
    known: PartScan


class ScanTransaction(Protocol):
    """What an operation may do about scans inside a batch."""

    def put_scan(self, pid: bytes, number: int, scan: Scan) -> None:
        """Keep what was said of a part; it takes the place of what was said before. Nothing is kept of what is to be erased."""
        ...

    def put_scan_release(self, pid: bytes, number: int, release: ScanRelease) -> bool:
        """Keep a person's decision about a part; it takes the place of the one before. False when it is to be erased."""
        ...


class ScanReader(Protocol):
    """Reads about scans, of what is committed."""

    def scans(self, pid: bytes) -> Mapping[int, PartScan]:
        """What is known of the parts of a package, by their numbers."""
        ...

    def held_parts(self, limit: int) -> Sequence[HeldPart]:
        """Parts that are not clean, those of the newest packages first."""
        ...

    def held_part_count(self) -> int:
        """How many parts are not clean and not released."""
        ...
