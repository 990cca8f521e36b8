"""Row 36. An insider restores last week's backup.

Expected: the tree is smaller than peers hold: signing refused; recovery opens a new epoch that peers see.
"""

import shutil
from pathlib import Path

import pytest

from emla.bootstrap.audit import verify_ledger
from emla.bootstrap.restored import Restored, is_restored, write_marker
from emla.flow.channel.ledger_watch import BEHIND, RESTORED
from emla.formats.acknowledgement import decode_bundle
from emla.ledger.checkpoint import decode as decode_checkpoint
from emla.model.acknowledgement import Event
from emla.model.errors import InvalidDocumentError, NotFoundError
from emla.model.leg import InboxState, LegState
from tests.support.folders import make_folder
from tests.support.gateways import select
from tests.support.in_process import DirectLine, InlineOpener, Station, TestClock
from tests.support.key_house import RECIPIENT, SENDER
from tests.support.restored import closed, exchange, line_of, state


async def test_a_restored_copy_signs_nothing_recovers_by_two_persons_and_gets_everything_back(
    tmp_path: Path,
) -> None:
    async with exchange(tmp_path) as both:
        await both.there()
        await both.here()
        await both.both_ask()
        await both.copy()
        lost = [await both.there(), await both.there()]
        lost_own = [await both.here(), await both.here()]
        bundles = {pid: both.victim.store.read.bundle(pid, Event.RELAY_ACCEPTANCE) for pid in lost}
        await both.restore()
        assert both.victim.store.read.received(lost[0]) is None
        # It asks before it signs, and what the peer holds closes it.
        await both.victim.rounds.at_start()
        assert closed(both.victim).code == BEHIND
        assert closed(both.victim).peer == SENDER
        size = both.victim.store.real.ledger_size
        assert await both.refusal() == BEHIND
        waiting = await both.house.hand_in()
        assert [each.code for each in await both.peer.deliver(RECIPIENT)] == [BEHIND]
        assert both.victim.store.real.ledger_size == size
        # Two officers, then the root: until then it stays closed, after that a new epoch has begun.
        await both.recover()
        assert both.victim.store.read.closed() is None
        assert both.house.recipient.authority.card.ledger_origin == f"{RECIPIENT}/emla/1/2"
        # The peer sees the new epoch, and keeps what it knew of the old one.
        await both.peer.refresh.fetch(RECIPIENT)
        await both.both_ask()
        await both.both_ask()
        new, old = both.peer.store.read.seen(RECIPIENT)
        assert (new.origin, old.origin) == (f"{RECIPIENT}/emla/1/2", f"{RECIPIENT}/emla/1/1")
        assert old.size > size
        assert select(both.peer.data, "SELECT count(*) FROM event WHERE kind = 'peer.epoch'") == [(1,)]
        # What was lost is here again, with the very acknowledgements of then.
        for pid in lost:
            assert both.victim.store.read.bundle(pid, Event.RELAY_ACCEPTANCE) == bundles[pid]
        for pid in lost_own:
            assert state(both.victim, pid) is LegState.CONSIGNED
        await both.victim.open()
        for pid in lost:
            row = both.victim.store.read.received(pid)
            assert row is not None
            assert row.state is InboxState.CONSIGNED
            assert both.victim.store.read.record(pid) is not None
        # What waited goes on, and numbers begin anew.
        await both.peer.deliver(RECIPIENT)
        assert state(both.peer, waiting) is LegState.ACCEPTED
        fresh = both.victim.store.read.sent(await both.here())
        assert fresh is not None
        assert (fresh.epoch, fresh.seq) == (2, 1)
        accepted = both.victim.store.read.bundle(waiting, Event.RELAY_ACCEPTANCE)
        assert accepted is not None
        assert decode_checkpoint(decode_bundle(accepted).checkpoint).checkpoint.origin.endswith("/2")
        for each in (both.victim, both.peer):
            found = verify_ledger(each.data)
            assert found.problems == ()
        assert [each.origin for each in verify_ledger(both.victim.data).former] == [f"{RECIPIENT}/emla/1/1"]


async def test_an_old_copy_is_found_out_by_a_package_of_its_own_that_it_does_not_know(tmp_path: Path) -> None:
    async with exchange(tmp_path) as both:
        await both.here()
        await both.both_ask()
        await both.copy()
        both.house.clock.moved_by += 2
        await both.here()
        await both.restore()
        # The peer holds no larger checkpoint: nothing of the victim's was acknowledged since. But it holds the package.
        both.house.clock.moved_by += 2
        size = both.victim.store.real.ledger_size
        assert all(row.size <= size for row in both.peer.store.read.seen(RECIPIENT))
        await both.victim.rounds.at_start()
        assert closed(both.victim).code == BEHIND


async def test_a_folder_marked_as_restored_signs_nothing_until_every_peer_has_answered(
    tmp_path: Path,
) -> None:
    async with exchange(tmp_path) as both:
        await both.there()
        await both.both_ask()
        await both.victim.watch.restored()
        assert closed(both.victim).code == RESTORED
        assert await both.refusal() == RESTORED
        assert both.victim.watch.unanswered() == [SENDER]
        await both.victim.rounds.at_start()
        assert both.victim.store.read.closed() is None
        await both.here()
        assert verify_ledger(both.victim.data).problems == ()


async def test_a_peer_that_is_gone_is_not_waited_for(tmp_path: Path) -> None:
    async with exchange(tmp_path) as both:
        await both.there()
        await both.victim.watch.restored()
        await both.victim.watch.gone(SENDER)
        assert both.victim.store.read.closed() is None
        assert verify_ledger(both.victim.data).problems == ()


async def _lone_and_restored(folder: Path, *, shown: bool) -> tuple[Station, Station]:
    """Two gateways; one is put back to the day before it knew the other, and has started.

    Args:
        folder: where they lie.
        shown: whether the other was shown a checkpoint since that day.
    """
    stations: dict[str, Station] = {}
    line = DirectLine(lambda peer: stations[peer])
    clock = TestClock()
    for name in (RECIPIENT, SENDER):
        make_folder(folder / name, name)
        stations[name] = Station(folder / name, line, clock, InlineOpener(folder / name))
        stations[name].start()
    victim, peer = stations[RECIPIENT], stations[SENDER]
    await victim.own.start()
    await victim.close()
    shutil.copytree(victim.data, folder / "backup")
    victim.start()
    await victim.pin(peer.data)
    await peer.pin(victim.data)
    clock.moved_by += 2
    if shown:
        await victim.channels.exchange(SENDER)
        clock.moved_by += 2
    await victim.close()
    shutil.rmtree(victim.data)
    shutil.copytree(folder / "backup", victim.data)
    write_marker(victim.data, Restored(at=1790000000, backup_at=1789000000, checkpoint=""))
    victim.start()
    await line_of(victim).ask_first(victim.own)
    return victim, peer


async def test_a_backup_from_before_the_first_pin_opens_nothing_by_itself(tmp_path: Path) -> None:
    victim, peer = await _lone_and_restored(tmp_path, shown=True)
    assert victim.watch.unanswered() == []
    assert closed(victim).code == RESTORED
    assert is_restored(victim.data)
    # The peer that it had is imported, which a closed ledger allows, and answers.
    await victim.pin(peer.data)
    await victim.rounds.at_start()
    assert closed(victim).code == BEHIND
    for each in (victim, peer):
        await each.close()


async def test_a_peer_that_is_imported_and_holds_no_more_opens_it(tmp_path: Path) -> None:
    victim, peer = await _lone_and_restored(tmp_path, shown=False)
    assert closed(victim).code == RESTORED
    await victim.pin(peer.data)
    await victim.rounds.at_start()
    assert victim.store.read.closed() is None
    assert not is_restored(victim.data)
    for each in (victim, peer):
        await each.close()


async def test_a_ledger_that_is_whole_does_not_begin_a_new_epoch(tmp_path: Path) -> None:
    async with exchange(tmp_path) as both:
        with pytest.raises(InvalidDocumentError, match=r"The ledger is whole"):
            await both.recover()


async def test_a_closed_ledger_stays_closed_over_a_restart(tmp_path: Path) -> None:
    async with exchange(tmp_path) as both:
        await both.copy()
        await both.there()
        await both.restore()
        await both.victim.rounds.at_start()
        await both.victim.restart()
        assert closed(both.victim).code == BEHIND
        await both.recover()
        await both.victim.restart()
        assert both.victim.store.read.closed() is None
        assert both.house.recipient.authority.card.epoch == 2


async def test_a_peer_that_does_not_answer_keeps_a_restored_ledger_closed(tmp_path: Path) -> None:
    async with exchange(tmp_path) as both:
        await both.there()
        await both.victim.watch.restored()
        await both.victim.watch._asked("fr.doj", gone=False)  # another one has answered
        both.peer.store.broken = True  # its process is gone
        await both.victim.rounds.at_start()
        assert closed(both.victim).code == RESTORED
        assert both.victim.watch.unanswered() == [SENDER]


async def test_a_ledger_that_is_behind_is_not_opened_by_answers(tmp_path: Path) -> None:
    async with exchange(tmp_path) as both:
        await both.copy()
        await both.there()
        await both.restore()
        await both.victim.watch.restored()
        await both.victim.rounds.at_start()
        assert both.victim.watch.unanswered() == []
        assert closed(both.victim).code == BEHIND
        await both.victim.watch.answered(SENDER)
        with pytest.raises(NotFoundError):
            await both.victim.watch.gone("fr.doj")
        await both.victim.watch.gone(SENDER)
        assert closed(both.victim).code == BEHIND
