"""`emla message send`: find the attachments, check everything first, send, and show what is proven.

Each file is opened once: what was checked is what is sent.
"""

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from emla.cli.invocation import common, data, wants_json
from emla.cli.lazy import example_text
from emla.client.upload import OpenPart
from emla.model.limits import WIRE
from emla.model.package import Priority
from emla.steps.validate import ValidMessage

if TYPE_CHECKING:
    pass


@common
@click.command(epilog=example_text("emla message send request.xml --attachments files --wait 60"))
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--attachments",
    "folder",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    metavar="DIR",
    help="Folder with the attachments; else they lie beside FILE.",
)
@click.option("--urgent", is_flag=True, help="Use the urgent lane; else the message's own urgency decides.")
@click.option(
    "--wait",
    "wait_seconds",
    type=click.IntRange(0, 86400),
    default=0,
    metavar="SECONDS",
    help="Wait so long for the recipient's acknowledgement.",
)
@click.option(
    "--expires-days",
    type=click.IntRange(1, WIRE.expiry_seconds_max // 86400),
    metavar="DAYS",
    help="How long to keep trying; else the server's setting.",
)
@click.option(
    "--override",
    "overriding",
    multiple=True,
    metavar="RULE=REASON",
    help="Send in spite of this rule of weight error; the reason is recorded.",
)
@click.option(
    "--emergency",
    metavar="REASON",
    help="Send without a second person's approval: life or safety is at risk. The reason is recorded, and looked at afterwards.",
)
@click.option("--dry-run", is_flag=True, help="Do all checks and send nothing. No server is needed.")
def send(
    file: Path,
    *,
    folder: Path | None,
    urgent: bool,
    wait_seconds: int,
    expires_days: int | None,
    overriding: tuple[str, ...],
    emergency: str | None,
    dry_run: bool,
) -> None:
    """Check a message with its attachments and send it.

    The message names its attachments; they are found by their file names. Everything is checked before a byte
    is sent. When the command ends, the message is sealed and durable at your own gateway, which tries until
    it expires; running the same command again never sends twice.

    Where another person must approve what you send, it is handed in instead, and waits (`emla draft show`).
    """
    from emla.cli import screen
    from emla.cli.checking import check_files, check_message, find_attachments, open_main
    from emla.cli.finding_table import read_overrides, show_findings
    from emla.cli.sending import show_sent, submit

    with ExitStack() as opened:
        main = opened.enter_context(open_main(file))
        overrides = read_overrides(overriding)
        valid = check_message(main, data(), overrides)
        beside = folder if folder is not None else file.parent
        found = find_attachments(valid, beside, list_unnamed=folder is not None)
        if found.unnamed:
            screen.note(f"Not named by the message, left out: {', '.join(found.unnamed)}", style="yellow")
        attachments = [opened.enter_context(OpenPart(part)) for part in found.parts]
        check_files(valid, _hash_all(attachments))
        if valid.findings and not wants_json():
            show_findings(valid.findings, on_error=True)
        parts = [main, *attachments]
        if dry_run:
            _show_plan(valid, parts)
            return
        prio = Priority.URGENT if urgent else None
        sent = submit(
            parts,
            valid.message.recipient,
            prio,
            expires_days,
            overrides,
            wait_seconds,
            emergency=emergency,
        )
    show_sent(sent, wait_seconds)


def _hash_all(parts: list[OpenPart]) -> tuple[tuple[str, int, bytes], ...]:
    from emla.cli import screen

    with screen.progress("Checking", sum(part.size for part in parts)) as advance:
        return tuple((part.part.name, part.size, part.hash(advance)) for part in parts)


def _show_plan(valid: ValidMessage, parts: list[OpenPart]) -> None:
    from emla.cli import screen
    from emla.cli.wording import size

    if wants_json():
        listed = [
            {"name": part.part.name, "media": part.part.media, "role": part.part.role, "size": part.size}
            for part in parts
        ]
        screen.emit_json({"dry_run": True, "recipient": valid.message.recipient, "parts": listed})
        return
    screen.table(
        ("File", "Kind", "Role", "Size"),
        [(part.part.name, part.part.media, part.part.role.value, size(part.size)) for part in parts],
        fold=("File",),
    )
    screen.say(f"{valid.message.message_type} to {valid.message.recipient}: ready to send.", style="green")
    screen.note("Nothing was sent: --dry-run.")
