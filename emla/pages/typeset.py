"""A `Page` for typst, which makes the PDF: data beside a template that never changes.

Rules of this file:
- Values reach typst as strings inside JSON. The template shows strings and evaluates none, so markup in a name stays a name.
- Direction is decided here, value by value, from its first strong letter: typst itself goes by language only.
"""

import json
import unicodedata
from collections.abc import Iterator
from datetime import UTC, datetime

from emla.pages.page import Entry, Page
from emla.pages.words import SEVERITIES, runs_right_to_left, visible, words_of

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
"""The date of a PDF (PDF/A wants one) whose message has none: the same page gives the same bytes."""
_CARRIED = frozenset({"LATIN", "GREEK", "CYRILLIC", "ARABIC"})
"""Scripts of the fonts that come with emla and typst."""


def typeset(page: Page) -> str:
    """The data of `page.typ` as JSON."""
    findings = [
        {
            "severity": SEVERITIES[each.severity],
            "message": visible(words_of(each), exact=True),
            "where": _where(each.line, each.rule),
        }
        for each in page.findings
    ]
    at = page.issued_at or _LONG_AGO
    return json.dumps(
        {
            "kind": page.kind,
            "title": page.title,
            "issued": [at.year, at.month, at.day],
            "findings": findings,
            "sections": [_entry(each) for each in page.sections],
            "fingerprint": page.fingerprint,
        },
        ensure_ascii=False,
    )


def _where(line: int | None, rule: str) -> str:
    return f"line {line}, {rule}" if line else rule


def _entry(entry: Entry) -> dict[str, object]:
    return {
        "label": entry.label,
        "about": entry.about,
        "values": [
            {"text": each.text, "note": each.note, "exact": each.exact, "rtl": runs_right_to_left(each.text)}
            for each in entry.values
        ],
        "entries": [_entry(each) for each in entry.entries],
    }


def other_scripts(page: Page) -> tuple[str, ...]:
    """Scripts on the page that need a font of the system: ``CJK``, ``HIRAGANA``; as Unicode names its letters."""
    found = {
        script
        for text in _texts(page.sections)
        for each in set(text)
        if unicodedata.category(each).startswith("L")
        and (script := unicodedata.name(each, "OTHER").partition(" ")[0]) not in _CARRIED
        and unicodedata.category(each) != "Lm"
    }
    return tuple(sorted(found))


def _texts(entries: tuple[Entry, ...]) -> Iterator[str]:
    for entry in entries:
        yield entry.label
        for value in entry.values:
            yield value.text
            yield value.note
        yield from _texts(entry.entries)
