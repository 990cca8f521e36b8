"""Which time limits run in a case, who must act, until when, and how each stands at an instant."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import pytest

from emla.cases.clocks import CLOCKS, NOT_COUNTED
from emla.cases.deadlines import Counting, next_ones, time_limits
from emla.cases.fold import fold
from emla.formats.genericode import CodeLists, deadlines
from emla.model.case_states import Side
from emla.model.deadline import Deadline
from emla.model.legal_act import AboutMeasure, AskedMeasure, AskedQuestion, LegalAct
from emla.model.time_limit import Course, TimeLimit, WorkCalendar
from tests.support.legal_acts import ASKED, BEGAN, Story
from tests.support.sample_acts import acts_of
from tests.support.sample_case import SCHEMA_FOLDER
from tests.support.sample_cases import cases

TOKYO = WorkCalendar(zone=ZoneInfo("Asia/Tokyo"), zone_known=True)
SAMPLES = {each.folder.name: acts_of(each) for each in cases()}


@cache
def known() -> Mapping[str, Deadline]:
    return deadlines(CodeLists(SCHEMA_FOLDER).get("CL-DEADLINE"))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def limits(
    acts: tuple[LegalAct, ...] | list[LegalAct],
    now: datetime,
    calendar: WorkCalendar = TOKYO,
    *,
    arrived: bool = True,
) -> tuple[TimeLimit, ...]:
    """All limits of a case in which everything arrives twenty seconds after it was issued, or nothing is known to."""
    arrivals = {each.key: each.issued_at + timedelta(seconds=20) for each in acts if arrived}
    calendars = {each: calendar for act in acts for each in (act.sender, act.recipient)}
    found = time_limits(fold(acts), arrivals, Counting(limits=known(), calendars=calendars), now)
    return tuple(each for one in found.values() for each in one)


def seen(found: tuple[TimeLimit, ...]) -> dict[str, tuple[str, str]]:
    """By code and measures: the last day or instant, and the course."""
    return {
        " ".join((each.code, *each.measures)): (str(each.due_on or each.due_at), each.course.value)
        for each in found
    }


def sample(name: str, steps: int, now: str, zone: str = "UTC") -> dict[str, tuple[str, str]]:
    calendar = WorkCalendar(zone=ZoneInfo(zone), zone_known=True)
    return seen(limits(SAMPLES[name][:steps], at(now), calendar))


def test_an_investigation_order_is_confirmed_recognised_and_carried_out_in_its_time() -> None:
    """Sample S14 and article 12: 7 days, 30 and at most 30 more, 90 from the decision."""
    assert sample("S14", 1, "2026-04-14T22:59:59", "Europe/Lisbon") == {
        "D-EIO-ACK": ("2026-04-14", "running"),
        "D-EIO-REC": ("2026-05-07", "running"),
    }
    assert sample("S14", 1, "2026-04-14T23:00:00", "Europe/Lisbon")["D-EIO-ACK"][1] == "overdue"
    assert sample("S14", 3, "2026-05-08T00:00:00", "Europe/Lisbon") == {
        "D-EIO-ACK": ("2026-04-14", "met"),
        "D-EIO-REC": ("2026-06-05", "running"),
    }
    after = sample("S14", 4, "2026-09-01T00:00:00", "Europe/Lisbon")
    assert after["D-EIO-REC"] == ("2026-06-05", "met")
    assert after["D-EIO-EXE M1"] == after["D-EIO-EXE M2"] == ("2026-08-26", "overdue")
    assert sample("S14", 6, "2026-09-01T00:00:00", "Europe/Lisbon")["D-EIO-EXE M1"] == ("2026-08-26", "met")


def test_the_clock_of_an_arrest_runs_until_the_request_has_arrived() -> None:
    """Sample S06: day 18 and day 40 of ETS24 16(4), consent and surrender of CETS209, taking over of ETS24 18(4).

    The arrest at 23:10 UTC is one of the next day in Vienna.
    """
    waiting = sample("S06", 3, "2026-05-23T00:00:00", "Europe/Vienna")
    assert waiting["D-ARREST-18"] == ("2026-05-22", "overdue")
    assert waiting["D-ARREST-40"] == ("2026-06-13", "running")
    arrived = sample("S06", 4, "2026-06-30T00:00:00", "Europe/Vienna")
    assert arrived["D-ARREST-18"] == ("2026-05-22", "met-late")
    assert arrived["D-ARREST-40"] == ("2026-06-13", "met")
    assert arrived["D-CONSENT-NOTIFY"] == ("2026-05-14", "met")
    assert arrived["D-CONSENT-DECIDE"] == ("2026-05-31", "overdue")
    surrendered = sample("S06", 7, "2026-07-30T00:00:00", "Europe/Vienna")
    assert surrendered["D-CONSENT-SURRENDER"] == ("2026-06-09", "met")
    assert surrendered["D-SURRENDER-30"] == ("2026-07-08", "met")


def test_days_that_messages_name_are_shown_with_the_others() -> None:
    """Samples S08 and S03: the day by which it is asked for, and the day that the requested authority expects."""
    assert sample("S08", 1, "2026-06-10T00:00:00")["REQUESTED-DATE M1"] == ("2026-08-02", "running")
    assert sample("S03", 3, "2026-05-01T00:00:00")["EXPECTED M1"] == ("2026-06-09", "running")


def test_a_request_that_is_sent_and_has_not_arrived_does_not_stop_the_clock_of_an_arrest() -> None:
    acts = SAMPLES["S06"][:4]
    arrivals = {each.key: each.issued_at for each in acts[:3]}
    found = time_limits(
        fold(acts), arrivals, Counting(limits=known(), calendars={}), at("2026-06-01T00:00:00")
    )
    ends = {each.code: each.course for one in found.values() for each in one}
    assert ends["D-ARREST-40"] is Course.RUNNING


def test_the_request_that_follows_makes_a_preservation_stand_still() -> None:
    """Sample S01 and BUD 29(7)."""
    assert sample("S01", 2, "2026-07-01T00:00:00")["PRESERVED-UNTIL"] == ("2026-08-21", "running")
    assert sample("S01", 3, "2026-09-01T00:00:00")["PRESERVED-UNTIL"] == ("2026-08-21", "suspended")
    assert sample("S01", 2, "2026-08-22T00:00:00")["PRESERVED-UNTIL"] == ("2026-08-21", "overdue")


def test_data_that_are_kept_without_a_day_are_kept_as_long_as_the_instrument_says() -> None:
    story = Story()
    asked = story.say("PreservationRequest", asked=(measure("M1", "ESD_PRESERVE"),), instruments=("BUD",))
    story.say("PreservationOutcome", ASKED, asked, says=about("M1", "EXECUTED_FULL"))
    assert seen(limits(story.acts, BEGAN)) == {"D-BUD-PRES": ("2026-05-01", "running")}


def test_every_code_of_the_list_is_counted_or_says_why_not() -> None:
    counted = {each.code for each in CLOCKS} | {each.most for each in CLOCKS if each.most}
    assert counted | set(NOT_COUNTED) == set(known())
    assert not counted & set(NOT_COUNTED)


def test_what_has_no_limit_by_law_or_word_has_none() -> None:
    story = Story()
    story.request("M1", instruments=("UNCAC",))
    assert limits(story.acts, BEGAN + timedelta(days=4000)) == ()


def measure(key: str, kind: str = "SEARCH_SEIZURE", wanted_on: date | None = None) -> AskedMeasure:
    return AskedMeasure(measure_id=key, kind=kind, wanted_on=wanted_on)


def about(key: str, code: str, due_on: date | None = None) -> tuple[AboutMeasure, ...]:
    return (AboutMeasure(measure_id=key, code=code, due_on=due_on),)


def order(*kinds: str) -> tuple[Story, LegalAct]:
    """An investigation order."""
    story = Story()
    asked = tuple(measure(f"M{n}", kind) for n, kind in enumerate(kinds or ("SEARCH_SEIZURE",), 1))
    return story, story.say("MLARequest", asked=asked, instruments=("EIO",))


def test_a_request_nobody_has_received_has_no_limit_yet() -> None:
    story, _ = order()
    assert limits(story.acts, BEGAN, arrived=False) == ()


def test_receipt_is_what_the_authority_says_and_failing_that_what_its_gateway_signed() -> None:
    story, request = order()
    assert limits(story.acts, BEGAN)[0].started_at == BEGAN + timedelta(seconds=20)
    said = BEGAN + timedelta(days=3)
    story.say("ReceiptConfirmation", ASKED, request, received_at=said, issued_at=said)
    acknowledged, recognised = limits(story.acts, said)
    assert (acknowledged.started_at, recognised.started_at) == (said, said)
    assert acknowledged.course is Course.MET
    assert limits(story.acts, said, arrived=False)[1].started_at == said


def test_days_end_at_24_00_where_the_requested_authority_is() -> None:
    story, _ = order()
    (acknowledged, _) = limits(story.acts, BEGAN)
    assert acknowledged.due_on == date(2026, 3, 9)
    assert acknowledged.due_at == at("2026-03-09T15:00:00")
    assert acknowledged.doubts == ()


def test_a_time_zone_that_nobody_told_is_said_to_be_unknown() -> None:
    story, _ = order()
    (acknowledged, _) = limits(story.acts, BEGAN, WorkCalendar())
    assert acknowledged.due_at == at("2026-03-10T00:00:00")
    assert "time zone" in acknowledged.doubts[0]


@pytest.mark.parametrize(
    ("names", "day", "ends"),
    [
        ("D-EIO-REC", date(2026, 4, 10), "2026-04-10"),
        ("", date(2026, 4, 10), "2026-04-10"),
        ("D-EIO-REC", date(2027, 1, 1), "2026-05-01"),  # 30 + 30 days, whatever was written
        ("D-EIO-REC", date(2026, 3, 10), "2026-04-01"),  # a limit is never shortened by that
        ("D-EIO-EXE", date(2026, 4, 10), "2026-04-01"),
    ],
)
def test_a_recognition_is_extended_by_a_notice_and_not_beyond_what_the_instrument_allows(
    names: str, day: date, ends: str
) -> None:
    story, request = order()
    story.say("TimeLimitExtension", ASKED, request, code=names, due_on=day)
    assert seen(limits(story.acts, BEGAN))["D-EIO-REC"] == (ends, "running")


def test_a_measure_that_is_postponed_has_no_running_limit() -> None:
    story, request = order()
    story.decides(request, M1="ACCEPTED")
    story.decides(request, M1="POSTPONED")
    late = BEGAN + timedelta(days=400)
    assert seen(limits(story.acts, late))["D-EIO-EXE M1"][1] == "suspended"
    story.say("StatusReport", ASKED, request, flag=True, says=about("M1", "ACCEPTED"), code="IN_EXECUTION")
    assert seen(limits(story.acts, late))["D-EIO-EXE M1"][1] == "overdue"


def test_what_was_withdrawn_or_refused_has_to_be_done_by_nobody() -> None:
    story, request = order("SEARCH_SEIZURE", "SEARCH_SEIZURE")
    story.decides(request, M1="ACCEPTED", M2="REFUSED")
    story.say("Withdrawal", answers=request, code="ALL")
    story.say("WithdrawalConfirmation", ASKED, request)
    found = limits(story.acts, BEGAN + timedelta(days=400))
    assert seen(found)["D-EIO-EXE M1"][1] == "over"
    assert "D-EIO-EXE M2" not in seen(found)
    assert not any(each.overdue for each in found)


def test_hours_run_in_utc_and_have_no_last_day() -> None:
    story = Story()
    asked = (measure("M1", "ASSET_FREEZE"),)
    story.say("AssetRecoveryRequest", asked=asked, instruments=("FRZ",), urgency="URGENT")
    (decide,) = limits(story.acts, BEGAN)
    assert (decide.code, decide.due_on) == ("D-FRZ-DECIDE", None)
    assert decide.due_at == BEGAN + timedelta(hours=48, seconds=20)
    story.acts[0] = replace(story.acts[0], urgency="ROUTINE")
    assert limits(story.acts, BEGAN) == ()


def test_what_should_be_done_where_possible_is_shown_and_never_overdue() -> None:
    story, _ = order("EVIDENCE_FREEZE")
    provisional = next(
        each for each in limits(story.acts, BEGAN + timedelta(days=2)) if each.code == "D-EIO-PROV"
    )
    assert (provisional.course, provisional.firm, provisional.overdue) == (Course.OVERDUE, False, False)
    assert not provisional.verified


def service(holidays: frozenset[date]) -> TimeLimit:
    story = Story()
    asked = (measure("M1", "SERVICE_DOCUMENTS"),)
    story.say(
        "ServiceRequest",
        asked=asked,
        recipient="in.mha",
        issued_at=at("2026-12-21T06:00:00"),
        instruments=("UNTOC",),
    )
    calendar = WorkCalendar(zone=ZoneInfo("Asia/Kolkata"), zone_known=True, holidays=holidays)
    (found,) = limits(story.acts, BEGAN, calendar)
    return found


def test_working_days_pass_over_holidays_and_say_when_these_are_not_known() -> None:
    closed = frozenset({date(2026, 12, 25), date(2027, 1, 1)})
    assert service(closed).due_on == date(2027, 1, 6)
    assert service(closed).doubts == ()
    assert service(frozenset({date(2026, 12, 25)})).due_on == date(2027, 1, 5)
    assert "holidays" in service(frozenset({date(2026, 12, 25)})).doubts[0]
    assert service(frozenset()).due_on == date(2027, 1, 4)


def test_who_must_act_is_the_side_that_the_source_names() -> None:
    story, request = order()
    question = AskedQuestion(question_id="Q1", mandatory=True, measures=())
    asked = story.say(
        "SupplementaryInformationRequest", ASKED, request, questions=(question,), due_on=date(2026, 3, 20)
    )
    found = limits(story.acts, BEGAN)
    assert {each.code for each in next_ones(found, Side.OPENER)} == {"ANSWERS-DUE"}
    assert {each.code for each in next_ones(found, Side.ADDRESSEE)} == {"D-EIO-ACK", "D-EIO-REC"}
    story.say("SupplementaryInformation", answers=asked, answered=("Q1",))
    assert not next_ones(limits(story.acts, BEGAN), Side.OPENER)


def test_the_last_word_on_a_day_counts() -> None:
    story = Story()
    request = story.say("MLARequest", asked=(measure("M1", wanted_on=date(2026, 5, 1)),))
    assert seen(limits(story.acts, BEGAN)) == {"REQUESTED-DATE M1": ("2026-05-01", "running")}
    story.say(
        "RequestUpdate", answers=request, generation=2, changes=("DEADLINE_CHANGE",), due_on=date(2026, 4, 1)
    )
    assert seen(limits(story.acts, BEGAN)) == {"REQUESTED-DATE M1": ("2026-04-01", "running")}
    story.say("Decision", ASKED, request, says=about("M1", "ACCEPTED", date(2026, 4, 20)))
    story.say("DelayNotice", ASKED, request, due_on=date(2026, 6, 1))
    assert seen(limits(story.acts, BEGAN))["EXPECTED M1"] == ("2026-06-01", "running")
    story.results(request, final=True, M1="EXECUTED_FULL")
    assert {course for _, course in seen(limits(story.acts, BEGAN)).values()} == {"met"}


@pytest.mark.parametrize("day", [date.max, date.min, date(9999, 12, 30)])
def test_a_day_that_no_calendar_can_count_is_no_limit_and_loses_no_other(day: date) -> None:
    story, request = order()
    story.decides(request, M1="ACCEPTED")
    story.say("DelayNotice", ASKED, request, due_on=day)
    story.say("StatusReport", ASKED, request, due_on=day, code="IN_EXECUTION")
    found = limits(story.acts, BEGAN)
    assert {"D-EIO-ACK", "D-EIO-REC"} <= {each.code for each in found}


def test_every_order_of_the_same_acts_gives_the_same_limits() -> None:
    now = at("2026-08-01T00:00:00")
    for name in ("S01", "S06", "S14"):
        acts = SAMPLES[name]
        assert limits(acts[::-1], now) == limits(acts, now) == limits((*acts[3:], *acts), now)
