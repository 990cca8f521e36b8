"""`emla backup verify`, and how what is found in a backup is shown."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from emla.cli.invocation import common, wants_json
from emla.cli.lazy import example_text
from emla.cli.media_key import FILE, find_passphrase_of
from emla.cli.unlock import passphrase_options

if TYPE_CHECKING:
    from emla.bootstrap.backup_restore import FindKey, ReadBackup


@common
@click.command(epilog=example_text("emla backup verify at.moj.emla-backup --key /media/stick/backup.json"))
@click.argument("file", type=FILE)
@click.option("--key", type=FILE, help="The backup key: everything inside is checked too.")
@passphrase_options
@click.option(
    "--scratch",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="Folder with room for the backup's database (else the system's temporary folder).",
)
def verify(
    *,
    file: Path,
    key: Path | None,
    passphrase_file: Path | None,
    passphrase_fd: int | None,
    scratch: Path | None,
) -> None:
    """Look whether a backup is whole.

    Without --key: whether the file is still what was written, for which authority, when, and which key opens
    it. With --key, on a machine that may have no network: everything is unsealed and its ledger audited as
    `emla ledger verify` does. No data folder is touched. Exit code 6 when something does not add up.
    """
    from emla.bootstrap.backup_restore import verify_backup
    from emla.cli import screen

    find = find_backup_key(key, passphrase_file, passphrase_fd) if key else None
    with screen.growing("Reading") as (begin, advance):
        found = verify_backup(file, find, scratch=scratch, begin=begin, advance=advance)
    if wants_json():
        screen.emit_json({"file": str(file), **facts(found)})
    else:
        show(found)
        if found.content is None:
            screen.say("The file is what was written. Only its key shows what is inside.", style="green")
        elif not found.problems:
            screen.say("The backup is whole, and so is its ledger.", style="green")
    end(found)


def find_backup_key(key: Path, file: Path | None, descriptor: int | None) -> "FindKey":
    """How a backup's key is opened: the passphrase is asked for only when the key is the one asked for."""
    from emla.formats.backup import BackupHeader
    from emla.formats.h1 import SealingKey
    from emla.keyring.media import open_backup_key, read_media_key
    from emla.keyring.private_files import refusal
    from emla.model.errors import ConfigurationError

    def find(header: BackupHeader) -> SealingKey:
        locked = read_media_key(key)
        if locked is None:
            raise refusal(key, "is not a key of backups", "Use the key that `emla backup key` made.")
        if locked.about.kid != header.kid:
            raise ConfigurationError(
                "wrong-backup-key", f"It was made for {header.kid}; {key} holds {locked.about.kid}."
            )
        return open_backup_key(key, locked, find_passphrase_of(key, file, descriptor)())

    return find


def facts(found: "ReadBackup") -> dict[str, object]:
    """What was found, for a JSON document."""
    from emla.cli import screen
    from emla.cli.own import fingerprint

    header, content, audit = found.header, found.content, found.audit
    return {
        "authority": header.authority,
        "at": screen.utc(header.at),
        "id": header.id.hex(),
        "kid": header.kid,
        "size": found.size,
        "opened": content is not None,
        "files": content.files if content else None,
        "software": content.software if content else None,
        "checkpoint": content.checkpoint if content else None,
        "fingerprint": fingerprint(found.authority) if found.authority else None,
        "leaves": audit.ledger.leaves if audit else None,
        "payloads": audit.payloads if audit else None,
        "whole": not found.problems if content else None,
        "problems": found.problems,
    }


def show(found: "ReadBackup") -> None:
    """Show people what was found."""
    from emla.cli import screen
    from emla.cli.own import fingerprint

    header, content, audit = found.header, found.content, found.audit
    rows = [
        ("Authority", header.authority),
        ("Made at", f"{screen.utc(header.at):%Y-%m-%d %H:%M} UTC"),
        ("Opens with", f"the backup key {header.kid}"),
        ("Size", f"{found.size} bytes"),
    ]
    if content:
        rows.append(("Files", f"{content.files}, made by {content.software}"))
    if found.authority:
        rows.append(("Fingerprint", fingerprint(found.authority)))
    if audit:
        rows.append(("Ledger", f"{audit.ledger.leaves} leaves, {audit.payloads} payloads hashed"))
        rows.append(("Root", audit.ledger.root.hex()))
    elif content:
        rows.append(("Ledger", "none: the server had not run yet"))
    screen.facts(rows)
    for problem in found.problems:
        screen.say(f"- {problem}", style="red")


def end(found: "ReadBackup") -> None:
    """End with the exit code of what was found."""
    from emla.cli import screen
    from emla.cli.wording import count
    from emla.model.codes import CODES

    if not found.problems:
        return
    if not wants_json():
        how_many = count(len(found.problems), "problem", "problems")
        screen.note(f"{how_many} inside: use another backup if there is one.", style="bold red")
    raise click.exceptions.Exit(CODES["ledger-broken"].exit_code)
