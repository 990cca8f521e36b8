"""The end of `emla message new`: the request as a folder of files that can be sent.

Rules of this file:
- The folder appears whole or not at all: it is filled under another name, checked, and then renamed. What is there is left alone.
- The request is checked as `emla message send` checks it, and with what its recipient wants. One that nobody could be sent is not
  written.
"""

import secrets
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

from emla.cli.export_file import write_new
from emla.cli.writer_files import Copied, copy_file
from emla.formats.draft import Draft
from emla.keyring.private_files import sync_folder
from emla.model.errors import ConfigurationError, InvalidMessageError
from emla.model.findings import Finding, Severity
from emla.model.ids import UUID_BYTES, uuid7
from emla.model.limits import XmlLimits
from emla.model.terms import RECEIVING, Terms
from emla.rules.table import RULES
from emla.sandbox.press import Format, print_page
from emla.steps.validate import check_parts, validate
from emla.writing.answers import Surroundings
from emla.writing.build import build, value_of
from emla.writing.interview import Interview
from emla.writing.lore import Lore
from emla.writing.questions import Kind

_ABOUT_THE_RECIPIENT = frozenset(each.id for each in RULES if each.needs == "profile")
"""What a recipient does not take here may go on paper: the request is written all the same, and its officer told."""
CASE_ID = "MessageHeader/CaseId"
_NO_PDF = "The request is too long for a PDF: print request.html instead."


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What was written."""

    request: Path
    page: Path
    attachments: tuple[str, ...]
    findings: tuple[Finding, ...]
    """What the rules say: warnings, and what needs an officer's reason when it is sent."""
    notes: tuple[str, ...]


def finish(lore: Lore, interview: Interview, around: Surroundings, draft: Draft, target: Path) -> Written:
    """Write the folder.

    Raises:
        InvalidMessageError: the answers do not make a message that may be sent; with all findings.
        ConfigurationError: ``unwritable-file``, ``unreadable-file``.
    """
    if target.exists():
        raise ConfigurationError(
            "unwritable-file", f"{target} is there already. Choose another folder with --to."
        )
    making = target.with_name(f".{target.name}.{draft.id}.new")
    shutil.rmtree(making, ignore_errors=True)
    try:
        making.mkdir(mode=0o700, parents=True)
        written = _fill(lore, interview, around, draft, making)
        sync_folder(making)
        making.rename(target)
        sync_folder(target.parent)
    except OSError as error:
        raise ConfigurationError("unwritable-file", f"{target}: {error.strerror}.") from error
    finally:
        shutil.rmtree(making, ignore_errors=True)
    return Written(
        request=target / written.request.name,
        page=target / written.page.name,
        attachments=written.attachments,
        findings=written.findings,
        notes=written.notes,
    )


def _terms(around: Surroundings, draft: Draft) -> Terms:
    """On what the verdict depends beside the request: what its recipient wants, where its profile is known."""
    wishes = around.wishes_of_recipient(draft.answers)
    return (
        RECEIVING
        if wishes is None
        else replace(RECEIVING, wishes=wishes, today=date.fromisoformat(around.today))
    )


def _fill(lore: Lore, interview: Interview, around: Surroundings, draft: Draft, folder: Path) -> Written:
    copied, facts = _files(interview, draft.answers, folder)
    document = build(interview, draft.answers, lore.index, lore.shape, _header(interview, draft) | facts)
    sender = _sender(interview, draft.answers)
    # What an officer may override with a reason does not stop the writing; that is decided when it is sent.
    valid = validate(
        document,
        schemas=lore.schemas,
        limits=XmlLimits(),
        sender=sender,
        recipient=None,
        terms=_terms(around, draft),
    )
    fatal = [
        each
        for each in valid.findings
        if each.severity is Severity.FATAL and each.rule not in _ABOUT_THE_RECIPIENT
    ]
    if fatal:
        raise InvalidMessageError("invalid-message", fatal[0].message, findings=valid.findings)
    files = [(each.name, each.size_bytes, each.sha256) for each in copied]
    if findings := check_parts(valid.message, files):
        raise InvalidMessageError("invalid-message", findings[0].message, findings=findings)
    request = folder / "request.xml"
    write_new(request, document, private=True)
    page, notes = _print(lore, document, folder)
    return Written(
        request=request,
        page=page,
        attachments=tuple(each.name for each in copied),
        findings=valid.findings,
        notes=notes,
    )


def _files(
    interview: Interview, answers: Mapping[str, str], folder: Path
) -> tuple[list[Copied], dict[str, str]]:
    copied: list[Copied] = []
    facts: dict[str, str] = {}
    for question in interview.questions(answers):
        if question.kind is Kind.FILE and answers.get(question.path):
            copied.append(copy_file(Path(answers[question.path]), folder))
            facts |= copied[-1].facts(question.path)
    return copied, facts


def _header(interview: Interview, draft: Draft) -> dict[str, str]:
    now = datetime.now(UTC)
    return {
        # A new one each time: whatever was changed since the last time is another message.
        "MessageHeader/MessageId": uuid7(int(now.timestamp()), secrets.token_bytes(UUID_BYTES)).hex(),
        CASE_ID: draft.answers[CASE_ID],
        "MessageHeader/MessageType": interview.root.rpartition("}")[2],
        "MessageHeader/Generation": "1",
        "MessageHeader/IssuedAt": f"{now:%Y-%m-%dT%H:%M:%SZ}",
    }


def _sender(interview: Interview, answers: Mapping[str, str]) -> str:
    place = "MessageHeader/Sender/AuthorityId"
    asked = {each.path: each for each in interview.questions(answers)}
    return value_of(asked[place], answers, {})


def _print(lore: Lore, document: bytes, folder: Path) -> tuple[Path, tuple[str, ...]]:
    """The printable page: a PDF, or an HTML page where this installation cannot make one, or not of so long a request."""
    try:
        page = print_page(document, Format.PDF, schemas=lore.folder, judged=False)
        path, notes = folder / "request.pdf", page.notes
    except ConfigurationError as error:
        if error.code not in ("pdf-unavailable", "preview-failed"):
            raise
        page = print_page(document, Format.HTML, schemas=lore.folder, judged=False)
        path = folder / "request.html"
        notes = (
            *page.notes,
            f"{error.entry.meaning} {error.entry.remedy}" if error.code == "pdf-unavailable" else _NO_PDF,
        )
    write_new(path, page.data, private=True)
    return path, notes
