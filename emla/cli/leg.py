"""`emla leg`: what waits for, or was given to, peers; and what a person does with one delivery."""

from pathlib import Path

import click

from emla.cli.invocation import common, wants_json, with_client
from emla.cli.lazy import Entry, LazyGroup, example_text
from emla.cli.officer_key import officer_options

leg = LazyGroup(
    "leg",
    table={
        "list": Entry("leg:list_legs", "List what waits, and what was delivered."),
        "show": Entry("leg:show", "Show one leg: why it waits, and who must act."),
        "retry": Entry("leg:retry", "Try one leg at once."),
        "hold": Entry("leg:hold", "Put a leg aside: it is not tried any more."),
        "release": Entry("leg:release", "Let legs go on that were put aside."),
        "close": Entry("leg:close", "Propose to give up a package for good."),
    },
    text="What waits for its way to a peer: packages and acknowledgements.",
    example="emla leg list --state READY",
)


_WAITING = ("READY", "HUB_HELD")
_HELD = "HELD"


@common
@click.command("list", epilog=example_text("emla leg list --dead"))
@click.option("--state", help="Only legs in this state, for example READY.")
@click.option("--peer", help="Only legs to this authority.")
@click.option("--overdue", is_flag=True, help="Only packages that wait longer than they should.")
@click.option(
    "--dead", is_flag=True, help="Only what somebody must look at: held, refused, given up, not opened there."
)
@click.option("--limit", type=click.IntRange(1, 1000), default=100, show_default=True)
def list_legs(*, state: str | None, peer: str | None, overdue: bool, dead: bool, limit: int) -> None:
    """List what waits, and what was delivered.

    With --dead, the newest first, with the reason and with who must act.
    """
    from emla.cli import screen
    from emla.cli.leg_view import show_dead, show_legs

    wanted = state.upper() if state else None
    found = with_client(
        lambda client: client.legs(state=wanted, peer=peer, overdue=overdue, dead=dead, limit=limit)
    )
    if wants_json():
        screen.emit_json({"items": found})
    elif not found:
        screen.note("No legs." if wanted is None else f"No legs in state {wanted}.")
    elif dead:
        show_dead(found)
    else:
        show_legs(found)


@common
@click.command(epilog=example_text("emla leg show 17"))
@click.argument("leg_id", metavar="LEG")
def show(leg_id: str) -> None:
    """Show one leg: why it waits, and who must act.

    LEG is the number from `emla leg list`.
    """
    from emla.cli import screen
    from emla.cli.leg_view import show_leg

    found = with_client(lambda client: client.leg(leg_id))
    if wants_json():
        screen.emit_json(found)
    else:
        show_leg(found)


@common
@click.command(epilog=example_text("emla leg retry 17"))
@click.argument("leg_id", metavar="LEG")
@click.option("--dry-run", is_flag=True, help="Only show which leg would be tried.")
def retry(leg_id: str, *, dry_run: bool) -> None:
    """Try one leg at once.

    LEG is the number from `emla leg list`. emla tries by itself, too; this only saves the pause.
    """
    from emla.cli import screen
    from emla.cli.leg_view import show_legs

    tried = with_client(lambda client: client.leg(leg_id) if dry_run else client.retry_leg(leg_id))
    if wants_json():
        screen.emit_json({"dry_run": True, "leg": tried} if dry_run else tried)
        return
    show_legs((tried,))
    if dry_run:
        screen.note("Nothing was done: --dry-run.")
    elif tried.state in _WAITING:
        screen.note("It is being tried now.")
    elif tried.state == _HELD:
        screen.note(f"There is nothing to try: it is HELD. To let it go on: emla leg release {tried.id}")
    else:
        screen.note(f"There is nothing to try: it is {tried.state}.")


@common
@click.command(epilog=example_text('emla leg hold 17 --reason "The court may withdraw the order."'))
@click.argument("leg_id", metavar="LEG")
@click.option(
    "--reason", required=True, help="Why, in a line for those who come after you. Never content of a case."
)
@click.option("--dry-run", is_flag=True, help="Only show which leg would be put aside.")
def hold(leg_id: str, *, reason: str, dry_run: bool) -> None:
    """Put a leg aside: it is not tried any more.

    Nothing is given up: `emla leg release` lets it go on, and an acknowledgement that comes still counts. A package
    that is held expires like any other.
    """
    from emla.cli import screen
    from emla.cli.leg_view import show_leg

    held = with_client(lambda client: client.leg(leg_id) if dry_run else client.hold_leg(leg_id, reason))
    if wants_json():
        screen.emit_json({"dry_run": True, "leg": held} if dry_run else held)
        return
    show_leg(held)
    if dry_run:
        screen.note("Nothing was done: --dry-run.")


@common
@click.command(epilog=example_text("emla leg release 17"))
@click.argument("leg_ids", metavar="LEG...", nargs=-1)
@click.option("--peer", help="Every leg that is held to this authority.")
@click.option("--dry-run", is_flag=True, help="Only show which legs would go on.")
def release(leg_ids: tuple[str, ...], *, peer: str | None, dry_run: bool) -> None:
    """Let legs go on that were put aside.

    They are tried at once, and their refusals are forgotten. Mend first what they were put aside for.
    """
    from emla.cli import screen
    from emla.cli.leg_view import show_legs
    from emla.client.client import Client
    from emla.client.leg_answers import Leg

    if bool(leg_ids) == (peer is not None):
        raise click.UsageError("Name the legs, or an authority with --peer.")

    async def work(client: Client) -> tuple[Leg, ...]:
        if peer is not None:
            legs = await client.legs(state=_HELD, peer=peer, limit=1000)
        else:
            legs = tuple([await client.leg(each) for each in leg_ids])
        return legs if dry_run else tuple([await client.release_leg(each.id) for each in legs])

    released = with_client(work)
    if wants_json():
        screen.emit_json(({"dry_run": True} if dry_run else {}) | {"items": released})
        return
    if released:
        show_legs(released)
    else:
        screen.note(f"No leg to {peer} is held.")
    if dry_run:
        screen.note("Nothing was done: --dry-run.")


@common
@click.command(
    epilog=example_text('emla leg close 17 --reason "The court has withdrawn the order." --as anna.json')
)
@click.argument("leg_id", metavar="LEG")
@click.option(
    "--reason", required=True, help="Why, in a line for the officer who approves. Never content of a case."
)
@officer_options
def close(
    leg_id: str,
    *,
    reason: str,
    officer: Path,
    passphrase_file: Path | None,
    passphrase_fd: int | None,
    yes: bool,
    dry_run: bool,
) -> None:
    """Propose to give up a package for good.

    It is an act of two key officers: when another one has approved it (`emla card approve`), a RelayFailure is signed
    and the package is not offered any more. Should the recipient have it after all, its acceptance still counts.
    """
    from emla.cli.acting import propose_act
    from emla.model.act import ActKind

    found = with_client(lambda client: client.leg(leg_id))
    if found.kind != "package":
        raise click.UsageError(f"Leg {leg_id} carries an acknowledgement. It can be held, not closed.")
    propose_act(
        ActKind.LEG_CLOSE,
        {"pid": found.ref, "peer": found.peer, "reason": reason},
        officer=officer,
        passphrase_file=passphrase_file,
        passphrase_fd=passphrase_fd,
        yes=yes,
        dry_run=dry_run,
    )
