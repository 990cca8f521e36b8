"""Legs as a person reads them: the queue, what somebody must look at, and one of them whole."""

from rich.text import Text

from emla.cli import screen
from emla.cli.wording import NOT_ACCEPTANCE, instant, plain, short, state
from emla.client.leg_answers import Leg


def show_legs(legs: tuple[Leg, ...]) -> None:
    """Print the queue."""
    screen.table(
        ("Leg", "What", "Of", "Peer", "State", "Tried", "Next", "Last problem"),
        [
            (
                each.id,
                _what(each),
                short(each.ref),
                each.peer,
                _state(each),
                str(each.attempts),
                instant(each.next_at),
                each.last_code or "-",
            )
            for each in legs
        ],
        fold=("Peer", "Last problem", "What", "State"),
    )
    screen.note(NOT_ACCEPTANCE)


def _what(leg: Leg) -> str:
    return f"{leg.kind}{' (urgent)' if leg.urgent else ''}"


def _state(leg: Leg) -> Text:
    text = Text(plain(leg.state))
    if leg.overdue:
        text.append(" (overdue)", style="yellow")
    return text


def show_dead(legs: tuple[Leg, ...]) -> None:
    """Print what somebody must look at: why, and who."""
    screen.table(
        ("Leg", "Of", "Peer", "State", "Since", "Reason", "Who must act"),
        [
            (
                each.id,
                short(each.ref),
                each.peer,
                _state(each),
                instant(each.held_since),
                _reason(each),
                each.owner or "-",
            )
            for each in legs
        ],
        fold=("Peer", "Reason", "Who must act"),
    )


def _reason(leg: Leg) -> str:
    return ": ".join(each for each in (leg.reason, leg.detail) if each) or "-"


def show_leg(leg: Leg) -> None:
    """Print one leg whole."""
    rows = [
        ("Leg", leg.id),
        ("What", _what(leg)),
        ("Of", leg.ref),
        ("Peer", leg.peer),
        ("State", f"{state(leg.state)}{', overdue' if leg.overdue else ''}"),
        ("Created", instant(leg.created)),
        ("Expires", instant(leg.expires)),
        ("Tried", f"{leg.attempts}, next {instant(leg.next_at)}"),
    ]
    if leg.last_code:
        rows.append(("Last problem", leg.last_code))
    if leg.refusals:
        rows.append(("Refused", f"{leg.refusals} times in a row"))
    if leg.held_since:
        rows.append(("Held since", instant(leg.held_since)))
    if leg.reason:
        rows.append(("Reason", _reason(leg)))
    if leg.owner:
        rows.append(("Who must act", leg.owner))
    screen.facts(rows)
    screen.note(NOT_ACCEPTANCE)
