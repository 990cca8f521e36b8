"""`emla root sign`: one more signature on a root, a card, or both, after a person has read what they say."""

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from emla.cli.invocation import common, wants_json
from emla.cli.lazy import example_text
from emla.cli.media_key import FILE, confirm, documents_of, find_passphrase_of
from emla.cli.unlock import passphrase_options

if TYPE_CHECKING:
    from emla.bootstrap.ceremony import Draft
    from emla.model.documents import Root


@common
@click.command(epilog=example_text("emla root sign card-draft.json --key /media/stick/root.json"))
@click.argument("drafts", metavar="DRAFT...", type=FILE, nargs=-1, required=True)
@click.option("--key", required=True, type=FILE, help="The root key file.")
@click.option("--from", "export", type=FILE, help="The authority's exported documents: whose keys may sign.")
@click.option("--out", type=FILE, help="Write the result here instead of into DRAFT (only one).")
@passphrase_options
@click.option("--yes", is_flag=True, help="Do not ask: you know what is signed.")
@click.option("--dry-run", is_flag=True, help="Show what would be signed; sign nothing.")
def sign(
    *,
    drafts: tuple[Path, ...],
    key: Path,
    export: Path | None,
    out: Path | None,
    passphrase_file: Path | None,
    passphrase_fd: int | None,
    yes: bool,
    dry_run: bool,
) -> None:
    """Add a signature to a root or card.

    Shows what each DRAFT says before it asks for the passphrase. Each signer adds one signature; a card needs
    as many as the root's threshold, a new root as many as its own threshold and that of the root before. A card
    under a new root is signed together with it: name both.
    """
    from emla.bootstrap.ceremony import add_signature, open_key, read_draft, still_needed
    from emla.cli import screen
    from emla.cli.export_file import write_new
    from emla.keyring.media import MediaUse
    from emla.keyring.private_files import replace_private

    if out and len(drafts) > 1:
        raise click.UsageError("--out is for one DRAFT; without it each is signed in its own file.")
    found = [(path, read_draft(path)) for path in dict.fromkeys(drafts)]
    if not wants_json():
        for number, (_, draft) in enumerate(found):
            if number:
                screen.say("")
            screen.facts(_facts(draft))
    if dry_run:
        if wants_json():
            _emit([{"dry_run": True, **_document(draft)} for _, draft in found])
        else:
            screen.note("Nothing was signed: --dry-run.")
        return
    confirm("Sign this?" if len(found) == 1 else f"Sign these {len(found)} documents?", yes=yes)
    authority, beside = documents_of(export), _root_among([draft for _, draft in found])
    opened = open_key(key, MediaUse.ROOT, find_passphrase_of(key, passphrase_file, passphrase_fd))
    # All are signed before one is written: a draft that is refused leaves the others as they were.
    signed = [(path, add_signature(draft, opened.signer, authority, beside)) for path, draft in found]
    for path, octets in signed:
        if out:
            write_new(out, octets)
        else:
            replace_private(path, octets)
    done = [(out or path, read_draft(out or path)) for path, _ in found]
    if wants_json():
        _emit([{"file": str(path), "signed_by": sorted(draft.signers)} for path, draft in done])
        return
    for path, draft in done:
        lacking = still_needed(draft, authority, beside)
        screen.say(f"{path} is signed by {', '.join(sorted(draft.signers))}.", style="green")
        if lacking:
            screen.note(f"  Still needed: {', '.join(lacking)}.")
        elif lacking is not None:
            screen.note("  It is complete, and can be published on the gateway: emla card publish")


def _emit(documents: list[dict[str, object]]) -> None:
    """One document as it is, several as a list."""
    from emla.cli import screen

    screen.emit_json(documents[0] if len(documents) == 1 else {"items": documents})


def _root_among(drafts: "list[Draft]") -> "Root | None":
    """The next root, when it is signed together with the card under it.

    Raises:
        click.UsageError: there are two.
    """
    from emla.model.documents import Root

    roots = [draft.document for draft in drafts if isinstance(draft.document, Root)]
    if len(roots) > 1:
        raise click.UsageError("Sign one root at a time, with the card under it.")
    return roots[0] if roots else None


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
        rows += [("Hub", each) for each in document.hubs]
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
