"""`emla peer forget`: an authority is known here no more."""

import click

from emla.cli.invocation import common, wants_json, with_client
from emla.cli.lazy import example_text
from emla.cli.media_key import confirm


@common
@click.command(epilog=example_text("emla peer forget nl.minjus"))
@click.argument("authority")
@click.option("--force", is_flag=True, help="Also when something still waits to be sent to it.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--dry-run", is_flag=True, help="Show who would be forgotten; forget nobody.")
def forget(*, authority: str, force: bool, yes: bool, dry_run: bool) -> None:
    """Forget an authority: nothing is sent to it or taken from it any more.

    What was recorded stays, and the ledger remembers whose fingerprint had been compared. To exchange with it
    again, import its card and compare the fingerprint anew.
    """
    from emla.cli import screen
    from emla.cli.wording import count

    found = with_client(lambda client: client.peer(authority))
    waiting = count(found.waiting_legs, "transmission waits", "transmissions wait")
    if not wants_json():
        screen.facts([("Authority", authority), ("Name", found.name), ("Waiting", f"{waiting} for it")])
    if dry_run:
        if wants_json():
            screen.emit_json({"dry_run": True, "authority": authority, "waiting_legs": found.waiting_legs})
        else:
            screen.note("Nobody was forgotten: --dry-run.")
        return
    confirm(f"Forget {authority}?", yes=yes)
    with_client(lambda client: client.forget_peer(authority, force=force))
    if wants_json():
        screen.emit_json({"authority": authority, "forgotten": True})
        return
    screen.say(f"{authority} is forgotten.", style="green")
