"""The command line at a real terminal: what it asks, and what it does with the answers."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest

from emla.keyring.wrapping import is_wrapped
from tests.support.cli import emla, fake_server, make_authority, short_folder

HIDDEN = "?????"


@pytest.fixture
def folder() -> Iterator[Path]:
    with short_folder() as path:
        yield path


def terminal(*words: str | Path) -> "pexpect.spawn[str]":
    return pexpect.spawn(
        sys.executable,
        ["-m", "emla", *map(str, words)],
        encoding="utf-8",
        timeout=20,
        dimensions=(50, 100),
        env={"PATH": "/usr/bin:/bin", "TERM": "dumb", "NO_COLOR": "1", "HOME": "/nonexistent"},
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
    child.expect("Authority id")
    child.sendintr()
    child.expect("Interrupted")
    assert finish(child) == 130
