"""`emla root sign`: one more signature on a root or card, after a person has read what it says."""

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from emla.cli.invocation import common, wants_json
from emla.cli.lazy import example_text
from emla.cli.media_key import FILE, confirm, documents_of, find_media_passphrase
from emla.cli.unlock import passphrase_options

if TYPE_CHECKING:
    from emla.bootstrap.ceremony import Draft


@common
@click.command(epilog=example_text("emla root sign card-draft.json --key /media/stick/root.json"))
@click.argument("draft", type=FILE)
@click.option("--key", required=True, type=FILE, help="The root key file.")
@click.option("--from", "export", type=FILE, help="The authority's exported documents: whose keys may sign.")
@click.option("--out", type=FILE, help="Write the result here instead of into DRAFT.")
@passphrase_options
@click.option("--yes", is_flag=True, help="Do not ask: you know what is signed.")
@click.option("--dry-run", is_flag=True, help="Show what would be signed; sign nothing.")
def sign(
    *,
    draft: Path,
    key: Path,
    export: Path | None,
    out: Path | None,
    passphrase_file: Path | None,
    passphrase_fd: int | None,
    yes: bool,
    dry_run: bool,
) -> None:
    """Add a signature to a root or card.

    Shows what DRAFT says before it asks for the passphrase. Each signer adds one signature; a card needs as
    many as the root's threshold, a new root as many as its own threshold and that of the root before.
    """
    from emla.bootstrap.ceremony import add_signature, open_key, read_draft
    from emla.cli import screen
    from emla.cli.export_file import write_new
    from emla.keyring.media import MediaUse
    from emla.keyring.private_files import replace_private

    found = read_draft(draft)
    rows = _facts(found)
    if not wants_json():
        screen.facts(rows)
    if dry_run:
        if wants_json():
            screen.emit_json({"dry_run": True, **_document(found)})
        else:
            screen.note("Nothing was signed: --dry-run.")
        return
    confirm("Sign this?", yes=yes)
    opened = open_key(key, MediaUse.ROOT, find_media_passphrase(passphrase_file, passphrase_fd))
    signed = add_signature(found, opened.signer, documents_of(export))
    if out:
        write_new(out, signed)
    else:
        replace_private(draft, signed)
    signers = sorted(found.signers | {opened.signer.kid})
    if wants_json():
        screen.emit_json({"file": str(out or draft), "signed_by": signers})
        return
    screen.say(f"{out or draft} bears the signatures of {', '.join(signers)}.", style="green")


def _facts(draft: "Draft") -> list[tuple[str, str]]:
    from emla.cli.card_view import expiry
    from emla.cli.wording import day
    from emla.model.documents import Root

    document, now = draft.document, int(time.time())
    what = "root" if isinstance(document, Root) else "card"
    rows = [("What", f"{what}, version {document.version}"), ("Authority", document.authority)]
    if isinstance(document, Root):
        rows.append(("Threshold", f"{document.threshold} of {len(document.keys)} keys"))
        rows += [("Root key", each.kid) for each in document.keys]
    else:
        rows.append(("Under root", f"version {document.root_version}"))
        rows += [
            ("Key", f"{each.kid} ({each.use}, {day(each.not_before)} to {day(each.not_after)})")
            for each in document.keys
        ]
        rows += [("Endpoint", each.url) for each in document.endpoints]
    rows.append(("Expires", expiry(document.expires, now)))
    rows.append(("Signed by", ", ".join(sorted(draft.signers)) or "nobody yet"))
    return rows


def _document(draft: "Draft") -> dict[str, object]:
    from emla.model.documents import Root

    document = draft.document
    return {
        "type": "root" if isinstance(document, Root) else "card",
        "authority": document.authority,
        "version": document.version,
        "keys": [each.kid for each in document.keys],
        "signed_by": sorted(draft.signers),
    }
