"""`emla card publish`: what officers approved and the root signed takes effect, and peers are told.

Rules of this file:
- What gives trust is published first, so that a new key is there before an old one goes.
- A revocation is published even when what came before it failed: taking trust away does not wait.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from emla.cli.invocation import common, wants_json, with_client
from emla.cli.lazy import example_text
from emla.cli.media_key import confirm
from emla.cli.wording import short
from emla.model.signed import PayloadType

if TYPE_CHECKING:
    from emla.bootstrap.ceremony import Draft
    from emla.cli.present import Present
    from emla.client.client import Client
    from emla.client.key_answers import Change
    from emla.model.documents import Revocation, Root

_HASH = re.compile(r"[0-9a-fA-F]{8,64}", re.ASCII)


@common
@click.command(epilog=example_text("emla card publish card-draft.json"))
@click.argument("what", metavar="FILE|CHANGE...", nargs=-1, required=True)
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--dry-run", is_flag=True, help="Show what would be published; publish nothing.")
def publish(*, what: tuple[str, ...], yes: bool, dry_run: bool) -> None:
    """Publish what is approved and signed.

    FILE is a card that the root has signed, the next root with the card under it, or a revocation or freeze.
    CHANGE is the id of an approved list of key officers, or of an approved act. It is in force at once, and
    every peer is told.
    """
    from emla.cli import screen
    from emla.cli.present import read_present

    present = with_client(read_present)
    found = _sort(what, present)
    if not wants_json():
        _show(found, present)
    if dry_run:
        if wants_json():
            screen.emit_json({"dry_run": True, **_document(found)})
        else:
            screen.note("Nothing was published: --dry-run.")
        return
    told = " Every peer is told at once." if found.signed or found.revocations else ""
    confirm(f"Publish this?{told}", yes=yes)
    with_client(lambda client: _publish(client, found))
    if wants_json():
        screen.emit_json(_document(found))
        return
    for line in _told(found):
        screen.say(line, style="green")


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """A signed draft, the change it belongs to, and its file."""

    file: Path
    draft: "Draft"
    change: "Change"
    encoded: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What is to be published, by kind."""

    signed: tuple[Signed, ...]
    officers: "tuple[Change, ...]"
    revocations: "tuple[tuple[Path, Revocation, bytes], ...]"


def _sort(what: tuple[str, ...], present: "Present") -> Found:
    signed: list[Signed] = []
    officers: list[Change] = []
    revocations: list[tuple[Path, Revocation, bytes]] = []
    for text in dict.fromkeys(what):
        path = Path(text)
        if not path.exists() and _HASH.fullmatch(text):
            change = present.find(text)
            if change.type not in ("officers", "act"):
                name = "next-root.json" if change.type == "root" else "card-draft.json"
                raise click.UsageError(
                    f"The change {short(change.hash)} is a {change.type}: publish its signed file, for example {name}."
                )
            officers.append(change)
        elif (revocation := _revocation(path)) is not None:
            revocations.append((path, *revocation))
        else:
            signed.append(_signed(path, present))
    if len(signed) > 2 or len({each.change.type for each in signed}) != len(signed):
        raise click.UsageError("Publish one card at a time, or one root with the card under it.")
    _require_signatures(signed, present.authority.root)
    return Found(signed=tuple(signed), officers=tuple(officers), revocations=tuple(revocations))


def _require_signatures(signed: list[Signed], known: "Root") -> None:
    """Say which signatures are missing, before anything is sent; whether they are good, the server says.

    Raises:
        click.UsageError: some are missing.
    """
    from emla.model.documents import Root

    if len(signed) == 1 and isinstance(signed[0].draft.document, Root):
        raise click.UsageError(
            f"{signed[0].file} is a root: publish it with the card under it, in one call (`emla card propose --root`)."
        )
    following = next((each.draft.document for each in signed if isinstance(each.draft.document, Root)), None)
    for each in signed:
        document = each.draft.document
        if isinstance(document, Root):
            judges = [known, document]
        else:
            judges = [following or known]
            if document.root_version != judges[0].version:
                raise click.UsageError(
                    f"{each.file} is a card under root version {document.root_version}: publish it with that root, in one"
                    f" call: emla card publish {each.file} next-root.json"
                )
        for root in judges:
            missing = root.threshold - len(each.draft.signers & {key.kid for key in root.keys})
            if missing > 0:
                raise click.UsageError(
                    f"{each.file} lacks {missing} of the {root.threshold} signatures that root version {root.version} asks"
                    f" for. With each root key: emla root sign {each.file} --key ROOT-KEY"
                )


def _revocation(path: Path) -> "tuple[Revocation, bytes] | None":
    """A signed revocation with its bytes; None when the file is something else."""
    from emla.bootstrap.ceremony import read_revocation

    return read_revocation(path)


def _signed(path: Path, present: "Present") -> Signed:
    from emla.bootstrap.ceremony import read_draft
    from emla.formats import dsse
    from emla.formats.documents import document_hash
    from emla.model.errors import InvalidDocumentError

    draft = read_draft(path)
    sha256 = document_hash(draft.signed.payload).hex()
    change = next((each for each in present.changes if each.hash == sha256), None)
    kind = "root" if draft.signed.payload_type is PayloadType.ROOT else "card"
    if change is None:
        words = f"{path} is a {kind} that no officer has proposed; `emla card propose` proposes one."
        raise InvalidDocumentError("approval-missing", words)
    return Signed(file=path, draft=draft, change=change, encoded=dsse.encode(draft.signed))


def _show(found: Found, present: "Present") -> None:
    from emla.cli import screen
    from emla.cli.change_view import show_differences
    from emla.cli.present import decoded
    from emla.steps.compare import at

    for change in (*(each.change for each in found.signed), *found.officers):
        document = decoded(change)
        show_differences(document, present.differences(document), change)
    for path, revocation, _ in found.revocations:
        rows = [
            ("Revocation", str(path)),
            (
                "Takes away",
                f"the key {revocation.kid}" if revocation.kid else "all trust, until the next root",
            ),
            ("From", at(revocation.invalid_since)),
            ("Reason", revocation.reason),
        ]
        screen.facts(rows)


async def _publish(client: "Client", found: Found) -> None:
    try:
        for change in found.officers:
            await client.publish(change.hash)
        if found.signed:
            # A root and the card under it are one step: neither is anything without the other.
            first = next((each for each in found.signed if each.change.type == "root"), found.signed[0])
            await client.publish(first.change.hash, *(each.encoded for each in found.signed))
    finally:
        for _, _, encoded in found.revocations:
            await client.revoke(encoded)


def _told(found: Found) -> list[str]:
    from emla.cli.change_view import title
    from emla.cli.present import decoded

    changes = (*found.officers, *(each.change for each in found.signed))
    lines = [
        f"{title(decoded(each))} is {'carried out' if each.type == 'act' else 'in force'}."
        for each in changes
    ]
    for _, revocation, _ in found.revocations:
        what = f"The key {revocation.kid} is revoked" if revocation.kid else "The authority is frozen"
        lines.append(f"{what}.")
    return lines


def _document(found: Found) -> dict[str, object]:
    from emla.cli.present import decoded, version_of

    changes = (*found.officers, *(each.change for each in found.signed))
    return {
        "published": [
            {"change": each.hash, "type": each.type, "version": version_of(decoded(each))} for each in changes
        ],
        "revoked": [
            {"kid": each.kid, "invalid_since": each.invalid_since, "reason": each.reason}
            for _, each, _ in found.revocations
        ],
    }
