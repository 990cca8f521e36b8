"""`emla message new` without a terminal: answers from a file, the list of drafts, forgetting."""

import hashlib
import json
import os
import stat
import tomllib
from pathlib import Path

import pytest
from lxml import etree

from emla.bootstrap.drafts import Drafts
from emla.cli.writer_files import check_file, copy_file
from emla.formats.draft import Draft
from emla.model.errors import ConfigurationError
from emla.model.requirements import Electronic, Requirements
from emla.sandbox.press import Format, PrintedPage, print_page
from emla.writing.accept import Unacceptable
from emla.writing.from_file import UnreadableMember, flatten
from tests.support.cli import Outcome, emla, fake_server, make_authority, short_folder
from tests.support.fake_authority_api import FakeAuthority, peer_of

ANSWERS = (Path(__file__).parents[2] / "support" / "answers.toml").read_text(encoding="utf-8")
C = "{urn:emla:common:1}"


@pytest.fixture(autouse=True)
def _state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMLA_DRAFTS", str(tmp_path / "drafts"))


def write(tmp_path: Path, text: str = ANSWERS, *words: str, name: str = "answers.toml") -> Outcome:
    file = tmp_path / name
    file.write_text(text, encoding="utf-8")
    (tmp_path / "order.pdf").write_bytes(b"%PDF-1.7 an order")
    target = str(tmp_path / "made")
    return emla(
        "message", "new", "--answers", str(file), "--to", target, "--data", str(tmp_path / "none"), *words
    )


def test_without_a_terminal_it_says_what_to_give_instead(tmp_path: Path) -> None:
    result = emla("message", "new", "--data", str(tmp_path))
    assert result.code == 2
    assert "--answers FILE" in result.err
    assert not (tmp_path / "drafts").exists()


def test_a_file_of_answers_becomes_a_request_that_may_be_sent(tmp_path: Path) -> None:
    result = write(tmp_path)
    assert result.code == 0, result.err
    made = tmp_path / "made"
    assert {each.name for each in made.iterdir()} == {"request.xml", "request.pdf", "order.pdf"}
    assert stat.S_IMODE(made.stat().st_mode) == 0o700
    assert {stat.S_IMODE(each.stat().st_mode) for each in made.iterdir()} == {0o600}
    assert emla("message", "check", str(made / "request.xml"), "--data", str(tmp_path / "none")).code == 0
    root = etree.parse(made / "request.xml").getroot()
    attachment = root.find(f"{C}Attachment")
    assert attachment is not None
    assert attachment.findtext(f"{C}Sha256") == hashlib.sha256(b"%PDF-1.7 an order").hexdigest()
    assert attachment.findtext(f"{C}MediaType") == "application/pdf"
    assert [each.text for each in root.iter(f"{C}Paragraph")] == [
        "First <b>paragraph</b>.",
        "الفقرة الثانية.",
    ]
    assert f"To send it: emla message send {made}/request.xml --wait 60" in result.out


def test_what_the_recipient_wants_is_said_when_the_request_is_written(tmp_path: Path) -> None:
    """A document it wants is named; where it takes nothing electronically, the request is written all the same: to be printed."""
    wanted = Requirements(documents=(("BANK_RECORDS", ("COURT_ORDER", "TEXT_OF_LAW")),))
    (tmp_path / "order.pdf").write_bytes(b"%PDF-1.7 an order")
    (tmp_path / "answers.toml").write_text(ANSWERS, encoding="utf-8")
    with short_folder() as folder:
        own = make_authority(folder / "ng", "ng.moj").documents
        state = FakeAuthority(authority="ng.moj", documents=own.read_bytes())
        with fake_server(own.parents[1], state):
            for electronic, said in (
                (Electronic.ALL, ("PR-002", "COURT_ORDER", "--override PR-002")),
                (Electronic.NOT_ACCEPTED, ("PR-001", "PR-002", "print request.pdf")),
            ):
                there = folder / electronic
                made = make_authority(there, "gb.ukca", requirements=wanted, electronic=electronic)
                state.peers["gb.ukca"] = peer_of(made.documents.read_bytes())
                words = ("--answers", tmp_path / "answers.toml", "--to", tmp_path / electronic)
                told = emla("message", "new", *words, "--data", own.parents[1])
                assert told.code == 0, told.err
                assert [each for each in said if each not in told.out + told.err] == []
                assert (tmp_path / electronic / "request.xml").is_file()


def test_json_does_as_well(tmp_path: Path) -> None:
    members = json.dumps(tomllib.loads(ANSWERS), default=str)
    result = write(tmp_path, members, "--json", name="answers.json")
    assert result.code == 0, result.err
    assert result.document["attachments"] == ["order.pdf"]


def test_everything_that_is_wrong_is_said_at_once_and_nothing_is_written(tmp_path: Path) -> None:
    text = (
        ANSWERS.replace("GB82 WEST 1234 5698 7654 32", "GB82 WEST 1234 5698 7654 33")
        .replace("Purpose =", "Purpos =")
        .replace("order.pdf", "absent.pdf")
    )
    result = write(tmp_path, text)
    assert result.code == 3
    for said in ("check digits", "Purpose: is needed", "Did you mean Purpose?", "absent.pdf: No such file"):
        assert said in " ".join(result.err.split()), said
    assert not (tmp_path / "made").exists()


def test_a_dry_run_writes_nothing(tmp_path: Path) -> None:
    result = write(tmp_path, ANSWERS, "--dry-run")
    assert result.code == 0, result.err
    assert not (tmp_path / "made").exists()


def test_a_folder_that_is_there_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "made").mkdir()
    result = write(tmp_path)
    assert (result.code, list((tmp_path / "made").iterdir())) == (1, [])
    assert "unwritable-file" in result.err
    assert [each for each in tmp_path.iterdir() if each.name.startswith(".")] == []


def test_every_byte_of_the_folder_is_on_the_disk_before_the_folder_bears_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced, fsync, rename = set[int](), os.fsync, Path.rename

    def sync(descriptor: int) -> None:
        fsync(descriptor)
        synced.add(os.fstat(descriptor).st_ino)

    def appear(folder: Path, target: Path) -> Path:
        for each in (folder, *folder.iterdir()):
            assert each.stat().st_ino in synced, f"a power cut now would leave {each.name} empty"
        return rename(folder, target)

    monkeypatch.setattr("os.fsync", sync)
    monkeypatch.setattr(Path, "rename", appear)
    assert write(tmp_path).code == 0
    assert {each.name for each in (tmp_path / "made").iterdir()} == {
        "request.xml",
        "request.pdf",
        "order.pdf",
    }


def test_a_request_that_cannot_be_printed_leaves_no_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("emla.cli.writer_finish.print_page", broken)
    assert write(tmp_path).code == 1
    assert {each.name for each in tmp_path.iterdir()} == {"answers.toml", "order.pdf"}


def test_a_request_too_long_for_a_pdf_gets_a_page_to_print_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def press(document: bytes, form: Format, *, schemas: Path, judged: bool) -> PrintedPage:
        if form is Format.PDF:
            raise ConfigurationError("preview-failed", "memory allocation failed")
        return print_page(document, form, schemas=schemas, judged=judged)

    monkeypatch.setattr("emla.cli.writer_finish.print_page", press)
    outcome = write(tmp_path)
    assert outcome.code == 0, outcome.err
    assert "print request.html instead" in outcome.err
    assert (tmp_path / "made" / "request.html").read_bytes().startswith(b"<!DOCTYPE html>")


def test_a_pipe_that_took_the_place_of_a_file_holds_nobody(tmp_path: Path) -> None:
    named = tmp_path / "order.pdf"
    os.mkfifo(named)
    with pytest.raises(Unacceptable, match="not a file"):
        check_file(str(named), {}, "Attachment[1]/FileName")
    with pytest.raises(ConfigurationError, match="no longer a file"):
        copy_file(named, tmp_path)


@pytest.mark.parametrize("typed", ["~nobody-of-this-name/x", "\0", "/tmp/\udcff/x", "/dev/null", "x" * 5000])
def test_what_is_no_path_of_a_file_is_refused_in_words(typed: str) -> None:
    with pytest.raises(Unacceptable, match=r"\.$"):
        check_file(typed, {}, "Attachment[1]/FileName")


def test_a_time_without_a_zone_is_refused_and_not_guessed() -> None:
    with pytest.raises(UnreadableMember, match="without a zone"):
        flatten(tomllib.loads("[A]\nBegin = 2026-06-15T08:30:00\n"))
    with pytest.raises(UnreadableMember, match="before the first year"):
        flatten(tomllib.loads("[A]\nBegin = 0001-01-01T00:00:00+14:00\n"))


def test_members_become_places() -> None:
    members = tomllib.loads(
        '[[Measure]]\nTarget = [{Item = "x"}]\nCoercive = true\nDay = 2026-01-02\nLanguage = ["a", "b"]\n'
    )
    assert flatten(members) == {
        "Measure[1]/Target[1]/Item": "x",
        "Measure[1]/Coercive": "yes",
        "Measure[1]/Day": "2026-01-02",
        "Measure[1]/Language[1]": "a",
        "Measure[1]/Language[2]": "b",
    }


def test_drafts_are_listed_and_forgotten(tmp_path: Path) -> None:
    drafts = Drafts(tmp_path / "drafts")
    reference = {"MessageHeader/RequestingReference": "MOJ-1\u202e"}
    drafts.save(
        Draft(id="8d41c0a97e52", message="m", authority="jp.moj", created=1, changed=2, answers=reference)
    )
    listed = emla("message", "new", "--list")
    assert "8d41c0a97e52" in listed.out
    assert "\u202e" not in listed.out
    document = emla("message", "new", "--list", "--json").document
    assert document["items"] == [
        {
            "id": "8d41c0a97e52",
            "authority": "jp.moj",
            "reference": "MOJ-1\u202e",
            "changed": "1970-01-01T00:00:02Z",
        }
    ]
    assert emla("message", "new", "--forget", "8d41", "--dry-run").code == 0
    assert len(drafts.all()) == 1
    assert emla("message", "new", "--forget", "8d41").code == 0
    assert drafts.all() == []
    assert emla("message", "new", "--forget", "8d41").code == 1


def test_what_needs_an_officers_reason_is_written_and_the_command_says_how_to_send_it(tmp_path: Path) -> None:
    second = '[[LegalBasis]]\nInstrumentCode = "UNTOC"\nHandledAs = "PRIMARY"\nConventionOffence = "Article 8"\n\n[[Measure]]'
    result = write(tmp_path, ANSWERS.replace("[[Measure]]", second, 1))
    assert result.code == 0, result.err
    assert "emla message send" in result.out
    assert '--wait 60 --override BR-004a="REASON"' in result.out


def test_what_no_reason_makes_good_is_not_written(tmp_path: Path) -> None:
    text = ANSWERS.replace(
        "[MessageHeader.Sender]\n", '[MessageHeader.Sender]\nAuthorityRole = "SERVICE_PROVIDER"\n'
    )
    result = write(tmp_path, text)
    assert result.code == 3
    assert "BR-003" in result.err
    assert not (tmp_path / "made").exists()
