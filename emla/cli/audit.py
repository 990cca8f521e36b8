"""`emla audit`: what the ledger tells about people."""

import click

from emla.cli.invocation import common, wants_json, with_client
from emla.cli.lazy import Entry, LazyGroup, example_text

audit = LazyGroup(
    "audit",
    table={"reads": Entry("audit:reads", "Who read which content, and who asked in vain.")},
    text="What the ledger tells about people.",
    example="emla audit reads --person anna",
)


@common
@click.command(epilog=example_text("emla audit reads --person anna"))
@click.option("--person", metavar="NAME", help="Only of one person.")
@click.option("--of", "package", metavar="ID", help="Only of one package or case.")
@click.option("--limit", type=click.IntRange(1, 1000), default=100, show_default=True)
def reads(*, person: str | None, package: str | None, limit: int) -> None:
    """Who read which content, and who asked in vain.

    The newest first. Each line is a leaf of the ledger that was there before the first byte went out.
    """
    from emla.cli import screen
    from emla.cli.person_view import READ_COLUMNS, read_row

    found = with_client(lambda client: client.reads(person=person, package=package, limit=limit))
    if wants_json():
        screen.emit_json({"items": found})
    elif not found:
        screen.note("No reads.")
    else:
        screen.table(READ_COLUMNS, [read_row(each) for each in found])
