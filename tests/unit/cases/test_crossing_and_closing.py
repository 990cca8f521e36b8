"""Withdrawal, what crosses it, and the end of a case."""

from datetime import timedelta

import pytest

from emla.model.legal_act import LegalAct
from tests.support.legal_acts import ASKED, ASKS, Story, about, begun, in_execution, within

# --- withdrawal, and what crosses it ---


@pytest.mark.parametrize("result_first", [True, False], ids=["result first", "withdrawal first"])
def test_a_result_that_crosses_a_withdrawal_is_kept_and_may_not_be_used(*, result_first: bool) -> None:
    story, request = in_execution("M1", "M2")
    minute = timedelta(minutes=1 if result_first else -1)
    withdrawal = story.say("Withdrawal", ASKS, request, code="ALL", disposition="RETURN")
    result = story.say(
        "ResultTransmission",
        ASKED,
        request,
        says=about(M1="EXECUTED_FULL"),
        issued_at=withdrawal.issued_at - minute,
    )
    assert story.rules(result) == ["effective"]
    assert story.state(request) == "WITHDRAWAL_PENDING"
    story.say("WithdrawalConfirmation", ASKED, withdrawal, disposition="SENT")
    assert story.state(request) == "WITHDRAWN"
    assert story.measures(request) == {"M1": "WITHDRAWN", "M2": "WITHDRAWN"}
    assert story.standing(request).unusable == {result.message_id}
    story.say("UseConsentDecision", ASKED, request, code="GRANTED", references=(within(result, "I1"),))
    assert story.standing(request).unusable == frozenset()


def test_what_is_still_wanted_after_a_withdrawal_may_be_used() -> None:
    story, request = in_execution()
    withdrawal = story.say("Withdrawal", ASKS, request, code="ALL", disposition="RETAIN_IF_OBTAINED")
    story.say("WithdrawalConfirmation", ASKED, withdrawal)
    story.results(request, final=True, M1="EXECUTED_FULL")
    assert (story.state(request), story.standing(request).unusable) == ("WITHDRAWN", frozenset())


def test_what_was_received_cannot_be_withdrawn() -> None:
    story, request = in_execution("M1", "M2")
    result = story.results(request, final=False, M1="EXECUTED_FULL")
    story.say("ResultReceipt", ASKS, result, flag=True)
    late = story.say("Withdrawal", ASKS, request, code="MEASURES", measures=("M1",))
    assert story.rules(late) == ["not effective", "BR-059"]
    partly = story.say("Withdrawal", ASKS, request, code="MEASURES", measures=("M1", "M2"))
    assert story.rules(partly) == ["effective", "BR-059"]
    assert story.measures(request) == {"M1": "EXECUTED", "M2": "WITHDRAWN"}


def test_a_request_of_which_a_part_is_withdrawn_goes_on_with_the_rest() -> None:
    story, request = in_execution("M1", "M2")
    withdrawal = story.say("Withdrawal", ASKS, request, code="MEASURES", measures=("M2",))
    assert story.state(request) == "IN_EXECUTION"
    story.say("WithdrawalConfirmation", ASKED, withdrawal)
    assert story.measures(request) == {"M1": "ACCEPTED", "M2": "WITHDRAWN"}
    story.results(request, final=True, M1="EXECUTED_FULL")
    assert story.state(request) == "RESULTS_SENT"


def test_nobody_confirms_a_withdrawal_that_there_is_not() -> None:
    story, request = in_execution()
    said = story.say("WithdrawalConfirmation", ASKED, request)
    assert story.rules(said) == ["not effective", "BR-054"]
    outcome = story.results(request, final=True, M1="WITHDRAWN_DURING")
    assert story.rules(outcome) == ["not effective", "BR-054"]
    assert story.state(request) == "IN_EXECUTION"


def test_a_decision_that_crosses_a_withdrawal_has_no_effect() -> None:
    story, request = begun()
    story.say("Withdrawal", ASKS, request, code="ALL")
    assert story.rules(story.decides(request, M1="ACCEPTED")) == ["not effective", "CA-005"]


def test_when_nothing_is_left_nothing_is_withdrawn() -> None:
    story, request = in_execution("M1", "M2")
    result = story.results(request, final=True, M1="EXECUTED_FULL", M2="NOT_EXECUTED_LAPSED")
    receipt = story.say("ResultReceipt", ASKS, result, flag=True, issued_at=result.issued_at)
    late = story.say(
        "Withdrawal", ASKS, request, code="ALL", issued_at=receipt.issued_at + timedelta(hours=1)
    )
    assert story.rules(late) == ["not effective", "CA-005"]


# --- closure ---


def refused() -> tuple[Story, LegalAct]:
    story, request = begun()
    story.decides(request, M1="REFUSED")
    return story, request


def test_a_case_is_closed_by_both_and_then_only_what_is_held_is_spoken_of() -> None:
    story, request = refused()
    early = story.say("ClosureNotice", ASKED, request, code="CONFIRMED")
    assert story.rules(early) == ["not effective", "CA-010"]
    proposal = story.say("ClosureNotice", ASKS, request, code="PROPOSED")
    story.say("ClosureNotice", ASKED, proposal, code="OBJECTED")
    again = story.say("ClosureNotice", ASKED, proposal, code="CONFIRMED")
    assert story.rules(again) == ["not effective", "CA-010"]
    proposal = story.say("ClosureNotice", ASKS, request, code="PROPOSED")
    story.say("ClosureNotice", ASKED, proposal, code="CONFIRMED")
    assert story.state(request) == "CLOSED"
    for late, sender in (("Consultation", ASKS), ("CostNotice", ASKED), ("Withdrawal", ASKS)):
        assert story.rules(story.say(late, sender, request, code="ALL")) == ["not effective", "CA-006"]
    for late, sender in (
        ("UseConsentRequest", ASKS), ("UseConsentDecision", ASKED), ("StatusInquiry", ASKS), ("RecallNotice", ASKED),
        ("ExculpatoryDisclosureNotice", ASKS), ("ReturnNotice", ASKS), ("RestrictionChange", ASKED),
    ):  # fmt: skip
        assert story.rules(story.say(late, sender, request)) == ["effective"]
    assert story.state(request) == "CLOSED"


def test_a_request_that_was_referred_and_addressed_anew_can_be_closed() -> None:
    story, request = begun()
    story.say("ReferralNotice", ASKED, request, named=("nl.om",))
    proposal = story.say("ClosureNotice", ASKS, request, code="PROPOSED")
    story.say("ClosureNotice", ASKED, proposal, code="CONFIRMED")
    assert story.state(request) == "CLOSED"


def test_only_who_asked_proposes_to_close() -> None:
    story, request = refused()
    said = story.say("ClosureNotice", ASKED, request, code="PROPOSED")
    assert story.rules(said) == ["not effective", "BR-054"]


def test_a_case_stays_open_while_something_is_to_be_returned() -> None:
    """The holder returns it or the owner waives it; the holder waives nothing."""
    story, request = in_execution()
    result = story.say(
        "ResultTransmission",
        ASKED,
        request,
        says=about(M1="EXECUTED_FULL"),
        flag=True,
        items_to_return=("I1", "I2"),
    )
    story.say("ResultReceipt", ASKS, result, flag=True)
    proposal = story.say("ClosureNotice", ASKS, request, code="PROPOSED")
    assert story.rules(proposal) == ["not effective", "BR-058", "BR-058"]
    own = story.say("ReturnNotice", ASKS, result, references=(within(result, "I1"),))
    assert story.rules(own) == ["not effective", "BR-054"]
    story.say("ReturnNotice", ASKS, result, references=(within(result, "I1"),), flag=True)
    story.say("ReturnNotice", ASKED, result, references=(within(result, "I2"),))
    assert story.rules(story.say("ClosureNotice", ASKS, request, code="PROPOSED")) == ["effective"]


def test_a_case_under_way_is_not_closed() -> None:
    story, request = in_execution()
    said = story.say("ClosureNotice", ASKS, request, code="PROPOSED")
    assert story.rules(said) == ["not effective", "CA-005"]
