"""What is counted of cases, by country, instrument, measure, outcome and duration; and of whom nothing is said."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from emla.cases.tally import DURATIONS, GROUPS, OUTCOMES, as_of, requests_of, tally
from emla.model.statistics import Counted
from tests.support.legal_acts import ASKED, ASKS, BEGAN, CASE, Story, begun, in_execution
from tests.support.sample_acts import acts_of
from tests.support.sample_cases import cases

YEAR_END = datetime(2027, 1, 1, tzinfo=UTC)


def count(*stories: Story, authority: str = ASKED, until: datetime = YEAR_END) -> dict[str, Counted]:
    requests = [one for each in stories for one in requests_of(CASE, each.acts, authority, 2026, until)]
    return {each.name: each for each in tally(requests)}


def test_a_request_counts_once_in_each_table_and_each_of_its_measures_as_well() -> None:
    story, request = begun("M1", "M2")
    story.acts[0] = replace(request, instruments=("BUD", "UNTOC"))
    story.decides(request, M1="ACCEPTED", M2="REFUSED")
    story.results(request, final=True, M1="EXECUTED_FULL")
    found = count(story)
    requests, measures = found["requests-received"], found["measures-received"]
    assert (requests.total, measures.total) == (1, 2)
    assert requests.tables == {
        "country": {"JP": 1},
        "instrument": {"BUD": 1},
        "outcome": {"PARTLY-EXECUTED": 1},
        "duration": {"UP-TO-30-DAYS": 1},
    }
    assert measures.tables == {"measure": {"SEARCH_SEIZURE": 2}, "outcome": {"EXECUTED": 1, "REFUSED": 1}}
    assert found["requests-sent"].total == 0
    sent = count(story, authority=ASKS)["requests-sent"]
    assert sent.tables["country"] == {"NL": 1}


@pytest.mark.parametrize(
    ("days", "name"), [(30, DURATIONS[0]), (31, DURATIONS[1]), (181, DURATIONS[3]), (366, DURATIONS[4])]
)
def test_duration_is_from_the_request_to_what_ended_the_last_of_it(days: int, name: str) -> None:
    story, request = in_execution("M1")
    story.acts.append(
        replace(
            story.results(request, final=True, M1="EXECUTED_FULL"), issued_at=BEGAN + timedelta(days=days)
        )
    )
    del story.acts[-2]
    found = count(story, until=BEGAN + timedelta(days=900))["requests-received"]
    assert found.tables["duration"] == {name: 1}


def test_what_was_written_later_does_not_count_yet() -> None:
    story, request = in_execution("M1")
    answered = story.results(request, final=True, M1="EXECUTED_FULL")
    outcome = count(story, until=answered.issued_at)["requests-received"].tables["outcome"]
    assert outcome == {"UNDER-WAY": 1}
    silent = count(story, until=request.issued_at + timedelta(seconds=1))["requests-received"]
    assert (silent.tables["outcome"], silent.tables["duration"]) == ({"NO-ANSWER": 1}, {"NOT-ENDED": 1})
    assert count(story, until=request.issued_at)["requests-received"].total == 0


def test_every_sample_case_counts_and_sums_up() -> None:
    for case in cases():
        acts = acts_of(case)
        begun_in = {each.case_id for each in acts}
        for authority in {each.sender for each in acts}:
            requests = [
                one for each in begun_in for one in requests_of(each, acts, authority, 2026, YEAR_END)
            ]
            for counted in tally(requests):
                assert counted.name in GROUPS
                for cells in counted.tables.values():
                    assert sum(cells.values()) == counted.total
                assert set(counted.tables["outcome"]) <= set(OUTCOMES)


def test_what_was_begun_in_a_related_case_counts_there() -> None:
    acts = acts_of(next(each for each in cases() if each.folder.name == "S01"))
    begun_in = list(dict.fromkeys(each.case_id for each in acts))
    assert len(begun_in) == 2
    for case_id in begun_in:
        assert len(list(requests_of(case_id, acts, "jp.moj", 2026, YEAR_END))) == 1


def test_information_that_nobody_asked_for_is_no_request() -> None:
    story = Story()
    story.say("SpontaneousInformation")
    assert all(each.total == 0 for each in count(story).values())


@pytest.mark.parametrize(
    ("now", "instant"),
    [
        ("2026-11-27T02:00:00", "2026-10-01"),
        ("2026-10-01T00:00:00", "2026-10-01"),
        ("2026-09-30T23:59:59", "2026-07-01"),
        ("2026-01-01T00:00:00", "2026-01-01"),
    ],
)
def test_a_statistic_stands_as_of_the_end_of_the_last_quarter(now: str, instant: str) -> None:
    asked = datetime.fromisoformat(now).replace(tzinfo=UTC)
    assert as_of(asked) == datetime.fromisoformat(instant).replace(tzinfo=UTC)
