"""What was erased and what is held, as a person reads it: when, by whom and why."""

from collections.abc import Iterable, Iterator

from rich.text import Text

from emla.cli.wording import count, instant, short
from emla.client.erasure_answers import ErasureView, HoldView, OrderView, WaitingView

_WHY = {
    "retention": "its time of retention is over",
    "order": "ordered by a person",
    "recall": "its owner recalled it",
}


def show_erasure(found: ErasureView) -> None:
    """Print what is left of a case, what was erased, and what stands against it."""
    from emla.cli import screen

    left = f"{found.sent} sent, {found.received} received"
    left += f", {count(found.drafts, 'draft', 'drafts')}" if found.drafts else ""
    rows = [("Case", found.case_id), ("Still here", left)]
    rows += list(erasure_rows(found.hold, found.orders, found.waiting)) if found.hold else []
    rows += (
        [("Legal hold", "none"), *erasure_rows(None, found.orders, found.waiting)] if not found.hold else []
    )
    rows += [("Against it", each) for each in found.obstacles]
    screen.facts(rows)


def erasure_rows(
    hold: HoldView | None, orders: Iterable[OrderView], waiting: Iterable[WaitingView] = ()
) -> Iterator[tuple[str, str]]:
    """The rows about a hold, about orders that were given, and about those that wait."""
    if hold is not None:
        yield "Legal hold", f"since {instant(hold.at)}{_by(hold.by)}{_because(hold.reason)}"
    for each in orders:
        yield each.state.capitalize(), order_words(each)
    for wanted in waiting:
        words = f"ordered {instant(wanted.at)}{_by(wanted.by)}{_because(wanted.reason)}"
        words += f"; about {_what(wanted.package)}; lapses {instant(wanted.lapses_at)}"
        yield "Waits for approval", words


def order_words(order: OrderView) -> str:
    """An order in words: when, by whom, why."""
    at = f"{instant(order.erased_at)}; " if order.erased_at else ""
    what = count(order.packages, "package", "packages") if order.package is None else _what(order.package)
    second = f", approved by {order.approved_by}" if order.approved_by else ""
    words = f"{at}{what}, ordered {instant(order.ordered_at)}{_by(order.by)}{second}"
    return f"{words} ({_WHY.get(order.why, order.why)}){_because(order.reason)}"


def marks(hold: HoldView | None, orders: Iterable[OrderView], waiting: Iterable[WaitingView] = ()) -> Text:
    """The same in a line of a list."""
    text = Text()
    for each in orders:
        if each.package is None:
            day = f" {each.erased_at.date()}" if each.erased_at else ""
            text.append(f" {each.state.lower()}{day}: {_WHY.get(each.why, each.why)}", style="red")
    if tuple(waiting):
        text.append(" erasure waits for approval", style="yellow")
    if hold is not None:
        text.append(" on legal hold", style="yellow")
    return text


def _what(package: str | None) -> str:
    return "everything" if package is None else f"the content of package {short(package)}"


def _by(name: str) -> str:
    return f" by {name}" if name else ""


def _because(reason: str) -> str:
    return f": {reason}" if reason else ""
