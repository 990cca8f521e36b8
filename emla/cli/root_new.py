"""`emla root new`: a root key on removable media."""

import time
from pathlib import Path

import click

from emla.cli.invocation import common, wants_json
from emla.cli.lazy import example_text
from emla.cli.media_key import FILE, find_passphrase_of
from emla.cli.unlock import new_passphrase, passphrase_options


@common
@click.command(epilog=example_text("emla root new /media/stick/root.json --name 'safe 1'"))
@click.argument("file", type=FILE)
@click.option("--name", default="root", help="What people call this key, for example where it lies.")
@click.option("--from", "source", type=FILE, help="Take this root key instead of making one: a copy.")
@click.option("--old-passphrase-file", type=FILE, help="File (mode 0600) with the passphrase of --from.")
@passphrase_options
@click.option("--dry-run", is_flag=True, help="Say what would be written; write nothing.")
def new(
    *,
    file: Path,
    name: str,
    source: Path | None,
    old_passphrase_file: Path | None,
    passphrase_file: Path | None,
    passphrase_fd: int | None,
    dry_run: bool,
) -> None:
    """Make a root key on removable media.

    FILE is locked under a passphrase of its own. Beside it comes FILE.pub.json, its public half, which goes
    into a root with `emla root rotate --add`. Make one for each person who shall have a say.
    """
    from emla.bootstrap.ceremony import new_media_key, seed_of_root
    from emla.cli import screen
    from emla.keyring.media import MediaUse, public_path

    if dry_run:
        if wants_json():
            screen.emit_json({"dry_run": True, "key": str(file), "public": str(public_path(file))})
        else:
            screen.say(f"Would write {file} and {public_path(file)}.")
        return
    seed = seed_of_root(source, find_passphrase_of(source, old_passphrase_file, None)) if source else None
    passphrase = new_passphrase("a passphrase for this root key", passphrase_file, passphrase_fd)
    about = new_media_key(
        file, MediaUse.ROOT, name=name, passphrase=passphrase, now=int(time.time()), seed=seed
    )
    if wants_json():
        screen.emit_json({"key": str(file), "public": str(public_path(file)), "kid": about.kid})
        return
    screen.say(f"{file} holds the root key {about.kid}.", style="green")
    screen.note(f"{public_path(file)} is its public half: give that to whoever makes the root.")
    screen.note("Make a second copy on another medium, and lock both away in two places.")
