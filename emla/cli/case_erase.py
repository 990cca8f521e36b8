"""`emla case erase`, `approve-erasure`, `cancel-erasure`, `hold`, `unhold`: what is here of a case goes for good, or stays."""

import click

from emla.cli.invocation import common, wants_json, with_client
from emla.cli.lazy import example_text
from emla.cli.media_key import confirm
from emla.client.client import Client
from emla.client.erasure_answers import ErasureView, WaitingView
from emla.model.errors import InvalidMessageError, NotFoundError


@common
@click.command(epilog=example_text('emla case erase 3f9a1c20 --reason "Order of the court of 3 May"'))
@click.argument("case_id", metavar="CASE")
@click.option("--reason", required=True, help="Why, without names: it stays in the ledger.")
@click.option("--although-open", is_flag=True, help="Also a case that is not closed.")
@click.option(
    "--message",
    metavar="ID",
    help="Only the content of this message, which came in; what it did in the case stays.",
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--dry-run", is_flag=True, help="Show what would be erased; erase nothing.")
def erase(
    *, case_id: str, reason: str, although_open: bool, message: str | None, yes: bool, dry_run: bool
) -> None:
    """Erase everything that is here of a case. It cannot be taken back.

    CASE is the case id or a beginning of it. Messages, attachments, keys and salts are overwritten; what proves that they were
    delivered stays. Copies elsewhere (backups, printed pages, the other authority) are not reached. Where a second person must
    agree, the order waits for one: `emla case approve-erasure`.
    """
    from emla.cli import screen
    from emla.cli.erasure_view import show_erasure

    async def look(client: Client) -> tuple[ErasureView, str | None]:
        package = (await client.message(message)).pid if message else None
        return await client.erasure(case_id, package), package

    found, package = with_client(look)
    if dry_run:
        if wants_json():
            screen.emit_json(found)
        else:
            show_erasure(found)
            screen.note("Nothing was erased: --dry-run.")
        return
    if not wants_json():
        show_erasure(found)
    what = (
        f"{found.sent + found.received} packages"
        if package is None
        else f"the content of package {package[:8]}"
    )
    confirm(f"Erase {what} of the case {found.case_id[:8]} for good?", yes=yes)
    done = with_client(
        lambda client: client.erase_case(found.case_id, reason, although_open=although_open, package=package)
    )
    if wants_json():
        screen.emit_json(done)
        return
    show_erasure(done)
    if any(each.package == package for each in done.waiting):
        screen.say("Nothing is erased yet: an approver must confirm it.", style="yellow")
        screen.note(f"emla case approve-erasure {found.case_id[:8]}")
        return
    screen.say(f"The case {found.case_id[:8]} is being erased.", style="green")


@common
@click.command("approve-erasure", epilog=example_text("emla case approve-erasure 3f9a1c20"))
@click.argument("case_id", metavar="CASE")
@click.option("--message", metavar="ID", help="The order about the content of this message alone.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def approve_erasure(*, case_id: str, message: str | None, yes: bool) -> None:
    """Confirm an order to erase a case, as the second person. It cannot be taken back.

    CASE is the case id or a beginning of it. Who ordered it does not approve it. If something came or went in the case since,
    nothing is erased.
    """
    from emla.cli import screen
    from emla.cli.erasure_view import show_erasure

    found, wanted = with_client(lambda client: _wanted(client, case_id, message))
    if not wants_json():
        show_erasure(found)
    confirm(f"Erase this of the case {found.case_id[:8]} for good, as {wanted.by} ordered?", yes=yes)
    _shown(with_client(lambda client: client.approve_erasure(found.case_id, wanted.hash)))
    if not wants_json():
        screen.say(f"The case {found.case_id[:8]} is being erased.", style="green")


@common
@click.command("cancel-erasure", epilog=example_text("emla case cancel-erasure 3f9a1c20"))
@click.argument("case_id", metavar="CASE")
@click.option("--message", metavar="ID", help="The order about the content of this message alone.")
def cancel_erasure(*, case_id: str, message: str | None) -> None:
    """Take an order back that waits for a second person: your own, or as an approver.

    CASE is the case id or a beginning of it. Nothing was erased, and nothing is.
    """
    found, wanted = with_client(lambda client: _wanted(client, case_id, message))
    _shown(with_client(lambda client: client.cancel_erasure(found.case_id, wanted.hash)))


async def _wanted(client: Client, case_id: str, message: str | None) -> tuple[ErasureView, WaitingView]:
    """What is known of the erasure of a case, and the order that waits."""
    package = (await client.message(message)).pid if message else None
    found = await client.erasure(case_id, package)
    wanted = next((each for each in found.waiting if each.package == package), None)
    if wanted is None:
        if package is None and found.waiting:
            raise NotFoundError("not-found", "What waits is about one message alone: name it with --message.")
        raise InvalidMessageError("order-decided")
    return found, wanted


@common
@click.command(epilog=example_text('emla case hold 3f9a1c20 --reason "Appeal pending"'))
@click.argument("case_id", metavar="CASE")
@click.option("--reason", required=True, help="Why, without names: it stays in the ledger.")
def hold(*, case_id: str, reason: str) -> None:
    """Put a case on legal hold: nobody erases anything of it.

    CASE is the case id or a beginning of it. A hold that is there stands.
    """
    _shown(with_client(lambda client: client.hold_case(case_id, reason)))


@common
@click.command(epilog=example_text("emla case unhold 3f9a1c20"))
@click.argument("case_id", metavar="CASE")
def unhold(*, case_id: str) -> None:
    """Lift the legal hold of a case.

    CASE is the case id or a beginning of it.
    """
    _shown(with_client(lambda client: client.unhold_case(case_id)))


def _shown(found: ErasureView) -> None:
    from emla.cli import screen
    from emla.cli.erasure_view import show_erasure

    if wants_json():
        screen.emit_json(found)
    else:
        show_erasure(found)
