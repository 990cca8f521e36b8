"""`emla root freeze`: one root key stops all trust in the authority until a new root."""

import time
from pathlib import Path

import click

from emla.cli.invocation import common, wants_json
from emla.cli.lazy import example_text
from emla.cli.media_key import FILE, confirm, find_passphrase_of, instant, required_documents
from emla.cli.unlock import passphrase_options


@common
@click.command(
    epilog=example_text("emla root freeze freeze.json --key /media/stick/root.json --reason 'break-in'")
)
@click.argument("out", type=FILE)
@click.option("--key", required=True, type=FILE, help="A root key file; one is enough.")
@click.option("--reason", required=True, help="A line that every peer will read.")
@click.option("--since", metavar="INSTANT", help="From when on nothing is believed; else now.")
@click.option("--from", "export", type=FILE, help="The authority's exported documents; else those of --data.")
@passphrase_options
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--dry-run", is_flag=True, help="Check everything but the passphrase; sign nothing.")
def freeze(
    *,
    out: Path,
    key: Path,
    reason: str,
    since: str | None,
    export: Path | None,
    passphrase_file: Path | None,
    passphrase_fd: int | None,
    yes: bool,
    dry_run: bool,
) -> None:
    """Take all trust away until the next root.

    For the worst day: when it is not known which key was stolen. Peers take nothing from this authority any
    more, until a root of a higher version, signed by the full threshold, is there.
    """
    from emla.cli import screen
    from emla.cli.revocation_file import write_revocation

    now = int(time.time())
    known, at = required_documents(export), instant(since, now)
    if dry_run:
        if wants_json():
            screen.emit_json({"dry_run": True, "authority": known.id, "root_version": known.root.version})
        else:
            screen.say(f"Would freeze {known.id} under root version {known.root.version}.")
        return
    confirm(f"Freeze {known.id}? No peer takes anything from it until a new root is published.", yes=yes)
    find = find_passphrase_of(key, passphrase_file, passphrase_fd)
    write_revocation(out, known, key, find, kid=None, since=at, reason=reason)
