"""`emla card`: the authority's own documents. Export and show work without a server."""

import sys
import time
from pathlib import Path

import click

from emla.cli.invocation import OWN_DOCUMENTS, common, initialised_data, wants_json
from emla.cli.lazy import Entry, LazyGroup, example_text

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
def export(file: Path | None) -> None:
    """Write the file that other authorities import.

    Send FILE by any way you like: it holds nothing secret. What makes it trustworthy is the fingerprint,
    which the other operator compares with you by telephone. Without FILE (or with -) it goes to standard
    output. An existing FILE is not overwritten.
    """
    from emla.cli import screen
    from emla.cli.card_view import fingerprint_lines
    from emla.cli.export_file import write_new
    from emla.cli.own import fingerprint, read_authority, read_documents

    data = read_documents(initialised_data() / OWN_DOCUMENTS)
    authority = read_authority(data)
    if file is None or str(file) == "-":
        if wants_json():
            raise click.UsageError("Name a FILE: with --json, standard output is for the result.")
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return
    write_new(file, data)
    groups = fingerprint(authority)
    if wants_json():
        screen.emit_json({"file": str(file), "authority": authority.id, "fingerprint": groups})
        return
    screen.say(f"{file} holds the card of {authority.id}.")
    screen.note("The other operator will ask you for this fingerprint by telephone:")
    screen.say(fingerprint_lines(groups))


@common
@click.command(epilog=example_text("emla card show their-card.json"))
@click.argument("file", required=False, type=click.Path(path_type=Path, dir_okay=False))
def show(file: Path | None) -> None:
    """Show a card: keys, expiry, fingerprint.

    Without FILE, the own card. A file is verified in itself; whose it is, only the fingerprint tells.
    """
    from emla.cli import screen
    from emla.cli.card_view import card_document, show_card
    from emla.cli.own import read_authority, read_documents

    path = file if file is not None else initialised_data() / OWN_DOCUMENTS
    authority = read_authority(read_documents(path))
    if wants_json():
        screen.emit_json(card_document(authority))
    else:
        show_card(authority, int(time.time()))
