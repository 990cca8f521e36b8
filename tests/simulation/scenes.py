"""Runs that a test decides instead of a seed: nothing goes wrong but what it says."""

import pytest

from emla.flow import reminders
from emla.flow.documents import upkeep
from emla.flow.line import relay, watch_legs
from emla.flow.member import mailboxes
from tests.simulation.options import HOUR, NAMES, Kind, Options, Planned

_SEED = 7_000_000
"""Of no campaign."""
_ROUNDS = (
    (upkeep, "_ROUND_SECONDS"),
    (watch_legs, "_ROUND_SECONDS"),
    (reminders, "_ROUND_SECONDS"),
    (mailboxes, "_LOOK_SECONDS"),
    (relay, "_HEARTBEAT_SECONDS"),
)
_SELDOM_SECONDS = 600.0


def calm_options(kind: Kind) -> Options:
    """A run in which nothing happens and nothing goes wrong; a test replaces what it is about."""
    return Options(
        seed=_SEED,
        kind=kind,
        safety_seconds=HOUR,
        planned=(),
        latency_seconds=0.02,
        loss=0.0,
        duplication=0.0,
        refusals=0.0,
        bytes_per_second=1e9,
        slow=NAMES[0],
        windows=(),
        deaths=(),
        jumps=(),
        failures=(),
        opener_deaths=0.0,
        evil=False,
    )


def message(
    sender: str,
    recipient: str,
    *,
    at: float = 0.0,
    urgent: bool = False,
    large: bool = False,
    days: int | None = None,
) -> Planned:
    """One message, waited for by nobody."""
    return Planned(
        at=at,
        sender=sender,
        recipient=recipient,
        urgent=urgent,
        large=large,
        days=days,
        wait=False,
        read=False,
    )


def messages_between(
    sender: str, recipient: str, count: int, *, every_seconds: float = 1.0
) -> tuple[Planned, ...]:
    """Some messages, one after the other."""
    return tuple(message(sender, recipient, at=number * every_seconds) for number in range(count))


def go_rounds_seldom(patch: pytest.MonkeyPatch) -> None:
    """Have gateways do every ten minutes most of what they do each minute, which is most of what days of silence cost."""
    for module, name in _ROUNDS:
        patch.setattr(module, name, _SELDOM_SECONDS)
