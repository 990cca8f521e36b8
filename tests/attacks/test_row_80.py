"""Row 80. ENOSPC, EIO, failed fsync at the k-th call, for all k.

Expected: stops acknowledging, clean exit, recovers. Commits that fail on either side are in tests/faults/test_commit_points.py;
a process whose writes begin to fail is in tests/integration/test_trouble.py; here are the files beside the database (payloads,
keys, documents, backups) at every call, and SQLite's own "disk full" at every page.
"""

import hashlib
import shutil
import sqlite3
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest

from emla.bootstrap.audit import verify_ledger
from emla.bootstrap.backup_restore import restore_backup, verify_backup
from emla.bootstrap.own import write_own_file
from emla.keyring.files import FileUse, make_key, read_key, write_key
from emla.keyring.media import open_backup_key, read_media_key, read_public, write_media_key
from emla.keyring.private_files import replace_private
from emla.model.acknowledgement import Event
from emla.model.errors import ConfigurationError, StoreError
from tests.support.backups import AT, FIND, LARGE, MADE, RECEIVER, SENDER, Pair, back_up, pair
from tests.support.faulty_files import Fault, each_call, faulty_files
from tests.support.in_process import Station
from tests.support.locking import PASSPHRASE
from tests.support.messages import Template, make_template

FAULTS = tuple(Fault)
NAME = hashlib.shake_128(b"row 80").digest(16)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Pair]:
    async with pair(tmp_path) as made:
        yield made


def template_of(attachment_bytes: int) -> Template:
    return make_template(sender=SENDER, recipient=RECEIVER, attachment=b"a" * attachment_bytes)


def blobs(station: Station) -> set[str]:
    return {path.name for path in (station.data / "blobs").rglob("*") if path.is_file()}


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_payload_that_cannot_be_stored_is_not_acknowledged_and_the_rest_goes_on(
    house: Pair, fault: Fault
) -> None:
    """The sender's file and the recipient's, at every call: refused without a trace, and the next attempt is taken."""
    template, station = template_of(LARGE), house.sender
    for at in range(100):
        with faulty_files(station.data, fault, at) as faults:
            try:
                await station.hand_in(template, NAME)
            except StoreError as error:
                assert error.code == ("disk-full" if fault is Fault.FULL else "store-failed")
                assert station.store.read.sent_by_message(NAME) is None
                assert not station.store.broken
        assert list((station.data / "tmp").iterdir()) == []
        if not faults.struck:
            break
    assert at > (2 if fault is Fault.SYNC else 4)
    pid = (await station.hand_in(template, NAME)).pid
    for at in range(100):
        with faulty_files(house.recipient.data, fault, at) as faults:
            refusals = await station.deliver(RECEIVER)
        assert bool(refusals) is faults.struck
        held = house.recipient.store.read.bundle(pid, Event.RELAY_ACCEPTANCE) is not None
        assert held is not faults.struck, "acknowledged exactly when it is durable"
        if not faults.struck:
            break
    await house.recipient.open()
    await house.recipient.deliver(SENDER)
    for each in (house.sender, house.recipient):
        await each.restart()
        assert verify_ledger(each.data).problems == ()
        # What was on its way when the disk failed is a file that no row points to: swept when it is a day old.
        ((sha256,),) = rows(each, "SELECT sha256 FROM payload")
        assert isinstance(sha256, bytes)
        assert sha256.hex() in blobs(each)


@pytest.mark.parametrize("attachment_bytes", [700, LARGE])
async def test_a_database_that_fills_at_any_page_stops_and_recovers_with_all_that_was_acknowledged(
    house: Pair, attachment_bytes: int
) -> None:
    """SQLite says SQLITE_FULL when it asks for page number k, for all k of a batch, at the sender and at the recipient."""
    template, number = template_of(attachment_bytes), 0
    for station in (house.sender, house.recipient):
        for pages in range(200):
            number += 1
            name = hashlib.shake_128(number.to_bytes(4, "big")).digest(16)
            if station is house.recipient:
                await house.sender.hand_in(template, name)
            limit_growth(station, pages)
            failures = watch_failures(station)
            with suppress(StoreError):
                if station is house.sender:
                    await house.sender.hand_in(template, name)
                else:
                    await house.sender.deliver(RECEIVER)
            if full := bool(failures):
                assert failures == ["disk-full"]
                acknowledged = leaves_of(station)
                await station.restart()
                assert leaves_of(station) == acknowledged
            else:
                limit_growth(station, 1 << 24)
            assert verify_ledger(station.data).problems == ()
            if not full:
                break
        assert pages > 0
    # Whoever was refused hands in again; whatever waits is delivered: once each.
    await house.sender.deliver(RECEIVER)
    await house.recipient.open()
    await house.recipient.deliver(SENDER)
    sent = {row[0] for row in rows(house.sender, "SELECT pid FROM sent")}
    assert sent == {row[0] for row in rows(house.recipient, "SELECT pid FROM received")}
    assert {row[0] for row in rows(house.sender, "SELECT state FROM leg WHERE kind = 'package'")} == {
        "CONSIGNED"
    }


def limit_growth(station: Station, pages: int) -> None:
    """Let the database grow by so many pages and no more."""
    writer = station.store.real._connection
    (count,) = writer.execute("PRAGMA page_count").fetchone()
    writer.execute(f"PRAGMA max_page_count={count + pages}").fetchone()


def watch_failures(station: Station) -> list[str]:
    """The codes with which the storage fails from now on; it is broken then, as for the real process."""
    codes: list[str] = []

    def failed(error: StoreError) -> None:
        codes.append(error.code)
        station.store.broken = True

    writer = station.store.real._writer
    assert writer is not None
    writer._on_failure = failed
    return codes


def leaves_of(station: Station) -> list[tuple[object, ...]]:
    return rows(station, "SELECT idx, digest FROM leaf ORDER BY idx")


def rows(station: Station, sql: str) -> list[tuple[object, ...]]:
    with sqlite3.connect(f"{(station.data / 'emla.db').as_uri()}?mode=ro", uri=True) as database:
        return database.execute(sql).fetchall()


@pytest.mark.parametrize("fault", FAULTS)
def test_a_key_file_is_there_whole_or_not_at_all(tmp_path: Path, fault: Fault) -> None:
    key, folder = make_key(FileUse.SIGN, seed=bytes(32), created=AT), tmp_path / "keys"

    def prepare() -> None:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700)

    def attempt() -> None:
        with suppress(OSError, ConfigurationError):
            write_key(folder, key)

    tried = 0
    for _ in each_call(folder, fault, prepare, attempt):
        found = [path for path in folder.iterdir() if not path.name.startswith(".")]
        assert [read_key(path) for path in found] in ([], [key])
        tried += 1
    assert tried >= (2 if fault is Fault.SYNC else 5)
    (made,) = folder.iterdir()
    assert read_key(made) == key


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("name", ["documents/own.json", "keys/wrap.json"])
def test_a_file_that_is_replaced_is_the_old_one_or_the_new_one(
    tmp_path: Path, fault: Fault, name: str
) -> None:
    """Half of either would lock the authority out of its own house."""
    path, old, new = tmp_path / name, b"the old one" * 100, b"the new one" * 100
    path.parent.mkdir()

    def prepare() -> None:
        path.write_bytes(old)

    def attempt() -> None:
        with suppress(OSError):
            if path.name == "own.json":
                write_own_file(tmp_path, new)
            else:
                replace_private(path, new)

    tried = 0
    for _ in each_call(path.parent, fault, prepare, attempt):
        assert path.read_bytes() in (old, new)
        tried += 1
    assert tried >= (2 if fault is Fault.SYNC else 5)
    assert path.read_bytes() == new


@pytest.mark.parametrize("fault", FAULTS)
def test_a_key_on_media_is_made_with_its_public_half_or_not_at_all(tmp_path: Path, fault: Fault) -> None:
    path = tmp_path / "stick" / "backup.json"

    def prepare() -> None:
        shutil.rmtree(path.parent, ignore_errors=True)
        path.parent.mkdir()

    def attempt() -> None:
        with suppress(ConfigurationError):
            write_media_key(path, MADE)

    tried = 0
    for _ in each_call(path.parent, fault, prepare, attempt):
        assert list(path.parent.iterdir()) == []
        tried += 1
    assert tried >= (2 if fault is Fault.SYNC else 6)
    locked = read_media_key(path)
    assert locked is not None
    assert open_backup_key(path, locked, PASSPHRASE).kid == read_public(path.with_name("backup.pub.json")).kid


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_backup_is_there_whole_or_not_at_all(house: Pair, tmp_path: Path, fault: Fault) -> None:
    await house.exchange(LARGE)
    target = tmp_path / "media" / "a.backup"
    target.parent.mkdir()
    codes = []

    def attempt() -> None:
        try:
            back_up(house.sender.data, target)
        except (StoreError, ConfigurationError) as error:
            codes.append(error.code)

    for _ in each_call(target.parent, fault, lambda: target.unlink(missing_ok=True), attempt):
        assert list(target.parent.iterdir()) == []
    assert set(codes) == {"disk-full" if fault is Fault.FULL else "unwritable-file"}
    assert len(codes) >= (2 if fault is Fault.SYNC else 8)
    assert verify_backup(target, FIND).problems == ()


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_restore_is_there_whole_or_not_at_all(house: Pair, tmp_path: Path, fault: Fault) -> None:
    """Until its last move there is no authority in the folder; what is left before it is nothing, or marked."""
    await house.exchange(LARGE)
    back_up(house.sender.data, tmp_path / "a.backup")
    again = tmp_path / "place" / "again"
    again.parent.mkdir()
    codes = []

    def attempt() -> None:
        try:
            restore_backup(tmp_path / "a.backup", again, FIND, now=AT)
        except (StoreError, ConfigurationError) as error:
            codes.append(error.code)

    def prepare() -> None:
        shutil.rmtree(again, ignore_errors=True)

    for _ in each_call(again.parent, fault, prepare, attempt):
        left = {each.name for each in again.iterdir()} if again.exists() else set()
        assert not left or "restored.json" in left
        assert "documents" not in left or verify_ledger(again).problems == ()
    assert set(codes) == {"disk-full" if fault is Fault.FULL else "unwritable-file"}
    assert verify_ledger(again).problems == ()
