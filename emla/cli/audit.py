"""`emla audit`: what the ledger tells about people."""

import click

from emla.cli.invocation import common, wants_json, with_client
from emla.cli.lazy import Entry, LazyGroup, example_text

audit = LazyGroup(
    "audit",
    table={
        "reads": Entry("audit:reads", "Who read which content, and who asked in vain."),
        "alone": Entry("audit:alone", "What was sent without a second person, and why."),
    },
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
        screen.table(READ_COLUMNS, [read_row(each) for each in found], fold=("Who", "As", "Allowed"))


@common
@click.command(epilog=example_text("emla audit alone --open"))
@click.option("--open", "open_only", is_flag=True, help="Only what no approver has looked at since.")
@click.option("--limit", type=click.IntRange(1, 1000), default=100, show_default=True)
def alone(*, open_only: bool, limit: int) -> None:
    """What was sent without a second person, and why.

    The newest first. An approver looks at each afterwards: emla draft review
    """
    from emla.cli import screen
    from emla.cli.draft_view import ALONE_COLUMNS, alone_row

    found = with_client(lambda client: client.sent_alone(open_only=open_only, limit=limit))
    if wants_json():
        screen.emit_json({"items": found})
    elif not found:
        screen.note("Nothing.")
    else:
        screen.table(ALONE_COLUMNS, [alone_row(each) for each in found], fold=("Reason", "Reviewed"))
