"""The fifteen sample cases end where domain and case.toml say, on every side, with the same list of acts."""

from collections.abc import Iterator

import pytest

from emla.cases.docket import Docket
from emla.cases.facts import facts_for
from emla.cases.fold import fold
from emla.cases.judgement import Effect
from emla.cases.standing import Standing
from emla.model.errors import InvalidMessageError
from emla.model.findings import Finding
from emla.model.legal_act import LegalAct
from emla.model.limits import XmlLimits
from emla.model.terms import CaseFacts, Terms
from emla.steps.validate import validate
from tests.support.sample_acts import act_of, acts_of, branches, course
from tests.support.sample_case import schemas
from tests.support.sample_cases import SampleCase, Step, Variant, cases

ALL = pytest.mark.parametrize("case", cases(), ids=lambda case: case.folder.name)


def standing_of(docket: Docket, act: LegalAct) -> Standing:
    request = docket.about[act.key]
    assert request is not None
    return docket.standings[request]


def where(docket: Docket, act: LegalAct) -> dict[str, str]:
    """The states after a step: those of its request, and of what the request is tied to."""
    found: dict[str, str] = {}
    for each in (
        *docket.standings.values(),
        standing_of(docket, act),
    ):  # the request itself has the last word
        states = {
            "request": each.request,
            "preservation": each.preservation,
            "extradition": each.extradition.state if each.extradition else None,
            "information": each.information,
        }
        found |= {kind: state.value for kind, state in states.items() if state is not None}
    return found


def steps(case: SampleCase) -> Iterator[tuple[Step, LegalAct, tuple[LegalAct, ...]]]:
    yield from course(case)
    yield from branches(case)


@ALL
def test_each_step_leads_where_the_case_says(case: SampleCase) -> None:
    for step, act, acts in steps(case):
        docket = fold(acts)
        judged = next(each for each in docket.judgements if each.act == act)
        assert (judged.effect, judged.objections) == (Effect.EFFECTIVE, ()), step.file
        found = where(docket, act)
        assert {kind: found.get(kind) for kind in step.where} == step.where, step.file
        measures = {key: each.state.value for key, each in standing_of(docket, act).measures.items()}
        if step.measures:
            assert measures == step.measures, step.file


@ALL
def test_a_time_that_comes_moves_nothing(case: SampleCase) -> None:
    """A limit that passes is told to people. Only the hit on a notice has a name of its own, before any act."""
    before: dict[str, str] = {}
    for step in case.steps:
        if step.event and before:
            assert {kind: before[kind] for kind in step.where} == step.where
        elif step.event:
            assert step.where == {"extradition": "NOTICE_HIT"}
        else:
            before |= step.where


@ALL
def test_every_authority_of_a_case_has_the_same_case(case: SampleCase) -> None:
    """Each has what it sent at once and the rest late; who got a copy has what was copied to it."""
    everything = acts_of(case)
    whole = fold(everything)
    assert [each.act for each in whole.judgements] == list(everything)
    for authority in {each.sender for each in everything} | {each.recipient for each in everything}:
        own = [each for each in everything if each.sender == authority]
        others = [each for each in everything if each.recipient == authority]
        docket = fold([*own, *others])
        shared = {key: each for key, each in whole.standings.items() if key in docket.standings}
        assert docket.standings == shared
        assert set(docket.judgements) <= set(whole.judgements)


def findings(data: bytes, sender: str, facts: CaseFacts | None, terms: Terms) -> tuple[Finding, ...]:
    told = Terms(sending=True, today=terms.today, wishes=terms.wishes, case=facts)
    try:
        return validate(
            data, schemas=schemas(), limits=XmlLimits(), sender=sender, recipient=None, terms=told
        ).findings
    except InvalidMessageError as error:
        return error.findings


@ALL
def test_the_rules_find_nothing_in_the_samples_when_they_know_the_case(case: SampleCase) -> None:
    """But the answer that leaves a question open, which is there to show just that."""
    for step, act, acts in course(case):
        assert step.file is not None
        docket = fold(acts[:-1])
        facts = facts_for(docket, act)
        found = findings((case.folder / step.file).read_bytes(), act.sender, facts, Terms(sending=True))
        expected = ["BR-052"] if step.file == "04-supplementary-information.ke.xml" else []
        assert [each.rule for each in found] == expected, step.file


# What a variant supposes and the course of its case does not: another owner, another side, items that are back by then.
SUPPOSED = ("BR-034a", "BR-041", "BR-054", "BR-058")
OF_THE_CASE = [
    (case, each)
    for case in cases()
    for each in case.variants
    if each.terms.case is not None and not set(SUPPOSED) & set(each.rules)
]


@pytest.mark.parametrize(("case", "variant"), OF_THE_CASE, ids=lambda each: getattr(each, "of", ""))
def test_the_case_itself_knows_what_a_rule_needs(case: SampleCase, variant: Variant) -> None:
    """The variants that break a rule about the case break it with facts that come from the acts before them."""
    before = next(acts[:-1] for step, _, acts in course(case) if step.file == variant.of)
    act = act_of(case.folder / variant.of)
    assert variant.terms.case is not None
    facts = facts_for(fold(before), act, arrived_on=variant.terms.case.received_on)
    changed = act_of(variant.path)
    found = findings(variant.path.read_bytes(), changed.sender, facts, variant.terms)
    assert set(variant.rules) <= {each.rule for each in found}
