"""Preservation, extradition, spontaneous information and joint teams."""

from dataclasses import replace
from datetime import date, timedelta

from emla.cases.facts import case_facts
from emla.model.legal_act import AskedMeasure, LegalAct, SetCondition
from tests.support.legal_acts import ASKED, ASKS, CASE, Story, about, within

LATER = bytes([7]) * 16
FOLLOWS = ((CASE, "FOLLOWS_PRESERVATION"),)


def preserved() -> tuple[Story, LegalAct]:
    story = Story()
    request = story.request(message_type="PreservationRequest")
    story.say("PreservationOutcome", ASKED, request, says=about(M1="EXECUTED_FULL"), due_on=date(2026, 5, 1))
    return story, request


def follow_up(story: Story, sender: str = ASKS, kind: str = "ESD_ACCESS") -> LegalAct:
    asked = (AskedMeasure(measure_id="M1", kind=kind), AskedMeasure(measure_id="M2", kind="SEARCH_SEIZURE"))
    return story.say("MLARequest", sender, case_id=LATER, recipient=ASKED, asked=asked, relates_to=FOLLOWS)


def decides(story: Story, request: LegalAct, **outcomes: str) -> None:
    story.say("Decision", ASKED, request, says=about(**outcomes), case_id=LATER)


def test_data_stay_preserved_until_the_request_that_follows_is_decided() -> None:
    story, kept = preserved()
    assert story.state(kept) == "PRESERVED"
    request = follow_up(story, sender="jp.npa")  # another authority of the same State
    assert story.state(kept) == "FOLLOWUP_RECEIVED"
    decides(story, request, M1="REFUSED", M2="ACCEPTED")
    assert story.state(kept) == "FOLLOWUP_RECEIVED"
    decides(story, request, M2="REFUSED")
    assert story.state(kept) == "RELEASED"


def test_a_result_about_electronic_data_discloses_what_was_preserved() -> None:
    story, kept = preserved()
    request = follow_up(story)
    for measure, state in (("M2", "FOLLOWUP_RECEIVED"), ("M1", "DISCLOSED")):
        says = about(**{measure: "EXECUTED_FULL"})
        story.say("ResultTransmission", ASKED, request, says=says, case_id=LATER)
        assert story.state(kept) == state


def test_a_request_of_another_state_follows_no_preservation_of_ours() -> None:
    story, kept = preserved()
    follow_up(story, sender="kr.moj")
    assert story.state(kept) == "PRESERVED"


def test_a_preservation_learns_of_its_follow_up_whichever_is_read_first() -> None:
    """The clock of the requesting authority was set right between the two."""
    story, kept = preserved()
    request = follow_up(story)
    story.acts.remove(request)
    story.acts.append(replace(request, issued_at=kept.issued_at - timedelta(days=1)))
    assert story.docket().judgements[0].act == story.acts[-1]
    assert story.state(kept) == "FOLLOWUP_RECEIVED"


def test_an_extension_extends_and_a_new_day_without_one_does_not() -> None:
    story, kept = preserved()
    story.say("PreservationOutcome", ASKED, kept, says=about(M1="EXECUTED_FULL"), due_on=date(2026, 5, 3))
    assert story.state(kept) == "PRESERVED"
    extension = story.say("PreservationExtension", ASKS, kept)
    story.say(
        "PreservationOutcome", ASKED, extension, says=about(M1="EXECUTED_FULL"), due_on=date(2026, 8, 1)
    )
    assert story.state(kept) == "EXTENDED"
    assert story.standing(kept).preserved_until == date(2026, 8, 1)


def test_data_that_are_not_there_are_not_preserved_and_a_withdrawal_releases_them() -> None:
    story = Story()
    lost = story.request(message_type="PreservationRequest")
    story.say("PreservationOutcome", ASKED, lost, says=about(M1="NOT_EXECUTED_DATA_NOT_HELD"))
    assert story.state(lost) == "NOT_PRESERVED"
    story, kept = preserved()
    story.say("Withdrawal", ASKS, kept, code="ALL")
    assert story.state(kept) == "RELEASED"
    late = story.say("Withdrawal", ASKS, kept, code="ALL")
    assert story.rules(late) == ["not effective", "CA-005"]


# --- extradition ---


def arrested(**fields: object) -> tuple[Story, LegalAct]:
    story = Story()
    request = story.request(message_type="ProvisionalArrestRequest")
    story.say(
        "ArrestNotice",
        ASKED,
        request,
        measures=("M1",),
        arrested_on=date(2026, 5, 4),
        due_on=date(2026, 5, 22),
        **fields,
    )
    return story, request


def full_request(story: Story) -> LegalAct:
    asked = (AskedMeasure(measure_id="M1", kind="EXTRADITION"),)
    return story.say("ExtraditionRequest", case_id=LATER, asked=asked, relates_to=((CASE, "SUPPLEMENTS"),))


def test_the_arrest_clock_runs_until_the_full_request_is_there() -> None:
    story, request = arrested()
    assert story.state(request) == "IN_EXECUTION ARRESTED"
    facts = case_facts(story.standing(request))
    assert (facts.arrested_on, facts.arrest_days_max) == (date(2026, 5, 4), 40)
    story.say(
        "ArrestNotice",
        ASKED,
        request,
        measures=("M1",),
        arrested_on=date(2026, 5, 4),
        due_on=date(2026, 7, 3),
    )
    assert case_facts(story.standing(request)).arrest_days_max == 60
    full = full_request(story)
    assert story.state(request) == "IN_EXECUTION FULL_REQUEST_RECEIVED"
    assert case_facts(story.standing(request)).arrested_on is None
    assert case_facts(story.standing(full)).arrested_on is None


def test_surrender_ends_the_request_for_arrest_as_well() -> None:
    story, request = arrested()
    full = full_request(story)
    decides(story, full, M1="ACCEPTED")
    for code in ("DATE_SET", "SURRENDERED"):
        story.say("SurrenderNotice", ASKED, full, measures=("M1",), code=code, case_id=LATER)
    assert story.state(full) == "RESULTS_SENT SURRENDERED"
    assert story.state(request) == "CLOSED SURRENDERED"
    assert story.measures(request) == {"M1": "EXECUTED"}


def test_a_release_ends_a_request_for_arrest_but_an_extradition_only_for_some_reasons() -> None:
    story, request = arrested()
    story.say("ReleaseNotice", ASKED, request, measures=("M1",), code="COURT_ORDER")
    assert story.state(request) == "CLOSED RELEASED"
    full = full_request(story)
    assert story.state(full) == "SUBMITTED FULL_REQUEST_RECEIVED"
    story.say("ReleaseNotice", ASKED, full, measures=("M1",), code="COURT_ORDER", case_id=LATER)
    assert (story.state(full), story.measures(full)) == ("SUBMITTED RELEASED", {"M1": "REQUESTED"})
    decides(story, full, M1="ACCEPTED")
    assert story.state(full) == "IN_EXECUTION DECIDED"
    story.say("ReleaseNotice", ASKED, full, measures=("M1",), code="NOT_TAKEN_OVER", case_id=LATER)
    assert (story.state(full), story.measures(full)) == ("CLOSED RELEASED", {"M1": "NOT_EXECUTED"})


def test_who_consents_is_surrendered_without_a_full_request() -> None:
    """CETS209. Without consent a decision on the arrest decides nothing about extradition."""
    for consented, state in ((True, "DECIDED"), (False, "ARRESTED")):
        story, request = arrested(consented=consented)
        story.decides(request, M1="ACCEPTED")
        assert story.state(request) == f"IN_EXECUTION {state}"
    story, request = arrested(consented=True)
    story.say("SurrenderNotice", ASKED, request, measures=("M1",), code="SURRENDERED")
    assert story.state(request) == "RESULTS_SENT SURRENDERED"


def test_nobody_is_arrested_for_another_request() -> None:
    story = Story()
    request = story.request()
    said = story.say("ArrestNotice", ASKED, request, measures=("M1",), arrested_on=date(2026, 5, 4))
    assert story.rules(said) == ["not effective", "CA-005"]


# --- information ---

CONDITIONS = (SetCondition(condition_id="C1", use_limit="INTELLIGENCE_ONLY", measures=()),)


def test_who_declines_the_conditions_may_be_told_all_the_same() -> None:
    story = Story()
    offer = story.say("SpontaneousInformation", flag=True, conditions=CONDITIONS)
    assert story.state(offer) == "OFFERED_WITH_CONDITIONS"
    answer = story.say("ConditionResponse", ASKED, offer, condition_answers=(("C1", False),))
    assert story.state(offer) == "CONDITIONS_DECLINED"
    told = story.say("SpontaneousInformation", ASKS, answer)
    assert story.state(offer) == "TRANSMITTED"
    story.say("ReceiptConfirmation", ASKED, told)
    assert story.state(offer) == "ACKNOWLEDGED"
    assert story.standing(offer).limits == frozenset()


def test_the_receiver_does_not_give_and_the_giver_does_not_answer() -> None:
    story = Story()
    offer = story.say("SpontaneousInformation", flag=True, conditions=CONDITIONS)
    for message_type, sender in (("ConditionResponse", ASKS), ("SpontaneousInformation", ASKED)):
        assert story.rules(story.say(message_type, sender, offer)) == ["not effective", "BR-054"]


def test_only_the_owner_lifts_what_binds_the_holder() -> None:
    story = Story()
    told = story.say("SpontaneousInformation", conditions=CONDITIONS, flag=True)
    story.say("ConditionResponse", ASKED, told, condition_answers=(("C1", True),))
    story.say("RestrictionChange", ASKED, told)
    assert story.standing(told).limits == {"INTELLIGENCE_ONLY"}
    story.say("RestrictionChange", ASKED, told, limits=("NO_ONWARD_TRANSFER",))
    assert story.standing(told).limits == {"INTELLIGENCE_ONLY", "NO_ONWARD_TRANSFER"}
    story.say("RestrictionChange", ASKS, told, limits=("NO_ONWARD_TRANSFER",))
    assert story.standing(told).limits == {"NO_ONWARD_TRANSFER"}


def test_a_consent_in_full_frees_from_what_it_names_and_one_in_part_does_not() -> None:
    story = Story()
    told = story.say("SpontaneousInformation", conditions=CONDITIONS)
    restrictions = (within(told, "C1"),)
    for code, freed in (("REFUSED", ()), ("GRANTED_IN_PART", ()), ("GRANTED", ("INTELLIGENCE_ONLY",))):
        story.say("UseConsentDecision", ASKS, told, code=code, restrictions=restrictions)
        assert case_facts(story.standing(told)).consented == freed


# --- joint teams ---


def test_a_team_exists_when_each_party_has_signed_for_itself() -> None:
    story = Story()
    proposal = story.request(message_type="JITProposal", named=("kr.moj",))
    everybody = (ASKS, ASKED, "kr.moj")
    story.say("JITAgreement", ASKS, proposal, measures=("M1",), signed=everybody)
    story.say("JITAgreement", ASKED, proposal, measures=("M1",), signed=everybody)
    assert story.measures(proposal) == {"M1": "REQUESTED"}
    story.say("JITAgreement", "kr.moj", proposal, measures=("M1",), signed=everybody, recipient=ASKS)
    assert (story.state(proposal), story.measures(proposal)) == ("IN_EXECUTION", {"M1": "ACCEPTED"})


def test_what_is_sent_with_conditions_is_received_with_them() -> None:
    """UNCAC 46(5): they bind without an answer. An answer is heard all the same."""
    story = Story()
    told = story.say("SpontaneousInformation", conditions=CONDITIONS)
    assert story.standing(told).limits == {"INTELLIGENCE_ONLY"}
    for accepted in (True, False):
        answer = story.say("ConditionResponse", ASKED, told, condition_answers=(("C1", accepted),))
        assert story.rules(answer) == ["effective"]
    assert story.state(told) == "TRANSMITTED"
