"""Sample cases over the line: both sides hold the same acts and end where the case says; what would have no effect is refused."""

import asyncio
import os
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from emla.bootstrap.own import DATABASE
from emla.bootstrap.schema_folder import schema_folder
from emla.flow.clocks import Clocks
from emla.flow.dockets import Held
from emla.flow.reminders import OVERDUE, SOON, Reminders
from emla.formats import header as header_form
from emla.formats.genericode import CodeLists, deadlines
from emla.model.case_states import Side
from emla.model.errors import InvalidMessageError
from emla.model.findings import Severity
from emla.model.legal_act import LegalAct
from emla.model.person import Person, PersonRole, PersonState
from emla.model.time_limit import TimeLimit
from emla.store.sqlite.listings import open_listings
from tests.support.case_world import World
from tests.support.in_process import Station
from tests.support.sample_acts import act_of
from tests.support.sample_cases import SampleCase, Step, cases
from tests.support.sample_line import hand_in, message_in

PAUL = Person(
    id="00000000000000aa",
    name="paul",
    full_name="Paul Weiss",
    roles=frozenset({PersonRole.PROSECUTOR}),
    state=PersonState.ACTIVE,
    created_at=0,
)


LIMITS = deadlines(CodeLists(schema_folder()).get("CL-DEADLINE"))


def authorities(case: SampleCase) -> set[str]:
    return {name for step in case.steps for name in (step.sender, step.recipient) if name}


def states(held: Held) -> tuple[set[str], dict[str, str]]:
    """Every state of what was begun in a case and in those related to it, and of the measures of the case."""
    own = held.docket.of_case(held.case_id)
    return (
        {state for each in held.docket.standings.values() for state in each.states},
        {key: measure.state.value for each in own for key, measure in each.measures.items()},
    )


def told(step: Step) -> tuple[set[str], dict[str, str]]:
    return set(step.states), step.measures


def course_of(case: SampleCase, branch: str) -> list[Step]:
    """What happens in a case, messages and times; or in another course of it, which goes on from the case that it is about."""
    if not branch:
        return [each for each in case.steps if not each.branch]
    (own,) = {act_of(case.folder / each.file).case_id for each in case.steps if each.file and each.branch}
    return [
        each
        for each in case.steps
        if each.branch in ("", branch)
        and (each.file is None or act_of(case.folder / each.file).case_id == own)
    ]


COURSES = [
    pytest.param(case, branch, id=f"{case.folder.name} {branch}".strip())
    for case in cases()
    for branch in sorted({each.branch for each in case.steps})
]
TOLD = {
    "day 18 of the arrest: warning, the full request is not there": (OVERDUE, {"FULL-REQUEST-DUE"}),
    "20-release-notice.at.xml": (SOON, {"FULL-REQUEST-DUE"}),  # day 40 begins: nobody may be held after it
    "the answers are overdue": (OVERDUE, {"ANSWERS-DUE"}),
    "03-time-limit-extension.pt.xml": (SOON, set[str]()),  # day 29 of 30
}
"""The reminder of an instant of a timed case, and what the requesting authority has let run out by then."""
MET = {
    "S06": {
        "D-CONSENT-NOTIFY": "met",
        "FULL-REQUEST-DUE": "met-late",
        "D-ARREST-40": "met",
        "D-CONSENT-DECIDE": "met",
    },
    "S06 no request in time": {"FULL-REQUEST-DUE": "over", "D-ARREST-40": "over"},
    "S11": {"ANSWERS-DUE": "met-late"},
    "S14": {"D-EIO-ACK": "met", "D-EIO-REC": "met", "D-EIO-EXE": "met"},
}
"""How the limits stand when a timed case has gone its course."""


async def limits_in(world: World, name: str, case_ids: set[bytes]) -> list[TimeLimit]:
    """Every limit of some cases, as one of their authorities counts them now."""
    clocks = Clocks(world.stations[name].gateway, LIMITS)
    found = [clocks.limits_of(await world.case(name, each)) for each in sorted(case_ids)]
    return [limit for each in found for limits in each.values() for limit in limits]


async def reminded(station: Station) -> Counter[str]:
    """What the round of a house tells its people now, by kind."""
    reminders = Reminders(station.gateway, station.dockets, Clocks(station.gateway, LIMITS), station.news)
    await reminders.round()
    return reminders.given


async def time_comes(world: World, step: Step, case_ids: set[bytes]) -> None:
    """Both sides are told once what ends soon, or ran out in these minutes and not before; and see whose it is."""
    kind, late = TOLD[step.event or step.file or ""]
    early: set[str] = set() if kind == OVERDUE else late
    for at, told_now, late_now in (
        (step.at - timedelta(minutes=10), {SOON}, early),
        (step.at, {OVERDUE} & {kind}, late),
    ):
        await world.move(at)
        for name, station in world.stations.items():
            assert set(await reminded(station)) == told_now
            assert not await reminded(station)
            overdue = [each for each in await limits_in(world, name, case_ids) if each.overdue]
            assert {each.code for each in overdue} == late_now
            assert {each.side for each in overdue} <= {Side.OPENER}


@pytest.mark.parametrize(("case", "branch"), COURSES)
async def test_both_sides_of_each_sample_case_hold_the_same_acts_and_states(
    case: SampleCase,
    branch: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """On the days that the case names: the clock of every house is set to each, and what time brings is told there."""
    monkeypatch.setattr("emla.flow.reminders._PAUSE_SECONDS", 0)
    steps = course_of(case, branch)
    said: list[LegalAct] = []
    async with World(tmp_path, authorities(case), steps[0].at - timedelta(hours=1)) as world:
        for number, step in enumerate(steps):
            ids = {each.case_id for each in said}
            if (step.event or step.file) in TOLD:
                await time_comes(world, step, ids)
            await world.move(step.at)
            if step.file:
                await world.say(case.folder / step.file)
                said.append(act_of(case.folder / step.file))
            elif not said:  # a hit on a notice is no act: neither house has a case
                assert not any(each.store.read.cases_after(b"", 1) for each in world.stations.values())
            else:
                for name in (said[-1].sender, said[-1].recipient):
                    there, measures = states(await world.case(name, said[-1].case_id))
                    assert told(step)[0] <= there
                    assert told(step)[1].items() <= measures.items()
            if number == len(steps) // 2:
                for station in world.stations.values():
                    await station.restart()
        act = said[-1]
        sides = [await world.case(name, act.case_id) for name in (act.sender, act.recipient)]
        assert sides[0].tag == sides[1].tag
        assert len(sides[0].own) == sum(each.case_id == act.case_id for each in said)
        for held in sides:
            assert held.whole
            there, measures = states(held)
            assert told(steps[-1])[0] <= there
            assert told(steps[-1])[1].items() <= measures.items()
        met = MET.get(f"{case.folder.name} {branch}".strip(), {})
        for name in (act.sender, act.recipient) if met else ():
            limits = await limits_in(world, name, {each.case_id for each in said})
            courses = {(each.code, each.course.value) for each in limits if each.code in met}
            assert courses == set(met.items())


# --- one case, message by message ---

S01 = next(each for each in cases() if each.folder.name == "S01")
REQUEST = "mla-request.xml"


async def played(world: World, *names: str) -> None:
    for name in names:
        await world.say(S01.folder / name)


def named(prefix: str) -> str:
    return next(
        each.file for each in S01.steps if each.file and not each.branch and each.file.startswith(prefix)
    )


def again(path: Path, folder: Path, *changes: tuple[str, str]) -> Path:
    """The same message under another MessageId, as another message; with changes."""
    text, message = path.read_text(encoding="utf-8"), message_in(path)
    for old, new in ((message.message_id.hex(), os.urandom(16).hex()), *changes):
        assert old in text, old
        text = text.replace(old, new)
    made = folder / path.parent.name / f"{os.urandom(4).hex()}.xml"
    made.parent.mkdir(exist_ok=True)
    for each in message.attachments:
        source = path.parent / each.file_name
        if source.exists():
            (made.parent / each.file_name).write_bytes(source.read_bytes())
    made.write_text(text, encoding="utf-8")
    return made


@pytest.fixture
async def asked(tmp_path: Path) -> AsyncIterator[World]:
    """Japan has asked, the Netherlands has confirmed the receipt."""
    async with World(tmp_path, {"jp.moj", "nl.moj"}) as world:
        await played(world, *(each.file for each in S01.steps[:4] if each.file))
        yield world


def issued(path: Path) -> str:
    """The instant of issue as it is written."""
    return path.read_text(encoding="utf-8").partition("IssuedAt>")[2].partition("<")[0]


def rows(station: Station) -> int:
    return int(str(station.store.real.read._execute("SELECT count(*) FROM sent").fetchone()[0]))


async def refused(world: World, sender: str, path: Path, seen: str | None = None) -> InvalidMessageError:
    """A submission that must be refused, and of which nothing is kept."""
    station = world.stations[sender]
    before = rows(station)
    with pytest.raises(InvalidMessageError) as caught:
        await hand_in(station, path, world.folder / "capture", seen)
    assert rows(station) == before
    return caught.value


def grounds(error: InvalidMessageError) -> set[str]:
    fatal = [each for each in error.findings if each.severity is Severity.FATAL]
    assert all(each.source and each.remedy for each in fatal)
    return {each.rule for each in fatal}


async def test_the_other_side_s_word_is_refused_before_it_is_sent(asked: World, tmp_path: Path) -> None:
    swapped = again(
        S01.folder / named("07-decision"),
        tmp_path,
        ("jp.moj", "xx.none"),
        ("nl.moj", "jp.moj"),
        ("xx.none", "nl.moj"),
    )
    assert "BR-054" in grounds(await refused(asked, "jp.moj", swapped))


async def test_what_has_no_effect_in_this_state_is_refused_before_it_is_sent(
    asked: World, tmp_path: Path
) -> None:
    receipt, request = act_of(S01.folder / named("11-result-receipt")), act_of(S01.folder / REQUEST)
    assert receipt.in_reply_to is not None
    early = again(
        S01.folder / named("11-result-receipt"),
        tmp_path,
        (receipt.in_reply_to.hex(), request.message_id.hex()),
    )
    assert "CA-011" in grounds(await refused(asked, "jp.moj", early))


async def test_nothing_more_is_said_in_a_closed_case(tmp_path: Path) -> None:
    async with World(tmp_path / "w", {"jp.moj", "nl.moj"}) as world:
        await played(world, *(each.file for each in S01.steps if each.file and not each.branch))
        notice = S01.folder / named("08-delay-notice")
        late = again(notice, tmp_path, (issued(notice), "2026-12-10T09:00:00Z"))
        assert "CA-006" in grounds(await refused(world, "nl.moj", late))


async def test_a_refusal_without_reasons_is_refused_with_what_the_case_says(
    asked: World, tmp_path: Path
) -> None:
    decision = again(S01.folder / named("07-decision"), tmp_path, (">ACCEPTED<", ">REFUSED<"))
    assert "BR-037" in grounds(await refused(asked, "nl.moj", decision))


async def test_who_looked_at_another_state_of_the_case_is_told_to_look_again(asked: World) -> None:
    case_id = act_of(S01.folder / named("07-decision")).case_id
    seen = (await asked.case("nl.moj", case_id)).tag
    await asked.say(S01.folder / named("05-supplementary"))
    decision = S01.folder / named("07-decision")
    assert (await refused(asked, "nl.moj", decision, seen)).code == "case-changed"
    now = (await asked.case("nl.moj", case_id)).tag
    assert await hand_in(asked.stations["nl.moj"], decision, asked.folder / "capture", now)


async def test_of_two_acts_at_once_the_second_is_judged_with_the_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with World(tmp_path / "w", {"jp.moj", "nl.moj"}) as world:
        course = [each.file for each in S01.steps if each.file and not each.branch]
        await played(world, *course[:-1])
        last = S01.folder / course[-1]
        station = world.stations["nl.moj"]
        write, has_looked, may_write = station.store.write, asyncio.Event(), asyncio.Event()

        async def write_later(*given: Any, **named: Any) -> Any:
            if asyncio.current_task() is later:
                has_looked.set()
                await may_write.wait()
            return await write(*given, **named)

        monkeypatch.setattr(station.store, "write", write_later)
        text = again(last, tmp_path, (issued(last), "2026-12-10T09:00:00Z"))
        later = asyncio.create_task(hand_in(station, text, world.folder / "c"))
        await has_looked.wait()
        await hand_in(station, last, world.folder / "c")
        may_write.set()
        with pytest.raises(InvalidMessageError) as wrong:
            await later
        assert "CA-006" in grounds(wrong.value)


async def test_the_manifest_names_the_payload_that_is_answered(asked: World) -> None:
    nl = asked.stations["nl.moj"]
    request = act_of(S01.folder / REQUEST)
    held = await asked.case("nl.moj", request.case_id)
    receipt = next(each for each in held.acts if each.message_type == "ReceiptConfirmation")
    row, answered = held.package_of(receipt), held.package_of(request)
    assert row is not None
    assert answered is not None
    listed = {each.pid: nl.store.read.listed(each.pid) for each in (row, answered)}
    content = nl.hand_over.content(row.pid, listed[row.pid].signed)  # type: ignore[union-attr]
    header = header_form.decode(header_form.decode_signed(listed[answered.pid].signed).payload)  # type: ignore[union-attr]
    assert content is not None
    assert content.manifest.in_reply_to == header.payload.id


async def test_an_act_that_cannot_be_opened_is_told(asked: World) -> None:
    case_id = act_of(S01.folder / REQUEST).case_id
    nl = asked.stations["nl.moj"]
    whole = await asked.case("nl.moj", case_id)
    number = whole.packages[act_of(S01.folder / REQUEST).key, act_of(S01.folder / REQUEST).digest].number
    await nl.store.write(
        lambda transaction: transaction._execute(  # type: ignore[attr-defined]
            "UPDATE legal_act SET sealed = zeroblob(100) WHERE package = ?", (number,)
        )
    )
    damaged = await asked.case("nl.moj", case_id)
    assert not damaged.whole
    assert len(damaged.acts) == len(whole.acts) - 1


async def test_a_case_with_more_acts_than_are_read_says_that_it_is_not_whole(
    asked: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("emla.flow.dockets.ACTS_MAX", 1)
    held = await asked.case("nl.moj", act_of(S01.folder / REQUEST).case_id)
    assert (len(held.acts), held.whole) == (1, False)


async def test_a_prosecutor_s_list_goes_by_case_however_much_came_since(
    asked: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("emla.store.sqlite.listings._UNFILED", 0)
    station = asked.stations["jp.moj"]
    read = station.store.read
    cases = [each for each in read.cases_after(b"", 10) if read.acts_of_case(each, 1)]
    packages = {each: {row.pid for row in read.acts_of_case(each, 100)} for each in cases}
    assert len(cases) > 1
    await station.store.write(lambda each: each.insert_person(PAUL))
    await station.store.write(lambda each: each.name_for_case(cases[0], PAUL.id, 1))
    listings = await open_listings((station.data / DATABASE).absolute())
    try:
        listed = await listings.packages(incoming=True, outgoing=True, state=None, limit=100, person=PAUL.id)
        assert {each.pid for each in listed} == packages[cases[0]]
        (newest,) = await listings.packages(
            incoming=True, outgoing=False, state=None, limit=1, person=PAUL.id
        )
        assert newest.incoming
        every = await listings.packages(incoming=True, outgoing=True, state=None, limit=100)
        assert {each.pid for each in every} == set().union(*packages.values())
    finally:
        await listings.close()
