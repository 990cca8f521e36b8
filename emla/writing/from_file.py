"""The same interview from a file: nested members become answers, questions without a person are decided by what is there.

    RequestingReference = "..."        in [MessageHeader]
    [[Measure]]                        the first measure, and so on
    MeasureType = "BANK_RECORDS"

Rules of this file:
- Names are those of the elements. A list gives repeated elements, or several values. Truth values, numbers, days and instants
  may be written as TOML writes them.
- Everything that is wrong is found at once, and a member that nothing asks for is wrong as well: a typing error must not drop
  a fact.
"""

import difflib
from collections.abc import Mapping
from datetime import UTC, date, datetime

from emla.model.findings import Finding, Severity
from emla.writing.accept import Acceptance, Unacceptable
from emla.writing.answers import NO, SEPARATOR, YES, Answers
from emla.writing.interview import Interview
from emla.writing.questions import Kind, Question

_DEPTH_MAX = 20


class UnreadableMember(ValueError):
    """A member that no answer can be made of."""


def flatten(members: Mapping[str, object], path: str = "", depth: int = 0) -> dict[str, str]:
    """Nested members as a flat map of places to texts; numbers only where a list gives them.

    Raises:
        UnreadableMember: with one sentence.
    """
    found: dict[str, str] = {}
    if depth > _DEPTH_MAX:
        raise UnreadableMember(f"{path} is nested too deep.")
    for name, value in members.items():
        here = f"{path}/{name}" if path else name
        if isinstance(value, Mapping):
            found |= flatten(value, here, depth + 1)
        elif isinstance(value, list) and value and all(isinstance(each, Mapping) for each in value):
            for number, each in enumerate(value, 1):
                found |= flatten(each, f"{here}[{number}]", depth + 1)
        elif isinstance(value, list):
            for number, each in enumerate(value, 1):
                found[f"{here}[{number}]"] = _text(each, here)
        else:
            found[here] = _text(value, here)
    return found


def _text(value: object, path: str) -> str:
    if isinstance(value, bool):
        return YES if value else NO
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise UnreadableMember(f"{path} is a time without a zone; write Z behind it for UTC.")
        try:
            return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
        except OverflowError:
            raise UnreadableMember(f"{path} is before the first year or after the last.") from None
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str | int | float):
        return str(value)
    raise UnreadableMember(f"{path} is neither a text nor a number, day, instant or list of them.")


def answer_all(
    interview: Interview, acceptance: Acceptance, given: Mapping[str, str], before: Answers
) -> tuple[dict[str, str], list[Finding]]:
    """Answer every question from what is given.

    Args:
        interview: what is asked.
        acceptance: what will do.
        given: what `flatten` made of the file.
        before: answers that are there already.

    Returns:
        The answers, and everything that is wrong; nobody should use the first while there is the second.
    """
    answers, findings = dict(before), list[Finding]()
    used: set[str] = set()
    failed: set[str] = set()
    while True:
        asked = [
            each
            for each in interview.questions(answers)
            if each.path not in answers and each.path not in failed and each.kind is not Kind.COMPUTED
        ]
        if not asked:
            break
        question = asked[0]
        names, typed = _given(question, given)
        used |= names
        try:
            if not typed and question.quiet:
                failed.add(question.path)  # its default will do
                if question.required and not question.default:
                    raise Unacceptable("is needed.")
                continue
            none = question.kind is Kind.FORM and question.path in names  # said to be none of them
            answers[question.path] = acceptance.accept(
                question, typed or ("" if none else question.default), answers
            )
        except Unacceptable as problem:
            failed.add(question.path)
            said = str(problem) if typed else _needed(question)
            findings.append(_finding(question.path.removesuffix("|"), said, question.source))
    return answers, findings + _unused(interview, answers, given, used)


def _needed(question: Question) -> str:
    if question.kind is Kind.FORM:
        return f"one of these is needed: {', '.join(each.code for each in question.options)}."
    return "is needed."


def _given(question: Question, given: Mapping[str, str]) -> tuple[set[str], str]:
    """What the file says to a question, and the names under which it does."""
    path = question.path
    if question.kind is Kind.GATE:
        target = path.removesuffix("?").removesuffix("+")
        there = path.endswith("+") or any(_is_in(each, target) for each in given)
        there = there or question.default == YES
        return set(), YES if there else NO
    if question.kind is Kind.FORM:
        if path in given:
            return {path}, given[path]
        target = path.removesuffix("|")
        codes = [
            each.code
            for each in question.options
            if any(_is_in(name, f"{target}/{each.code}" if target else each.code) for name in given)
        ]
        return set(), codes[0] if codes else question.default
    # The first of a list may be given without its number.
    names = {each for each in given if each == path or _plain_first(each) == _plain_first(path)}
    if question.multiple:
        names |= {each for each in given if each.startswith(f"{path}[") and each.rpartition("[")[0] == path}
    return names, f"{SEPARATOR} ".join(given[each] for each in given if each in names)


def _plain_first(path: str) -> str:
    return path.replace("[1]", "")


def _is_in(name: str, place: str) -> bool:
    name, place = _plain_first(name), _plain_first(place)
    return name == place or name.startswith((f"{place}/", f"{place}["))


def _unused(
    interview: Interview, answers: Answers, given: Mapping[str, str], used: set[str]
) -> list[Finding]:
    asked = [each.path for each in interview.questions(answers) if each.kind in (Kind.VALUE, Kind.FILE)]
    found = []
    for name in given:
        if name in used:
            continue
        near = difflib.get_close_matches(name, asked, n=1, cutoff=0.7)
        hint = f" Did you mean {near[0]}?" if near else ""
        found.append(_finding(name, f"is not asked for in this request.{hint}", "emla/1"))
    return found


def _finding(path: str, said: str, source: str) -> Finding:
    return Finding(
        rule="WRITER-answer", severity=Severity.FATAL, message=f"{path}: {said}", path=path, source=source
    )
