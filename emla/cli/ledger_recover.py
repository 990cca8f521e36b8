"""`emla ledger recover`: the card that ends a ledger which is behind and begins the next one, proposed."""

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from emla.cli.invocation import common, wants_json, with_client
from emla.cli.lazy import example_text
from emla.cli.media_key import FILE, confirm
from emla.cli.officer_key import officer_name, officer_options, open_officer
from emla.cli.server_keys import (
    find_server_passphrase,
    make_keys,
    open_token,
    server_passphrase_options,
    server_settings,
    token_options,
)
from emla.cli.unlock import chosen

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
@token_options
@server_passphrase_options
def recover(
    *,
    officer: Path,
    out: Path,
    token: str | None,
    token_module: str | None,
    token_pin_file: Path | None,
    token_pin_fd: int | None,
    passphrase_file: Path | None,
    passphrase_fd: int | None,
    server_passphrase_file: Path | None,
    server_passphrase_fd: int | None,
    yes: bool,
    dry_run: bool,
) -> None:
    """Propose the card that begins a new epoch of the ledger.

    For a ledger that is closed because a peer holds more of it than it knows: a backup was restored, or somebody
    tampered. Find out which before you go on. The card lists a new ledger key, and the old ones end with it; where
    other keys of the card were lost with what was restored, they end, too, and new ones take their place. The new
    epoch begins when another officer has approved, the root has signed and the card is published; peers then return
    what they hold. The old ledger stays as it is and stays verifiable.
    """
    from emla.cli import screen
    from emla.cli.present import read_present
    from emla.cli.proposing import changes_document, hand_in, refuse_existing, show_proposals, tell

    state = with_client(lambda client: client.ledger())
    _require_closed(state)
    present, settings = with_client(read_present), server_settings()
    judges = present.required_officers()
    refuse_existing(out)
    if token_module and not token:
        raise click.UsageError("--token-module is for a --token.")
    uses = _uses(state, present, int(time.time()))
    others = [use for use in uses if use != "ledger"]
    question = f"End {state.origin} at {state.size} leaves and begin epoch {_next_epoch(state)}"
    if others:
        question += f", with a new {' and a new '.join(others)} key for what was lost"
    if dry_run:
        if wants_json():
            screen.emit_json(
                {"dry_run": True, "origin": state.origin, "epoch": _next_epoch(state), "uses": uses}
            )
        else:
            screen.say(f"Would propose: {question}.")
            screen.note("Nothing was proposed: --dry-run.")
        return
    confirm(f"{question}, proposed by {officer_name(officer)}?", yes=yes)
    opened = open_officer(officer, passphrase_file, passphrase_fd, judges)
    pin = chosen(token_pin_file=token_pin_file, token_pin_fd=token_pin_fd)
    where = open_token(settings, token, token_module, pin) if token else None
    find = find_server_passphrase(settings, server_passphrase_file, server_passphrase_fd)
    keys = make_keys(settings, uses, find, where, present.authority.id)
    try:
        proposals = [_proposal(present, state, keys, int(time.time()), out)]
        show_proposals(proposals, present)
        changes = hand_in(proposals, opened, present.authority.id)
    except BaseException:
        names = ", ".join(each.path.name for each in keys)
        screen.note(f"Made, and listed on no card: {names}. Remove it, or leave it unused.")
        raise
    if wants_json():
        made = {
            "origin": state.origin,
            "epoch": _next_epoch(state),
            "keys": [{"use": each.use, "kid": each.kid} for each in keys],
        }
        screen.emit_json(made | {"proposed_by": opened.name, "changes": changes_document(proposals, changes)})
        return
    tell(proposals, changes, opened.name)


def _require_closed(state: "LedgerState") -> None:
    """Say that there is nothing to recover before anybody types a passphrase.

    Raises:
        InvalidDocumentError: ``invalid-document``.
    """
    from emla.model.errors import InvalidDocumentError

    if state.closed is None:
        raise InvalidDocumentError(
            "invalid-document", f"The ledger {state.origin} is open; nothing is to be recovered."
        )


def _next_epoch(state: "LedgerState") -> int:
    return max(state.epoch, state.epoch_known) + 1


def _uses(state: "LedgerState", present: "Present", now: int) -> tuple[str, ...]:
    """What new keys are made for: the ledger, and whatever the card lists from today on and was lost."""
    lost = {kid for _, kid in state.keys_absent}
    others = (key.use for key in present.authority.card.keys if key.kid in lost and key.not_after > now)
    return tuple(dict.fromkeys(("ledger", *others)))


def _proposal(
    present: "Present", state: "LedgerState", keys: "list[NewKey]", now: int, out: Path
) -> "Proposal":
    """The next card: the next epoch, the new keys from now on, the end of the ledger keys before, and of what was lost."""
    from emla.bootstrap.listing import card_key
    from emla.cli.proposing import Proposal
    from emla.formats.documents import encode_card
    from emla.model.documents import KeyUse
    from emla.model.signed import PayloadType
    from emla.steps.next_card import CardPlan, next_card, overlap_ends

    lost = {kid for _, kid in state.keys_absent}
    ends = overlap_ends(present.authority, KeyUse.LEDGER, now, 0) | {
        key.kid: max(now, key.not_before + 1)
        for key in present.authority.card.keys
        if key.kid in lost and key.not_after > now
    }
    plan = CardPlan(
        add=[card_key(each, now) for each in keys],
        ends=ends,
        begins_epoch=True,
        epoch_above=state.epoch_known,
        version_above=state.card_version_known,
    )
    card = next_card(present.authority, plan, now=now, life_seconds=_CARD_SECONDS)
    return Proposal(kind=PayloadType.CARD, payload=encode_card(card), draft=out, draft_is_new=True)
