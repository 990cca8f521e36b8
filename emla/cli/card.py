"""`emla card`: the authority's own documents. Export and show work without a server."""

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from emla.cli.invocation import OWN_DOCUMENTS, common, initialised_data, wants_json, with_client
from emla.cli.lazy import Entry, LazyGroup, example_text

if TYPE_CHECKING:
    from emla.cli.present import Present

card = LazyGroup(
    "card",
    table={
        "propose": Entry("card_propose:propose", "Propose the next card, or the list of key officers."),
        "approve": Entry("card_approve:approve", "Approve changes that another officer has proposed."),
        "publish": Entry("card_publish:publish", "Publish what is approved and signed."),
        "export": Entry("card:export", "Write the file that other authorities import."),
        "show": Entry("card:show", "Show a card: keys, expiry, fingerprint."),
    },
    text="This authority's own card: proposed by one key officer, approved by another, published, and shown to others.",
    example="emla card export our-card.json",
)


@common
@click.command(epilog=example_text("emla card export our-card.json"))
@click.argument("file", required=False, type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--qr",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the fingerprint as a QR code here, too (SVG).",
)
@click.option("--dry-run", is_flag=True, help="Show the fingerprint; write nothing.")
def export(*, file: Path | None, qr: Path | None, dry_run: bool) -> None:
    """Write the file that other authorities import.

    Send FILE by any way you like: it holds nothing secret. What makes it trustworthy is the fingerprint,
    which the other operator compares with you by telephone. Without FILE (or with -) it goes to standard
    output. An existing FILE is not overwritten. A terminal also shows the fingerprint as a QR code.
    """
    from emla.cli import screen
    from emla.cli.card_view import fingerprint_lines
    from emla.cli.export_file import write_new
    from emla.cli.own import fingerprint, read_authority, read_documents

    data = read_documents(initialised_data() / OWN_DOCUMENTS)
    authority = read_authority(data)
    if file is None or str(file) == "-":
        if wants_json() or qr:
            raise click.UsageError("Name a FILE: with --json or --qr, standard output is for the result.")
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return
    from emla.cli.qr import fingerprint_code, svg, terminal_lines

    groups = fingerprint(authority)
    code = fingerprint_code(authority.id, groups)
    if not dry_run:
        if qr:
            write_new(qr, svg(code))
        write_new(file, data)
    if wants_json():
        named = ({"qr": str(qr)} if qr else {}) | ({"dry_run": True} if dry_run else {})
        screen.emit_json({"file": str(file), "authority": authority.id, "fingerprint": groups} | named)
        return
    holds = (
        f"would hold the card of {authority.id}: --dry-run"
        if dry_run
        else f"holds the card of {authority.id}"
    )
    screen.say(f"{file} {holds}.")
    screen.note("The other operator will ask you for this fingerprint by telephone:")
    screen.say(fingerprint_lines(groups))
    if sys.stdout.isatty():
        screen.say(terminal_lines(code))


@common
@click.command(epilog=example_text("emla card show their-card.json"))
@click.argument("file", required=False, type=click.Path(path_type=Path, dir_okay=False))
def show(file: Path | None) -> None:
    """Show a card: keys, expiry, fingerprint.

    Without FILE, the own card, and the changes of it that wait, where the server runs. A file is verified in
    itself; whose it is, only the fingerprint tells.
    """
    from emla.cli import screen
    from emla.cli.card_view import card_document, show_card
    from emla.cli.change_view import show_differences, waits_for
    from emla.cli.own import read_authority, read_documents
    from emla.cli.present import decoded
    from emla.cli.wording import short

    path = file if file is not None else initialised_data() / OWN_DOCUMENTS
    authority = read_authority(read_documents(path))
    present = None if file else _present()
    if wants_json():
        screen.emit_json(card_document(authority) | _waiting_document(present))
        return
    show_card(authority, int(time.time()))
    if present is None:
        return
    for change in present.waiting():
        screen.say(f"Change {short(change.hash)} waits for {waits_for(change)}:", style="yellow")
        document = decoded(change)
        show_differences(document, present.differences(document), change)


def _present() -> "Present | None":
    """What the server says; None when it does not run."""
    from emla.cli.present import read_present
    from emla.model.errors import ConfigurationError

    try:
        return with_client(read_present)
    except ConfigurationError as error:
        if error.code != "server-not-running":
            raise
        return None


def _waiting_document(present: "Present | None") -> dict[str, object]:
    from emla.cli.change_view import change_document

    return {"waiting": [change_document(each, present) for each in present.waiting()]} if present else {}
