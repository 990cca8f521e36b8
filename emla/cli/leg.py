"""`emla leg`: what waits for, or was given to, peers."""

import click

from emla.cli.invocation import common, wants_json, with_client
from emla.cli.lazy import Entry, LazyGroup, example_text
from emla.client.answers import Leg

leg = LazyGroup(
    "leg",
    table={
        "list": Entry("leg:list_legs", "List what waits, and what was delivered."),
        "retry": Entry("leg:retry", "Try one leg at once."),
    },
    text="What waits for its way to a peer: packages and acknowledgements.",
    example="emla leg list --state READY",
)


_WAITING = ("READY", "HUB_HELD")


@common
@click.command("list", epilog=example_text("emla leg list --state READY"))
@click.option("--state", help="Only legs in this state, for example READY.")
def list_legs(state: str | None) -> None:
    """List what waits, and what was delivered."""
    from emla.cli import screen

    found = with_client(lambda client: client.legs(state=state.upper() if state else None))
    if wants_json():
        screen.emit_json({"items": found})
    elif not found:
        screen.note("No legs." if state is None else f"No legs in state {state.upper()}.")
    else:
        _show(found)


@common
@click.command(epilog=example_text("emla leg retry 17"))
@click.argument("leg_id", metavar="LEG")
@click.option("--dry-run", is_flag=True, help="Only show which leg would be tried.")
def retry(leg_id: str, *, dry_run: bool) -> None:
    """Try one leg at once.

    LEG is the number from `emla leg list`. emla tries by itself, too; this only saves the pause.
    """
    from emla.cli import screen
    from emla.model.errors import NotFoundError

    if dry_run:
        found = [each for each in with_client(lambda client: client.legs()) if each.id == leg_id]
        if not found:
            raise NotFoundError("not-found", f"There is no leg {leg_id}.")
        tried = found[0]
    else:
        tried = with_client(lambda client: client.retry_leg(leg_id))
    if wants_json():
        screen.emit_json({"dry_run": True, "leg": tried} if dry_run else tried)
        return
    _show((tried,))
    if dry_run:
        screen.note("Nothing was done: --dry-run.")
    elif tried.state in _WAITING:
        screen.note("It is being tried now.")
    else:
        screen.note(f"There is nothing to try: it is {tried.state}.")


def _show(legs: tuple[Leg, ...]) -> None:
    from emla.cli import screen
    from emla.cli.wording import instant, short

    screen.table(
        ("Leg", "What", "Of", "Peer", "State", "Tried", "Next", "Last problem"),
        [
            (
                each.id,
                f"{each.kind}{' (urgent)' if each.urgent else ''}",
                short(each.ref),
                each.peer,
                each.state,
                str(each.attempts),
                instant(each.next_at),
                each.last_code or "-",
            )
            for each in legs
        ],
        fold=("Peer", "Last problem", "What"),
    )
