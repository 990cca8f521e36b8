"""Time limits and statistics of cases that are kept: both gateways count alike, by the profile of the requested authority."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import cast

import pytest

from emla.bootstrap.schema_folder import schema_folder
from emla.cases.deadlines import next_ones
from emla.flow.clocks import Clocks, calendar_of
from emla.flow.dockets import Dockets
from emla.flow.statistics import CountCases
from emla.formats.genericode import CodeLists, deadlines
from emla.model.deadline import SATURDAY_AND_SUNDAY
from emla.model.statistics import Band
from emla.model.working_days import WorkingDays
from emla.web.limit_views import add_limits
from emla.web.views import Json
from tests.support.authorities import profile_of
from tests.support.folders import make_folder
from tests.support.in_process import DirectLine, InlineOpener, Station, TestClock
from tests.support.sample_acts import act_of
from tests.support.sample_cases import cases
from tests.support.sample_line import hand_in

ORDER = next(each for each in cases() if each.folder.name == "S14")
STEPS = [each for each in ORDER.steps if each.file]
ASKS, ASKED = "fi.kal", "pt.pgr"
LIMITS = deadlines(CodeLists(schema_folder()).get("CL-DEADLINE"))


@pytest.fixture
async def both(tmp_path: Path) -> AsyncIterator[dict[str, Station]]:
    """Two gateways that hold the first three messages of an investigation order."""
    stations: dict[str, Station] = {}
    line = DirectLine(lambda peer: stations[peer])
    for name in (ASKS, ASKED):
        make_folder(tmp_path / name, name)
        stations[name] = Station(tmp_path / name, line, TestClock(), InlineOpener(tmp_path / name))
        stations[name].start()
    await stations[ASKS].pin(tmp_path / ASKED)
    await stations[ASKED].pin(tmp_path / ASKS)
    for step in STEPS[:3]:
        assert step.file
        assert step.sender
        await hand_in(stations[step.sender], ORDER.folder / step.file, tmp_path / "capture")
        for _ in range(2):
            for name, other in ((ASKS, ASKED), (ASKED, ASKS)):
                assert await stations[name].deliver(other) == []
                await stations[name].open()
    yield stations
    for each in stations.values():
        await each.close()


def in_answer(body: Json) -> list[Json]:
    return cast("list[dict[str, list[Json]]]", body["standings"])[0]["deadlines"]


async def test_both_sides_count_the_same_limits_and_show_them(both: dict[str, Station]) -> None:
    opening = act_of(ORDER.folder / str(STEPS[0].file))
    found = {}
    for name, station in both.items():
        held = await Dockets(station.gateway, station.news).of(opening.case_id)
        limits = Clocks(station.gateway, LIMITS).limits_of(held)
        found[name] = limits[opening.key]
        standings = held.docket.of_case(held.case_id)
        body: Json = {"standings": [{}]}
        add_limits(body, standings, limits, name, open_only=False)
        shown = {each["code"]: each for each in in_answer(body)}
        assert shown["D-EIO-ACK"]["course"] == "met"
        assert shown["D-EIO-REC"]["ours"] is (name == ASKED)
        assert body["overdue"] == any(each.overdue for each in found[name])
        add_limits(body, standings, limits, name, open_only=True)
        assert "D-EIO-ACK" not in [each["code"] for each in in_answer(body)]
    assert found[ASKS] == found[ASKED]
    assert {each.code for each in next_ones(found[ASKS])} == {"D-EIO-REC"}
    extended = next(each for each in found[ASKS] if each.code == "D-EIO-REC")
    assert extended.due_on == date(2026, 6, 5)
    assert extended.doubts == ()


async def test_a_statistic_of_a_quarter_is_made_once_and_hides_what_is_small(
    both: dict[str, Station],
) -> None:
    station = both[ASKED]
    count = CountCases(station.gateway, Dockets(station.gateway, station.news))
    one, other = await asyncio.gather(count(2026), count(2026))
    assert one is other
    assert {each.name for each in one.groups} == {
        "requests-sent", "measures-sent", "requests-received", "measures-received"
    }  # fmt: skip
    assert all(each.total is None and not any(each.tables.values()) for each in one.groups)
    assert one.as_of <= datetime.fromtimestamp(station.gateway.now(), UTC)
    assert not isinstance(one.groups[0].total, Band)


def test_a_profile_says_the_zone_and_the_days_off() -> None:
    off = WorkingDays(rest_days=("friday", "saturday"), holidays=(date(2026, 12, 25),))
    calendar = calendar_of(replace(profile_of("at.moj"), working_days=off))
    assert (str(calendar.zone), calendar.zone_known) == ("Europe/Vienna", True)
    assert calendar.rest_days == {4, 5}
    assert calendar.knows(date(2026, 1, 1), date(2026, 12, 31))
    assert not calendar.knows(date(2026, 12, 1), date(2027, 1, 1))


@pytest.mark.parametrize(
    "zone", ["Mittelerde/Bree", "", "../etc/passwd", "Vienna time", "/etc/localtime", "a\0b"]
)
def test_words_that_name_no_zone_are_days_of_utc_and_said_to_be_unknown(zone: str) -> None:
    calendar = calendar_of(replace(profile_of("at.moj"), time_zone=zone))
    assert (calendar.zone, calendar.zone_known, calendar.rest_days) == (UTC, False, SATURDAY_AND_SUNDAY)
