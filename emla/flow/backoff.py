"""When to try again: full jitter over a doubling span, capped. A decision is a value; the sleeping is done elsewhere."""

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
