"""`emla message preview`: a page for nobody else, never over what is there."""

import json
import stat
from pathlib import Path

import pytest

from emla.bootstrap.schema_folder import schema_folder
from emla.formats.genericode import CodeLists
from tests.support.cli import emla

REQUEST = schema_folder() / "samples" / "S01" / "mla-request.xml"


def test_a_page_is_written_for_its_reader_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = emla("message", "preview", str(REQUEST))
    assert result.code == 0, result.err
    page = tmp_path / "mla-request.html"
    assert "Written: mla-request.html" in result.out
    assert page.read_bytes().startswith(b"<!DOCTYPE html>")
    assert stat.S_IMODE(page.stat().st_mode) == 0o600


def test_a_page_that_is_there_is_left_alone(tmp_path: Path) -> None:
    target = tmp_path / "page.html"
    target.write_text("mine", encoding="utf-8")
    result = emla("message", "preview", str(REQUEST), "--to", str(target))
    assert result.code == 1
    assert "unwritable-file" in result.err
    assert target.read_text(encoding="utf-8") == "mine"


def test_the_name_decides_what_is_made_and_json_says_it(tmp_path: Path) -> None:
    target = tmp_path / "page.pdf"
    result = emla("message", "preview", str(REQUEST), "--to", str(target), "--json")
    assert result.code == 0, result.err
    said = json.loads(result.out)
    assert (said["format"], said["page"], said["findings"]) == ("pdf", str(target), 0)
    assert target.read_bytes().startswith(b"%PDF-")


def test_a_message_that_is_not_valid_is_shown_with_what_is_wrong(tmp_path: Path) -> None:
    target = tmp_path / "page.html"
    wrong = REQUEST.with_name("not-valid.missing-purpose.xml")
    result = emla("message", "preview", str(wrong), "--to", str(target))
    assert result.code == 0
    assert "emla message check" in result.err
    assert "What the check found: 1" in target.read_text(encoding="utf-8")


def test_codes_are_explained_in_the_language_asked_for(tmp_path: Path) -> None:
    target = tmp_path / "page.html"
    assert emla("message", "preview", str(REQUEST), "--to", str(target), "--lang", "fr").code == 0
    page = target.read_text(encoding="utf-8")
    measure = CodeLists(schema_folder()).get("CL-MEASURE").codes["SEARCH_SEIZURE"]
    assert measure.label("fr") in page
    assert measure.label("en") not in page
    assert "SEARCH_SEIZURE" in page
