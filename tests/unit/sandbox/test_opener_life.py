"""The life of the opener's child: how it starts, is replaced, ends, and what never reaches it."""

import asyncio
import hashlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from emla.keyring.files import OPENER_USES, FileUse, make_key, write_key
from emla.keyring.key_file import wrap_key
from emla.keyring.wrapping import wrapping_keys
from emla.model.errors import ConfigurationError, StoreError
from emla.model.settings import OpenerSettings
from emla.ports.sandbox import Verdict
from emla.sandbox.opener import OpenerProcess
from tests.support import opener_packages
from tests.support.opener_packages import (
    SCHEMAS,
    build_package,
    sample_parts,
    write_opener_keys,
)
from tests.unit.sandbox.conftest import House

SMALL = os.urandom(24 * 1024)


async def until(happened: Callable[[], bool]) -> None:
    """Wait for what another process does and nobody announces."""
    while not happened():
        await asyncio.sleep(0.01)


async def start_failure(keys: Path, schemas: Path, settings: OpenerSettings) -> ConfigurationError:
    opener = OpenerProcess(keys=keys, schemas=schemas, settings=settings)
    try:
        with pytest.raises(ConfigurationError) as caught:
            await opener.start()
    finally:
        await opener.close()
    return caught.value


async def test_a_child_that_cannot_read_its_keys_says_which(tmp_path: Path) -> None:
    sealing, _ = write_opener_keys(tmp_path / "keys")
    path = tmp_path / "keys" / f"seal-{sealing.kid}.json"
    path.chmod(0o644)
    error = await start_failure(tmp_path / "keys", SCHEMAS, OpenerSettings())
    assert error.code == "unreadable-key"
    assert str(path) in error.detail


async def test_a_child_that_cannot_read_the_schemas_says_so(tmp_path: Path) -> None:
    write_opener_keys(tmp_path / "keys")
    error = await start_failure(tmp_path / "keys", tmp_path / "schemas", OpenerSettings())
    assert error.code == "unreadable-file"


async def test_a_child_without_enough_memory_does_not_start(tmp_path: Path) -> None:
    write_opener_keys(tmp_path / "keys")
    error = await start_failure(tmp_path / "keys", SCHEMAS, OpenerSettings(memory_bytes=1024**2))
    assert error.code == "internal"
    assert "while starting" in error.detail


async def test_a_child_that_cannot_be_replaced_costs_no_package_a_strike(
    house: House, tmp_path: Path
) -> None:
    """The waiting package is opened as soon as the keys are back."""
    (path,) = (tmp_path / "keys").glob("seal-*.json")
    path.rename(tmp_path / "aside")
    assert house.opener.process_id is not None
    os.kill(house.opener.process_id, signal.SIGKILL)
    await until(lambda: not house.opener.ready)
    waiting = asyncio.ensure_future(house.open(build_package(house.sealing, sample_parts(SMALL))))
    await until(lambda: house.opener.process_id is None)
    (tmp_path / "aside").rename(path)
    assert (await waiting).code is None


async def test_closing_finishes_what_waits_and_refuses_what_comes_after(house: House) -> None:
    package = build_package(house.sealing, sample_parts(SMALL))
    child = house.opener.process_id
    tasks = [asyncio.ensure_future(house.open(package)) for _ in range(25)]
    await asyncio.sleep(0)
    await house.opener.close(drain_seconds=60)
    assert [(await task).code for task in tasks] == [None] * 25
    with pytest.raises(StoreError) as caught:
        await house.open(package)
    assert caught.value.code == "stopping"
    assert not Path(f"/proc/{child}").exists()


async def test_closing_at_once_leaves_nobody_waiting(house: House) -> None:
    package = build_package(house.sealing, sample_parts(SMALL))
    assert house.opener.process_id is not None
    os.kill(house.opener.process_id, signal.SIGSTOP)
    tasks = [asyncio.ensure_future(house.open(package)) for _ in range(25)]
    await asyncio.sleep(0)
    await house.opener.close()
    for result in await asyncio.gather(*tasks, return_exceptions=True):
        assert isinstance(result, StoreError)


async def test_a_caller_that_went_away_disturbs_nobody(house: House) -> None:
    packages = [build_package(house.sealing, sample_parts(os.urandom(n))) for n in range(30)]
    tasks = [asyncio.ensure_future(house.open(package)) for package in packages]
    await asyncio.sleep(0)
    for task in (tasks[0], tasks[20]):
        task.cancel()
    left = [n for n in range(30) if n not in (0, 20)]
    for n in left:
        assert house.record(packages[n], await tasks[n]).cek == packages[n].cek


async def test_the_key_folder_and_nothing_of_our_environment_reaches_the_child(house: House) -> None:
    environment = Path(f"/proc/{house.opener.process_id}/environ")
    command = Path(f"/proc/{house.opener.process_id}/cmdline").read_bytes()
    assert b"keys" not in command
    # Not dumpable: only root may look, and root sees at most where the code lies.
    if os.access(environment, os.R_OK):
        names = {each.partition(b"=")[0] for each in environment.read_bytes().split(b"\0") if each}
        assert names <= {b"PYTHONPATH", b"LC_CTYPE"}


_PARENT = """
import asyncio, os, signal, sys
from pathlib import Path
from emla.model.settings import OpenerSettings
from emla.ports.sandbox import SandboxDiedError, Verdict
from emla.sandbox.opener import OpenerProcess

async def main():
    opener = OpenerProcess(keys=Path(sys.argv[1]), schemas=Path(sys.argv[2]), settings=OpenerSettings())
    await opener.start()
    os.kill(opener.process_id, signal.SIGSTOP)
    print(opener.process_id, flush=True)
    await asyncio.sleep(600)

asyncio.run(main())
"""


def test_the_child_dies_with_its_parent_even_while_it_cannot_run(tmp_path: Path) -> None:
    write_opener_keys(tmp_path / "keys")
    with subprocess.Popen(
        [sys.executable, "-c", _PARENT, tmp_path / "keys", SCHEMAS],
        stdout=subprocess.PIPE,
        cwd=opener_packages.REPOSITORY,
        text=True,
    ) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert lives(child)
        parent.kill()
    while lives(child):
        pass


def lives(process_id: int) -> bool:
    try:
        state = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def test_a_payload_too_large_for_a_frame_is_refused_before_it_is_queued(tmp_path: Path) -> None:
    opener = OpenerProcess(keys=tmp_path, schemas=SCHEMAS, settings=OpenerSettings())
    with pytest.raises(ValueError, match="descriptor"):
        asyncio.run(_open_large(opener))


async def _open_large(opener: OpenerProcess) -> None:
    await opener.open(b"{}", hashlib.sha256().digest(), bytes(1024 * 1024))


async def test_a_second_content_key_stops_the_start(tmp_path: Path) -> None:
    write_opener_keys(tmp_path / "keys")
    write_key(tmp_path / "keys", make_key(FileUse.CONTENT, seed=os.urandom(32), created=0))
    assert (await start_failure(tmp_path / "keys", SCHEMAS, OpenerSettings())).code == "unreadable-key"


async def test_a_reloaded_child_opens_what_is_sealed_to_a_key_that_was_added(
    house: House, tmp_path: Path
) -> None:
    added = make_key(FileUse.SEAL, seed=os.urandom(32), created=0)
    package = build_package(added, sample_parts(SMALL))
    assert (await house.open(package)).code == "stanza-mismatch"
    write_key(tmp_path / "keys", added)
    before = house.opener.process_id
    await house.opener.reload()
    assert house.opener.process_id != before
    assert house.opener.ready
    assert (await house.open(package)).code is None
    assert not Path(f"/proc/{before}").exists()


async def test_a_reload_under_load_loses_nothing_and_gives_no_strike(house: House) -> None:
    packages = [build_package(house.sealing, sample_parts(os.urandom(n + 1))) for n in range(40)]
    first = [asyncio.ensure_future(house.open(each)) for each in packages[:30]]
    await asyncio.sleep(0)
    reload = asyncio.ensure_future(house.opener.reload())
    again = asyncio.ensure_future(house.opener.reload())
    await asyncio.sleep(0)
    rest = [asyncio.ensure_future(house.open(each)) for each in packages[30:]]
    verdicts = await asyncio.gather(*first, *rest)
    await asyncio.gather(reload, again)
    for package, verdict in zip(packages, verdicts, strict=True):
        assert house.record(package, verdict).cek == package.cek


async def test_a_reload_that_fails_leaves_the_child_that_works(house: House, tmp_path: Path) -> None:
    before = house.opener.process_id
    write_key(tmp_path / "keys", make_key(FileUse.CONTENT, seed=os.urandom(32), created=0))
    with pytest.raises(ConfigurationError) as caught:
        await house.opener.reload()
    assert caught.value.code == "unreadable-key"
    assert house.opener.process_id == before
    assert (await house.open(build_package(house.sealing, sample_parts(SMALL)))).code is None


async def test_a_child_that_dies_while_it_is_being_replaced_loses_no_package(
    house: House,
) -> None:
    package = build_package(house.sealing, sample_parts(SMALL))
    dying = house.opener.process_id
    assert dying is not None
    os.kill(dying, signal.SIGSTOP)
    tasks = [asyncio.ensure_future(house.open(package)) for _ in range(20)]
    await asyncio.sleep(0)
    reload = asyncio.ensure_future(house.opener.reload())
    await until(lambda: house.opener._answered_all is not None)
    os.kill(dying, signal.SIGKILL)
    results = await asyncio.gather(*tasks, return_exceptions=True)
    await reload
    assert len([each for each in results if isinstance(each, Verdict) and each.code is None]) == 20


async def test_closing_ends_a_reload_that_waits(house: House) -> None:
    assert house.opener.process_id is not None
    os.kill(house.opener.process_id, signal.SIGSTOP)
    waiting = asyncio.ensure_future(house.open(build_package(house.sealing, sample_parts(SMALL))))
    await asyncio.sleep(0)
    reload = asyncio.ensure_future(house.opener.reload())
    await until(lambda: house.opener._answered_all is not None)
    await house.opener.close()
    for each in (waiting, reload):
        with pytest.raises(StoreError) as caught:
            await each
        assert caught.value.code == "stopping"


async def test_locked_keys_are_opened_with_the_wrapping_keys_of_the_start_message(tmp_path: Path) -> None:
    wrapping = wrapping_keys(os.urandom(32), OPENER_USES)
    sealing = make_key(FileUse.SEAL, seed=os.urandom(32), created=0)
    content = make_key(FileUse.CONTENT, seed=os.urandom(32), created=0)
    for key in (sealing, content):
        wrapping_key = wrapping.of(key.use)
        assert wrapping_key is not None
        write_key(tmp_path / "keys", wrap_key(key, wrapping_key, os.urandom(24)))
    error = await start_failure(tmp_path / "keys", SCHEMAS, OpenerSettings())
    assert error.code == "key-locked"
    opener = OpenerProcess(
        keys=tmp_path / "keys", schemas=SCHEMAS, settings=OpenerSettings(), wrapping=wrapping
    )
    await opener.start()
    try:
        here = House(opener=opener, sealing=sealing, content=content)
        assert (await here.open(build_package(sealing, sample_parts(SMALL)))).code is None
    finally:
        await opener.close()
