"""An act that is dictated: everything is said at once, as a case system does, and nobody is asked.

Here: from what was said, and where the case stands, to the document. Not here: the questions (`interview`), what each option
means (`act_flags`), whether the act may be sent: the gateway judges it like any other message.

Rule of this file: what is said is an answer like one that is typed; what is missing or will not do is found at once, by place.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from emla.model.errors import InvalidMessageError
from emla.model.findings import Finding
from emla.writing.act_flags import NotTaken, answers_of, option_for
from emla.writing.act_script import Task, computed, dated, first_answers, manifest_of, script_of
from emla.writing.acts import BY_VERB, Act
from emla.writing.answers import NO, YES, Surroundings, gate
from emla.writing.build import build
from emla.writing.choosing import begun_with, choose, refusal
from emla.writing.files_of_act import OWNERS, custody, entry_of, kind_of
from emla.writing.from_file import answer_all
from emla.writing.interview import Interview
from emla.writing.lore import Lore
from emla.writing.questions import Kind
from emla.writing.situation import Situation


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenFile:
    """A file that goes along, and what is known of it before it is read."""

    name: str
    media: str
    size_bytes: int
    sha256: str
    """64 hexadecimal digits."""
    belongs_to: str = ""
    """The entry that it belongs to: Q1, I2."""
    is_signature: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Dictated:
    """What was said."""

    verb: str
    said: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By option of `emla case act`."""
    answers: Mapping[str, str] = field(default_factory=dict)
    """By place in the message."""
    files: tuple[GivenFile, ...] = ()
    custody: tuple[str, ...] = ()
    request: str = ""
    """Which request of the case: the beginning of its MessageId; empty: the only one that fits."""
    reply_to: str = ""
    """The message that is answered; empty: the one that the act is about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What is known where it is written."""

    situations: tuple[Situation, ...]
    around: Surroundings
    now: datetime
    message_id: str
    """A new one."""


def write_act(lore: Lore, dictated: Dictated, desk: Desk) -> bytes:
    """Write the message of an act.

    Raises:
        InvalidMessageError: ``bad-request``: there is no such act, or it does not take what was said; ``invalid-message``: it is
            not possible now, or what was said will not do, with everything that is wrong by place.
        NotFoundError: ``not-found``: the case has no such request or message.
    """
    act = BY_VERB.get(dictated.verb)
    if act is None:
        raise InvalidMessageError("bad-request", f"There is no such act; there is: {', '.join(BY_VERB)}.")
    situation = _situation(act, desk.situations, dictated.request)
    task = Task(
        act=act,
        situation=situation,
        issued_at=dated(desk.now, situation),
        reply_to=situation.beginning_with(dictated.reply_to),
    )
    script = script_of(task, desk.around)
    interview = Interview(lore.root_of(act.message), lore.index, lore.shape, desk.around, script)
    answers = _answers(interview, lore, task, dictated, desk.around)
    questions = interview.questions(answers)
    by_name = {each.name: each for each in dictated.files}
    facts: dict[str, str] = {}
    for question in questions:
        if question.kind is Kind.FILE and (file := by_name.get(answers.get(question.path, ""))):
            facts |= _facts(question.path.rpartition("/")[0], file)
    return build(
        interview,
        answers,
        lore.index,
        lore.shape,
        computed(task, questions, desk.message_id) | facts,
        manifest_of(act.message, facts, questions),
    )


def _situation(act: Act, situations: Sequence[Situation], request: str) -> Situation:
    situation, objection = choose(act, begun_with(request, situations))
    if situation is None:
        assert objection is not None
        finding = refusal(objection)
        raise InvalidMessageError("invalid-message", finding.message, findings=(finding,))
    return situation


def _answers(
    interview: Interview, lore: Lore, task: Task, dictated: Dictated, around: Surroundings
) -> dict[str, str]:
    try:
        given = answers_of(task, dictated.said) | custody(dictated.custody)
        given |= _of_files(task.act.message, dictated.files, given)
    except NotTaken as problem:
        raise InvalidMessageError("bad-request", str(problem)) from None
    given |= dictated.answers
    # What stands there or not is an answer of its own; all else is judged like what is typed.
    values = {place: value for place, value in given.items() if not place.endswith(("?", "+"))}
    before = {
        place: value
        for place, value in {**first_answers(task, around), **given}.items()
        if place not in values
    }
    answers, findings = answer_all(interview, lore.acceptance(around), values, before)
    if findings:
        told = tuple(_with_place(each, task.act.message) for each in findings)
        raise InvalidMessageError("invalid-message", told[0].message, findings=told)
    return answers


def _with_place(finding: Finding, message: str) -> Finding:
    option, _, place = option_for(message, finding.path).removeprefix("--").partition(" ")
    where = f"in 'answers', at the place {finding.path}" if place else f"in 'said', as '{option}'"
    return replace(finding, remedy=f"Say it {where}.")


def _of_files(message: str, files: Sequence[GivenFile], answers: Mapping[str, str]) -> dict[str, str]:
    """The answers that files mean; also that there is none."""
    found: dict[str, str] = {}
    of_entries: dict[str, list[str]] = {}
    for number, file in enumerate(files, 1):
        place = f"Attachment[{number}]"
        kind = kind_of(message, is_signature=file.is_signature)
        found |= {gate(place): YES, f"{place}/FileName": file.name, f"{place}/DocumentType": kind}
        if file.belongs_to:
            entry = entry_of(message, file.belongs_to, answers) if message in OWNERS else ""
            if not entry:
                raise NotTaken(f"{file.name} belongs to {file.belongs_to}, which this act does not have.")
            of_entries.setdefault(entry, []).append(f"A{number}")
    found[gate(f"Attachment[{len(files) + 1}]")] = NO
    return found | {entry: "; ".join(ids) for entry, ids in of_entries.items()}


def _facts(place: str, file: GivenFile) -> dict[str, str]:
    return {
        f"{place}/FileName": file.name,
        f"{place}/MediaType": file.media,
        f"{place}/SizeBytes": str(file.size_bytes),
        f"{place}/Sha256": file.sha256,
    }
