"""Accesses: what a holder's gateway says of who read what it holds of another authority (docs/spec/accesses.md).

Rules of this file:
- An access is named by its place in the holder's ledger and by the hash of what was recorded there: what was said once can be
  held against the ledger later.
- A person is a role. A name stands beside it where the holder has decided so.
"""

from dataclasses import dataclass
from enum import StrEnum

ACCESSES_MAX = 200
"""In one report; there is always a next one."""
LEAF_MAX = 2**53 - 1
EPOCH_MAX = 2**31


class AccessKind(StrEnum):
    """What was done."""

    PART = "part"
    """A part of a package was handed out: shown, saved or sent to a case system. What becomes of it there nobody can see."""
    CASE = "case"
    """The case was looked at, in which words of its messages stand."""
    PASSED = "passed"
    """A part went on to another authority."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class LedgerPlace:
    """A leaf of the holder's, by the epoch of the ledger and its index there."""

    epoch: int
    index: int


FIRST_PLACE = LedgerPlace(epoch=0, index=0)
"""Whoever asks from here asks for everything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """One access. `at`: the holder's clock, UNIX seconds."""

    kind: AccessKind
    at: int
    leaf: int
    digest: bytes
    """SHA-256 of what was recorded; with the leaf's kind it is the leaf."""
    pid: bytes | None = None
    """The package; None where the case was looked at."""
    part: int | None = None
    role: str = ""
    """Of who read; empty where something was passed on, which the authority did."""
    person: str = ""
    to: str = ""
    """To whom it was passed on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessReport:
    """Every access in a part of a holder's ledger to what it holds of the asker's in one case."""

    sender: str
    """The holder."""
    recipient: str
    """The asker."""
    at: int
    case_id: bytes
    first: LedgerPlace
    end: int
    """The index behind the last leaf that it speaks about; of the epoch of `first`."""
    following: LedgerPlace | None
    """Where the next report begins; None: this one reaches to the newest leaf."""
    accesses: tuple[Access, ...]
    checkpoint: bytes
    """A checkpoint of that ledger, over all that the report speaks about."""
