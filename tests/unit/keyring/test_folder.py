"""One passphrase opens a folder; each process can open only its own files; keys that are added are found."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from emla.keyring.files import (
    GATEWAY_USES,
    OPENER_USES,
    FileUse,
    StoredKey,
    make_key,
    read_key,
    read_keys,
    write_key,
)
from emla.keyring.folder import KeyFolder, unlock_folder
from emla.keyring.key_file import wrap_key
from emla.keyring.passphrase import Passphrase
from emla.keyring.wrapping import NONCE_BYTES, WrappingKeys, wrapping_keys, write_wrap
from emla.model.errors import ConfigurationError
from tests.support.locking import PASSPHRASE, QUICK, WRONG, fresh

MASTER = os.urandom(32)
USES = (FileUse.SIGN, FileUse.LEDGER, FileUse.SEAL, FileUse.CONTENT)


def add(folder: Path, use: FileUse, wrapping: WrappingKeys | None) -> StoredKey:
    key = make_key(use, seed=os.urandom(32), created=1)
    wrapping_key = wrapping.of(use) if wrapping else None
    write_key(folder, wrap_key(key, wrapping_key, os.urandom(NONCE_BYTES)) if wrapping_key else key)
    return key


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "keys"
    folder.mkdir(mode=0o700)
    write_wrap(folder, PASSPHRASE, MASTER, work=QUICK, fresh=fresh())
    for use in USES:
        add(folder, use, wrapping_keys(MASTER, USES))
    return folder


def no_source() -> Passphrase:
    raise AssertionError("Nobody is to be asked.")


def unlocked(folder: Path, uses: frozenset[FileUse] = GATEWAY_USES | OPENER_USES) -> KeyFolder:
    return unlock_folder(folder, lambda: PASSPHRASE, no_source, uses)


def refused(folder: Path, wrapping: WrappingKeys | None, uses: frozenset[FileUse] = GATEWAY_USES) -> str:
    with pytest.raises(ConfigurationError) as caught:
        read_keys(folder, uses, wrapping)
    return caught.value.code


def test_the_passphrase_opens_every_key_of_the_process(folder: Path) -> None:
    keys = unlocked(folder).read()
    assert keys.content_key
    assert keys.sealing_kids == frozenset()


def test_no_file_holds_its_key_in_the_clear(folder: Path) -> None:
    wrapping = wrapping_keys(MASTER, USES)
    for path in folder.glob("*-*.json"):
        assert b"seed" not in path.read_bytes()
        assert read_key(path, wrapping).seed not in path.read_bytes()


def test_the_wrapping_keys_of_one_process_open_no_file_of_another(folder: Path) -> None:
    given = unlocked(folder).wrapping(OPENER_USES)
    read_keys(folder, OPENER_USES, given)
    assert refused(folder, given, GATEWAY_USES) == "key-locked"


def test_a_folder_that_is_locked_does_not_open_without_its_passphrase(folder: Path) -> None:
    assert refused(folder, None) == "key-locked"
    with pytest.raises(ConfigurationError) as caught:
        unlock_folder(folder, lambda: WRONG, no_source)
    assert caught.value.code == "wrong-passphrase"


def test_a_file_from_another_folder_does_not_open(folder: Path) -> None:
    other = wrapping_keys(os.urandom(32), USES)
    assert refused(folder, other) == "unreadable-key"


def test_a_file_under_another_keys_name_does_not_open(folder: Path) -> None:
    (path,) = folder.glob("sign-*.json")
    path.write_bytes(path.read_bytes().replace(b'"kid":"', b'"kid":"0')[:-1])
    assert refused(folder, wrapping_keys(MASTER, USES)) == "unreadable-key"


def test_a_box_opens_only_as_the_key_it_was_locked_as() -> None:
    key, wrapping_key = make_key(FileUse.SIGN, seed=os.urandom(32), created=1), os.urandom(32)
    box = wrap_key(key, wrapping_key, os.urandom(NONCE_BYTES))
    assert box.open(wrapping_key) == key
    assert replace(box, use=FileUse.LEDGER).open(wrapping_key) is None
    assert replace(box, kid="0" * 32).open(wrapping_key) is None


def test_a_folder_that_is_not_locked_asks_nobody(tmp_path: Path) -> None:
    for use in USES:
        add(tmp_path / "keys", use, None)
    opened = unlock_folder(tmp_path / "keys", no_source, no_source)
    assert opened.read().content_key
    assert opened.wrapping(OPENER_USES) is None


def test_a_key_that_is_added_is_found_without_the_passphrase(folder: Path) -> None:
    opened = unlocked(folder)
    before = opened.read()
    added = add(folder, FileUse.SIGN, wrapping_keys(MASTER, USES))
    with pytest.raises(ConfigurationError):
        before.signer(FileUse.SIGN, added.kid)
    assert opened.read().signer(FileUse.SIGN, added.kid).kid == added.kid


def test_no_secret_shows(folder: Path) -> None:
    opened = unlocked(folder)
    given = opened.wrapping(GATEWAY_USES)
    assert given is not None
    shown = repr(opened) + repr(given) + repr(opened.read())
    for secret in (MASTER, *given.by_use.values()):
        assert repr(secret) not in shown
