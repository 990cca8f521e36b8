"""The store's share in drafts: messages that wait for a second person, and those that went without one.

Contract: as `emla.ports.store`, whose Transaction and Reader these are parts of. A draft's payload is kept and let go in the
batch of its row; a file that no row points to any more is its caller's to remove.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from emla.model.draft import DraftState


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftRow:
    """A draft as it is kept: random ids, persons and instants in the clear, all else sealed."""

    id: bytes
    drafter: str
    case_id: bytes
    message_id: bytes
    state: DraftState
    at: int
    expires: int
    decided_at: int | None = None
    decided_by: str | None = None
    payload_sha256: bytes | None = None
    sealed: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AloneRow:
    """A message that went without a second person, and what one said afterwards."""

    message_id: bytes
    person: str
    at: int
    urgency: str
    reason: str
    reviewed_at: int | None = None
    reviewed_by: str | None = None
    agrees: bool | None = None
    words: str = ""
    erased: bool = False
    """Whether the message was erased, and with it what people wrote about it."""


class DraftTransaction(Protocol):
    """What an operation may do about drafts inside a batch."""

    def insert_draft(self, row: DraftRow, *, size: int, body: bytes | None) -> None:
        """Keep a new draft with its payload; `body` is None when the blob store holds it.

        Raises:
            DuplicateError: ``draft_message``: a draft of this message waits.
        """
        ...

    def return_draft(self, draft: bytes, by: str, at: int, sealed: bytes) -> bool:
        """Give a waiting draft back to its drafter, sealed anew with the reason; False when it does not wait."""
        ...

    def end_draft(
        self, draft: bytes, state: DraftState, by: str | None, at: int, *, of: Sequence[DraftState]
    ) -> bool:
        """End a draft that is in one of some states, and let its content go; False when it is in none of them."""
        ...

    def erase_drafts(self, case_id: bytes, erasure: int, by: str | None, at: int) -> Sequence[bytes]:
        """End every draft of a case whose content is here, as an order to erase asks; their ids."""
        ...

    def any_approver(self) -> bool:
        """Whether anybody on record is an approver, active or not, as this batch sees it."""
        ...

    def insert_alone(self, row: AloneRow) -> None:
        """Note that a message went without a second person."""
        ...

    def review_alone(self, message_id: bytes, by: str, at: int, *, agrees: bool, words: str) -> bool:
        """Note what a second person says of it; False when one has said something, or there is no such message."""
        ...


class DraftReader(Protocol):
    """Reads about drafts, of what is committed."""

    def any_approver(self) -> bool:
        """Whether anybody on record is an approver, active or not."""
        ...

    def draft(self, draft: bytes) -> DraftRow | None:
        """One draft."""
        ...

    def drafts(self, *, state: DraftState | None, drafter: str | None, limit: int) -> Sequence[DraftRow]:
        """Drafts of a state, of a drafter, or all; the newest first."""
        ...

    def drafts_beginning(self, low: bytes, high: bytes, limit: int) -> Sequence[DraftRow]:
        """Drafts whose ids lie between two."""
        ...

    def draft_of_message(self, message_id: bytes) -> DraftRow | None:
        """The newest draft of a message whose content is still here."""
        ...

    def drafts_of_case(self, case_id: bytes) -> Sequence[bytes]:
        """Ids of the drafts of a case whose content is here, in ascending order."""
        ...

    def drafts_over(self, now: int, limit: int) -> Sequence[DraftRow]:
        """Drafts whose content is still here and whose time is over, or whose message went another way."""
        ...

    def draft_counts(self) -> tuple[int, int]:
        """How many drafts wait; how many messages went alone and nobody has looked at them since."""
        ...

    def alone(self, message_id: bytes) -> AloneRow | None:
        """A message that went alone."""
        ...

    def alone_ones(self, *, open_only: bool, limit: int) -> Sequence[AloneRow]:
        """Messages that went alone, the newest first; or only those that nobody has looked at."""
        ...
