"""`emla message list` and `show`."""

import click

from emla.cli.invocation import common, wants_json, with_client
from emla.cli.lazy import example_text


@common
@click.command("list", epilog=example_text("emla message list --box in"))
@click.option("--box", type=click.Choice(["in", "out", "all"]), default="all", show_default=True)
@click.option("--limit", type=click.IntRange(1, 1000), default=100, show_default=True)
@click.option("--state", help="Only messages in this state.")
def list_messages(*, box: str, limit: int, state: str | None) -> None:
    """List messages, the newest first."""
    from emla.cli import screen
    from emla.cli.message_view import show_list
    from emla.cli.wording import NOT_ACCEPTANCE

    found = with_client(
        lambda client: client.list_messages(box=box, limit=limit, state=state.upper() if state else None)
    )
    if wants_json():
        screen.emit_json({"items": found})
    elif not found:
        screen.note("No messages.")
    else:
        show_list(found)
        screen.note(NOT_ACCEPTANCE, style="dim")


@common
@click.command(epilog=example_text("emla message show 3f9a1c20"))
@click.argument("message_id", metavar="ID")
def show(message_id: str) -> None:
    """Show one message with everything that happened to it.

    ID is the package id, a beginning of it (8 digits or more), or the message id.
    """
    from emla.cli import screen
    from emla.cli.finding_table import show_findings
    from emla.cli.message_view import show_message
    from emla.cli.wording import NOT_ACCEPTANCE

    found = with_client(lambda client: client.message(message_id))
    if wants_json():
        screen.emit_json(found)
        return
    show_message(found)
    if found.findings:
        show_findings(found.findings)
    screen.note(NOT_ACCEPTANCE)
