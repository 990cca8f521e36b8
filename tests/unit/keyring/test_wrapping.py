"""A passphrase opens what it locked and nothing else; what a try may cost is bounded; nothing secret is ever shown."""

import json
import os
import traceback
from pathlib import Path

import pytest

from emla.keyring.files import FileUse
from emla.keyring.wrapping import (
    FILE_NAME,
    KEY_BYTES,
    NONCE_BYTES,
    Work,
    lock,
    open_key,
    read_master,
    read_work,
    rewrite_wrap,
    seal_key,
    unlock,
    wrapping_keys,
    write_wrap,
)
from emla.model.errors import ConfigurationError
from tests.support.locking import PASSPHRASE, QUICK, SECRET_TEXT, WRONG, fresh

MASTER = b"m" * KEY_BYTES


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    tmp_path.chmod(0o700)
    write_wrap(tmp_path, PASSPHRASE, MASTER, work=QUICK, fresh=fresh())
    return tmp_path


def change(folder: Path, **members: object) -> None:
    path = folder / FILE_NAME
    path.write_text(json.dumps({**json.loads(path.read_bytes()), **members}, separators=(",", ":")))


def test_the_passphrase_opens_the_folder(folder: Path) -> None:
    assert read_master(folder, PASSPHRASE) == MASTER
    assert (folder / FILE_NAME).stat().st_mode & 0o777 == 0o600


def test_a_wrong_passphrase_is_one_sentence_with_what_to_do_and_who(folder: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_master(folder, WRONG)
    assert caught.value.code == "wrong-passphrase"
    assert caught.value.entry.exit_code == 4
    assert str(folder / FILE_NAME) in caught.value.detail


def test_a_changed_box_does_not_open(folder: Path) -> None:
    box = json.loads((folder / FILE_NAME).read_bytes())["box"]
    change(folder, box=("A" if box[0] != "A" else "B") + box[1:])
    with pytest.raises(ConfigurationError) as caught:
        read_master(folder, PASSPHRASE)
    assert caught.value.code == "wrong-passphrase"


def test_a_truncated_file_is_told_apart_from_a_wrong_passphrase(folder: Path) -> None:
    path = folder / FILE_NAME
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(ConfigurationError) as caught:
        read_master(folder, PASSPHRASE)
    assert caught.value.code == "unreadable-key"
    assert "is damaged" in caught.value.detail


def test_a_file_others_can_read_is_refused(folder: Path) -> None:
    (folder / FILE_NAME).chmod(0o640)
    with pytest.raises(ConfigurationError) as caught:
        read_master(folder, PASSPHRASE)
    assert "chmod 0600" in caught.value.detail


@pytest.mark.parametrize(
    "members", [{"memory": 1024**3 + 1024}, {"ops": 1000}, {"memory": 100}, {"ops": 0}, {"kdf": "scrypt"}]
)
def test_a_hostile_file_cannot_make_a_try_cost_what_it_likes(
    folder: Path, members: dict[str, object]
) -> None:
    """More than a gibibyte is refused before a byte of it is asked for."""
    change(folder, **members)
    with pytest.raises(ConfigurationError) as caught:
        read_master(folder, PASSPHRASE)
    assert caught.value.code == "unreadable-key"


def test_another_passphrase_opens_the_same_keys_and_the_old_one_no_more(folder: Path) -> None:
    rewrite_wrap(folder, WRONG, MASTER, work=QUICK, fresh=fresh())
    assert read_master(folder, WRONG) == MASTER
    with pytest.raises(ConfigurationError):
        read_master(folder, PASSPHRASE)


def test_what_protects_in_production_costs_a_thief_memory() -> None:
    assert Work().memory_bytes >= 256 * 1024**2
    assert not Work().is_weak
    assert QUICK.is_weak


def test_the_cost_is_read_without_a_passphrase(folder: Path) -> None:
    assert read_work(folder) == QUICK


def test_each_use_has_a_wrapping_key_of_its_own() -> None:
    keys = wrapping_keys(MASTER, FileUse)
    assert len({keys.of(use) for use in FileUse}) == len(FileUse)


def test_a_process_is_given_the_wrapping_keys_of_its_uses_and_no_others() -> None:
    keys = wrapping_keys(MASTER, FileUse).only({FileUse.SEAL})
    assert keys.of(FileUse.SEAL) is not None
    assert keys.of(FileUse.SIGN) is None


def test_a_box_is_bound_to_what_it_is_for() -> None:
    key, secret, nonce = os.urandom(32), os.urandom(32), os.urandom(NONCE_BYTES)
    box = seal_key(key, secret, b"one", nonce)
    assert open_key(key, box, b"one") == secret
    assert open_key(key, box, b"two") is None
    assert open_key(os.urandom(32), box, b"one") is None
    assert open_key(key, box[:-1], b"one") is None
    assert open_key(key, b"", b"one") is None


def test_a_locked_secret_is_bound_to_its_label() -> None:
    locked = lock(PASSPHRASE, MASTER, b"one", work=QUICK, fresh=fresh())
    assert unlock(PASSPHRASE, locked, b"one") == MASTER
    assert unlock(PASSPHRASE, locked, b"two") is None


def test_no_secret_shows_in_representations_errors_or_tracebacks(folder: Path) -> None:
    keys = wrapping_keys(MASTER, FileUse)
    shown = repr(keys) + repr(PASSPHRASE) + str(PASSPHRASE)
    try:
        read_master(folder, WRONG)
    except ConfigurationError as error:
        shown += repr(error) + str(error) + "".join(traceback.format_exception(error))
    for secret in (
        SECRET_TEXT,
        WRONG.octets.decode(),
        repr(MASTER),
        MASTER.hex(),
        *map(repr, keys.by_use.values()),
    ):
        assert secret not in shown
