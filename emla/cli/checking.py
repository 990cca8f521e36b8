"""A message file checked here, without a server: the same steps the server takes before it seals."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from emla.bootstrap.schema_folder import schema_folder
from emla.cli.own import own_authority_id
from emla.client.upload import OpenPart, PartFile
from emla.formats.message import read_message
from emla.formats.schema import Schemas
from emla.formats.xml import parse_xml
from emla.model.documents import Authority
from emla.model.errors import InvalidMessageError
from emla.model.findings import Override
from emla.model.limits import XmlLimits
from emla.model.message import Attachment
from emla.model.package import PartRole
from emla.model.terms import SENDING, Terms
from emla.rules.completeness import Completeness, completeness
from emla.rules.context import Context
from emla.rules.profile import wishes_of
from emla.steps.validate import ValidMessage, check_parts, validate

MAIN_MEDIA = "application/xml"


def open_main(file: Path) -> OpenPart:
    """Open the message document."""
    return OpenPart(PartFile(path=file, name=file.name, media=MAIN_MEDIA, role=PartRole.MAIN))


def check_message(
    main: OpenPart, data: Path, overrides: tuple[Override, ...] = (), recipient: Authority | None = None
) -> ValidMessage:
    """Check the message document.

    Args:
        main: the open document.
        data: the data folder. Where no authority is in it, the message's own word about its sender is taken.
        overrides: what the officer decided to send in spite of.
        recipient: whose profile it must suit, and to whom it must be addressed; None: nobody's in particular.

    Raises:
        InvalidMessageError: with all findings.
    """
    limits, schemas = XmlLimits(), Schemas(schema_folder())
    document = main.read(limits.size_bytes_max)
    sender = own_authority_id(data) or _claimed_sender(document, schemas, limits)
    if recipient is None:
        terms, to = Terms(sending=True, overrides=overrides), None
    else:
        # As `emla message send` would judge it now: what is too soon depends on the day.
        terms = Terms(
            sending=True,
            overrides=overrides,
            today=datetime.now(UTC).date(),
            wishes=wishes_of(recipient.profile),
        )
        to = recipient.id
    return validate(document, schemas=schemas, limits=limits, sender=sender, recipient=to, terms=terms)


def completeness_of(main: OpenPart) -> Completeness | None:
    """How complete the request is; None where it cannot be read, or is no request for measures."""
    try:
        document = parse_xml(main.read(XmlLimits().size_bytes_max), XmlLimits())
        message = read_message(document)
    except (InvalidMessageError, ValueError, LookupError, AttributeError, OverflowError):
        return None
    return completeness(Context(document=document, message=message, terms=SENDING))


def _claimed_sender(document: bytes, schemas: Schemas, limits: XmlLimits) -> str:
    tree = parse_xml(document, limits)
    findings = schemas.validate(tree)
    if findings:
        raise InvalidMessageError("invalid-message", findings[0].message, findings=findings)
    return read_message(tree).sender


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundFiles:
    """The message's attachments as files: what is there, and what lies beside them without being named."""

    parts: tuple[PartFile, ...]
    unnamed: tuple[str, ...]


def find_attachments(message: ValidMessage, folder: Path, *, list_unnamed: bool) -> FoundFiles:
    """Find the attachments that the message names in a folder. What is missing is found by `check_files`."""
    named = message.message.attachments
    parts = tuple(_part(each, folder) for each in named if (folder / each.file_name).exists())
    names = {each.file_name for each in named}
    others = sorted(each.name for each in folder.iterdir() if each.is_file()) if list_unnamed else []
    return FoundFiles(parts=parts, unnamed=tuple(name for name in others if name not in names))


def _part(attachment: Attachment, folder: Path) -> PartFile:
    # `validate` has refused names with folders in them, so this stays inside the folder.
    return PartFile(
        path=folder / attachment.file_name,
        name=attachment.file_name,
        media=attachment.media_type,
        role=PartRole.TRANSLATION if attachment.translation_of else PartRole.ANNEX,
        sha256=attachment.sha256,
    )


def check_files(message: ValidMessage, files: tuple[tuple[str, int, bytes], ...]) -> None:
    """Compare name, size and SHA-256 of each file with what the message says.

    Raises:
        InvalidMessageError: ``missing-attachment`` or ``attachment-changed``, with a finding for each file.
    """
    findings = check_parts(message.message, files)
    if findings:
        there = {name for name, _, _ in files}
        missing = [each.file_name for each in message.message.attachments if each.file_name not in there]
        code = "missing-attachment" if missing else "attachment-changed"
        raise InvalidMessageError(code, findings=findings)
