"""`emla keys wrap`: lock the private keys of the data folder under a new passphrase."""

import os
from pathlib import Path

import click

from emla import config
from emla.cli.invocation import common, initialised_data, wants_json
from emla.cli.lazy import example_text
from emla.cli.unlock import chosen, new_passphrase, passphrase_options


@common
@click.command(epilog=example_text("emla keys wrap --data /srv/emla"))
@passphrase_options
@click.option(
    "--new-passphrase-file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File (mode 0600) with the new passphrase.",
)
@click.option("--dry-run", is_flag=True, help="Say what would be locked; change nothing.")
def wrap(
    *,
    passphrase_file: Path | None,
    passphrase_fd: int | None,
    new_passphrase_file: Path | None,
    dry_run: bool,
) -> None:
    """Lock the private keys under a new passphrase.

    For a folder that was made without one, and to change it; the present one is asked for first. The server
    must not run. Old copies of the folder still open with the old passphrase: destroy them.
    """
    from emla.bootstrap.new_keys import set_passphrase
    from emla.bootstrap.own import KEYS
    from emla.bootstrap.unlock import passphrase_sources
    from emla.cli import screen
    from emla.keyring.passphrase import PASSPHRASE
    from emla.keyring.wrapping import is_wrapped

    settings = config.load(initialised_data(), os.environ)
    folder = settings.data / KEYS
    locked = is_wrapped(folder)
    if dry_run:
        if wants_json():
            screen.emit_json({"dry_run": True, "folder": str(folder), "locked": locked})
        else:
            screen.say(f"Would {'change the passphrase of' if locked else 'lock'} {folder}.")
        return
    secrets = chosen(passphrase_file=passphrase_file, passphrase_fd=passphrase_fd)
    # The old one first: at a terminal a person types them in that order.
    old = passphrase_sources(settings, os.environ, secrets).find(PASSPHRASE) if locked else None
    new = new_passphrase("the new passphrase of the private keys", new_passphrase_file, None)
    files = set_passphrase(settings.data, lambda: old or new, new)
    if wants_json():
        screen.emit_json({"folder": str(folder), "locked": True, "files": files})
        return
    screen.say(f"The private keys in {folder} are locked under the new passphrase.", style="green")
    screen.note("Destroy old copies of the folder: they still open as before.")
