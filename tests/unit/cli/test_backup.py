"""`emla backup` at the command line: keys told apart, files whole or absent, exit codes that a script can use."""

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from emla.config import FILE_NAME
from emla.keyring.media import MediaUse, make_media_key, write_media_key
from tests.support.backups import MADE
from tests.support.cli import Outcome, emla, make_authority
from tests.support.locking import PASSPHRASE, QUICK, SECRET_TEXT, fresh


@dataclass
class Desk:
    """A data folder, the backup key with its passphrase, and a place for backups."""

    folder: Path

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def key(self) -> Path:
        return self.folder / "backup.json"

    @property
    def public(self) -> Path:
        return self.folder / "backup.pub.json"

    @property
    def words(self) -> tuple[str | Path, ...]:
        return ("--key", self.key, "--passphrase-file", self.folder / "passphrase")

    def create(self, target: str = "a.backup", *more: str | Path) -> Outcome:
        return emla("backup", "create", self.folder / target, "--data", self.data, "--json", *more)

    def made(self) -> Path:
        assert self.create("a.backup", "--to", self.public).code == 0
        return self.folder / "a.backup"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = Desk(tmp_path)
    make_authority(desk.data)
    write_media_key(desk.key, MADE)
    (tmp_path / "passphrase").write_text(SECRET_TEXT)
    (tmp_path / "passphrase").chmod(0o600)
    return desk


def test_the_key_is_made_and_copied_and_the_copy_opens_the_same_backups(tmp_path: Path, desk: Desk) -> None:
    words = ("--passphrase-file", tmp_path / "passphrase")
    copy = emla(
        "backup", "key", tmp_path / "copy.json", "--from", desk.key,
        "--old-passphrase-file", tmp_path / "passphrase", *words, "--json",
    )  # fmt: skip
    assert copy.code == 0, copy.err
    assert copy.document["kid"] == MADE.about.kid
    assert json.loads((tmp_path / "copy.pub.json").read_text())["use"] == "backup"
    new = emla("backup", "key", tmp_path / "new.json", "--dry-run", "--json")
    assert new.document["dry_run"] is True
    assert not (tmp_path / "new.json").exists()


def test_the_setting_names_the_key_and_the_option_beats_it(desk: Desk) -> None:
    assert desk.create().code == 2
    with (desk.data / FILE_NAME).open("a") as file:
        file.write(f'\n[backup]\nrecipient = "{desk.public}"\n')
    assert desk.create().document["kid"] == MADE.about.kid
    assert desk.create("b", "--to", desk.folder / "nothing.json").code == 1


def test_a_folder_gets_a_file_with_the_authoritys_name(desk: Desk) -> None:
    (desk.folder / "nightly").mkdir()
    made = desk.create("nightly", "--to", desk.public).document
    (found,) = (desk.folder / "nightly").iterdir()
    assert made["file"] == str(found)
    assert found.name.startswith("nl.minjus-")
    assert found.name.endswith(".emla-backup")


def test_a_dry_run_writes_nothing(desk: Desk) -> None:
    before = sorted(desk.folder.rglob("*"))
    assert desk.create("a.backup", "--to", desk.public, "--dry-run").document["dry_run"] is True
    assert sorted(desk.folder.rglob("*")) == before
    made = desk.made()
    dry = emla("backup", "restore", made, *desk.words, "--data", desk.folder / "again", "--dry-run", "--json")
    assert (dry.code, dry.document["dry_run"]) == (0, True)
    assert not (desk.folder / "again").exists()


def test_without_a_server_it_is_made_and_says_that_the_ledger_does_not_know(desk: Desk) -> None:
    assert desk.create("a.backup", "--to", desk.public).document["recorded_at"] is None
    doctor = emla("doctor", "--data", desk.data, "--json").document["checks"]
    assert isinstance(doctor, list)
    assert [each["verdict"] for each in doctor if each["name"] == "backup"] == ["ok"]


def test_verify_says_what_it_is_without_a_key_and_all_of_it_with_one(desk: Desk) -> None:
    made = desk.made()
    outside = emla("backup", "verify", made, "--json").document
    assert (outside["authority"], outside["kid"], outside["opened"]) == ("nl.minjus", MADE.about.kid, False)
    inside = emla("backup", "verify", made, *desk.words, "--json").document
    assert (inside["opened"], inside["whole"], inside["problems"]) == (True, True, [])
    shown = emla("backup", "verify", made, *desk.words)
    assert "The backup is whole" in shown.out
    assert str(inside["fingerprint"]) in shown.out


def test_restore_needs_the_key_and_an_empty_folder(desk: Desk) -> None:
    made = desk.made()
    assert emla("backup", "restore", made, "--data", desk.folder / "again").code == 2
    full = emla("backup", "restore", made, *desk.words, "--data", desk.data, "--json")
    assert full.code == 1
    assert "already-initialised" in full.out
    restored = emla("backup", "restore", made, *desk.words, "--data", desk.folder / "again")
    assert restored.code == 0, restored.err
    assert "Compare the fingerprint" in restored.err
    assert (desk.folder / "again" / "restored.json").exists()


@pytest.mark.parametrize("use", [MediaUse.ROOT, MediaUse.OFFICER])
def test_another_persons_key_is_refused_by_name(desk: Desk, use: MediaUse) -> None:
    other = make_media_key(
        use, seed=bytes(32), name="Anna", passphrase=PASSPHRASE, created=1, work=QUICK, fresh=fresh()
    )
    write_media_key(desk.folder / "anna.json", other)
    wrong = desk.create("a.backup", "--to", desk.folder / "anna.pub.json")
    assert wrong.code == 4
    assert "Anna" in wrong.out
    assert not (desk.folder / "a.backup").exists()
    made = desk.made()
    opened = emla("backup", "verify", made, "--key", desk.folder / "anna.json", *desk.words[2:], "--json")
    assert opened.code == 4
    assert "wrong-backup-key" in opened.out


def test_a_backup_key_signs_nothing(desk: Desk) -> None:
    freeze = emla(
        "root", "freeze", desk.folder / "freeze.json", "--reason", "x", "--key", desk.key, *desk.words[2:],
        "--data", desk.data, "--yes", "--json",
    )  # fmt: skip
    assert freeze.code == 4
    assert "unreadable-key" in freeze.out


def test_damage_ends_with_exit_code_1_and_names_the_file(desk: Desk) -> None:
    made = desk.made()
    made.write_bytes(made.read_bytes()[:-1])
    damaged = emla("backup", "verify", made)
    assert damaged.code == 1
    assert str(made) in damaged.err
    assert "backup-damaged" in damaged.err
