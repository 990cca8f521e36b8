"""Every commit of every journey fails once with nothing stored and once with everything stored; then a new process takes over.

The journeys run in this process over real folders. COMMITS names each commit a journey makes, in order; a journey that gains
one fails here until its new commit point is tried too.
"""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from emla.bootstrap.audit import verify_ledger
from emla.flow.line.legs import CloseLeg
from emla.flow.line.quarantine import ClosePackage
from emla.flow.line.relay import Relay
from emla.model.act import ActKind
from tests.faults.journeys import (
    RECIPIENT,
    SENDER,
    House,
    Journey,
    Late,
    closed,
    consigned,
    contradicted,
    expired,
    given_up,
    handed_over,
    held_already,
    let_out,
    put_aside,
    rejected,
)
from tests.support.books import read_books
from tests.support.faulty_store import Fate
from tests.support.folders import make_folder
from tests.support.in_process import DirectLine, InlineOpener, Station, TestClock
from tests.support.invariants import seen_is_stored, violations
from tests.support.messages import make_template

SMALL, LARGE = 700, 300 * 1024
FOR_EVER = 1_000_000


@dataclass(frozen=True, kw_only=True)
class Case:
    """A journey, its commits in order, and where the package must stand in the end."""

    journey: Journey
    commits: tuple[str, ...]
    leg: str
    inbox: str | None
    attachment_bytes: int = SMALL
    deaths: int = 0
    tried_from: int = 0
    """Commits before this one are those of another journey, which tries them."""
    tried_to: int | None = None


DELIVERED = ("submit: sender", "deliver: recipient", "deliver: sender")
PUSHED = ("push: sender", "push: recipient")
CONSIGNED = (*DELIVERED, "open: recipient", *PUSHED)
HANDED = (*CONSIGNED, "hand over: recipient", *PUSHED)
STRUCK = ("open: recipient",)
QUARANTINED = (*DELIVERED, *STRUCK * 3, "open: recipient", *PUSHED)


def by_officers(who: str) -> tuple[str, ...]:
    """The commits of an act of two officers, from their appointment on; the second one's word carries it out: C2, then C4."""
    steps = ("appoint, said", "appoint, agreed", "appoint, done", "close, said", *["close, agreed"] * 2)
    return tuple(f"{step}: {who}" for step in steps)


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
        commits=QUARANTINED,
        leg="CONSIGNMENT_FAILED",
        inbox="QUARANTINED",
        deaths=FOR_EVER,
    ),
    "put aside": Case(
        journey=put_aside,
        commits=("submit: sender", "put aside: sender", "let go: sender", *CONSIGNED[1:]),
        tried_from=1,
        tried_to=4,
        leg="CONSIGNED",
        inbox="CONSIGNED",
    ),
    "given up": Case(
        journey=given_up,
        commits=("submit: sender", *by_officers("sender")),
        leg="EXPIRED",
        inbox=None,
        tried_from=4,
    ),
    "let out": Case(
        journey=let_out,
        commits=(*QUARANTINED, "let out: recipient", "open: recipient", *PUSHED),
        tried_from=len(QUARANTINED),
        leg="CONSIGNED",
        inbox="CONSIGNED",
        deaths=FOR_EVER,
    ),
    "closed": Case(
        journey=closed,
        commits=(*QUARANTINED, *by_officers("recipient")),
        tried_from=len(QUARANTINED) + 3,
        leg="CONSIGNMENT_FAILED",
        inbox="CLOSED",
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
    for at in range(len(case.commits))[case.tried_from : case.tried_to]
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
    sender.effects[ActKind.LEG_CLOSE] = Late(
        lambda: CloseLeg(sender.gateway, Relay(sender.gateway, sender._deliver), sender.news)
    )
    recipient.effects[ActKind.PACKAGE_CLOSE] = Late(lambda: ClosePackage(recipient.gateway, recipient.news))
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
