"""`emla quarantine`: what waits for a person's decision, and the decision about a part that the malware scanner keeps back."""

from typing import TYPE_CHECKING

import click

from emla.cli.invocation import common, wants_json, with_client
from emla.cli.lazy import Entry, LazyGroup, example_text

if TYPE_CHECKING:
    from emla.client.answers import Message, MessagePart
    from emla.client.client import Client
    from emla.client.scan_answers import PartScan

quarantine = LazyGroup(
    "quarantine",
    table={
        "list": Entry(
            "quarantine:list_waiting", "List packages that could not be opened, and parts kept back."
        ),
        "show": Entry("quarantine:show", "Show what the malware scanner said of each part of a message."),
        "scan": Entry("quarantine:scan", "Have the parts of a message scanned again, now."),
        "release": Entry("quarantine:release", "Hand a part over in spite of what the scanner said."),
    },
    text="What waits for a decision: packages that could not be opened, and parts that the malware scanner keeps back.",
    example="emla quarantine list",
)


@common
@click.command("list", epilog=example_text("emla quarantine list"))
@click.option("--limit", type=click.IntRange(1, 1000), default=100, show_default=True)
def list_waiting(*, limit: int) -> None:
    """List packages that could not be opened, and parts kept back.

    A part is kept back when the malware scanner found something in it, failed, or did not look at it because it is too large.
    """
    from emla.cli import screen
    from emla.cli.scan_view import show_waiting

    found = with_client(lambda client: client.quarantine(limit=limit))
    if wants_json():
        screen.emit_json(found)
        return
    if found.items:
        show_waiting(found.items)
    else:
        screen.note("Nothing waits.")
    if found.scanner is None:
        screen.note("No malware scanner is set up: attachments are handed over as they came.")


@common
@click.command(epilog=example_text("emla quarantine show 3f9a1c20"))
@click.argument("message_id", metavar="ID")
def show(message_id: str) -> None:
    """Show what the malware scanner said of each part of a message."""
    from emla.cli import screen
    from emla.cli.scan_view import show_parts

    found = with_client(lambda client: client.message(message_id))
    if wants_json():
        screen.emit_json({"pid": found.pid, "peer": found.peer, "parts": found.parts})
        return
    show_parts(found)


@common
@click.command(epilog=example_text("emla quarantine scan 3f9a1c20 --part 1"))
@click.argument("message_id", metavar="ID")
@click.option("--part", "number", type=int, metavar="N", help="Only this part.")
def scan(message_id: str, *, number: int | None) -> None:
    """Have the parts of a message scanned again, now.

    Whatever was said of them before: the scanner may know more by now, or less than it should have.
    """
    from dataclasses import replace

    from emla.cli import screen
    from emla.cli.scan_view import show_parts

    async def work(client: "Client") -> "Message":
        message = await client.message(message_id)
        wanted = [_part(message, number)] if number is not None else list(message.parts)
        scanned = {each.n: await client.scan_part(message.pid, each.n) for each in wanted}
        parts = (replace(each, scan=scanned[each.n]) for each in message.parts if each.n in scanned)
        return replace(message, parts=tuple(parts))

    found = with_client(work)
    if wants_json():
        screen.emit_json({"pid": found.pid, "peer": found.peer, "parts": found.parts})
        return
    show_parts(found)


@common
@click.command(
    epilog=example_text('emla quarantine release 3f9a1c20 --part 1 --reason "Evidence: goes to the lab."')
)
@click.argument("message_id", metavar="ID")
@click.option("--part", "number", type=int, metavar="N", required=True, help="Which part.")
@click.option("--reason", required=True, help="Why, in a line. It goes into the ledger, with your id.")
@click.option("--dry-run", is_flag=True, help="Only show the part and what is held against it.")
def release(message_id: str, *, number: int, reason: str, dry_run: bool) -> None:
    """Hand a part over in spite of what the scanner said.

    For a central officer or the 24/7 contact. It is for what is known of the part now: something else that is found later
    needs another decision. The part is opened afterwards with `emla message open`.
    """
    from emla.cli import screen
    from emla.cli.scan_view import show_parts
    from emla.model.errors import ConfigurationError

    async def work(client: "Client") -> "tuple[Message, MessagePart, PartScan]":
        message = await client.message(message_id)
        part = _part(message, number)
        if part.scan is None or part.scan.verdict == "clean":
            raise ConfigurationError("wrong-state", "The scanner holds nothing against this part.")
        if dry_run:
            return message, part, part.scan
        verdict = part.scan.verdict
        return message, part, await client.release_part(message.pid, part.n, verdict=verdict, reason=reason)

    message, part, known = with_client(work)
    if wants_json():
        dry = {"dry_run": True} if dry_run else {}
        screen.emit_json(dry | {"pid": message.pid, "n": part.n, "scan": known})
        return
    from dataclasses import replace

    show_parts(replace(message, parts=(replace(part, scan=known),)))
    if dry_run:
        screen.note("Nothing was done: --dry-run.")
    else:
        screen.note(
            f"It is in the ledger. Open it with: emla message open {message.pid[:12]} --part {part.n}"
        )


def _part(message: "Message", number: int) -> "MessagePart":
    from emla.model.errors import NotFoundError

    found = next((each for each in message.parts if each.n == number), None)
    if found is None:
        raise NotFoundError("not-found", f"The message has no part {number}.")
    return found
