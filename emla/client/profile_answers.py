"""What the authority API answers about our own profile, as a value (docs/reference/authority-api.md)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from emla.client.reading import Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnProfile:
    """The profile in force: its version, and everything that the authority says in it."""

    version: int
    created: datetime
    profile: Mapping[str, object]
    """The members of docs/spec/documents.md 4, without those that the gateway writes."""

    @classmethod
    def read(cls, answer: Answer) -> Self:
        """Read it from an answer."""
        return cls(
            version=answer.integer("version"),
            created=answer.instant("created"),
            profile=answer.mapping("profile"),
        )
