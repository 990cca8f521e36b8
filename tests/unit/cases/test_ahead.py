"""An act is judged before it is sent, and everybody can see whose turn it is."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from emla.cases.ahead import findings_ahead
from emla.cases.derive import request_state
from emla.cases.fold import fold
from emla.cases.judgement import Effect
from emla.cases.order import OPENS
from emla.cases.prospects import CONFIRM, TURNS, may_say, turns
from emla.model.case_states import RequestState, Side
from emla.model.findings import Severity
from emla.model.legal_act import AskedQuestion, LegalAct, SentFile
from emla.model.message_types import MESSAGE_TYPES
from tests.support.legal_acts import ASKED, ASKS, Story, about, begun, in_execution, renamed, within
from tests.support.sample_acts import course
from tests.support.sample_cases import SampleCase, cases


def ahead(story: Story, act: LegalAct) -> list[tuple[str, Severity]]:
    """What is said of the last act before it is sent."""
    return [(each.rule, each.severity) for each in findings_ahead(story.acts[:-1], act)]


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.folder.name)
def test_nothing_speaks_against_the_acts_of_the_sample_cases(case: SampleCase) -> None:
    for step, act, acts in course(case):
        assert findings_ahead(acts[:-1], act) == (), step.file


def test_an_act_that_would_have_no_effect_blocks_and_a_part_of_one_needs_a_reason() -> None:
    story, request = begun()
    assert ahead(story, story.decides(request, M7="ACCEPTED")) == [("CA-007", Severity.FATAL)]
    story, request = begun()
    assert ahead(story, story.decides(request, M1="ACCEPTED", M7="ACCEPTED")) == [("CA-007", Severity.ERROR)]
    for each in findings_ahead(story.acts[:-1], story.acts[-1]):
        assert each.message == "The request has no measure M7."
        assert each.remedy
        assert each.source


def test_what_a_rule_has_found_already_is_not_said_twice() -> None:
    story, request = begun()
    late = story.say("RequestUpdate", ASKS, request, generation=9)
    assert [each.rule for each in findings_ahead(story.acts[:-1], late)] == ["BR-053"]
    assert findings_ahead(story.acts[:-1], late, already={"BR-053"}) == ()


def test_an_answer_to_what_is_not_here_is_not_sent() -> None:
    story, request = begun()
    story.acts.remove(request)
    said = story.say("Withdrawal", ASKS, request, code="ALL")
    assert ahead(story, said) == [("CA-013", Severity.ERROR)]


@pytest.mark.parametrize(
    ("message_type", "sender"),
    [
        ("RecallNotice", ASKED),
        ("RestrictionChange", ASKED),
        ("UseConsentDecision", ASKED),
        ("RecallConfirmation", ASKS),
        ("UseConsentRequest", ASKS),
        ("ExculpatoryDisclosureNotice", ASKS),
    ],
)
def test_a_thing_that_its_message_did_not_bring_is_not_sent_and_is_heard_as_before(
    message_type: str, sender: str
) -> None:
    def said_of(*ids: str, of: str = "result") -> tuple[Story, LegalAct]:
        story, request = in_execution("M1")
        file = SentFile(attachment_id="A1", sha256=b"1" * 32)
        result = story.say("ResultTransmission", ASKED, request, files=(file,), items=(("I1", ("A1",)),))
        about_it = replace(result, message_id=b"?" * 16) if of == "nothing" else result
        things = tuple(within(about_it, each) for each in ids)
        if message_type == "RecallConfirmation":
            return story, story.say(
                message_type, sender, result, outcomes=tuple((one, "CANNOT") for one in things)
            )
        return story, story.say(message_type, sender, result, references=things)

    for known in ("A1", "I1", ""):
        assert ahead(*said_of(known)) == []
    assert ahead(*said_of("A9", of="nothing")) == []  # a message that is not here may have brought anything
    story, act = said_of("A1", "A9")
    (found,) = findings_ahead(story.acts[:-1], act)
    assert (found.rule, found.severity) == ("CA-018", Severity.FATAL)
    assert found.message == f"The message {story.acts[-2].message_id.hex()[:12]} brought no A9."
    assert story.rules(act) == ["effective"]  # what was received is judged as every gateway judges it


def test_another_text_under_an_id_that_was_used_blocks_and_the_same_one_does_not() -> None:
    story, request = begun()
    decision = story.decides(request, M1="ACCEPTED")
    other = next(
        each
        for each in (renamed(decision, bytes([number])) for number in range(20))
        if each.digest > decision.digest
    )
    assert [each.rule for each in findings_ahead(story.acts, other)] == ["BR-001"]
    assert findings_ahead(story.acts, decision) == ()


def test_the_second_of_two_officers_is_told() -> None:
    """Both read the same case; the first refuses, the second then accepts what is refused."""
    story, request = begun()
    story.decides(request, M1="REFUSED")
    assert ahead(story, story.decides(request, M1="ACCEPTED")) == [("CA-005", Severity.FATAL)]


# --- whose turn ---


def test_each_state_in_which_somebody_must_act_says_who_and_why() -> None:
    """The states of different machines do not stand in for one another."""
    assert len({id(each) for each in TURNS}) == len(set(TURNS)) == len(TURNS)
    assert set(RequestState) - {state for state in TURNS if isinstance(state, RequestState)} == {
        RequestState.CLOSED
    }
    for turn in (*TURNS.values(), CONFIRM):
        assert turn.what
        assert turn.source


def test_questions_give_the_turn_to_who_asked_for_help_until_the_first_day_that_is_named() -> None:
    story, request = begun()
    for number in (2, 1):
        story.say(
            "SupplementaryInformationRequest",
            ASKED,
            request,
            questions=(AskedQuestion(question_id="Q1", mandatory=True, measures=()),),
            due_on=date(2026, 4, number),
        )
    (turn,) = turns(story.standing(request))
    assert (turn.side, turn.due_on) == (Side.OPENER, date(2026, 4, 1))


def test_once_closing_is_proposed_the_other_side_has_the_turn() -> None:
    story, request = begun()
    story.decides(request, M1="REFUSED")
    assert [each.side for each in turns(story.standing(request))] == [Side.OPENER]
    proposal = story.say("ClosureNotice", ASKS, request, code="PROPOSED")
    assert turns(story.standing(request)) == (CONFIRM,)
    story.say("ClosureNotice", ASKED, proposal, code="CONFIRMED")
    assert turns(story.standing(request)) == ()


def test_an_arrest_and_its_request_have_a_turn_each() -> None:
    story = Story()
    request = story.request(message_type="ProvisionalArrestRequest")
    story.say("ArrestNotice", ASKED, request, measures=("M1",), due_on=date(2026, 5, 22))
    first, second = turns(story.standing(request))
    assert (first.side, second.side, second.due_on) == (Side.ADDRESSEE, Side.OPENER, date(2026, 5, 22))


def test_a_preservation_and_information_have_turns_of_their_own() -> None:
    story = Story()
    kept = story.request(message_type="PreservationRequest")
    story.say("PreservationOutcome", ASKED, kept, says=about(M1="EXECUTED_FULL"), due_on=date(2026, 5, 1))
    (turn,) = turns(story.standing(kept))
    assert (turn.side, turn.due_on) == (Side.OPENER, date(2026, 5, 1))
    story = Story()
    told = story.say("SpontaneousInformation")
    assert [each.side for each in turns(story.standing(told))] == [Side.ADDRESSEE]


# --- what may be said ---


def test_what_may_be_said_is_what_the_table_hears() -> None:
    """Every message that is not offered, and begins nothing of its own, would have no effect, whatever is in it."""
    for story, request in (begun(), in_execution()):
        standing = story.standing(request)
        for side, sender in ((Side.OPENER, ASKS), (Side.ADDRESSEE, ASKED)):
            rest = set(MESSAGE_TYPES) - set(may_say(standing, side)) - OPENS - {"SpontaneousInformation"}
            assert rest
            for name in sorted(rest):
                for flag in (False, True):
                    code = "CONFIRMED" if name == "ClosureNotice" else "ALL"
                    said = story.say(name, sender, request, code=code, flag=flag, says=about(M1="ACCEPTED"))
                    assert story.judged(said).effect is Effect.NOT_EFFECTIVE, name
                    story.acts.pop()


def test_each_side_is_offered_its_own() -> None:
    story, request = begun()
    standing = story.standing(request)
    opener, addressee = (set(may_say(standing, side)) for side in (Side.OPENER, Side.ADDRESSEE))
    assert {"Withdrawal", "RequestUpdate", "StatusInquiry", "Consultation"} <= opener
    assert {"Decision", "ResultTransmission", "SupplementaryInformationRequest", "Consultation"} <= addressee
    assert not {"Decision", "ResultTransmission", "MLARequest", "ClosureNotice"} & opener
    assert not {"Withdrawal", "RequestUpdate"} & addressee
    assert "SpontaneousInformation" not in opener | addressee
    story = Story()
    told = story.standing(story.say("SpontaneousInformation"))
    assert "SpontaneousInformation" in may_say(told, Side.OPENER)
    assert "SpontaneousInformation" not in may_say(told, Side.ADDRESSEE)


def test_the_state_of_a_standing_is_that_of_its_facts() -> None:
    """What the fold writes down is what the facts say; nothing else sets it."""
    for case in cases():
        docket = fold([act for _, act, _ in course(case)])
        for standing in docket.standings.values():
            if standing.request is not None:
                assert request_state(standing) is standing.request


def test_a_clock_that_is_behind_judges_an_act_where_it_will_stand() -> None:
    """An officer whose clock is an hour slow decides after a withdrawal: the act stands before it, and both sides agree."""
    story, request = begun()
    story.say("Withdrawal", ASKS, request, code="ALL")
    decision = story.say(
        "Decision",
        ASKED,
        request,
        says=about(M1="ACCEPTED"),
        issued_at=request.issued_at + timedelta(seconds=90),
    )
    assert ahead(story, decision) == [("CA-014", Severity.WARNING)]
    assert story.state(request) == "WITHDRAWAL_PENDING"
