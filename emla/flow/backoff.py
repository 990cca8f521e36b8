"""When to try again: full jitter over a doubling span, capped. A decision is a value; the sleeping is done elsewhere."""

from dataclasses import dataclass

BASE_SECONDS = 2.0
URGENT_CAP_SECONDS = 15 * 60
NORMAL_CAP_SECONDS = 60 * 60
_LEAST_SECONDS = 0.25
_DOUBLINGS_MAX = 16


def delay_seconds(failures: int, *, urgent: bool, chance: float, retry_after: float = 0.0) -> float:
    """How long to wait after so many failures in a row.

    Args:
        failures: 1 after the first failure.
        urgent: whether the urgent cap holds.
        chance: a fresh random number in [0, 1).
        retry_after: what the peer asked for, in seconds; honoured up to the cap.
    """
    cap = URGENT_CAP_SECONDS if urgent else NORMAL_CAP_SECONDS
    span = min(cap, BASE_SECONDS * 2.0 ** min(max(failures, 1) - 1, _DOUBLINGS_MAX))
    return min(cap, max(_LEAST_SECONDS, chance * span, retry_after))


PASSING = frozenset({"busy", "quota", "maintenance", "processing", "stopping"})
"""What a peer says about itself at the moment: no attempt, and no failure of the line."""
CROWDED = frozenset({"busy", "maintenance", "stopping"})
"""Those that hold for everything to this peer, and not for one package."""
_PASSING_SECONDS = 5.0


def wait_seconds(*, urgent: bool, chance: float, retry_after: float) -> float:
    """How long to wait for what passes by itself: as long as the peer asked, and up to half as long again.

    The peer told everybody the same: who waits takes a time of its own, so that they do not all come back at once.

    Args:
        urgent: whether the urgent cap holds.
        chance: a fresh random number in [0, 1).
        retry_after: what the peer asked for, in seconds; 0 when it did not say.
    """
    cap = URGENT_CAP_SECONDS if urgent else NORMAL_CAP_SECONDS
    return min(cap, max(_LEAST_SECONDS, (retry_after or _PASSING_SECONDS) * (1 + chance / 2)))


HUB_BASE_SECONDS = 60 * 60
HUB_CAP_SECONDS = 24 * 60 * 60
_HUB_DOUBLINGS_MAX = 8


def hub_pause_seconds(offers: int, *, chance: float) -> float:
    """How long a leg that a hub holds waits before it is tried again: an hour, doubling to a day, give or take a fifth.

    Args:
        offers: how often the hub has been given it.
        chance: a fresh random number in [0, 1).
    """
    span = min(HUB_CAP_SECONDS, HUB_BASE_SECONDS * 2.0 ** min(max(offers, 1) - 1, _HUB_DOUBLINGS_MAX))
    return span * (0.8 + 0.4 * chance)


def item_pause_seconds(failures: int, *, chance: float) -> float:
    """How long an item that cannot be taken out of a mailbox is left there: seconds at first, doubling to a day.

    Args:
        failures: how often it was tried.
        chance: a fresh random number in [0, 1).
    """
    span = min(HUB_CAP_SECONDS, BASE_SECONDS * 2.0 ** min(max(failures, 1) - 1, _DOUBLINGS_MAX))
    return span * (0.5 + chance / 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Postponed:
    """A leg that goes on asking, though nothing failed; when it is tried next is stored already. UNIX seconds."""

    next_at: float
