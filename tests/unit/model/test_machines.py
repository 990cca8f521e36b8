"""The state machines are complete, their sources are named, and no state is beyond reach."""

from itertools import chain

import pytest

from emla.cases.causes import cause_of
from emla.model.case_states import ENDED, LIVE, SETTLED, MeasureState, RequestState, Side
from emla.model.measure_machine import MEASURE
from emla.model.message_types import MESSAGE_TYPES
from emla.model.request_machine import REQUEST
from emla.model.special_machines import EXTRADITION, INFORMATION, PRESERVATION
from emla.model.transition import Cause, Machine
from tests.support.legal_acts import Story, begun, in_execution
from tests.support.sample_case import schemas

ALL = pytest.mark.parametrize(
    "machine", [REQUEST, MEASURE, PRESERVATION, EXTRADITION, INFORMATION], ids=lambda each: each.name
)


def codes(name: str) -> set[str]:
    index = schemas().index_of(schemas().roots[0])
    return set(index.simple_types[f"{{urn:emla:common:1}}{name}"].codes)


def test_the_states_are_those_of_the_code_lists() -> None:
    """SUBMITTED is before anybody could report it."""
    assert {each.value for each in RequestState} == codes("StatusCode") | {"SUBMITTED"}
    assert {each.value for each in MeasureState} == codes("MeasureStatusCode")


@ALL
def test_every_state_is_reached_and_every_row_has_its_source(machine: Machine) -> None:
    reached = set(chain.from_iterable(row.to for row in machine.rows))
    assert reached == set(machine.states)
    for row in machine.rows:
        assert row.source
        assert set(row.before) | set(row.to) <= set(machine.states)


@ALL
def test_what_is_terminal_is_left_for_nothing_and_nothing_else_is(machine: Machine) -> None:
    left = {
        state
        for row in machine.rows
        for state in row.before
        if any(target != state for target in row.to) or (row.follows and state not in machine.terminal)
    }
    assert set(machine.states) - left == machine.terminal


@ALL
def test_no_two_rows_disagree(machine: Machine) -> None:
    for cause in Cause:
        for state in (None, *machine.states):
            for side in (Side.OPENER, Side.ADDRESSEE):
                rows = [row for row in machine.allowed(state, cause) if row.who in (side, Side.EITHER)]
                assert len(rows) <= 1, (cause, state)


def test_only_the_requested_authority_leads_to_a_decision_or_a_result_and_only_the_requesting_one_withdraws() -> (
    None
):
    theirs = {RequestState.REFUSED, RequestState.RESULTS_SENT, RequestState.RECEIVED, RequestState.POSTPONED}
    for row in REQUEST.rows:
        if theirs & set(row.to) and row.cause is not Cause.RESULT_RECEIPT:
            assert row.who is Side.ADDRESSEE, row
        if RequestState.WITHDRAWAL_PENDING in row.to:
            assert row.who is Side.OPENER, row
    for row in MEASURE.rows:
        if MeasureState.WITHDRAWN in row.to and row.cause is not Cause.WITHDRAWAL_CONFIRMED:
            assert row.who is Side.OPENER, row
        if ENDED & set(row.to) - {MeasureState.WITHDRAWN}:
            assert row.who is Side.ADDRESSEE, row


def test_every_outcome_is_heard() -> None:
    for code in codes("OutcomeCode"):
        story, request = in_execution()
        result = story.results(request, final=True, M1=code)
        withdrawn = code.startswith("WITHDRAWN")  # which the requested authority cannot say by itself
        assert story.rules(result) == (["not effective", "BR-054"] if withdrawn else ["effective"]), code
        assert withdrawn or set(story.measures(request).values()) <= {each.value for each in ENDED}, code


def test_every_decision_is_heard() -> None:
    for code in codes("DecisionCode"):
        story, request = begun()
        assert story.rules(story.decides(request, M1=code)) == ["effective"], code
        assert story.state(request) != "RECEIVED", code


def test_each_message_is_a_cause_for_a_request_that_lives() -> None:
    for name in MESSAGE_TYPES:
        cause = cause_of(Story().say(name, code="OBJECTED"))
        assert any(list(REQUEST.allowed(state, cause)) for state in LIVE | SETTLED), name
