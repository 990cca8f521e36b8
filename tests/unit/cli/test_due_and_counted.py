"""Time limits and statistics on a screen: what is overdue comes first, what is a wish is no duty, what is not shown is said."""

from datetime import UTC, datetime

import pytest

from emla.cli.limit_view import next_day, show_limits
from emla.cli.stats import _tell
from emla.client.limit_answers import DeadlineView
from emla.client.statistics_answers import BandView, GroupView, StatisticsView
from tests.support.cli import emla


def limit(
    code: str, day: int, course: str = "running", *, firm: bool = True, verified: bool = True
) -> DeadlineView:
    due_at = datetime(2026, 5, day, 22, tzinfo=UTC)
    return DeadlineView(
        code=code,
        what=f"Do {code}",
        side="addressee",
        ours=code == "OURS",
        measures=("M1",) if code == "OURS" else (),
        due_on=f"2026-05-{day:02}" if code != "HOURS" else None,
        due_at=due_at,
        course=course,
        firm=firm,
        overdue=firm and course == "overdue",
        source="EIO 12",
        verified=verified,
        started_at=datetime(2026, 4, 1, tzinfo=UTC),
        met_at=datetime(2026, 5, 2, tzinfo=UTC) if course == "met" else None,
        extended_by="ab" if code == "LONG" else None,
        doubts=("The time zone is not known.",) if code == "LONG" else (),
    )


def test_a_list_shows_the_first_day_and_what_is_overdue() -> None:
    wish = limit("WISH", 1, "overdue", firm=False)
    assert str(next_day([limit("LONG", 9), limit("OURS", 7)])) == "2026-05-07"
    assert str(next_day([wish, limit("LONG", 9, "overdue"), limit("OURS", 7)])) == "2026-05-09 OVERDUE"
    assert str(next_day([wish])) == "2026-05-01"
    assert str(next_day([limit("OURS", 7, "met"), limit("LONG", 7, "suspended")])) == "-"


def test_a_case_shows_who_must_act_until_when_and_by_what_law(capsys: pytest.CaptureFixture[str]) -> None:
    limits = [
        limit("DONE", 1, "met"), limit("WISH", 2, "overdue", firm=False), limit("OURS", 9, verified=False),
        limit("LONG", 8), limit("HOURS", 7), limit("LATE", 20, "overdue"),
    ]  # fmt: skip
    show_limits(limits)
    said = capsys.readouterr()
    lines = [each for each in said.out.splitlines() if "Do " in each]
    assert [each.split("Do ")[1].split()[0] for each in lines] == [
        "LATE",
        "WISH",
        "HOURS",
        "LONG",
        "OURS",
        "DONE",
    ]
    ours = lines[4]
    assert "WE" in ours
    assert "Do OURS [M1]" in ours
    assert "not compared with its source" in ours
    assert "past, no duty" in lines[1]
    assert "2026-05-07 22:00:00Z" in lines[2]
    assert "extended" in lines[3]
    assert "The time zone is not known." in said.err
    show_limits([])
    assert capsys.readouterr().out == ""


def test_a_statistic_is_a_table_with_bars_and_says_what_is_not_listed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    cells = {"NL": BandView(least=25, most=29), "US": BandView(least=10, most=14)}
    sent = GroupView(
        name="requests-sent", total=BandView(least=40, most=44), tables={"country": cells, "outcome": {}}
    )
    few = GroupView(name="measures-sent", total=None, tables={"measure": {}})
    _tell(
        StatisticsView(
            authority="jp.moj", year=2026, as_of=datetime(2026, 10, 1, tzinfo=UTC), groups=(sent, few)
        )
    )
    said = capsys.readouterr()
    assert "jp.moj, requests of 2026, as of 2026-10-01" in said.out
    assert "Requests that we sent: 40-44" in said.out
    assert "Measures that we asked for: fewer than 5" in said.out
    bars = {
        line.split()[-3 if "country" in line else 0]: line.count("█")
        for line in said.out.splitlines()
        if "█" in line
    }
    assert sorted(bars.values()) == [14, 30]
    assert "fewer than five, or withheld" in said.err


@pytest.mark.parametrize(
    "words", [("list", "--state", "CLOSD"), ("watch", "3f9a1c20", "--until", "ACCEPTED")]
)
def test_a_state_that_does_not_exist_is_not_waited_for(words: tuple[str, ...]) -> None:
    outcome = emla("case", *words)
    assert outcome.code == 2
    assert "RESULTS_RECEIVED" in outcome.err
