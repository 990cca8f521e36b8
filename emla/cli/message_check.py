"""`emla message check`: everything that is wrong with a message file, at once, without a server."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from emla.cli.invocation import common, data, wants_json, with_client
from emla.cli.lazy import example_text

if TYPE_CHECKING:
    from emla.model.documents import Authority


@common
@click.command(epilog=example_text("emla message check request.xml"))
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--override",
    "overriding",
    multiple=True,
    metavar="RULE=REASON",
    help="Judge as if it were sent in spite of this rule; may be given more than once.",
)
@click.option(
    "--for",
    "recipient",
    metavar="AUTHORITY",
    help="Check it against what this pinned peer says it wants; or the file of its documents.",
)
def check(file: Path, *, overriding: tuple[str, ...], recipient: str | None) -> None:
    """Check a message file; nothing is sent.

    All findings are shown at once, those that block first, each with its line, how to mend it, its rule and the
    treaty article behind it; then how complete the request is. A fatal finding must be mended; one of weight error can
    be overridden with a reason, which `emla message send` records in the ledger; a warning informs. No server is needed
    unless `--for` names a peer. Attachments are checked by `emla message send --dry-run`. Exit code 3 when something
    blocks.
    """
    from emla.cli import screen
    from emla.cli.checking import check_message, completeness_of, open_main
    from emla.cli.completeness_view import show_completeness
    from emla.cli.finding_table import blocks, overridable, read_overrides, show_findings, sort_findings
    from emla.cli.wording import count
    from emla.model.codes import CODES
    from emla.model.errors import InvalidMessageError

    with open_main(file) as main:
        try:
            valid = check_message(main, data(), read_overrides(overriding), _authority(recipient))
            findings, kind = valid.findings, valid.message.message_type
        except InvalidMessageError as error:
            if not error.findings:
                raise
            findings, kind = error.findings, None
        complete = completeness_of(main)
    blocked = blocks(findings)
    if wants_json():
        listed = sort_findings(findings)
        screen.emit_json(
            {
                "file": str(file),
                "message": kind,
                "blocks": blocked,
                "findings": listed,
                "completeness": complete,
            }
        )
    else:
        if findings:
            show_findings(findings)
        if complete:
            show_completeness(complete)
        found = count(len(findings), "finding", "findings") if findings else "no findings"
        if blocked:
            screen.say(f"{file.name}: {found}. It cannot be sent like this.", style="red")
            if way := overridable(findings):
                screen.note(f"Mend it, or send it all the same with: {way}")
        else:
            screen.say(
                f"{file.name}: {kind}, {found}. Nothing stands in the way of sending it.", style="green"
            )
    if blocked:
        raise click.exceptions.Exit(CODES["invalid-message"].exit_code)


def _authority(named: str | None) -> "Authority | None":
    """The recipient: a pinned peer, or who a file of documents is about."""
    if named is None:
        return None
    from emla.cli.own import read_authority

    if Path(named).is_file():
        return read_authority(Path(named).read_bytes())
    return read_authority(with_client(lambda client: client.peer(named)).documents)
