"""A database that is gone, or was put back, beside the file of our own documents: the file tells, before anything is signed."""

import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from emla.bootstrap import backup_create
from emla.bootstrap.audit import verify_ledger
from emla.bootstrap.backup_restore import restore_backup, verify_backup
from emla.bootstrap.backup_source import small_files
from emla.bootstrap.checkup import Verdict
from emla.bootstrap.doctor_store import check_database
from emla.bootstrap.own import DATABASE, filed_authority, own_authority, own_file
from emla.flow.channel.ledger_watch import BEHIND
from emla.formats.export import encode_export
from emla.ledger.checkpoint import decode
from emla.model.errors import ConfigurationError
from tests.support.backups import AT, FIND, back_up
from tests.support.in_process import Station
from tests.support.key_house import DAY, RECIPIENT
from tests.support.restored import Exchange, closed, exchange, line_of


@pytest.fixture
async def both(tmp_path: Path) -> AsyncIterator[Exchange]:
    async with exchange(tmp_path) as made:
        yield made


async def ask_first(station: Station) -> None:
    await line_of(station).ask_first(station.own)
    await station.own.start()
    await station.upkeep.sign_status()


async def start_with(both: Exchange, database: Path | None) -> None:
    """Start with this database, or with none; the peer cannot be asked."""
    await both.victim.close()
    for path in both.victim.data.glob(f"{DATABASE}*"):
        path.unlink()
    if database is not None:
        shutil.copy(database, both.victim.data / DATABASE)
    both.victim.start()
    both.peer.store.broken = True
    await ask_first(both.victim)
    both.peer.store.broken = False


async def sign_another(both: Exchange) -> None:
    """The status of the next day, which bears the newest checkpoint."""
    both.house.clock.moved_by += DAY
    await both.victim.upkeep.sign_status()


async def test_a_database_that_is_gone_closes_the_ledger(both: Exchange) -> None:
    await both.there()
    await sign_another(both)
    status = both.victim.own.authority.status
    assert status is not None
    assert decode(status.checkpoint).checkpoint.size > 0
    await start_with(both, None)
    row = closed(both.victim)
    assert (row.code, row.peer, row.proof) == (BEHIND, RECIPIENT, status.checkpoint)
    assert both.victim.store.real.ledger_size == 0
    assert own_authority(both.victim.data).status == status, "nothing was signed over it"
    assert await both.refusal() == BEHIND
    # It stays so, and two officers and the root begin the next epoch, as ever.
    await both.victim.restart()
    await ask_first(both.victim)
    await both.house.recipient.appoint()
    await both.recover()
    assert both.victim.store.read.closed() is None
    assert both.house.recipient.authority.card.ledger_origin == f"{RECIPIENT}/emla/1/2"
    await both.victim.pin(both.peer.data)
    assert await both.peer.refresh.fetch(RECIPIENT)
    both.house.clock.moved_by += 2
    await both.there()
    assert verify_ledger(both.victim.data).problems == ()
    await both.victim.restart()
    await ask_first(both.victim)
    assert both.victim.store.read.closed() is None


async def test_a_database_that_was_put_back_closes_the_ledger(both: Exchange) -> None:
    await both.there()
    await both.copy()
    await both.there()
    await sign_another(both)
    published = both.victim.own.authority
    await start_with(both, both.backup / DATABASE)
    row = closed(both.victim)
    assert published.status is not None
    assert (row.code, row.proof) == (BEHIND, published.status.checkpoint)
    assert own_authority(both.victim.data).documents == published.documents, "what was published is kept"
    assert verify_ledger(both.victim.data).problems == ()


async def test_a_status_that_the_database_does_not_know_closes_the_ledger(both: Exchange) -> None:
    """Its checkpoint is from before the copy; that it was signed has a leaf all the same."""
    await both.there()
    await both.copy()
    await sign_another(both)
    published = both.victim.own.authority
    await both.there()
    await start_with(both, both.backup / DATABASE)
    row = closed(both.victim)
    assert (row.code, row.proof) == (BEHIND, published.documents.status)


async def test_a_later_epoch_in_the_file_closes_the_ledger(both: Exchange) -> None:
    await both.copy()
    await both.victim.close()
    both.victim.start()
    await both.victim.watch.close(BEHIND)
    await both.recover()
    await start_with(both, both.backup / DATABASE)
    assert closed(both.victim).code == BEHIND
    assert max(row.epoch for row in both.victim.store.read.seen(RECIPIENT)) == 2


@pytest.mark.parametrize("octets", [None, b"", b"{}", b"older", b"as it is"])
async def test_a_file_that_lags_or_is_damaged_stops_nothing(both: Exchange, octets: bytes | None) -> None:
    file = own_file(both.victim.data)
    older = file.read_bytes()
    await both.there()
    await sign_another(both)
    newest = file.read_bytes()
    file.unlink()
    if octets is not None:
        file.write_bytes({b"older": older, b"as it is": newest}.get(octets, octets))
    assert list(check_database(both.victim.data)) == []
    await both.victim.restart()
    seen, both.peer.store.broken = both.victim.store.read.seen(RECIPIENT), True
    await ask_first(both.victim)
    both.peer.store.broken = False
    assert both.victim.store.read.closed() is None
    assert both.victim.store.read.seen(RECIPIENT) == seen, "our own file is nobody else"
    await both.here()
    assert own_authority(both.victim.data).documents == both.victim.own.authority.documents


async def test_the_doctor_fails_on_both(both: Exchange) -> None:
    await both.there()
    await both.copy()
    assert list(check_database(both.victim.data)) == []
    await both.there()
    await sign_another(both)
    assert list(check_database(both.victim.data)) == []
    await both.victim.close()
    kept = both.victim.data / "kept"
    (both.victim.data / DATABASE).rename(kept)
    (gone,) = check_database(both.victim.data)
    shutil.copy(both.backup / DATABASE, both.victim.data / DATABASE)
    (older,) = check_database(both.victim.data)
    assert [each.verdict for each in (gone, older)] == [Verdict.FAIL] * 2
    assert "gone" in gone.found
    assert "older" in older.found
    for path in both.victim.data.glob(f"{DATABASE}*"):
        path.unlink()
    kept.rename(both.victim.data / DATABASE)
    both.victim.start()


async def test_no_backup_is_made_of_a_folder_whose_database_is_gone(both: Exchange, tmp_path: Path) -> None:
    await both.victim.close()
    kept = both.victim.data / "kept"
    (both.victim.data / DATABASE).rename(kept)
    with pytest.raises(ConfigurationError, match="is gone") as caught:
        back_up(both.victim.data, tmp_path / "refused")
    assert caught.value.code == "backup-incomplete"
    assert not (tmp_path / "refused").exists()
    made = back_up(both.victim.data, tmp_path / "made", insist=True)
    assert "is gone" in made.problems[0]
    assert verify_backup(tmp_path / "made", FIND).problems == made.problems
    kept.rename(both.victim.data / DATABASE)
    both.victim.start()


async def test_a_status_that_is_signed_while_the_database_is_copied_does_not_make_the_backup_lag(
    both: Exchange, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await both.there()
    older, file = own_authority(both.victim.data), own_file(both.victim.data)
    await sign_another(both)
    newer = file.read_bytes()
    assert filed_authority(both.victim.data) != older

    def small_files_after(data: Path) -> Iterator[tuple[str, bytes]]:
        file.write_bytes(newer)
        yield from small_files(data)

    file.write_bytes(encode_export(older.documents))
    monkeypatch.setattr(backup_create, "small_files", small_files_after)
    back_up(both.victim.data, tmp_path / "made")
    restore_backup(tmp_path / "made", tmp_path / "again", FIND, now=AT)
    assert filed_authority(tmp_path / "again") == older
