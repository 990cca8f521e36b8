"""Values become words that a tired clerk cannot misread."""

import json
import unicodedata
from datetime import UTC, datetime, timedelta, timezone

import pytest

from emla.cli import wording
from emla.cli.card_view import expiry, fingerprint_lines
from emla.cli.screen import as_json, emit_json
from emla.model.leg import InboxState, LegState


@pytest.mark.parametrize(
    ("size_bytes", "words"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1.0 KiB"),
        (20 << 20, "20.0 MiB"),
        (1 << 30, "1.0 GiB"),
        (1 << 50, "1024.0 TiB"),
    ],
)
def test_sizes(size_bytes: int, words: str) -> None:
    assert wording.size(size_bytes) == words


def test_instants_are_shown_in_utc() -> None:
    at = datetime(2026, 11, 23, 23, 30, tzinfo=timezone(timedelta(hours=2)))
    assert wording.instant(at) == "2026-11-23 21:30:00Z"
    assert wording.instant(None) == "-"
    assert as_json(at) == "2026-11-23T21:30:00Z"


def test_every_state_a_message_can_have_is_explained() -> None:
    silent = {each.value for each in LegState if wording.state(each.value) == each.value}
    assert silent <= {"DONE"}  # of acknowledgements only
    assert all(wording.state(each.value, "in") != each.value for each in InboxState)


def test_an_unknown_state_is_shown_as_it_is() -> None:
    assert wording.state("NEWER") == "NEWER"


def test_an_expiry_in_the_past_shouts() -> None:
    now = int(datetime(2026, 11, 23, tzinfo=UTC).timestamp())
    assert expiry(now + 86400, now).endswith("(in 1 day)")
    assert "EXPIRED" in expiry(now, now)


def test_a_fingerprint_stands_on_three_lines() -> None:
    lines = fingerprint_lines(" ".join(f"{number:05d}" for number in range(12))).splitlines()
    assert [len(line.split()) for line in lines] == [4, 4, 4]


@pytest.mark.parametrize("hostile", ["\x1b[2J", "\x9b31m", "\r", "\u202e", "\u2028", "\x07"])
def test_nothing_from_outside_moves_the_cursor_or_the_direction(hostile: str) -> None:
    assert wording.plain(f"a{hostile}b") != f"a{hostile}b"
    assert hostile[0] not in wording.plain(hostile)


def test_json_holds_the_same_text_without_what_moves_the_cursor(capsys: pytest.CaptureFixture[str]) -> None:
    hostile = "\x1b[31m \x7f \x9b31m \u202egpj \u2028 Ђ汉ş \U000e0041 \n"
    emit_json({"said": hostile})
    written = capsys.readouterr().out
    assert json.loads(written) == {"said": hostile}
    assert "Ђ汉ş" in written
    assert [
        each for each in written if each != "\n" and unicodedata.category(each) in ("Cc", "Cf", "Zl", "Zp")
    ] == []
