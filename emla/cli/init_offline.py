"""`emla init` for an authority whose root keys are never on this machine: prepare, let the holders sign, complete."""

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from emla.cli.invocation import wants_json

if TYPE_CHECKING:
    from emla.bootstrap.first_keys import Protection
    from emla.bootstrap.initialise import About, OfflineRoot
    from emla.cli.init_answers import Answers


def about_of(given: "Answers") -> "About":
    """What the answers say of the authority."""
    from emla.bootstrap.initialise import About

    languages = given.languages
    return About(
        authority=given.authority,
        names=((languages[0], given.name),),
        endpoint_url=given.endpoint_url,
        hubs=given.hubs,
        country=given.country,
        contacts=(("telephone", given.telephone), ("email", given.email)),
        languages=languages,
        time_zone=given.time_zone,
        office_hours=given.office_hours,
    )


def offline_root(files: tuple[Path, ...], threshold: int | None) -> "OfflineRoot | None":
    """The root of these public halves; None where there are none.

    Raises:
        click.UsageError: a key that is no root key, one given twice, or a threshold they cannot reach.
    """
    from emla.bootstrap.initialise import OfflineRoot
    from emla.keyring.media import MediaUse, read_public
    from emla.model.documents import RootKey

    if not files:
        if threshold is not None:
            raise click.UsageError("--threshold goes with --root-key.")
        return None
    found = [read_public(path) for path in files]
    if wrong := [each.name for each in found if each.use is not MediaUse.ROOT]:
        raise click.UsageError(f"The key of {wrong[0]} is not a root key.")
    keys = {each.kid: RootKey(kid=each.kid, public=each.public) for each in found}
    if len(keys) < len(found):
        raise click.UsageError("A root key is given twice.")
    most = len(keys) // 2 + 1
    if (threshold or most) > len(keys):
        raise click.UsageError(f"{len(keys)} keys cannot give {threshold} signatures.")
    ordered = tuple(key for _, key in sorted(keys.items()))
    return OfflineRoot(keys=ordered, threshold=threshold or most)


def prepare_authority(folder: Path, about: "About", root: "OfflineRoot", protection: "Protection") -> None:
    """Make everything but the root's signatures, and say who must sign what."""
    from emla.bootstrap.initialise import prepare
    from emla.cli import screen

    made = prepare(folder, about, root, now=int(time.time()), protection=protection)
    drafts = {"root_draft": str(made.root_draft), "card_draft": str(made.card_draft)}
    if wants_json():
        screen.emit_json(
            {
                "authority": about.authority,
                "data": str(folder),
                **drafts,
                "settings": str(made.settings),
                "threshold": root.threshold,
                "locked": protection.passphrase is not None,
            }
        )
        return
    screen.say(f"{about.authority} is prepared in {folder}. It waits for its root.", style="green")
    screen.facts([("Root", drafts["root_draft"]), ("Card", drafts["card_draft"])])
    screen.note(
        f"Next, {root.threshold} of the {len(root.keys)} holders, each on the machine of the root keys:"
    )
    screen.note("  emla root sign root-draft.json card-draft.json --key ROOT-KEY")
    screen.note("Then here:")
    screen.note(f"  emla init --signed root-draft.json --signed card-draft.json --data {folder}")


def complete_authority(folder: Path, signed: tuple[Path, ...], *, dry_run: bool) -> None:
    """Let the signed root and card take effect.

    Raises:
        click.UsageError: they are not one root and one card.
    """
    from emla.bootstrap.ceremony import read_draft
    from emla.bootstrap.initialise import complete
    from emla.cli import own, screen
    from emla.cli.card_view import fingerprint_lines
    from emla.formats import dsse
    from emla.model.signed import PayloadType

    found = {draft.signed.payload_type: draft for draft in map(read_draft, signed)}
    if len(signed) != 2 or len(found) != 2:
        raise click.UsageError("Give the signed root and the signed card: --signed twice.")
    root, card = found[PayloadType.ROOT], found[PayloadType.CARD]
    authority = complete(folder, dsse.encode(root.signed), dsse.encode(card.signed), dry_run=dry_run)
    fingerprint = own.fingerprint(authority)
    if wants_json():
        screen.emit_json(
            {"authority": authority.id, "data": str(folder), "fingerprint": fingerprint, "dry_run": dry_run}
        )
        return
    if dry_run:
        screen.note(f"{authority.id} would be complete. Nothing was changed: --dry-run.")
        return
    screen.say(f"{authority.id} is complete in {folder}.", style="green")
    screen.facts([("Fingerprint", fingerprint_lines(fingerprint))])
    screen.note("Next:")
    screen.note(f"1. Start the gateway:     emla serve --data {folder}")
    screen.note(f"2. Exchange cards:        emla card export our-card.json --data {folder}")
