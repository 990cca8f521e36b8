"""`emla draft open`: the parts of a draft as files, under safe names, never over what is there."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import click

from emla.cli.invocation import common, wants_json, with_client
from emla.cli.lazy import example_text
from emla.client.answers import MessagePart

if TYPE_CHECKING:
    from emla.client.client import Client


@common
@click.command("open", epilog=example_text("emla draft open 5d2c0f1e --to draft"))
@click.argument("draft_id", metavar="DRAFT")
@click.option("--part", "number", type=int, metavar="N", help="Only this part.")
@click.option(
    "--to",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Folder for the files; else one named after the draft.",
)
def open_draft(draft_id: str, *, number: int | None, folder: Path | None) -> None:
    """Save the parts of a draft as files.

    To read the message as a page: emla message preview on its file. Each read is recorded. Files that are there already are
    left as they are.
    """
    from emla.cli import screen
    from emla.cli.files import free_name, make_folder
    from emla.cli.wording import size
    from emla.model.errors import InvalidMessageError, NotFoundError

    async def save_all(client: "Client") -> list[tuple[MessagePart, Path]]:
        found = await client.one_draft(draft_id)
        if not found.parts:
            raise InvalidMessageError("draft-decided")
        wanted = [each for each in found.parts if number in (None, each.n)]
        if not wanted:
            raise NotFoundError("not-found", f"The draft has no part {number}.")
        place = folder if folder is not None else Path(f"emla-draft-{found.id[:12]}")
        await asyncio.to_thread(make_folder, place)
        saved = []
        with screen.progress("Opening", sum(each.size for each in wanted)) as advance:
            for part in wanted:
                path, there = await asyncio.to_thread(free_name, place, part)
                if there:
                    advance(part.size)
                else:
                    await client.save_draft_part(found.id, part.n, path, progress=advance)
                saved.append((part, path))
        return saved

    saved = with_client(save_all)
    if wants_json():
        screen.emit_json(
            {"files": [{"n": part.n, "file": str(path), "sha256": part.sha256} for part, path in saved]}
        )
        return
    screen.table(
        ("Part", "File", "Size"),
        [(str(part.n), str(path), size(part.size)) for part, path in saved],
        fold=("File",),
    )
