"""What two authorities say of what one has sent (sample case S10): recall, restriction, consent; as files to be handed in."""

import hashlib
import re
from pathlib import Path

from tests.support.sample_cases import FOLDER

ISSUED = "2026-06-09T02:00:00Z"
OWNER, HOLDER = "sg.agc", "au.agd"
GIVEN = "1217b310f3d9f78a47982db03f22ae2f"
"""MessageId of the information with its file, A-FLOW (step 03)."""
_PATTERN = FOLDER / "S10" / "06-restriction-change.sg.xml"
_ANSWER = FOLDER / "S10" / "04-receipt-confirmation.au.xml"


def item(local_id: str = "", element: str = "AffectedItem") -> str:
    """What a message names: all that step 03 has brought, or its file."""
    file = f"<AttachmentId>{local_id}</AttachmentId>" if local_id else ""
    return f"<u:{element}><InMessage>{GIVEN}</InMessage>{file}</u:{element}>"


def recall(local_id: str = "", action: str = "ERASE") -> str:
    """The body of a RecallNotice."""
    named = item(local_id, "RecalledItem")
    return f"{named}<u:RecallReason>INCORRECT</u:RecallReason><u:RecallAction>{action}</u:RecallAction>"


def said(
    folder: Path, name: str, message: str, body: str, *, by: str = OWNER, answers: str = "", at: str = ISSUED
) -> Path:
    """A message about what step 03 has brought.

    Args:
        folder: where it is written.
        name: its file name, from which its MessageId follows.
        message: its type, of the family `use`.
        body: what stands between its header and its handling.
        by: who says it, the owner or the holder.
        answers: the name of the message that it answers; else step 03.
        at: when it is issued.
    """
    text = (_PATTERN if by == OWNER else _ANSWER).read_text(encoding="utf-8")
    header = text[text.index("<MessageHeader>") : text.index("</MessageHeader>")]
    end = text[text.rindex("<Handling>") : text.rindex("</SigningOfficer>")] + "</SigningOfficer>"
    header = re.sub(r"<MessageId>.*</MessageId>", f"<MessageId>{message_id(name)}</MessageId>", header)
    header = re.sub(r"<MessageType>.*</MessageType>", f"<MessageType>{message}</MessageType>", header)
    header = re.sub(r"\s*<InReplyTo>.*</InReplyTo>", "", header)
    before, tag, language = header.rpartition("<Language>")
    header = f"{before}<InReplyTo>{message_id(answers) if answers else GIVEN}</InReplyTo>{tag}{language}"
    header = re.sub(r"<IssuedAt>.*</IssuedAt>", f"<IssuedAt>{at}</IssuedAt>", header)
    document = (
        f'<u:{message} xmlns:u="urn:emla:use:1" xmlns="urn:emla:common:1">'
        f"{header}</MessageHeader>{body}{end}</u:{message}>"
    )
    path = folder / f"{name}.xml"
    path.write_text(document, encoding="utf-8")
    return path


def message_id(name: str) -> str:
    """The MessageId of a message of this file."""
    return hashlib.sha256(name.encode()).hexdigest()[:32]
