"""`emla message check`: how to mend, how to override, for whom, and how complete."""

import secrets
from datetime import UTC, datetime
from pathlib import Path

import pytest

from emla.bootstrap.initialise import Initialised
from emla.bootstrap.sample import write_sample
from emla.bootstrap.schema_folder import schema_folder
from emla.model.requirements import Requirements, Sum
from tests.support.cli import Outcome, emla, make_authority

SAMPLES = schema_folder() / "samples" / "S01"


@pytest.fixture
def other(tmp_path: Path) -> Initialised:
    return make_authority(tmp_path / "nl", "nl.minjus")


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_sample(
        tmp_path_factory.mktemp("S01"),
        sender="jp.moj",
        recipient="nl.minjus",
        issued_at=datetime.now(UTC),  # a preservation named in it must not have ended
        message_id=secrets.token_bytes(16),
        case_id=secrets.token_bytes(16),
    )


def rules_of(outcome: Outcome) -> list[dict[str, str]]:
    """The findings of a check's document."""
    found = outcome.document["findings"]
    assert isinstance(found, list)
    return found


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
    assert [(each["rule"], each["override"]) for each in rules_of(sent)] == [("BR-010", "The link is plain.")]


@pytest.mark.parametrize("given", ["BR-010", "BR-010=", "nonsense=x", "BR-010=" + "x" * 501])
def test_an_override_needs_a_rule_and_a_reason(given: str, sample: Path, tmp_path: Path) -> None:
    assert emla("message", "check", sample, "--override", given, "--data", tmp_path).code == 2


def test_check_for_a_recipient_asks_what_its_profile_wants_of_requests(sample: Path, tmp_path: Path) -> None:
    """Documents with a measure, days, thresholds, and what its law makes it do: everything the document can say."""
    least = Sum(amount=10**12, currency="JPY")
    for wanted, rules in (
        (Requirements(documents=(("ESD_ACCESS", ("AFFIDAVIT", "COURT_ORDER")),)), ["PR-002"]),
        (Requirements(documents=(("BANK_RECORDS", ("AFFIDAVIT",)),), reply_days=50), []),
        (
            Requirements(reply_days=60, de_minimis=least, informs_subjects=True),
            ["BR-020a", "BR-060", "BR-061"],
        ),
    ):
        folder = tmp_path / f"nl-{len(list(tmp_path.iterdir()))}"
        made = make_authority(folder, requirements=wanted)
        outcome = emla("message", "check", sample, "--for", made.documents, "--data", tmp_path, "--json")
        assert sorted(each["rule"] for each in rules_of(outcome)) == rules
        assert outcome.code == (3 if "PR-002" in rules else 0)


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
        assert [each["rule"] for each in rules_of(outcome)] == rules
        assert outcome.code == (3 if rules else 0)


def test_a_message_whose_time_no_calendar_holds_is_checked_like_any_other(tmp_path: Path) -> None:
    data = (SAMPLES / "mla-request.xml").read_text(encoding="utf-8")
    begin, end = data.index("<IssuedAt>") + len("<IssuedAt>"), data.index("</IssuedAt>")
    file = tmp_path / "request.xml"
    file.write_text(f"{data[:begin]}0001-01-01T00:00:00+14:00{data[end:]}", encoding="utf-8")
    outcome = emla("message", "check", str(file), "--json")
    assert outcome.code == 3, outcome.err
    assert [each["rule"] for each in rules_of(outcome)] == ["XSD-pattern"]
