"""Erasure: an order to erase what is here of a case, how far it is, and the legal hold that forbids it. Never a state in law.

Rules of this file:
- What is erased is content: records, keys, salts, acts, payloads, and what people said about them. What proves delivery stays:
  signed headers, acknowledgements, the ledger.
- `ERASING` goes to `ERASED` and nowhere else: nobody takes an order back once it is given. One that waits for a second person is
  not given yet.
"""

from dataclasses import dataclass
from enum import StrEnum

REASON_CHARACTERS_MAX = 300


class ErasureReason(StrEnum):
    """Why something is erased."""

    RETENTION = "retention"
    """The time for which it is kept has passed."""
    ORDER = "order"
    """A person of this authority ordered it."""
    RECALL = "recall"
    """Its owner called it back."""


class ErasureState(StrEnum):
    """How far an erasure is."""

    ERASING = "ERASING"
    """Ordered: nobody reads it any more. Its bytes may still be found."""
    ERASED = "ERASED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """One order. Instants in UNIX seconds; `person` is an id, empty where the retention period ordered it."""

    id: int
    case_id: bytes
    why: ErasureReason
    person: str
    reason: str
    state: ErasureState
    ordered_at: int
    erased_at: int | None
    packages: int
    """How many packages it is about."""
    approver: str = ""
    """The second person, by id; empty where none had to approve it."""
    pid: bytes | None = None
    """The package whose content alone it is about; its act stays. None: everything that was here of the case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedErasure:
    """An order that waits for a second person."""

    case_id: bytes
    pid: bytes | None
    """As that of an order."""
    person: str
    reason: str
    although_open: bool
    hash: bytes
    """Of what would go (32 bytes): if that is another by then, nothing goes."""
    at: int
    expires: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LegalHold:
    """A case of which nothing is erased until a person lifts the hold."""

    case_id: bytes
    person: str
    at: int
    reason: str
