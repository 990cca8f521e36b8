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
    that are there already are left as they are.
    """
    from emla.cli import screen
    from emla.cli.files import make_folder
    from emla.cli.wording import size
    from emla.model.errors import InvalidMessageError, NotFoundError

    async def save_all(client: "Client") -> tuple[Message, list[tuple[MessagePart, Path, bool]]]:
        message = await client.message(message_id)
        wanted = [each for each in message.parts if number in (None, each.n)]
        if not message.parts:
            raise InvalidMessageError("not-readable", f"Its state is {message.state}.")
        if not wanted:
            raise NotFoundError("not-found", f"The message has no part {number}.")
        place = folder if folder is not None else Path(f"emla-{message.pid[:12]}")
        await asyncio.to_thread(make_folder, place)
        with screen.progress("Opening", sum(each.size for each in wanted)) as advance:
            return message, [await _save(client, message, each, place, advance) for each in wanted]

    message, saved = with_client(save_all)
    if wants_json():
        listed = [
            {"n": part.n, "file": str(path), "sha256": part.sha256, "new": new} for part, path, new in saved
        ]
        screen.emit_json({"pid": message.pid, "files": listed})
        return
    screen.table(
        ("Part", "File", "Size", ""),
        [(str(part.n), str(path), size(part.size), "" if new else "was there") for part, path, new in saved],
        fold=("File",),
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
