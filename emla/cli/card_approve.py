"""`emla card approve`: another officer reads what changes, and signs it."""

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from emla.cli.invocation import common, wants_json, with_client
from emla.cli.lazy import example_text
from emla.cli.media_key import confirm
from emla.cli.officer_key import officer_name, officer_options, open_officer
from emla.cli.wording import count, short

if TYPE_CHECKING:
    from emla.bootstrap.ceremony import OpenedKey
    from emla.cli.present import Present
    from emla.client.client import Client
    from emla.client.key_answers import Change
    from emla.model.documents import Officers


@common
@click.command(epilog=example_text("emla card approve 90ab4e17 --as ben.json"))
@click.argument("ids", metavar="CHANGE...", nargs=-1, required=True)
@officer_options
def approve(
    *,
    ids: tuple[str, ...],
    officer: Path,
    passphrase_file: Path | None,
    passphrase_fd: int | None,
    yes: bool,
    dry_run: bool,
) -> None:
    """Approve changes that another officer has proposed.

    Shows in words what each CHANGE changes against today before it asks. CHANGE is its id, or 8 or more digits
    of it. Ask the one who proposed why, before you sign.
    """
    from emla.cli import screen
    from emla.cli.change_view import change_document, next_commands, show_differences, title
    from emla.cli.present import decoded, read_present

    present = with_client(read_present)
    changes = list({change.hash: change for change in map(present.find, ids)}.values())
    for change in changes:
        document = decoded(change)
        if not wants_json():
            show_differences(document, present.differences(document), change)
        _refuse_settled(change, present)
    if dry_run:
        if wants_json():
            shown = [change_document(each, present) for each in changes]
            screen.emit_json({"dry_run": True, "changes": shown})
        else:
            screen.note("Nothing was approved: --dry-run.")
        return
    what = "this change" if len(changes) == 1 else f"these {len(changes)} changes"
    confirm(f"Approve {what} as {officer_name(officer)}?", yes=yes)
    opened = open_officer(officer, passphrase_file, passphrase_fd, _judges(changes, present))
    approved = with_client(lambda client: _approve(client, changes, opened, present.authority.id))
    if wants_json():
        shown = [change_document(each, present) for each in approved]
        screen.emit_json({"approved_by": opened.name, "changes": shown})
        return
    ids_shown = ", ".join(short(each.hash) for each in approved)
    screen.say(
        f"{count(len(approved), 'change', 'changes')} approved by {opened.name}: {ids_shown}.", style="green"
    )
    for each in approved:
        if each.type == "act" and each.state == "PUBLISHED":
            screen.say(f"{title(decoded(each))}: it is carried out.", style="green")
    if following := next_commands(*approved, present=present):
        screen.note("Next:")
        for line in following:
            screen.note(f"  {line}")


def _refuse_settled(change: "Change", present: "Present") -> None:
    from emla.cli.present import decoded, version_of
    from emla.model.errors import InvalidDocumentError

    if change.state != "PROPOSED":
        raise click.UsageError(f"The change {short(change.hash)} is published already.")
    document = decoded(change)
    if present.overtaken(document):
        if (version := version_of(document)) is None:
            raise InvalidDocumentError("act-lapsed")
        words = f"The change {short(change.hash)} has version {version}, and a later one is in force."
        raise InvalidDocumentError("document-rollback", words)


def _judges(changes: "list[Change]", present: "Present") -> "Officers":
    """Who may approve: the officers of today; of the first list, those whom it lists itself."""
    from emla.formats.approval import decode_officers

    first = [each for each in changes if each.type == "officers"]
    if present.officers is None and first:
        return decode_officers(first[0].document)
    return present.required_officers()


async def _approve(
    client: "Client", changes: "list[Change]", officer: "OpenedKey", authority: str
) -> "list[Change]":
    from emla.bootstrap.officer import officers_word
    from emla.cli.present import KINDS
    from emla.model.documents import ApprovalAct

    approved = []
    for each in changes:
        word = officers_word(
            officer.signer,
            ApprovalAct.APPROVE,
            authority,
            KINDS[each.type],
            each.document,
            now=int(time.time()),
        )
        approved.append(await client.approve(each.hash, word))
    return approved
