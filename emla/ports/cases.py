"""The store's share in cases: acts as they are kept, sealed, and which cases name one another.

Contract: as `emla.ports.store`, whose Transaction and Reader these are parts of. An act is kept in the batch that makes its
package ours or consigned, so there is no package in an inbox whose act is missing; a case itself is never kept.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from emla.model.record import SealedAct
from emla.ports.accesses import AccessReader, AccessTransaction
from emla.ports.erasure import ErasureReader, ErasureTransaction


@dataclass(frozen=True, slots=True, kw_only=True)
class ActRow:
    """An act as it is kept, with the package that brought it."""

    number: int
    """Of the package: what is said of one case twice is told by it."""
    pid: bytes
    incoming: bool
    at: int
    sealed: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseRow:
    """A case of a list: its id and when the last act of it came here."""

    case_id: bytes
    at: int


SOMETHING_CAME = 0
"""Instead of the instant of an item."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgendaItem:
    """A case that is to be looked at, and from when on: UNIX seconds, or `SOMETHING_CAME`."""

    at: int
    case_id: bytes
    times: int
    """How often it was put here: what came during a look is no part of it."""


class CaseTransaction(ErasureTransaction, AccessTransaction, Protocol):
    """What an operation may do inside a batch."""

    def insert_act(self, pid: bytes, act: SealedAct, at: int) -> None:
        """Keep an act, and have its case looked at. That of a later verdict about the same package takes its place."""
        ...

    def newest_acts(self, cases: Sequence[bytes]) -> tuple[int, int]:
        """How many acts of some cases there are, as this batch sees it, and the highest number of their packages."""
        ...

    def look_again(self, pid: bytes) -> None:
        """Have the case looked at that a package belongs to, if it is known: something came about it."""
        ...

    def look_at(self, case_id: bytes, at: int) -> None:
        """Have a case looked at from an instant on."""
        ...

    def looked(self, item: AgendaItem) -> None:
        """It was looked at: the item is done, if nothing put it here again meanwhile."""
        ...


class CaseReader(ErasureReader, AccessReader, Protocol):
    """Reads by key, of what is committed."""

    def acts_of_case(self, case_id: bytes, limit: int) -> Sequence[ActRow]:
        """The acts of one case, oldest first."""
        ...

    def linked_cases(self, case_id: bytes, limit: int) -> Sequence[bytes]:
        """Cases that a case names, or that name it."""
        ...

    def cases_holding(self, tag: bytes, limit: int) -> Sequence[bytes]:
        """Cases in which a file came in that is found by this tag (`SealedAct.files`)."""
        ...

    def cases_after(self, case_id: bytes, limit: int) -> Sequence[bytes]:
        """Cases behind one, in ascending order of their ids: all there are, in steps; begin with no bytes."""
        ...

    def case_of(self, pid: bytes) -> bytes | None:
        """The case of a package: of its act, or of that of the package whose place it took. None: there is no act of it here."""
        ...

    def agenda(self, at: int, case_id: bytes, until: int, limit: int) -> Sequence[AgendaItem]:
        """What is to be looked at by an instant, the earliest first; in steps, behind a case of an instant."""
        ...
