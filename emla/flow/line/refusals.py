"""refusals: whose trouble a failed attempt is, the peer's or this one leg's; and when such a leg is put aside. Pure.

A peer that is away makes every leg fail: that is a matter of pauses, however long. A leg that is refused for what it is (a
poison package) is no reason to pause for the others, and trying it for ever helps nobody: it is put aside, and a person looks.
"""

from dataclasses import dataclass

from emla.model.leg import Leg
from emla.model.settings import RelaySettings
from emla.ports.transport import Refusal

OF_ONE_LEG = frozenset(
    {
        "malformed",
        "bad-signature",
        "digest-mismatch",
        "equivocation",
        "bad-suite",
        "too-large",
        "not-recipient",
        "already-held",
        "revoked-key",
        "bad-request",
        "unsupported-encoding",
        "unknown-package",
        "acknowledgement-mismatch",
        "proof-mismatch",
    }
)
"""Codes that speak about what was sent, or about the answer to it; the peer itself is there."""

_NONSENSE = "peer-nonsense"
"""No answer of the protocol: perhaps the peer's trouble, perhaps this package's (something on the way dislikes it)."""

_TRANSIENT_HTTP = ("http-408", "http-425", "http-429")


@dataclass(frozen=True, slots=True, kw_only=True)
class Blame:
    """Whose trouble a failed attempt is."""

    leg: bool
    """It counts towards putting the leg aside."""
    peer: bool
    """It counts towards pausing everything for the peer."""
    answered: bool = True
    """Somebody answered: whatever the code, it may be about this leg alone, and no repeat of it says more about the peer."""


def blame(refusal: Refusal, *, own: bool, answered: bool = True) -> Blame:
    """Whose trouble it is; `own`: the attempt failed here, over this leg; `answered`: the code is what was answered."""
    code = refusal.code
    one_leg = own or code in OF_ONE_LEG or (code.startswith("http-4") and code not in _TRANSIENT_HTTP)
    return Blame(leg=one_leg or code == _NONSENSE, peer=not one_leg, answered=answered)


def is_to_be_held(
    leg: Leg, refusals: int, since: int, now: float, well_at: float, settings: RelaySettings
) -> bool:
    """Whether a leg has been refused often enough.

    Args:
        leg: the leg.
        refusals: how often in a row, with this one.
        since: when the first of them came.
        now: UNIX seconds.
        well_at: when another leg to the same peer last went well; 0 when none did.
        settings: the bounds.
    """
    if leg.expires is not None and now >= leg.expires:
        return False  # that it expired says more
    alone = refusals >= settings.hold_after_refusals and well_at >= since
    return alone or now - since >= settings.hold_after_seconds
