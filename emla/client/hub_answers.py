"""What a hub's own API answers, as values; as `emla.client.answers`."""

from dataclasses import dataclass
from datetime import datetime
from typing import Self

from emla.client.reading import Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailbox:
    """One member's mailbox. `pinned`: whether it is still a member."""

    authority: str
    items: int
    bytes: int
    oldest: datetime | None
    pinned: bool

    @classmethod
    def read(cls, answer: Answer) -> Self:
        """Read it from an answer."""
        return cls(
            authority=answer.text("authority"),
            items=answer.integer("items"),
            bytes=answer.integer("bytes"),
            oldest=answer.optional("oldest", answer.instant),
            pinned=answer.truth("pinned"),
        )
