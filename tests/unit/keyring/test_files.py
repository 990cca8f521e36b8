"""Key files are refused unless whole, private and what their name says; a keyring holds only what its process may hold."""

import json
import os
from pathlib import Path

import pytest

from emla.formats import dsse, ed1, h1
from emla.formats.binding import key_id
from emla.keyring.files import (
    GATEWAY_USES,
    OPENER_USES,
    FileUse,
    Keyring,
    StoredKey,
    make_key,
    public_of,
    read_key,
    read_keys,
    write_key,
)
from emla.model.errors import ConfigurationError
from emla.model.signed import PayloadType

NOW = 1_790_000_000


def seed_of(use: FileUse) -> bytes:
    return use.value.encode().ljust(32, b"!")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "keys"
    for use in FileUse:
        write_key(folder, make_key(use, seed=seed_of(use), created=NOW))
    return folder


def path_of(folder: Path, use: FileUse) -> Path:
    (path,) = folder.glob(f"{use}-*.json")
    return path


def refused(folder: Path, uses: frozenset[FileUse] = GATEWAY_USES) -> str:
    with pytest.raises(ConfigurationError) as caught:
        read_keys(folder, uses)
    assert caught.value.code == "unreadable-key"
    return caught.value.detail


def test_files_and_folder_are_private(folder: Path) -> None:
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    assert len(list(folder.iterdir())) == len(FileUse), "no temporary file stays behind"


def test_a_written_key_reads_back_and_works(folder: Path) -> None:
    keys = read_keys(folder, GATEWAY_USES)
    stored = read_key(path_of(folder, FileUse.SIGN))
    signed = dsse.decode(
        dsse.sign(PayloadType.PING, b"{}", keys.signer(FileUse.SIGN, stored.kid)), PayloadType.PING, 9999
    )
    assert dsse.verifies(signed, stored.kid, public_of(stored))
    assert stored.kid == key_id("ed1", public_of(stored))
    assert keys.content_key == seed_of(FileUse.CONTENT)


def test_the_opener_unwraps_with_its_sealing_key(folder: Path) -> None:
    stored = read_key(path_of(folder, FileUse.SEAL))
    key = read_keys(folder, OPENER_USES).sealing_key(stored.kid)
    assert key is not None
    assert key.unwrap(h1.wrap(public_of(stored), b"c" * 32, b"bind"), b"bind") == b"c" * 32


def test_the_gateway_never_holds_nor_opens_a_sealing_or_root_key(folder: Path) -> None:
    for use in (FileUse.SEAL, FileUse.ROOT):
        path_of(folder, use).write_bytes(b"not even a key file")
    keys = read_keys(folder, GATEWAY_USES)
    assert keys.sealing_kids == frozenset()
    assert keys.sealing_key(path_of(folder, FileUse.SEAL).stem.removeprefix("seal-")) is None


def test_the_opener_holds_nothing_to_sign_with(folder: Path) -> None:
    keys = read_keys(folder, OPENER_USES)
    with pytest.raises(ConfigurationError) as caught:
        keys.signer(FileUse.SIGN, path_of(folder, FileUse.SIGN).stem.removeprefix("sign-"))
    assert caught.value.code == "unreadable-key"


def test_a_keyring_read_without_the_content_key_says_so(folder: Path) -> None:
    keys = read_keys(folder, frozenset({FileUse.SIGN}))
    with pytest.raises(ConfigurationError):
        _ = keys.content_key


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o601])
def test_a_file_others_can_reach_is_refused_with_its_name_and_the_remedy(folder: Path, mode: int) -> None:
    path = path_of(folder, FileUse.LEDGER)
    path.chmod(mode)
    detail = refused(folder)
    assert str(path) in detail
    assert f"chmod 0600 {path}" in detail


def test_a_folder_others_can_enter_is_refused(folder: Path) -> None:
    folder.chmod(0o750)
    assert f"chmod 0700 {folder}" in refused(folder)
    with pytest.raises(ConfigurationError):
        write_key(folder, make_key(FileUse.SIGN, seed=b"2" * 32, created=NOW))


def test_a_file_of_another_user_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: folder.stat().st_uid + 1)
    assert "another user" in refused(folder)


def test_a_symbolic_link_is_refused(folder: Path, tmp_path: Path) -> None:
    path = path_of(folder, FileUse.SIGN)
    path.rename(tmp_path / path.name)
    path.symlink_to(tmp_path / path.name)
    assert str(path) in refused(folder)


def test_a_missing_key_is_refused(folder: Path) -> None:
    path_of(folder, FileUse.CONTENT).unlink()
    assert "content-*.json is missing" in refused(folder)


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    assert str(tmp_path / "keys") in refused(tmp_path / "keys")


@pytest.mark.parametrize("length", [0, 1, 40, 120, 10_000])
def test_a_truncated_or_endless_file_is_refused(folder: Path, length: int) -> None:
    path = path_of(folder, FileUse.SIGN)
    path.write_bytes((path.read_bytes() + b" " * 10_000)[:length])
    assert f"{path} is damaged" in refused(folder)


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("v", 2),
        ("use", "seal"),
        ("use", "unheard-of"),
        ("alg", "h1"),
        ("kid", "0" * 32),
        ("seed", "A" * 43),
        ("seed", "A" * 42),
        ("created", -1),
        ("extra", 1),
    ],
)
def test_a_file_whose_content_is_not_what_its_name_says_is_refused(
    folder: Path, member: str, value: str | int
) -> None:
    path = path_of(folder, FileUse.SIGN)
    members = json.loads(path.read_bytes())
    members[member] = value
    path.write_bytes(json.dumps(members).encode())
    assert str(path) in refused(folder)


def test_a_key_is_not_put_to_another_use_by_another_name(folder: Path) -> None:
    path = path_of(folder, FileUse.SIGN)
    renamed = path.rename(path.with_name(path.name.replace("sign", "ledger")))
    with pytest.raises(ConfigurationError) as caught:
        read_key(renamed)
    assert caught.value.code == "unreadable-key"


def test_every_flipped_byte_of_a_content_key_is_noticed(folder: Path) -> None:
    path = path_of(folder, FileUse.CONTENT)
    good = path.read_bytes()
    start = good.index(b'"seed":"') + 8
    for place in range(start, start + 43):
        damaged = bytearray(good)
        damaged[place] = ord("B") if damaged[place] == ord("A") else ord("A")
        path.write_bytes(damaged)
        refused(folder)


def test_two_content_keys_are_refused(folder: Path) -> None:
    write_key(folder, make_key(FileUse.CONTENT, seed=b"2" * 32, created=NOW))
    assert "two content keys" in refused(folder)


def test_a_key_is_never_overwritten(folder: Path) -> None:
    path = path_of(folder, FileUse.SEAL)
    before = path.read_bytes()
    with pytest.raises(ConfigurationError) as caught:
        write_key(folder, make_key(FileUse.SEAL, seed=seed_of(FileUse.SEAL), created=NOW + 1))
    assert str(path) in caught.value.detail
    assert path.read_bytes() == before
    assert len(list(folder.iterdir())) == len(FileUse)


def test_what_a_crash_left_behind_neither_hurts_nor_is_read(folder: Path) -> None:
    key = make_key(FileUse.SIGN, seed=b"2" * 32, created=NOW)
    (folder / f".sign-{key.kid}.json.new").write_bytes(b"half a k")
    read_keys(folder, GATEWAY_USES)
    assert read_key(write_key(folder, key)) == key


def test_representations_show_no_secret(folder: Path) -> None:
    stored = [read_key(path) for path in sorted(folder.iterdir())]
    shown = f"{stored!r} {stored} {Keyring(stored)!r} {Keyring(stored)} {ed1.SigningKey(b'!' * 32, 'kid')!r}"
    for key in stored:
        assert key.kid in shown
        assert repr(key.seed)[2:-1] not in shown
        assert key.seed.hex() not in shown


def test_an_error_about_a_damaged_key_shows_no_secret(folder: Path) -> None:
    path = path_of(folder, FileUse.SIGN)
    seed = json.loads(path.read_bytes())["seed"]
    path.write_bytes(path.read_bytes() + b"}")
    assert seed not in refused(folder)


def test_a_seed_of_another_length_makes_no_key() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        make_key(FileUse.SIGN, seed=b"short", created=NOW)


def test_the_content_key_id_does_not_depend_on_the_time_it_was_made() -> None:
    first, second = (make_key(FileUse.CONTENT, seed=b"s" * 32, created=at) for at in (1, 2))
    assert first.kid == second.kid
    assert StoredKey(use=FileUse.CONTENT, kid=first.kid, seed=b"s" * 32, created=1) == first
