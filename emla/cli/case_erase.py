"""`emla case erase`, `hold`, `unhold`: what is here of a case goes for good, or must stay."""

import click

from emla.cli.invocation import common, wants_json, with_client
from emla.cli.lazy import example_text
from emla.cli.media_key import confirm
from emla.client.erasure import ErasureView


@common
@click.command(epilog=example_text('emla case erase 3f9a1c20 --reason "Order of the court of 3 May"'))
@click.argument("case_id", metavar="CASE")
@click.option("--reason", required=True, help="Why, without names: it stays in the ledger.")
@click.option("--although-open", is_flag=True, help="Also a case that is not closed.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--dry-run", is_flag=True, help="Show what would be erased; erase nothing.")
def erase(*, case_id: str, reason: str, although_open: bool, yes: bool, dry_run: bool) -> None:
    """Erase everything that is here of a case. It cannot be taken back.

    CASE is the case id or a beginning of it. Messages, attachments, keys and salts are overwritten; what proves that they were
    delivered stays. Copies elsewhere (backups, printed pages, the other authority) are not reached.
    """
    from emla.cli import screen

    found = with_client(lambda client: client.erasure(case_id))
    if dry_run:
        if wants_json():
            screen.emit_json(found)
        else:
            show_erasure(found)
            screen.note("Nothing was erased: --dry-run.")
        return
    if not wants_json():
        show_erasure(found)
    confirm(
        f"Erase {found.sent + found.received} packages of the case {found.case_id[:8]} for good?", yes=yes
    )
    done = with_client(lambda client: client.erase_case(found.case_id, reason, although_open=although_open))
    if wants_json():
        screen.emit_json(done)
        return
    show_erasure(done)
    screen.say(f"The case {found.case_id[:8]} is being erased.", style="green")


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

    if wants_json():
        screen.emit_json(found)
    else:
        show_erasure(found)


def show_erasure(found: ErasureView) -> None:
    """Print what is left of a case, what was erased, and what stands against it."""
    from emla.cli import screen
    from emla.cli.wording import count, instant

    hold = found.hold
    rows = [("Case", found.case_id), ("Still here", f"{found.sent} sent, {found.received} received")]
    rows.append(("Legal hold", f"since {instant(hold.at)}, by {hold.by}: {hold.reason}" if hold else "none"))
    for each in found.orders:
        by = f" by {each.by}" if each.by else ""
        what = count(each.packages, "package", "packages")
        words = f"{what}, ordered {instant(each.ordered_at)}{by} ({each.why}): {each.reason}"
        rows.append((each.state.capitalize(), words))
    rows += [("Against it", each) for each in found.obstacles]
    screen.facts(rows)
