"""What a gateway says of the private keys that are here: as the folder stands, however often it is asked."""

import os
from pathlib import Path

import pytest

from emla.bootstrap import own_keys
from emla.bootstrap.own_keys import OwnKeys, held_in, sweep_second_names
from emla.keyring.files import Keyring, write_key
from emla.keyring.key_file import FileUse, StoredKey, make_key
from emla.model.documents import KeyUse
from emla.model.errors import ConfigurationError
from emla.ports.keys import HeldKey


def a_key(use: FileUse) -> StoredKey:
    return make_key(use, seed=os.urandom(32), created=0)


def test_a_key_that_comes_goes_or_is_open_to_others_is_noticed(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    write_key(folder, a_key(FileUse.SIGN))
    keys = OwnKeys(Keyring([], {}), folder)
    assert [each.use for each in keys.held()] == ["sign"]
    path = write_key(folder, a_key(FileUse.SEAL))
    assert sorted(each.use for each in keys.held()) == ["seal", "sign"]
    path.chmod(0o644)
    with pytest.raises(ConfigurationError):
        keys.held()
    path.chmod(0o600)
    whole = path.read_bytes()
    path.write_bytes(whole[:-2])
    with pytest.raises(ConfigurationError):
        keys.held()
    path.write_bytes(whole)
    assert len(keys.held()) == 2
    path.unlink()
    assert [each.use for each in keys.held()] == ["sign"]
    folder.chmod(0o755)
    with pytest.raises(ConfigurationError):
        keys.held()
    folder.rename(tmp_path / "elsewhere")
    with pytest.raises(ConfigurationError):
        keys.held()


def test_a_folder_that_stands_as_it_stood_is_read_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "keys"
    write_key(folder, a_key(FileUse.SIGN))
    read: list[Path] = []

    def reading(given: Path) -> tuple[HeldKey, ...]:
        read.append(given)
        return held_in(given)

    monkeypatch.setattr(own_keys, "held_in", reading)
    keys = OwnKeys(Keyring([], {}), folder)
    assert keys.held() == keys.held()
    assert len(read) == 2  # it has just been written: what follows at once might bear the same time
    monkeypatch.setattr(own_keys, "_SETTLED_SECONDS", -1.0)
    assert keys.held() == keys.held()
    assert len(read) == 3


def written_by_a_process_that_is_killed(folder: Path, key: StoredKey) -> Path:
    """It ends between the link and the removal of the other name."""
    if os.fork() == 0:
        real = os.link

        def link(source: Path, target: Path) -> None:
            real(source, target)
            os._exit(9)

        os.link = link  # type: ignore[assignment]
        write_key(folder, key)
    os.wait()
    return folder / f"{key.use}-{key.kid}.json"


def names_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_a_key_that_is_destroyed_is_gone_under_each_name(tmp_path: Path) -> None:
    folder, key = tmp_path / "keys", a_key(FileUse.SEAL)
    folder.mkdir(mode=0o700)
    path = written_by_a_process_that_is_killed(folder, key)
    assert names_in(folder) == {path.name, f".{path.name}.new"}
    assert OwnKeys(Keyring([], {}), folder).destroy(KeyUse.SEAL, key.kid)
    assert names_in(folder) == set()
    assert not OwnKeys(Keyring([], {}), folder).destroy(KeyUse.SEAL, key.kid)


def test_a_start_removes_second_names_and_nothing_that_is_being_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "keys"
    folder.mkdir(mode=0o700)
    path = written_by_a_process_that_is_killed(folder, a_key(FileUse.SEAL))
    other = write_key(folder, a_key(FileUse.SIGN))
    half = folder / f".{other.name}.new"
    half.write_bytes(other.read_bytes()[:-5])
    alone = folder / ".ledger-00.json.new"
    alone.write_bytes(path.read_bytes())

    def unlink(*_: object) -> None:
        raise OSError(30, "Read-only file system")

    with monkeypatch.context() as patch:
        patch.setattr(os, "unlink", unlink)
        sweep_second_names(folder)
    assert [(each.message, each.__dict__["detail"]) for each in caplog.records] == [
        ("key file not swept", "keys: Read-only file system")
    ]
    sweep_second_names(folder)
    assert names_in(folder) == {path.name, other.name, half.name, alone.name}
