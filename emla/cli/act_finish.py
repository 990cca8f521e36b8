"""The end of `emla case act`: the act as a folder of files, checked as the gateway checks it, and sent.

Rules of this file:
- The folder is filled and checked before a byte is sent. It goes when the gateway has taken the act, and stays, with the command
  that sends it, when anything fails: what an officer has written is not lost.
- A file is hashed while it is copied, so the message says what the copy holds.
"""

import secrets
import shutil
import time
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from emla.cli.act_source import CaseSource
from emla.cli.checking import MAIN_MEDIA, check_files, find_attachments
from emla.cli.export_file import write_new
from emla.cli.sending import submit
from emla.cli.writer_files import copy_file
from emla.client.answers import Message
from emla.client.draft_answers import Draft
from emla.client.upload import OpenPart, PartFile
from emla.formats.legal_act import read_legal_act
from emla.formats.xml import parse_xml
from emla.keyring.private_files import sync_folder
from emla.model.errors import ConfigurationError, InvalidMessageError
from emla.model.findings import Override
from emla.model.ids import UUID_BYTES, uuid7
from emla.model.limits import XmlLimits
from emla.model.package import PartRole
from emla.model.terms import Terms
from emla.rules.weigh import weigh
from emla.steps.validate import ValidMessage, validate
from emla.writing.act_script import Task, computed, manifest_of
from emla.writing.answers import Answers
from emla.writing.build import build
from emla.writing.interview import Interview
from emla.writing.lore import Lore
from emla.writing.questions import Kind

MESSAGE_FILE = "message.xml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """An act in a folder, ready to be sent."""

    folder: Path
    valid: ValidMessage

    @property
    def message(self) -> Path:
        """The document."""
        return self.folder / MESSAGE_FILE


def prepare(
    lore: Lore,
    interview: Interview,
    task: Task,
    source: CaseSource,
    answers: Answers,
    folder: Path,
    overrides: tuple[Override, ...],
) -> Prepared:
    """Fill a new folder with the message and its files, and check them.

    Raises:
        InvalidMessageError: the act may not be sent; with all findings. Nothing is left behind.
        ConfigurationError: ``unwritable-file``, ``unreadable-file``.
    """
    if folder.exists():
        raise ConfigurationError("unwritable-file", f"{folder} is there already. Choose another folder.")
    try:
        folder.mkdir(mode=0o700, parents=True)
    except OSError as error:
        raise ConfigurationError("unwritable-file", f"{folder}: {error.strerror}.") from error
    try:
        document = _fill(lore, interview, task, answers, folder)
        valid = _check(lore, document, source, overrides)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    sync_folder(folder)
    return Prepared(folder=folder, valid=valid)


def _fill(lore: Lore, interview: Interview, task: Task, answers: Answers, folder: Path) -> bytes:
    questions = interview.questions(answers)
    facts: dict[str, str] = {}
    for question in questions:
        if question.kind is Kind.FILE and answers.get(question.path):
            facts |= copy_file(Path(answers[question.path]), folder).facts(question.path)
    new_id = uuid7(int(time.time()), secrets.token_bytes(UUID_BYTES))
    document = build(
        interview,
        answers,
        lore.index,
        lore.shape,
        computed(task, questions, new_id.hex()) | facts,
        manifest_of(task.act.message, facts, questions),
    )
    write_new(folder / MESSAGE_FILE, document, private=True)
    return document


def _check(lore: Lore, document: bytes, source: CaseSource, overrides: tuple[Override, ...]) -> ValidMessage:
    """As the gateway will: the schema, the rules, and what the act would do to its case."""
    tree = parse_xml(document, XmlLimits())
    if findings := lore.schemas.validate(tree):
        raise InvalidMessageError("invalid-message", findings[0].message, findings=findings)
    act = read_legal_act(document, tree)
    terms = Terms(sending=True, overrides=overrides, case=source.facts(act))
    valid = validate(
        document, schemas=lore.schemas, limits=XmlLimits(), sender=source.own, recipient=None, terms=terms
    )
    ahead = weigh(source.ahead(act, frozenset(each.rule for each in valid.findings)), terms)
    if any(each.blocks for each in ahead):
        raise InvalidMessageError("invalid-message", ahead[0].message, findings=(*ahead, *valid.findings))
    return replace(valid, findings=(*ahead, *valid.findings))


def send(
    prepared: Prepared,
    source: CaseSource,
    signatures: frozenset[str],
    overrides: tuple[Override, ...],
    wait_seconds: int,
    emergency: str | None = None,
) -> Message | Draft:
    """Send what was prepared, and remove the folder when the gateway has it.

    Raises:
        EmlaError: it was not taken; the folder stays.
    """
    with ExitStack() as opened:
        main = opened.enter_context(
            OpenPart(PartFile(path=prepared.message, name=MESSAGE_FILE, media=MAIN_MEDIA, role=PartRole.MAIN))
        )
        found = find_attachments(prepared.valid, prepared.folder, list_unnamed=False)
        parts = [
            opened.enter_context(
                OpenPart(replace(each, role=PartRole.SIGNATURE) if each.name in signatures else each)
            )
            for each in found.parts
        ]
        check_files(prepared.valid, tuple((each.part.name, each.size, each.hash()) for each in parts))
        sent = submit(
            [main, *parts],
            prepared.valid.message.recipient,
            None,
            None,
            overrides,
            wait_seconds,
            case_etag=source.etag,
            emergency=emergency,
        )
    shutil.rmtree(prepared.folder, ignore_errors=True)
    return sent
