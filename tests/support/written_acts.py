"""Acts written with the least that an officer could answer, in any situation of a sample case."""

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from functools import cache

from emla.writing.accept import Unacceptable
from emla.writing.act_script import Task, computed, first_answers, manifest_of, script_of
from emla.writing.acts import Act
from emla.writing.answers import Surroundings, form
from emla.writing.build import build
from emla.writing.interview import Interview
from emla.writing.questions import Question
from emla.writing.situation import Situation
from tests.support.written import INDEX, SHAPE, acceptance, plausible

_CONTACT = {
    "Contact[1]/Post": "Central authority",
    "Contact[1]/Phone": "+31 70 555 0190",
    "Contact[1]/Email": "desk@example.org",
    "Contact[1]/Language": "en",
}


@cache
def root_of(message: str) -> str:
    """The qualified name of a message."""
    return next(each for each in INDEX.message_roots() if each.endswith("}" + message))


def around(situation: Situation, today: str) -> Surroundings:
    """What the two authorities say of themselves."""
    whose = {
        each: {
            "AuthorityId": each,
            "CountryCode": each[:2].upper(),
            "Name": f"Ministry of {each}",
            **_CONTACT,
        }
        for each in (situation.own, situation.other)
    }
    return Surroundings(
        today=today,
        sender=whose[situation.own],
        peers={situation.other: whose[situation.other]},
        languages=dict.fromkeys(whose, ("en",)),
    )


_FIRST = {
    "ConditionResult": "ACCEPTED",
    "Scope": "ALL",
    "DecisionOutcome": "ACCEPTED",
    "Outcome": "EXECUTED_FULL",
    "ConsentDecision": "REFUSED",
    "DispositionDone": "NOTHING_OBTAINED",
    "ChangeKind": "CORRECTION",
}
"""Answers that an officer must give and that could be others."""


_WHOLE = {form(each): "" for each in ("AffectedItem[1]", "RecalledItem[1]", "RecallOutcome[1]/RecalledItem")}
"""All that a message has brought: the only thing that is there in every one."""
_BY_TYPE = {"ElementPathType": "/MLARequest/Purpose", "AmountType": "10"}


def write(act: Act, situation: Situation, at: datetime, answers: Mapping[str, str] | None = None) -> bytes:
    """The document with the least answers; Enter takes what is offered."""
    task = Task(act=act, situation=situation, issued_at=at)
    known = around(situation, f"{at:%Y-%m-%d}")
    asked = Interview(root_of(act.message), INDEX, SHAPE, known, script_of(task, known))
    judge = acceptance(known)
    notice = {"PlannedOn": f"{at + timedelta(days=1):%Y-%m-%d}"}  # one that is given in advance
    given = {**first_answers(task, known), **_WHOLE, **notice, **(answers or {})}
    while open_ := [each for each in asked.questions(given) if each.is_open(given)]:
        before = dict(given)
        for question in open_:
            with suppress(Unacceptable):
                given[question.path] = judge.accept(question, _typed(question), given)
        assert given != before, open_[0]
    questions = asked.questions(given)
    facts = _facts(given)
    return build(
        asked,
        given,
        INDEX,
        SHAPE,
        computed(
            task, questions, hashlib.sha256(f"{act.verb} {situation.case_id} {at}".encode()).hexdigest()[:32]
        )
        | facts,
        manifest_of(act.message, facts, questions),
    )


def _typed(question: Question) -> str:
    if question.default:
        return question.default
    if question.element in _FIRST:
        return _FIRST[question.element]
    if not question.required:
        return ""
    if question.elsewhere and not question.options:
        return "I1"
    return _BY_TYPE.get(question.type_name.rpartition("}")[2]) or plausible(question, gates=False)


def _facts(given: Mapping[str, str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for place, value in given.items():
        if place.startswith("Attachment[") and place.endswith("/FileName") and value:
            above = place.rpartition("/")[0]
            found |= {
                f"{above}/FileName": value.rpartition("/")[2],
                f"{above}/MediaType": "application/pdf",
                f"{above}/SizeBytes": "3",
                f"{above}/Sha256": "ab" * 32,
            }
    return found
