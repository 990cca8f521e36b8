"""A restored folder bears a mark, and a start asks everybody before it signs."""

from pathlib import Path

from emla.bootstrap.restored import MARKER, Restored, forget_restored, is_restored, read_marker, write_marker
from emla.flow.channel.ledger_watch import BEHIND, RESTORED
from tests.support.key_house import SENDER
from tests.support.restored import Exchange, closed, exchange, line_of

RESTORED_THEN = Restored(at=1790000000, backup_at=1789000000, checkpoint="")


def test_the_mark_is_there_until_it_is_forgotten(tmp_path: Path) -> None:
    assert not is_restored(tmp_path)
    write_marker(tmp_path, RESTORED_THEN)
    assert is_restored(tmp_path)
    assert read_marker(tmp_path) == RESTORED_THEN
    for _ in range(2):
        forget_restored(tmp_path)
        assert not is_restored(tmp_path)


def test_a_mark_that_cannot_be_read_is_a_mark(tmp_path: Path) -> None:
    (tmp_path / MARKER).write_bytes(b"")
    assert is_restored(tmp_path)


async def test_everybody_is_asked_before_anything_is_signed(tmp_path: Path) -> None:
    async with exchange(tmp_path) as both:
        await both.copy()
        await both.there()
        await both.restore()
        await line_of(both.victim).ask_first(both.victim.own)
        assert closed(both.victim).code == BEHIND


async def gone_quiet(both: Exchange) -> None:
    """The peer's process is gone."""
    both.peer.store.broken = True


async def test_a_folder_that_bears_the_mark_is_closed(tmp_path: Path) -> None:
    async with exchange(tmp_path) as both:
        write_marker(both.victim.data, RESTORED_THEN)
        await gone_quiet(both)
        await line_of(both.victim).ask_first(both.victim.own)
        assert closed(both.victim).code == RESTORED


async def test_the_mark_goes_when_every_peer_has_answered(tmp_path: Path) -> None:
    async with exchange(tmp_path) as both:
        write_marker(both.victim.data, RESTORED_THEN)
        await line_of(both.victim).ask_first(both.victim.own)
        assert both.victim.store.read.closed() is None
        assert not is_restored(both.victim.data)


async def test_whoever_answered_before_the_folder_was_put_back_is_asked_again(tmp_path: Path) -> None:
    """A copy of a folder that was closed, and in which the only peer had answered."""
    async with exchange(tmp_path) as both:
        write_marker(both.victim.data, RESTORED_THEN)
        await both.victim.watch.restored()
        await both.victim.watch._asked(SENDER, gone=False)
        await both.copy()
        await both.victim.watch.open_if_whole()
        await both.here()
        await both.restore()
        await gone_quiet(both)
        await line_of(both.victim).ask_first(both.victim.own)
        assert closed(both.victim).code == RESTORED
        assert both.victim.watch.unanswered() == [SENDER]
