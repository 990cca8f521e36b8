"""A start reads and tidies a data folder as it stands, and takes nothing from it that somebody may want back."""

import contextlib
import os
import shutil
import time
from collections.abc import AsyncIterator
from pathlib import Path
from types import ModuleType
from typing import IO, Any, NoReturn

import pytest

from emla.bootstrap import parts, serve_hub
from emla.bootstrap.audit import verify_ledger
from emla.bootstrap.own import DATABASE, KEYS
from emla.bootstrap.parts import Surroundings
from emla.bootstrap.system import lock_folder
from emla.bootstrap.unlock import Chosen, unlock_keys
from emla.keyring.folder import KeyFolder
from emla.model.documents import Authority
from emla.model.errors import ConfigurationError, StoreError
from emla.model.settings import Settings
from tests.support.backups import Pair, pair
from tests.support.erasing import submission
from tests.support.folders import make_folder

DAY = 86400


@pytest.fixture
async def stations(tmp_path: Path) -> AsyncIterator[Pair]:
    async with pair(tmp_path) as made:
        yield made


def put(database: Path, data: Path) -> None:
    for each in data.glob(f"{DATABASE}*"):
        each.unlink()
    if database.exists():
        shutil.copy(database, data / DATABASE)


@pytest.mark.parametrize("wrong", ["older", "none"])
async def test_a_start_beside_the_wrong_database_takes_no_payload_that_was_acknowledged(
    stations: Pair, tmp_path: Path, wrong: str
) -> None:
    """Its peer is away for two days, and the only copy of what the officer sent is here."""
    sender = stations.sender
    older, right = tmp_path / "older", tmp_path / "right"
    await sender.close()
    if wrong == "older":
        shutil.copy(sender.data / DATABASE, older)
    sender.start()
    await sender.submit(submission("b", 300 * 1024))
    (file,) = (sender.data / "blobs").glob("??/*")
    os.utime(file, (time.time() - 2 * DAY,) * 2)
    await sender.close()
    shutil.copy(sender.data / DATABASE, right)
    put(older, sender.data)
    sender.start()
    assert not file.exists()
    await sender.close()
    put(right, sender.data)
    sender.start()
    assert file.exists()
    assert verify_ledger(sender.data).problems == ()


@pytest.mark.parametrize(
    ("module", "start"),
    [(parts, parts.open_parts), (serve_hub, serve_hub._open_parts)],
    ids=["gateway", "hub"],
)
async def test_the_documents_are_read_when_nobody_else_can_publish_any_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: ModuleType, start: Any
) -> None:
    """Else a server that starts while another one publishes a card and ends would go on with the old one, and write it back."""
    order: list[str] = []

    def lock(data: Path) -> IO[bytes]:
        order.append("lock")
        return lock_folder(data)

    def read(data: Path) -> Authority:
        order.append("documents")
        raise ConfigurationError("not-initialised")

    monkeypatch.setattr(module, "own_authority", read)
    keys = KeyFolder.__new__(KeyFolder)
    async with contextlib.AsyncExitStack() as stack:
        with pytest.raises(ConfigurationError):
            await start(Settings(data=tmp_path), keys, stack, Surroundings(lock=lock))
    assert order == ["lock", "documents"]


@pytest.mark.parametrize("start", [parts.open_parts, serve_hub._open_parts], ids=["gateway", "hub"])
async def test_a_start_removes_the_second_name_that_a_crash_has_left_of_a_key(
    tmp_path: Path, start: Any
) -> None:
    data = tmp_path / "at"
    make_folder(data, "at.moj")
    key = next((data / KEYS).glob("seal-*.json"))
    second = key.with_name(f".{key.name}.new")
    os.link(key, second)

    def store(*_: object) -> NoReturn:
        raise StoreError("store-failed")

    settings = Settings(data=data)
    async with contextlib.AsyncExitStack() as stack:
        with pytest.raises(StoreError):
            await start(settings, unlock_keys(settings, {}, Chosen()), stack, Surroundings(store=store))
    assert not second.exists()
    assert key.exists()
