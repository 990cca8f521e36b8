"""A `Page` as HTML: one file, no script, no link, nothing loaded from anywhere.

Rules of this file:
- The page is a tree until it is written, so text is text by construction; no string is ever joined into markup.
- Every value stands in a `bdi` with its own direction: a right-to-left name does not turn what follows it.
- The policy in the page allows this one style sheet, by its hash, and nothing else.
"""

import hashlib
from base64 import b64encode

from lxml import etree

from emla.model.findings import Finding
from emla.pages.page import Entry, Page, Value
from emla.pages.words import SEVERITIES, runs_right_to_left, visible, words_of


def write_html(page: Page, style: str) -> bytes:
    """Write a page as a complete HTML document in UTF-8.

    Args:
        page: what to show.
        style: the style sheet, ``page.css``.
    """
    allowed = b64encode(hashlib.sha256(style.encode()).digest()).decode()
    html = etree.Element("html", lang="en", dir="ltr")
    head = etree.SubElement(html, "head")
    etree.SubElement(head, "meta", charset="utf-8")
    policy = f"default-src 'none'; style-src 'sha256-{allowed}'; base-uri 'none'; form-action 'none'"
    etree.SubElement(head, "meta", {"http-equiv": "Content-Security-Policy", "content": policy})
    etree.SubElement(head, "meta", name="referrer", content="no-referrer")
    etree.SubElement(head, "meta", name="viewport", content="width=device-width, initial-scale=1")
    _text(head, "title", f"{page.kind} {page.title}")
    _text(head, "style", style)
    body = etree.SubElement(html, "body")
    header = etree.SubElement(body, "header")
    _text(header, "p", page.kind, "kind")
    title = etree.SubElement(header, "h1")
    _text(title, "bdi", page.title)
    _findings(body, page.findings)
    main = etree.SubElement(body, "main", lang=page.language)
    for number, section in enumerate(page.sections, 1):
        place = etree.SubElement(main, "section")
        _text(place, "h2", f"{number}. {section.label}", lang="en")
        if section.about:
            _text(place, "p", section.about + ".", "about", lang="en")
        if section.values:
            place = etree.SubElement(place, "div", {"class": "alone"})
            for value in section.values:
                _value(place, value)
        elif section.entries:
            _entries(place, section.entries)
    footer = etree.SubElement(body, "footer")
    _text(
        footer,
        "p",
        "This page shows a message; the message is the XML file, of which it bears the fingerprint.",
    )
    fingerprint = etree.SubElement(footer, "p")
    fingerprint.text = "SHA-256 of the XML file: "
    _text(fingerprint, "code", page.fingerprint)
    return b"<!DOCTYPE html>\n" + etree.tostring(html, method="html", encoding="UTF-8") + b"\n"


def _findings(body: etree._Element, findings: tuple[Finding, ...]) -> None:
    if not findings:
        return
    place = etree.SubElement(body, "aside", {"class": "findings"})
    _text(place, "h2", f"What the check found: {len(findings)}")
    listed = etree.SubElement(place, "ul")
    for each in findings:
        item = etree.SubElement(listed, "li")
        _text(item, "strong", SEVERITIES[each.severity])
        _text(item, "bdi", " " + visible(words_of(each), exact=True))
        where = f"line {each.line}, {each.rule}" if each.line else each.rule
        _text(item, "span", f" ({where})", "note")


def _entries(place: etree._Element, entries: tuple[Entry, ...]) -> None:
    table = etree.SubElement(place, "dl")
    for entry in entries:
        name = _text(table, "dt", entry.label, lang="en")
        if entry.about:
            name.set("title", entry.about)
        held = etree.SubElement(table, "dd")
        if entry.entries:
            held.set("class", "below")
            _entries(held, entry.entries)
        for value in entry.values:
            _value(held, value)


def _value(place: etree._Element, value: Value) -> None:
    line = etree.SubElement(place, "p", dir="rtl" if runs_right_to_left(value.text) else "ltr")
    _text(line, "bdi", value.text or "(empty)", "exact" if value.exact else "")
    if value.note:
        line[0].tail = " "
        _text(line, "bdi", value.note, "note")


def _text(parent: etree._Element, tag: str, text: str, class_: str = "", *, lang: str = "") -> etree._Element:
    made = etree.SubElement(parent, tag)
    made.text = text
    if class_:
        made.set("class", class_)
    if lang:
        made.set("lang", lang)
    return made
