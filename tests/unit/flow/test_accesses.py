"""An owner hears from the holder's ledger who read what it sent; nobody else does; what was said is kept and never read anew."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from emla.flow.accesses.give import REPORTS_PER_MINUTE
from emla.flow.people.reads import Reads
from emla.model.access import ACCESSES_MAX, FIRST_PLACE, Access, AccessKind, LedgerPlace
from emla.model.errors import NotFoundError, TransportError
from emla.model.person import ALONE, Caller, PersonRole
from tests.support.access_line import Reports, reports
from tests.support.held_messages import HOLDER, OWNER
from tests.support.in_process import Station
from tests.support.sample_cases import FOLDER
from tests.unit.flow.test_cases import World
from tests.unit.flow.test_holdings import STEPS, package

THIRD = "kr.moj"
CASE = bytes.fromhex("dfdaba3a5b3d4507950f7c6b514d78e6")
OFFICER = Caller(id="0123456789abcdef", roles=frozenset({PersonRole.APPROVER}))


@pytest.fixture
async def given(tmp_path: Path) -> AsyncIterator[tuple[World, Reports]]:
    """Singapore has sent information with a file to Australia; Korea is pinned there as well."""
    async with World(tmp_path, {OWNER, HOLDER, THIRD}) as world:
        for name in STEPS:
            await world.say(FOLDER / "S10" / name)
        async with reports(world.stations) as found:
            yield world, found


async def read(station: Station, number: int, caller: Caller = ALONE) -> None:
    _, pieces = await station.hand_over.part(package(station), number, caller)
    assert b"".join([piece async for piece in pieces])


async def heard(found: Reports) -> tuple[Access, ...]:
    """Everything that Australia has said to Singapore."""
    (said,) = await found.ask[OWNER](CASE)
    assert (said.holder, said.code) == (HOLDER, "")
    return tuple(each for kept in said.kept for each in kept.report.accesses)


async def test_the_owner_hears_of_each_read_once_by_role_and_keeps_what_was_said(
    given: tuple[World, Reports],
) -> None:
    world, found = given
    holder = world.stations[HOLDER]
    assert await heard(found) == ()
    await read(holder, 1)
    await Reads(holder.gateway).record_case(OFFICER, CASE, role=PersonRole.APPROVER)
    await read(holder, 0, OFFICER)
    await read(world.stations[OWNER], 0)  # of its own: nobody else's matter
    pid = package(holder)
    said = await heard(found)
    assert [(each.kind, each.pid, each.part, each.role, each.person) for each in said] == [
        (AccessKind.PART, pid, 1, "central_officer", ""),
        (AccessKind.CASE, None, None, "approver", ""),
        (AccessKind.PART, pid, 0, "approver", ""),
    ]
    leaves = await holder_leaves(holder, said)
    assert [each.digest for each in said] == leaves
    await read(holder, 1)
    assert len(await heard(found)) == 4
    places = found.lines[OWNER].asked
    assert places[0] == FIRST_PLACE
    assert len(set(places)) == len(places)  # never for what was said already
    found.lines[OWNER].away = True
    (away,) = await found.ask[OWNER](CASE)
    assert (away.code, len(away.kept)) == ("peer-unreachable", 3)
    assert await found.ask[OWNER].kept(CASE) == await found.ask[OWNER].kept(CASE)


async def holder_leaves(holder: Station, said: tuple[Access, ...]) -> list[bytes]:
    """What the holder's ledger has at the places that were named."""
    from emla.bootstrap.own import DATABASE
    from emla.store.sqlite.listings import open_listings

    listings = await open_listings((holder.data / DATABASE).absolute())
    try:
        extent = await listings.extent()
        assert extent.epoch is not None
        return [
            row.digest
            for each in said
            for row in await listings.leaves(extent.epoch, each.leaf, each.leaf + 1)
        ]
    finally:
        await listings.close()


async def test_for_anybody_but_the_owner_there_is_nothing(given: tuple[World, Reports]) -> None:
    world, found = given
    await read(world.stations[HOLDER], 1)
    for asker, case_id in ((THIRD, CASE), (OWNER, bytes(16)), (HOLDER, CASE)):
        with pytest.raises(NotFoundError) as caught:
            await found.give[HOLDER](asker, case_id, FIRST_PLACE)
        assert caught.value.code == "not-found"
    with pytest.raises(NotFoundError) as strange:
        await found.give[HOLDER](OWNER, CASE, LedgerPlace(epoch=1, index=10**9))
    assert strange.value.code == "place-unknown"
    # What Australia itself sent in the case is Australia's; Singapore has read nothing of it.
    (said,) = await found.ask[HOLDER](CASE)
    assert (said.holder, said.kept[0].report.accesses) == (OWNER, ())


async def test_many_reads_come_in_reports_one_after_another(given: tuple[World, Reports]) -> None:
    world, found = given
    reads = Reads(world.stations[HOLDER].gateway)
    for _ in range(ACCESSES_MAX + 1):
        await reads.record_case(OFFICER, CASE, role=PersonRole.APPROVER)
    assert len(await heard(found)) == ACCESSES_MAX + 1
    assert [len(each.report.accesses) for each in (await found.ask[OWNER].kept(CASE))[0].kept] == [
        ACCESSES_MAX,
        1,
    ]


async def test_whoever_asks_too_often_is_told_to_wait(given: tuple[World, Reports]) -> None:
    _, found = given
    for _ in range(REPORTS_PER_MINUTE):
        await found.give[HOLDER](OWNER, CASE, FIRST_PLACE)
    with pytest.raises(TransportError) as caught:
        await found.give[HOLDER](OWNER, CASE, FIRST_PLACE)
    assert caught.value.code == "quota"
