"""Which request an act is about, and in which order acts have their effect."""

from dataclasses import replace
from datetime import timedelta

from emla.cases.judgement import Effect
from emla.model.legal_act import AskedQuestion
from tests.support.legal_acts import ASKED, ASKS, CASE, Story, about, begun, renamed

QUESTION = AskedQuestion(question_id="Q1", mandatory=True, measures=())


def test_an_act_without_a_reference_is_about_the_only_request_of_its_case() -> None:
    story, request = begun()
    said = story.say("Consultation", ASKED)
    assert story.state(request) == "CONSULTATION"
    assert story.judged(said).request == request.key


def test_with_two_requests_in_a_case_an_act_must_say_which() -> None:
    story, _ = begun()
    story.request("M1")
    said = story.say("Consultation", ASKED)
    assert story.rules(said) == ["not effective", "CA-003"]


def test_two_states_that_use_one_case_id_have_two_requests() -> None:
    story, request = begun()
    other = story.say("MLARequest", "kr.moj", recipient=ASKED, asked=request.asked)
    story.say("Consultation", "kr.moj", recipient=ASKED)
    assert (story.state(request), story.state(other)) == ("RECEIVED", "CONSULTATION")


def test_a_message_of_a_third_state_takes_the_place_of_no_other() -> None:
    """It knows the ids of a request and of a question, and sends messages with them to one of the two."""
    story, request = begun()
    asked = story.say("SupplementaryInformationRequest", ASKED, request, questions=(QUESTION,))
    for each in (request, asked):
        story.acts.append(replace(each, sender="ae.moj", recipient=ASKED, digest=bytes(32)))
    answer = story.say("SupplementaryInformation", ASKS, asked, answered=("Q1",))
    assert story.judged(answer).request == request.key
    assert story.state(request) == "UNDER_REVIEW"
    for each in (request, asked):
        story.acts.append(replace(each, sender="ae.moj", recipient=ASKS, digest=bytes(31) + b"1"))
    assert story.state(request) == "UNDER_REVIEW"


def test_an_answer_in_another_case_has_no_effect() -> None:
    story, request = begun()
    said = story.say("Decision", ASKED, request, says=about(M1="ACCEPTED"), case_id=bytes(16))
    assert story.rules(said) == ["not effective", "CA-002"]


def test_what_answers_a_message_that_is_not_here_waits_for_it() -> None:
    story, request = begun()
    asked = story.say("SupplementaryInformationRequest", ASKED, request, questions=(QUESTION,))
    answer = story.say("SupplementaryInformation", ASKS, asked, answered=("Q1",))
    behind = story.say("Consultation", ASKED, answer)
    story.acts.remove(asked)
    judged = story.docket().judgements
    assert [(each.effect, each.missing) for each in judged[-2:]] == [
        (Effect.WAITING, asked.message_id),
        (Effect.WAITING, answer.message_id),
    ]
    assert [each.act for each in judged[-2:]] == [answer, behind]
    assert story.state(request) == "RECEIVED"


def test_of_two_texts_with_one_id_one_counts_whichever_came_first() -> None:
    story, request = begun()
    decision = story.decides(request, M1="ACCEPTED")
    other = replace(renamed(decision, b"another"), says=about(M1="REFUSED"))
    story.acts.append(other)
    first, second = sorted((decision, other), key=lambda act: act.digest)
    assert story.rules(first) == ["effective"]
    assert story.rules(second) == ["not effective", "BR-001"]
    story.acts.reverse()
    assert story.rules(first) == ["effective"]


def test_messages_that_answer_one_another_in_a_circle_hold_nothing_up() -> None:
    story, request = begun()
    one = story.say("Consultation", ASKED)
    two = story.say("Consultation", ASKS, one)
    story.acts[-2] = replace(one, in_reply_to=two.message_id)
    behind = story.say("Consultation", ASKED, two)
    for each in (story.acts[-3], two, behind):
        assert story.rules(each) == ["not effective", "CA-001"]
    story.decides(request, M1="ACCEPTED")
    assert story.state(request) == "IN_EXECUTION"


def test_a_draft_begins_nothing_and_what_answers_it_moves_nothing() -> None:
    story = Story()
    draft = story.say("DraftForConsultation")
    reply = story.say("Consultation", ASKED, draft)
    request = story.request()
    assert [story.rules(each) for each in (draft, reply)] == [["effective"], ["effective"]]
    assert story.state(request) == "SUBMITTED"
    assert [each.opening for each in story.docket().of_case(CASE)] == [request]


def test_the_instant_of_issue_never_puts_an_answer_before_what_it_answers() -> None:
    """The clock of one side is a year behind."""
    story, request = begun()
    story.say("StatusReport", ASKED, request, code="UNDER_REVIEW")
    consultation = story.say("Consultation", ASKED, request)
    early = consultation.issued_at - timedelta(days=365)
    story.say("Consultation", ASKS, consultation, flag=True, issued_at=early)
    assert story.state(request) == "UNDER_REVIEW"
