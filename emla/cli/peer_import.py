"""`emla peer import`: trust begins here, with two people on the telephone.

Rules of this file:
- Two of the twelve groups are hidden until they have been typed: nobody can answer from the own screen alone.
- What does not match goes to the server all the same, which refuses it and records the attempt.
- Without a terminal the whole fingerprint must be given; nothing is ever pinned unasked.
"""

import contextlib
import re
import secrets
from pathlib import Path

import click

from emla.cli.invocation import at_terminal, common, data, wants_json, with_client
from emla.cli.lazy import example_text
from emla.model.documents import Authority

ATTEMPTS = 3
GROUPS_ASKED = 2
_HIDDEN = "?????"


@common
@click.command("import", epilog=example_text("emla peer import their-card.json"))
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--fingerprint", metavar="DIGITS", help="All 60 digits, as the other operator read them.")
@click.option("--dry-run", is_flag=True, help="Check the file and the fingerprint; pin nothing.")
def import_peer(file: Path, *, fingerprint: str | None, dry_run: bool) -> None:
    """Pin another authority's card, or take its newer one.

    Telephone the other operator on a number you know, not one from the file. Compare the groups shown; two
    are hidden and you type what you hear. Without a terminal, give all digits with --fingerprint.
    """
    from emla.cli import own, screen
    from emla.cli.card_view import card_document, show_card
    from emla.model.errors import InvalidDocumentError

    documents = own.read_documents(file)
    authority = own.read_authority(documents)
    if authority.id == own.own_authority_id(data()):
        raise click.UsageError(f"{file} is this authority's own card; import the other authority's.")
    expected = own.fingerprint(authority)
    if fingerprint is not None:
        compared = _digits(fingerprint)
    elif at_terminal():
        compared = _ask(authority, expected)
    else:
        raise click.UsageError("There is no terminal to ask at: give all 60 digits with --fingerprint.")
    if compared != _digits(expected):
        if not dry_run:
            _record(documents, compared)
        raise InvalidDocumentError("fingerprint-mismatch", f"The file says it is of {authority.id}.")
    if dry_run:
        peer, new = None, False
    else:
        peer, new = with_client(lambda client: client.import_peer(documents, expected))
    if wants_json():
        told: object = card_document(authority) if peer is None else peer
        screen.emit_json({"dry_run": dry_run, "new": new, "peer": told})
        return
    import time

    show_card(authority, int(time.time()))
    if dry_run:
        screen.note("The fingerprint is right. Nothing was pinned: --dry-run.")
    elif new:
        screen.say(f"{authority.id} is pinned. Try the line: emla peer ping {authority.id}", style="green")
    else:
        screen.say(f"{authority.id} was already known with these documents. Nothing changed.")


def _digits(text: str) -> str:
    """The 60 digits; blanks and hyphens between them do not matter.

    Raises:
        click.UsageError: it is something else.
    """
    digits = re.sub(r"[\s-]", "", text)
    if not re.fullmatch(r"[0-9]{60}", digits, re.ASCII):
        raise click.UsageError("A fingerprint has 60 digits: 12 groups of 5.")
    return digits


def _record(documents: bytes, compared: str) -> None:
    """Let the server refuse it, too: an exchanged file leaves its trace in the ledger. Without a server there is none."""
    from emla.model.errors import EmlaError

    with contextlib.suppress(EmlaError):
        with_client(lambda client: client.import_peer(documents, compared))


def _ask(authority: Authority, expected: str) -> str:
    """Have two hidden groups typed back; all 60 digits with what was typed.

    They stay hidden until they are right: a retry must not show the answer.
    """
    from emla.cli import screen
    from emla.cli.card_view import fingerprint_lines

    groups = expected.split()
    asked = sorted(secrets.SystemRandom().sample(range(len(groups)), GROUPS_ASKED))
    shown = " ".join(_HIDDEN if number in asked else group for number, group in enumerate(groups))
    names = [name for _, name in authority.profile.names]
    screen.note(f"This file says it is the card of {authority.id}{f' ({names[0]})' if names else ''}.")
    screen.note("Telephone that authority on a number you know and ask for the fingerprint of its card")
    screen.note("(`emla card show`). Compare every group, and type the two that are hidden here.")
    screen.note("\n" + fingerprint_lines(shown) + "\n", style="bold")
    typed: dict[int, str] = {}
    for left in range(ATTEMPTS - 1, -1, -1):
        typed = {
            number: re.sub(r"[\s-]", "", str(click.prompt(f"Group {number + 1}", err=True)))
            for number in asked
        }
        right = all(groups[number] == text for number, text in typed.items())
        if right or not left:
            break
        screen.note("That is not what this file has. Ask for both groups again.", style="yellow")
    return "".join(typed.get(number, group) for number, group in enumerate(groups))
