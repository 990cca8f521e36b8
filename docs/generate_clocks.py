"""Writes docs/reference/time-limits.md from CL-DEADLINE and from what emla counts. Run it with `make docs`.

`tests/documentation/test_case_pages.py` checks that the page is fresh.
"""

import sys
from pathlib import Path

from emla.cases.clocks import CLOCKS, NOT_COUNTED, Clock
from emla.cases.named_days import KINDS
from emla.formats.genericode import CodeLists, deadlines
from emla.model.case_states import Side
from emla.model.deadline import Deadline, Unit

ROOT = Path(__file__).parent
PAGE = ROOT / "reference" / "time-limits.md"
_SIDES = {Side.OPENER: "requesting authority", Side.ADDRESSEE: "requested authority"}
_UNITS = {Unit.HOURS: "hours", Unit.CALENDAR_DAYS: "days", Unit.WORKING_DAYS: "working days"}


def _row(clock: Clock, limits: dict[str, Deadline]) -> str:
    limit = limits[clock.code]
    extension = limits.get(clock.most)
    most = f"by at most {extension.value} {_UNITS[extension.unit]}" if extension else "by notice"
    return (
        f"| {clock.code} | {limit.what} | {limit.value} {_UNITS[limit.unit]} from {limit.start_event} "
        f"| {most if clock.extended else ''} | {_SIDES[clock.side]} | {'must' if clock.firm else 'should, or may'} "
        f"| {limit.source} | {'yes' if limit.verified else '**no**'} |"
    )


def page() -> str:
    """The page as it should be."""
    limits = deadlines(CodeLists(ROOT.parent / "schemas").get("CL-DEADLINE"))
    clocks = "\n".join(_row(each, limits) for each in CLOCKS)
    named = "\n".join(
        f"| {each.code} | {each.what} | {'must' if each.firm else 'is expected'} | {each.source} |"
        for each in KINDS
    )
    left = "\n".join(
        f"| {code} | {limits[code].what} | {why} | {limits[code].source} |"
        for code, why in NOT_COUNTED.items()
    )
    return f"""# Time limits

Most requests have no time limit at all, and emla makes none up. A limit of an instrument runs only in a request that names the
instrument as its legal basis; the other days are those that a message names. Why, and how they are counted:
[time limits](../explanation/time-limits.md). The data are in the list [CL-DEADLINE](codes/README.md), which a jurist can correct
([how](../how-to/correct-legal-data.md)).

## Limits of instruments

"Compared" says whether somebody compared the value with its source; look at the source of the others before you rely on them.

| Code | What | Time | Extended | Who | Duty | Source | Compared |
|---|---|---|---|---|---|---|---|
{clocks}

## Days that messages name

| Code | What | Duty | Source |
|---|---|---|---|
{named}

## How a limit stands

| Word | Means |
|---|---|
| `running` | somebody has still to act, and there is time |
| `overdue` | it ran out and what it was for has not been done; nobody's request is refused by that |
| `suspended` | it does not run now: the measure is postponed, its conditions are open, or a request followed a preservation |
| `met` | it was done in time |
| `met-late` | it was done, and later |
| `over` | nobody has to do it any more |

## In the list, and not counted

| Code | What | Why not | Source |
|---|---|---|---|
{left}
"""


def pages() -> dict[Path, str]:
    """Every generated page and its text as it should be."""
    return {PAGE: page()}


def main() -> int:
    """Write every page that is not fresh and name it."""
    for path, text in pages().items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            print(f"wrote {path.relative_to(ROOT.parent)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
