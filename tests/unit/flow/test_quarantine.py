"""Quarantine: what could not be opened is opened once more when a person says so, or given up by two officers."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest

from emla.flow.line.quarantine import ClosePackage, Quarantine
from emla.flow.news import News
from emla.formats.event import decode as decode_event
from emla.model.acknowledgement import Event
from emla.model.act import Act, ActKind
from emla.model.errors import ConfigurationError, NotFoundError
from emla.model.leg import InboxState, LegState, leg_state
from emla.ports.store import Transaction
from tests.support.authorities import NOW, Package, derived
from tests.support.gateways import until
from tests.support.received import AT, DE, HK, Desk, desk, valid_package

LARGE = 400_000


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Desk]:
    async with desk(tmp_path) as one:
        running = asyncio.create_task(one.opening.run())
        yield one
        assert not running.done()
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


def state(here: Desk, package: Package) -> tuple[InboxState, str | None]:
    row = here.home.store.read.received(package.pid)
    assert row is not None
    return row.state, row.code


async def quarantined(here: Desk) -> Package:
    """A package on which the opener died three times."""
    package = valid_package()
    here.opener.deaths_to_come = 3
    await here.take(package)
    here.opening.add(package.pid)
    await until(lambda: state(here, package)[0] is InboxState.QUARANTINED)
    return package


def quarantine(here: Desk) -> Quarantine:
    return Quarantine(here.home.gateway, here.opening.add)


def said(here: Desk, package: Package) -> list[Event]:
    return [each.event for each in here.home.store.read.acknowledgements(package.pid)]


async def test_a_released_package_that_opens_now_is_consigned_and_both_sides_agree(here: Desk) -> None:
    package = await quarantined(here)
    await quarantine(here).release(package.pid)
    await until(lambda: state(here, package)[0] is InboxState.CONSIGNED)
    events = [Event.RELAY_ACCEPTANCE, Event.CONTENT_CONSIGNMENT_FAILURE, Event.CONTENT_CONSIGNMENT]
    assert said(here, package) == events
    # The sender's record is the fold of the same events.
    assert leg_state(frozenset(events)) is LegState.CONSIGNED
    await until(lambda: len(here.legs) == 2)
    row = here.home.store.read.received(package.pid)
    assert row is not None
    assert (row.strikes, row.code) == (0, None)
    (event,) = here.home.store.read.events("package.released", 9)
    assert decode_event(event.body).facts == {
        "pid": package.pid.hex(),
        "peer": AT.id,
        "code": "three-strikes",
    }


async def test_a_released_package_that_fails_again_goes_back_and_the_failure_is_said_once(here: Desk) -> None:
    package = await quarantined(here)
    here.opener.deaths_to_come = 3
    await quarantine(here).release(package.pid)
    await until(lambda: here.opener.calls == 6 and state(here, package)[0] is InboxState.QUARANTINED)
    assert state(here, package) == (InboxState.QUARANTINED, "three-strikes")
    assert said(here, package) == [Event.RELAY_ACCEPTANCE, Event.CONTENT_CONSIGNMENT_FAILURE]
    assert len(here.legs) == 1
    await quarantine(here).release(package.pid)
    await until(lambda: state(here, package)[0] is InboxState.CONSIGNED)


async def test_a_second_verdict_of_failure_is_kept_and_not_signed_again(tmp_path: Path) -> None:
    package = valid_package()
    async with desk(tmp_path) as here:
        await here.take(package)
        for _ in range(2):
            here.opener.deaths_to_come = 3
            row = here.home.store.read.received(package.pid)
            assert row is not None
            # One step of the worker at a time.
            found = await here.opening._judge(row)
            assert found is not None
            await here.opening._commit(row, found)
            assert state(here, package) == (InboxState.QUARANTINED, "three-strikes")
            await quarantine(here).release(package.pid)
        assert said(here, package) == [Event.RELAY_ACCEPTANCE, Event.CONTENT_CONSIGNMENT_FAILURE]


async def test_a_payload_that_cannot_be_read_is_shown_and_opened_again_without_a_restart(here: Desk) -> None:
    package = valid_package(size=LARGE)
    await here.take(package)
    row = here.home.store.read.received(package.pid)
    assert row is not None
    path = here.home.blobs.path(row.payload_sha256)
    away = path.with_name("away")
    path.rename(away)
    here.opening.add(package.pid)
    await until(lambda: state(here, package)[1] is not None)
    assert state(here, package) == (InboxState.ACCEPTED, "store-failed")
    assert here.home.store.read.unreadable_count() == 1
    # Nothing was signed about it: it is our own trouble.
    assert said(here, package) == [Event.RELAY_ACCEPTANCE]
    away.rename(path)
    await quarantine(here).release(package.pid)
    await until(lambda: state(here, package)[0] is InboxState.CONSIGNED)
    assert state(here, package)[1] is None
    assert here.home.store.read.unreadable_count() == 0


async def test_what_is_opened_or_waits_to_be_is_not_released(here: Desk) -> None:
    package = valid_package()
    await here.take(package)
    before = here.home.contents()
    with pytest.raises(ConfigurationError) as caught:
        await quarantine(here).release(package.pid)
    assert caught.value.code == "wrong-state"
    assert here.home.contents() == before
    with pytest.raises(NotFoundError):
        await quarantine(here).release(bytes(32))


# --- closing ---


def act_about(pid: bytes, peer: str = AT.id) -> Act:
    return Act(
        authority=DE.id,
        kind=ActKind.PACKAGE_CLOSE,
        facts={"pid": pid.hex(), "peer": peer, "reason": "It was sent anew."},
        at=NOW,
        nonce=derived("nonce", length=16),
    )


def nothing(transaction: Transaction) -> None:
    """What the act adds to its batch, in a test of its effect alone."""


async def test_a_closed_package_is_over_and_the_failure_stays_the_last_word(here: Desk) -> None:
    package = await quarantined(here)
    close, act = ClosePackage(here.home.gateway, News()), act_about(package.pid)
    close.check(act)
    await close(act, nothing)
    assert state(here, package) == (InboxState.CLOSED, "three-strikes")
    assert said(here, package) == [Event.RELAY_ACCEPTANCE, Event.CONTENT_CONSIGNMENT_FAILURE]
    assert here.home.store.read.quarantined_count() == 0
    for act_again in (close(act, nothing), quarantine(here).release(package.pid)):
        with pytest.raises(ConfigurationError) as caught:
            await act_again
        assert caught.value.code == "wrong-state"
    # A repeat of the offer is answered as ever.
    assert (await here.take(package)).accepted


async def test_only_what_is_in_quarantine_is_closed(here: Desk) -> None:
    package = valid_package()
    await here.take(package)
    close = ClosePackage(here.home.gateway, News())
    with pytest.raises(ConfigurationError):
        close.check(act_about(package.pid))
    for act in (act_about(package.pid, HK.id), act_about(bytes(32)), act_about(b"")):
        with pytest.raises(NotFoundError):
            close.check(act)
