"""A message as a page: nothing left out, nothing read as markup, in HTML and in the data for the PDF."""

import hashlib
import json
import re
from base64 import b64encode
from dataclasses import replace
from pathlib import Path

import pytest
from lxml import etree
from lxml import html as lxml_html

from emla.formats.schema import Schemas
from emla.formats.schema_shape import read_shape
from emla.formats.xml import parse_xml, qualified_name
from emla.model.errors import InvalidMessageError
from emla.model.findings import Finding, Severity
from emla.model.limits import XmlLimits
from emla.pages.html import write_html
from emla.pages.page import Entry, Page, read_page
from emla.pages.typeset import other_scripts, typeset
from tests.support.rtl import ARABIC_NAME, ARABIC_PURPOSE, HOSTILE, hostile, right_to_left, sample

ROOT = Path(__file__).parents[3]
STYLE = (ROOT / "emla" / "pages" / "page.css").read_text(encoding="utf-8")
SCHEMAS = Schemas(ROOT / "schemas")
SHAPE = read_shape(ROOT / "schemas" / "1.0", etree.XMLParser(resolve_entities=False))


def page_of(data: bytes) -> Page:
    tree = parse_xml(data, XmlLimits())
    root = qualified_name(tree.root)
    return read_page(
        tree,
        index=SCHEMAS.index_of(root) if root in SCHEMAS.roots else None,
        shape=SHAPE,
        findings=SCHEMAS.validate(tree),
        fingerprint=hashlib.sha256(data).hexdigest(),
    )


def read(data: bytes) -> lxml_html.HtmlElement:
    return lxml_html.document_fromstring(write_html(page_of(data), STYLE).decode())


def values(entries: tuple[Entry, ...]) -> list[str]:
    found = []
    for entry in entries:
        found += [f"{each.text} {each.note}" for each in entry.values] + values(entry.entries)
    return found


def test_every_text_of_the_message_is_on_the_page() -> None:
    data = sample().encode()
    shown = " ".join(values(page_of(data).sections))
    for element in parse_xml(data, XmlLimits()).root.iter("*"):
        text = " ".join((element.text or "").split())
        if text and not re.fullmatch(r"true|false|\d{4}-.*T.*Z", text):
            assert text in shown, text


def test_a_code_stands_beside_what_it_means_and_an_id_beside_what_it_names() -> None:
    shown = values(page_of(sample().encode()).sections)
    assert "Search, seize or disclose stored data ESD_ACCESS" in shown
    assert "A-ORDER court-order.ja.pdf" in shown
    assert "20971520 bytes 20.0 MiB" in shown


def test_what_the_schema_does_not_know_is_shown_too() -> None:
    data = b"<Strange xmlns='urn:x'>loose<Deep><Deeper a='1'>hidden?</Deeper></Deep>tail</Strange>"
    page = page_of(data)
    assert "hidden? " in values(page.sections)
    assert page.findings


def test_text_directly_between_elements_is_shown() -> None:
    text = sample().replace("<Handling>", "<Handling>slipped in")
    assert "slipped in " in values(page_of(text.encode()).sections)


def test_hostile_text_stays_text() -> None:
    page = read(hostile())
    assert not page.xpath("//script|//img|//a|//link|//*[@onerror]|//iframe|//form|//object")
    shown = " ".join(page.xpath("string(//main)").split())
    assert "<script>alert(1)</script> <img src=x onerror=alert(2)>" in shown
    assert "⟨U+202E⟩gpj.exe" in shown
    assert not re.search("[\u202a-\u202e\u2066-\u2069]", write_html(page_of(hostile()), STYLE).decode())


def test_a_finding_on_a_page_hides_and_turns_no_text_either() -> None:
    said = Finding(rule="R1", severity=Severity.FATAL, message="“\u202egpj\u009b” is wrong.")
    page = replace(page_of(hostile()), findings=(said,))
    for written in (write_html(page, STYLE).decode(), typeset(page)):
        assert "⟨U+202E⟩gpj⟨U+009B⟩" in written
        assert "\u202e" not in written


def test_the_policy_allows_the_style_sheet_by_its_hash_and_nothing_else() -> None:
    page = read(sample().encode())
    (policy,) = page.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")
    (style,) = page.xpath("//style")
    digest = b64encode(hashlib.sha256(style.text_content().encode()).digest()).decode()
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    assert not page.xpath("//@style|//@src|//@href")
    assert "url(" not in STYLE
    assert "@import" not in STYLE


def test_right_to_left_values_run_right_to_left_and_turn_nothing_else() -> None:
    page = read(right_to_left())
    (purpose,) = page.xpath(f"//p[bdi[contains(., '{ARABIC_PURPOSE[:10]}')]]")
    assert purpose.get("dir") == "rtl"
    (name,) = page.xpath(f"//p[bdi[.='{ARABIC_NAME}']]")
    assert name.get("dir") == "rtl"
    assert {each.get("dir") for each in page.xpath("//p[bdi[.='Setsuko']]")} == {"ltr"}


def test_what_is_wrong_stands_at_the_head() -> None:
    data = (ROOT / "schemas/samples/S01/not-valid.wrong-date.xml").read_bytes()
    page = read(data)
    (aside,) = page.xpath("//aside")
    assert "blocks" in aside.text_content()
    assert "line" in aside.text_content()
    assert not read(sample().encode()).xpath("//aside")


def test_the_page_bears_the_fingerprint_of_the_file() -> None:
    data = sample().encode()
    assert hashlib.sha256(data).hexdigest() in read(data).xpath("string(//footer)")


def test_the_data_of_the_pdf_holds_the_same_texts_as_strings() -> None:
    told = json.loads(typeset(page_of(right_to_left())))
    purpose = next(each for each in told["sections"] if each["label"] == "Purpose")
    assert purpose["values"] == [{"text": ARABIC_PURPOSE, "note": "", "exact": False, "rtl": True}]
    assert HOSTILE[:40] in typeset(page_of(hostile())).replace('\\"', '"')


def test_scripts_that_need_a_font_of_the_system_are_named() -> None:
    assert other_scripts(page_of(right_to_left())) == ("CJK",)


@pytest.mark.parametrize("path", sorted((ROOT / "schemas" / "samples").glob("*/*.xml")), ids=lambda p: p.name)
def test_every_sample_that_is_xml_has_a_page(path: Path) -> None:
    data = path.read_bytes()
    try:
        parse_xml(data, XmlLimits())
    except InvalidMessageError:  # these have no page, as `test_press.py` shows
        return
    assert write_html(page_of(data), STYLE).startswith(b"<!DOCTYPE html>\n<html")
