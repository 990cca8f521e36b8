"""Time limits as a prosecutor reads them: until when, who, what, by what law; what is overdue first."""

from collections.abc import Sequence

from rich.text import Text

from emla.cli import screen
from emla.cli.wording import instant
from emla.client.limit_answers import DeadlineView

_SIDES = {"opener": "they (asking)", "addressee": "they (asked)", "either": "either"}
_STYLES = {"overdue": "bold red", "running": "", "met-late": "yellow"}


def next_day(limits: Sequence[DeadlineView]) -> Text:
    """In a list: the first day on which something is due, and whether something is overdue."""
    open_ = [each for each in limits if each.open]
    if not open_:
        return Text("-")
    late = [each for each in open_ if each.overdue]
    first = min(late or open_, key=lambda each: each.due_at)
    return Text(f"{_day(first)} OVERDUE" if late else _day(first), style=_STYLES["overdue"] if late else "")


def show_limits(limits: Sequence[DeadlineView]) -> None:
    """Print all of one request; nothing where it has none."""
    if not limits:
        return
    ordered = sorted(limits, key=lambda each: (not each.overdue, not each.open, each.due_at))
    screen.table(
        ("Due", "Who", "What", "Stands", "Source"),
        [
            (
                _day(each),
                "WE" if each.ours else _SIDES.get(each.side, each.side),
                f"{each.what}{_of(each)}",
                Text(_course(each), style=_STYLES.get(each.course, "dim")),
                f"{each.source} ({each.code}){'' if each.verified else ', not compared with its source'}",
            )
            for each in ordered
        ],
        title="Time limits",
        fold=("What", "Stands", "Source"),
    )
    for doubt in dict.fromkeys(doubt for each in limits if each.open for doubt in each.doubts):
        screen.note(doubt, style="yellow")


def _day(limit: DeadlineView) -> str:
    return limit.due_on or instant(limit.due_at)


def _of(limit: DeadlineView) -> str:
    return f" [{', '.join(limit.measures)}]" if limit.measures else ""


def _course(limit: DeadlineView) -> str:
    if limit.course == "overdue" and not limit.firm:
        return "past, no duty"
    words = f"{limit.course} {instant(limit.met_at)}" if limit.met_at else limit.course
    return f"{words}, extended" if limit.extended_by else words
