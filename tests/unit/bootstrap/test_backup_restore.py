"""A restore that is killed leaves no authority, and what is restored has heard nobody."""

import contextlib
import shutil
import sqlite3
from collections.abc import AsyncIterator
from operator import methodcaller
from pathlib import Path

import pytest

from emla.bootstrap.backup_restore import restore_backup
from emla.bootstrap.own import own_authority
from emla.model.errors import ConfigurationError
from emla.ports.channel import AskedRow
from tests.support.backups import AT, FIND, SENDER, Pair, back_up, pair


@pytest.fixture
async def stations(tmp_path: Path) -> AsyncIterator[Pair]:
    async with pair(tmp_path) as made:
        yield made


async def test_a_restore_that_is_cut_never_leaves_an_authority_without_its_marker(
    stations: Pair, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed at every rename: until the last one there is no authority, and after the first one there is the marker."""

    class CutError(BaseException):
        pass

    def leave(*_: object, **__: object) -> None:
        """Whoever is killed does not tidy up."""

    await stations.sender.own.start()  # from now on the database has the documents, too
    await stations.exchange()
    back_up(stations.sender.data, tmp_path / "whole.emla")
    real = Path.rename
    for number in range(20):
        again, moved = tmp_path / f"again-{number}", list[str]()

        def rename(path: Path, target: Path, moved: list[str] = moved, number: int = number) -> Path:
            if path.parent.name == ".restoring":
                if len(moved) == number:
                    raise CutError
                moved.append(path.name)
            return real(path, target)

        with monkeypatch.context() as patch:
            patch.setattr(Path, "rename", rename)
            patch.setattr(shutil, "rmtree", leave)
            try:
                restore_backup(tmp_path / "whole.emla", again, FIND, now=AT)
            except CutError:
                with pytest.raises(ConfigurationError) as caught:
                    own_authority(again)
                assert caught.value.code == "not-initialised"
                assert not moved or moved[0] == "restored.json"
                assert not {"blobs", "keys", "emla.toml"} - set(moved) or "emla.db" not in moved
            else:
                assert number > 5
                assert own_authority(again).id == SENDER
                return
    pytest.fail("it does not come to its end")


async def test_what_peers_had_answered_when_the_backup_was_made_is_not_restored(
    stations: Pair, tmp_path: Path
) -> None:
    """Else the ledger would open unasked when the last one answers, whom the others answered long ago."""
    station = stations.sender
    for authority, gone in (("de.bfj", False), ("fr.doj", True)):
        row = AskedRow(authority=authority, at=AT, gone=gone)
        await station.store.write(methodcaller("put_asked", row))
    back_up(station.data, tmp_path / "asked.emla")
    restore_backup(tmp_path / "asked.emla", tmp_path / "asked", FIND, now=AT)
    with contextlib.closing(sqlite3.connect(tmp_path / "asked" / "emla.db")) as connection:
        assert connection.execute("SELECT count(*) FROM asked").fetchone() == (0,)
