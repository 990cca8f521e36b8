"""Any order, any repetition and any delay of the same acts give the same docket; what no table allows moves nothing."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emla.cases.docket import Docket
from emla.cases.fold import fold
from emla.cases.holdings import holdings
from emla.cases.judgement import Effect
from emla.model.case_states import State
from emla.model.legal_act import (
    AboutMeasure,
    AskedMeasure,
    AskedQuestion,
    Key,
    LegalAct,
    Reference,
    SentFile,
    SetCondition,
)
from emla.model.measure_machine import MEASURE
from emla.model.message_types import MESSAGE_TYPES, Writer
from emla.model.request_machine import REQUEST
from emla.model.restriction import Label
from emla.model.special_machines import EXTRADITION, INFORMATION, PRESERVATION
from tests.support.legal_acts import BEGAN
from tests.support.sample_acts import acts_of
from tests.support.sample_cases import SampleCase, cases

ORDERS = 200
MACHINES = {each.name: each for each in (REQUEST, MEASURE, PRESERVATION, EXTRADITION, INFORMATION)}
STATES: dict[str, frozenset[State]] = {name: frozenset(each.states) for name, each in MACHINES.items()}
AUTHORITIES = ("jp.moj", "nl.moj", "nl.om", "kr.moj")
CASES = (b"c" * 15 + b"1", b"c" * 15 + b"2")
MEASURES = ("M1", "M2", "M1", "M2", "M9")
FIRST = (
    "MLARequest",
    "MLARequest",
    "PreservationRequest",
    "ProvisionalArrestRequest",
    "ExtraditionRequest",
    "SpontaneousInformation",
)
CODES = {
    "Decision": ("ACCEPTED", "ACCEPTED_WITH_CONDITIONS", "PARTIALLY_ACCEPTED", "POSTPONED", "REFUSED"),
    "StatusReport": ("IN_EXECUTION", "POSTPONED", "EXECUTED", "REQUESTED"),
    "ResultTransmission": (
        "EXECUTED_FULL",
        "EXECUTED_PARTIAL",
        "NOT_EXECUTED_LAPSED",
        "REFUSED",
        "WITHDRAWN_DURING",
    ),
    "PreservationOutcome": ("EXECUTED_FULL", "NOT_EXECUTED_LAPSED", "EXECUTED_PARTIAL"),
    "ClosureNotice": ("PROPOSED", "CONFIRMED", "OBJECTED"),
    "Withdrawal": ("ALL", "MEASURES"),
    "SurrenderNotice": ("DATE_SET", "POSTPONED", "SURRENDERED"),
    "ReleaseNotice": ("NO_REQUEST_IN_TIME", "COURT_ORDER"),
    "UseConsentDecision": ("GRANTED", "GRANTED_IN_PART", "REFUSED"),
}
USUAL = (
    "Decision", "Decision", "ConditionResponse", "ResultTransmission", "ResultTransmission", "ResultReceipt", "Withdrawal",
    "WithdrawalConfirmation", "ClosureNotice", "ClosureNotice", "RequestUpdate", "JITAgreement",
)  # fmt: skip
APT = {
    "ConditionResponse": "Decision",
    "ResultReceipt": "ResultTransmission",
    "WithdrawalConfirmation": "Withdrawal",
    "SupplementaryInformation": "SupplementaryInformationRequest",
}
"""What a message usually answers."""


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.folder.name)
def test_two_hundred_orders_of_a_case_with_repeats_are_one_case(case: SampleCase) -> None:
    acts = list(acts_of(case))
    whole = fold(acts)
    chance = Random(case.folder.name)
    for _ in range(ORDERS):
        again = [*acts, *chance.sample(acts, chance.randrange(len(acts)))]
        chance.shuffle(again)
        assert fold(again) == whole
    assert holdings(fold(acts[::-1])) == holdings(whole)


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.folder.name)
def test_what_comes_late_is_named_and_loses_nothing(case: SampleCase) -> None:
    """Without one act the others are all there; what hangs on it waits and says for what, and then has its effect."""
    acts = acts_of(case)
    for late in acts:
        docket = fold([each for each in acts if each != late])
        assert {each.act for each in docket.judgements} | {late} == set(acts)
        for each in docket.judgements:
            assert (each.effect is Effect.WAITING) == (each.missing is not None)
        behind = [each.act for each in docket.judgements if each.act.in_reply_to == late.message_id]
        opening = [each for each in behind if each.message_type in ("MLARequest", "ExtraditionRequest")]
        waiting = {each.act for each in docket.judgements if each.missing == late.message_id}
        assert waiting == set(behind) - set(opening)


def soup(chance: Random, authorities: tuple[str, ...] = AUTHORITIES) -> list[LegalAct]:
    """Acts as nobody would send them: most are said by who may say them, the others by anybody, in answer to anything."""
    ids = [bytes([number]) * 16 for number in range(1, chance.randint(3, 16))]
    acts: list[LegalAct] = []
    for number in range(len(ids)):
        acts.append(_any_act(chance, number, ids, acts, authorities))
    return acts


def _any_act(
    chance: Random, number: int, ids: Sequence[bytes], said: list[LegalAct], authorities: tuple[str, ...]
) -> LegalAct:
    first = number == 0 or (number < 4 and chance.random() < 0.4)
    kind = chance.choice(FIRST if first else (chance.choice(USUAL), chance.choice(tuple(MESSAGE_TYPES))))
    sender, recipient = authorities[:2]
    if MESSAGE_TYPES[kind].writer is Writer.REQUESTED or (
        MESSAGE_TYPES[kind].writer is Writer.EITHER and chance.random() < 0.5
    ):
        sender, recipient = recipient, sender
    if chance.random() < 0.15:
        sender, recipient = chance.sample(authorities, 2)
    answered = chance.choice((ids[0], ids[0], ids[chance.randrange(len(ids))], b"\xff" * 16, None))
    apt = [each.message_id for each in said if each.message_type == APT.get(kind)]
    if apt and chance.random() < 0.7:
        answered = apt[-1]
    own = (first and chance.random() < 0.7) or answered == ids[number]

    def some() -> tuple[str, ...]:
        return tuple(dict.fromkeys(chance.choices(MEASURES, k=chance.choice((0, 1, 1, 2)))))

    conditions = (SetCondition(condition_id="C1", use_limit="INTELLIGENCE_ONLY", measures=some()),)
    codes = CODES.get(kind, ("",))
    references = (Reference(message_id=chance.choice(ids), local_id=chance.choice(("C1", "I1", ""))),)
    return LegalAct(
        message_id=ids[number],
        case_id=CASES[chance.random() < 0.2],
        digest=ids[number] * 2,
        message_type=kind,
        generation=chance.choice((1, 2, 2, 3)),
        issued_at=BEGAN + timedelta(minutes=number // 2 if chance.random() < 0.8 else chance.randint(0, 9)),
        sender=sender,
        recipient=recipient,
        in_reply_to=None if own else answered,
        relates_to=((CASES[0], chance.choice(("FOLLOWS_PRESERVATION", "SUPPLEMENTS"))),),
        asked=tuple(AskedMeasure(measure_id=each, kind="ESD_ACCESS") for each in MEASURES[:2]),
        measures=some(),
        says=tuple(
            AboutMeasure(measure_id=each, code=chance.choice(codes), conditions=conditions)
            for each in some() or ("M1",)
        ),
        questions=(AskedQuestion(question_id="Q1", mandatory=chance.random() < 0.5, measures=some()),),
        answered=chance.choice(((), ("Q1",))),
        conditions=conditions,
        condition_answers=(("C1", chance.random() < 0.7),),
        code=chance.choice(codes),
        disposition=chance.choice(("RETURN", "RETAIN_IF_OBTAINED")),
        flag=chance.random() < 0.5,
        named=chance.choice(((), ("nl.om",))),
        signed=(sender,),
        items_to_return=chance.choice(((), (), ("I1",))),
        references=references,
        restrictions=references,
        limits=chance.choice(((), ("NO_ONWARD_TRANSFER",))),
        consented=chance.random() < 0.5,
        new_label=Label(onward=chance.choice(("NONE", "ASK", "ALLOWED"))),
        files=(SentFile(attachment_id="I1", sha256=bytes(32)),),
        recipients=("kr.moj",),
        outcomes=tuple((each, "ERASED") for each in references if kind == "RecallConfirmation"),
    )


@settings(max_examples=400, derandomize=True)
@given(seed=st.integers(0, 2**32))
def test_whatever_is_said_by_whomever_the_tables_hold(seed: int) -> None:
    check(Random(seed))


def check(chance: Random) -> None:
    acts = soup(chance)
    docket = fold(acts)
    again = [*acts, *chance.sample(acts, len(acts) // 2)]
    chance.shuffle(again)
    assert fold(again) == docket
    assert holdings(fold(again)) == holdings(docket)
    assert sorted(each.act.message_id for each in docket.judgements) == sorted(
        each.message_id for each in acts
    )
    assert_every_move_has_its_row(docket)
    assert_the_rest_moves_nothing(docket)
    assert fold(_that_count(docket)).standings == docket.standings


@settings(max_examples=200, derandomize=True)
@given(seed=st.integers(0, 2**32))
def test_a_third_state_changes_nothing_for_who_holds_what_it_sent(seed: int) -> None:
    check_against_strangers(Random(seed))


def check_against_strangers(chance: Random) -> None:
    """It knows all ids of a case, and sends messages with these ids, in this case, about it, to one of the two."""
    acts = soup(chance, AUTHORITIES[:3])
    alone = fold(acts)
    strange = [
        replace(each, sender="kr.moj", recipient=chance.choice(AUTHORITIES[:2]), digest=bytes(32))
        for each in soup(chance, AUTHORITIES[:3])
    ]
    together = fold([*acts, *strange])
    ours = {key: each for key, each in together.standings.items() if key[0] != "kr.moj"}
    assert ours == alone.standings
    effective = [each for each in alone.judgements if each.effect is Effect.EFFECTIVE]
    judged = [each for each in together.judgements if each.act.sender != "kr.moj"]
    assert [each for each in judged if each.effect is Effect.EFFECTIVE] == effective


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("block", range(4))
def test_a_long_campaign_of_conversations(block: int) -> None:
    for seed in range(block * 10_000, (block + 1) * 10_000):
        check(Random(seed))
        check_against_strangers(Random(seed))


def assert_every_move_has_its_row(docket: Docket) -> None:
    """No state moves but by a row of its table and for the side that the row names, and each from where the last one led."""
    last: dict[tuple[Key, str, str], State] = {}
    for judged in docket.judgements:
        for move in judged.moves:
            machine = MACHINES[move.machine]
            rows = [
                each for each in machine.allowed(move.before, move.cause) if each.who in (move.side, "either")
            ]
            assert any(machine.may_lead(each, move.before, move.after) for each in rows), move
            assert move.before not in machine.terminal, move
            place = (move.request, move.machine, move.subject)
            if move.machine != "extradition":  # whose state two requests share
                assert last.get(place) == move.before, move
            last[place] = move.after
    for request, standing in docket.standings.items():
        assert last.get((request, "request", "")) == standing.request
        assert last.get((request, "preservation", "")) == standing.preservation
        assert last.get((request, "spontaneous information", "")) == standing.information
        for key, measure in standing.measures.items():
            assert last.get((request, "measure", key)) == measure.state


def assert_the_rest_moves_nothing(docket: Docket) -> None:
    for judged in docket.judgements:
        if judged.effect is not Effect.EFFECTIVE:
            assert judged.moves == ()
        if judged.effect is Effect.NOT_EFFECTIVE:
            assert judged.objections
        for each in judged.objections:
            assert each.rule
            assert each.sentence
            assert each.source


def _that_count(docket: Docket) -> list[LegalAct]:
    """The acts that hold, and those that they answer: the others might never have been sent."""
    by_id = {each.act.message_id: each.act for each in docket.judgements}
    kept: dict[bytes, LegalAct] = {}
    for judged in docket.judgements:
        act: LegalAct | None = judged.act if judged.effect is Effect.EFFECTIVE else None
        while act is not None and act.message_id not in kept:
            kept[act.message_id] = act
            act = by_id.get(act.in_reply_to or b"")
    return list(kept.values())
