"""A backup holds everything of one instant, says when it is damaged, and is restored whole or not at all."""

import asyncio
import hashlib
import io
import json
import os
import sqlite3
import tarfile
import tracemalloc
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from emla.bootstrap import backup_restore
from emla.bootstrap.audit import verify_ledger
from emla.bootstrap.backup_restore import restore_backup, verify_backup
from emla.bootstrap.restored import Restored, is_restored, read_marker
from emla.formats import archive, backup
from emla.formats.archive import Member
from emla.keyring.media import MediaUse, PublicKeyFile
from emla.model.errors import ConfigurationError, MalformedError, StoreError
from emla.model.settings import Settings, StoreSettings
from emla.store.files import blob_path
from tests.support.backups import (
    AT,
    FIND,
    RECIPIENT,
    SENDER,
    Pair,
    back_up,
    names_in,
    pair,
    sealed_again,
    settings_of,
    unsealed,
)


@pytest.fixture
async def stations(tmp_path: Path) -> AsyncIterator[Pair]:
    async with pair(tmp_path) as made:
        yield made


@pytest.fixture
async def made(stations: Pair, tmp_path: Path) -> Path:
    await stations.exchange()
    back_up(stations.sender.data, tmp_path / "a.backup")
    return tmp_path / "a.backup"


def files_of(data: Path) -> dict[str, bytes]:
    return {
        path.relative_to(data).as_posix(): path.read_bytes() for path in data.rglob("*") if path.is_file()
    }


def code_of(action: object) -> str:
    assert callable(action)
    with pytest.raises((ConfigurationError, StoreError)) as caught:
        action()
    return caught.value.code


async def test_everything_comes_back_and_the_audit_is_the_same(stations: Pair, made: Path) -> None:
    data, again = stations.sender.data, made.parent / "again"
    found = restore_backup(made, again, FIND, now=AT + 5)
    assert found.problems == ()
    assert verify_ledger(again) == verify_ledger(data) == found.audit
    here, there = files_of(data), files_of(again)
    kept = {name for name in here if name.split("/")[0] in ("keys", "tls", "documents", "root", "blobs")}
    kept = {name for name in kept if name != "root/README.txt"} | {"emla.toml"}
    assert kept
    assert {name: there[name] for name in kept} == {name: here[name] for name in kept}
    assert {path.stat().st_mode & 0o777 for path in again.rglob("*")} == {0o600, 0o700}


async def test_a_restored_folder_is_marked_with_what_it_last_knew(made: Path) -> None:
    again = made.parent / "again"
    found = restore_backup(made, again, FIND, now=AT + 5)
    assert found.content is not None
    assert found.content.checkpoint.startswith(f"{SENDER}/emla/1/1\n")
    assert read_marker(again) == Restored(at=AT + 5, backup_at=AT, checkpoint=found.content.checkpoint)
    assert is_restored(again)


async def test_what_the_server_writes_while_the_database_is_copied_is_not_in_it(
    stations: Pair, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The backup is of one instant: that of its first look at the database."""
    await stations.exchange()
    path = stations.sender.data / "emla.db"
    before = verify_ledger(stations.sender.data)

    class Overtaken(sqlite3.Connection):
        def backup(self, *words: Any, **named: Any) -> None:
            with closing(sqlite3.connect(path)) as other:
                other.execute("INSERT INTO warning VALUES ('after the first look', 1)")
                other.commit()
            super().backup(*words, **named)

    monkeypatch.setattr(
        "emla.bootstrap.backup_source.connect_reader",
        lambda path: sqlite3.connect(path, isolation_level=None, factory=Overtaken),
    )
    back_up(stations.sender.data, tmp_path / "a.backup")
    restore_backup(tmp_path / "a.backup", tmp_path / "again", FIND, now=AT)
    assert verify_ledger(tmp_path / "again") == before
    for database, count in ((path, 1), (tmp_path / "again" / "emla.db", 0)):
        with closing(sqlite3.connect(database)) as found:
            assert found.execute("SELECT count(*) FROM warning").fetchone() == (count,)


async def test_the_writer_is_not_held_up_by_the_copy(
    stations: Pair, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A whole exchange is committed between the first look at the database and the last page of its copy."""
    loop = asyncio.get_running_loop()
    await stations.exchange()

    class Slow(sqlite3.Connection):
        def backup(self, *words: Any, **named: Any) -> None:
            asyncio.run_coroutine_threadsafe(stations.exchange(), loop).result(60)
            super().backup(*words, **named)

    monkeypatch.setattr(
        "emla.bootstrap.backup_source.connect_reader",
        lambda path: sqlite3.connect(path, isolation_level=None, factory=Slow),
    )
    before = stations.sender.store.real.ledger_size
    made = await asyncio.to_thread(back_up, stations.sender.data, tmp_path / "a.backup")
    assert made.ledger_size == before < stations.sender.store.real.ledger_size
    assert verify_backup(tmp_path / "a.backup", FIND).problems == ()


async def test_nothing_of_the_copy_is_left_behind(stations: Pair, made: Path) -> None:
    assert list((stations.sender.data / "tmp").iterdir()) == []
    assert [path.name for path in made.parent.iterdir() if "backup" in path.name] == ["a.backup"]


async def test_another_tar_and_sha256sum_read_what_is_inside(made: Path) -> None:
    plain = unsealed(made)
    with tarfile.open(fileobj=io.BytesIO(plain), mode="r:") as tar:
        files = {each.name: tar.extractfile(each) for each in tar.getmembers()}
        octets = {name: file.read() for name, file in files.items() if file}
    listed = {line[66:]: line[:64] for line in octets["SHA256SUMS"].decode().splitlines()}
    assert list(octets)[-2:] == ["SHA256SUMS", "backup.json"]
    assert listed == {name: hashlib.sha256(data).hexdigest() for name, data in list(octets.items())[:-2]}
    assert json.loads(octets["backup.json"])["files"] == len(listed)


async def test_the_passphrases_lock_comes_after_what_it_locks(stations: Pair, tmp_path: Path) -> None:
    (stations.sender.data / "keys" / "wrap.json").write_text("{}")
    (stations.sender.data / "keys" / "zz.json").write_text("{}")
    back_up(stations.sender.data, tmp_path / "a.backup")
    keys = [name for name in names_in(unsealed(tmp_path / "a.backup")) if name.startswith("keys/")]
    assert keys[-1] == "keys/wrap.json"


async def test_without_a_key_damage_and_cuts_are_seen(made: Path) -> None:
    whole = made.read_bytes()
    assert verify_backup(made, None).content is None
    for damaged in (
        whole[: len(whole) // 2],
        whole[:-1],
        whole + b"\0",
        whole[:5000] + bytes([whole[5000] ^ 1]) + whole[5001:],
        b"",
        b"something else",
    ):
        made.write_bytes(damaged)
        assert code_of(lambda: verify_backup(made, None)) == "backup-damaged"


async def test_with_the_key_nothing_that_an_attacker_changes_goes_unseen(made: Path) -> None:
    """The end mark is nobody's secret: whoever changes a backup writes a fitting one."""
    whole = made.read_bytes()
    _, start = backup.decode_header(whole)
    stop = len(whole) - backup.END_BYTES
    for place in (start, start + 70_000, stop - 1):
        body = bytearray(whole[:stop])
        body[place] ^= 1
        made.write_bytes(bytes(body) + backup.encode_end(stop, hashlib.sha256(body).digest()))
        assert verify_backup(made, None).content is None
        assert code_of(lambda: verify_backup(made, FIND)) == "backup-damaged"
    shorter = whole[: start + 65536 + 16]
    made.write_bytes(shorter + backup.encode_end(len(shorter), hashlib.sha256(shorter).digest()))
    assert code_of(lambda: verify_backup(made, FIND)) == "backup-damaged"


def changed(plain: bytes, name: str, data: bytes) -> bytes:
    """An archive with one more file in front."""
    return (
        archive.encode_block(Member(name=name, size=len(data)), AT)
        + data
        + archive.padding(len(data))
        + plain
    )


@pytest.mark.parametrize("what", ["a file more", "no end", "behind the end", "no list", "not zero"])
async def test_an_archive_that_is_not_what_it_says_is_refused_and_leaves_nothing(
    made: Path, tmp_path: Path, what: str
) -> None:
    plain = unsealed(made)
    place = plain.rindex(b"SHA256SUMS\0")
    forged = {
        "a file more": changed(plain, "tls/more.pem", b"x"),
        "no end": plain[:-1024],
        "behind the end": plain + bytes(512),
        "no list": plain[:place] + plain[plain.rindex(b"backup.json\0") :],
        "not zero": plain[: place - 1] + b"\1" + plain[place:],
    }[what]
    sealed_again(made, tmp_path / "forged", forged)
    assert code_of(lambda: verify_backup(tmp_path / "forged", FIND)) == "backup-damaged"
    assert (
        code_of(lambda: restore_backup(tmp_path / "forged", tmp_path / "again", FIND, now=AT))
        == "backup-damaged"
    )
    assert not (tmp_path / "again").exists()


async def test_a_forged_ledger_inside_is_found_and_nothing_is_restored(made: Path, tmp_path: Path) -> None:
    assert verify_backup(made, FIND).problems == ()
    other = tmp_path / "other"
    restore_backup(made, other, FIND, now=AT)
    with closing(sqlite3.connect(other / "emla.db")) as database:
        database.execute("UPDATE leaf SET digest = zeroblob(32) WHERE idx = 1")
        database.commit()
    back_up(other, tmp_path / "b.backup")
    assert verify_backup(tmp_path / "b.backup", FIND).problems
    assert restore_backup(tmp_path / "b.backup", tmp_path / "again", FIND, now=AT).problems
    assert not (tmp_path / "again").exists()
    assert restore_backup(tmp_path / "b.backup", tmp_path / "again", FIND, now=AT, insist=True).problems
    assert is_restored(tmp_path / "again")


async def test_a_payload_that_is_gone_or_damaged_is_said_and_left_out_only_when_somebody_insists(
    stations: Pair, tmp_path: Path
) -> None:
    await stations.exchange()
    await stations.exchange(310 * 1024)
    data, target = stations.sender.data, tmp_path / "a.backup"
    gone, rotten = sorted((data / "blobs").rglob("?" * 64))
    gone.unlink()
    whole = rotten.read_bytes()
    rotten.write_bytes(bytes([whole[0] ^ 1]) + whole[1:])
    with pytest.raises(ConfigurationError) as caught:
        back_up(data, target)
    assert caught.value.code == "backup-incomplete"
    assert gone.name in caught.value.detail
    assert not target.exists()
    made = back_up(data, target, insist=True)
    assert len(made.problems) == made.content.missing == 2
    found = verify_backup(target, FIND)
    assert {gone.name[:16], rotten.name[:16]} == {problem.split()[2] for problem in found.problems}


async def test_only_into_an_empty_folder(made: Path, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").touch()
    assert code_of(lambda: restore_backup(made, tmp_path / "full", FIND, now=AT)) == "already-initialised"
    assert [each.name for each in (tmp_path / "full").iterdir()] == ["x"]
    (tmp_path / "empty").mkdir(mode=0o755)
    (tmp_path / "empty" / ".restoring").mkdir()
    (tmp_path / "empty" / ".restoring" / "left").touch()  # an attempt that was killed
    restore_backup(made, tmp_path / "empty", FIND, now=AT)
    assert not (tmp_path / "empty" / ".restoring").exists()
    assert (tmp_path / "empty").stat().st_mode & 0o777 == 0o700


async def test_another_key_is_told_apart_from_damage(made: Path) -> None:
    from emla.formats.h1 import SealingKey

    assert (
        code_of(lambda: verify_backup(made, lambda header: SealingKey(bytes(32), "0" * 32)))
        == "wrong-backup-key"
    )


async def test_only_a_backup_key_is_a_recipient_and_nothing_is_replaced(stations: Pair, made: Path) -> None:
    from emla.bootstrap.backup_create import create_backup

    data = stations.sender.data
    other = PublicKeyFile(use=MediaUse.OFFICER, kid=RECIPIENT.kid, public=bytes(32), name="Anna")
    target = made.with_name("other")
    assert code_of(lambda: create_backup(settings_of(data), target, other, now=AT)) == "unreadable-key"
    before = made.read_bytes()
    assert code_of(lambda: back_up(data, made)) == "unwritable-file"
    assert made.read_bytes() == before


async def test_a_copy_that_would_take_the_last_space_is_not_begun(stations: Pair, tmp_path: Path) -> None:
    from emla.bootstrap.backup_create import create_backup

    settings = Settings(data=stations.sender.data, store=StoreSettings(disk_floor_bytes=2**62))
    target = tmp_path / "a.backup"
    assert code_of(lambda: create_backup(settings, target, RECIPIENT, now=AT)) == "disk-full"
    assert not target.exists()
    create_backup(settings, target, RECIPIENT, now=AT, scratch=tmp_path)
    assert verify_backup(target, FIND).problems == ()


async def test_what_an_earlier_attempt_left_is_replaced(stations: Pair, tmp_path: Path) -> None:
    (tmp_path / "a.backup.part").write_bytes(os.urandom(1 << 20))
    back_up(stations.sender.data, tmp_path / "a.backup")
    assert verify_backup(tmp_path / "a.backup", FIND).problems == ()
    assert not (tmp_path / "a.backup.part").exists()


def test_a_payload_that_stands_twice_is_refused(tmp_path: Path) -> None:
    """Of two, one might be audited and the other one unpacked."""
    inspector = backup_restore._Inspector(tmp_path)
    inspector.take(Member(name=f"blobs/ff/{'ff' * 32}", size=0), iter(()))
    with pytest.raises(MalformedError):
        inspector.take(Member(name=f"blobs/ff/{'ff' * 32}", size=0), iter(()))


async def test_a_gateway_that_never_ran_is_backed_up_too(tmp_path: Path) -> None:
    from tests.support.folders import make_folder

    make_folder(tmp_path / "new", SENDER)
    back_up(tmp_path / "new", tmp_path / "a.backup")
    found = restore_backup(tmp_path / "a.backup", tmp_path / "again", FIND, now=AT)
    assert found.audit is None
    assert found.authority is not None
    assert found.authority.id == SENDER


@contextmanager
def at_most(mebibytes: int) -> Iterator[None]:
    """Fail when the block holds more memory than this at any moment."""
    tracemalloc.start()
    try:
        yield
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < mebibytes * 1024**2, f"{peak / 1024**2:.1f} MiB"


async def test_a_large_payload_never_sits_in_memory(made: Path, tmp_path: Path) -> None:
    other, size = tmp_path / "other", 64 * 1024**2
    restore_backup(made, other, FIND, now=AT)
    sha256 = hashlib.sha256(bytes(size)).digest()
    path = blob_path(other / "blobs", sha256)
    path.parent.mkdir(exist_ok=True)
    with path.open("wb") as file:
        file.truncate(size)
    with closing(sqlite3.connect(other / "emla.db")) as database:
        database.execute("INSERT INTO payload VALUES (?, ?, NULL)", (sha256, size))
        database.commit()
    with at_most(16):
        back_up(other, tmp_path / "b.backup")
        assert verify_backup(tmp_path / "b.backup", FIND).problems == ()
        restore_backup(tmp_path / "b.backup", tmp_path / "again", FIND, now=AT)
    assert blob_path(tmp_path / "again" / "blobs", sha256).stat().st_size == size
