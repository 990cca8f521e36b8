"""`emla backup key`: the key that opens backups, on removable media."""

import time
from pathlib import Path

import click

from emla.cli.invocation import common, wants_json
from emla.cli.lazy import example_text
from emla.cli.media_key import FILE, find_passphrase_of
from emla.cli.unlock import new_passphrase, passphrase_options


@common
@click.command(epilog=example_text("emla backup key /media/stick/backup.json"))
@click.argument("file", type=FILE)
@click.option("--name", default="backup", help="What people call this key, for example where it lies.")
@click.option("--from", "source", type=FILE, help="Take this backup key instead of making one: a copy.")
@click.option("--old-passphrase-file", type=FILE, help="File (mode 0600) with the passphrase of --from.")
@passphrase_options
@click.option("--dry-run", is_flag=True, help="Say what would be written; write nothing.")
def key(
    *,
    file: Path,
    name: str,
    source: Path | None,
    old_passphrase_file: Path | None,
    passphrase_file: Path | None,
    passphrase_fd: int | None,
    dry_run: bool,
) -> None:
    """Make the key that opens backups, on removable media.

    FILE is locked under a passphrase of its own and is never needed on the server. Beside it comes
    FILE.pub.json, its public half: with that the server makes backups, and can open none.
    """
    from emla.bootstrap.ceremony import new_media_key, seed_of_backup_key
    from emla.cli import screen
    from emla.keyring.media import MediaUse, public_path

    if dry_run:
        if wants_json():
            screen.emit_json({"dry_run": True, "key": str(file), "public": str(public_path(file))})
        else:
            screen.say(f"Would write {file} and {public_path(file)}.")
        return
    seed = None
    if source:
        seed = seed_of_backup_key(source, find_passphrase_of(source, old_passphrase_file, None))
    passphrase = new_passphrase("a passphrase for the backup key", passphrase_file, passphrase_fd)
    about = new_media_key(
        file, MediaUse.BACKUP, name=name, passphrase=passphrase, now=int(time.time()), seed=seed
    )
    if wants_json():
        screen.emit_json({"key": str(file), "public": str(public_path(file)), "kid": about.kid})
        return
    screen.say(f"{file} holds the backup key {about.kid}.", style="green")
    screen.note(f"{public_path(file)} is its public half: it goes to the server (setting backup.recipient).")
    screen.note("Make a second copy on another medium. Without the key and its passphrase no backup opens.")
