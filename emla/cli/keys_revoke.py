"""`emla keys revoke`: one root key takes trust away from one operational key, for ever."""

import time
from pathlib import Path

import click

from emla.cli.invocation import common, wants_json
from emla.cli.lazy import example_text
from emla.cli.media_key import FILE, confirm, find_passphrase_of, instant, listed_kid, required_documents
from emla.cli.unlock import passphrase_options


@common
@click.command(
    epilog=example_text(
        "emla keys revoke 3b0c...e1 revocation.json --since 2027-03-01T09:30Z --reason 'server stolen'"
        " --key /media/stick/root.json"
    )
)
@click.argument("kid")
@click.argument("out", type=FILE)
@click.option("--since", metavar="INSTANT", help="From when on the key is not believed; else now.")
@click.option("--reason", required=True, help="A line that every peer will read.")
@click.option("--key", required=True, type=FILE, help="A root key file; one is enough.")
@click.option("--from", "export", type=FILE, help="The authority's exported documents; else those of --data.")
@passphrase_options
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--dry-run", is_flag=True, help="Check everything but the passphrase; sign nothing.")
def revoke(
    *,
    kid: str,
    out: Path,
    since: str | None,
    reason: str,
    key: Path,
    export: Path | None,
    passphrase_file: Path | None,
    passphrase_fd: int | None,
    yes: bool,
    dry_run: bool,
) -> None:
    """Write a revocation of one key, signed by a root key.

    What the key signed is not believed from --since on, whatever date it bears, unless it was witnessed
    before. It never comes back: a new card lists a new key.
    """
    from emla.cli import screen
    from emla.cli.revocation_file import write_revocation

    known, at = required_documents(export), instant(since, int(time.time()))
    listed = {each.kid: each.use for each in known.card.keys}
    kid = listed_kid(known, kid)
    if dry_run:
        if wants_json():
            screen.emit_json({"dry_run": True, "authority": known.id, "kid": kid, "use": listed[kid]})
        else:
            screen.say(f"Would revoke the {listed[kid]} key {kid} of {known.id}.")
        return
    confirm(f"Revoke the {listed[kid]} key {kid} of {known.id} for ever?", yes=yes)
    find = find_passphrase_of(key, passphrase_file, passphrase_fd)
    write_revocation(out, known, key, find, kid=kid, since=at, reason=reason)
