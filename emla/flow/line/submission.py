"""What is handed in, and what comes of it. Not here: the journey (`submit`)."""

from dataclasses import dataclass
from typing import Protocol

from emla.model.findings import Override
from emla.model.package import DeclaredPart, Priority
from emla.model.person import ALONE, Caller


class ByteSource(Protocol):
    """Where a submission's bytes come from, in order."""

    async def read_exactly(self, size: int) -> bytes:
        """Read so many bytes.

        Raises:
            InvalidMessageError: ``bad-request`` when the source ends before.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """What an officer hands in: the announced parts, the main document first, and their bytes.

    `recipient` is whom the officer says the message is for; where it is given, the message must say the same.
    """

    parts: tuple[DeclaredPart, ...]
    source: ByteSource
    recipient: str | None = None
    priority: Priority | None = None
    expires_in_days: int | None = None
    overrides: tuple[Override, ...] = ()
    """Rules in spite of which the officer sends it, with reasons."""
    drafter: Caller = ALONE
    """Who hands it in."""
    seen: str | None = None
    """The tag of the case that the officer looked at: an act that came since is not passed over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted:
    """A message that is on its way. `repeated` when it was already."""

    pid: bytes
    repeated: bool
