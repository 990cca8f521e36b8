"""What a gateway says of the private keys that are here: as the folder stands, however often it is asked."""

import os
from pathlib import Path

import pytest

from emla.bootstrap import own_keys
from emla.bootstrap.own_keys import OwnKeys, held_in
from emla.keyring.files import Keyring, write_key
from emla.keyring.key_file import FileUse, StoredKey, make_key
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
