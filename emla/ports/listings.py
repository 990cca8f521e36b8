"""Listings for people: what is there, newest first. Reads that may take their time, away from the hot path."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from emla.model.leg import Hold, Leg
from emla.ports.cases import CaseRow


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
    code: str | None = None
    """Of a peer's package: why it is in quarantine, or could not be opened yet."""
    erased: bool = False
    """Whether its content is erased, or about to be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedLeg:
    """A leg, why it is held while it is, and the reason of the acknowledgement that ended it badly, if one did."""

    leg: Leg
    hold: Hold | None = None
    ended_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LegFilter:
    """Which legs. What is None or False asks for nothing."""

    state: str | None = None
    peer: str | None = None
    dead: bool = False
    """Packages that somebody must look at: held, refused, given up, or not opened there."""
    overdue_before: tuple[int, int] | None = None
    """Packages that wait and were created before the first instant, or urgent ones before the second."""


class Listings(Protocol):
    """Lists over everything stored."""

    async def packages(
        self,
        *,
        incoming: bool,
        outgoing: bool,
        state: str | None,
        limit: int,
        unopened: bool = False,
        person: str | None = None,
    ) -> Sequence[Listed]:
        """Packages, newest first; with `unopened` only peers' that could not be opened: in quarantine, or unreadable.

        With `person` the newest of each box in that person's cases, however old they are, and beside them what brought no act
        of a case, of which the caller must find out whose it is.
        """
        ...

    async def cases(self, *, limit: int, person: str | None = None) -> Sequence[CaseRow]:
        """Cases, or those of one person, the ones in which something came or went last in front."""
        ...

    async def erased_cases(
        self, *, limit: int, person: str | None = None, behind: bytes | None = None
    ) -> Sequence[CaseRow]:
        """Cases, or those of one person, of which something was ordered erased, the newest order in front.

        With `behind` those that come behind a case of the list. Also a case of which no act is here.
        """
        ...

    async def resolve_case(self, prefix: str) -> Sequence[bytes]:
        """Case ids that begin with these hexadecimal digits; at most two."""
        ...

    async def without_act(self) -> Sequence[tuple[bytes, bytes]]:
        """Id and sealed record of each package that brought no act of a case: what a case may hold beside its acts."""
        ...

    async def resolve(self, prefix: str) -> Sequence[bytes]:
        """Package ids that begin with these hexadecimal digits, or carry exactly this message id; at most two."""
        ...

    async def legs(self, wanted: LegFilter, *, limit: int) -> Sequence[ListedLeg]:
        """Legs, the ones due first in front; dead ones the newest first."""
        ...

    async def leg_counts(self) -> dict[str, int]:
        """How many legs are in each state."""
        ...

    async def waiting(self) -> dict[str, tuple[int, float]]:
        """For each peer with legs that still ask: how many, and when the next is due."""
        ...
