"""Every commit of every journey fails once with nothing stored and once with everything stored; then a new process takes over.

The journeys run in this process over real folders. COMMITS names each commit a journey makes, in order; a journey that gains
one fails here until its new commit point is tried too.
"""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from emla.bootstrap.audit import verify_ledger
from emla.formats import dsse
from emla.formats import header as header_form
from emla.model.acknowledgement import Event
from emla.model.errors import InvalidPackageError, StoreError
from emla.model.package import Header
from emla.model.signed import PayloadType
from tests.support.books import read_books
from tests.support.faulty_store import Fate
from tests.support.in_process import (
    BytesSource,
    DirectLine,
    InlineOpener,
    Station,
    TestClock,
    make_folder,
)
from tests.support.invariants import seen_is_stored, violations
from tests.support.messages import Template, make_template

SENDER, RECIPIENT = "at.moj", "jp.moj"
MESSAGE_ID = bytes.fromhex("0123456789abcdef0123456789abcdef")
SMALL, LARGE = 700, 300 * 1024
AFTER_EXPIRY_SECONDS = 61 * 86400
FOR_EVER = 1_000_000


@dataclass
class House:
    """Two stations, and the one commit that fails."""

    sender: Station
    recipient: Station
    template: Template
    fail_at: int | None = None
    fate: Fate | None = None
    step: str = ""
    commits: list[str] = field(default_factory=list)
    shown: dict[tuple[bytes, Event], bytes] = field(default_factory=dict)
    pid: bytes = b""

    def commit_by(self, name: str) -> Callable[[], Fate | None]:
        """What a station asks before it commits."""

        def on_commit() -> Fate | None:
            self.commits.append(f"{self.step}: {name}")
            return self.fate if len(self.commits) - 1 == self.fail_at else None

        return on_commit

    def begin(self, step: str, station: Station) -> None:
        """Name what is done next; a station that broke does nothing any more.

        Raises:
            StoreError: it broke.
        """
        self.step = step
        if station.store.broken:
            raise StoreError("stopping")

    async def submit(self) -> bytes:
        """The careful case system hands its message in; it remembers what it was shown."""
        self.begin("submit", self.sender)
        pid = (await self.sender.hand_in(self.template, MESSAGE_ID)).pid
        bundle = self.sender.store.read.bundle(pid, Event.SUBMISSION_ACCEPTANCE)
        assert bundle is not None
        assert self.shown.setdefault((pid, Event.SUBMISSION_ACCEPTANCE), bundle) == bundle
        self.pid = pid
        return pid

    async def deliver(self) -> None:
        self.begin("deliver", self.sender)
        await self.sender.deliver(RECIPIENT)

    async def open(self) -> None:
        self.begin("open", self.recipient)
        await self.recipient.open()

    async def push(self) -> None:
        self.begin("push", self.recipient)
        await self.recipient.deliver(SENDER)

    async def hand_over(self, pid: bytes) -> None:
        self.begin("hand over", self.recipient)
        assert await self.recipient.read_main(pid) == self.template.fill(MESSAGE_ID, MESSAGE_ID)

    async def until_done(self, journey: "Journey") -> None:
        """Run a journey; whoever breaks is built again from its folder, and the journey is run again."""
        for _ in range(3):
            try:
                await journey(self)
            except StoreError:
                assert self.sender.store.broken or self.recipient.store.broken
            broken = [each for each in (self.sender, self.recipient) if each.store.broken]
            if not broken:
                return
            for each in broken:
                await each.restart()
        raise AssertionError("one failure broke it more than once")


Journey = Callable[[House], Awaitable[None]]


async def handed_over(house: House) -> None:
    pid = await house.submit()
    await house.deliver()
    await house.open()
    await house.push()
    await house.hand_over(pid)
    await house.push()


async def consigned(house: House) -> None:
    await house.submit()
    await house.deliver()
    await house.open()
    await house.push()


async def rejected(house: House) -> None:
    house.recipient.clock.moved_by = AFTER_EXPIRY_SECONDS
    await house.submit()
    await house.deliver()


async def expired(house: House) -> None:
    house.sender.clock.moved_by = 0
    await house.submit()
    house.sender.clock.moved_by = AFTER_EXPIRY_SECONDS
    await house.deliver()


async def contradicted(house: House) -> None:
    """The sender's key also signs a second package for the same place."""
    await consigned(house)
    house.begin("contradict", house.recipient)
    with pytest.raises(InvalidPackageError) as caught:
        await offer(house, lambda header: replace(header, created=header.created - 1))
    assert caught.value.code == "equivocation"


async def held_already(house: House) -> None:
    """The same payload comes again in another package."""
    await consigned(house)
    house.begin("repeat", house.recipient)
    await offer(house, lambda header: replace(header, msg=bytes(16), seq=2, prev=house.pid))


async def offer(house: House, change: Callable[[Header], Header]) -> None:
    """Offer the package again with another header, genuinely signed."""
    row = house.sender.store.read.sent(house.pid)
    assert row is not None
    header = change(header_form.decode(header_form.decode_signed(row.signed).payload))
    payload = header_form.encode(header)
    signed = dsse.sign(PayloadType.HEADER, payload, house.sender.gateway.identity.signer)
    body = house.sender.store.read.payload(row.payload_sha256)
    assert body is not None
    await house.recipient.accept(header_form.package_id(payload), signed, BytesSource(body))


@dataclass(frozen=True, kw_only=True)
class Case:
    """A journey, its commits in order, and where the package must stand in the end."""

    journey: Journey
    commits: tuple[str, ...]
    leg: str
    inbox: str | None
    attachment_bytes: int = SMALL
    deaths: int = 0


DELIVERED = ("submit: sender", "deliver: recipient", "deliver: sender")
PUSHED = ("push: sender", "push: recipient")
CONSIGNED = (*DELIVERED, "open: recipient", *PUSHED)
HANDED = (*CONSIGNED, "hand over: recipient", *PUSHED)
STRUCK = ("open: recipient",)

CASES = {
    "handed over": Case(journey=handed_over, commits=HANDED, leg="HANDED", inbox="HANDED"),
    "large": Case(journey=handed_over, commits=HANDED, leg="HANDED", inbox="HANDED", attachment_bytes=LARGE),
    "opener died twice": Case(
        journey=consigned,
        commits=(*DELIVERED, *STRUCK * 2, "open: recipient", *PUSHED),
        leg="CONSIGNED",
        inbox="CONSIGNED",
        deaths=2,
    ),
    "quarantined": Case(
        journey=consigned,
        commits=(*DELIVERED, *STRUCK * 3, "open: recipient", *PUSHED),
        leg="CONSIGNMENT_FAILED",
        inbox="QUARANTINED",
        deaths=FOR_EVER,
    ),
    "rejected": Case(journey=rejected, commits=DELIVERED, leg="REJECTED", inbox=None),
    "expired": Case(
        journey=expired, commits=("submit: sender", "deliver: sender"), leg="EXPIRED", inbox=None
    ),
    "contradicted": Case(
        journey=contradicted,
        commits=(*CONSIGNED, "contradict: recipient"),
        leg="CONSIGNED",
        inbox="CONSIGNED",
    ),
    "held already": Case(
        journey=held_already, commits=(*CONSIGNED, "repeat: recipient"), leg="CONSIGNED", inbox="CONSIGNED"
    ),
}
FAULTS = [
    pytest.param(name, at, fate, id=f"{name}-{at}-{case.commits[at]}-{fate.name}")
    for name, case in CASES.items()
    for at in range(len(case.commits))
    for fate in Fate
]


@pytest.fixture(scope="module")
def pinned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two authorities that know each other; each test works on a copy."""
    folder = tmp_path_factory.mktemp("pinned")
    for name in (SENDER, RECIPIENT):
        make_folder(folder / name, name)
    asyncio.run(pin_each_other(folder))
    return folder


async def pin_each_other(folder: Path) -> None:
    stations = make_stations(folder)
    for station, other in ((SENDER, RECIPIENT), (RECIPIENT, SENDER)):
        stations[station].start()
        await stations[station].pin(folder / other)
        await stations[station].close()


def make_stations(folder: Path) -> dict[str, Station]:
    stations: dict[str, Station] = {}
    line = DirectLine(lambda peer: stations[peer])
    for name in (SENDER, RECIPIENT):
        stations[name] = Station(folder / name, line, TestClock(), InlineOpener(folder / name))
    return stations


@pytest.fixture
async def house(pinned: Path, tmp_path: Path) -> AsyncIterator[House]:
    shutil.copytree(pinned, tmp_path, dirs_exist_ok=True)
    stations = make_stations(tmp_path)
    sender, recipient = stations[SENDER], stations[RECIPIENT]
    template = make_template(sender=SENDER, recipient=RECIPIENT, attachment=b"")
    made = House(sender=sender, recipient=recipient, template=template)
    sender.on_commit, recipient.on_commit = made.commit_by("sender"), made.commit_by("recipient")
    for each in (sender, recipient):
        each.start()
    yield made
    for each in (sender, recipient):
        await each.close()


def prepare(house: House, case: Case) -> None:
    attachment = os.urandom(case.attachment_bytes)
    house.template = make_template(sender=SENDER, recipient=RECIPIENT, attachment=attachment)
    house.recipient.opener.deaths = case.deaths


def check(house: House, case: Case) -> None:
    folders = house.sender.data, house.recipient.data
    assert [str(each) for each in violations(*folders)] == []
    assert [verify_ledger(folder).problems for folder in folders] == [(), ()]
    ours, theirs = (read_books(folder) for folder in folders)
    assert [str(each) for each in seen_is_stored(ours, house.shown)] == []
    assert list(ours.sent) == [house.pid]
    assert [leg.state for leg in ours.legs] == [case.leg]
    assert {pid: each.state for pid, each in theirs.received.items()} == (
        {house.pid: case.inbox} if case.inbox else {}
    )


@pytest.mark.parametrize("name", CASES)
async def test_a_journey_makes_exactly_the_commits_that_are_tried_here(house: House, name: str) -> None:
    case = CASES[name]
    prepare(house, case)
    await house.until_done(case.journey)
    assert tuple(house.commits) == case.commits
    check(house, case)


@pytest.mark.parametrize(("name", "at", "fate"), FAULTS)
async def test_a_commit_that_fails_loses_and_doubles_nothing(
    house: House, name: str, at: int, fate: Fate
) -> None:
    case = CASES[name]
    prepare(house, case)
    house.fail_at, house.fate = at, fate
    await house.until_done(case.journey)
    assert house.commits[at] == case.commits[at]
    check(house, case)
