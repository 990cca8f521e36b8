"""A valid document to a `Message`: the few facts the gateway itself works with.

Here: reading. Not here: writing (authorities write their own XML) and checking (the schema has done it).

Rules of this file:
- Only documents without schema findings are handed in; the schema guarantees each element that is read
  without asking.
- Text is read with its white space collapsed, as the schema did when it judged it.
- What many elements say is asked in one expression: each question of its own costs more than its answer.
"""

from collections.abc import Callable
from datetime import UTC, datetime

from lxml import etree

from emla.formats.xml import XmlDocument, text_of
from emla.model.message import Attachment, Message, SigningOfficer
from emla.model.message_types import MESSAGE_TYPES

_COMMON = "{urn:emla:common:1}"
_PREFIX = {"c": "urn:emla:common:1"}


def _reader(
    *paths: str, optional: frozenset[str] = frozenset()
) -> Callable[[etree._Element], dict[str, str]]:
    """Reads the values at these paths of shared elements, at once; of what is not there an empty text."""
    # No value can hold the line feed between them: their white space is collapsed.
    values = ", '\n', ".join(f"normalize-space(c:{path.replace('/', '/c:')})" for path in paths)
    ask = etree.XPath(f"concat({values})", namespaces=_PREFIX, smart_strings=False)

    def read(element: etree._Element) -> dict[str, str]:
        found = dict(zip(paths, str(ask(element)).split("\n"), strict=True))
        if "" in found.values():
            for path, value in found.items():
                if not value and path not in optional:
                    raise KeyError(path)
        return found

    return read


_of_message = _reader(
    "MessageHeader/MessageId",
    "MessageHeader/CaseId",
    "MessageHeader/Generation",
    "MessageHeader/IssuedAt",
    "MessageHeader/Sender/AuthorityId",
    "MessageHeader/Recipient/AuthorityId",
    "MessageHeader/RequestingReference",
    "MessageHeader/RequestedReference",
    "MessageHeader/InReplyTo",
    "MessageHeader/Language",
    "Urgency/UrgencyLevel",
    "SigningOfficer/Name",
    "SigningOfficer/Post",
    optional=frozenset(
        {"MessageHeader/RequestedReference", "MessageHeader/InReplyTo", "Urgency/UrgencyLevel"}
    ),
)
_of_attachment = _reader(
    "AttachmentId",
    "FileName",
    "MediaType",
    "SizeBytes",
    "Sha256",
    "DocumentType",
    "Language",
    "TranslationOf",
    optional=frozenset({"TranslationOf"}),
)
_copies = etree.XPath("c:MessageHeader/c:CopyTo/c:AuthorityId", namespaces=_PREFIX)


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
    said = _of_message(root)
    reply = said["MessageHeader/InReplyTo"]
    return Message(
        message_type=name.localname,
        namespace=name.namespace or "",
        message_id=bytes.fromhex(said["MessageHeader/MessageId"]),
        case_id=bytes.fromhex(said["MessageHeader/CaseId"]),
        generation=int(said["MessageHeader/Generation"]),
        issued_at=datetime.fromisoformat(said["MessageHeader/IssuedAt"]).astimezone(UTC),
        sender=said["MessageHeader/Sender/AuthorityId"],
        recipient=said["MessageHeader/Recipient/AuthorityId"],
        copy_to=tuple(map(text_of, _copies(root))),
        requesting_reference=said["MessageHeader/RequestingReference"],
        requested_reference=said["MessageHeader/RequestedReference"] or None,
        in_reply_to=bytes.fromhex(reply) if reply else None,
        language=said["MessageHeader/Language"],
        urgency=said["Urgency/UrgencyLevel"] or MESSAGE_TYPES[name.localname].urgency,
        attachments=tuple(map(_attachment, attachment_elements(document))),
        signing_officer=SigningOfficer(name=said["SigningOfficer/Name"], post=said["SigningOfficer/Post"]),
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


def _attachment(element: etree._Element) -> Attachment:
    said = _of_attachment(element)
    return Attachment(
        attachment_id=said["AttachmentId"],
        file_name=said["FileName"],
        media_type=said["MediaType"],
        size_bytes=int(said["SizeBytes"]),
        sha256=bytes.fromhex(said["Sha256"]),
        document_type=said["DocumentType"],
        language=said["Language"],
        translation_of=said["TranslationOf"] or None,
    )
