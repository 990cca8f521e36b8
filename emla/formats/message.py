"""A valid document to a `Message`: the few facts the gateway itself works with.

Here: reading. Not here: writing (authorities write their own XML) and checking (the schema has done it).

Rules of this file:
- Only documents without schema findings are handed in; the schema guarantees each element that is read
  without asking.
- Text is read with ``itertext`` and its white space collapsed, as the schema did when it judged it.
"""

from datetime import UTC, datetime

from lxml import etree

from emla.formats.xml import XmlDocument, qualified_name, text_of
from emla.model.message import Attachment, Message, SigningOfficer
from emla.model.message_types import MESSAGE_TYPES

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
    header_root = _required(root, f"{_COMMON}MessageHeader")
    header = _children(header_root)
    reply = header.get("InReplyTo")
    urgency = root.find(f"{_COMMON}Urgency/{_COMMON}UrgencyLevel")
    officer = _children(_required(root, f"{_COMMON}SigningOfficer"))
    requested_reference = header.get("RequestedReference")
    copies = header_root.iterchildren(f"{_COMMON}CopyTo")
    return Message(
        message_type=name.localname,
        namespace=name.namespace or "",
        message_id=bytes.fromhex(text_of(header["MessageId"])),
        case_id=bytes.fromhex(text_of(header["CaseId"])),
        generation=int(text_of(header["Generation"])),
        issued_at=datetime.fromisoformat(text_of(header["IssuedAt"])).astimezone(UTC),
        sender=_authority(header["Sender"]),
        recipient=_authority(header["Recipient"]),
        copy_to=tuple(_authority(copy) for copy in copies),
        requesting_reference=text_of(header["RequestingReference"]),
        requested_reference=text_of(requested_reference) if requested_reference is not None else None,
        in_reply_to=bytes.fromhex(text_of(reply)) if reply is not None else None,
        language=text_of(header["Language"]),
        urgency=text_of(urgency) if urgency is not None else MESSAGE_TYPES[name.localname].urgency,
        attachments=tuple(_attachment(element) for element in attachment_elements(document)),
        signing_officer=SigningOfficer(name=text_of(officer["Name"]), post=text_of(officer["Post"])),
    )


def attachment_elements(document: XmlDocument) -> tuple[etree._Element, ...]:
    """The Attachment elements in document order, for whoever must name their place."""
    return tuple(document.root.iterchildren(f"{_COMMON}Attachment"))


def header_element(document: XmlDocument, *names: str) -> etree._Element:
    """The element of the header at ``names``, for whoever must name its place."""
    return _required(document.root, "/".join(_COMMON + name for name in ("MessageHeader", *names)))


def header_elements(document: XmlDocument, name: str) -> tuple[etree._Element, ...]:
    """One element of each header in the document: first the message's own, then that of a draft it holds."""
    headers = document.root.iter(f"{_COMMON}MessageHeader")
    return tuple(_required(header, _COMMON + name) for header in headers)


def message_of(element: etree._Element) -> etree._Element:
    """The message in whose header an element stands."""
    header = next(element.iterancestors(f"{_COMMON}MessageHeader"))
    return next(header.iterancestors())


def _required(parent: etree._Element, path: str) -> etree._Element:
    found = parent.find(path)
    if found is None:
        raise KeyError(path)
    return found


def _authority(element: etree._Element) -> str:
    return text_of(_required(element, f"{_COMMON}AuthorityId"))


def _attachment(element: etree._Element) -> Attachment:
    parts = _children(element)
    translation_of = parts.get("TranslationOf")
    return Attachment(
        attachment_id=text_of(parts["AttachmentId"]),
        file_name=text_of(parts["FileName"]),
        media_type=text_of(parts["MediaType"]),
        size_bytes=int(text_of(parts["SizeBytes"])),
        sha256=bytes.fromhex(text_of(parts["Sha256"])),
        document_type=text_of(parts["DocumentType"]),
        language=text_of(parts["Language"]),
        translation_of=text_of(translation_of) if translation_of is not None else None,
    )


def _children(element: etree._Element) -> dict[str, etree._Element]:
    """The child elements of the shared namespace by local name; of repeated ones the last."""
    start = len(_COMMON)
    return {
        name[start:] if (name := qualified_name(child)).startswith(_COMMON) else name: child
        for child in element.iterchildren("*")
    }
