"""`emla keys rotate`: new keys, the card that lists them, its proposal, and the draft for the root, in one step."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from emla.cli.invocation import common, wants_json, with_client
from emla.cli.lazy import example_text
from emla.cli.media_key import FILE, confirm, instant
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

_DAY = 86400
AHEAD_SECONDS = _DAY
"""When a new key begins unless said: peers hear of it before it is used."""
CARD_SECONDS = 400 * _DAY


@common
@click.command(epilog=example_text("emla keys rotate seal --as anna.json"))
@click.argument("uses", type=click.Choice(["sign", "ledger", "seal"]), nargs=-1, required=True)
@officer_options
@click.option("--begin", metavar="INSTANT|now", help="When the new key begins; else in 24 hours.")
@click.option(
    "--overlap-days",
    type=click.IntRange(0, 90),
    default=30,
    show_default=True,
    help="Days that the old key goes on.",
)
@token_options
@click.option(
    "--out",
    type=FILE,
    default=Path("card-draft.json"),
    show_default=True,
    help="Draft for the root to sign.",
)
@server_passphrase_options
def rotate(
    *,
    uses: tuple[str, ...],
    officer: Path,
    begin: str | None,
    overlap_days: int,
    token: str | None,
    token_module: str | None,
    token_pin_file: Path | None,
    token_pin_fd: int | None,
    out: Path,
    passphrase_file: Path | None,
    passphrase_fd: int | None,
    server_passphrase_file: Path | None,
    server_passphrase_fd: int | None,
    yes: bool,
    dry_run: bool,
) -> None:
    """Make new keys and propose the card that lists them.

    Several uses may be named: it is one card. The old key goes on until the overlap is over; what was sealed to
    it and signed by it stays good. Peers hear of the new key before it begins. It is in force when another
    officer has approved, the root has signed and the card is published.
    """
    from emla.cli import screen
    from emla.cli.present import read_present
    from emla.cli.proposing import changes_document, hand_in, refuse_existing, show_proposals, tell
    from emla.steps.compare import at

    if (token_module and not token) or (token and "seal" in uses):
        raise click.UsageError("--token is for sign and ledger keys, and --token-module for a --token.")
    now = int(time.time())
    begins = now if begin == "now" else instant(begin, now + AHEAD_SECONDS)
    if begins < now:
        raise click.UsageError("A new key does not begin in the past: give a later --begin, or now.")
    if begins + overlap_days * _DAY <= now and {"sign", "ledger"} & set(uses):
        raise click.UsageError(
            "The old key would end at once, and goes on signing until the card is published: "
            "give a later --begin, or days of overlap."
        )
    present, settings = with_client(read_present), server_settings()
    judges = present.required_officers()
    refuse_existing(out)
    uses = tuple(dict.fromkeys(uses))
    plan = Rotation(uses=uses, begin=begins, overlap_seconds=overlap_days * _DAY)
    if dry_run:
        _show_plan(plan, present)
        return
    confirm(
        f"Make {plan.words} in force from {at(begins)}, and propose that as {officer_name(officer)}?", yes=yes
    )
    opened = open_officer(officer, passphrase_file, passphrase_fd, judges)
    pin = chosen(token_pin_file=token_pin_file, token_pin_fd=token_pin_fd)
    where = open_token(settings, token, token_module, pin) if token else None
    find = find_server_passphrase(settings, server_passphrase_file, server_passphrase_fd)
    keys = make_keys(settings, uses, find, where, present.authority.id)
    try:
        proposals = [plan.proposal(present, keys, out)]
        show_proposals(proposals, present)
        changes = hand_in(proposals, opened, present.authority.id)
    except BaseException:
        listed = " ".join(f"--list {each.kid}" for each in keys)
        screen.note("The keys are made; no card lists them. When what is told below is mended:")
        screen.note(f"  emla card propose {listed} --as {officer}")
        raise
    if wants_json():
        made = {"begin": screen.utc(begins), "keys": [{"use": each.use, "kid": each.kid} for each in keys]}
        screen.emit_json(made | {"proposed_by": opened.name, "changes": changes_document(proposals, changes)})
        return
    tell(proposals, changes, opened.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotation:
    """New keys take over from those of today."""

    uses: tuple[str, ...]
    begin: int
    overlap_seconds: int

    def ends(self, present: "Present") -> dict[str, int]:
        """When the keys of today end."""
        from emla.model.documents import KeyUse
        from emla.steps.next_card import overlap_ends

        ends: dict[str, int] = {}
        for use in self.uses:
            ends |= overlap_ends(present.authority, KeyUse(use), self.begin, self.overlap_seconds)
        return ends

    @property
    def words(self) -> str:
        """The new keys in words."""
        return " and ".join(f"a new {use} key" for use in self.uses)

    def proposal(self, present: "Present", keys: "list[NewKey]", out: Path) -> "Proposal":
        """The next card with the new keys."""
        from emla.bootstrap.listing import card_key
        from emla.cli.proposing import Proposal
        from emla.formats.documents import encode_card
        from emla.model.signed import PayloadType
        from emla.steps.next_card import CardPlan, next_card

        plan = CardPlan(add=[card_key(each, self.begin) for each in keys], ends=self.ends(present))
        card = next_card(present.authority, plan, now=int(time.time()), life_seconds=CARD_SECONDS)
        return Proposal(kind=PayloadType.CARD, payload=encode_card(card), draft=out, draft_is_new=True)


def _show_plan(plan: Rotation, present: "Present") -> None:
    from emla.cli import screen
    from emla.steps.compare import at

    ends = plan.ends(present)
    if wants_json():
        listed = [{"kid": kid, "not_after": screen.utc(end)} for kid, end in ends.items()]
        screen.emit_json(
            {"dry_run": True, "uses": plan.uses, "begin": screen.utc(plan.begin), "ends": listed}
        )
        return
    screen.say(f"Would make {plan.words} in force from {at(plan.begin)}.")
    for kid, end in ends.items():
        screen.say(f"The key {kid} would end {at(end)}.")
    screen.note("Nothing was made: --dry-run.")
