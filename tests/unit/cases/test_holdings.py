"""What was sent: whose word counts about it, which label is in force, whether it may be read and may go on."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from emla.cases.holdings import Holding, Thing, holdings
from emla.cases.onward import Passing, Receiver, bar, passing
from emla.model.legal_act import LegalAct, Reference, SentFile
from emla.model.restriction import Label, UseLimit, stricter
from tests.support.legal_acts import ASKED, ASKS, BEGAN, Story, in_execution, within

NOW = datetime(2026, 6, 1, tzinfo=UTC)
LATER = NOW + timedelta(days=365)
THIRD = Receiver(authority="kr.moj", names=frozenset({"kr.moj", "ministry of justice of korea"}))
COURT = Receiver(authority="jp.court")
LABEL = Label(level="RESTRICTED", limits=(UseLimit(limit="STATED_PROCEEDINGS_ONLY", restriction_id="R1"),))
CARRIED = stricter(Label(owner=ASKED, level="CONFIDENTIAL"), LABEL)


def sent(label: Label = LABEL, **fields: Any) -> tuple[Story, LegalAct]:
    """Results with two files and an item that one of them is."""
    story, request = in_execution("M1")
    fields = {
        "files": (SentFile(attachment_id="A1", sha256=b"1" * 32), SentFile(attachment_id="A2", sha256=b"2" * 32)),
        "items": (("I1", ("A1",)), ("I2", ())),
        **fields,
    }  # fmt: skip
    result = story.say("ResultTransmission", ASKED, request, label=label, flag=True, **fields)
    return story, result


def held(story: Story, result: LegalAct, local_id: str = "A1") -> tuple[Holding, Thing]:
    holding = next(each for each in holdings(story.docket()) if each.act == result)
    thing = holding.thing(local_id)
    assert thing is not None
    return holding, thing


def label(story: Story, result: LegalAct, local_id: str = "A1", at: datetime = NOW) -> Label:
    holding, thing = held(story, result, local_id)
    return holding.label(thing, at)


def barred(story: Story, result: LegalAct, local_id: str = "A1", own: str = ASKS, at: datetime = NOW) -> str:
    found = bar(*held(story, result, local_id), own, at)
    return found.code if found else ""


def goes(
    story: Story, result: LegalAct, to: Receiver = THIRD, carried: Label = CARRIED, at: datetime = NOW
) -> Passing | None:
    return passing(*held(story, result), to, carried, ASKS, at)


def recall(story: Story, by: str, result: LegalAct, *local_ids: str) -> LegalAct:
    return story.say(
        "RecallNotice",
        by,
        result,
        references=tuple(within(result, each) for each in local_ids or ("",)),
        code="INCORRECT",
        disposition="ERASE",
    )


# --- recall ---


def test_what_its_owner_recalled_is_read_by_its_holder_no_more_and_by_its_owner_still() -> None:
    story, result = sent()
    assert barred(story, result) == ""
    notice = recall(story, ASKED, result)
    assert story.rules(notice) == ["effective"]
    assert {each.local_id: barred(story, result, each.local_id) for each in held(story, result)[0].things} == {
        "": "recalled", "A1": "recalled", "A2": "recalled", "I1": "recalled", "I2": "recalled",
    }  # fmt: skip
    assert barred(story, result, own=ASKED) == ""


def test_a_file_or_an_item_with_its_files_can_be_recalled_and_the_rest_stays() -> None:
    for local_id, gone in (("A2", {"A2"}), ("I1", {"I1", "A1"}), ("I2", {"I2"})):
        story, result = sent()
        recall(story, ASKED, result, local_id)
        things = held(story, result)[0].things
        assert {each.local_id for each in things if barred(story, result, each.local_id)} == gone


def test_nobody_but_the_owner_or_who_sent_it_for_him_recalls() -> None:
    story, result = sent()
    assert story.rules(recall(story, ASKS, result)) == ["not effective", "CA-015"]
    assert barred(story, result) == ""
    story, result = sent(owner="nl.om")
    recall(story, ASKED, result)
    assert barred(story, result) == "recalled"


def test_of_a_recall_the_part_that_is_not_the_owners_has_no_effect() -> None:
    story, result = sent()
    request = story.acts[0]
    notice = story.say("RecallNotice", ASKED, result, references=(within(request, ""), within(result, "A1")))
    assert story.rules(notice) == ["effective", "CA-015"]
    assert barred(story, result) == "recalled"


def test_the_holder_answers_a_recall_and_nobody_else() -> None:
    story, result = sent()
    notice = recall(story, ASKED, result, "A1")
    outcomes = ((within(result, "A1"), "QUARANTINED"),)
    strange = story.say("RecallConfirmation", ASKED, notice, outcomes=outcomes)
    assert story.rules(strange) == ["not effective", "CA-016"]
    _, thing = held(story, result)
    assert thing.recall is not None
    assert thing.recall.result == ""
    story.say("RecallConfirmation", ASKS, notice, outcomes=outcomes)
    _, thing = held(story, result)
    assert thing.recall is not None
    assert thing.recall.result == "QUARANTINED"
    assert barred(story, result) == "recalled"


def test_a_recall_of_what_is_not_here_yet_is_kept_and_counts_once_it_is() -> None:
    story, result = sent()
    notice = recall(story, ASKED, result)
    notice = story.acts[-1] = replace(notice, in_reply_to=story.acts[0].message_id)
    story.acts.remove(result)
    assert story.rules(notice) == ["effective"]
    story.acts.append(result)
    assert barred(story, result) == "recalled"


# --- restriction ---


def change(story: Story, by: str, result: LegalAct, new: Label, **fields: Any) -> LegalAct:
    fields = {"references": (within(result, ""),), "new_label": new, **fields}
    return story.say("RestrictionChange", by, result, **fields)


def test_the_owner_sets_anew_from_the_instant_that_he_names() -> None:
    story, result = sent()
    change(story, ASKED, result, Label(level="CONFIDENTIAL", onward="NONE"), effective_from=NOW)
    assert label(story, result, at=NOW - timedelta(seconds=1)) == replace(LABEL, owner=ASKED)
    assert label(story, result) == Label(level="CONFIDENTIAL", onward="NONE", owner=ASKED)
    change(story, ASKED, result, Label(level="RESTRICTED", onward="ALLOWED", releasable_to=("kr.moj",)))
    assert label(story, result).passes == "ALLOWED"


def test_the_holder_can_bind_itself_and_lifts_nothing() -> None:
    story, result = sent()
    change(story, ASKS, result, Label(onward="ALLOWED", releasable_to=("kr.moj",), sealed=True))
    found = label(story, result)
    assert (found.level, found.passes, found.sealed, found.limits) == (
        "RESTRICTED",
        "ASK",
        True,
        LABEL.limits,
    )


def test_a_change_of_one_file_leaves_the_others() -> None:
    story, result = sent()
    change(story, ASKED, result, Label(onward="NONE"), references=(within(result, "A2"),))
    assert label(story, result, "A2").passes == "NONE"
    assert label(story, result, "A1").passes == "ASK"


def test_conditions_that_were_accepted_bind_what_came_under_them() -> None:
    story, result = sent()
    holding, thing = held(story, result)
    bound = replace(holding, limits=frozenset({"NO_ONWARD_TRANSFER"}))
    assert bound.label(thing, NOW).passes == "NONE"


def test_a_time_limit_that_is_over_ends_the_reading() -> None:
    limit = UseLimit(limit="TIME_LIMITED", restriction_id="R9", until=date(2026, 6, 1))
    story, result = sent(Label(limits=(limit,)))
    assert barred(story, result) == ""
    assert barred(story, result, at=LATER) == "use-ended"
    assert barred(story, result, own=ASKED, at=LATER) == ""
    asked = story.say("UseConsentRequest", ASKS, result, references=(within(result, ""),))
    story.say("UseConsentDecision", ASKED, asked, code="GRANTED", restrictions=(within(result, "R9"),))
    assert barred(story, result, at=LATER) == ""


def test_what_crossed_a_withdrawal_is_not_read_until_its_fate_is_settled() -> None:
    story, request = in_execution("M1")
    result = story.results(request, final=True, M1="EXECUTED_FULL")
    story.say("Withdrawal", ASKS, request, code="ALL", disposition="RETURN", issued_at=result.issued_at)
    assert barred(story, result, "") == "unusable"
    story.say("UseConsentDecision", ASKED, result, code="GRANTED", references=(within(result, ""),))
    assert barred(story, result, "") == ""


# --- passing on ---


@pytest.mark.parametrize(
    ("said", "goes_on"),
    [
        (Label(), False),
        (Label(onward="NONE"), False),
        (Label(onward="ALLOWED"), False),
        (Label(onward="ALLOWED", releasable_to=("kr.moj",)), True),
        (Label(onward="ALLOWED", releasable_to_countries=("KR",)), True),
        (Label(onward="ALLOWED", releasable_to=("kr.moj",), not_releasable_to=("KR",)), False),
        (Label(onward="ASK", releasable_to=("kr.moj",)), False),
        (
            Label(
                onward="ALLOWED", releasable_to=("kr.moj",), limits=(UseLimit(limit="NO_ONWARD_TRANSFER"),)
            ),
            False,
        ),
    ],
)
def test_something_goes_on_only_where_its_owner_lets_it(said: Label, *, goes_on: bool) -> None:
    story, result = sent(said)
    carried = stricter(Label(owner=ASKED), said)
    assert (goes(story, result, carried=carried) is None) == goes_on


def test_it_goes_back_to_its_owner_and_who_sent_it_and_its_owner_is_free() -> None:
    story, result = sent(Label(onward="NONE"), owner="nl.om")
    for back in (ASKED, "nl.om"):
        assert goes(story, result, Receiver(authority=back), Label()) is None
    assert passing(*held(story, result), THIRD, Label(), "nl.om", NOW) is None


@pytest.mark.parametrize(
    ("code", "recipients", "goes_on"),
    [
        ("GRANTED", ("kr.moj",), True),
        ("GRANTED", ("Ministry of Justice of Korea",), True),
        ("GRANTED", ("us.doj",), False),
        ("GRANTED_IN_PART", ("kr.moj",), False),
        ("REFUSED", ("kr.moj",), False),
    ],
)
def test_a_consent_lets_go_on_what_it_covers(
    code: str, recipients: tuple[str, ...], *, goes_on: bool
) -> None:
    story, result = sent(stricter(LABEL, Label(onward="NONE")))
    asked = story.say(
        "UseConsentRequest", ASKS, result, references=(within(result, "A1"),), recipients=recipients
    )
    story.say("UseConsentDecision", ASKED, asked, code=code, last_on=NOW.date())
    carried = stricter(CARRIED, Label(onward="NONE"))
    assert (goes(story, result, carried=carried) is None) == goes_on
    assert goes(story, result, carried=carried, at=LATER) is not None
    assert passing(*held(story, result, "A2"), THIRD, carried, ASKS, NOW) is not None


def test_a_consent_is_over_once_the_owner_sets_anew() -> None:
    story, result = sent()
    asked = story.say(
        "UseConsentRequest", ASKS, result, references=(within(result, ""),), recipients=("kr.moj",)
    )
    story.say("UseConsentDecision", ASKED, asked, code="GRANTED")
    assert goes(story, result) is None
    change(story, ASKED, result, Label(onward="ASK"))
    assert goes(story, result) is not None


def test_only_the_owner_consents() -> None:
    story, result = sent(owner="nl.om")
    asked = story.say(
        "UseConsentRequest", ASKS, result, references=(within(result, ""),), recipients=("kr.moj",)
    )
    decided = story.say("UseConsentDecision", ASKED, asked, code="GRANTED", references=(within(result, ""),))
    assert story.rules(decided) == ["not effective", "CA-015"]
    assert goes(story, result) is not None


def test_what_goes_on_takes_its_label_with_it() -> None:
    story, result = sent(Label(onward="ALLOWED", releasable_to=("kr.moj",), level="CONFIDENTIAL"))
    stopped = goes(story, result, carried=Label(level="RESTRICTED", owner=ASKED))
    assert stopped is not None
    assert stopped.sentence == ""
    assert stopped.left_out == ("ConfidentialityLevel CONFIDENTIAL",)


def test_what_was_recalled_goes_nowhere_even_where_it_might() -> None:
    story, result = sent(Label(onward="ALLOWED", releasable_to=("kr.moj",)))
    assert goes(story, result) is None
    recall(story, ASKED, result)
    assert goes(story, result) is not None


def test_what_exonerates_an_accused_goes_to_a_court_of_our_own_after_notice() -> None:
    story, result = sent(stricter(LABEL, Label(onward="NONE")))
    carried = stricter(CARRIED, Label(onward="NONE"))
    assert goes(story, result, COURT, carried) is not None
    notice = story.say(
        "ExculpatoryDisclosureNotice", ASKS, result, references=(within(result, "A1"),), last_on=NOW.date()
    )
    assert story.rules(notice) == ["effective"]
    assert goes(story, result, COURT, carried) is None
    assert goes(story, result, THIRD, carried) is not None


def test_notice_after_the_disclosure_says_why_not_before() -> None:
    for reason, said in ((False, ["not effective", "CA-017"]), (True, ["effective"])):
        story, result = sent(Label(onward="NONE"))
        notice = story.say(
            "ExculpatoryDisclosureNotice",
            ASKS,
            result,
            references=(within(result, ""),),
            last_on=BEGAN.date() - timedelta(days=1),
            flag=reason,
        )
        assert story.rules(notice) == said


def test_an_id_that_a_third_state_used_as_well_gives_it_no_say() -> None:
    story, result = sent()
    story.say("MLARequest", "kr.moj", case_id=b"o" * 16, recipient=ASKS)
    reference = Reference(message_id=result.message_id, local_id="")
    story.say("RecallNotice", "kr.moj", story.acts[-1], case_id=b"o" * 16, references=(reference,))
    assert barred(story, result) == ""
