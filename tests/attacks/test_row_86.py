"""Row 86. A gateway is restored from an older backup while peers kept going; COMMIT outcome unknown at every batch.

Expected: recovery mode, no seq reuse, lost packages refetched, no second checkpoint of equal size.
"""

import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from emla.bootstrap.audit import verify_ledger
from emla.flow.channel.ledger_watch import BEHIND
from emla.model.errors import StoreError, TransportError
from tests.support.faulty_store import Fate
from tests.support.gateways import select
from tests.support.key_house import RECIPIENT, SENDER
from tests.support.restored import Exchange, closed, exchange, own_checkpoints, shown_checkpoints

Step = Callable[[], Awaitable[object]]
FOR_EVER = 1_000_000


@dataclass
class Fault:
    """The one commit that fails, of both gateways together."""

    both: Exchange
    at: int
    fate: Fate
    commits: list[str] = field(default_factory=list)

    def watch(self) -> None:
        self.both.victim.on_commit = lambda: self._ask("victim")
        self.both.peer.on_commit = lambda: self._ask("peer")

    def _ask(self, name: str) -> Fate | None:
        self.commits.append(name)
        return self.fate if len(self.commits) - 1 == self.at else None

    async def do(self, step: Step) -> None:
        """Do one thing; a process whose commit failed ends, a new one reads what is there, and it is done again."""
        for _ in range(3):
            with contextlib.suppress(StoreError, TransportError):
                await step()
            broken = [each for each in (self.both.victim, self.both.peer) if each.store.broken]
            if not broken:
                return
            for each in broken:
                await each.restart()
        raise AssertionError("one failure broke it more than once")


async def run(both: Exchange, fault: Fault) -> None:
    """Both write to each other and compare what they hold."""
    fault.watch()
    for step in (both.there, both.here, both.both_ask, both.there):
        await fault.do(step)


def nothing_is_contradicted(both: Exchange) -> None:
    """Whatever anybody holds of a ledger is in it, at its size and with its root; and nobody holds two packages of one place."""
    for holder, issuer, name in ((both.peer, both.victim, RECIPIENT), (both.victim, both.peer, SENDER)):
        assert shown_checkpoints(holder, name) <= own_checkpoints(issuer)
        assert select(holder.data, "SELECT count(*) FROM equivocation") == [(0,)]
        assert issuer.store.read.closed() is None
        assert verify_ledger(issuer.data).problems == ()


async def commits_of_an_exchange(folder: Path) -> int:
    async with exchange(folder) as both:
        fault = Fault(both, FOR_EVER, Fate.LOST)
        await run(both, fault)
        nothing_is_contradicted(both)
        return len(fault.commits)


@pytest.mark.parametrize("fate", Fate)
async def test_a_commit_of_unknown_outcome_never_leads_to_a_second_checkpoint_of_one_size(
    tmp_path: Path, fate: Fate
) -> None:
    count = await commits_of_an_exchange(tmp_path / "counted")
    assert count > 15
    for number in range(count):
        async with exchange(tmp_path / str(number)) as both:
            await run(both, Fault(both, number, fate))
            nothing_is_contradicted(both)


async def restored(both: Exchange) -> list[bytes]:
    """The victim is put back to before two packages each way, and knows it; what was lost."""
    await both.there()
    await both.here()
    await both.both_ask()
    await both.copy()
    lost = [await both.there(), await both.here(), await both.there(), await both.here()]
    await both.restore()
    await both.victim.rounds.at_start()
    assert closed(both.victim).code == BEHIND
    return lost


async def recovery(both: Exchange, fault: Fault) -> None:
    fault.watch()

    async def recover() -> None:
        if both.house.recipient.authority.card.epoch == 1:
            await both.recover()

    for step in (recover, lambda: both.peer.refresh.fetch(RECIPIENT), both.both_ask, both.both_ask):
        await fault.do(step)
    # A return that was refused because the process was gone is tried again in a day, or by a new process.
    await both.peer.restart()
    await fault.do(both.both_ask)


def everything_is_back(both: Exchange, lost: list[bytes]) -> None:
    for pid in lost:
        read = both.victim.store.read
        assert read.received(pid) or read.sent(pid)
    assert both.house.recipient.authority.card.epoch == 2
    assert select(both.peer.data, "SELECT count(*) FROM equivocation") == [(0,)]
    for each in (both.victim, both.peer):
        assert verify_ledger(each.data).problems == ()


async def commits_of_a_recovery(folder: Path) -> int:
    async with exchange(folder) as both:
        lost = await restored(both)
        fault = Fault(both, FOR_EVER, Fate.LOST)
        await recovery(both, fault)
        everything_is_back(both, lost)
        return len(fault.commits)


@pytest.mark.parametrize("fate", Fate)
async def test_a_recovery_that_is_cut_at_any_commit_comes_to_its_end(tmp_path: Path, fate: Fate) -> None:
    count = await commits_of_a_recovery(tmp_path / "counted")
    assert count > 10
    for number in range(count):
        async with exchange(tmp_path / str(number)) as both:
            lost = await restored(both)
            await recovery(both, Fault(both, number, fate))
            everything_is_back(both, lost)


async def test_after_a_recovery_numbers_begin_anew_and_none_is_used_twice(tmp_path: Path) -> None:
    async with exchange(tmp_path) as both:
        await restored(both)
        await both.recover()
        await both.peer.refresh.fetch(RECIPIENT)
        await both.both_ask()
        await both.here()
        await both.here()
        places = select(both.peer.data, "SELECT epoch, seq FROM received ORDER BY epoch, seq")
        assert places == [(1, 1), (1, 2), (1, 3), (2, 1), (2, 2)]
        assert select(both.victim.data, "SELECT epoch, seq FROM sent ORDER BY epoch, seq") == places
