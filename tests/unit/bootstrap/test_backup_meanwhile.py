"""A backup is made while gateway and hub let payloads go: it agrees with itself, and what the disk loses is told all the same."""

import asyncio
import hashlib
import os
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import IO, Any

import pytest

from emla.bootstrap import backup_source
from emla.bootstrap.audit import verify_ledger
from emla.bootstrap.backup_create import CreatedBackup, _Payloads
from emla.bootstrap.backup_restore import restore_backup, verify_backup
from emla.bootstrap.backup_source import Named
from emla.bootstrap.own import write_own_file
from emla.flow.drafts.drafts import Drafts
from emla.flow.line.submission import Submitted
from emla.formats.export import encode_export
from emla.keyring.media import write_media_key
from emla.model.errors import ConfigurationError, StoreError
from emla.model.mailbox import Release
from emla.model.package import PartRole
from emla.model.person import PersonState
from emla.store.files import FileBlobs
from tests.support.authorities import PARTS, Package, build, derived, party
from tests.support.backups import AT, FIND, LARGE, MADE, Pair, back_up, names_in, pair, unsealed
from tests.support.cli import emla
from tests.support.erasing import bring, case_id, erased, submission
from tests.support.gateways import peer_row, select
from tests.support.hubs import Hub, acceptance, hub_at
from tests.support.office import PEOPLE, caller, person

Meanwhile = Callable[[], Awaitable[object]]
While = Callable[..., list[int]]
HELD = ("application/pdf", "big.pdf")
ONE, OTHER, HOUSE = party("at.moj"), party("de.bfj"), party("eu.hub")


@pytest.fixture
async def stations(tmp_path: Path) -> AsyncIterator[Pair]:
    async with pair(tmp_path) as made:
        yield made


@asynccontextmanager
async def a_hub(folder: Path) -> AsyncIterator[Hub]:
    """A hub whose folder is an authority's, with members that the database knows."""
    folder.mkdir()
    write_own_file(folder, encode_export(HOUSE.authority.documents))
    async with hub_at(folder, HOUSE, ONE, OTHER) as hub:
        for each in (ONE, OTHER):
            await hub.home.store.write(lambda transaction, each=each: transaction.put_peer(peer_row(each)))  # type: ignore[misc] # bound now
        yield hub


def large(number: int) -> Package:
    annex = (PartRole.ANNEX, *HELD, derived(f"big {number}") * 12_000)
    return build(ONE, OTHER, number=number, parts=(*PARTS, annex))


async def deposited(hub: Hub, number: int) -> Package:
    package = large(number)
    assert (await hub.put_package(package)).status == 200
    return package


async def collected(hub: Hub, package: Package) -> None:
    """Its owner has the package: the hub lets it go."""
    (item,) = [each for each in await hub.list_of(OTHER) if each.ref == package.pid]
    assert await hub.release(OTHER, Release(item=item.item, proof=acceptance(OTHER, package))) == ("ok",)


@pytest.fixture
async def meanwhile(monkeypatch: pytest.MonkeyPatch) -> While:
    """Do something behind the first, second... look at what rows name and before it is read; how many each look saw."""
    loop, real = asyncio.get_running_loop(), _Payloads.bring

    def do(*steps: Meanwhile | None) -> list[int]:
        looks: list[int] = []

        async def run(step: Meanwhile) -> None:
            await step()

        def bring(payloads: _Payloads, named: Named) -> bool:
            step = steps[len(looks)] if len(looks) < len(steps) else None
            looks.append(len(list(named)))
            if step:
                asyncio.run_coroutine_threadsafe(run(step), loop).result(60)
            return real(payloads, named)

        monkeypatch.setattr(_Payloads, "bring", bring)
        return looks

    return do


async def backed_up(data: Path, target: Path) -> CreatedBackup:
    """Make a backup beside the running server."""
    return await asyncio.to_thread(back_up, data, target)


def agrees(target: Path, again: Path) -> None:
    """The backup is whole, and so is what is restored from it, in which is no payload that no row names."""
    found = verify_backup(target, FIND)
    assert found.problems == ()
    assert restore_backup(target, again, FIND, now=AT).problems == ()
    assert verify_ledger(again) == found.audit
    named = {bytes(row[0]).hex() for row in select(again, "SELECT sha256 FROM payload WHERE body IS NULL")}  # type: ignore[call-overload]
    assert {path.name for path in (again / "blobs").glob("??/*")} == named


async def test_a_release_at_a_hub_is_no_loss(tmp_path: Path, meanwhile: While) -> None:
    async with a_hub(tmp_path / "hub") as hub:
        gone, kept = await deposited(hub, 1), await deposited(hub, 2)
        looks = meanwhile(lambda: collected(hub, gone))
        assert (await backed_up(hub.home.data, tmp_path / "b")).problems == ()
        assert looks == [2, 1]
        agrees(tmp_path / "b", tmp_path / "again")
        (row,) = select(tmp_path / "again", "SELECT sha256 FROM payload WHERE body IS NULL")
        assert row == (hashlib.sha256(kept.payload).digest(),)


async def test_what_goes_between_the_look_and_the_reading_makes_another_instant(
    tmp_path: Path, meanwhile: While
) -> None:
    """It came after the first look and is named at the instant of the copy: the copy would name what nobody has read."""
    async with a_hub(tmp_path / "hub") as hub:
        await deposited(hub, 1)
        package = large(2)
        looks = meanwhile(lambda: hub.put_package(package), lambda: collected(hub, package))
        await backed_up(hub.home.data, tmp_path / "b")
        assert looks == [1, 2, 1]
        agrees(tmp_path / "b", tmp_path / "again")


async def test_what_comes_while_others_are_read_is_in_the_backup(tmp_path: Path, meanwhile: While) -> None:
    async with a_hub(tmp_path / "hub") as hub:
        await deposited(hub, 1)
        looks = meanwhile(lambda: hub.put_package(large(2)))
        await backed_up(hub.home.data, tmp_path / "b")
        assert looks == [1, 2]
        agrees(tmp_path / "b", tmp_path / "again")
        assert len(list((tmp_path / "again" / "blobs").glob("??/*"))) == 2


async def test_no_transaction_is_open_while_much_is_read(
    tmp_path: Path, meanwhile: While, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The write-ahead log can be emptied, and an erasure ends, until little is left to read."""
    monkeypatch.setattr("emla.bootstrap.backup_create._LITTLE_BYTES", 1)
    async with a_hub(tmp_path / "hub") as hub:
        await deposited(hub, 1)
        emptied: list[bool] = []

        async def look() -> None:
            assert (await hub.put_package(build(ONE, OTHER, number=3 + len(emptied)))).status == 200
            emptied.append(await hub.home.store.empty_wal())

        looks = meanwhile(lambda: hub.put_package(large(2)), look, look, look)
        await backed_up(hub.home.data, tmp_path / "b")
        assert (looks, emptied) == ([1, 2, 2, 2], [True, True, False])
        agrees(tmp_path / "b", tmp_path / "again")


async def test_what_is_read_and_then_let_go_is_not_restored(tmp_path: Path, meanwhile: While) -> None:
    """It is in the archive; at the next instant, which is that of the copy, no row names it."""
    async with a_hub(tmp_path / "hub") as hub:
        package, brief = await deposited(hub, 1), large(2)

        async def both_go() -> None:
            for each in (brief, package):
                await collected(hub, each)

        looks = meanwhile(lambda: hub.put_package(brief), both_go)
        await backed_up(hub.home.data, tmp_path / "b")
        assert looks == [1, 2, 0]
        assert any(name.startswith("blobs/") for name in names_in(unsealed(tmp_path / "b")))
        agrees(tmp_path / "b", tmp_path / "again")


async def test_an_erasure_is_no_loss(stations: Pair, tmp_path: Path, meanwhile: While) -> None:
    for name in ("a", "b"):
        await bring(stations, name, LARGE)
    looks = meanwhile(lambda: erased(stations.sender, case_id("a")))
    assert (await backed_up(stations.sender.data, tmp_path / "b")).problems == ()
    assert looks == [2, 1]
    agrees(tmp_path / "b", tmp_path / "again")


async def test_what_is_erased_after_it_was_read_does_not_come_back(
    stations: Pair, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The audit tells content that is here behind the leaf of its erasure: it comes back neither there nor on the disk."""
    for name in ("a", "b"):
        await bring(stations, name, LARGE)
    loop, real = asyncio.get_running_loop(), _Payloads.bring_most

    def bring_most(payloads: _Payloads) -> None:
        real(payloads)
        asyncio.run_coroutine_threadsafe(erased(stations.sender, case_id("a")), loop).result(60)

    monkeypatch.setattr(_Payloads, "bring_most", bring_most)
    await backed_up(stations.sender.data, tmp_path / "b")
    assert sum(name.startswith("blobs/") for name in names_in(unsealed(tmp_path / "b"))) == 2
    agrees(tmp_path / "b", tmp_path / "again")
    assert len(list((tmp_path / "again" / "blobs").glob("??/*"))) == 1


async def test_a_draft_that_is_withdrawn_is_no_loss(stations: Pair, tmp_path: Path, meanwhile: While) -> None:
    station = stations.sender
    for name in PEOPLE:
        one = person(name, state=PersonState.ACTIVE)
        await station.store.write(lambda transaction, one=one: transaction.insert_person(one))  # type: ignore[misc] # bound now
    drafts = Drafts(station.gateway, station.submit)
    found = await drafts.hand_in(submission("a", LARGE, drafter=caller("cara")))
    assert not isinstance(found, Submitted)
    looks = meanwhile(lambda: drafts.withdraw(caller("cara"), found[0]))
    assert (await backed_up(station.data, tmp_path / "b")).problems == ()
    assert looks == [1, 0]
    agrees(tmp_path / "b", tmp_path / "again")


async def test_what_the_disk_loses_meanwhile_is_told(
    stations: Pair, tmp_path: Path, meanwhile: While
) -> None:
    """The row is still there: nobody has let it go."""
    await stations.exchange()
    data = stations.sender.data
    (path,) = (data / "blobs").glob("??/*")

    async def lose() -> None:
        path.unlink()

    meanwhile(lose)
    with pytest.raises(ConfigurationError) as caught:
        await backed_up(data, tmp_path / "b")
    assert caught.value.code == "backup-incomplete"
    assert path.name in caught.value.detail
    assert not (tmp_path / "b").exists()


async def test_the_command_says_that_all_is_well_when_something_is_erased_meanwhile(
    stations: Pair, tmp_path: Path, meanwhile: While
) -> None:
    """Exit code 0, and nobody is sent to look at a disk that has lost nothing."""
    await bring(stations, "a", LARGE)
    write_media_key(tmp_path / "key.json", MADE)
    meanwhile(lambda: erased(stations.sender, case_id("a")))
    words = (
        "--to",
        tmp_path / "key.pub.json",
        "--scratch",
        tmp_path,
        "--data",
        stations.sender.data,
        "--json",
    )
    made = await asyncio.to_thread(lambda: emla("backup", "create", tmp_path / "b", *words))
    assert (made.code, made.document["problems"]) == (0, []), made.err
    agrees(tmp_path / "b", tmp_path / "again")


@contextmanager
def swept(monkeypatch: pytest.MonkeyPatch, data: Path, when: str, times: int) -> Iterator[None]:
    """So often a server starts in the moment in which the copy of the database is opened."""
    real, left = sqlite3.connect, times

    def sweeps() -> None:
        nonlocal left
        left -= 1
        if left >= 0:
            FileBlobs(data, os.urandom).sweep(lambda sha256: True, lambda sha256: False)

    def connect(place: Path | str, **named: Any) -> sqlite3.Connection:
        is_copy = isinstance(place, Path) and place.parent.name == "tmp"
        if is_copy and when == "before":
            sweeps()
        connection: sqlite3.Connection = real(place, **named)
        if is_copy and when == "after":
            sweeps()
        return connection

    with monkeypatch.context() as patch:
        patch.setattr(sqlite3, "connect", connect)
        yield


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_server_that_starts_takes_no_database_out_of_a_backup(
    stations: Pair, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    await stations.exchange()
    data = stations.sender.data
    with swept(monkeypatch, data, when, 1):
        await backed_up(data, tmp_path / "a.backup")
    agrees(tmp_path / "a.backup", tmp_path / "again")
    assert list((data / "tmp").iterdir()) == []
    with swept(monkeypatch, data, when, 2), pytest.raises(StoreError, match="once more"):
        await backed_up(data, tmp_path / "b.backup")
    assert not (tmp_path / "b.backup").exists()
    assert list((data / "tmp").iterdir()) == []


async def test_a_copy_that_is_cut_short_is_no_backup(
    stations: Pair, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await stations.exchange()
    files: list[IO[bytes]] = []
    real = backup_source._take_name_away

    def take_name_away(place: Path, file: IO[bytes]) -> None:
        files.append(file)
        real(place, file)

    class Cut(sqlite3.Connection):
        def backup(self, *words: Any, **named: Any) -> None:
            super().backup(*words, **named)
            os.truncate(files[0].fileno(), 4096)

    monkeypatch.setattr(backup_source, "_take_name_away", take_name_away)
    monkeypatch.setattr(
        backup_source,
        "connect_reader",
        lambda path: sqlite3.connect(path, isolation_level=None, factory=Cut),
    )
    with pytest.raises(StoreError, match="4096 bytes and not"):
        await backed_up(stations.sender.data, tmp_path / "a.backup")
    assert not (tmp_path / "a.backup").exists()
