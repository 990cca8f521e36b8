"""Sample cases over the line: both sides hold the same acts and end where the case says; what would have no effect is refused."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from emla.bootstrap.own import DATABASE
from emla.flow.dockets import Dockets, Held
from emla.formats import header as header_form
from emla.model.errors import InvalidMessageError
from emla.model.findings import Severity
from emla.model.person import Person, PersonRole, PersonState
from emla.store.sqlite.listings import open_listings
from tests.support.folders import make_folder
from tests.support.in_process import DirectLine, InlineOpener, Station, TestClock
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


class World:
    """The authorities of a case, in one process."""

    def __init__(self, folder: Path, names: set[str]) -> None:
        self.folder = folder
        self.stations: dict[str, Station] = {}
        self.line = DirectLine(lambda peer: self.stations[peer])
        self.names = sorted(names)

    async def __aenter__(self) -> "World":
        for name in self.names:
            make_folder(self.folder / name, name)
            station = Station(self.folder / name, self.line, TestClock(), InlineOpener(self.folder / name))
            self.stations[name] = station
            station.start()
        for one in self.stations.values():
            for other in self.stations.values():
                if one is not other:
                    await one.pin(other.data)
        return self

    async def __aexit__(self, *_: object) -> None:
        for each in self.stations.values():
            await each.close()

    async def say(self, path: Path) -> None:
        """A message goes the whole way, and so do its acknowledgements."""
        sender = self.stations[message_in(path).sender]
        await hand_in(sender, path, self.folder / "capture")
        for _ in range(2):
            for name, station in self.stations.items():
                for other in self.names:
                    if other != name:
                        assert await station.deliver(other) == []
                await station.open()

    async def case(self, name: str, case_id: bytes) -> Held:
        station = self.stations[name]
        return await Dockets(station.gateway, station.news).of(case_id)


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


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.folder.name)
async def test_both_sides_of_each_sample_case_hold_the_same_acts_and_states(
    case: SampleCase, tmp_path: Path
) -> None:
    steps = [each for each in case.steps if each.file and not each.branch]
    async with World(tmp_path, authorities(case)) as world:
        for number, step in enumerate(steps):
            path = case.folder / (step.file or "")
            await world.say(path)
            if number == len(steps) // 2:
                for station in world.stations.values():
                    await station.restart()
        act = act_of(case.folder / (steps[-1].file or ""))
        sides = [await world.case(name, act.case_id) for name in (act.sender, act.recipient)]
        assert sides[0].tag == sides[1].tag
        assert len(sides[0].own) == sum(
            act_of(case.folder / (each.file or "")).case_id == act.case_id for each in steps
        )
        for held in sides:
            assert held.whole
            there, measures = states(held)
            assert told(steps[-1])[0] <= there
            assert told(steps[-1])[1].items() <= measures.items()


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
