"""The store's share in calls that are repeated: answers that were given, for a day.

Contract: as `emla.ports.store`, whose Transaction and Reader these are parts of.
"""

from dataclasses import dataclass
from typing import Protocol

KEPT_SECONDS = 86400
"""How long an answer is kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptAnswerRow:
    """An answer that was given to a call with a key. `id` and `fingerprint`: 32 bytes; `at`: UNIX seconds."""

    id: bytes
    fingerprint: bytes
    sealed: bytes
    at: int


class RepeatTransaction(Protocol):
    """What an operation may do about them inside a batch."""

    def keep_answer(self, row: KeptAnswerRow) -> None:
        """Keep an answer, in the place of an older one under the same id."""
        ...

    def drop_answers(self, until: int) -> None:
        """Let go of those that were given at that instant or earlier."""
        ...


class RepeatReader(Protocol):
    """Reads of what is committed."""

    def kept_answer(self, id_: bytes) -> KeptAnswerRow | None:
        """The answer under an id."""
        ...

    def oldest_answer(self) -> int | None:
        """When the oldest one was given."""
        ...
