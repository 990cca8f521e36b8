"""`emla root rotate`: the draft of the next root."""

import time
from pathlib import Path

import click

from emla.cli.invocation import common, wants_json
from emla.cli.lazy import example_text
from emla.cli.media_key import FILE, required_documents


@common
@click.command(
    epilog=example_text(
        "emla root rotate next-root.json --add safe2.pub.json --add safe3.pub.json --threshold 2"
    )
)
@click.argument("out", type=FILE)
@click.option("--add", multiple=True, type=FILE, help="Public half of a root key to add (.pub.json).")
@click.option("--remove", multiple=True, metavar="KID", help="Id of a root key to leave out.")
@click.option("--threshold", type=click.IntRange(min=1), help="How many keys must sign from now on.")
@click.option("--from", "export", type=FILE, help="The authority's exported documents; else those of --data.")
@click.option("--dry-run", is_flag=True, help="Show the next root; write nothing.")
def rotate(
    *,
    out: Path,
    add: tuple[Path, ...],
    remove: tuple[str, ...],
    threshold: int | None,
    export: Path | None,
    dry_run: bool,
) -> None:
    """Write the draft of the next root.

    Without options it is the same root, renewed for two years. It takes effect when it bears the signatures
    of as many keys as the present root asks for, and of as many as it asks for itself (`emla root sign`).
    """
    from emla.bootstrap.ceremony import next_root
    from emla.cli import screen
    from emla.cli.export_file import write_new
    from emla.formats import documents as form
    from emla.formats import dsse
    from emla.keyring.media import read_public
    from emla.model.limits import WIRE
    from emla.model.signed import PayloadType

    known = required_documents(export)
    added = tuple(read_public(each) for each in add)
    draft = next_root(known, add=added, remove=frozenset(remove), threshold=threshold, now=int(time.time()))
    payload = dsse.decode_draft(draft, frozenset({PayloadType.ROOT}), WIRE.document_bytes).payload
    root = form.decode_root(payload)
    if not dry_run:
        write_new(out, draft)
    if wants_json():
        screen.emit_json(
            {
                "dry_run": dry_run,
                "file": str(out),
                "version": root.version,
                "threshold": root.threshold,
                "keys": [each.kid for each in root.keys],
            }
        )
        return
    screen.facts(
        [
            ("Authority", root.authority),
            ("Root", f"version {root.version}, {root.threshold} of {len(root.keys)} keys"),
            *(("Root key", each.kid) for each in root.keys),
        ]
    )
    if dry_run:
        screen.note("Nothing was written: --dry-run.")
        return
    words = f"{known.root.threshold} of the present keys and {root.threshold} of the new ones"
    screen.note(f"{out} must be signed by {words}: emla root sign {out} --key FILE")
