"""Writes the table of types in docs/reference/events.md. Run it with `make docs`; the rest of the page is written by hand.

`tests/documentation/test_case_pages.py` checks that the table is fresh.
"""

import sys
from pathlib import Path

from emla.model.happening import DEAD, MEANINGS

PAGE = Path(__file__).parent / "reference" / "events.md"
_BEGIN, _END = "<!-- types -->\n", "<!-- end of types -->"


def page(text: str) -> str:
    """The page with its table as it should be."""
    before, _, rest = text.partition(_BEGIN)
    after = rest.partition(_END)[2]
    rows = "".join(
        f"| `{each.value}` | {words} | {'yes' if each in DEAD else ''} |\n"
        for each, words in MEANINGS.items()
    )
    return f"{before}{_BEGIN}| Type | What happened | Look |\n|---|---|---|\n{rows}{_END}{after}"


def pages() -> dict[Path, str]:
    """The one page."""
    return {PAGE: page(PAGE.read_text(encoding="utf-8"))}


def main() -> int:
    """Write the page if it is not fresh, and name it."""
    for path, text in pages().items():
        if path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            print(f"wrote {path.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
