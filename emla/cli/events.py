"""`emla events`: what happened here, as case systems are told it."""

from typing import TYPE_CHECKING

import click

from emla.cli.invocation import common, wants_json, with_client
from emla.cli.lazy import Entry, LazyGroup, example_text

if TYPE_CHECKING:
    from emla.client.event_answers import EventView

events = LazyGroup(
    "events",
    table={
        "list": Entry("events:list_events", "List what happened behind a place, oldest first."),
        "watch": Entry("events:watch", "Show what happens, as it happens."),
    },
    text="What happened here, in the order of the ledger: with ids, without content.",
    example="emla events watch --types received",
)

_TYPES = click.option(
    "--types",
    metavar="LIST",
    default="",
    help="Only these types, with commas between; `received` stands for all that begin with it.",
)


@common
@click.command("list", epilog=example_text("emla events list --types case.reminder,sent.rejected"))
@click.option("--after", default="", metavar="ID", help="Behind this event; `now` shows the newest place.")
@_TYPES
@click.option("--limit", type=click.IntRange(1, 1000), default=100, show_default=True, help="So many.")
def list_events(*, after: str, types: str, limit: int) -> None:
    """List what happened behind a place, oldest first.

    Without --after from the beginning of the ledger. You are told of what is for you: of your cases, or of every package.
    """
    from emla.cli import screen
    from emla.cli.wording import NOT_ACCEPTANCE

    found = with_client(lambda client: client.events(after=after, types=_words(types), limit=limit))
    if wants_json():
        screen.emit_json(found)
        return
    screen.table(
        ("At", "Event", "Case", "Package", "", "Id"), [_row(each) for each in found.items], fold=("Event", "")
    )
    screen.note(NOT_ACCEPTANCE)
    if found.next:
        screen.note(f"{'More' if found.more else 'What comes next'}: --after {found.next}")


@common
@click.command(epilog=example_text("emla events watch --types received --json"))
@click.option("--after", default="now", show_default=True, metavar="ID", help="Begin behind this event.")
@_TYPES
@click.option("--count", type=click.IntRange(min=1), help="Leave after so many.")
def watch(*, after: str, types: str, count: int | None) -> None:
    """Show what happens, as it happens.

    It goes on until it is interrupted (Ctrl-C), or --count is reached. With --json each event is one line. Keep the id of the
    last one: --after goes on behind it, and nothing is missed.
    """
    from emla.cli import screen
    from emla.cli.wording import NOT_ACCEPTANCE
    from emla.client.client import Client

    async def work(client: Client) -> None:
        left = count
        screen.note(NOT_ACCEPTANCE, style="dim")
        async for each in client.follow(after=after, types=_words(types)):
            if wants_json():
                screen.emit_line(each)
            else:
                screen.say("  ".join(cell for cell in _row(each) if cell))
            left = left - 1 if left is not None else None
            if left == 0:
                return

    with_client(work)


def _words(types: str) -> tuple[str, ...]:
    return tuple(each.strip() for each in types.split(",") if each.strip())


def _row(event: "EventView") -> tuple[str, ...]:
    from emla.cli.wording import count, instant, short

    days = count(event.days, "day", "days") if event.days else None
    part = f"part {event.part}" if event.part is not None else None
    draft = f"draft {short(event.draft)}" if event.draft else None
    what = ", ".join(each for each in (event.kind, days, event.code, part, draft) if each)
    return (instant(event.at), event.type, short(event.case), short(event.pid), what, event.id)
