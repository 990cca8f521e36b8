"""`emla peer`: the other authorities known here."""

import time

import click

from emla.cli.invocation import common, wants_json, with_client
from emla.cli.lazy import Entry, LazyGroup, example_text

_WIDE_FROM = 100
"""Columns from which on the software is shown, too."""

peer = LazyGroup(
    "peer",
    table={
        "import": Entry("peer_import:import_peer", "Pin another authority's card, or take its newer one."),
        "list": Entry("peer:list_peers", "List the authorities known here."),
        "show": Entry("peer:show", "Show one authority: keys, expiry, fingerprint, what waits for it."),
        "ping": Entry("peer:ping", "Make contact with a peer now."),
        "forget": Entry(
            "peer_forget:forget", "Forget an authority: nothing is sent to it or taken from it any more."
        ),
    },
    text="The other authorities known here.",
    example="emla peer import their-card.json",
)


@common
@click.command("list", epilog=example_text("emla peer list"))
def list_peers() -> None:
    """List the authorities known here.

    Silent: how long ago it last said which of its keys are current; late after two days, and after seven, stale:
    its packages wait. Ends: root or card, whichever ends first. Clock: theirs against ours.
    """
    from emla.cli import screen
    from emla.cli.peer_view import COLUMNS, FOLDED, WIDE_COLUMNS, peer_row

    found = with_client(lambda client: client.peers())
    if wants_json():
        screen.emit_json({"items": found})
        return
    if not found:
        screen.note("No peers yet. Import a card: emla peer import FILE")
        return
    now = time.time()
    heads = WIDE_COLUMNS if screen.columns() >= _WIDE_FROM else COLUMNS
    rows = [peer_row(each, now)[: len(heads)] for each in found]
    screen.table(heads, rows, fold=FOLDED)


@common
@click.command(epilog=example_text("emla peer show nl.minjus"))
@click.argument("authority")
def show(authority: str) -> None:
    """Show one authority: keys, expiry, fingerprint, what waits for it."""
    from emla.cli import screen
    from emla.cli.card_view import card_document, show_card
    from emla.cli.own import read_authority
    from emla.cli.peer_view import peer_facts

    found = with_client(lambda client: client.peer(authority))
    documents = read_authority(found.documents)
    if wants_json():
        standing = {
            "pinned_at": found.pinned_at,
            "last_contact": found.last_contact,
            "waiting_legs": found.waiting_legs,
            "next_attempt": found.next_attempt,
            "standing": found.standing,
        }
        screen.emit_json(card_document(documents) | standing)
        return
    show_card(documents, int(time.time()))
    screen.facts(peer_facts(found, time.time()))


@common
@click.command(epilog=example_text("emla peer ping nl.minjus"))
@click.argument("authority")
def ping(authority: str) -> None:
    """Make contact with a peer now.

    Shows how long it takes, how far the clocks differ, and whether the peer has a newer card. Whatever waits
    for the peer is tried at once. Exit code 5 when it cannot be reached.
    """
    from emla.cli import screen
    from emla.model.limits import WIRE

    pong = with_client(lambda client: client.ping(authority))
    if wants_json():
        screen.emit_json(pong)
        return
    screen.facts(
        [
            ("Authority", pong.authority),
            ("Answered in", f"{pong.latency_milliseconds:.0f} ms"),
            ("Their clock", f"{pong.clock_difference_seconds:+.1f} s against ours"),
            ("Software", pong.software),
            ("Card", f"version {pong.card_version_theirs}, we hold version {pong.card_version_known}"),
        ]
    )
    if pong.card_version_theirs > pong.card_version_known:
        screen.note("The peer has a newer card: ask for its export and import it.", style="yellow")
    if abs(pong.clock_difference_seconds) > WIRE.clock_skew_seconds / 2:
        screen.note("The clocks differ too much: set the wrong one.", style="yellow")
