"""A peer that is away for a moment costs a moment: what waits for it is not put off as if it had been away all day."""

import asyncio
import contextlib
import os
from pathlib import Path

from emla.flow.line.relay import Relay
from emla.model.leg import Leg
from emla.model.settings import PeerSettings
from emla.ports.transport import Refusal
from tests.support.books import reading
from tests.support.folders import make_folder
from tests.support.in_process import DirectLine, InlineOpener, Station, TestClock
from tests.support.messages import make_template

SENDER, RECIPIENT = "at.moj", "jp.moj"
IN_FLIGHT = PeerSettings().transfers_per_peer
FIRST_SPAN_SECONDS = 2.0


async def test_legs_that_fail_together_count_as_one_failure(tmp_path: Path) -> None:
    station = await station_with_legs(tmp_path)
    started, all_started = 0, asyncio.Event()

    async def peer_goes_away(leg: Leg) -> Refusal:
        nonlocal started
        started += 1
        if started == IN_FLIGHT:
            all_started.set()
        await all_started.wait()
        return Refusal(code="peer-unreachable")

    begun = station.clock.now()
    relay = asyncio.create_task(Relay(station.gateway, peer_goes_away).run())
    times: list[float] = []
    for _ in range(1000):
        times = next_times(station)
        if len(times) == IN_FLIGHT:
            break
        await asyncio.sleep(0.01)
    now = station.clock.now()
    relay.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await relay
    await station.close()

    assert len(times) == IN_FLIGHT
    assert begun < min(times)
    assert max(times) <= now + FIRST_SPAN_SECONDS


async def station_with_legs(folder: Path) -> Station:
    """A station with as many READY legs as are tried at once, whose luck with jitter is always the worst."""
    for name in (SENDER, RECIPIENT):
        make_folder(folder / name, name)
    station = Station(
        folder / SENDER, DirectLine(lambda peer: station), TestClock(), InlineOpener(folder / SENDER)
    )
    station.start()
    await station.pin(folder / RECIPIENT)
    template = make_template(sender=SENDER, recipient=RECIPIENT, attachment=b"")
    for _ in range(IN_FLIGHT):
        await station.hand_in(template, os.urandom(16))
    assert station.gateway.settings.peer.transfers_per_peer == IN_FLIGHT
    station.gateway.entropy = lambda count: b"\xff" * count
    return station


def next_times(station: Station) -> list[float]:
    """When each leg that failed once is tried again."""
    with reading(station.data) as database:
        return [
            row[0]
            for row in database.execute("SELECT next_at FROM leg WHERE attempts = 1 AND state = 'READY'")
        ]
