"""Writes docs/reference/codes/: one page for each code list, one for the instruments, and the list of all.

Run it with `make docs`. Everything on these pages comes from `schemas/codes` and `schemas/instruments`.
`tests/documentation/test_code_pages.py` checks that the pages are fresh.
"""

import re
import sys
from functools import cache
from pathlib import Path

from lxml import etree

from emla.formats.genericode import CodeLists
from emla.formats.instruments import Instruments
from emla.formats.schema_index import XS
from emla.model.codelist import LANGUAGES, CodeEntry, CodeList
from emla.model.instrument import DatedFact, Instrument

ROOT = Path(__file__).resolve().parents[1]
SCHEMAS = ROOT / "schemas"
FOLDER = ROOT / "docs" / "reference" / "codes"
_NAMED = re.compile(r"Code list: (CL-[A-Z]+)\.")
NAMES = {
    "en": "English", "fr": "French", "es": "Spanish", "ar": "Arabic", "ru": "Russian", "zh": "Chinese",
}  # fmt: skip


@cache
def used_by() -> dict[str, list[str]]:
    """Of each list the types of the schema that take its codes."""
    found: dict[str, list[str]] = {}
    for path in sorted((SCHEMAS / "1.0").glob("*.xsd")):
        for type_ in etree.parse(path).getroot().iterchildren(XS + "simpleType"):
            words = " ".join(" ".join(type_.itertext()).split())
            for name in _NAMED.findall(words)[:1]:
                found.setdefault(name, []).append(type_.get("name", ""))
    return found


def cell(text: str) -> str:
    """A text that cannot end its column."""
    return text.replace("|", "\\|")


def row_of(found: CodeList, entry: CodeEntry, columns: list[str]) -> str:
    """The first table's row of one code."""
    until = f" to {entry.valid_to}" if entry.valid_to else ""
    more = "".join(f" {cell(entry.more.get(column, ''))} |" for column in columns)
    link = f"[`{entry.code}`](instruments.md#{entry.code.lower()})"
    code = link if found.name == "CL-INSTRUMENT" else f"`{entry.code}`"
    mark = "yes" if entry.verified else "**no**"
    begins = f"{entry.valid_from}{until}"
    return f"| {code} | {cell(entry.definition)} | {cell(entry.source)} | {begins} | {mark} |{more}"


def list_page(found: CodeList) -> str:
    """The page of one list."""
    columns = sorted({column for entry in found.codes.values() for column in entry.more})
    rows = "\n".join(row_of(found, entry, columns) for entry in found.codes.values())
    labels = "\n".join(
        f"| `{entry.code}` | " + " | ".join(cell(entry.labels[each]) for each in LANGUAGES) + " |"
        for entry in found.codes.values()
    )
    types = used_by().get(found.name, [])
    used = f"Taken by: {', '.join(f'`{each}`' for each in types)}. " if types else ""
    return f"""# {found.name}: {found.title}

Address `{found.uri}`, file `schemas/codes/{found.name}.gc`. {used}*Verified* says whether the source was read and the entry
compared with it; [how a jurist corrects an entry](../../how-to/correct-legal-data.md).

| Code | Definition | Source | Valid | Verified |{"".join(f" {column} |" for column in columns)}
|---|---|---|---|---|{"---|" * len(columns)}
{rows}

## Labels

| Code | {" | ".join(NAMES[each] for each in LANGUAGES)} |
|---|{"---|" * len(LANGUAGES)}
{labels}
"""


def fact(found: DatedFact | None) -> str:
    """A day with its mark."""
    return "none" if found is None else f"{found.day}{'' if found.verified else ' (not verified)'}"


def instrument_part(found: Instrument) -> str:
    """One instrument's part of the page."""
    covers = "all States" if found.covers is None else ", ".join(sorted(found.covers)) or "no State"
    lines = [
        f"## {found.code}",
        "",
        f"{found.title}. {found.note}".strip(),
        "",
        f"- Kind: `{found.kind}`. To be compared with: {found.source}.",
        f"- Opened for signature: {fact(found.opened_for_signature)}.",
        f"- Entry into force: {fact(found.entry_into_force)}.",
        f"- The record of parties is complete for: {covers}.",
    ]
    parties = [
        f"{party.state} {party.since}"
        + (f" to {party.until}" if party.until else "")
        + "".join(f", {code} {since.day}" for code, since in party.territories.items())
        for party in found.parties
    ]
    if parties:
        lines.append(f"- Binds: {'; '.join(parties)}.")
    declared = [f"{each.state} {each.article} {each.subject}: {each.value}" for each in found.declarations]
    if declared:
        lines.append(f"- Declared: {'; '.join(declared)}.")
    articles = [f"{number} {subject}" for number, subject in found.articles.items()]
    if articles:
        lines.append(f"- Articles that are cited: {'; '.join(articles)}.")
    return "\n".join(lines)


def instruments_page() -> str:
    """The page of all instruments."""
    instruments = Instruments(SCHEMAS)
    parts = "\n\n".join(
        instrument_part(found) for code in instruments.codes if (found := instruments.find(code))
    )
    return f"""# Instruments

What emla knows of each legal instrument, from `schemas/instruments`. **No date of a State has been compared with the
depositary yet**: each stands in the files as not verified, and dates of the instrument itself carry their own mark.
[How a jurist corrects them](../../how-to/correct-legal-data.md). Whether an instrument is in force between two States is
answered *yes*, *no*, *unknown* (the record is not complete for a State, or does not say whether it extends to a
territory) or *not a treaty*.

{parts}
"""


def index_page(lists: CodeLists) -> str:
    """The list of lists."""
    rows = "\n".join(
        f"| [{found.name}]({found.name}.md) | {found.title} | {len(found.codes)} "
        f"| {sum(not entry.verified for entry in found.codes.values())} |"
        for found in map(lists.get, lists.names)
    )
    return f"""# Code lists

Every code that a message can carry, and what it says in Arabic, Chinese, English, French, Russian and Spanish. The
files are OASIS genericode 1.0 in `schemas/codes`; any reader of that format takes them. `emla schema show CODE` explains
one in the terminal. [Instruments](instruments.md) have a page of their own.

| List | What it is about | Codes | Not verified |
|---|---|---|---|
{rows}
"""


def pages() -> dict[Path, str]:
    """Every page and its text as it should be."""
    lists = CodeLists(SCHEMAS)
    written = {FOLDER / f"{name}.md": list_page(lists.get(name)) for name in lists.names}
    return {FOLDER / "README.md": index_page(lists), FOLDER / "instruments.md": instruments_page(), **written}


def main() -> int:
    """Write every page that is not fresh and name it."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for page, text in pages().items():
        if not page.exists() or page.read_text(encoding="utf-8") != text:
            page.write_text(text, encoding="utf-8")
            print(f"wrote {page.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
