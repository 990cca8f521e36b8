"""An owner hears from the holder's ledger who read what it sent; nobody else does; what was said is kept and never read anew."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from emla.bootstrap.own import DATABASE
from emla.flow.accesses.ask import AskAccesses
from emla.flow.accesses.give import REPORTS_PER_MINUTE
from emla.flow.people.reads import Reads, told_read
from emla.formats import access_report as form
from emla.formats import dsse
from emla.model.access import ACCESSES_MAX, FIRST_PLACE, Access, AccessKind, LedgerPlace
from emla.model.documents import Authority
from emla.model.errors import NotFoundError, TransportError
from emla.model.limits import WIRE
from emla.model.person import ALONE, Caller, Person, PersonRole, PersonState
from emla.model.settings import CaseSettings
from emla.model.signed import PayloadType
from emla.ports.transport import Refusal
from emla.store.sqlite.listings import open_listings
from tests.support.access_line import Reports, reports
from tests.support.case_world import World
from tests.support.erasing import erased
from tests.support.held_messages import HOLDER, OWNER
from tests.support.in_process import Station
from tests.support.key_house import RECIPIENT, SENDER
from tests.support.restored import exchange
from tests.support.sample_cases import FOLDER
from tests.unit.flow.test_holdings import STEPS, package

THIRD = "kr.moj"
CASE = bytes.fromhex("dfdaba3a5b3d4507950f7c6b514d78e6")
OFFICER = Caller(id="0123456789abcdef", roles=frozenset({PersonRole.APPROVER, PersonRole.CLEARED}))

ANNA = Person(
    id="fedcba9876543210",
    name="anna.kovacs",
    full_name="Anna Kovacs",
    roles=OFFICER.roles,
    state=PersonState.ACTIVE,
    created_at=0,
)


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
    own = next(each.pid for each in holder.store.read.acts_of_case(CASE, 100) if not each.incoming)
    await holder.read_main(own)  # and so is what the holder itself has sent in the case
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
    listings = await open_listings((holder.data / DATABASE).absolute())
    try:
        found = [await listings.leaves(1, each.leaf, each.leaf + 1) for each in said]
    finally:
        await listings.close()
    return [row.digest for rows in found for row in rows]


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


async def test_many_reads_come_in_reports_one_after_another_until_it_is_too_often(
    given: tuple[World, Reports],
) -> None:
    world, found = given
    gateway = world.stations[HOLDER].gateway
    await gateway.store.write(lambda each: each.insert_person(ANNA))
    reads = Reads(gateway)
    found.give[HOLDER]._pace.steady = float  # time stands: what is too often does not hang on the machine
    anna = replace(OFFICER, id=ANNA.id)
    for _ in range(ACCESSES_MAX + 1):
        await reads.record_case(anna, CASE, role=PersonRole.APPROVER)
    assert {each.person for each in await heard(found)} == {""}
    gateway.settings = replace(gateway.settings, cases=CaseSettings(names_in_access_reports=True))
    await reads.record_case(anna, CASE, role=PersonRole.APPROVER)
    assert (await heard(found))[-1].person == "Anna Kovacs"
    (said,) = await found.ask[OWNER].kept(CASE)
    assert [len(each.report.accesses) for each in said.kept] == [ACCESSES_MAX, 1, 1]
    for _ in range(REPORTS_PER_MINUTE - 3):
        await found.give[HOLDER](OWNER, CASE, FIRST_PLACE)
    with pytest.raises(TransportError) as caught:
        await found.give[HOLDER](OWNER, CASE, FIRST_PLACE)
    assert caught.value.code == "quota"
    (limited,) = await found.ask[OWNER](CASE)
    assert (limited.code, len(limited.kept)) == ("quota", 3)


@dataclass
class Circling:
    """A holder that answers the same at the beginning, and has no place that it named."""

    answer: bytes
    asked: list[LedgerPlace] = field(default_factory=list)

    async def ask_accesses(self, _peer: Authority, _case_id: bytes, first: LedgerPlace) -> bytes | Refusal:
        self.asked.append(first)
        return self.answer if first == FIRST_PLACE else Refusal(code="place-unknown")


async def test_a_holder_that_goes_in_circles_is_asked_from_the_beginning_once(
    given: tuple[World, Reports],
) -> None:
    world, found = given
    gateway, pid = world.stations[HOLDER].gateway, package(world.stations[HOLDER])
    told = [
        told_read(gateway, OFFICER, what="part", id_=pid.hex(), part=1, role="approver", about=pid)
        for _ in range(ACCESSES_MAX + 1)
    ]
    await gateway.store.write(lambda transaction: [each(transaction) for each in told])
    circling = Circling(await found.give[HOLDER](OWNER, CASE, FIRST_PLACE))
    ask = AskAccesses(world.stations[OWNER].gateway, circling, world.stations[OWNER].dockets)
    counts = []
    for _ in range(3):
        before = len(circling.asked)
        (said,) = await ask(CASE)
        counts.append((len(circling.asked) - before, said.code, len(said.kept)))
    assert counts == [(2, "place-unknown", 1), (3, "place-unknown", 1), (3, "place-unknown", 1)]


async def test_what_says_nothing_new_is_not_kept_and_what_contradicts_is_kept_once(
    given: tuple[World, Reports],
) -> None:
    world, found = given
    owner, holder = world.stations[OWNER], world.stations[HOLDER].gateway
    assert await heard(found) == ()
    first = owner.store.read.access_reports(CASE)
    assert len(first) == 1  # that nobody has read it yet is a word, too
    for _ in range(3):
        assert await heard(found) == ()
    assert owner.store.read.access_reports(CASE) == first
    await read(world.stations[HOLDER], 1)
    assert len(await heard(found)) == 1
    # From the beginning, in another piece, the same: nothing new. Without the access: a contradiction.
    whole = await found.give[HOLDER](OWNER, CASE, FIRST_PLACE)
    report = form.decode(dsse.decode(whole, PayloadType.ACCESSES, WIRE.access_bytes).payload)
    silent = await holder.sign(PayloadType.ACCESSES, form.encode(replace(report, accesses=())))
    for answer, kept in ((whole, 2), (silent, 3), (silent, 3), (whole, 3)):
        ask = AskAccesses(owner.gateway, Circling(answer), owner.dockets)
        assert [len(each.kept) for each in await ask(CASE)] == [kept]


async def test_what_is_kept_of_one_holder_has_a_size(
    given: tuple[World, Reports], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    world, found = given
    await heard(found)
    (row,) = world.stations[OWNER].store.read.access_reports(CASE)
    monkeypatch.setattr("emla.flow.accesses.ask.KEPT_BYTES_MAX", 2 * len(row.sealed))
    assert await heard(found) == ()  # nothing new needs no room
    await read(world.stations[HOLDER], 1)
    (full,) = await found.ask[OWNER](CASE)
    assert (full.code, len(full.kept)) == ("reports-full", 1)
    assert [each.getMessage() for each in caplog.records if each.name == "emla.accesses"] == [
        "report not kept"
    ]


async def test_a_holder_is_asked_by_one_call_at_a_time(given: tuple[World, Reports]) -> None:
    world, found = given
    await read(world.stations[HOLDER], 1)
    both = await asyncio.gather(found.ask[OWNER](CASE), found.ask[OWNER](CASE))
    assert sorted(each.code for (each,) in both) == ["", "busy"]
    assert len(world.stations[OWNER].store.read.access_reports(CASE)) == 1
    assert len(await heard(found)) == 1


async def test_what_was_said_goes_with_the_case_and_the_holder_still_tells_who_read_what_is_gone(
    given: tuple[World, Reports],
) -> None:
    world, found = given
    await read(world.stations[HOLDER], 1)
    said = await heard(found)
    await erased(world.stations[HOLDER], CASE)
    assert (await heard(found), len(said)) == (said, 1)
    (row, *_) = world.stations[OWNER].store.read.access_reports(CASE)
    assert any(
        row.sealed[:64] in each.read_bytes() for each in world.stations[OWNER].data.glob(f"{DATABASE}*")
    )
    await erased(world.stations[OWNER], CASE)
    assert world.stations[OWNER].store.read.access_reports(CASE) == []
    files = [each.read_bytes() for each in world.stations[OWNER].data.glob(f"{DATABASE}*")]
    assert files
    assert not any(row.sealed[:64] in each for each in files)


async def test_an_epoch_that_is_over_is_told_with_its_own_checkpoint(tmp_path: Path) -> None:
    async with exchange(tmp_path) as both:
        pid = await both.there()
        await both.victim.read_main(pid)
        await both.victim.watch.close("ledger-behind")
        await both.recover()
        await both.house.refresh()
        await both.victim.read_main(pid)
        case_id = both.victim.store.read.case_of(pid)
        assert case_id is not None
        async with reports({SENDER: both.peer, RECIPIENT: both.victim}) as found:
            (said,) = await found.ask[SENDER](case_id)
    assert (said.code, said.detail) == ("", "")
    assert [(each.report.first.epoch, len(each.report.accesses)) for each in said.kept] == [(1, 1), (2, 1)]
