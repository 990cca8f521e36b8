"""The command line at a real terminal: what it asks, and what it does with the answers."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest

from emla.bootstrap.first_keys import Protection
from emla.keyring.passphrase import Passphrase
from emla.keyring.wrapping import is_wrapped, read_master
from tests.support.cli import emla, fake_server, make_authority, short_folder
from tests.support.locking import QUICK
from tests.support.servers import make_server
from tests.support.terminals import interrupt

HIDDEN = "?????"


@pytest.fixture
def folder() -> Iterator[Path]:
    with short_folder() as path:
        yield path


def terminal(*words: str | Path, **environment: str) -> "pexpect.spawn[str]":
    return pexpect.spawn(
        sys.executable,
        ["-m", "emla", *map(str, words)],
        encoding="utf-8",
        timeout=20,
        dimensions=(50, 100),
        env={"PATH": "/usr/bin:/bin", "TERM": "dumb", "NO_COLOR": "1", "HOME": "/nonexistent", **environment},
        cwd=str(Path(__file__).parents[2]),
    )


def finish(child: "pexpect.spawn[str]") -> int:
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus is not None
    return int(child.exitstatus)


def test_init_asks_explains_a_wrong_answer_and_makes_the_authority(folder: Path) -> None:
    child = terminal("init", "--data", folder / "nl", "--telephone", "+31 70 555 0100")
    for question, answer in (
        ("Authority id", "NL"),
        ("lower case with dots.*Authority id", "nl.minjus"),
        ("Official name", "Ministry of Justice"),
        (r"Language of that name .*\[en\]", ""),
        (r"Country .*\[NL\]", ""),
        ("Address at which", "https://localhost:8443"),
        ("E-mail", "a@b.nl"),
        (r"Time zone \[UTC\]", "Europe/Amsterdam"),
        (r"Office hours.*\[Mon-Fri 9-17\]", ""),
        ("Make nl.minjus in", "y"),
        ("Choose a passphrase", "orbit lamp canal stork fig"),
        ("Type it again", "orbit lamp canal stork fig"),
    ):
        child.expect(question)
        child.sendline(answer)
    child.expect("Fingerprint")
    child.expect("Start the gateway")
    assert finish(child) == 0
    card = emla("card", "show", "--data", folder / "nl", "--json").document
    assert card["authority"] == "nl.minjus"
    assert is_wrapped(folder / "nl" / "keys")


def test_init_leaves_nothing_when_the_last_question_is_answered_no(folder: Path) -> None:
    words = ["--authority", "nl.minjus", "--name", "M", "--language", "en", "--country", "NL"]
    words += ["--endpoint", "https://h", "--email", "a@b"]
    child = terminal("init", "--data", folder / "nl", *words, "--time-zone", "UTC", "--office-hours", "9-17")
    child.expect("Telephone")
    child.sendline("+31 70 555 0100")
    child.expect("Make nl.minjus in")
    child.sendline("n")
    assert finish(child) == 130
    assert list(folder.iterdir()) == []


def _hidden_groups(child: "pexpect.spawn[str]", fingerprint: str) -> list[str]:
    """Read the groups shown and return those that are hidden."""
    groups = fingerprint.split()
    child.expect("hidden here[.]")
    child.expect("Group ")
    shown = child.before.split()
    assert len(shown) == len(groups)
    assert shown.count(HIDDEN) == 2
    assert all(a in (b, HIDDEN) for a, b in zip(shown, groups, strict=True))
    return [group for group, seen in zip(groups, shown, strict=True) if seen == HIDDEN]


@pytest.mark.parametrize("slips", [0, 1])
def test_import_pins_when_both_hidden_groups_are_typed_even_after_a_slip(folder: Path, slips: int) -> None:
    make_authority(folder / "jp", "jp.moj")
    other = make_authority(folder / "nl", "nl.minjus")
    with fake_server(folder / "jp") as server:
        child = terminal("peer", "import", other.documents, "--data", folder / "jp")
        first, second = _hidden_groups(child, other.fingerprint)
        if slips:
            child.sendline("x")
            child.expect("Group ")
            child.sendline("y")
            child.expect("not what this file has")
            child.expect("Group ")
            assert first not in child.before.split()
        child.sendline(first)
        child.expect("Group ")
        child.sendline(second)
        child.expect("is pinned")
        assert finish(child) == 0
        assert list(server.peers) == ["nl.minjus"]


def test_import_refuses_after_three_wrong_answers(folder: Path) -> None:
    make_authority(folder / "jp", "jp.moj")
    other = make_authority(folder / "nl", "nl.minjus")
    with fake_server(folder / "jp") as server:
        child = terminal("peer", "import", other.documents, "--data", folder / "jp")
        first, _ = _hidden_groups(child, other.fingerprint)
        for attempt in range(3):
            if attempt:
                child.expect("Group ")
            child.sendline(first)
            child.expect("Group ")
            child.sendline("00000")
        child.expect("fingerprint-mismatch")
        assert finish(child) == 3
        assert server.peers == {}


def test_ctrl_c_at_a_question_is_130(folder: Path) -> None:
    child = terminal("init", "--data", folder / "nl")
    child.expect("Authority id.*: ")
    interrupt(child, "Interrupted")
    assert finish(child) == 130


PHRASE, OTHER = "orbit lamp canal stork fig", "velvet moss anchor tin oboe"


def locked_authority(folder: Path) -> Path:
    server = make_server(folder, "nl.minjus", Protection(passphrase=Passphrase(PHRASE.encode()), work=QUICK))
    return server.data


def test_serve_asks_for_the_passphrase_and_shows_nothing_of_it(folder: Path) -> None:
    data = locked_authority(folder)
    ports = {"EMLA_PEER__LISTEN_PORT": "0", "EMLA_OPERATIONS__LISTEN_PORT": "0"}
    child = terminal("serve", "--data", data, **ports)
    child.expect("Type the passphrase of the private keys: ")
    child.sendline(PHRASE)
    child.expect("serving")
    assert "stork" not in child.before
    child.sendintr()
    assert finish(child) == 0


def test_a_wrong_passphrase_at_the_terminal_is_exit_4(folder: Path) -> None:
    child = terminal("serve", "--data", locked_authority(folder))
    child.expect("Type the passphrase")
    child.sendline(OTHER)
    child.expect("wrong-passphrase")
    assert finish(child) == 4


def test_wrap_asks_for_the_old_passphrase_and_twice_for_the_new_one(folder: Path) -> None:
    data = locked_authority(folder)
    child = terminal("keys", "wrap", "--data", data)
    for question, answer in (
        ("Type the passphrase", PHRASE),
        ("Choose the new passphrase", OTHER),
        ("Type it again", "something else entirely"),
        ("do not match.*Choose the new passphrase", OTHER),
        ("Type it again", OTHER),
    ):
        child.expect(question)
        child.sendline(answer)
    child.expect(r"are\s+locked\s+under\s+the\s+new\s+passphrase")
    assert finish(child) == 0
    assert read_master(data / "keys", Passphrase(OTHER.encode()))


def test_signing_with_a_root_key_shows_it_asks_and_takes_no_for_an_answer(folder: Path) -> None:
    made = make_authority(folder / "nl", "nl.minjus")
    draft = folder / "next.json"
    assert emla("root", "rotate", draft, "--data", folder / "nl").code == 0
    before = draft.read_bytes()
    child = terminal("root", "sign", draft, "--key", made.root_key, "--data", folder / "nl")
    child.expect("root, version 2")
    child.expect("Sign this")
    child.sendline("n")
    assert finish(child) == 130
    assert draft.read_bytes() == before
