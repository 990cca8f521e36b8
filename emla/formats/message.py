"""A valid document to a `Message`: the few facts the gateway itself works with.

Here: reading. Not here: writing (authorities write their own XML) and checking (the schema has done it).

Rules of this file:
- Only documents without schema findings are handed in; the schema guarantees each element that is read without asking.
- Text is read with ``itertext`` and its white space collapsed, as the schema did when it judged it.
"""

from datetime import UTC, datetime

from lxml import etree

from emla.formats.xml import XmlDocument
from emla.model.message import Attachment, Message, SigningOfficer

_COMMON = "{urn:emla:common:1}"


def read_message(document: XmlDocument) -> Message:
    """Map a schema-valid document to its message.

    Args:
        document: a document for which ``Schemas.validate`` had no findings.

    Raises:
        ValueError: the document was not valid after all (a programmer's error), or a date does not exist in this calendar.
    """
    root = document.root
    name = etree.QName(root)
    header = _child(root, "MessageHeader")
    urgency = root.find(f"{_COMMON}Urgency")
    reply = _optional(header, "InReplyTo")
    officer = _child(root, "SigningOfficer")
    return Message(
        message_type=name.localname,
        namespace=name.namespace or "",
        message_id=bytes.fromhex(_text(header, "MessageId")),
        case_id=bytes.fromhex(_text(header, "CaseId")),
        generation=int(_text(header, "Generation")),
        issued_at=datetime.fromisoformat(_text(header, "IssuedAt")).astimezone(UTC),
        sender=_text(_child(header, "Sender"), "AuthorityId"),
        recipient=_text(_child(header, "Recipient"), "AuthorityId"),
        copy_to=tuple(_text(copy, "AuthorityId") for copy in header.iterchildren(f"{_COMMON}CopyTo")),
        requesting_reference=_text(header, "RequestingReference"),
        requested_reference=_optional(header, "RequestedReference"),
        in_reply_to=bytes.fromhex(reply) if reply is not None else None,
        language=_text(header, "Language"),
        urgency=_text(urgency, "UrgencyLevel") if urgency is not None else "ROUTINE",
        attachments=tuple(_attachment(element) for element in attachment_elements(document)),
        signing_officer=SigningOfficer(name=_text(officer, "Name"), post=_text(officer, "Post")),
    )


def attachment_elements(document: XmlDocument) -> tuple[etree._Element, ...]:
    """The Attachment elements in document order, for whoever must name their place."""
    return tuple(document.root.iterchildren(f"{_COMMON}Attachment"))


def header_element(document: XmlDocument, *names: str) -> etree._Element:
    """The element of the header at ``names``, for whoever must name its place."""
    element = _child(document.root, "MessageHeader")
    for name in names:
        element = _child(element, name)
    return element


def _attachment(element: etree._Element) -> Attachment:
    return Attachment(
        attachment_id=_text(element, "AttachmentId"),
        file_name=_text(element, "FileName"),
        media_type=_text(element, "MediaType"),
        size_bytes=int(_text(element, "SizeBytes")),
        sha256=bytes.fromhex(_text(element, "Sha256")),
        document_type=_text(element, "DocumentType"),
        language=_text(element, "Language"),
        translation_of=_optional(element, "TranslationOf"),
    )


def _child(element: etree._Element, name: str) -> etree._Element:
    child = element.find(_COMMON + name)
    if child is None:
        raise ValueError(f"{name} is missing in a document that was said to be valid")
    return child


def _text(element: etree._Element, name: str) -> str:
    return " ".join("".join(_child(element, name).itertext()).split())


def _optional(element: etree._Element, name: str) -> str | None:
    return _text(element, name) if element.find(_COMMON + name) is not None else None
