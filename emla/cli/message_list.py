"""`emla message list`, `show`, and what a person does with a package that could not be opened."""

from pathlib import Path

import click

from emla.cli.invocation import common, wants_json, with_client
from emla.cli.lazy import example_text
from emla.cli.officer_key import officer_options


@common
@click.command("list", epilog=example_text("emla message list --box in"))
@click.option("--box", type=click.Choice(["in", "out", "all"]), default="all", show_default=True)
@click.option("--limit", type=click.IntRange(1, 1000), default=100, show_default=True)
@click.option("--state", help="Only messages in this state.")
@click.option("--quarantined", is_flag=True, help="Only incoming ones that could not be opened, and why.")
def list_messages(*, box: str, limit: int, state: str | None, quarantined: bool) -> None:
    """List messages, the newest first."""
    from emla.cli import screen
    from emla.cli.message_view import show_list
    from emla.cli.wording import NOT_ACCEPTANCE

    found = with_client(
        lambda client: client.list_messages(
            box=box, limit=limit, state=state.upper() if state else None, quarantined=quarantined
        )
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


@common
@click.command(epilog=example_text("emla message release 3f9a1c20"))
@click.argument("message_id", metavar="ID")
@click.option("--dry-run", is_flag=True, help="Only show which message would be opened.")
def release(message_id: str, *, dry_run: bool) -> None:
    """Have a package that could not be opened opened once more.

    For one in quarantine, and for one whose payload could not be read. Mend first what was wrong: the disk, a file
    restored, a newer emla. If it opens now, the sender is told, and that supersedes the failure it was told before.
    """
    from emla.cli import screen
    from emla.cli.message_view import show_message

    found = with_client(
        lambda client: client.message(message_id) if dry_run else client.release_message(message_id)
    )
    if wants_json():
        screen.emit_json({"dry_run": True, "message": found} if dry_run else found)
        return
    show_message(found)
    if dry_run:
        screen.note("Nothing was done: --dry-run.")
    else:
        screen.note(f"It is being opened. To see what came of it: emla message show {found.pid[:12]}")


@common
@click.command(epilog=example_text('emla message close 3f9a1c20 --reason "Sent anew." --as anna.json'))
@click.argument("message_id", metavar="ID")
@click.option(
    "--reason", required=True, help="Why, in a line for the officer who approves. Never content of a case."
)
@officer_options
def close(
    message_id: str,
    *,
    reason: str,
    officer: Path,
    passphrase_file: Path | None,
    passphrase_fd: int | None,
    yes: bool,
    dry_run: bool,
) -> None:
    """Propose to give up opening a package in quarantine.

    It is an act of two key officers: another one approves it (`emla card approve`). The sender was told already that it
    could not be opened; that stays the last word.
    """
    from emla.cli.acting import propose_act
    from emla.model.act import ActKind

    found = with_client(lambda client: client.message(message_id))
    if found.direction != "in":
        raise click.UsageError("That is a message of ours. To give up sending it: emla leg close")
    propose_act(
        ActKind.PACKAGE_CLOSE,
        {"pid": found.pid, "peer": found.peer, "reason": reason},
        officer=officer,
        passphrase_file=passphrase_file,
        passphrase_fd=passphrase_fd,
        yes=yes,
        dry_run=dry_run,
    )
