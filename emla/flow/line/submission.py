"""What is handed in, and what comes of it. Not here: the journey (`submit`)."""

from dataclasses import dataclass
from typing import Protocol

from emla.model.findings import Override
from emla.model.package import DeclaredPart, Priority
from emla.model.person import ALONE, Caller
from emla.ports.sandbox import Checked


class ByteSource(Protocol):
    """Where a submission's bytes come from, in order."""

    async def read_exactly(self, size: int) -> bytes:
        """Read so many bytes.

        Raises:
            InvalidMessageError: ``bad-request`` when the source ends before.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """A second person's word on exactly these bytes."""

    draft: bytes
    """The id of the draft."""
    approver: Caller
    hash: bytes
    """Of everything that was looked at (`formats.draft_at_rest`)."""


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
    approval: Approval | None = None
    """Who else looked at it and sends it (`flow.drafts.drafts`)."""
    emergency: str | None = None
    """Why it goes without a second person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted:
    """A message that is on its way. `repeated` when it was already."""

    pid: bytes
    repeated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsed:
    """A message that would be sent now: what was read of it, and what was found."""

    main: bytes
    digest: bytes
    checked: Checked
    submission: Submission
    """With its recipient."""
