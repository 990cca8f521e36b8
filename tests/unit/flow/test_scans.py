"""The malware scanner before the hand-over: what is not clean stays here until a person decides, and nothing is forgotten."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from emla.flow.events import CONTENT_READ, MALWARE_FOUND, PART_RELEASED
from emla.flow.line.hand_over import HandOver
from emla.flow.line.scan import Scans
from emla.flow.news import News
from emla.formats.event import decode
from emla.model.acknowledgement import Event
from emla.model.erasure import ErasureReason
from emla.model.errors import EmlaError, NotFoundError, StoreError
from emla.model.person import ALONE
from emla.model.scan import PartScan, Scanned, ScanVerdict
from emla.model.settings import ScannerSettings
from emla.ports.erasure import NewErasure
from emla.ports.scanner import Scanner
from emla.ports.store import Transaction
from tests.support.authorities import Package
from tests.support.faulty_store import Fate, FaultyStore
from tests.support.gateways import rows, until
from tests.support.received import AT, Desk, desk, valid_package, valid_parts
from tests.support.scanning import CLEAN, ScriptedScanner
from tests.support.told import all_of, feed_at, types
from tests.unit.flow.test_hand_over import consigned

BAD = Scanned(verdict=ScanVerdict.INFECTED, detail="Evil.One")
OTHER = Scanned(verdict=ScanVerdict.INFECTED, detail="Evil.Two")
FAILED = Scanned(verdict=ScanVerdict.FAILED, detail="It is not there.")
LARGE = Scanned(verdict=ScanVerdict.TOO_LARGE, detail="Too large.")
MAIN, ANNEX = (data for _, _, _, data in valid_parts())
HOUR = 3600
REASON = "A life is at risk; the sender was telephoned."


def only_annex(said: Scanned) -> ScriptedScanner:
    """A scanner that says so of the attachment, and that the message itself is clean."""
    return ScriptedScanner(says=lambda data: said if data == ANNEX else CLEAN)


class Ward:
    """A desk with one consigned package, and what stands before its parts."""

    def __init__(self, here: Desk, package: Package) -> None:
        self.here = here
        self.package = package
        self.use(None)

    def use(self, scanner: Scanner | None, **settings: object) -> None:
        """Set a scanner up, as a start of the server does."""
        gateway = self.here.home.gateway
        gateway.settings = replace(gateway.settings, scanner=replace(ScannerSettings(), **settings))  # type: ignore[arg-type] # names of settings
        self.scans = Scans(gateway, scanner)
        holdings = self.here.hand_over._holdings
        self.hand_over = HandOver(gateway, News(), self.here.legs.append, holdings, self.scans)

    async def open(self, number: int = 1) -> str:
        """Read a part: what the leaf tells of it, or the code of the refusal, which has left nothing of a hand-over."""
        before = self.handed()
        old = {each.body for each in self.here.home.store.read.events(CONTENT_READ, 99)}
        try:
            _, pieces = await self.hand_over.part(self.package.pid, number, ALONE)
        except EmlaError as error:
            assert self.handed() == before
            return error.code
        assert b"".join([each async for each in pieces]) == (MAIN, ANNEX)[number]
        new = {each.body for each in self.here.home.store.read.events(CONTENT_READ, 99)} - old
        (scan,) = {str(facts["scan"]) for each in new if (facts := decode(each).facts)["part"] == number}
        return scan

    def handed(self) -> tuple[int, int, int]:
        found = rows(self.here.home.data)
        return found["hand_over"], found["acknowledgement"], len(self.events(CONTENT_READ))

    def events(self, kind: str) -> list[dict[str, object]]:
        return [dict(decode(each.body).facts) for each in self.here.home.store.read.events(kind, 99)]

    def known(self, number: int = 1) -> PartScan | None:
        return self.here.home.store.read.scans(self.package.pid).get(number)

    def held(self) -> int:
        return self.here.home.store.read.held_part_count()

    async def release(self, seen: ScanVerdict) -> str:
        """Release the attachment; the code of the refusal, if it is refused."""
        suspect = await self.hand_over.suspect(self.package.pid, 1, ALONE)
        try:
            await self.scans.release(suspect, seen, caller=ALONE, role="central_officer", reason=REASON)
        except EmlaError as error:
            return error.code
        return "ok"

    def later(self, seconds: float) -> None:
        self.here.home.clock.at += seconds


@pytest.fixture
async def ward(tmp_path: Path) -> AsyncIterator[Ward]:
    async with desk(tmp_path) as here:
        package = valid_package()
        await consigned(here, package)
        yield Ward(here, package)


async def test_without_a_scanner_everything_opens_and_the_leaf_says_that_nobody_looked(ward: Ward) -> None:
    assert await ward.open() == "off"
    assert ward.known() is None


async def test_what_is_clean_is_scanned_once_and_again_when_the_scanner_may_know_more(ward: Ward) -> None:
    scanner = ScriptedScanner()
    ward.use(scanner, again_hours=24)
    assert [await ward.open(), await ward.open()] == ["clean", "clean"]
    assert scanner.seen == [ANNEX]
    assert await ward.open(0) == "clean"
    assert scanner.seen == [ANNEX, MAIN]
    ward.later(24 * HOUR)
    scanner.says = lambda data: BAD
    assert await ward.open() == "infected"
    # A clock that was set back makes no scan last longer.
    scanner.says = lambda data: CLEAN
    ward.later(-1000 * HOUR)
    assert await ward.open() == "clean"
    assert len(scanner.seen) == 4
    ward.use(scanner, again_hours=0)
    assert [await ward.open(), await ward.open()] == ["clean", "clean"]
    assert len(scanner.seen) == 6


async def test_what_is_infected_stays_here_with_one_leaf_and_the_rest_opens(ward: Ward) -> None:
    ward.use(only_annex(BAD), again_hours=0)
    assert [await ward.open(), await ward.open()] == ["infected", "infected"]
    assert await ward.open(0) == "clean"
    facts = {
        "pid": ward.package.pid.hex(),
        "peer": AT.id,
        "part": 1,
        "verdict": "infected",
        "detail": "Evil.One",
    }
    assert ward.events(MALWARE_FOUND) == [facts]
    assert ward.held() == 1
    assert [each.number for each in ward.here.home.store.read.held_parts(9)] == [1]


async def test_malware_is_no_word_to_the_sender_and_no_hand_over(ward: Ward) -> None:
    ward.use(only_annex(BAD))
    assert await ward.open() == "infected"
    assert ward.here.legs == []
    assert ward.here.home.store.read.bundle(ward.package.pid, Event.CONTENT_HANDOVER) is None


@pytest.mark.parametrize(("said", "code"), [(FAILED, "scanner-failed"), (LARGE, "not-scanned")])
async def test_what_nobody_looked_at_stays_here_and_is_tried_again_each_time(
    ward: Ward, said: Scanned, code: str
) -> None:
    scanner = ScriptedScanner(says=lambda data: said)
    ward.use(scanner)
    assert [await ward.open(), await ward.open()] == [code, code]
    scanner.says = lambda data: CLEAN
    assert await ward.open() == "clean"
    assert ward.held() == 0


async def test_a_part_too_large_is_not_given_to_the_scanner_and_the_ministry_says_what_follows(
    ward: Ward,
) -> None:
    scanner = ScriptedScanner()
    ward.use(scanner, part_bytes_max=len(ANNEX) - 1)
    assert await ward.open() == "not-scanned"
    ward.use(scanner, part_bytes_max=len(ANNEX) - 1, too_large="allow")
    assert await ward.open() == "allowed: too-large"
    assert scanner.seen == []
    ward.use(scanner, part_bytes_max=len(ANNEX))
    assert await ward.open() == "clean"


async def test_the_rule_about_what_is_too_large_lets_nothing_else_out(ward: Ward) -> None:
    ward.use(only_annex(FAILED), too_large="allow")
    assert await ward.open() == "scanner-failed"
    ward.use(only_annex(BAD), too_large="allow")
    assert await ward.open() == "infected"


async def test_a_finding_is_taken_back_by_a_scan_alone(ward: Ward) -> None:
    ward.use(only_annex(BAD))
    assert await ward.open() == "infected"
    # Neither by a scanner that fails, nor by one that was turned off, nor by a limit.
    ward.later(1000 * HOUR)
    ward.use(only_annex(FAILED))
    assert await ward.open() == "infected"
    ward.use(only_annex(LARGE), too_large="allow")
    assert await ward.open() == "infected"
    ward.use(None)
    assert await ward.open() == "infected"
    ward.use(only_annex(CLEAN))
    assert await ward.open() == "clean"
    ward.use(None)
    assert await ward.open() == "off"


# --- releases ---


async def test_a_release_is_in_the_ledger_with_person_and_reason_before_the_part_opens(ward: Ward) -> None:
    ward.use(only_annex(BAD))
    assert await ward.open() == "infected"
    assert await ward.release(ScanVerdict.INFECTED) == "ok"
    (facts,) = ward.events(PART_RELEASED)
    assert facts == {
        "pid": ward.package.pid.hex(),
        "peer": AT.id,
        "part": 1,
        "verdict": "infected",
        "detail": "Evil.One",
        "person": ALONE.id,
        "role": "central_officer",
        "reason": REASON,
    }
    assert ward.held() == 0
    assert await ward.open() == "released: infected Evil.One"


async def test_a_release_is_for_what_was_found_and_not_for_what_is_found_later(ward: Ward) -> None:
    scanner = only_annex(BAD)
    ward.use(scanner)
    assert await ward.open() == "infected"
    assert await ward.release(ScanVerdict.INFECTED) == "ok"
    ward.later(24 * HOUR)
    assert await ward.open() == "released: infected Evil.One"  # the same was found again
    ward.later(24 * HOUR)
    scanner.says = lambda data: OTHER
    assert await ward.open() == "infected"
    assert ward.held() == 1
    assert len(ward.events(MALWARE_FOUND)) == 2
    home = ward.here.home
    async with feed_at(home.data, home.store) as feed:
        told = [each for each in await all_of(feed) if "part" in each.facts]
    assert types(told) == ["received.suspect", "received.part-released", "received.suspect"]
    assert {(each.pid, tuple(each.facts.items())) for each in told} == {(ward.package.pid, (("part", 1),))}


async def test_a_release_of_what_nobody_looked_at_covers_no_malware(ward: Ward) -> None:
    scanner = only_annex(FAILED)
    ward.use(scanner)
    assert await ward.open() == "scanner-failed"
    assert await ward.release(ScanVerdict.FAILED) == "ok"
    # In an emergency nobody waits for a scanner that hangs.
    assert await ward.open() == "released: failed It is not there."
    assert len(scanner.seen) == 1
    ward.later(24 * HOUR)
    scanner.says = lambda data: Scanned(verdict=ScanVerdict.FAILED, detail="For another reason.")
    assert await ward.open() == "released: failed For another reason."
    ward.later(24 * HOUR)
    scanner.says = lambda data: BAD
    assert await ward.open() == "infected"


async def test_nothing_is_released_that_was_not_seen_so_or_is_not_kept_back(ward: Ward) -> None:
    assert await ward.release(ScanVerdict.INFECTED) == "wrong-state"
    ward.use(only_annex(FAILED))
    assert await ward.open() == "scanner-failed"
    assert await ward.release(ScanVerdict.INFECTED) == "wrong-state"
    ward.use(only_annex(CLEAN))
    assert await ward.open() == "clean"
    assert await ward.release(ScanVerdict.FAILED) == "wrong-state"
    assert ward.events(PART_RELEASED) == []


# --- many at once ---


async def test_many_who_ask_for_a_part_wait_for_one_scan_and_who_leaves_does_not_end_it(ward: Ward) -> None:
    scanner = ScriptedScanner(gate=asyncio.Event(), says=lambda data: BAD)
    ward.use(scanner)
    readers = [asyncio.create_task(ward.open()) for _ in range(5)]
    while not scanner.seen:
        await asyncio.sleep(0)
    readers[0].cancel()
    await asyncio.gather(readers[0], return_exceptions=True)
    assert scanner.gate is not None
    scanner.gate.set()
    assert await asyncio.gather(*readers[1:]) == ["infected"] * 4
    assert len(scanner.seen) == 1
    assert ward.scans.results == {"infected": 1}


async def test_only_so_many_parts_are_scanned_at_once(ward: Ward) -> None:
    scanner = ScriptedScanner(gate=asyncio.Event())
    ward.use(scanner, at_once=1)
    readers = [asyncio.create_task(ward.open(number)) for number in (0, 1)]
    await until(lambda: bool(scanner.seen) and bool(ward.scans._places._waiters))
    assert len(scanner.seen) == 1
    assert scanner.gate is not None
    scanner.gate.set()
    assert await asyncio.gather(*readers) == ["clean", "clean"]


async def test_the_end_of_the_server_ends_scans(ward: Ward) -> None:
    scanner = ScriptedScanner(gate=asyncio.Event())
    ward.use(scanner)
    reader = asyncio.create_task(ward.open())
    while not scanner.seen:
        await asyncio.sleep(0)
    await ward.scans.close()
    with pytest.raises(asyncio.CancelledError):
        await reader
    assert ward.known() is None


# --- what was erased ---


def ordered(transaction: Transaction, pid: bytes, *, alone: bool) -> None:
    """Order that a package is erased; `alone`: its content."""
    about = pid if alone else None
    order = NewErasure(case_id=bytes(16), why=ErasureReason.ORDER, person="p", reason="x", at=0, pid=about)
    transaction.order_erasure(order, [pid])


@pytest.mark.parametrize("alone", [False, True], ids=["case", "content"])
async def test_what_is_erased_leaves_no_scan_and_none_that_ends_later_is_kept(
    ward: Ward, *, alone: bool
) -> None:
    scanner = only_annex(BAD)
    ward.use(scanner, again_hours=0)
    assert await ward.open() == "infected"
    assert await ward.release(ScanVerdict.INFECTED) == "ok"
    scanner.gate, scanner.says = asyncio.Event(), lambda data: CLEAN
    reader = asyncio.create_task(ward.open())
    while len(scanner.seen) < 2:
        await asyncio.sleep(0)
    pid, store = ward.package.pid, ward.here.home.store

    def erase(transaction: Transaction) -> None:
        ordered(transaction, pid, alone=alone)
        (transaction.overwrite_content if alone else transaction.overwrite)(pid)

    await store.write(erase)
    assert ward.known() is None
    scanner.gate.set()
    assert await reader == "erased"
    found = rows(ward.here.home.data)
    assert (found["scan"], found["scan_release"]) == (0, 0)


@pytest.mark.parametrize("alone", [False, True], ids=["case", "content"])
async def test_a_release_of_what_is_erased_meanwhile_leaves_nothing(ward: Ward, *, alone: bool) -> None:
    ward.use(only_annex(BAD))
    assert await ward.open() == "infected"
    pid, store = ward.package.pid, ward.here.home.store
    suspect = await ward.hand_over.suspect(pid, 1, ALONE)
    await store.write(lambda each: ordered(each, pid, alone=alone))
    with pytest.raises(NotFoundError) as caught:
        await ward.scans.release(suspect, ScanVerdict.INFECTED, caller=ALONE, role="x", reason=REASON)
    assert caught.value.code == "erased"
    assert ward.events(PART_RELEASED) == []
    assert rows(ward.here.home.data)["scan_release"] == 0


# --- what a crash leaves ---


@pytest.mark.parametrize("fate", Fate)
async def test_a_crash_at_a_scan_hands_nothing_over_and_the_next_start_scans_again_or_knows(
    ward: Ward, fate: Fate
) -> None:
    gateway, real = ward.here.home.gateway, ward.here.home.store
    gateway.store = FaultyStore(real, lambda: fate)
    ward.use(only_annex(BAD))
    with pytest.raises(StoreError):
        await ward.hand_over.part(ward.package.pid, 1, ALONE)
    assert ward.handed() == (0, 2, 0)
    assert (ward.known() is None) is (fate is Fate.LOST)
    assert len(ward.events(MALWARE_FOUND)) == (fate is Fate.KEPT)
    gateway.store = real
    ward.use(only_annex(BAD))
    assert await ward.open() == "infected"
    assert len(ward.events(MALWARE_FOUND)) == 1


@pytest.mark.parametrize("fate", Fate)
async def test_a_crash_at_a_release_leaves_it_with_its_leaf_or_neither(ward: Ward, fate: Fate) -> None:
    ward.use(only_annex(BAD))
    assert await ward.open() == "infected"
    gateway, real = ward.here.home.gateway, ward.here.home.store
    gateway.store = FaultyStore(real, lambda: fate)
    suspect = await ward.hand_over.suspect(ward.package.pid, 1, ALONE)
    with pytest.raises(StoreError):
        await ward.scans.release(suspect, ScanVerdict.INFECTED, caller=ALONE, role="x", reason=REASON)
    gateway.store = real
    known = ward.known()
    assert known is not None
    assert (known.released is not None) is (fate is Fate.KEPT)
    assert len(ward.events(PART_RELEASED)) == (fate is Fate.KEPT)
