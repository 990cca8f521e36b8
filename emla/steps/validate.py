"""Validate: bytes -> ValidMessage, or all findings at once.

Here: rung 20 of the ladder (docs/spec/ladder.md; protocol: XML pre-pass, schema, identity) as the sender runs
it before sending and the opener after unsealing, and how the findings of the business rules weigh on either side. Not here: the
rules themselves (``schemas/rules``, ``emla.rules``).

Rules of this file:
- Nothing but bytes comes in and nothing but values goes out; a `ValidMessage` exists only where no finding
  blocks.
- Identity is checked against what the caller knows from elsewhere (its own id, the signed header), never
  against the message.
- A finding about the document has line and path; findings are sorted by line.
- At the sender a rule of weight fatal blocks, one of weight error blocks unless an officer's reason overrides it. At the
  recipient no business rule blocks: law is decided by people, and the officer sees every finding.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import NoReturn

from lxml import etree

from emla.formats.legal_act import read_legal_act
from emla.formats.message import (
    attachment_elements,
    header_element,
    header_elements,
    message_of,
    read_message,
)
from emla.formats.quoting import shown
from emla.formats.schema import Schemas
from emla.formats.schematron import MORE
from emla.formats.xml import ElementPaths, XmlDocument, local_name, parse_xml, text_of
from emla.model.errors import InvalidMessageError
from emla.model.findings import Finding, Severity
from emla.model.legal_act import LegalAct
from emla.model.limits import XmlLimits
from emla.model.message import Message
from emla.model.message_types import MESSAGE_TYPES
from emla.model.terms import SENDING, Terms
from emla.rules.context import Context
from emla.rules.table import check
from emla.rules.treaties import Treaties
from emla.rules.weigh import weigh

IDENTITY_FINDINGS_MAX = 500
"""So many findings about identity are worded; with those of the rules they fit a record."""
FILE_NAME_CHARACTERS_MAX = 255
_AUTHORITY_ID = re.compile(r"[a-z]{2}(?:\.[a-z0-9][a-z0-9-]*)+")
_UNSAFE_IN_FILE_NAME = re.compile(r"[/\\\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidMessage:
    """A message that may be sealed, with the exact bytes it was read from."""

    data: bytes
    message: Message
    act: LegalAct
    """What it means for its case."""
    findings: tuple[Finding, ...]
    """What does not block (warnings, information)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadDocument:
    """A document that its schema accepts, and what is said in it; not judged yet."""

    data: bytes
    document: XmlDocument
    message: Message


def validate(
    data: bytes,
    *,
    schemas: Schemas,
    limits: XmlLimits,
    sender: str,
    recipient: str | None,
    terms: Terms = SENDING,
) -> ValidMessage:
    """Check one message document: `read` and `judge` in one.

    Raises:
        InvalidMessageError: ``malformed-xml`` or ``invalid-message``, with all findings sorted by line.
    """
    found = read(data, schemas=schemas, limits=limits)
    return judge(found, schemas=schemas, sender=sender, recipient=recipient, terms=terms)


def read(data: bytes, *, schemas: Schemas, limits: XmlLimits) -> ReadDocument | InvalidMessageError:
    """The first half of a check. What is wrong is not raised but returned, for `judge` to raise: who has several documents reads
    them all before the first is judged, because the code of each half then stays in the processor's cache.

    Args:
        data: the document as it was handed in or unsealed.
        schemas: the compiled schemas.
        limits: caps of the pre-pass.
    """
    try:
        document = parse_xml(data, limits)
        message, found = _read(document, schemas)
        if message is None:
            _refuse(found)
    except InvalidMessageError as error:
        return error
    return ReadDocument(data=data, document=document, message=message)


def judge(
    found: ReadDocument | InvalidMessageError,
    *,
    schemas: Schemas,
    sender: str,
    recipient: str | None,
    terms: Terms = SENDING,
) -> ValidMessage:
    """The second half of a check.

    Args:
        found: what `read` returned.
        schemas: the same as for `read`.
        sender: authority id the message must bear as sender: our own when sending, the signed header's when
            receiving.
        recipient: authority id it must be addressed to; None when sending, where the message itself says so.
        terms: on which side we stand, what is overridden, and what the rules may know beyond the document.

    Raises:
        InvalidMessageError: ``malformed-xml`` or ``invalid-message``, with all findings sorted by line.
    """
    if isinstance(found, InvalidMessageError):
        raise found
    message = found.message
    identity, ruled = _judge(found.document, message, schemas, sender, recipient, terms)
    findings = _sorted(*identity, *ruled)
    if identity or (terms.sending and any(each.blocks for each in ruled)):
        _refuse(findings)
    act = read_legal_act(found.data, found.document, message)
    return ValidMessage(data=found.data, message=message, act=act, findings=findings)


def findings_of(document: XmlDocument, *, schemas: Schemas, terms: Terms = SENDING) -> tuple[Finding, ...]:
    """Everything there is to say about a document that passed the pre-pass, whoever sent it: for whoever shows it.

    Args:
        document: the document.
        schemas: the compiled schemas.
        terms: what the rules may know beyond the document.

    Returns:
        What the schema finds; where it finds nothing, what identity and rules do. Sorted by line.
    """
    message, found = _read(document, schemas)
    if message is None:
        return found
    identity, ruled = _judge(document, message, schemas, message.sender, None, terms)
    return _sorted(*identity, *ruled)


def _read(document: XmlDocument, schemas: Schemas) -> tuple[Message | None, tuple[Finding, ...]]:
    """The message, or what keeps it from being read."""
    findings = schemas.validate(document)
    if findings:
        return None, findings
    try:
        return read_message(document), ()
    except ValueError as error:  # for example a February 29 the schema's calendar knows and ours does not
        sentence = f"A value cannot be read: {shown(str(error))}."
        return None, (Finding(rule="XSD-datatype", severity=Severity.FATAL, message=sentence),)


def _judge(
    document: XmlDocument,
    message: Message,
    schemas: Schemas,
    sender: str,
    recipient: str | None,
    terms: Terms,
) -> tuple[list[Finding], tuple[Finding, ...]]:
    """What identity finds, and what the rules find."""
    identity = list(islice(_identity(document, message, sender, recipient), IDENTITY_FINDINGS_MAX + 1))
    if len(identity) > IDENTITY_FINDINGS_MAX:
        identity[IDENTITY_FINDINGS_MAX:] = [MORE]
    context = Context(document=document, message=message, terms=terms, instruments=_treaties(schemas))
    return identity, weigh((*schemas.rules.check(document), *check(context)), terms)


def _sorted(*findings: Finding) -> tuple[Finding, ...]:
    return tuple(sorted(findings, key=lambda finding: (finding == MORE, finding.line or 0)))


@lru_cache(maxsize=1)
def _treaties(schemas: Schemas) -> Treaties | None:
    """What the data of these schemas say of treaties; kept, because it keeps its answers."""
    return Treaties(schemas.instruments, schemas.countries) if schemas.countries else None


def check_parts(message: Message, parts: Iterable[tuple[str, int, bytes]]) -> tuple[Finding, ...]:
    """Compare the files handed in with what the message says of them (BR-056).

    Args:
        message: the valid message.
        parts: for each file its name, size in bytes and SHA-256 (32 bytes).

    Returns:
        One fatal finding for each file that is missing, not named, handed in twice, or different; empty if
        all agree.
    """
    named = {attachment.file_name: attachment for attachment in message.attachments}
    findings: list[Finding] = []
    seen: set[str] = set()
    for file_name, size_bytes, sha256 in parts:
        attachment = named.get(file_name)
        if file_name in seen:
            findings.append(_about_file(file_name, "is handed in twice"))
        elif attachment is None:
            findings.append(_about_file(file_name, "is handed in, but the message does not name it"))
        elif attachment.size_bytes != size_bytes:
            said = f"has {size_bytes} bytes, but the message says {attachment.size_bytes}"
            findings.append(_about_file(file_name, said, attachment.attachment_id))
        elif attachment.sha256 != sha256:
            findings.append(
                _about_file(file_name, "has another SHA-256 than the message says", attachment.attachment_id)
            )
        seen.add(file_name)
    absent = (attachment for attachment in message.attachments if attachment.file_name not in seen)
    findings.extend(
        _about_file(a.file_name, "is named by the message, but was not handed in", a.attachment_id)
        for a in absent
    )
    return tuple(findings)


def require_parts(message: Message, parts: Sequence[tuple[str, int, bytes]]) -> None:
    """Refuse files that are not those of the message; arguments as for `check_parts`.

    Raises:
        InvalidMessageError: all findings, under the code of the first cause: ``missing-attachment``, ``unnamed-attachment`` or
            ``attachment-changed``.
    """
    findings = check_parts(message, parts)
    if not findings:
        return
    names = [name for name, _, _ in parts]
    named = {each.file_name for each in message.attachments}
    if named - set(names):
        code = "missing-attachment"
    elif set(names) - named or len(set(names)) < len(names):
        code = "unnamed-attachment"
    else:
        code = "attachment-changed"
    raise InvalidMessageError(code, findings[0].message, findings=findings)


def _refuse(findings: Iterable[Finding]) -> NoReturn:
    listed = tuple(findings)
    raise InvalidMessageError("invalid-message", listed[0].message, findings=listed)


def _about_file(file_name: str, said: str, attachment_id: str = "") -> Finding:
    about = f" (attachment {attachment_id})" if attachment_id else ""
    return Finding(
        rule="BR-056",
        severity=Severity.FATAL,
        message=f"The file {shown(file_name, FILE_NAME_CHARACTERS_MAX)}{about} {said}.",
        source="emla/1 BR-056",
    )


def _identity(
    document: XmlDocument, message: Message, sender: str, recipient: str | None
) -> Iterator[Finding]:
    yield from _own_form(document, message)
    yield from _parties(document, message, sender, recipient)
    yield from _attachments(document, message)


def _finding(rule: str, document: XmlDocument, names: tuple[str, ...], sentence: str) -> Finding:
    return _about(rule, header_element(document, *names), sentence)


def _about(rule: str, element: etree._Element, sentence: str, paths: ElementPaths | None = None) -> Finding:
    return Finding(
        rule=rule,
        severity=Severity.FATAL,
        message=sentence,
        line=element.sourceline,
        path=(paths or ElementPaths()).of(element),
        source=f"emla/1 {rule}",
    )


def _own_form(document: XmlDocument, message: Message) -> Iterator[Finding]:
    """BR-001: ids that are really ids, and a header that says what the message is."""
    for name, value in (("MessageId", message.message_id), ("CaseId", message.case_id)):
        if len(set(value)) == 1:
            yield _finding(
                "BR-001",
                document,
                (name,),
                f"{name} must be an id that nobody used before; one repeated digit is none.",
            )
    if message.in_reply_to == message.message_id:
        yield _finding(
            "BR-001",
            document,
            ("InReplyTo",),
            "A message cannot answer itself; InReplyTo names the message answered.",
        )
    if MESSAGE_TYPES[message.message_type].answers and message.in_reply_to is None:
        sentence = (
            f"InReplyTo is missing: a {message.message_type} must name the message it is about, by MessageId."
        )
        yield _finding("BR-001", document, (), sentence)
    for element in header_elements(document, "MessageType"):
        name, said = local_name(message_of(element)), text_of(element)
        if said != name:
            sentence = f"MessageType says {shown(said)}, but the message is a {name}; write that."
            yield _about("BR-001", element, sentence)
    for element in header_elements(document, "MessageId")[1:]:
        if bytes.fromhex(text_of(element)) == message.message_id:
            yield _about("BR-001", element, "A draft bears another MessageId than the message that holds it.")


def _parties(
    document: XmlDocument, message: Message, sender: str, recipient: str | None
) -> Iterator[Finding]:
    """BR-002: sender and recipient are who the caller says they are."""
    wanted = {"Sender": (message.sender, sender), "Recipient": (message.recipient, recipient)}
    for role, (found, expected) in wanted.items():
        if expected is not None and found != expected:
            sentence = f"{role} is {shown(found)}, but it must be {expected} here."
            yield _finding("BR-002", document, (role, "AuthorityId"), sentence)
        elif _AUTHORITY_ID.fullmatch(found) is None:
            sentence = (
                f"{shown(found)} is not an authority id; write lower case with dots, country first: de.bfj."
            )
            yield _finding("BR-002", document, (role, "AuthorityId"), sentence)
    if message.sender == message.recipient:
        sentence = (
            "Sender and Recipient are the same authority; name the authority the message is addressed to."
        )
        yield _finding("BR-002", document, ("Recipient", "AuthorityId"), sentence)


def _attachments(document: XmlDocument, message: Message) -> Iterator[Finding]:
    """BR-056 as far as the document alone can show it."""
    elements = attachment_elements(document)
    # One for all: naming a place counts the neighbours once, and there may be thousands of them.
    paths = ElementPaths()
    ids = {attachment.attachment_id for attachment in message.attachments}
    seen_ids: set[str] = set()
    seen_names: set[str] = set()
    for element, attachment in zip(elements, message.attachments, strict=True):
        name = attachment.file_name
        sentences: list[tuple[str, str]] = []
        if attachment.attachment_id in seen_ids:
            sentences.append(
                ("AttachmentId", f"The attachment id {attachment.attachment_id} is given twice.")
            )
        if name.casefold() in seen_names:
            sentences.append(
                (
                    "FileName",
                    f"The file name {shown(name)} is given twice; capitals do not make a difference.",
                )
            )
        if _UNSAFE_IN_FILE_NAME.search(name) or name in (".", ".."):
            safe = _UNSAFE_IN_FILE_NAME.sub("?", name)
            sentences.append(
                (
                    "FileName",
                    f"The file name {shown(safe)} has folders or control characters in it; give the name alone.",
                )
            )
        if attachment.translation_of == attachment.attachment_id:
            sentences.append(("TranslationOf", "An attachment cannot be the translation of itself."))
        elif attachment.translation_of is not None and attachment.translation_of not in ids:
            sentences.append(
                (
                    "TranslationOf",
                    f"TranslationOf names {attachment.translation_of}, which is not an attachment here.",
                )
            )
        seen_ids.add(attachment.attachment_id)
        seen_names.add(name.casefold())
        for child, sentence in sentences:
            place = next((c for c in element.iterchildren("*") if local_name(c) == child), element)
            yield _about("BR-056", place, sentence, paths)
