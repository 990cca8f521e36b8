"""A file of answers for `emla message new --answers`: TOML, or JSON where it is named so."""

import json
import tomllib
from pathlib import Path

from emla.cli.writer_files import check_file
from emla.model.errors import ConfigurationError, InvalidMessageError
from emla.model.findings import Finding, Severity
from emla.writing.accept import Acceptance, Unacceptable
from emla.writing.answers import Answers
from emla.writing.from_file import UnreadableMember, answer_all, flatten
from emla.writing.interview import Interview
from emla.writing.questions import Kind

_BYTES_MAX = 4 * 1024 * 1024


def read_answers(path: Path, interview: Interview, acceptance: Acceptance, before: Answers) -> dict[str, str]:
    """Answer everything from a file. Paths of attachments in it are relative to it.

    Raises:
        ConfigurationError: ``unreadable-file``, ``bad-setting``: it is no TOML or JSON.
        InvalidMessageError: ``invalid-message``, with everything that is wrong or missing.
    """
    answers, findings = answer_all(interview, acceptance, read_members(path), before)
    for question in interview.questions(answers):
        if question.kind is Kind.FILE and answers.get(question.path):
            try:
                named = str(path.absolute().parent / answers[question.path])
                answers[question.path] = check_file(named, answers, question.path)
            except Unacceptable as problem:
                findings.append(
                    Finding(
                        rule="WRITER-answer",
                        severity=Severity.FATAL,
                        message=str(problem),
                        path=question.path,
                    )
                )
    if findings:
        raise InvalidMessageError("invalid-message", findings[0].message, findings=tuple(findings))
    return answers


def read_members(path: Path) -> dict[str, str]:
    """The members of a file as places and texts.

    Raises:
        ConfigurationError: ``unreadable-file``, ``bad-setting``: it is no TOML or JSON.
    """
    try:
        with path.open("rb") as file:
            data = file.read(_BYTES_MAX + 1)
    except OSError as error:
        raise ConfigurationError("unreadable-file", f"{path}: {error.strerror}.") from error
    if len(data) > _BYTES_MAX:
        raise ConfigurationError("unreadable-file", f"{path} is larger than 4 MiB.")
    try:
        text = data.decode("utf-8")
        members = json.loads(text) if path.suffix.lower() == ".json" else tomllib.loads(text)
        if not isinstance(members, dict):
            raise ValueError("it is no object")
        return flatten(members)
    except UnreadableMember as problem:
        raise ConfigurationError("bad-setting", f"{path}: {problem}") from problem
    except (ValueError, RecursionError) as error:
        raise ConfigurationError("bad-setting", f"{path} is not TOML or JSON: {error}.") from error
