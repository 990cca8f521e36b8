"""What people drafted, and what they wrote about a message, goes with its case."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from emla.bootstrap.audit import verify_ledger
from emla.bootstrap.own import DATABASE
from emla.flow.drafts.alone import SentAlone
from emla.flow.drafts.drafts import Drafts
from emla.flow.happenings.leaves import happening_of
from emla.flow.line.submission import Submitted
from emla.model.draft import DraftState
from emla.model.errors import ConfigurationError, InvalidMessageError
from emla.model.happening import HappeningType
from emla.model.person import PersonState
from emla.ports.drafts import DraftRow
from emla.store.sqlite.listings import open_listings
from tests.support.backups import Pair, pair
from tests.support.erasing import (
    arrived,
    bring,
    case_id,
    erased,
    erasing,
    found_of,
    order,
    pieces,
    submission,
)
from tests.support.in_process import Station
from tests.support.office import PEOPLE, caller, person

LARGE = 300 * 1024
REASON, WORDS = "The child was seen in Zaragoza.", "Zaragoza was reason enough."


@pytest.fixture
async def both(tmp_path: Path) -> AsyncIterator[Pair]:
    """A case of which a message has arrived, and then people who draft and approve."""
    async with pair(tmp_path) as made:
        await bring(made, "a")
        for name in PEOPLE:
            one = person(name, state=PersonState.ACTIVE)
            await made.sender.store.write(lambda transaction, one=one: transaction.insert_person(one))  # type: ignore[misc] # bound now
        yield made


async def handed_in(drafts: Drafts, name: str, size: int = 700, *, case: str = "a") -> DraftRow:
    found = await drafts.hand_in(submission(name, size, case=case, drafter=caller("cara")))
    assert not isinstance(found, Submitted)
    return found[0]


def secrets_of(station: Station, drafts: Drafts, row: DraftRow) -> set[bytes]:
    """Key and salt of a draft, and every piece of what is sealed of it."""
    content, sha256 = drafts.content(row), row.payload_sha256
    assert row.sealed is not None
    assert sha256 is not None
    payload = station.store.read.payload(sha256) or station.gateway.blobs.path(sha256).read_bytes()
    return {content.cek, content.salt, *pieces(row.sealed), *pieces(payload)}


async def test_drafts_of_an_erased_case_are_found_nowhere_and_others_wait_on(both: Pair) -> None:
    station = both.sender
    drafts = Drafts(station.gateway, station.submit)
    rows = [
        await handed_in(drafts, "small"),
        await handed_in(drafts, "large", LARGE),
        await handed_in(drafts, "returned"),
    ]
    other = await handed_in(drafts, "other", case="other")
    before = secrets_of(station, drafts, rows[2])
    looked_at = [drafts.hash_of(each, drafts.content(each)) for each in rows]
    rows[2] = await drafts.give_back(caller("vera"), rows[2], looked_at[2], "In Zaragoza.")
    gone = {each for row in rows for each in secrets_of(station, drafts, row)} | before
    kept = secrets_of(station, drafts, other)
    assert found_of(gone, station.data)
    await erased(station, case_id("a"))
    assert found_of(gone, station.data) == []
    assert found_of(kept, station.data)
    states = [station.store.read.draft(each.id) for each in (*rows, other)]
    assert [each.state for each in states if each] == [DraftState.LAPSED] * 3 + [DraftState.WAITING]
    assert verify_ledger(station.data).problems == ()
    with pytest.raises(InvalidMessageError) as caught:
        await drafts.approve(caller("vera"), station.store.read.draft(rows[0].id) or rows[0], looked_at[0])
    assert caught.value.code == "draft-decided"


async def test_whose_draft_went_with_its_case_is_told(both: Pair) -> None:
    station = both.sender
    row = await handed_in(Drafts(station.gateway, station.submit), "small")
    await erased(station, case_id("a"))
    listings = await open_listings((station.data / DATABASE).absolute())
    try:
        extent = await listings.extent()
        assert extent.epoch is not None
        leaves = await listings.leaves(extent.epoch, 0, extent.size)
        told = [found for each in leaves if (found := happening_of(extent.epoch, each)) is not None]
    finally:
        await listings.close()
    (lapsed,) = (each for each in told if each.type is HappeningType.DRAFT_LAPSED)
    assert (lapsed.person, lapsed.facts) == ("cara", {"draft": row.id.hex()})


async def test_what_a_decided_draft_said_leaves_no_copy(both: Pair) -> None:
    """Its row is found by a random id, so what it says must not stand in it: rows move, and leave copies."""
    station = both.sender
    drafts = Drafts(station.gateway, station.submit)
    rows = [await handed_in(drafts, f"draft {number}", case=f"case {number}") for number in range(40)]
    gone = {each for row in rows for each in secrets_of(station, drafts, row)}
    for row in rows:
        await drafts.withdraw(caller("cara"), row)
    assert await station.store.empty_wal()
    assert found_of(gone, station.data) == []


async def test_why_a_message_went_alone_is_erased_with_it(both: Pair) -> None:
    station = both.sender
    for name, case in (("alone", "a"), ("other", "other")):
        await station.submit(
            submission(name, case=case, urgent=True, drafter=caller("cara"), emergency=f"{REASON} {name}")
        )
        await arrived(both)
        await SentAlone(station.gateway).review(
            caller("vera"), case_id(name), agrees=True, words=f"{WORDS} {name}"
        )
    row = station.store.read.alone(case_id("alone"))
    assert row is not None
    assert (row.reason, row.words, row.erased) == (f"{REASON} alone", f"{WORDS} alone", False)
    await erased(station, case_id("a"))
    assert found_of([f"{each} alone".encode() for each in (REASON, WORDS)], station.data) == []
    assert found_of([f"{each} other".encode() for each in (REASON, WORDS)], station.data)
    row = station.store.read.alone(case_id("alone"))
    assert row is not None
    assert (row.reason, row.words, row.erased, row.person) == ("", "", True, "cara")
    assert verify_ledger(station.data).problems == ()


async def test_what_is_said_of_a_message_after_its_erasure_is_not_kept(both: Pair) -> None:
    station = both.sender
    sent = submission("alone", case="a", urgent=True, drafter=caller("cara"), emergency=REASON)
    await station.submit(sent)
    await arrived(both)
    await erased(station, case_id("a"))
    row = await SentAlone(station.gateway).review(caller("vera"), case_id("alone"), agrees=False, words=WORDS)
    assert (row.agrees, row.words) == (False, "")
    assert found_of([WORDS.encode()], station.data) == []


async def test_a_draft_that_comes_between_plan_and_order_is_not_passed_over(both: Pair) -> None:
    station = both.sender
    async with erasing(station) as journey:
        plan = await journey.plan(case_id("a"))
        await handed_in(Drafts(station.gateway, station.submit), "small")
        with pytest.raises(ConfigurationError) as caught:
            await journey.order(plan, order())
        assert caught.value.code == "case-changed"
        assert station.store.read.erasures(case_id("a")) == []


async def test_a_draft_that_comes_while_its_case_is_erased_is_not_kept(both: Pair) -> None:
    station = both.sender
    drafts = Drafts(station.gateway, station.submit)
    late = submission("late", LARGE, case="a", drafter=caller("cara"))
    read_exactly, files = late.source.read_exactly, set(station.data.rglob("*"))
    times = 0

    async def slow(size: int) -> bytes:
        nonlocal times
        times += 1
        if times == 2:  # its attachments, for which whoever hands it in takes his time
            await erased(station, case_id("a"))
        return await read_exactly(size)

    late.source.read_exactly = slow  # type: ignore[method-assign]
    with pytest.raises(InvalidMessageError) as caught:
        await drafts.hand_in(late)
    assert caught.value.code == "case-changed"
    assert times > 1
    assert station.store.read.drafts_of_case(case_id("a")) == []
    assert {each for each in station.data.rglob("*") if each.is_file()} <= files
    # What is handed in behind the erasure is another matter, and its case begins again.
    assert (await handed_in(drafts, "late")).state is DraftState.WAITING


async def test_another_act_that_comes_meanwhile_does_not_stand_against_a_draft(both: Pair) -> None:
    station = both.sender
    drafts = Drafts(station.gateway, station.submit)
    late = submission("late", case="a", drafter=caller("cara"))
    read_exactly, times = late.source.read_exactly, 0

    async def slow(size: int) -> bytes:
        nonlocal times
        times += 1
        if times == 2:
            await bring(both, "b", case="a")
        return await read_exactly(size)

    late.source.read_exactly = slow  # type: ignore[method-assign]
    assert not isinstance(await drafts.hand_in(late), Submitted)
    assert times > 1
