"""`emla ledger show` and `emla ledger without`: whether the ledger is open, what peers hold of it, and who cannot be asked."""

from typing import TYPE_CHECKING

import click

from emla.cli.invocation import common, wants_json, with_client
from emla.cli.lazy import example_text
from emla.cli.media_key import confirm

if TYPE_CHECKING:
    from emla.client.ledger_answers import LedgerState


@common
@click.command(epilog=example_text("emla ledger show"))
def show() -> None:
    """Show how the ledger stands, and what peers hold of it."""
    _tell(with_client(lambda client: client.ledger()))


@common
@click.command(epilog=example_text("emla ledger without fr.doj"))
@click.argument("authority")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--dry-run", is_flag=True, help="Show who would not be waited for; change nothing.")
def without(*, authority: str, yes: bool, dry_run: bool) -> None:
    """Go on without a peer that cannot be asked.

    For a data folder that was restored from a backup. Only for an authority that is gone for good: if it holds more of
    the ledger than was restored, what is signed from now on contradicts it. The ledger records who was not asked.
    """
    from emla.cli import screen

    if dry_run:
        state = with_client(lambda client: client.ledger())
        if wants_json():
            screen.emit_json({"dry_run": True, "authority": authority, "unanswered": state.unanswered})
        else:
            screen.say(f"Would not wait for {authority}. Not answered yet: {_names(state.unanswered)}.")
            screen.note("Nothing was changed: --dry-run.")
        return
    confirm(f"Go on without asking {authority}?", yes=yes)
    _tell(with_client(lambda client: client.peer_gone(authority)))


def _names(authorities: tuple[str, ...]) -> str:
    return ", ".join(authorities) or "nobody"


def _tell(state: "LedgerState") -> None:
    from emla.cli import screen
    from emla.model.codes import CODES

    if wants_json():
        closed = state.closed
        screen.emit_json(
            {
                "origin": state.origin,
                "epoch": state.epoch,
                "size": state.size,
                "closed": None
                if closed is None
                else {
                    "code": closed.code,
                    "since": closed.since,
                    "peer": closed.peer,
                },
                "known": [{"origin": origin, "size": size} for origin, size in state.known],
                "unanswered": state.unanswered,
                "gone": state.gone,
                "keys_absent": [{"use": use, "kid": kid} for use, kid in state.keys_absent],
            }
        )
        return
    screen.facts(
        [
            ("Ledger", state.origin),
            ("Leaves", str(state.size)),
            *((f"Seen elsewhere, {origin}", str(size)) for origin, size in state.known),
        ]
    )
    for use, kid in state.keys_absent:
        screen.say(f"The {use} key {kid} of your card is not here: its private half was lost.", style="red")
    if state.keys_absent and state.closed is None:
        uses = " ".join(dict.fromkeys(use for use, _ in state.keys_absent))
        screen.note(f"Replace what was lost: emla keys rotate {uses} --begin now --overlap-days 0 --as FILE")
    if state.closed is None:
        screen.say("The ledger is open.", style="green")
        return
    row = CODES[state.closed.code]
    shown = f" Shown by {state.closed.peer}." if state.closed.peer else ""
    screen.say(f"The ledger is closed ({row.code}): {row.meaning}{shown}", style="red")
    screen.note(row.remedy)
    if state.closed.code == "ledger-restored" and not state.unanswered:
        screen.note(
            "No peer is pinned here, so nobody could be asked: emla peer import, or emla ledger recover."
        )
    screen.facts(
        [
            ("Closed since", state.closed.since.isoformat()),
            ("Not answered yet", _names(state.unanswered)),
            ("Not waited for", _names(state.gone)),
        ]
    )
