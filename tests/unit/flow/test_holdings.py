"""What the owner says of what was sent takes effect at the holder's gateway: at each read, from the moment it is consigned."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from emla.flow.people.reads import Reads
from emla.model.acknowledgement import Event
from emla.model.errors import EmlaError
from emla.model.person import ALONE, Caller, PersonRole
from tests.support.case_world import World
from tests.support.gateways import rows
from tests.support.held_messages import GIVEN, HOLDER, OWNER, item, recall, said
from tests.support.in_process import Station
from tests.support.sample_cases import FOLDER

STEPS = (
    "01-spontaneous-information.sg.xml",
    "02-condition-response.au.xml",
    "03-spontaneous-information.sg.xml",
)


@pytest.fixture
async def given(tmp_path: Path) -> AsyncIterator[World]:
    """Singapore has sent information with a file; Australia may read it."""
    async with World(tmp_path, {OWNER, HOLDER}) as world:
        for name in STEPS:
            await world.say(FOLDER / "S10" / name)
        yield world


def package(station: Station) -> bytes:
    """The package that brought the information."""
    reader = station.store.read
    case_id = bytes.fromhex("dfdaba3a5b3d4507950f7c6b514d78e6")
    for row in reader.acts_of_case(case_id, 100):
        listed = reader.listed(row.pid)
        content = station.hand_over.content(row.pid, listed.signed) if listed else None
        if content and len(content.manifest.parts) > 1:
            return row.pid
    raise AssertionError(GIVEN)


async def read(station: Station, number: int = 1, caller: Caller = ALONE) -> str:
    """The code with which a part is refused; empty where it is handed out."""
    try:
        _, pieces = await station.hand_over.part(package(station), number, caller)
    except EmlaError as error:
        return error.code
    assert b"".join([piece async for piece in pieces])
    return ""


async def test_what_was_recalled_is_handed_out_no_more_and_the_attempt_leaves_a_leaf(
    given: World, tmp_path: Path
) -> None:
    holder, owner = given.stations[HOLDER], given.stations[OWNER]
    assert [await read(holder, number) for number in (0, 1)] == ["", ""]
    await given.say(said(tmp_path, "recall", "RecallNotice", recall("A-FLOW")))
    before = rows(holder.data)["leaf"]
    assert [await read(holder, number) for number in (1, 0)] == ["recalled", ""]
    assert rows(holder.data)["leaf"] == before + 2
    (newest, *_) = [
        each
        for each in Reads(holder.gateway).newest(person=None, package=None, limit=10)
        if not each["allowed"]
    ]
    assert (newest["why"], newest["part"]) == ("recalled", 1)
    await holder.restart()
    assert await read(holder) == "recalled"
    assert await read(owner) == ""


async def test_the_holder_cannot_recall_what_it_holds(given: World, tmp_path: Path) -> None:
    with pytest.raises(EmlaError) as caught:
        await given.say(said(tmp_path, "theirs", "RecallNotice", recall(), by=HOLDER))
    assert [each.rule for each in getattr(caught.value, "findings", ())] == ["CA-015"]
    assert await read(given.stations[HOLDER]) == ""


async def test_a_limited_time_that_is_over_ends_the_reading(given: World, tmp_path: Path) -> None:
    new = (
        "<u:NewHandling><ConfidentialityLevel>RESTRICTED</ConfidentialityLevel>"
        "<ConfidentialityRequested>true</ConfidentialityRequested><UseRestriction><RestrictionId>R3</RestrictionId>"
        "<UseLimit>TIME_LIMITED</UseLimit><Until>2020-01-01</Until></UseRestriction></u:NewHandling>"
        "<u:EffectiveFrom>2020-01-01T00:00:00Z</u:EffectiveFrom>"
    )
    await given.say(said(tmp_path, "limit", "RestrictionChange", item("A-FLOW") + new))
    assert [await read(given.stations[HOLDER], number) for number in (0, 1)] == ["", "use-ended"]


async def test_what_is_confidential_is_for_who_is_cleared_until_its_owner_says_otherwise(
    given: World, tmp_path: Path
) -> None:
    holder, owner = given.stations[HOLDER], given.stations[OWNER]
    officer = Caller(id="0123456789abcdef", roles=frozenset({PersonRole.CENTRAL_OFFICER}))
    cleared = replace(officer, roles=officer.roles | {PersonRole.CLEARED})
    assert [await read(holder, number, officer) for number in (0, 1)] == ["not-cleared", "not-cleared"]
    assert holder.store.read.bundle(package(holder), Event.CONTENT_HANDOVER) is None
    assert await read(owner, 1, officer) == "not-cleared"  # ours as well
    (newest, *_) = Reads(holder.gateway).newest(person=officer.id, package=None, limit=10)
    assert (newest["allowed"], newest["why"], newest["part"]) == (False, "not-cleared", 1)
    assert [await read(holder, number, cleared) for number in (0, 1)] == ["", ""]
    new = (
        "<u:NewHandling><ConfidentialityLevel>RESTRICTED</ConfidentialityLevel>"
        "<ConfidentialityRequested>true</ConfidentialityRequested>{sealed}</u:NewHandling>"
        "<u:EffectiveFrom>2020-01-01T00:00:00Z</u:EffectiveFrom>"
    )
    for name, sealed, codes in (
        ("looser", "", ["not-cleared", ""]),
        ("sealed", "<SealedFromSubject>true</SealedFromSubject>", ["not-cleared", "not-cleared"]),
    ):
        at = f"2026-06-{10 + len(codes[1])}T02:00:00Z"
        body = item("A-FLOW") + new.format(sealed=sealed)
        await given.say(said(tmp_path, name, "RestrictionChange", body, at=at))
        assert [await read(holder, number, officer) for number in (0, 1)] == codes
