"""Each command against a real socket: what it prints, what it returns, what it leaves alone."""

import hashlib
import json
import re
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from emla.bootstrap.initialise import Initialised
from emla.bootstrap.sample import write_sample
from emla.bootstrap.schema_folder import schema_folder
from emla.cli.wording import NOT_ACCEPTANCE
from emla.model.acknowledgement import Event
from tests.support.cli import emla, fake_server, make_authority, short_folder
from tests.support.fake_authority_api import FakeAuthority, message

PID = "3f9a1c20" + "ab" * 28
SAMPLES = schema_folder() / "samples" / "S01"


@pytest.fixture
def data() -> Iterator[Path]:
    with short_folder() as folder:
        make_authority(folder / "jp", "jp.moj")
        yield folder / "jp"


@pytest.fixture
def server(data: Path) -> Iterator[FakeAuthority]:
    with fake_server(data) as state:
        yield state


@pytest.fixture
def other(tmp_path: Path) -> Initialised:
    return make_authority(tmp_path / "nl", "nl.minjus")


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_sample(
        tmp_path_factory.mktemp("S01"),
        sender="jp.moj",
        recipient="nl.minjus",
        issued_at=datetime(2026, 11, 20, tzinfo=UTC),
        message_id=secrets.token_bytes(16),
        case_id=secrets.token_bytes(16),
    )


def _received(state: FakeAuthority, name: str = "order.pdf") -> None:
    contents = {1: b"<a/>", 2: b"%PDF"}
    parts: list[dict[str, object]] = [
        {
            "n": number,
            "role": "main" if number == 1 else "annex",
            "media": "application/pdf",
            "name": "request.xml" if number == 1 else name,
            "size": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
        }
        for number, content in contents.items()
    ]
    state.messages[PID] = message(PID, parts=parts, events=(Event.RELAY_ACCEPTANCE,), direction="in")
    state.contents |= {(PID, number): content for number, content in contents.items()}


# --- message ---


def test_send_finds_the_attachments_sends_them_and_shows_what_is_proven(
    server: FakeAuthority, data: Path, sample: Path
) -> None:
    outcome = emla("message", "send", sample, "--data", data, "--urgent", "--wait", "3")
    assert outcome.code == 0, outcome.err
    (sent,) = server.messages.values()
    assert str(sent["pid"]) in outcome.out
    assert "RelayAcceptance" in outcome.out
    assert NOT_ACCEPTANCE in outcome.err
    assert isinstance(sent["parts"], list)
    assert [(part["role"], part["name"]) for part in sent["parts"]] == [
        ("main", "mla-request.xml"),
        ("annex", "court-order.ja.pdf"),
        ("translation", "court-order.en.pdf"),
        ("annex", "hinode-mirai-bank.pcap"),
    ]
    assert sent["urgent"] is True


def test_send_says_when_it_is_not_delivered_yet(server: FakeAuthority, data: Path, sample: Path) -> None:
    server.events = (Event.SUBMISSION_ACCEPTANCE,)
    outcome = emla("message", "send", sample, "--data", data, "--wait", "1")
    assert "within 1 s" in outcome.err
    assert outcome.code == 0
    assert "keeps trying" in outcome.err
    assert "emla message show" in outcome.err


def test_send_fails_when_the_peer_refuses(server: FakeAuthority, data: Path, sample: Path) -> None:
    server.events = (Event.SUBMISSION_ACCEPTANCE, Event.RELAY_REJECTION)
    assert emla("message", "send", sample, "--data", data).code == 3


def test_send_dry_run_sends_nothing_and_needs_no_server(data: Path, sample: Path) -> None:
    outcome = emla("message", "send", sample, "--data", data, "--dry-run", "--json")
    assert outcome.code == 0
    assert outcome.document["recipient"] == "nl.minjus"
    assert emla("message", "send", sample, "--data", data).code == 5


def test_send_checks_everything_before_a_byte_is_sent(
    server: FakeAuthority, data: Path, sample: Path, tmp_path: Path
) -> None:
    for name in ("mla-request.xml", "court-order.ja.pdf", "court-order.en.pdf"):
        (tmp_path / name).write_bytes((sample.parent / name).read_bytes())
    with (tmp_path / "court-order.en.pdf").open("ab") as file:
        file.write(b"!")
    (tmp_path / "other.txt").write_text("not named")
    outcome = emla("message", "send", tmp_path / "mla-request.xml", "--attachments", tmp_path, "--data", data)
    assert outcome.code == 3
    words = " ".join(outcome.err.split())
    for expected in ("hinode-mirai-bank.pcap", "court-order.en.pdf", "other.txt", "missing-attachment"):
        assert expected in words
    assert server.submissions_begun == 0


def test_send_refuses_a_message_of_another_sender(
    server: FakeAuthority, sample: Path, tmp_path: Path
) -> None:
    with short_folder() as folder:
        make_authority(folder / "gb", "gb.ukca")
        outcome = emla("message", "send", sample, "--data", folder / "gb")
    assert outcome.code == 3
    assert "BR-002" in outcome.err


def test_a_file_name_with_a_folder_in_it_never_leaves_the_folder(server: FakeAuthority, data: Path) -> None:
    outcome = emla("message", "send", SAMPLES / "not-valid.file-name-with-folder.xml", "--data", data)
    assert outcome.code == 3
    assert server.submissions_begun == 0


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("not-valid.*.xml")), ids=lambda path: path.name)
def test_check_lists_the_findings_of_a_bad_message_without_a_server(path: Path, tmp_path: Path) -> None:
    told = emla("message", "check", path, "--data", tmp_path)
    document = emla("message", "check", path, "--data", tmp_path, "--json")
    assert told.code == document.code == 3
    findings = document.document["findings"]
    assert isinstance(findings, list)
    assert findings[0]["rule"] in told.out
    assert document.document["blocks"] is True


def test_check_of_a_good_message_says_so(sample: Path, tmp_path: Path) -> None:
    outcome = emla("request", "check", sample, "--data", tmp_path)
    assert outcome.code == 0
    assert "MLARequest" in outcome.out


def test_check_of_a_file_that_is_not_there_names_it(tmp_path: Path) -> None:
    outcome = emla("message", "check", tmp_path / "none.xml")
    assert outcome.code == 1
    assert "none.xml" in outcome.err


def test_list_and_show_say_that_delivery_is_not_acceptance(server: FakeAuthority, data: Path) -> None:
    _received(server)
    for words in (("list",), ("show", PID[:8])):
        outcome = emla("message", *words, "--data", data)
        assert outcome.code == 0
        assert PID[:12] in outcome.out
        assert NOT_ACCEPTANCE in outcome.err
    assert emla("message", "show", PID, "--json", "--data", data).document["pid"] == PID


def test_show_of_an_unknown_message_fails(server: FakeAuthority, data: Path) -> None:
    assert emla("message", "show", "00000000", "--data", data).code == 1


def test_open_saves_under_safe_names_and_never_overwrites(
    server: FakeAuthority, data: Path, tmp_path: Path
) -> None:
    _received(server, name="../../\x1b[31morder.pdf")
    target = tmp_path / "received"
    target.mkdir()
    (target / "request.xml").write_text("mine")
    first = emla("message", "open", PID, "--to", target, "--data", data)
    assert first.code == 0, first.err
    assert "ContentHandover" in first.err
    assert "\x1b" not in first.out
    assert (target / "request.xml").read_text() == "mine"
    assert (target / "request (2).xml").read_bytes() == b"<a/>"
    assert (target / "[31morder.pdf").read_bytes() == b"%PDF"
    before = sorted(target.iterdir())
    again = emla("message", "open", PID, "--to", target, "--data", data, "--json")
    assert sorted(target.iterdir()) == before
    assert isinstance(again.document["files"], list)
    assert [each["new"] for each in again.document["files"]] == [False, False]


def test_open_of_one_part_saves_only_that(server: FakeAuthority, data: Path, tmp_path: Path) -> None:
    _received(server)
    assert emla("message", "open", PID, "--part", "2", "--to", tmp_path / "r", "--data", data).code == 0
    assert [each.name for each in (tmp_path / "r").iterdir()] == ["order.pdf"]
    assert emla("message", "open", PID, "--part", "7", "--to", tmp_path / "r", "--data", data).code == 1


def test_texts_from_outside_cannot_touch_the_terminal(server: FakeAuthority, data: Path) -> None:
    _received(server, name="\x1b]0;owned\x07[red]order\u202e.pdf")
    outcome = emla("message", "show", PID, "--data", data)
    assert "[red]order" in outcome.out
    for each in "\x1b\x07\u202e":
        assert each not in outcome.out


# --- card and peer ---


def test_card_export_and_show_need_no_server(data: Path, tmp_path: Path) -> None:
    file = tmp_path / "card.json"
    exported = emla("card", "export", file, "--data", data)
    assert exported.code == 0
    assert file.read_bytes() == (data / "documents" / "own.json").read_bytes()
    shown = emla("card", "show", file, "--json").document
    assert shown["authority"] == "jp.moj"
    assert re.fullmatch(r"([0-9]{5} ){11}[0-9]{5}", str(shown["fingerprint"]))
    assert re.findall(r"[0-9]{5}", exported.out.split("\n", 1)[1]) == str(shown["fingerprint"]).split()
    assert emla("card", "show", "--data", data).code == 0


def test_card_export_writes_nothing_in_a_dry_run(data: Path, tmp_path: Path) -> None:
    file, qr = tmp_path / "card.json", tmp_path / "qr.svg"
    outcome = emla("card", "export", file, "--qr", qr, "--dry-run", "--data", data)
    assert outcome.code == 0
    assert "would hold the card of jp.moj" in outcome.out
    assert list(tmp_path.iterdir()) == []


def test_card_export_never_overwrites(data: Path, tmp_path: Path) -> None:
    file = tmp_path / "card.json"
    file.write_text("mine")
    assert emla("card", "export", file, "--data", data).code == 1
    assert file.read_text() == "mine"


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff" * 99, b"x" * (600 * 1024)])
def test_a_file_that_is_no_card_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "card").write_bytes(content)
    outcome = emla("card", "show", tmp_path / "card")
    assert outcome.code == 3
    assert "invalid-document" in outcome.err


def test_a_peer_is_pinned_with_the_right_fingerprint_only(
    server: FakeAuthority, data: Path, other: Initialised
) -> None:
    words = ("peer", "import", other.documents, "--data", data, "--fingerprint")
    wrong = emla(*words, "12345" * 12)
    assert wrong.code == 3
    assert "fingerprint-mismatch" in wrong.err
    assert server.peers == {}
    assert emla(*words, other.fingerprint, "--dry-run").code == 0
    assert server.peers == {}
    right = emla(*words, other.fingerprint)
    assert right.code == 0, right.err
    assert list(server.peers) == ["nl.minjus"]
    assert emla(*words, other.fingerprint.replace(" ", "-"), "--json").document["new"] is False


@pytest.mark.parametrize("digits", ["123", "x" * 60, "٣" * 60])
def test_a_fingerprint_that_is_none_is_a_usage_error(other: Initialised, digits: str) -> None:
    assert emla("peer", "import", other.documents, "--fingerprint", digits).code == 2


def test_without_a_terminal_import_names_the_option_it_needs(other: Initialised) -> None:
    outcome = emla("peer", "import", other.documents)
    assert outcome.code == 2
    assert "--fingerprint" in outcome.err


def test_peers_are_listed_shown_and_pinged(server: FakeAuthority, data: Path, other: Initialised) -> None:
    assert "No peers yet" in emla("peer", "list", "--data", data).err
    emla("peer", "import", other.documents, "--data", data, "--fingerprint", other.fingerprint)
    assert "nl.minjus" in emla("peer", "list", "--data", data).out
    assert other.fingerprint.split()[0] in emla("peer", "show", "nl.minjus", "--data", data).out
    pinged = emla("peer", "ping", "nl.minjus", "--data", data)
    assert pinged.code == 0
    assert "newer card" in pinged.err
    assert emla("peer", "ping", "gb.ukca", "--data", data).code == 5


def test_the_own_card_cannot_be_imported_by_mistake(data: Path) -> None:
    outcome = emla("peer", "import", data / "documents" / "own.json", "--data", data)
    assert outcome.code == 2
    assert "own card" in outcome.err


# --- init, doctor, the rest ---

OPTIONS = [
    "--authority",
    "nl.minjus",
    "--name",
    "Ministry",
    "--country",
    "NL",
    "--telephone",
    "+31-70-5550100",
    "--email",
    "a@b.nl",
]
ENDPOINT = ("--endpoint", "https://localhost:8443", "--no-passphrase")


def test_init_makes_an_authority_from_options(tmp_path: Path) -> None:
    data = tmp_path / "nl"
    outcome = emla("init", "--data", data, *OPTIONS, *ENDPOINT, "--json")
    assert outcome.code == 0, outcome.out
    assert outcome.document["authority"] == "nl.minjus"
    assert (
        emla("card", "show", "--data", data, "--json").document["fingerprint"]
        == outcome.document["fingerprint"]
    )
    assert emla("init", "--data", data, *OPTIONS, *ENDPOINT).code == 1


def test_init_makes_an_authority_from_a_file(tmp_path: Path) -> None:
    answers = dict(zip([each[2:] for each in OPTIONS[::2]], OPTIONS[1::2], strict=True))
    answers |= {"endpoint": ENDPOINT[1], "time_zone": "Europe/Amsterdam", "language": "en, nl"}
    file = tmp_path / "answers.toml"
    file.write_text("".join(f"{name} = {json.dumps(value)}\n" for name, value in answers.items()))
    assert emla("init", "--data", tmp_path / "nl", "--answers", file, "--no-passphrase").code == 0
    assert emla("card", "show", "--data", tmp_path / "nl", "--json").document["languages"] == ["en", "nl"]


def test_init_dry_run_makes_nothing(tmp_path: Path) -> None:
    outcome = emla("init", "--data", tmp_path / "nl", *OPTIONS, *ENDPOINT, "--dry-run", "--json")
    assert outcome.document["time_zone"] == "UTC"
    assert list(tmp_path.iterdir()) == []


def test_init_without_a_terminal_names_what_is_missing(tmp_path: Path) -> None:
    outcome = emla("init", "--data", tmp_path / "nl", *OPTIONS)
    assert outcome.code == 2
    assert "--endpoint" in outcome.err
    assert "--email" not in outcome.err


def test_init_lists_all_bad_answers_and_makes_nothing(tmp_path: Path) -> None:
    bad = ("--country", "nl", "--endpoint", "http://x", "--time-zone", "Mars/Olympus", "--language", "e")
    outcome = emla("init", "--data", tmp_path / "nl", *OPTIONS, *ENDPOINT, *bad)
    assert outcome.code == 2
    for option in ("--country", "--endpoint", "--time-zone", "--language"):
        assert option in outcome.err
    assert list(tmp_path.iterdir()) == []


def test_init_refuses_unknown_answers(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text('authorty = "x"\nname = 7\n')
    outcome = emla("init", "--data", tmp_path / "nl", "--answers", tmp_path / "a.toml")
    assert outcome.code == 2
    assert "authorty" in outcome.err
    assert "name must be a text" in outcome.err


def test_commands_that_need_an_authority_say_that_there_is_none(tmp_path: Path) -> None:
    for words in (("card", "show"), ("card", "export", "x"), ("serve",), ("ledger", "verify")):
        outcome = emla(*words, "--data", tmp_path)
        assert outcome.code == 1
        assert "not-initialised" in outcome.err


def test_check_shows_how_to_mend_an_error_and_how_to_override_it(tmp_path: Path) -> None:
    text = (SAMPLES / "mla-request.xml").read_text(encoding="utf-8")
    file = tmp_path / "request.xml"
    file.write_text(
        text.replace("<NexusToFacts>", "<!-- <NexusToFacts>", 1).replace(
            "</NexusToFacts>", "</NexusToFacts> -->", 1
        )
    )
    told = emla("message", "check", file, "--data", tmp_path)
    assert told.code == 3
    assert "Fill in Description, NecessityStatement and NexusToFacts" in " ".join(told.out.split())
    assert '--override BR-010="REASON"' in told.err
    assert "Complete: 22 of 22 required items" in told.err
    sent = emla(
        "message", "check", file, "--override", "BR-010=The link is plain.", "--data", tmp_path, "--json"
    )
    assert sent.code == 0
    (finding,) = sent.document["findings"]
    assert (finding["rule"], finding["override"]) == ("BR-010", "The link is plain.")
    assert sent.document["completeness"]["required"] == 22


@pytest.mark.parametrize("given", ["BR-010", "BR-010=", "nonsense=x", "BR-010=" + "x" * 501])
def test_an_override_needs_a_rule_and_a_reason(given: str, sample: Path, tmp_path: Path) -> None:
    assert emla("message", "check", sample, "--override", given, "--data", tmp_path).code == 2


def test_check_for_a_recipient_asks_what_its_documents_say(
    sample: Path, tmp_path: Path, other: Initialised
) -> None:
    """Its languages, and that it is the one the message is addressed to."""
    text = sample.read_text(encoding="utf-8")
    for old, new, rules in (
        ("nl.minjus", "nl.minjus", []),
        ("nl.minjus", "nl.om", ["BR-002"]),
        (
            "<Language>en</Language>\n </MessageHeader>",
            "<Language>ja</Language>\n </MessageHeader>",
            ["BR-015"],
        ),
    ):
        assert old in text
        file = tmp_path / "request.xml"
        file.write_text(text.replace(old, new), encoding="utf-8")
        words = ("message", "check", file, "--for", other.documents, "--data", tmp_path, "--json")
        outcome = emla(*words)
        assert [each["rule"] for each in outcome.document["findings"]] == rules
        assert outcome.code == (3 if rules else 0)
