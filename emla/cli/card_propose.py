"""`emla card propose`: one officer proposes the next card, the next root with it, or the list of key officers."""

import functools
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from emla.cli.invocation import common, wants_json, with_client
from emla.cli.lazy import example_text
from emla.cli.media_key import FILE, confirm, instant, listed_kid
from emla.cli.officer_key import officer_name, officer_options, open_officer
from emla.cli.server_keys import find_server_passphrase, server_passphrase_options, server_settings

if TYPE_CHECKING:
    from emla.cli.present import Present
    from emla.cli.proposing import Proposal
    from emla.keyring.folder import FindSecret
    from emla.model.documents import CardKey, Officers

_DAY = 86400
CARD_DAYS = 400
_DRAFT = "card-draft.json"


@common
@click.command(epilog=example_text("emla card propose --as anna.json --endpoint https://mla.example:8443"))
@officer_options
@click.option(
    "--officer",
    "people",
    multiple=True,
    type=FILE,
    help="Propose this list of key officers: each one's .pub.json.",
)
@click.option(
    "--list", "listed", multiple=True, metavar="KID", help="List this private key of the server, too."
)
@click.option("--end", "ends", multiple=True, metavar="KID=INSTANT", help="End this key at this instant.")
@click.option("--endpoint", metavar="URL", help="Where the gateway is reached from now on.")
@click.option("--no-endpoint", is_flag=True, help="Nobody can reach the gateway from outside any more.")
@click.option(
    "--hub", "hubs", multiple=True, metavar="ID", help="The hubs from now on, all of them; several in order."
)
@click.option("--no-hub", is_flag=True, help="No hub holds anything for us any more.")
@click.option("--root", type=FILE, help="Put the card under this next root, and propose both.")
@click.option(
    "--days",
    type=click.IntRange(1, CARD_DAYS),
    default=CARD_DAYS,
    show_default=True,
    help="How long the card lives.",
)
@click.option(
    "--out",
    type=FILE,
    default=Path(_DRAFT),
    show_default=True,
    help="Draft for the root to sign.",
)
@server_passphrase_options
def propose(
    *,
    officer: Path,
    people: tuple[Path, ...],
    listed: tuple[str, ...],
    ends: tuple[str, ...],
    endpoint: str | None,
    no_endpoint: bool,
    hubs: tuple[str, ...],
    no_hub: bool,
    root: Path | None,
    days: int,
    out: Path,
    passphrase_file: Path | None,
    passphrase_fd: int | None,
    server_passphrase_file: Path | None,
    server_passphrase_fd: int | None,
    yes: bool,
    dry_run: bool,
) -> None:
    """Propose the next card, or the list of key officers.

    The card is today's with what the options change, dated anew; its draft goes to the root keys. With
    --officer it is the list of key officers, whole each time: who is not named is no officer any more. Nothing
    is in force before another officer has approved it and it is published.
    """
    from emla.cli import screen
    from emla.cli.present import read_present
    from emla.cli.proposing import (
        changes_document,
        hand_in,
        proposals_document,
        refuse_existing,
        show_proposals,
        tell,
    )

    reach = Reach(endpoint=endpoint, no_endpoint=no_endpoint, hubs=hubs, no_hub=no_hub)
    if people and (listed or ends or reach != Reach() or root):
        raise click.UsageError("--officer proposes a list of officers; the other options propose a card.")
    present = with_client(read_present)
    if people:
        proposals, judges = _officers(people, present)
    else:
        judges = present.required_officers()
        refuse_existing(out)
        settings = server_settings()
        find = find_server_passphrase(settings, server_passphrase_file, server_passphrase_fd)
        keys = _listed(settings.data, listed, find)
        wanted = Wanted(add=keys, ends=ends, reach=reach, root=root, days=days, tls=settings.data / "tls")
        proposals = _card(wanted, present, out)
    show_proposals(proposals, present)
    if dry_run:
        if wants_json():
            screen.emit_json({"dry_run": True, "proposals": proposals_document(proposals, present)})
        else:
            screen.note("Nothing was proposed: --dry-run.")
        return
    confirm(f"Propose this as {officer_name(officer)}?", yes=yes)
    opened = open_officer(officer, passphrase_file, passphrase_fd, judges)
    changes = hand_in(proposals, opened, present.authority.id)
    if wants_json():
        screen.emit_json({"proposed_by": opened.name, "changes": changes_document(proposals, changes)})
        return
    tell(proposals, changes, opened.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """What the options say about how the gateway is reached from now on.

    Raises:
        click.UsageError: they contradict each other.
    """

    endpoint: str | None = None
    no_endpoint: bool = False
    hubs: tuple[str, ...] = ()
    no_hub: bool = False

    def __post_init__(self) -> None:
        """Refuse what cannot be."""
        if (self.endpoint and self.no_endpoint) or (self.hubs and self.no_hub):
            raise click.UsageError("--endpoint and --no-endpoint, --hub and --no-hub exclude each other.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the options say about the next card."""

    add: "tuple[CardKey, ...]"
    ends: tuple[str, ...]
    reach: Reach
    root: Path | None
    days: int
    tls: Path


def _officers(people: tuple[Path, ...], present: "Present") -> "tuple[list[Proposal], Officers]":
    from emla.bootstrap.officer import next_officers
    from emla.cli.proposing import Proposal
    from emla.formats.approval import decode_officers
    from emla.keyring.media import read_public
    from emla.model.signed import PayloadType

    payload = next_officers(
        present.authority.id,
        present.officers_document,
        tuple(read_public(each) for each in people),
        now=int(time.time()),
    )
    # The first list is judged by those it lists itself.
    judges = present.officers or decode_officers(payload)
    return [Proposal(kind=PayloadType.OFFICERS, payload=payload)], judges


def _listed(data: Path, kids: tuple[str, ...], find: "FindSecret") -> "tuple[CardKey, ...]":
    from emla.bootstrap.listing import card_key, find_key
    from emla.bootstrap.own import KEYS

    # A person types the passphrase once.
    once, now = functools.cache(find), int(time.time())
    return tuple(card_key(find_key(data / KEYS, kid, once), now) for kid in kids)


def _card(wanted: Wanted, present: "Present", out: Path) -> "list[Proposal]":
    from emla.bootstrap.ceremony import read_draft
    from emla.cli.proposing import Proposal
    from emla.formats.documents import encode_card
    from emla.keyring.tls import check_tls
    from emla.model.documents import Root
    from emla.model.signed import PayloadType
    from emla.steps.next_card import CardPlan, next_card

    root = read_draft(wanted.root) if wanted.root else None
    if root and not isinstance(root.document, Root):
        raise click.UsageError(f"{wanted.root} is a card; --root takes the next root (`emla root rotate`).")
    reach = wanted.reach
    first = reach.endpoint is not None and not present.authority.card.endpoints
    plan = CardPlan(
        add=wanted.add,
        ends=dict(_end(each, present) for each in wanted.ends),
        endpoint_url=reach.endpoint,
        spki_sha256=check_tls(wanted.tls).spki_sha256 if first else None,
        without_endpoint=reach.no_endpoint,
        hubs=reach.hubs or (() if reach.no_hub else None),
        root_version=root.document.version if root else None,
    )
    card = next_card(present.authority, plan, now=int(time.time()), life_seconds=wanted.days * _DAY)
    proposals = [
        Proposal(kind=PayloadType.CARD, payload=encode_card(card), draft=out, draft_is_new=True),
    ]
    if root:
        proposals.append(Proposal(kind=PayloadType.ROOT, payload=root.signed.payload, draft=wanted.root))
    return proposals


def _end(text: str, present: "Present") -> tuple[str, int]:
    kid, equals, at = text.partition("=")
    if not equals:
        raise click.UsageError(f"'{text}' is not KID=INSTANT, for example 3b0c91f2=2027-03-01T00:00Z.")
    return listed_kid(present.authority, kid), instant(at, 0)
