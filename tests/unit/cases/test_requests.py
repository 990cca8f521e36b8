"""What each act does to a request, and what it cannot do: side, state, measure, generation."""

import pytest

from emla.model.legal_act import AboutMeasure, AskedMeasure, AskedQuestion, SetCondition
from emla.model.message_types import MESSAGE_TYPES, Writer
from tests.support.legal_acts import ASKED, ASKS, Story, about, begun, in_execution

CONDITION = SetCondition(condition_id="C1", use_limit="INTELLIGENCE_ONLY", measures=())
QUESTION = AskedQuestion(question_id="Q1", mandatory=True, measures=())


# --- who may say what ---


@pytest.mark.parametrize(
    ("message_type", "writer"),
    [
        (name, row.writer)
        for name, row in MESSAGE_TYPES.items()
        if row.answers and row.writer is not Writer.EITHER
    ],
)
def test_what_only_the_other_side_may_say_changes_nothing(message_type: str, writer: Writer) -> None:
    """The requesting authority never decides or sends results, the requested authority never withdraws."""
    story, request = in_execution()
    before = story.standing(request)
    wrong = ASKED if writer is Writer.REQUESTING else ASKS
    said = story.say(message_type, wrong, request, says=about(M1="REFUSED"), code="ALL", generation=2)
    assert story.rules(said) == ["not effective", "BR-054"]
    assert story.standing(request) == before


def test_an_authority_without_a_part_in_the_request_moves_nothing() -> None:
    story, request = begun()
    said = story.say("Decision", "kr.moj", request, says=about(M1="ACCEPTED"))
    assert story.rules(said) == ["not effective", "CA-004"]
    assert story.state(request) == "RECEIVED"


def test_to_whom_a_request_was_referred_may_act_from_then_on() -> None:
    story = Story()
    request = story.request()
    story.say("ReferralNotice", ASKED, request, named=("nl.om",))
    assert story.state(request) == "REFERRED"
    story.say("ReceiptConfirmation", "nl.om", request)
    assert story.state(request) == "RECEIVED"
    story.say("Decision", "nl.om", request, says=about(M1="ACCEPTED"))
    assert story.state(request) == "IN_EXECUTION"


def test_nobody_refers_what_is_being_carried_out() -> None:
    story, request = in_execution()
    said = story.say("ReferralNotice", ASKED, request, named=("nl.om",))
    assert story.rules(said) == ["not effective", "CA-005"]


# --- receipt, review, questions, consultation ---


def test_a_report_of_the_requested_authority_begins_the_review_but_decides_nothing() -> None:
    story, request = begun("M1", "M2")
    story.say("StatusReport", ASKED, request, code="RECEIVED", says=about(M1="REQUESTED"))
    assert story.state(request) == "RECEIVED"
    story.say("StatusReport", ASKED, request, code="REFUSED", says=about(M1="REFUSED", M2="EXECUTED"))
    assert story.state(request) == "UNDER_REVIEW"
    assert story.measures(request) == {"M1": "REQUESTED", "M2": "REQUESTED"}


def test_an_answer_that_leaves_a_mandatory_question_open_leaves_the_request_waiting() -> None:
    """Whatever the answer says of itself; answers add up."""
    story, request = begun()
    second = AskedQuestion(question_id="Q2", mandatory=True, measures=())
    wish = AskedQuestion(question_id="Q3", mandatory=False, measures=())
    asked = story.say("SupplementaryInformationRequest", ASKED, request, questions=(QUESTION, second, wish))
    story.say("SupplementaryInformation", ASKS, asked, answered=("Q1",), flag=True)
    assert story.state(request) == "AWAITING_SUPPLEMENT"
    story.say("SupplementaryInformation", ASKS, asked, answered=("Q2",))
    assert story.state(request) == "UNDER_REVIEW"


def test_questions_that_suspend_nothing_leave_execution_going_on() -> None:
    story, request = in_execution()
    story.say("SupplementaryInformationRequest", ASKED, request, questions=(QUESTION,))
    assert story.state(request) == "IN_EXECUTION"
    asked = story.say("SupplementaryInformationRequest", ASKED, request, questions=(QUESTION,), flag=True)
    assert story.state(request) == "AWAITING_SUPPLEMENT"
    story.say("SupplementaryInformation", ASKS, asked, answered=("Q1",))
    assert story.state(request) == "IN_EXECUTION"


def test_a_decision_need_not_wait_for_answers_or_the_end_of_a_consultation() -> None:
    story, request = begun()
    asked = story.say("SupplementaryInformationRequest", ASKED, request, questions=(QUESTION,))
    story.say("Consultation", ASKED, request)
    story.decides(request, M1="ACCEPTED")
    assert story.state(request) == "IN_EXECUTION"
    late = story.say("SupplementaryInformation", ASKS, asked, answered=("Q1",))
    assert story.rules(late) == ["effective"]
    assert story.state(request) == "IN_EXECUTION"


def test_a_consultation_ends_where_either_side_closes_it_and_the_request_is_where_it_was() -> None:
    story, request = in_execution()
    first = story.say("Consultation", ASKS, request)
    assert (story.state(request), story.measures(request)) == ("CONSULTATION", {"M1": "ACCEPTED"})
    reply = story.say("Consultation", ASKED, first)
    assert story.state(request) == "CONSULTATION"
    story.say("Consultation", ASKS, reply, flag=True)
    assert story.state(request) == "IN_EXECUTION"


# --- decisions and conditions ---


def test_the_request_follows_from_its_measures() -> None:
    story, request = begun("M1", "M2")
    story.decides(request, M1="REFUSED")
    assert story.state(request) == "UNDER_REVIEW"
    story.decides(request, M2="POSTPONED")
    assert story.state(request) == "POSTPONED"
    story.decides(request, M2="REFUSED")
    assert story.state(request) == "REFUSED"


def test_a_decision_without_any_measure_of_the_request_has_no_effect() -> None:
    story, request = begun()
    said = story.decides(request, M7="ACCEPTED")
    assert story.rules(said) == ["not effective", "CA-007"]
    partly = story.decides(request, M1="ACCEPTED", M7="ACCEPTED")
    assert story.rules(partly) == ["effective", "CA-007"]


def test_what_was_refused_is_not_granted_later_in_the_same_request() -> None:
    story, request = begun()
    story.decides(request, M1="REFUSED")
    again = story.decides(request, M1="ACCEPTED")
    assert story.rules(again) == ["not effective", "CA-005"]


def test_conditions_that_are_accepted_bind_and_one_that_is_not_gives_the_question_back() -> None:
    story, request = begun("M1", "M2")
    measures = tuple(
        AboutMeasure(measure_id=each, code="ACCEPTED_WITH_CONDITIONS", conditions=(CONDITION,))
        for each in ("M1", "M2")
    )
    decision = story.say("Decision", ASKED, request, says=measures)
    assert story.state(request) == "AWAITING_CONDITIONS"
    story.say("ConditionResponse", ASKS, decision, condition_answers=(("C1", False),))
    assert (story.state(request), story.measures(request)["M1"]) == ("UNDER_REVIEW", "REQUESTED")
    again = story.say("Decision", ASKED, request, says=measures)
    stale = story.say("ConditionResponse", ASKS, decision, condition_answers=(("C1", True),))
    assert story.rules(stale) == ["not effective", "CA-009"]  # it answers the decision that was replaced
    story.say("ConditionResponse", ASKS, again, condition_answers=(("C1", True),))
    assert story.state(request) == "IN_EXECUTION"
    assert story.standing(request).limits == {"INTELLIGENCE_ONLY"}


def test_the_answer_to_conditions_that_were_replaced_binds_nobody() -> None:
    story, request = begun()
    says = (AboutMeasure(measure_id="M1", code="ACCEPTED_WITH_CONDITIONS", conditions=(CONDITION,)),)
    first = story.say("Decision", ASKED, request, says=says)
    story.say("Decision", ASKED, request, says=says)
    late = story.say("ConditionResponse", ASKS, first, condition_answers=(("C1", True),))
    assert story.rules(late) == ["not effective", "CA-009"]
    assert story.state(request) == "AWAITING_CONDITIONS"


def test_a_condition_that_names_other_measures_must_be_accepted_for_them_too() -> None:
    story, request = begun("M1", "M2")
    both = SetCondition(condition_id="C2", use_limit="", measures=("M1", "M2"))
    decision = story.say(
        "Decision",
        ASKED,
        request,
        says=(
            AboutMeasure(measure_id="M1", code="ACCEPTED_WITH_CONDITIONS", conditions=(CONDITION, both)),
            AboutMeasure(measure_id="M2", code="ACCEPTED_WITH_CONDITIONS"),
        ),
    )
    story.say("ConditionResponse", ASKS, decision, condition_answers=(("C1", True),))
    assert story.measures(request) == {"M1": "CONDITIONAL", "M2": "CONDITIONAL"}
    assert story.standing(request).limits == frozenset()  # accepted in part binds nobody yet
    story.say("ConditionResponse", ASKS, decision, condition_answers=(("C2", True),))
    assert story.measures(request) == {"M1": "ACCEPTED", "M2": "ACCEPTED"}
    assert story.standing(request).limits == {"INTELLIGENCE_ONLY"}


def test_a_postponement_ends_where_the_measure_was() -> None:
    story, request = in_execution()
    story.say("DelayNotice", ASKED, request)
    story.decides(request, M1="POSTPONED")
    assert story.state(request) == "POSTPONED"
    story.say("StatusReport", ASKED, request, code="IN_EXECUTION", says=about(M1="IN_EXECUTION"), flag=True)
    assert (story.state(request), story.measures(request)) == ("IN_EXECUTION", {"M1": "IN_EXECUTION"})


# --- updates ---


def test_an_update_of_an_older_text_has_no_effect() -> None:
    story, request = begun()
    first = story.say("RequestUpdate", ASKS, request, generation=2)
    second = story.say("RequestUpdate", ASKS, request, generation=2)
    assert story.rules(first) == ["effective"]
    assert story.rules(second) == ["not effective", "BR-053"]
    assert story.standing(request).generation == 2


def test_a_new_measure_is_reviewed_while_the_others_go_on() -> None:
    story, request = in_execution()
    new = (AskedMeasure(measure_id="M2", kind="BANK_RECORDS"),)
    story.say("RequestUpdate", ASKS, request, generation=2, asked=new, changes=("NEW_MEASURE",))
    assert story.measures(request) == {"M1": "ACCEPTED", "M2": "REQUESTED"}
    assert story.state(request) == "IN_EXECUTION"


# --- results ---


def test_a_result_is_final_only_when_every_measure_has_come_to_an_end() -> None:
    story, request = in_execution("M1", "M2")
    early = story.results(request, final=True, M1="EXECUTED_FULL")
    assert story.rules(early) == ["effective", "BR-055"]
    assert story.state(request) == "PARTIALLY_EXECUTED"
    story.results(request, final=True, M2="NOT_EXECUTED_LAPSED")
    assert story.state(request) == "RESULTS_SENT"


def test_conditions_that_come_with_results_bind_who_holds_them() -> None:
    story, request = in_execution()
    result = story.say(
        "ResultTransmission",
        ASKED,
        request,
        says=about(M1="EXECUTED_FULL"),
        flag=True,
        conditions=(CONDITION,),
    )
    assert story.standing(request).limits == {"INTELLIGENCE_ONLY"}
    answer = story.say("ConditionResponse", ASKS, result, condition_answers=(("C1", True),))
    assert story.rules(answer) == ["effective"]
    other = story.say("ConditionResponse", ASKS, result, condition_answers=(("C9", True),))
    assert story.rules(other) == ["not effective", "CA-009"]


def test_a_report_of_results_that_is_final_too_early_is_not_final_later() -> None:
    """What came too early does not become the final result when the last measure ends by a refusal."""
    story, request = in_execution("M1", "M2")
    story.results(request, final=True, M1="EXECUTED_FULL")
    story.decides(request, M2="REFUSED")
    assert story.state(request) == "PARTIALLY_EXECUTED"
    story.results(request, final=True, M1="EXECUTED_FULL")
    assert story.state(request) == "RESULTS_SENT"


def test_results_that_do_not_agree_with_their_manifest_are_not_received() -> None:
    story, request = in_execution()
    result = story.results(request, final=True, M1="EXECUTED_FULL")
    story.say("ResultReceipt", ASKS, result, flag=False)
    assert story.state(request) == "RESULTS_SENT"
    again = story.results(request, final=True, M1="EXECUTED_FULL")
    story.say("ResultReceipt", ASKS, again, flag=True)
    assert story.state(request) == "RESULTS_RECEIVED"


def test_a_receipt_of_no_result_has_no_effect() -> None:
    story, request = in_execution()
    said = story.say("ResultReceipt", ASKS, request, flag=True)
    assert story.rules(said) == ["not effective", "CA-011"]


def test_a_part_of_a_measure_keeps_it_in_execution_until_the_final_result() -> None:
    story, request = in_execution()
    story.results(request, final=False, M1="EXECUTED_PARTIAL")
    assert (story.state(request), story.measures(request)) == ("PARTIALLY_EXECUTED", {"M1": "IN_EXECUTION"})
    story.results(request, final=True, M1="EXECUTED_PARTIAL")
    assert (story.state(request), story.measures(request)) == ("RESULTS_SENT", {"M1": "EXECUTED"})
