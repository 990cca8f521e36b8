"""Two ministries live by the printed pages: every command is one that a page of docs/how-to prints, typed at a terminal.

Real processes, real prompts, real gateways on loopback. Only what is asserted is read elsewhere.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.cli import short_folder
from tests.support.ministries import FINGERPRINT, KEY_ID, Ministry, hidden_groups
from tests.support.pages import Library

pytestmark = [pytest.mark.xdist_group("ceremony"), pytest.mark.timeout(240)]


@pytest.fixture
def folder() -> Iterator[Path]:
    with short_folder() as path:
        yield path


def found(them: "Ministry", name: str, port: int) -> dict[str, object]:
    raise NotImplementedError


def make(ministry: Ministry, name: str, country: str) -> None:
    """new-ministry-joins.md, the part of this machine."""
    walk = ministry.walk("new-ministry-joins")
    walk.do(
        "emla init",
        answers={
            r"Authority id[^\n]*: ": lambda _: ministry.id,
            r"Official name[^\n]*: ": lambda _: name,
            r"Language of that name[^\n]*: ": lambda _: "en",
            r"Country [^\n]*: ": lambda _: country,
            r"Address at which[^\n]*: ": lambda _: f"https://127.0.0.1:{ministry.port}",
            r"Telephone[^\n]*: ": lambda _: "+31 70 555 0100",
            r"E-mail[^\n]*: ": lambda _: f"desk@{ministry.id}.example.org",
            r"Time zone[^\n]*: ": lambda _: "Europe/Amsterdam",
            r"Office hours[^\n]*: ": lambda _: "",
        },
    )
    walk.do("systemctl start")
    walk.do("emla doctor")


def meet(one: Ministry, other: Ministry) -> None:
    """first-exchange.md, by two officers on the telephone."""
    walks = {
        each.id: each.walk("first-exchange", peer=there.id) for each, there in ((one, other), (other, one))
    }
    for each in (one, other):
        walks[each.id].do("emla card export")
    for each, there in ((one, other), (other, one)):
        their = walks[there.id].courier / "our-card.json"
        (walks[each.id].courier / "their-card.json").write_bytes(their.read_bytes())
        walks[each.id].do("emla card show their-card.json")
        screen = walks[each.id].do("emla card show")
        each.fingerprint = " ".join(FINGERPRINT.findall(screen)[-1].split())
    for each, there in ((one, other), (other, one)):
        screen = walks[each.id].do("emla peer import", answers={r"Group \d+[^\n]*: ": hidden_groups(there)})
        assert screen.count("?????") == 2
        assert f"{there.id} is pinned" in screen
    for each in (one, other):
        walks[each.id].do("emla peer ping")
        walks[each.id].do("emla peer list")


def test_two_ministries(folder: Path) -> None:
    library = Library()
    jp = Ministry("jp.moj", folder / "jp", library)
    nl = Ministry("nl.minjus", folder / "nl", library)
    try:
        make(jp, "Ministry of Justice", "JP")
        make(nl, "Ministry of Justice and Security", "NL")
        meet(jp, nl)
    finally:
        for each in (jp, nl):
            each.stop()
        (Path("/tmp") / "ceremony-screens.txt").write_text("\n".join([*jp.screens, "=" * 80, *nl.screens]))
