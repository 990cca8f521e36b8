"""A key on removable media opens with its passphrase alone, whatever the medium does to modes, and says whose it is."""

import json
import traceback
from pathlib import Path

import pytest

from emla.formats import ed1, h1
from emla.formats.binding import key_id
from emla.formats.strict_json import encode_octets
from emla.keyring.files import FileUse, make_key, write_key
from emla.keyring.media import (
    MediaKey,
    MediaUse,
    make_media_key,
    open_backup_key,
    open_media_key,
    open_plain_root,
    public_path,
    read_media_key,
    read_public,
    write_media_key,
)
from emla.model.errors import ConfigurationError, MalformedError
from tests.support.locking import PASSPHRASE, QUICK, SECRET_TEXT, WRONG, fresh

SEED = b"seed of an officer".ljust(32, b".")


def key_of(use: MediaUse = MediaUse.OFFICER, name: str = "Aiko Tanaka") -> MediaKey:
    return make_media_key(
        use, seed=SEED, name=name, passphrase=PASSPHRASE, created=1, work=QUICK, fresh=fresh()
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    write_media_key(tmp_path / "aiko.json", key_of())
    return tmp_path / "aiko.json"


def locked(path: Path) -> MediaKey:
    key = read_media_key(path)
    assert key is not None
    return key


def test_it_opens_and_signs_as_the_key_its_public_half_names(path: Path) -> None:
    signer = open_media_key(path, locked(path), PASSPHRASE)
    about = read_public(public_path(path))
    assert ed1.verify(about.public, b"x", signer.sign(b"x"))
    assert (about.use, about.kid, about.name) == (MediaUse.OFFICER, signer.kid, "Aiko Tanaka")


def test_the_public_half_holds_nothing_to_try_a_passphrase_on(path: Path) -> None:
    members = json.loads(public_path(path).read_bytes())
    assert set(members) == {"v", "use", "alg", "kid", "public", "name"}


def test_a_wrong_passphrase_says_which_file(path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        open_media_key(path, locked(path), WRONG)
    assert caught.value.code == "wrong-passphrase"
    assert str(path) in caught.value.detail


@pytest.mark.parametrize("member", ["name", "use"])
def test_whose_key_it_is_cannot_be_rewritten(path: Path, member: str) -> None:
    members = json.loads(path.read_bytes()) | {member: {"name": "Mallory", "use": "root"}[member]}
    path.write_text(json.dumps(members, separators=(",", ":")))
    with pytest.raises(ConfigurationError) as caught:
        open_media_key(path, locked(path), PASSPHRASE)
    assert caught.value.code == "wrong-passphrase"


@pytest.mark.parametrize(
    "public", [ed1.SigningKey(SEED[::-1], "").public, bytes(32)], ids=["another key's", "weak"]
)
def test_a_public_half_is_of_the_key_it_names(path: Path, public: bytes) -> None:
    read_public(public_path(path))
    members = json.loads(public_path(path).read_bytes())
    for kid in (members["kid"], key_id(ed1.NAME, bytes(32))):
        changed = members | {"kid": kid, "public": encode_octets(public)}
        public_path(path).write_text(json.dumps(changed, separators=(",", ":")))
        with pytest.raises(ConfigurationError) as caught:
            read_public(public_path(path))
        assert caught.value.code == "unreadable-key"


def test_a_truncated_file_points_to_the_second_copy(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-7])
    with pytest.raises(ConfigurationError) as caught:
        read_media_key(path)
    assert caught.value.code == "unreadable-key"
    assert "second copy" in caught.value.detail


def test_a_medium_without_modes_does_not_lock_its_owner_out(path: Path) -> None:
    path.chmod(0o755)
    assert open_media_key(path, locked(path), PASSPHRASE).kid == locked(path).about.kid


def test_a_root_key_without_a_passphrase_is_taken_only_when_nobody_else_can_read_it(tmp_path: Path) -> None:
    root = write_key(tmp_path / "root", make_key(FileUse.ROOT, seed=SEED, created=1))
    assert read_media_key(root) is None
    assert open_plain_root(root).public == ed1.SigningKey(SEED, "").public
    root.chmod(0o644)
    with pytest.raises(ConfigurationError) as caught:
        read_media_key(root)
    assert caught.value.code == "unreadable-key"


def test_nothing_is_overwritten_and_nothing_is_left_behind(path: Path) -> None:
    before = path.read_bytes()
    with pytest.raises(ConfigurationError) as caught:
        write_media_key(path, key_of())
    assert caught.value.code == "unwritable-file"
    assert path.read_bytes() == before
    path.unlink()
    with pytest.raises(ConfigurationError):
        write_media_key(path, key_of())
    assert not path.exists(), "a key without its public half is not left"


def test_a_name_that_would_write_on_a_terminal_is_refused() -> None:
    with pytest.raises(MalformedError):
        key_of(name="Aiko\x1b[2J")


def test_no_secret_shows(path: Path) -> None:
    shown = repr(key_of()) + repr(open_media_key(path, locked(path), PASSPHRASE))
    try:
        open_media_key(path, locked(path), WRONG)
    except ConfigurationError as error:
        shown += "".join(traceback.format_exception(error))
    for secret in (SECRET_TEXT, WRONG.octets.decode(), repr(SEED), SEED.hex()):
        assert secret not in shown


def test_a_key_of_backups_opens_what_is_sealed_to_it(tmp_path: Path) -> None:
    write_media_key(tmp_path / "backup.json", key_of(MediaUse.BACKUP, "safe 1"))
    about = read_public(tmp_path / "backup.pub.json")
    opened = open_backup_key(tmp_path / "backup.json", locked(tmp_path / "backup.json"), PASSPHRASE)
    assert opened.unwrap(h1.wrap(about.public, bytes(32), b"x"), b"x") == bytes(32)
    assert (about.use, about.kid) == (MediaUse.BACKUP, opened.kid)


def test_a_key_of_backups_signs_nothing(tmp_path: Path) -> None:
    write_media_key(tmp_path / "backup.json", key_of(MediaUse.BACKUP))
    with pytest.raises(ConfigurationError) as caught:
        open_media_key(tmp_path / "backup.json", locked(tmp_path / "backup.json"), PASSPHRASE)
    assert caught.value.code == "unreadable-key"


def test_another_key_opens_no_backups(path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        open_backup_key(path, locked(path), PASSPHRASE)
    assert caught.value.code == "unreadable-key"
