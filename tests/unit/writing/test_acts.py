"""An act that is written with the least has the effect that the tables promise; what has none is refused before it is written."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from emla.cases.ahead import findings_ahead
from emla.cases.facts import facts_for
from emla.cases.fold import fold
from emla.cases.order import OPENS
from emla.formats.legal_act import read_legal_act
from emla.formats.xml import parse_xml
from emla.model.case_states import RequestState
from emla.model.errors import NotFoundError
from emla.model.findings import Severity
from emla.model.legal_act import LegalAct
from emla.model.limits import XmlLimits
from emla.model.message_types import MESSAGE_TYPES
from emla.model.terms import Terms
from emla.steps.validate import validate
from emla.writing.act_script import dated
from emla.writing.acts import ACTS, BY_VERB
from emla.writing.possible import objection_to
from emla.writing.situation import Situation, situations
from tests.support.sample_acts import act_of, course
from tests.support.sample_cases import SampleCase, cases
from tests.support.written import COMPILED
from tests.support.written_acts import write

BEGINS = OPENS | {"InterceptionNotification"}


def seen(case: SampleCase) -> Iterator[tuple[Situation, tuple[LegalAct, ...]]]:
    """Both sides of everything that was begun, after each message."""
    for _, act, acts in course(case):
        docket = fold(acts)
        for own in sorted({act.sender, act.recipient}):
            for situation in situations(docket, act.case_id, own):
                yield situation, acts


def after(acts: tuple[LegalAct, ...]) -> datetime:
    return max(each.issued_at for each in acts) + timedelta(minutes=1)


def sent(document: bytes, acts: tuple[LegalAct, ...], situation: Situation) -> LegalAct:
    """The act as the gateway would take it: valid, and nothing in it that a rule would refuse."""
    act = read_legal_act(document, parse_xml(document, XmlLimits()))
    terms = Terms(sending=True, case=facts_for(fold(acts), act))
    valid = validate(
        document,
        schemas=COMPILED,
        limits=XmlLimits(),
        sender=situation.own,
        recipient=situation.other,
        terms=terms,
    )
    assert valid.findings == ()
    return act


SITUATIONS = {
    (each.states, each.side, each.opening.message_type): (each, acts)
    for case in cases()
    for each, acts in seen(case)
}
"""One for each state of each kind of matter, for each side."""
CASE = next(each for each in cases() if each.folder.name == "S01")
CASE_ID = act_of(CASE.folder / "mla-request.xml").case_id.hex()
LIFE = """
    nl confirm-receipt    RECEIVED
    nl ask                AWAITING_SUPPLEMENT
    jp answer             UNDER_REVIEW
    jp update             UNDER_REVIEW
    nl consult            CONSULTATION
    jp consult            CONSULTATION
    nl end-consultation   UNDER_REVIEW
    nl postpone           POSTPONED
    nl resume             UNDER_REVIEW
    nl costs              UNDER_REVIEW
    nl decide             IN_EXECUTION
    jp inquire            IN_EXECUTION
    nl report             IN_EXECUTION
    nl delay              IN_EXECUTION
    nl extend             IN_EXECUTION
    nl confidentiality    IN_EXECUTION
    jp confidentiality    IN_EXECUTION
    nl results            PARTIALLY_EXECUTED
    jp ask-consent        PARTIALLY_EXECUTED
    nl decide-consent     PARTIALLY_EXECUTED
    nl results            RESULTS_SENT
    jp confirm-results    RESULTS_RECEIVED
    jp disclose           RESULTS_RECEIVED
    nl restrict           RESULTS_RECEIVED
    nl recall             RESULTS_RECEIVED
    jp confirm-recall     RESULTS_RECEIVED
    jp close              RESULTS_RECEIVED
    nl object-to-close    RESULTS_RECEIVED
    jp close              RESULTS_RECEIVED
    nl agree-to-close     CLOSED
"""
OTHER_LIVES = {
    "conditions": """
        nl decide             AWAITING_CONDITIONS
        jp answer-conditions  IN_EXECUTION
        nl results            RESULTS_SENT
        nl waive-return       RESULTS_SENT
    """,
    "return": """
        nl decide   IN_EXECUTION
        nl results  RESULTS_SENT
        jp return   RESULTS_SENT
    """,
    "withdrawal": """
        jp withdraw            WITHDRAWAL_PENDING
        nl confirm-withdrawal  WITHDRAWN
    """,
    "referral": """
        nl refer  REFERRED
    """,
}
FINAL = {"Final": "yes"}
PART = {"MeasureResult[1]/Outcome": "EXECUTED_PARTIAL", "MeasureResult[2]/Outcome": "EXECUTED_PARTIAL"}
ITEM = {
    "Attachment[1]?": "yes",
    "Attachment[1]/FileName": "/desk/image.pdf",
    "Attachment[1]/DocumentType": "EVIDENCE_FILE",
    "EvidenceItem[1]?": "yes",
    "EvidenceItem[1]/IsOriginal": "yes",
    "EvidenceItem[1]/ReturnRequired": "yes",
}
SAID = {
    ("life", "results", 1): PART,
    ("life", "results", 2): FINAL,
    ("conditions", "decide", 1): {
        f"MeasureDecision[{each}]/DecisionOutcome": "ACCEPTED_WITH_CONDITIONS" for each in (1, 2)
    },
    ("conditions", "results", 1): FINAL | ITEM,
    ("return", "results", 1): FINAL | ITEM,
}
"""What is answered otherwise than with the least, by the life, the verb, and which time it is used."""


def lived(name: str, text: str) -> Iterator[tuple[str, str, Situation, bytes]]:
    """Each act as it is written: its verb, the state it should lead to, where it led, and its document."""
    acts: tuple[LegalAct, ...] = (act_of(CASE.folder / "mla-request.xml"),)
    used: list[str] = []
    for line in text.split("\n"):
        if not line.strip():
            continue
        country, verb, state = line.split()
        used.append(verb)
        (before,) = situations(fold(acts), acts[0].case_id, f"{country}.moj")
        assert objection_to(BY_VERB[verb], before) is None, (verb, before.states)
        document = write(BY_VERB[verb], before, after(acts), SAID.get((name, verb, used.count(verb)), {}))
        said = sent(document, acts, before)
        assert findings_ahead(acts, said) == (), verb
        acts = (*acts, said)
        (now,) = situations(fold(acts), acts[0].case_id, before.own)
        yield verb, state, now, document


@pytest.mark.parametrize("name", ["life", *OTHER_LIVES])
def test_a_case_lives_by_acts_that_were_written_with_the_least(name: str) -> None:
    for verb, state, now, _ in lived(name, OTHER_LIVES.get(name, LIFE)):
        assert now.states == (state,), verb


def test_nobody_proposes_to_close_while_an_item_is_to_be_returned() -> None:
    text = "nl results RESULTS_SENT\njp confirm-results RESULTS_RECEIVED\n"
    *_, (_, _, held, _) = lived("return", text)
    objection = objection_to(BY_VERB["close"], held)
    assert objection is not None
    assert (objection.rule, objection.sentence) == (
        "BR-058",
        "The item I1 has to be returned and was not yet.",
    )


def test_files_enter_the_manifest_and_items_have_their_custody() -> None:
    documents = {verb: document for verb, _, _, document in lived("conditions", OTHER_LIVES["conditions"])}
    results = documents["results"]
    entry = (
        b"<FileName>image.pdf</FileName>\n   <MediaType>application/pdf</MediaType>\n"
        b"   <SizeBytes>3</SizeBytes>\n   <Sha256>" + b"ab" * 32
    )
    assert entry in results.partition(b"HashManifest>")[2]
    assert b"<ItemId>I1</ItemId>" in results.partition(b"ChainOfCustody>")[2]
    assert b"<ItemAttachment>A1</ItemAttachment>" in results
    assert b"<ConditionId>C2</ConditionId>" in documents["decide"]
    assert documents["answer-conditions"].count(b"ACCEPTED") == 2


def test_in_every_state_an_act_has_an_effect_or_is_refused_with_rule_and_source() -> None:
    """Every refusal is looked at, and of the acts that are possible each seventh is written."""
    number = 0
    for situation, acts in SITUATIONS.values():
        for act in ACTS:
            objection = objection_to(act, situation)
            if objection is not None:
                assert all((objection.rule, objection.source, objection.remedy)), act.verb
                continue
            number += 1
            if number % 17 == 0:
                said = sent(write(act, situation, after(acts)), acts, situation)
                fatal = [each for each in findings_ahead(acts, said) if each.severity is Severity.FATAL]
                assert fatal == [], (act.verb, situation.states)
    assert number > 500


@pytest.mark.long
def test_every_act_that_is_possible_has_an_effect() -> None:
    for situation, acts in SITUATIONS.values():
        for act in ACTS:
            if objection_to(act, situation) is None:
                said = sent(write(act, situation, after(acts)), acts, situation)
                fatal = [each for each in findings_ahead(acts, said) if each.severity is Severity.FATAL]
                assert fatal == [], (act.verb, situation.states)


def test_what_is_refused_by_its_side_or_state_would_have_no_effect() -> None:
    """The refusal is no invention of the writer: the fold says the same of the document."""
    refused: set[str] = set()
    requests = [each for each in SITUATIONS.values() if each[0].states[0] in set(RequestState)]
    for situation, acts in requests:
        for act in ACTS:
            objection = objection_to(act, situation)
            if (
                objection is None
                or objection.rule not in ("BR-054", "CA-005", "CA-006")
                or not act.answers(situation)
                or act.message == "ReturnNotice"
                or act.about
                or act.verb in refused
            ):
                continue
            refused.add(act.verb)
            document = write(act, situation, after(acts))
            said = read_legal_act(document, parse_xml(document, XmlLimits()))
            found = findings_ahead(acts, said)
            assert [each.severity for each in found][:1] == [Severity.FATAL], (act.verb, situation.states)
    assert len(refused) >= len([each for each in ACTS if not each.about]) * 4 // 5


def test_an_act_is_dated_after_what_was_said_in_the_same_second() -> None:
    """Else the order would hang on two random ids, and a result could come before its decision."""
    (situation,) = situations(
        fold([act_of(CASE.folder / "mla-request.xml")]), bytes.fromhex(CASE_ID), "nl.moj"
    )
    last = situation.opening.issued_at
    second = timedelta(seconds=1)
    assert dated(last + second / 2, situation) == last + second
    assert dated(last - 3 * second, situation) == last + second
    assert dated(last + 9 * second, situation) == last + 9 * second
    assert dated(last - 300 * second, situation) == last + second  # two clocks may differ so much
    # A clock that is further off: the officer is warned.
    assert dated(last - 301 * second, situation) == last - 301 * second


def offered(number: int) -> tuple[Situation, Situation, tuple[LegalAct, ...]]:
    """Information of S10 after so many messages, as its giver and its receiver see it."""
    case = next(each for each in cases() if each.folder.name == "S10")
    *_, acts = list(course(case))[number - 1]
    (giver,) = situations(fold(acts), acts[0].case_id, "sg.agc")
    (receiver,) = situations(fold(acts), acts[0].case_id, "au.agd")
    return giver, receiver, acts


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_who_offered_information_sends_it_with_a_verb_and_nobody_else_does(number: int) -> None:
    """Before and after the conditions are accepted, and more of it later (BUD 26(2))."""
    giver, receiver, acts = offered(number)
    assert objection_to(BY_VERB["inform"], giver) is None
    objection = objection_to(BY_VERB["inform"], receiver)
    assert objection is not None
    assert objection.rule == "BR-054"
    said = sent(write(BY_VERB["inform"], giver, after(acts)), acts, giver)
    assert findings_ahead(acts, said) == ()
    (now,) = situations(fold((*acts, said)), acts[0].case_id, giver.own)
    assert now.states == (("TRANSMITTED",) if number < 4 else ("ACKNOWLEDGED",))


def test_information_goes_with_the_conditions_that_were_accepted_and_answers_the_acceptance() -> None:
    giver, _, acts = offered(2)
    (turn,) = giver.turns
    assert (turn.ours, turn.what) == (True, "send the information")
    document = write(BY_VERB["inform"], giver, after(acts))
    said = sent(document, acts, giver)
    assert said.in_reply_to == acts[1].message_id
    assert {each.use_limit for each in said.conditions} == {"INTELLIGENCE_ONLY", "NO_ONWARD_TRANSFER"}
    assert said.instruments == acts[0].instruments
    assert b"NatureOnly>false<" in document
    assert b"NoConditions" not in document


def test_of_a_request_nothing_is_said_as_information() -> None:
    for situation, _ in SITUATIONS.values():
        if situation.opening.message_type != "SpontaneousInformation":
            assert objection_to(BY_VERB["inform"], situation) is not None


def test_every_message_of_a_case_has_a_verb() -> None:
    """Also information in a case in which it was offered."""
    assert {each.message for each in ACTS} == set(MESSAGE_TYPES) - BEGINS
    assert len(BY_VERB) == len(ACTS)


def test_what_is_replied_to_is_named_by_how_its_id_begins() -> None:
    _, receiver, acts = offered(3)
    first, second = (each.message_id.hex() for each in acts[:2])
    assert receiver.beginning_with("") == ""
    assert receiver.beginning_with(first.upper()) == first
    assert receiver.beginning_with(second[:30]) == second
    alike = replace(receiver.acts[0], message_id=first[:31] + ("1" if first[31] == "0" else "0"))
    two = replace(receiver, acts=(*receiver.acts, alike))
    for typed in (first[:31], "z", "z" * 5000):
        with pytest.raises(NotFoundError) as caught:
            two.beginning_with(typed)
        assert len(caught.value.detail) < 120
