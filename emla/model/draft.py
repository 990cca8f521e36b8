"""Drafts: messages that were handed in and wait for a second person (docs/how-to/have-a-message-approved.md).

Rules of this file:
- Who drafted a message does not approve it.
- Without a second person a message goes when the treaties' own word for it is emergency, or, for the contact that is there day
  and night, urgent. Nothing else makes an emergency, whatever a person says.
"""

from dataclasses import dataclass
from enum import StrEnum

from emla.model.findings import Finding, Override
from emla.model.message import SigningOfficer
from emla.model.package import PartRole, Priority
from emla.model.person import PersonRole


class DraftState(StrEnum):
    """Where a draft stands."""

    WAITING = "WAITING"
    RETURNED = "RETURNED"
    SENT = "SENT"
    WITHDRAWN = "WITHDRAWN"
    LAPSED = "LAPSED"


KEPT = frozenset({DraftState.WAITING, DraftState.RETURNED})
"""States in which the content is still here."""


class FourEyes(StrEnum):
    """When a message needs a second person. Where nobody is on record there is no second one, and none is asked for."""

    AUTO = "auto"
    """As soon as anybody on record is an approver, shut out or not."""
    ALWAYS = "always"
    NEVER = "never"


_ALONE: dict[str, frozenset[PersonRole]] = {
    "EMERGENCY": frozenset({PersonRole.PROSECUTOR, PersonRole.CENTRAL_OFFICER, PersonRole.POC_247}),
    "URGENT": frozenset({PersonRole.POC_247}),
}
"""Urgency (CL-URGENCY) of a message, or of the request it belongs to, and who may send such a one alone."""


def alone_by(roles: frozenset[PersonRole], urgencies: tuple[str, ...]) -> str | None:
    """The urgency by which somebody with these roles may send a message without a second person; None where none does."""
    return next((each for each in urgencies if roles & _ALONE.get(each, frozenset())), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftPart:
    """A part as it was handed in."""

    name: str
    media: str
    role: PartRole
    size: int
    sha256: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftContent:
    """Everything about a draft that is nobody else's business: sealed where it is kept."""

    salt: bytes
    """32 bytes: nobody finds from the hash of a draft what is in it."""
    cek: bytes
    """The key (32 bytes) under which the bytes of its parts lie here."""
    parts: tuple[DraftPart, ...]
    recipient: str
    message_type: str
    officer: SigningOfficer
    urgency: str
    priority: Priority | None = None
    expires_in_days: int | None = None
    overrides: tuple[Override, ...] = ()
    seen: str | None = None
    """The tag of the case that its drafter looked at."""
    findings: tuple[Finding, ...] = ()
    returned_because: str = ""
