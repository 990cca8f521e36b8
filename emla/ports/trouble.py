"""The store's share in what goes wrong: legs put aside, packages in quarantine, proof of a peer's contradictions.

Contract: as `emla.ports.store`, whose Transaction and Reader these are parts of.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from emla.model.acknowledgement import Event
from emla.model.leg import Hold, Leg
from emla.ports.scans import ScanReader, ScanTransaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Contradiction:
    """A second, different acknowledgement of one event of a package: proof against its issuer."""

    aid: bytes
    pid: bytes
    event: Event
    by: str
    at: int
    """When it came here."""
    bundle: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubtful:
    """An acknowledgement that a peer signed and that does not hold: kept for people, and moves nothing."""

    sha256: bytes
    """Of the bundle as it came."""
    peer: str
    pid: bytes
    """The package that it names."""
    code: str
    at: int
    bundle: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Equivocation:
    """A second package that claimed a place or id that was taken."""

    pid: bytes
    other: bytes
    """The package that was here first."""
    at: int


class TroubleTransaction(ScanTransaction, Protocol):
    """What an operation may do about trouble inside a batch."""

    def hold_leg(self, hold: Hold) -> bool:
        """Put a READY leg aside; False when it is not READY any more."""
        ...

    def release_leg(self, leg_id: int, now: float) -> bool:
        """Let a HELD leg be tried at once, its refusals forgotten; False when it is not HELD."""
        ...

    def insert_contradiction(self, row: Contradiction, signed: bytes) -> bool:
        """Keep it with a leaf; False when it was here already."""
        ...

    def insert_doubtful(self, row: Doubtful, most: int) -> bool:
        """Keep it, unless so many of this peer are here already; False when it was here, or there are too many."""
        ...

    def release_received(self, pid: bytes) -> bool:
        """Let a package be opened once more: out of quarantine, or after its payload was unreadable; its strikes are forgotten.

        Returns:
            False when it is in neither state.
        """
        ...

    def note_unreadable(self, pid: bytes, code: str) -> None:
        """Note on an accepted package why it could not be opened yet."""
        ...


class TroubleReader(ScanReader, Protocol):
    """Reads about trouble, of what is committed."""

    def hold(self, leg_id: int) -> Hold | None:
        """Why a leg was last put aside."""
        ...

    def held_and_over(self, now: int, limit: int) -> Sequence[Leg]:
        """HELD package legs that have expired."""
        ...

    def overdue(self, before: int, urgent_before: int) -> Sequence[tuple[str, int, int]]:
        """Peers with overdue packages: the peer, how many, and when the oldest was created.

        Args:
            before: a normal package is overdue that was created before this instant.
            urgent_before: the same of urgent ones.
        """
        ...

    def waits_for(self, peer: str) -> bool:
        """Whether a leg to a peer is READY or HELD."""
        ...

    def contradictions(self, pid: bytes) -> Sequence[Contradiction]:
        """Contradicting acknowledgements of a package."""
        ...

    def doubtful(self, pid: bytes) -> Sequence[Doubtful]:
        """Acknowledgements that name a package and do not hold."""
        ...

    def equivocations(self, pid: bytes) -> Sequence[Equivocation]:
        """Packages that claimed what this one had."""
        ...

    def proof_counts(self, peer: str) -> tuple[int, int, int]:
        """Equivocations, contradictions and doubtful acknowledgements of a peer."""
        ...
