"""Row 31. Recipient returns 200 without acknowledgement for a week.

Expected: leg keeps retrying, HELD at threshold, RelayFailure at expiry.
"""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from emla.flow.line.receive_acknowledgement import ReceiveAcknowledgement
from emla.flow.line.watch_legs import WatchLegs
from emla.flow.news import News
from emla.model.acknowledgement import Event
from emla.model.documents import Authority
from emla.model.leg import LegKind, LegState
from emla.model.settings import RelaySettings
from emla.ports.store import Transaction
from emla.ports.transport import Refusal
from tests.support.gateways import TurnedClock, acknowledgement_id_of, answer_of, select
from tests.support.packages import package_of
from tests.support.relay_line import AT, DE, PEERS, Line, line
from tests.support.scripted_transport import ScriptedTransport

PACKAGE = package_of(AT, DE, 1)
WEEK = RelaySettings().hold_after_seconds


class Mute(ScriptedTransport):
    """Success without an acknowledgement; at last, perhaps, with one."""

    answer = b"<html>OK</html>"

    async def send_package(
        self, peer: Authority, pid: bytes, signed: bytes, payload: bytes | Path, payload_size: int
    ) -> bytes | Refusal:
        await self._run(peer.id, pid)
        return self.answer


def _nothing(transaction: Transaction) -> None:
    """A write that only gives others company."""


async def tried(here: Line, times: int) -> LegState | None:
    """Wait until it was tried so often, or is put aside."""

    def attempts() -> int:
        return int(str(select(here.home.data, "SELECT attempts FROM leg")[0][0]))

    async with asyncio.timeout(30):
        while attempts() < times and here.state() is not LegState.HELD:
            await here.home.store.write(_nothing)
            await asyncio.sleep(0)
    return here.state()


async def held_after_a_week(here: Line) -> None:
    begun = here.home.clock.at
    await here.submit(1)
    times = 1
    while await tried(here, times) is LegState.READY:
        assert here.home.clock.at - begun < WEEK + 3600
        here.home.clock.at += 12 * 3600
        # Its documents come by themselves, and are fresh: a peer that is silent altogether is another matter.
        peer = here.home.gateway.directory.peers[DE.id]
        peer.row = replace(peer.row, pinned_at=int(here.home.clock.at))
        times += 1
        here.relay.retry(DE.id)
    assert here.home.clock.at - begun >= WEEK
    assert times > 7 * 2


@pytest.fixture
def transport() -> Mute:
    return Mute(PEERS)


async def test_it_is_tried_for_a_week_then_put_aside_and_expires(tmp_path: Path, transport: Mute) -> None:
    async with line(tmp_path, transport, clock=TurnedClock()) as here:
        await _with_a_long_life(here)
        await held_after_a_week(here)
        calls = len(transport.calls)
        here.relay.retry(DE.id)
        watch = WatchLegs(here.home.gateway, News())
        await watch.round()
        assert (here.state(), len(transport.calls)) == (LegState.HELD, calls)
        leg = here.home.store.read.leg_of(LegKind.PACKAGE, PACKAGE.pid)
        assert leg is not None
        assert leg.expires is not None
        here.home.clock.at = float(leg.expires)
        await watch.round()
        assert here.state() is LegState.EXPIRED
        said = {each.event: each.reason for each in here.home.store.read.acknowledgements(PACKAGE.pid)}
        assert said[Event.RELAY_FAILURE] == "expired"


async def test_a_genuine_acknowledgement_ends_the_hold(tmp_path: Path, transport: Mute) -> None:
    async with line(tmp_path, transport, clock=TurnedClock()) as here:
        await _with_a_long_life(here)
        await held_after_a_week(here)
        receive = ReceiveAcknowledgement(here.home.gateway, News(), lambda peer: None)
        for event, state in (
            (Event.CONTENT_CONSIGNMENT, LegState.HELD),
            (Event.RELAY_ACCEPTANCE, LegState.CONSIGNED),
        ):
            bundle = answer_of(DE, PACKAGE.subject, event)
            await receive(acknowledgement_id_of(bundle), bundle)
            assert here.state() is state


async def _with_a_long_life(here: Line) -> None:
    """Let legs of this line live for thirty days instead of one."""
    submit = here.submit

    async def submitted(number: int, peer: str = DE.id) -> None:
        await submit(number, peer)

        def longer(transaction: Transaction) -> None:
            execute = transaction._execute  # type: ignore[attr-defined]  # the row of the harness, not of a journey
            execute("UPDATE leg SET expires = created + 30 * 86400")

        await here.home.store.write(longer)

    here.submit = submitted  # type: ignore[method-assign]  # this line's only
