"""`emla message open`: the parts of a message as files, under safe names, never over what is there."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import click

from emla.cli.invocation import common, wants_json, with_client
from emla.cli.lazy import example_text
from emla.client.answers import Message, MessagePart

if TYPE_CHECKING:
    from emla.cli.screen import Advance
    from emla.client.client import Client

_KEPT_BACK = frozenset({"infected", "scanner-failed", "not-scanned", "not-cleared"})
"""With these the malware scanner, or its label, keeps a part back; the others can be opened all the same."""


@common
@click.command("open", epilog=example_text("emla message open 3f9a1c20 --to received"))
@click.argument("message_id", metavar="ID")
@click.option("--part", "number", type=int, metavar="N", help="Only this part.")
@click.option(
    "--to",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Folder for the files; else one named after the package.",
)
def open_message(message_id: str, *, number: int | None, folder: Path | None) -> None:
    """Save the parts of a message as files.

    Opening an incoming message is recorded: its sender receives the acknowledgement ContentHandover. Files
    that are there already are left as they are. What the malware scanner keeps back, or who is not cleared must not
    read, is named, and the rest is saved.
    """
    from emla.cli import screen
    from emla.cli.files import make_folder
    from emla.cli.holding_view import show_binding
    from emla.model.errors import EmlaError, InvalidMessageError, NotFoundError

    kept_back: list[tuple[MessagePart, EmlaError]] = []

    async def save_all(client: "Client") -> tuple[Message, list[tuple[MessagePart, Path, bool]]]:
        message = await client.message(message_id)
        wanted = [each for each in message.parts if number in (None, each.n)]
        if not message.parts:
            raise InvalidMessageError("not-readable", f"Its state is {message.state}.")
        if not wanted:
            raise NotFoundError("not-found", f"The message has no part {number}.")
        barred = message.holding.barred_parts if message.holding else frozenset()
        # Of several the others come out; who asks for nothing else is told by the server, which records that.
        wanted = [each for each in wanted if each.n not in barred] or wanted
        # Said before a byte is there: what it may be used for is part of what is opened.
        await asyncio.to_thread(show_binding, message.holding)
        place = folder if folder is not None else Path(f"emla-{message.pid[:12]}")
        await asyncio.to_thread(make_folder, place)
        saved = []
        with screen.progress("Opening", sum(each.size for each in wanted)) as advance:
            for each in wanted:
                try:
                    saved.append(await _save(client, message, each, place, advance))
                except EmlaError as error:
                    if error.code not in _KEPT_BACK:
                        raise
                    kept_back.append((each, error))
        # Once more, for what the scanner has said meanwhile.
        return await client.message(message.pid) if message.direction == "in" else message, saved

    message, saved = with_client(save_all)
    if wants_json():
        scans = {each.n: each.scan for each in message.parts}
        listed = [
            {"n": part.n, "file": str(path), "sha256": part.sha256, "new": new, "scan": scans[part.n]}
            for part, path, new in saved
        ]
        held = [{"n": part.n, "code": error.code, "detail": error.detail} for part, error in kept_back]
        screen.emit_json({"pid": message.pid, "files": listed, "kept_back": held, "holding": message.holding})
    else:
        _show(message, saved)
        for part, error in kept_back:
            screen.say(f"Part {part.n} was kept back: {error}", style="bold red")
            screen.note(f"What to do: {error.entry.remedy}")
    if kept_back:
        raise click.exceptions.Exit(kept_back[0][1].entry.exit_code)


def _show(message: Message, saved: list[tuple[MessagePart, Path, bool]]) -> None:
    from emla.cli import screen
    from emla.cli.scan_view import scan_text
    from emla.cli.wording import size

    if not saved:
        return
    scans = {each.n: each.scan for each in message.parts}
    is_ours = message.direction == "out"
    screen.table(
        ("Part", "File", "Size", "", "Malware scan"),
        [
            (
                *(str(part.n), str(path), size(part.size), "" if new else "was there"),
                "ours" if is_ours else scan_text(scans[part.n]),
            )
            for part, path, new in saved
        ],
        fold=("File", "Malware scan"),
    )
    if message.direction == "in" and any(new for _, _, new in saved):
        screen.note("The hand-over is recorded; the sender receives ContentHandover.")
        screen.note("That is technical delivery, not acceptance of the request.")


async def _save(
    client: "Client", message: Message, part: MessagePart, place: Path, advance: "Advance"
) -> tuple[MessagePart, Path, bool]:
    from emla.cli.files import free_name

    path, there = await asyncio.to_thread(free_name, place, part)
    if there:
        advance(part.size)
    else:
        await client.save_part(message.pid, part.n, path, progress=advance)
    return part, path, not there
