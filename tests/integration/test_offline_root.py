"""An authority whose root keys were never on the gateway, made with the commands that begin-with-an-offline-root.md prints."""

import json
import os
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from emla.bootstrap.own import own_authority
from emla.keyring.files import read_keys
from emla.keyring.folder import unlock_folder
from emla.keyring.key_file import FileUse
from emla.keyring.passphrase import Passphrase
from emla.model.errors import ConfigurationError
from tests.support.commands import QUICK_EMLA, run_emla
from tests.support.pages import commands_of

PHRASE = "five random words are good"


class Desk:
    """Where the commands of the page are typed; passphrases come from a file, and the courier medium is one folder."""

    def __init__(self, folder: Path) -> None:
        self.courier, self.media, self.data = (folder / each for each in ("courier", "media", "data"))
        for each in ("courier", "media/safe-1", "media/safe-2", "media/safe-3"):
            (folder / each).mkdir(parents=True)
        self.phrase = folder / "phrase"
        self.phrase.write_text(PHRASE)
        self.phrase.chmod(0o600)

    def run(self, command: str, *more: str) -> "subprocess.CompletedProcess[str]":
        words = shlex.split(command.replace("/media/", f"{self.media}/"))
        assert words[0] == "emla"
        environment = os.environ | {"EMLA_DATA": str(self.data)}
        return run_emla(*words[1:], *more, module=QUICK_EMLA, environment=environment, folder=self.courier)

    def does(self, command: str, *more: str) -> str:
        done = self.run(command, *more)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def prepared(self) -> None:
        """Steps 1 and 2, and the way of the drafts to the courier medium."""
        secret = ("--passphrase-file", str(self.phrase))
        for command in COMMANDS[:4]:
            self.does(command, *secret)
        for name in ("root-draft.json", "card-draft.json"):
            shutil.copy(self.data / "documents" / name, self.courier / name)

    def signed(self, *commands: str) -> None:
        for command in commands:
            self.does(command, "--passphrase-file", str(self.phrase), "--yes")


COMMANDS = commands_of("begin-with-an-offline-root")
SIGNING, COMPLETING = COMMANDS[4:6], COMMANDS[6]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_the_page_makes_an_authority_and_no_root_key_ever_lies_on_the_gateway(desk: Desk) -> None:
    assert len(COMMANDS) == 7
    desk.prepared()
    with pytest.raises(ConfigurationError, match="no authority") as caught:
        own_authority(desk.data)
    assert caught.value.code == "not-initialised"
    desk.signed(*SIGNING)
    before = desk.does(COMPLETING, "--dry-run")
    assert "Nothing was changed" in before
    assert "is complete" in desk.does(COMPLETING)
    authority = own_authority(desk.data)
    assert (authority.root.threshold, len(authority.root.keys)) == (2, 3)
    public = json.loads((desk.media / "safe-1" / "root.pub.json").read_text())
    assert public["kid"] in {key.kid for key in authority.root.keys}
    assert list(desk.data.rglob("*root*")) == []
    folder = unlock_folder(desk.data / "keys", lambda: Passphrase(PHRASE.encode()), lambda: Passphrase(b""))
    with pytest.raises(ConfigurationError):
        read_keys(desk.data / "keys", frozenset({FileUse.ROOT}), folder.wrapping(frozenset({FileUse.ROOT})))


def test_without_enough_signatures_nothing_is_completed(desk: Desk) -> None:
    desk.prepared()
    desk.signed(SIGNING[0])
    refused = desk.run(COMPLETING)
    assert refused.returncode == 3
    assert "lacks signatures" in refused.stderr
    assert not (desk.data / "documents" / "own.json").exists()
    desk.signed(SIGNING[1])
    desk.does(COMPLETING)
    again = desk.run(COMPLETING)
    assert again.returncode == 1
    assert "already" in again.stderr


def test_documents_that_were_not_prepared_here_complete_nothing(desk: Desk, tmp_path: Path) -> None:
    other = Desk(tmp_path / "other")
    for each in (desk, other):
        each.prepared()
        each.signed(*SIGNING)
    for name in ("root-draft.json", "card-draft.json"):
        shutil.copy(other.courier / name, desk.courier / name)
    refused = desk.run(COMPLETING)
    assert refused.returncode == 3
    assert "not the document that was prepared here" in refused.stderr
    assert "invalid-document" in refused.stderr


@pytest.mark.parametrize(
    ("option", "words"),
    [
        (("--threshold", "4"), "cannot give 4 signatures"),
        (("--root-key", "/media/safe-1/root.pub.json"), "given twice"),
    ],
)
def test_a_root_that_could_never_sign_is_not_begun(desk: Desk, option: tuple[str, str], words: str) -> None:
    secret = ("--passphrase-file", str(desk.phrase))
    for command in COMMANDS[:3]:
        desk.does(command, *secret)
    refused = desk.run(COMMANDS[3], *(each.replace("/media/", f"{desk.media}/") for each in option), *secret)
    assert refused.returncode == 2
    assert words in refused.stderr
    assert not desk.data.exists()
