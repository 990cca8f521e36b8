"""Writes the reference pages that come from tables: docs/reference/errors/ and exit-codes.md.

Run it with `make docs`. Each page has two parts: the head comes from `emla.model.codes` and is written
anew each time; what stands below the marker is written by hand and kept.
`tests/documentation/test_errors.py` checks that the heads are fresh.
"""

import sys
from pathlib import Path

from emla.model.codes import CODES, Code

MARKER = "<!-- below: written by hand -->"
ERRORS = Path(__file__).parent / "reference" / "errors"
EXITS = ERRORS.parent / "exit-codes.md"
EXIT_CODES = {
    1: "failed",
    2: "usage",
    3: "refused by rule or peer",
    4: "not authenticated or key locked",
    5: "peer unreachable, trying again may help",
    6: "integrity alarm",
}


def head(row: Code) -> str:
    """The part of a page that comes from the table, up to and with the marker."""
    again = (
        "Yes: the same attempt may succeed later." if row.retryable else "No: something must change first."
    )
    return f"""# {row.code}

{row.meaning}

| | |
|---|---|
| What to do | {row.remedy} |
| Who must act | {row.who.value[0].upper()}{row.who.value[1:]} |
| Does trying again help? | {again} |
| HTTP status | {row.http} |
| Exit code of the command line | {row.exit_code} ({EXIT_CODES[row.exit_code]}) |

{MARKER}
"""


def index() -> str:
    """The list of all pages."""
    rows = "\n".join(
        f"| [{row.code}]({row.code}.md) | {row.meaning} | {row.who.value} |" for row in CODES.values()
    )
    return f"""# Errors

Everything emla refuses or fails to do has one stable code. The code never changes its meaning. You meet
it on the command line, in `problem+json` answers, in the log and in signed refusals.

| Code | What happened | Who must act |
|---|---|---|
{rows}
"""


def exits() -> str:
    """The list of exit codes, and which codes end in each."""
    rows = "\n".join(
        f"| {number} | {meaning} | "
        + ", ".join(
            f"[{row.code}](errors/{row.code}.md)" for row in CODES.values() if row.exit_code == number
        )
        + " |"
        for number, meaning in EXIT_CODES.items()
    )
    return f"""# Exit codes

What every `emla` command returns. With `--json` the document on standard output has the code as well.

| Exit code | Meaning | Codes |
|---|---|---|
| 0 | done | |
{rows}
| 130 | interrupted with Ctrl-C, or a question was not answered | |

`emla ledger verify` returns 6 when something does not add up; `emla doctor` returns 1 when a check fails, and 0 when there
are only warnings; `emla demo` returns 1 when anything is not as it should be.
"""


def fresh(page: Path, row: Code) -> str:
    """The page as it should be: the head from the table, and what was written by hand below it."""
    text = page.read_text(encoding="utf-8") if page.exists() else ""
    _, _, by_hand = text.partition(MARKER)
    return head(row) + by_hand.removeprefix("\n")


def pages() -> dict[Path, str]:
    """Every generated page and its text as it should be."""
    written = {ERRORS / f"{row.code}.md": fresh(ERRORS / f"{row.code}.md", row) for row in CODES.values()}
    return {ERRORS / "README.md": index(), EXITS: exits(), **written}


def main() -> int:
    """Write every page that is not fresh and name it."""
    ERRORS.mkdir(parents=True, exist_ok=True)
    for page, text in pages().items():
        if not page.exists() or page.read_text(encoding="utf-8") != text:
            page.write_text(text, encoding="utf-8")
            print(f"wrote {page.relative_to(ERRORS.parents[2])}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
