"""`emla case act` from what was typed to what is sent: choose the request, answer, build, check, say in one line, send.

Here: the order of it. Not here: which questions there are and what each option means (`emla.writing`), the files (`act_finish`).
"""

import difflib
import os
import secrets
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

import click

from emla.bootstrap.drafts import drafts_folder
from emla.bootstrap.signer import MEMBERS, keep_signer, last_signer
from emla.cli import screen
from emla.cli.act_files import attached
from emla.cli.act_finish import Prepared, prepare, send
from emla.cli.act_kept import KeptAnswers
from emla.cli.act_source import CaseSource
from emla.cli.act_view import heading, summary
from emla.cli.finding_table import show_findings
from emla.cli.invocation import data, wants_json
from emla.cli.sending import show_sent
from emla.cli.writer_answers import read_members
from emla.cli.writer_around import surroundings
from emla.cli.writer_files import check_file
from emla.cli.writer_lines import Lines, edit_lines
from emla.cli.writer_talk import HELP, Left, Talk
from emla.model.errors import EmlaError, InvalidMessageError
from emla.model.findings import Finding, Override
from emla.writing.accept import Acceptance, Unacceptable
from emla.writing.act_flags import NotTaken, answers_of, option_for
from emla.writing.act_script import Task, dated, first_answers, script_of
from emla.writing.acts import BY_VERB, Act
from emla.writing.answers import Answers, Surroundings
from emla.writing.choosing import begun_with, choose, refusal
from emla.writing.files_of_act import custody
from emla.writing.from_file import answer_all
from emla.writing.interview import Interview
from emla.writing.lore import Lore
from emla.writing.questions import Kind
from emla.writing.situation import Situation


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What was typed."""

    verb: str
    said: Mapping[str, tuple[str, ...]]
    attach: tuple[str, ...]
    signature: tuple[str, ...]
    custody: tuple[str, ...]
    places: tuple[str, ...]
    answers: Path | None
    request: str
    reply_to: str
    draft: Path | None
    sends_at_once: bool
    asks: bool
    """Whether there is a person to ask."""
    overrides: tuple[Override, ...]
    wait_seconds: int
    emergency: str | None = None
    """Why it goes without a second person."""


def perform(lore: Lore, source: CaseSource, wanted: Wanted) -> None:
    """Write the act, and send it or leave it as a draft."""
    act = _act(wanted.verb)
    if wanted.draft is None and not (wanted.sends_at_once or wanted.asks):
        raise click.UsageError("There is no terminal to ask at: say --yes to send, or --draft DIR.")
    situation = _situation(act, source, wanted.request)
    around = _around(source, situation)
    task = Task(
        act=act,
        situation=situation,
        issued_at=dated(datetime.now(UTC), situation),
        reply_to=situation.beginning_with(wanted.reply_to),
        known={**_handling(source, situation, act), **_signer(source.own, wanted)},
    )
    interview = Interview(lore.root_of(act.message), lore.index, lore.shape, around, script_of(task, around))
    number = secrets.token_hex(6)
    kept = KeptAnswers(_desk() / "acts" / f"{number}.answers.json")
    answers, signatures = _answers(interview, lore.acceptance(around), task, wanted, around, kept)
    folder = wanted.draft or _desk() / "acts" / number
    if wanted.asks:
        keep_signer(
            _desk(), source.own, {each: answers.get(f"SigningOfficer/{each}", "") for each in MEMBERS}
        )
    try:
        prepared = prepare(lore, interview, task, source, answers, folder, wanted.overrides)
    except EmlaError:
        if wanted.asks:
            screen.note(f"What you said is kept; to mend it, add --answers {kept.quoted}", style="bold")
        raise
    kept.forget()
    if wanted.draft is not None:
        _show_draft(prepared, situation, wanted.verb)
        return
    _send(prepared, source, situation, wanted, signatures)


def _act(verb: str) -> Act:
    if verb in BY_VERB:
        return BY_VERB[verb]
    near = difflib.get_close_matches(verb, BY_VERB, n=2)
    hint = f" Did you mean {' or '.join(near)}?" if near else f" The acts are: {', '.join(BY_VERB)}."
    raise click.UsageError(f"There is no act “{verb}”.{hint}")


def _situation(act: Act, source: CaseSource, request: str) -> Situation:
    among = begun_with(request, source.situations)
    situation, objection = choose(act, among)
    if situation is None:
        assert objection is not None
        finding = refusal(objection)
        words = "; ".join(heading(each) for each in among)
        raise InvalidMessageError("invalid-message", f"{finding.message} {words}.", findings=(finding,))
    return situation


def _around(source: CaseSource, situation: Situation) -> Surroundings:
    """What profiles say, and where none is known what the messages of the case say."""
    around = surroundings(data(), quiet=True)
    said = source.authorities()
    ours = {
        **said.get(source.own, {}),
        **(around.sender if around.sender.get("AuthorityId") == source.own else {}),
    }
    theirs = {**said.get(situation.other, {}), **around.peers.get(situation.other, {})}
    spoken = {
        name: tuple(each.strip() for each in block.get("Contact[1]/Language", "").split(";") if each.strip())
        for name, block in said.items()
    }
    return replace(
        around,
        sender=ours | {"AuthorityId": source.own},
        peers={**around.peers, situation.other: theirs},
        languages={**spoken, **around.languages},
    )


def _handling(source: CaseSource, situation: Situation, act: Act) -> Mapping[str, str]:
    """How the newest message about the request is handled: a default for the answer to it; of information what we sent of it."""
    ids = {
        each.message_id
        for each in situation.acts
        if act.message != "SpontaneousInformation" or each.message_type == act.message
    }
    about = [each for each in source.heard if each.message_id in ids]
    return about[-1].handling if about else {}


def _signer(own: str, wanted: Wanted) -> dict[str, str]:
    """Who signed last at this desk: offered to a person, and never taken without one."""
    said = last_signer(_desk(), own) if wanted.asks else {}
    return {f"SigningOfficer/{name}": value for name, value in said.items()}


def _desk() -> Path:
    """The officer's own folder."""
    return drafts_folder(os.environ).parent


def _answers(
    interview: Interview,
    acceptance: Acceptance,
    task: Task,
    wanted: Wanted,
    around: Surroundings,
    kept: KeptAnswers,
) -> tuple[dict[str, str], frozenset[str]]:
    """All answers: from options and files, and from the officer where one can be asked."""
    try:
        given = answers_of(task, wanted.said)
        given |= custody(wanted.custody)
        of_files, signatures = attached(task.act.message, wanted.attach, wanted.signature, given)
    except NotTaken as problem:
        raise click.UsageError(str(problem)) from None
    if wanted.attach or wanted.signature or not wanted.asks:
        given |= of_files
    given |= _places(wanted.places)
    if wanted.answers:
        given |= read_members(wanted.answers)
    # What stands there or not is an answer of its own; all else is judged like what is typed.
    values = {place: value for place, value in given.items() if not place.endswith(("?", "+"))}
    before = {
        place: value
        for place, value in {**first_answers(task, around), **given}.items()
        if place not in values
    }
    if not wanted.asks:
        answers, findings = answer_all(interview, acceptance, values, before)
        if findings:
            told = tuple(_with_option(each, task.act.message) for each in findings)
            raise InvalidMessageError("invalid-message", told[0].message, findings=told)
        return answers, signatures
    return _asked(interview, acceptance, _taken(interview, acceptance, values, before), kept), signatures


def _with_option(finding: Finding, message: str) -> Finding:
    """The same, with the option that mends it."""
    return replace(finding, remedy=f"Say it with {option_for(message, finding.path)}.")


def _places(typed: tuple[str, ...]) -> dict[str, str]:
    found: dict[str, str] = {}
    for each in typed:
        place, equals, value = each.partition("=")
        if not equals or not place:
            raise click.UsageError(f"--set {each}: write the place, = and the value: --set Until=2026-10-01.")
        found[place] = value
    return found


def _taken(
    interview: Interview, acceptance: Acceptance, values: Mapping[str, str], before: Answers
) -> dict[str, str]:
    """What was said in options, judged; the rest is asked."""
    answers, left = dict(before), dict(values)
    while left:
        asked = [
            each
            for each in interview.questions(answers)
            if each.path in left and each.kind is not Kind.COMPUTED
        ]
        if not asked:
            names = ", ".join(left)
            raise click.UsageError(f"{names}: this is not asked for in this message.")
        question = asked[0]
        try:
            answers[question.path] = acceptance.accept(question, left.pop(question.path), answers)
        except Unacceptable as problem:
            raise click.UsageError(f"{question.words}: {problem}") from None
    return answers


def _asked(
    interview: Interview, acceptance: Acceptance, answers: dict[str, str], kept: KeptAnswers
) -> dict[str, str]:
    screen.note(HELP, style="dim")
    talk = Talk(
        interview,
        acceptance,
        answers,
        save=kept.keep,
        check_file=check_file,
        lines=Lines(edited=edit_lines()),
    )
    try:
        talk.run()
    except Left:
        screen.note(
            f"\nNothing was sent. What you said is kept; to go on, add --answers {kept.quoted}", style="bold"
        )
        raise click.Abort from None
    return talk.answers


def _show_draft(prepared: Prepared, situation: Situation, verb: str) -> None:
    if wants_json():
        screen.emit_json(
            {
                "draft": str(prepared.message),
                "act": verb,
                "message_type": prepared.valid.message.message_type,
                "recipient": prepared.valid.message.recipient,
                "attachments": [each.file_name for each in prepared.valid.message.attachments],
                "findings": prepared.valid.findings,
            }
        )
        return
    screen.say(summary(prepared.valid, situation, verb))
    if prepared.valid.findings:
        show_findings(prepared.valid.findings)
    screen.say(f"Written, not sent: {prepared.message}")
    screen.say(f"To send it: emla message send {_quoted(prepared.message)} --wait 60")


def _send(
    prepared: Prepared,
    source: CaseSource,
    situation: Situation,
    wanted: Wanted,
    signatures: frozenset[str],
) -> None:
    if not wants_json():
        if prepared.valid.findings:
            show_findings(prepared.valid.findings, on_error=True)
        screen.note(summary(prepared.valid, situation, wanted.verb), style="bold")
    try:
        if not wanted.sends_at_once:
            click.confirm("Send it?", default=False, abort=True, err=True)
        sent = send(prepared, source, signatures, wanted.overrides, wanted.wait_seconds, wanted.emergency)
    except (EmlaError, click.ClickException, click.Abort) as problem:
        _kept(prepared, problem)
    show_sent(sent, wanted.wait_seconds)


def _kept(prepared: Prepared, problem: BaseException) -> NoReturn:
    """What was written stays where it is, and the officer is told where."""
    screen.note(
        f"It was not sent, and is kept. To send it: emla message send {_quoted(prepared.message)} --wait 60"
    )
    raise problem


def _quoted(path: Path) -> str:
    return shlex.quote(str(path))
