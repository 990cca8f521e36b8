"""`emla ledger recover`: the card that ends a ledger which is behind and begins the next one, proposed."""

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from emla.cli.invocation import common, wants_json, with_client
from emla.cli.lazy import example_text
from emla.cli.media_key import FILE, confirm
from emla.cli.officer_key import officer_name, officer_options, open_officer
from emla.cli.server_keys import find_server_passphrase, server_passphrase_options, server_settings

if TYPE_CHECKING:
    from emla.bootstrap.new_keys import NewKey
    from emla.cli.present import Present
    from emla.cli.proposing import Proposal
    from emla.client.ledger_answers import LedgerState

_CARD_SECONDS = 400 * 86400


@common
@click.command(epilog=example_text("emla ledger recover --as anna.json"))
@officer_options
@click.option(
    "--out",
    type=FILE,
    default=Path("card-draft.json"),
    show_default=True,
    help="Draft for the root to sign.",
)
@server_passphrase_options
def recover(
    *,
    officer: Path,
    out: Path,
    passphrase_file: Path | None,
    passphrase_fd: int | None,
    server_passphrase_file: Path | None,
    server_passphrase_fd: int | None,
    yes: bool,
    dry_run: bool,
) -> None:
    """Propose the card that begins a new epoch of the ledger.

    For a ledger that is closed because a peer holds more of it than it knows: a backup was restored, or somebody
    tampered. Find out which before you go on. The card lists a new ledger key, and the old ones end with it. The
    new epoch begins when another officer has approved, the root has signed and the card is published; peers then
    return what they hold. The old ledger stays as it is and stays verifiable.
    """
    from emla.cli import screen
    from emla.cli.present import read_present
    from emla.cli.proposing import changes_document, hand_in, refuse_existing, show_proposals, tell

    state = with_client(lambda client: client.ledger())
    _require_closed(state)
    present, settings = with_client(read_present), server_settings()
    judges = present.required_officers()
    refuse_existing(out)
    question = f"End {state.origin} at {state.size} leaves and begin epoch {state.epoch_known + 1}"
    if dry_run:
        if wants_json():
            screen.emit_json({"dry_run": True, "origin": state.origin, "epoch": state.epoch_known + 1})
        else:
            screen.say(f"Would propose: {question}.")
            screen.note("Nothing was proposed: --dry-run.")
        return
    confirm(f"{question}, proposed by {officer_name(officer)}?", yes=yes)
    opened = open_officer(officer, passphrase_file, passphrase_fd, judges)
    find = find_server_passphrase(settings, server_passphrase_file, server_passphrase_fd)

    from emla.bootstrap.new_keys import add_key
    from emla.bootstrap.own import KEYS
    from emla.keyring.files import FileUse

    now = int(time.time())
    key = add_key(
        settings.data / KEYS, FileUse.LEDGER, find, token=None, authority=present.authority.id, now=now
    )
    try:
        proposals = [_proposal(present, state, key, now, out)]
        show_proposals(proposals, present)
        changes = hand_in(proposals, opened, present.authority.id)
    except BaseException:
        screen.note(
            f"The key {key.kid} is made; no card lists it. Remove {key.path.name}, or leave it unused."
        )
        raise
    if wants_json():
        made = {"origin": state.origin, "epoch": state.epoch_known + 1, "key": key.kid}
        screen.emit_json(made | {"proposed_by": opened.name, "changes": changes_document(proposals, changes)})
        return
    tell(proposals, changes, opened.name)


def _require_closed(state: "LedgerState") -> None:
    """Say that there is nothing to recover before anybody types a passphrase.

    Raises:
        InvalidDocumentError: ``invalid-document``.
    """
    from emla.flow.recover import still_to_say
    from emla.model.errors import InvalidDocumentError

    if state.closed is None:
        raise InvalidDocumentError(
            "invalid-document", f"The ledger {state.origin} is open; nothing is to be recovered."
        )
    if state.unanswered:
        raise InvalidDocumentError("invalid-document", still_to_say(state.unanswered))


def _proposal(present: "Present", state: "LedgerState", key: "NewKey", now: int, out: Path) -> "Proposal":
    """The next card: the next epoch, the new key from now on, and the end of those before it."""
    from emla.bootstrap.listing import card_key
    from emla.cli.proposing import Proposal
    from emla.formats.documents import encode_card
    from emla.model.documents import KeyUse
    from emla.model.signed import PayloadType
    from emla.steps.next_card import CardPlan, next_card, overlap_ends

    plan = CardPlan(
        add=[card_key(key, now)],
        ends=overlap_ends(present.authority, KeyUse.LEDGER, now, 0),
        begins_epoch=True,
        version_above=state.card_version_known,
        epoch_above=state.epoch_known,
    )
    card = next_card(present.authority, plan, now=now, life_seconds=_CARD_SECONDS)
    return Proposal(kind=PayloadType.CARD, payload=encode_card(card), draft=out, draft_is_new=True)
