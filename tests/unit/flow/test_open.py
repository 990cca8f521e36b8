"""Open: an accepted package ends in exactly one verdict, signed, with a leg that carries it; a killer is quarantined."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from itertools import islice
from pathlib import Path

import pytest

from emla.flow.line import open as open_module
from emla.formats.strict_json import encode_octets
from emla.model.acknowledgement import Event
from emla.model.errors import StoreError
from emla.model.leg import InboxState, LegKind
from emla.ports.channel import ClosedRow
from emla.ports.sandbox import Verdict
from emla.steps.verify_acknowledgement import verify_acknowledgement
from tests.support.authorities import Package, Tampering, build, derived
from tests.support.away_store import AwayStore
from tests.support.gateways import select, until
from tests.support.received import AT, DE, Desk, desk, valid_package, valid_parts


@asynccontextmanager
async def opening(here: Desk) -> AsyncIterator[None]:
    """The journey, running."""
    running = asyncio.create_task(here.opening.run())
    try:
        yield
        assert not running.done()
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Desk]:
    async with desk(tmp_path) as one:
        yield one


async def verdict(here: Desk, package: Package) -> InboxState:
    """Accept a package and wait until it is judged."""
    assert (await here.take(package)).accepted
    here.opening.add(package.pid)
    async with opening(here):
        await until(lambda: bool(here.legs))
    row = here.home.store.read.received(package.pid)
    assert row is not None
    return row.state


async def test_while_nothing_can_be_signed_no_more_is_opened_than_finds_a_place(
    here: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(open_module, "_AT_ONCE", 3)
    monkeypatch.setattr(open_module, "_TOKEN_PAUSE_SECONDS", 0.01)
    for number in range(1, 11):
        assert (await here.take(valid_package(number))).accepted
    closed = ClosedRow(code="ledger-restored", since=1, peer=None, proof=None)
    await here.home.store.write(lambda transaction: transaction.close_ledger(closed))
    async with opening(here):
        await until(lambda: waiting(caplog) == 3)
        await asyncio.sleep(0.2)
        assert waiting(caplog) == 3  # each says it once
        await here.home.store.write(lambda transaction: transaction.open_ledger())
        await until(lambda: len(here.legs) == 10)


def waiting(caplog: pytest.LogCaptureFixture) -> int:
    return sum(each.message == "verdict waits" for each in caplog.records)


def check_acknowledged(here: Desk, package: Package, event: Event, reason: str | None) -> None:
    """The event is stored, verifies, and travels on an urgent leg of its own."""
    bundle = here.home.store.read.bundle(package.pid, event)
    assert bundle is not None
    verified = verify_acknowledgement(bundle, issuer=DE.authority, subject=package.subject)
    assert verified.acknowledgement.reason == reason
    leg = here.home.store.read.leg_of(LegKind.ACKNOWLEDGEMENT, verified.aid, about=package.pid)
    assert leg is not None
    assert (leg.peer, leg.urgent, leg.expires) == (AT.id, True, None)
    assert here.legs == [leg]
    assert len(here.home.store.read.acknowledgements(package.pid)) == 2


@pytest.mark.parametrize("size", [5000, 400_000], ids=["row", "file"])
async def test_a_good_package_is_consigned_with_its_record(here: Desk, size: int) -> None:
    package = valid_package(size=size)
    assert await verdict(here, package) is InboxState.CONSIGNED
    check_acknowledged(here, package, Event.CONTENT_CONSIGNMENT, None)
    content = here.hand_over.content(package.pid, package.signed)
    assert content is not None
    assert [part.size for part in content.manifest.parts][1] == size


@pytest.mark.parametrize(
    ("tampering", "code"),
    [
        (Tampering(manifest={"from": "hk.doj"}), "manifest-mismatch"),
        (Tampering(stanza=lambda stanza: stanza[:-1] + bytes([stanza[-1] ^ 1])), "stanza-mismatch"),
        (Tampering(wrapped_cek=lambda _: derived("another")), "commit-mismatch"),
        (Tampering(payload=lambda data: data[:40] + bytes([data[40] ^ 1]) + data[41:]), "chunk-damaged"),
        (Tampering(header={"content": encode_octets(bytes(32))}), "manifest-mismatch"),
    ],
)
async def test_a_bad_package_ends_as_content_consignment_failure(
    here: Desk, tampering: Tampering, code: str
) -> None:
    package = valid_package(tampering=tampering)
    assert await verdict(here, package) is InboxState.QUARANTINED
    check_acknowledged(here, package, Event.CONTENT_CONSIGNMENT_FAILURE, code)
    assert here.home.store.read.record(package.pid) is None


async def test_a_message_that_is_not_for_us_keeps_its_record_for_a_person(here: Desk) -> None:
    package = build(AT, DE, parts=valid_parts(recipient="hk.doj"))
    assert await verdict(here, package) is InboxState.QUARANTINED
    check_acknowledged(here, package, Event.CONTENT_CONSIGNMENT_FAILURE, "invalid-message")
    assert here.home.store.read.record(package.pid) is not None


async def test_an_opener_that_dies_twice_is_tried_again_and_each_death_is_a_row(here: Desk) -> None:
    package = valid_package()
    here.opener.deaths_to_come = 2
    assert await verdict(here, package) is InboxState.CONSIGNED
    row = here.home.store.read.received(package.pid)
    assert row is not None
    assert row.strikes == 2


async def test_after_three_strikes_it_is_quarantined_and_the_sender_is_told(here: Desk) -> None:
    package = valid_package()
    here.opener.deaths_to_come = 3
    assert await verdict(here, package) is InboxState.QUARANTINED
    assert here.opener.calls == 3
    check_acknowledged(here, package, Event.CONTENT_CONSIGNMENT_FAILURE, "three-strikes")


async def test_strikes_are_counted_across_restarts(tmp_path: Path) -> None:
    package = valid_package()
    async with desk(tmp_path) as here:
        await here.take(package)
        for _ in range(2):
            await here.home.store.write(lambda each: each.count_strike(package.pid))
    async with desk(tmp_path) as again:
        again.opener.deaths_to_come = 1
        async with opening(again):
            await until(lambda: bool(again.legs))
        assert again.opener.calls == 1
        check_acknowledged(again, package, Event.CONTENT_CONSIGNMENT_FAILURE, "three-strikes")


async def test_what_was_accepted_before_a_crash_is_opened_after_it_and_only_once(tmp_path: Path) -> None:
    packages = [valid_package(number) for number in (1, 2, 3)]
    async with desk(tmp_path) as here:
        for package in packages:
            await here.take(package)
    for _ in range(2):
        async with desk(tmp_path) as again, opening(again):
            await until(
                lambda: select(tmp_path, "SELECT count(*) FROM inbox WHERE state = 'CONSIGNED'") == [(3,)]
            )
    events = select(tmp_path, "SELECT event, count(*) FROM acknowledgement GROUP BY event ORDER BY event")
    assert events == [("ContentConsignment", 3), ("RelayAcceptance", 3)]


async def test_those_that_cannot_be_opened_hold_up_nobody_and_are_tried_again_at_the_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More of them than the store is asked for at once."""
    monkeypatch.setattr("emla.flow.line.open._QUEUE_MAX", 4)
    packages = [valid_package(number) for number in range(1, 7)]
    async with desk(tmp_path) as here:
        for package in packages:
            await here.take(package)
    stuck = {package.pid for package in packages[:4]}
    ended = [InboxState.ACCEPTED] * 4 + [InboxState.CONSIGNED] * 2
    for _ in range(2):
        async with desk(tmp_path) as again:
            calls = unreadable(again, stuck)

            def is_over(here: Desk = again, calls: list[bytes] = calls) -> bool:
                return stuck <= {*calls} and [state_of(here, package) for package in packages] == ended

            async with opening(again):
                await until(is_over)
                await asyncio.sleep(0.1)
            assert {pid: calls.count(pid) for pid in stuck} == dict.fromkeys(stuck, 1)


async def test_what_found_no_place_is_opened_wherever_it_stands(
    here: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such as one that comes out of quarantine when a pass through the store has gone by its place, or is over."""
    monkeypatch.setattr("emla.flow.line.open._QUEUE_MAX", 4)
    packages = [valid_package(number) for number in range(1, 9)]
    for package in packages:
        await here.take(package)
    order = iter(here.opening._next, None)
    seen = [row.pid for row in islice(order, 5)]
    assert seen == [package.pid for package in packages[:5]]
    for _ in range(2):
        for _ in range(4):
            here.opening.add(packages[7].pid)
        here.opening.add(packages[0].pid)
        assert packages[0].pid in [row.pid for row in order]
        order = iter(here.opening._next, None)
    assert list(order) == []


def unreadable(here: Desk, stuck: set[bytes]) -> list[bytes]:
    """The payloads of these cannot be read; returns every package that the opener is given."""
    calls: list[bytes] = []
    honest = here.opener.open

    async def opened(signed: bytes, pid: bytes, payload: bytes | Path) -> Verdict:
        calls.append(pid)
        if pid in stuck:
            raise StoreError("store-failed")
        return await honest(signed, pid, payload)

    here.opener.open = opened  # type: ignore[method-assign, assignment]
    return calls


def state_of(here: Desk, package: Package) -> InboxState:
    row = here.home.store.read.received(package.pid)
    assert row is not None
    return row.state


async def test_a_package_announced_twice_is_opened_once(here: Desk) -> None:
    package = valid_package()
    await here.take(package)
    for _ in range(3):
        here.opening.add(package.pid)
    async with opening(here):
        await until(lambda: bool(here.legs))
        here.opening.add(package.pid)
        await asyncio.sleep(0.05)
    assert here.opener.calls == 1


async def test_a_verdict_waits_for_the_token_that_signs_it(
    here: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The package is opened once, stays accepted meanwhile, and the worker goes on."""
    monkeypatch.setattr("emla.flow.line.open._TOKEN_PAUSE_SECONDS", 0)
    package = valid_package()
    assert (await here.take(package)).accepted
    away = AwayStore(here.home.gateway.store, refusals=3)
    here.home.gateway.store = away
    here.opening.add(package.pid)
    async with opening(here):
        await until(lambda: bool(here.legs))
    assert away.refusals == 0
    row = here.home.store.read.received(package.pid)
    assert row is not None
    assert row.state is InboxState.CONSIGNED
    check_acknowledged(here, package, Event.CONTENT_CONSIGNMENT, None)
