"""Hubs on the command line: made with, proposed, shown, and checked by the doctor."""

import asyncio
from pathlib import Path

import pytest

from emla.bootstrap.checkup import Verdict
from emla.bootstrap.doctor import _hub, _peer
from emla.cli.peer_view import peer_facts, peer_row
from emla.client.answers import OwnHub, Peer
from emla.client.reading import Answer
from tests.support.cli import emla
from tests.support.fake_authority_api import AT, EXPIRES

OPTIONS = (
    *("--authority", "nl.minjus", "--name", "Ministry", "--country", "NL"),
    *("--telephone", "+31-70-5550100", "--email", "a@b.nl", "--no-passphrase"),
)


def peer(*hubs: str, endpoint: bool) -> Peer:
    return Peer.read(
        Answer(
            {
                "authority": "jp.moj",
                "name": "Ministry",
                "country": "JP",
                "root_version": 1,
                "card_version": 1,
                "card_expires": EXPIRES,
                "pinned_at": AT,
                "fingerprint": "1",
                "last_contact": None,
                "waiting_legs": 0,
                "next_attempt": None,
                "endpoint": endpoint,
                "through": list(hubs),
                "freshness": "fresh",
                "status_at": AT,
                "status_age_seconds": 60,
                "frozen": False,
                "held": None,
                "revocations": 0,
                "profile_version": 1,
                "next_expiry": {"what": "card", "at": EXPIRES, "days_left": 200.0},
                "ping": None,
            },
            "peer",
        )
    )


def test_an_authority_without_an_endpoint_is_made_with_its_hubs(tmp_path: Path) -> None:
    data = tmp_path / "nl"
    words = ("--no-endpoint", "--hub", "eu.hub", "--hub", "un.hub")
    assert emla("init", "--data", data, *OPTIONS, *words).code == 0
    shown = emla("card", "show", "--data", data, "--json").document
    assert (shown["endpoints"], shown["hubs"]) == ([], ["eu.hub", "un.hub"])
    assert "eu.hub" in emla("card", "show", "--data", data).out


def test_the_answers_file_knows_hubs_too(tmp_path: Path) -> None:
    file = tmp_path / "answers.toml"
    file.write_text('endpoint = "none"\nhub = "eu.hub, un.hub"\n')
    assert emla("init", "--data", tmp_path / "nl", "--answers", file, *OPTIONS).code == 0
    shown = emla("card", "show", "--data", tmp_path / "nl", "--json").document
    assert (shown["endpoints"], shown["hubs"]) == ([], ["eu.hub", "un.hub"])


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--no-endpoint",), "--hub"),
        (("--no-endpoint", "--endpoint", "https://a.example"), "exclude"),
        (("--endpoint", "https://a.example", "--hub", "NOT AN ID"), "--hub"),
        (("--no-endpoint", "--hub", "eu.hub", "--hub", "eu.hub"), "once"),
        (("--no-endpoint", "--hub", "nl.minjus"), "nl.minjus"),
        (("--no-endpoint", *(each for n in "abcdefghi" for each in ("--hub", f"eu.hub{n}"))), "at most 8"),
    ],
)
def test_what_nobody_could_reach_is_not_made(tmp_path: Path, words: tuple[str, ...], says: str) -> None:
    outcome = emla("init", "--data", tmp_path / "nl", *OPTIONS, *words)
    assert outcome.code == 2
    assert says in outcome.err
    assert list(tmp_path.iterdir()) == []


def test_how_a_peer_is_reached_is_shown() -> None:
    behind, both, direct = (
        peer("eu.hub", endpoint=False),
        peer("eu.hub", endpoint=True),
        peer(endpoint=True),
    )
    assert "through eu.hub" in peer_row(behind, 0)
    assert "never" in peer_row(both, 0)
    facts = [dict(peer_facts(each, 0))["Reached"] for each in (behind, both, direct)]
    assert facts[0].startswith("through eu.hub;")
    assert facts[1:] == ["directly, else through eu.hub", "directly"]


def test_the_doctor_says_what_is_wrong_with_a_hub() -> None:
    found = [
        _hub(OwnHub(authority="eu.hub", pinned=pinned, reached=reached)).verdict
        for pinned, reached in ((False, False), (True, False), (True, True))
    ]
    assert found == [Verdict.FAIL, Verdict.WARN, Verdict.OK]
    # Nobody is called for a peer that nobody can call.
    check = asyncio.run(_peer(None, peer("eu.hub", endpoint=False)))  # type: ignore[arg-type]  # it is not used
    assert check.verdict is Verdict.OK
    assert "eu.hub" in check.found
