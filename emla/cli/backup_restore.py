"""`emla backup restore`."""

import time
from pathlib import Path

import click

from emla.cli.backup_verify import end, facts, find_backup_key, show
from emla.cli.invocation import common, data, wants_json
from emla.cli.lazy import example_text
from emla.cli.media_key import FILE
from emla.cli.unlock import passphrase_options


@common
@click.command(
    epilog=example_text("emla backup restore at.moj.emla-backup --data /srv/emla --key backup.json")
)
@click.argument("file", type=FILE)
@click.option("--key", type=FILE, required=True, help="The backup key.")
@passphrase_options
@click.option("--despite-problems", is_flag=True, help="Restore also what does not pass the audit.")
@click.option("--dry-run", is_flag=True, help="Read and audit the backup; restore nothing.")
def restore(
    *,
    file: Path,
    key: Path,
    passphrase_file: Path | None,
    passphrase_fd: int | None,
    despite_problems: bool,
    dry_run: bool,
) -> None:
    """Restore a backup into an empty folder.

    --data names the folder; it is empty or absent. Everything is audited before it is put in place. The
    folder is marked: `emla serve` does not start on it, because the peers may hold what was signed after the
    backup was made. Exit code 6 when something does not add up; nothing is restored then.
    """
    from emla.bootstrap.backup_restore import refuse_what_is_there, restore_backup, verify_backup
    from emla.cli import screen

    folder = data()
    find = find_backup_key(key, passphrase_file, passphrase_fd)
    with screen.growing("Reading") as (begin, advance):
        if dry_run:
            refuse_what_is_there(folder)
            found = verify_backup(file, find, begin=begin, advance=advance)
        else:
            found = restore_backup(
                file,
                folder,
                find,
                now=int(time.time()),
                insist=despite_problems,
                begin=begin,
                advance=advance,
            )
    restored = not dry_run and (despite_problems or not found.problems)
    if wants_json():
        marked: dict[str, object] = {"dry_run": True} if dry_run else {"restored": restored}
        screen.emit_json({**marked, "file": str(file), "data": str(folder), **facts(found)})
    else:
        show(found)
        if restored:
            screen.say(f"Restored into {folder}.", style="green")
            screen.note("Compare the fingerprint. Do not start it: see docs/how-to/back-up-and-restore.md.")
        else:
            screen.note("Nothing was restored: --dry-run." if dry_run else "Nothing was restored.")
    end(found)
