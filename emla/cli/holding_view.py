"""What binds who holds something, as an officer reads it: before it is opened, and in the view of its case."""

from collections.abc import Iterable, Iterator

from rich.text import Text

from emla.cli import screen
from emla.cli.wording import count, instant, plain, short, spaced
from emla.client.holding_answers import HoldingView, LabelView, RecallView, ThingView

_ONWARD = {
    "NONE": "no onward transfer",
    "ASK": "onward transfer: ask the owner first",
    "ALLOWED": "may be passed on to those named",
}


def show_holdings(holdings: Iterable[HoldingView]) -> None:
    """Print what was sent in a case, to whom it belongs and what binds its holder; of ours as well as of others'."""
    rows = [row for each in holdings for row in _rows(each)]
    if rows:
        screen.table(
            ("Came with", "What", "Owner", "Held by", "How it must be handled"),
            rows,
            title="What was sent, and what binds who holds it",
            fold=("Came with", "What", "Owner", "Held by", "How it must be handled"),
        )


def _rows(holding: HoldingView) -> Iterator[tuple[str | Text, ...]]:
    who = f"{holding.owner} (we hold it)" if holding.binds_us else holding.owner
    for things, words in _alike(holding):
        style = "bold red" if any(each.recalled or each.barred for each in things) else ""
        came = f"{spaced(holding.message_type)} {short(holding.message_id)}"
        yield came, _things(things), who, holding.holder, Text(plain("; ".join(words)), style=style)


def show_binding(holding: HoldingView | None) -> None:
    """Print what binds us before something is opened; nothing where nothing does."""
    if holding is None or not holding.binds_us:
        return
    for things, words in _alike(holding):
        barred = next((each.barred for each in things if each.barred), None)
        style = "bold red" if barred else "yellow"
        screen.note(f"{_things(things)} of {holding.owner}: {'; '.join(words)}.", style=style)


def _alike(holding: HoldingView) -> Iterator[tuple[list[ThingView], tuple[str, ...]]]:
    """Things with the same words together."""
    groups: dict[tuple[str, ...], list[ThingView]] = {}
    for each in holding.things:
        groups.setdefault(tuple(_words(each)), []).append(each)
    for words, things in groups.items():
        yield things, words


def _things(things: list[ThingView]) -> str:
    names = ["the message" if each.kind == "message" else each.id for each in things]
    if len(names) <= 3:
        return ", ".join(names)
    return f"{names[0]}, {names[1]} and {count(len(names) - 2, 'other', 'others')}"


def _words(thing: ThingView) -> Iterator[str]:
    if thing.recalled:
        yield _recalled(thing.recalled)
    if thing.barred and not thing.recalled:
        yield f"NOT TO BE USED: {thing.barred.detail}"
    yield from _label(thing.label)
    for each in thing.consents:
        to = f" to {', '.join(each.recipients)}" if each.recipients else ""
        until = f", until {each.until}" if each.until else ""
        yield f"consent {each.decision}{to}{until}{'' if each.holds else ' (frees from nothing)'}"
    for notice in thing.disclosed:
        yield f"disclosed to a court on {notice.on or 'a day not said'} to exonerate an accused"


def _recalled(recall: RecallView) -> str:
    asked = f"RECALLED by {recall.by} on {instant(recall.at)} ({recall.reason}): {recall.action}"
    due = f" by {recall.due_on}" if recall.due_on else ""
    return f"{asked}{due}; {recall.result or 'not answered yet'}"


def _label(label: LabelView) -> Iterator[str]:
    yield label.level + (", confidential" if label.confidential else "")
    if label.sealed_from_subject:
        until = f" until {label.sealed_until}" if label.sealed_until else ""
        yield f"SEALED: the person concerned must not learn of it{until}"
    if label.undisclosed_until:
        yield f"not to be disclosed to others until {label.undisclosed_until}"
    for each in label.limits:
        yield each.limit + (f" until {each.until}" if each.until else "")
    to = f": {', '.join(label.releasable_to)}" if label.releasable_to else ""
    yield _ONWARD.get(label.onward, label.onward) + to
    if label.not_releasable_to:
        yield f"never to {', '.join(label.not_releasable_to)}"
    if label.kept_until:
        yield f"kept until {label.kept_until}" + (f", then {label.disposition}" if label.disposition else "")
    if label.review_on:
        yield f"to be reviewed on {label.review_on}"
    if label.sensitive:
        yield f"sensitive: {', '.join(label.sensitive)}"
