"""`emla stats`: what may be said of a year of requests, without persons."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from emla.cli.invocation import common, wants_json, with_client
from emla.cli.lazy import example_text

if TYPE_CHECKING:
    from emla.client.statistics_answers import BandView, GroupView, StatisticsView

_WORDS = {
    "requests-sent": "Requests that we sent",
    "measures-sent": "Measures that we asked for",
    "requests-received": "Requests that we received",
    "measures-received": "Measures that we were asked for",
}
_BAR_COLUMNS = 30
_FEWER = "fewer than 5"


@common
@click.command(epilog=example_text("emla stats --year 2026"))
@click.option("--year", type=click.IntRange(2000, 9999), help="Of which requests; else those of this year.")
def stats(*, year: int | None) -> None:
    """Show how many requests there were, with whom and what became of them.

    As it stood at the end of the last quarter. Every number is a band of five, and groups under five are not shown, nor what
    would give them away: what you see here may be given to others (docs/explanation/statistics.md).
    """
    from emla.cli import screen

    wanted = year or datetime.now(UTC).year
    found = with_client(lambda client: client.statistics(wanted))
    if wants_json():
        screen.emit_json(found)
        return
    _tell(found)


def _tell(found: "StatisticsView") -> None:
    from emla.cli import screen

    screen.say(f"{found.authority}, requests of {found.year}, as of {found.as_of:%Y-%m-%d}", style="bold")
    for group in found.groups:
        screen.say("")
        total = _words(group.total) if group.total else _FEWER
        screen.say(f"{_WORDS.get(group.name, group.name)}: {total}", style="bold")
        rows = list(_rows(group))
        if rows:
            screen.table(("By", "What", "How many", ""), rows)
    screen.note(
        "What is not listed is none, fewer than five, or withheld so that nothing small can be computed."
    )


def _rows(group: "GroupView") -> Iterator[tuple[str, str, str, str]]:
    """The largest first; a bar is as long as its share of the largest number of its table."""
    for name, cells in group.tables.items():
        ordered = sorted(cells.items(), key=lambda each: (-each[1].least, each[0]))
        most = ordered[0][1].most if ordered else 1
        for place, (code, band) in enumerate(ordered):
            bar = "█" * max(1, round(_BAR_COLUMNS * band.most / most))
            yield ("" if place else name, code, _words(band), bar)


def _words(band: "BandView") -> str:
    return f"{band.least}-{band.most}"
