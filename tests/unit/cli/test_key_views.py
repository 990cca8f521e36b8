"""What officers see: keys, endings, peers and changes, against a fake server; and what a dry run leaves alone."""

import json
import time
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

import pytest

from emla.bootstrap.initialise import Initialised
from emla.bootstrap.officer import next_officers
from emla.cli.endings import age, colour, days_left
from emla.cli.qr import fingerprint_code, terminal_lines
from emla.formats.documents import document_hash
from emla.keyring.media import MediaUse, PublicKeyFile
from emla.model.documents import KeyUse
from tests.support.authorities import signing_key
from tests.support.cli import emla, fake_server, make_authority, short_folder
from tests.support.fake_authority_api import FakeAuthority

DAY = 86400
AT = "2026-11-23T20:50:37Z"
UNLISTED = "ab" * 16


@pytest.fixture
def made() -> Iterator[Initialised]:
    with short_folder() as folder:
        yield make_authority(folder / "nl", "nl.minjus", now=int(time.time()))


@pytest.fixture
def data(made: Initialised) -> Path:
    return made.documents.parents[1]


@pytest.fixture
def server(made: Initialised, data: Path) -> Iterator[FakeAuthority]:
    state = FakeAuthority(authority="nl.minjus", documents=made.documents.read_bytes())
    card = made.authority.card
    standing = {"version": 1, "sha256": "77" * 32, "expires": AT, "days_left": 20.4}
    state.keys = {
        "items": [
            key(each.kid, each.use.value, peers=["at.moj"] if each.use is KeyUse.SEAL else [])
            for each in card.keys
        ]
        + [key(UNLISTED, "seal", life=None, days=None)],
        "documents": {
            "authority": "nl.minjus",
            "frozen": False,
            "root": standing,
            "card": standing | {"days_left": 398.9},
            "profile_version": 1,
            "status_at": AT,
            "status_expires": AT,
            "revocations": [],
        },
    }
    with fake_server(data, state) as running:
        yield running


def key(
    kid: str,
    use: str,
    *,
    life: str | None = "active",
    days: float | None = 5.5,
    peers: list[str] | None = None,
) -> dict[str, object]:
    """A key as the API answers it."""
    window = AT if life else None
    return {
        "kid": kid,
        "use": use,
        "life": life,
        "not_before": window,
        "not_after": window,
        "days_left": days,
        "revoked_since": None,
        "destroy_at": window,
        "place": "file",
        "waiting_packages": 3 if peers else 0,
        "peers": peers or [],
    }


def peer(authority: str, **standing: object) -> dict[str, object]:
    """A peer as the API answers it."""
    body: dict[str, object] = {
        "authority": authority,
        "name": f"Ministry of {authority}",
        "country": "AT",
        "root_version": 1,
        "card_version": 1,
        "card_expires": AT,
        "pinned_at": AT,
        "fingerprint": "1",
        "last_contact": AT,
        "waiting_legs": 2,
        "next_attempt": None,
        "documents": "",
        "freshness": "fresh",
        "status_at": AT,
        "status_age_seconds": 7200,
        "frozen": False,
        "held": None,
        "revocations": 0,
        "profile_version": 1,
        "next_expiry": {"what": "card", "at": AT, "days_left": 12.3},
        "ping": {
            "at": AT,
            "latency_milliseconds": 31.4,
            "clock_difference_seconds": -400.0,
            "software": "emla/0.1.0",
            "card_version": 1,
            "failed_at": None,
            "failed_code": None,
        },
    }
    return body | standing


def officers_change(server: FakeAuthority) -> str:
    """A proposed first list of officers; its hash."""
    people = tuple(
        PublicKeyFile(use=MediaUse.OFFICER, kid=each.kid, public=each.public, name=name)
        for name in ("Anna Berg", "Ben Roth")
        for each in [signing_key("officer", name)]
    )
    payload = next_officers("nl.minjus", None, people, now=int(time.time()))
    sha256 = document_hash(payload).hex()
    server.changes.append(
        {
            "hash": sha256,
            "type": "officers",
            "state": "PROPOSED",
            "proposed_at": AT,
            "published_at": None,
            "document": b64encode(payload).decode(),
            "approvals": [{"act": "propose", "officer": people[0].kid, "name": None, "at": AT}],
        }
    )
    return sha256


def test_keys_are_listed_with_life_end_place_and_who_uses_them(server: FakeAuthority, data: Path) -> None:
    out = emla("keys", "list", "--data", data).out
    for word in ("active", "unlisted", "5 d", "file", "at.moj; 3 to be opened", "version 1", UNLISTED):
        assert word in out


def test_a_key_is_shown_by_the_beginning_of_its_id(server: FakeAuthority, data: Path) -> None:
    shown = emla("keys", "show", UNLISTED[:8], "--data", data)
    assert UNLISTED in shown.out
    assert "listed by no card" in shown.out
    for unknown in ("abab", "00000000"):
        assert emla("keys", "show", unknown, "--data", data).code == 1


def test_status_names_what_ends_what_waits_and_the_command_for_each(
    server: FakeAuthority, data: Path
) -> None:
    sha256 = officers_change(server)
    server.peers["at.moj"] = peer("at.moj", freshness="stale", next_expiry={"what": "card", "days_left": 45})
    outcome = emla("keys", "status", "--data", data)
    assert outcome.code == 0
    for words in (
        f"emla card approve {sha256[:12]} --as OFFICER-KEY",
        f"emla card publish {sha256[:12]}",
        f"emla card propose --list {UNLISTED[:12]}",
        "emla peer ping at.moj",
        "at.moj: card ends in 45 d",
    ):
        assert words in outcome.out


def test_that_officers_are_missing_is_said_until_a_list_of_them_is_proposed(
    server: FakeAuthority, data: Path
) -> None:
    advice = "emla keys new FILE --officer NAME"
    assert advice in emla("keys", "status", "--data", data).out
    officers_change(server)
    assert advice not in emla("keys", "status", "--data", data).out


def test_check_fails_when_anything_of_ours_or_of_a_peer_ends_within_thirty_days(
    server: FakeAuthority, data: Path
) -> None:
    assert emla("keys", "status", "--check", "--data", data).code == 0
    server.peers["at.moj"] = peer("at.moj")
    checked = emla("keys", "status", "--check", "--json", "--data", data)
    assert checked.code == 1
    assert checked.document["ends_within_30_days"] is True
    assert emla("keys", "status", "--data", data).code == 0, "without --check it only tells"


def test_peers_are_seen_at_a_glance(server: FakeAuthority, data: Path) -> None:
    server.peers = {
        "at.moj": peer("at.moj"),
        "de.bfj": peer("de.bfj", frozen=True),
        "fr.moj": peer("fr.moj", held="revoked-key", ping=None),
    }
    out = emla("peer", "list", "--data", data).out
    for words in (
        "fresh",
        "FROZEN",
        "HELD revoked-key",
        "2 h",
        "card 12 d",
        "-400.0 s",
        "31 ms",
        "emla/0.1.0",
        "never",
    ):
        assert words in out


def test_a_peer_is_forgotten_only_when_asked_for(server: FakeAuthority, data: Path) -> None:
    server.peers["at.moj"] = peer("at.moj")
    words = ("peer", "forget", "at.moj", "--data", data)
    assert emla(*words, "--dry-run").code == 0
    assert emla(*words).code == 2, "without a terminal, only with --yes"
    assert emla(*words, "--yes").code == 3
    assert list(server.peers) == ["at.moj"]
    assert emla(*words, "--yes", "--force").code == 0
    assert server.peers == {}


def test_the_card_shows_what_waits_where_a_server_runs(server: FakeAuthority, data: Path) -> None:
    sha256 = officers_change(server)
    out = emla("card", "show", "--data", data).out
    assert f"Change {sha256[:12]} waits for another officer's approval" in out
    assert "Anna Berg" in out
    document = emla("card", "show", "--data", data, "--json").document
    assert "waiting" in document


def test_the_card_is_shown_without_a_server(data: Path) -> None:
    outcome = emla("card", "show", "--data", data)
    assert outcome.code == 0
    assert "Fingerprint" in outcome.out


def test_a_change_whose_bytes_are_not_those_of_its_name_is_not_shown_for_approval(
    server: FakeAuthority, data: Path, tmp_path: Path
) -> None:
    sha256 = officers_change(server)
    server.changes[0]["document"] = b64encode(b"{}").decode()
    outcome = emla("card", "approve", sha256[:8], "--as", tmp_path / "x", "--data", data, "--dry-run")
    assert "unreadable-answer" in outcome.err


@pytest.mark.parametrize("digits", ["abc", "0" * 8])
def test_a_change_is_named_by_eight_digits_that_fit(server: FakeAuthority, data: Path, digits: str) -> None:
    officers_change(server)
    outcome = emla("card", "approve", digits, "--as", "x", "--data", data)
    assert outcome.code == 1
    assert "emla card show" in outcome.err


def test_nothing_is_proposed_while_there_are_no_officers(server: FakeAuthority, data: Path) -> None:
    outcome = emla("card", "propose", "--as", "x", "--data", data)
    assert outcome.code == 3
    assert "emla keys new" in outcome.err


def test_a_list_of_officers_is_no_card(server: FakeAuthority, data: Path) -> None:
    words = ("card", "propose", "--officer", "x", "--endpoint", "https://a.example", "--as", "x")
    assert emla(*words, "--data", data).code == 2


def test_the_fingerprint_is_a_code_that_names_authority_and_digits(data: Path, tmp_path: Path) -> None:
    out, qr = tmp_path / "card.json", tmp_path / "qr.svg"
    exported = emla("card", "export", out, "--qr", qr, "--data", data, "--json")
    assert exported.document["qr"] == str(qr)
    assert b"<svg" in qr.read_bytes()
    groups = str(exported.document["fingerprint"])
    code = fingerprint_code("nl.minjus", groups)
    lines = terminal_lines(code).splitlines()
    side = code.symbol_size(border=4)[0]
    assert {len(line) for line in lines} == {side}
    assert len(lines) == (side + 1) // 2
    assert set(lines[0]) == {"█"}, "the light border that readers need"
    assert emla("card", "export", tmp_path / "again.json", "--qr", qr, "--data", data).code == 1
    assert not (tmp_path / "again.json").exists()


def test_a_code_differs_for_each_authority_and_fingerprint() -> None:
    codes = {
        terminal_lines(fingerprint_code(*each))
        for each in (("a.b", "1" * 60), ("a.c", "1" * 60), ("a.b", "2" * 60))
    }
    assert len(codes) == 3


def test_endings_are_coloured_at_60_30_7_and_1_days() -> None:
    assert [colour(days) for days in (60.5, 60, 30, 7, 1, -1)] == [
        "",
        "cyan",
        "yellow",
        "red",
        "bold red",
        "bold red",
    ]
    assert [days_left(days).plain for days in (None, 31.9, 0.5, 0)] == ["-", "31 d", "12 h", "ENDED"]
    assert [age(seconds) for seconds in (-1, 59, 60, 7200, 3 * DAY)] == ["0 s", "59 s", "1 min", "2 h", "3 d"]


def test_one_json_document_comes_from_each(server: FakeAuthority, data: Path) -> None:
    for words in (("keys", "list"), ("keys", "show", UNLISTED), ("keys", "status"), ("peer", "list")):
        assert isinstance(json.loads(emla(*words, "--data", data, "--json").out), dict)
