"""What follows from a status: what was lost is said and given again, and what one side does not take keeps back nothing else."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from emla.flow.channel import own_status as channel_status
from emla.model.documents import Authority
from emla.model.leg import LegState
from emla.ports.transport import Refusal
from emla.steps.verify_acknowledgement import read_acknowledgement
from tests.support.channel_words import accepted, heard, said
from tests.support.key_house import RECIPIENT, SENDER
from tests.support.restored import Exchange, exchange, state


@pytest.fixture
async def both(tmp_path: Path) -> AsyncIterator[Exchange]:
    async with exchange(tmp_path) as made:
        yield made


async def test_a_handover_that_was_lost_comes_with_a_later_status(
    both: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The peer was put back to before it heard that an officer had read the package."""
    pid = await both.house.hand_in()
    await both.peer.deliver(RECIPIENT)
    await both.victim.open()
    await both.victim.deliver(SENDER)
    assert state(both.peer, pid) is LegState.CONSIGNED
    await both.victim.read_main(pid)
    (leg,) = both.victim.store.read.due_legs(SENDER, float("inf"), 10)
    await both.victim.store.write(lambda each: each.move_leg(leg.id, LegState.READY, LegState.DONE))
    assert state(both.peer, pid) is LegState.CONSIGNED
    monkeypatch.setattr(channel_status, "_JUDGED_SHARE", 1.0)
    await both.both_ask()
    assert state(both.peer, pid) is LegState.HANDED


async def test_judged_packages_have_a_place_beside_those_that_wait(
    both: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged = await both.there()
    waiting = [await both.house.hand_in() for _ in range(3)]
    await both.peer.deliver(RECIPIENT)
    for name, value in (("_JUDGED_SHARE", 1.0), ("_JUDGED_MAX", 1), ("PIDS_MAX", 3)):
        monkeypatch.setattr(channel_status, name, value)
    assert (await said(both.peer, RECIPIENT)).missing == (*waiting[:2], judged)
    monkeypatch.setattr(channel_status, "_JUDGED_SHARE", 0.0)
    assert (await said(both.peer, RECIPIENT)).missing == tuple(waiting)


async def test_of_many_that_were_judged_each_comes_to_be_named(both: Exchange) -> None:
    pids = [await both.house.hand_in() for _ in range(5)]
    await both.peer.deliver(RECIPIENT)
    await both.victim.open()
    await both.victim.deliver(SENDER)
    read = both.peer.store.read
    assert read.judged(RECIPIENT, 0.0, 9) == pids
    assert read.judged(RECIPIENT, 0.5, 9) == [*pids[2:], *pids[:2]]
    assert read.judged(RECIPIENT, 0.999, 2) == [pids[4], pids[0]]
    assert read.judged("fr.doj", 0.5, 9) == []


async def test_an_acknowledgement_that_a_peer_never_takes_keeps_back_no_other(
    both: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused, wanted = await both.house.hand_in(), await both.house.hand_in()
    await accepted(both, refused)
    await accepted(both, wanted)
    line = both.victim.settle.transport
    honest = line.send_acknowledgement

    async def send(peer: Authority, aid: bytes, bundle: bytes) -> Refusal | None:
        if read_acknowledgement(bundle).acknowledgement.pid == refused:
            return Refusal(code="revoked-key")
        return await honest(peer, aid, bundle)

    monkeypatch.setattr(line, "send_acknowledgement", send)
    await both.both_ask()
    assert state(both.peer, wanted) is LegState.ACCEPTED
    assert state(both.peer, refused) is LegState.READY


@pytest.mark.parametrize("code", ["http-502", "maintenance", "unknown-sender", "peer-nonsense"])
async def test_what_passes_keeps_a_return_for_no_day(
    both: Exchange, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    """A proxy before the peer answers for it for a second: the next status, an hour later, brings what was lost."""
    lost = await both.there()
    line, offered = both.peer.settle.transport, list[bytes]()

    async def send(peer: Authority, pid: bytes, *_: object) -> Refusal | None:
        offered.append(pid)
        return Refusal(code=code)

    monkeypatch.setattr(line, "send_return", send)
    for _ in range(2):
        await heard(both, received=())
    assert offered == [lost, lost]
