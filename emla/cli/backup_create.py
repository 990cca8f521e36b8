"""`emla backup create`."""

import contextlib
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from emla.cli.invocation import common, initialised_data, wants_json, with_client
from emla.cli.lazy import example_text
from emla.cli.media_key import FILE

if TYPE_CHECKING:
    from datetime import datetime

    from emla.bootstrap.backup_create import CreatedBackup
    from emla.keyring.media import PublicKeyFile
    from emla.model.settings import Settings

SUFFIX = ".emla-backup"


@common
@click.command(epilog=example_text("emla backup create /mnt/backup --to backup.pub.json"))
@click.argument("target", type=click.Path(path_type=Path))
@click.option("--to", "recipient", type=FILE, help="Public half of the backup key (else backup.recipient).")
@click.option(
    "--scratch",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="Folder with room for a copy of the database (else tmp in the data folder).",
)
@click.option("--despite-problems", is_flag=True, help="Leave out payloads that cannot be read, and say so.")
@click.option("--dry-run", is_flag=True, help="Say what would be made; make nothing.")
def create(
    *, target: Path, recipient: Path | None, scratch: Path | None, despite_problems: bool, dry_run: bool
) -> None:
    """Make a backup, beside the running server.

    TARGET is the new file, or a folder in which it gets a name of its own. It holds the database as it is at
    one instant with all payloads, documents, keys and settings, sealed to the backup key. The server is not
    held up; when it runs, the backup is noted in the ledger. Exit code 6 when something was left out.
    """
    from emla import config
    from emla.bootstrap.backup_create import create_backup
    from emla.bootstrap.own import own_authority
    from emla.cli import screen

    settings = config.load(initialised_data(), os.environ)
    key = _recipient(settings, recipient)
    now = int(time.time())
    if target.is_dir():
        day = f"{screen.utc(now):%Y%m%dT%H%M%SZ}"
        target /= f"{own_authority(settings.data).id}-{day}{SUFFIX}"
    if dry_run:
        if wants_json():
            screen.emit_json({"dry_run": True, "file": str(target), "kid": key.kid})
        else:
            screen.say(f"Would write {target}, sealed to the backup key {key.kid} ({key.name}).")
        return
    with screen.growing("Sealing") as (begin, advance):
        made = create_backup(
            settings,
            target,
            key,
            now=now,
            scratch=scratch,
            insist=despite_problems,
            begin=begin,
            advance=advance,
        )
    _note(settings, made)
    _show(made, _record(made))
    if made.problems:
        from emla.model.codes import CODES

        raise click.exceptions.Exit(CODES["backup-incomplete"].exit_code)


def _recipient(settings: "Settings", chosen: Path | None) -> "PublicKeyFile":
    from emla.keyring.media import read_public

    if chosen is None:
        if not settings.backup.recipient:
            raise click.UsageError(
                "Name the public half of the backup key with --to, or in the setting backup.recipient."
                " `emla backup key` makes the key."
            )
        chosen = settings.data / settings.backup.recipient
    return read_public(chosen)


def _note(settings: "Settings", made: "CreatedBackup") -> None:
    from emla.bootstrap.backup_note import BackupNote, write_note

    note = BackupNote(
        id=made.header.id.hex(),
        at=made.header.at,
        kid=made.header.kid,
        size=made.size,
        ledger_size=made.ledger_size,
    )
    with contextlib.suppress(OSError):  # the backup is there; only `emla doctor` will not know of it
        write_note(settings.data, note)


def _record(made: "CreatedBackup") -> "datetime | None":
    """Note the backup in the ledger; None when no server runs that could."""
    from emla.model.errors import EmlaError

    header = made.header
    try:
        return with_client(
            lambda client: client.record_backup(
                id=header.id.hex(), kid=header.kid, size=made.size, ledger_size=made.ledger_size
            )
        )
    except EmlaError:
        return None


def _show(made: "CreatedBackup", recorded_at: "datetime | None") -> None:
    from emla.cli import screen

    content = made.content
    if wants_json():
        screen.emit_json(
            {
                "file": str(made.path),
                "id": made.header.id.hex(),
                "authority": content.authority,
                "at": screen.utc(content.at),
                "kid": made.header.kid,
                "size": made.size,
                "files": content.files,
                "ledger_size": made.ledger_size,
                "checkpoint": content.checkpoint,
                "recorded_at": recorded_at,
                "problems": made.problems,
            }
        )
        return
    screen.facts(
        [
            ("Backup", str(made.path)),
            ("Authority", content.authority),
            ("Opens with", f"the backup key {made.header.kid}"),
            ("Size", f"{made.size} bytes, {content.files} files"),
            ("Ledger", f"{made.ledger_size} leaves"),
        ]
    )
    for problem in made.problems:
        screen.say(f"- {problem}", style="red")
    if recorded_at is None:
        screen.note("It is not noted in the ledger: the server does not run.")
    if made.problems:
        screen.note("The backup was made without what is listed. Look at the disk at once.", style="bold red")
    else:
        screen.say("The backup is made. `emla backup verify` looks whether it can be read.", style="green")
