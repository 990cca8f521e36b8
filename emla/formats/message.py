"""A valid document to a `Message`: the few facts the gateway itself works with.

Here: reading. Not here: writing (authorities write their own XML) and checking (the schema has done it).

Rules of this file:
- Only documents without schema findings are handed in; the schema guarantees each element that is read
  without asking.
- Text is read with ``itertext`` and its white space collapsed, as the schema did when it judged it.
"""

from datetime import UTC, datetime

from lxml import etree

from emla.formats.xml import XmlDocument, qualified_name
from emla.model.message import Attachment, Message, SigningOfficer

_COMMON = "{urn:emla:common:1}"


def read_message(document: XmlDocument) -> Message:
    """Map a schema-valid document to its message.

    Args:
        document: a document for which ``Schemas.validate`` had no findings.

    Raises:
        KeyError: the document was not valid after all (a programmer's error).
        ValueError: a value is valid in the schema's calendar or alphabet but not in Python's.
    """
    root = document.root
    name = etree.QName(root)
    parts = _children(root)
    header = _children(parts["MessageHeader"])
    reply = header.get("InReplyTo")
    urgency = parts.get("Urgency")
    officer = _children(parts["SigningOfficer"])
    requested_reference = header.get("RequestedReference")
    copies = parts["MessageHeader"].iterchildren(f"{_COMMON}CopyTo")
    return Message(
        message_type=name.localname,
        namespace=name.namespace or "",
        message_id=bytes.fromhex(_text(header["MessageId"])),
        case_id=bytes.fromhex(_text(header["CaseId"])),
        generation=int(_text(header["Generation"])),
        issued_at=datetime.fromisoformat(_text(header["IssuedAt"])).astimezone(UTC),
        sender=_text(_children(header["Sender"])["AuthorityId"]),
        recipient=_text(_children(header["Recipient"])["AuthorityId"]),
        copy_to=tuple(_text(_children(copy)["AuthorityId"]) for copy in copies),
        requesting_reference=_text(header["RequestingReference"]),
        requested_reference=_text(requested_reference) if requested_reference is not None else None,
        in_reply_to=bytes.fromhex(_text(reply)) if reply is not None else None,
        language=_text(header["Language"]),
        urgency=_text(_children(urgency)["UrgencyLevel"]) if urgency is not None else "ROUTINE",
        attachments=tuple(_attachment(element) for element in attachment_elements(document)),
        signing_officer=SigningOfficer(name=_text(officer["Name"]), post=_text(officer["Post"])),
    )


def attachment_elements(document: XmlDocument) -> tuple[etree._Element, ...]:
    """The Attachment elements in document order, for whoever must name their place."""
    return tuple(document.root.iterchildren(f"{_COMMON}Attachment"))


def header_element(document: XmlDocument, *names: str) -> etree._Element:
    """The element of the header at ``names``, for whoever must name its place."""
    element = _children(document.root)["MessageHeader"]
    for name in names:
        element = _children(element)[name]
    return element


def _attachment(element: etree._Element) -> Attachment:
    parts = _children(element)
    translation_of = parts.get("TranslationOf")
    return Attachment(
        attachment_id=_text(parts["AttachmentId"]),
        file_name=_text(parts["FileName"]),
        media_type=_text(parts["MediaType"]),
        size_bytes=int(_text(parts["SizeBytes"])),
        sha256=bytes.fromhex(_text(parts["Sha256"])),
        document_type=_text(parts["DocumentType"]),
        language=_text(parts["Language"]),
        translation_of=_text(translation_of) if translation_of is not None else None,
    )


def _children(element: etree._Element) -> dict[str, etree._Element]:
    """The child elements of the shared namespace by local name; of repeated ones the last."""
    return {qualified_name(child).removeprefix(_COMMON): child for child in element.iterchildren("*")}


def _text(element: etree._Element) -> str:
    return " ".join("".join(element.itertext()).split())
