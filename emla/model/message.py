"""What the gateway itself needs to know of a message: header, attachments, who signed.

Here: frozen values, independent of XML. Not here: the substance of the request (measures, persons, facts),
which only authorities read.

Rules of this file:
- Ids are the 16 bytes the transport carries, not their hex form. Instants are aware and in UTC.
"""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file that travels with a message, as the message describes it."""

    attachment_id: str
    file_name: str
    media_type: str
    size_bytes: int
    sha256: bytes
    document_type: str
    """Code of CL-DOCTYPE, for example ``COURT_ORDER``."""
    language: str
    """BCP 47; ``zxx`` for data."""
    translation_of: str | None
    """Attachment id of the original, for a translation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningOfficer:
    """The officer who answers for the message."""

    name: str
    post: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message between authorities, read from a document its schema accepts."""

    message_type: str
    """Name of the root element, for example ``MLARequest``."""
    namespace: str
    message_id: bytes
    case_id: bytes
    generation: int
    issued_at: datetime
    sender: str
    """Authority id, for example ``jp.moj``."""
    recipient: str
    copy_to: tuple[str, ...]
    requesting_reference: str
    requested_reference: str | None
    in_reply_to: bytes | None
    language: str
    urgency: str
    """Code of CL-URGENCY; that of its type (`message_types`) for a message that does not state one."""
    attachments: tuple[Attachment, ...]
    signing_officer: SigningOfficer
