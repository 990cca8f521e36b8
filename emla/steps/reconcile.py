"""reconcile: what two gateways know of the channels between them -> what to offer again, to return, to ask for, to void.

Rules (docs/spec/channel.md 4):
 1. Nothing in a status ends a leg or moves one on: it is a claim. It only makes us send again what we have.
 2. What waits is offered again. What the other acknowledged and says it lacks is *returned*, with its own acknowledgements: so it
    never has to issue a second one.
 3. What the other forgot of its own, and we hold, is returned to it likewise.
 4. A number that will never come is voided by its sender, and by nobody else.
 5. A status speaks about its own instant: what the other acknowledged, or made, later than that by its own clock is not missing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from emla.model.channel import GAPS_MAX, NumberRange, ReceivedChannel, SentChannel
from emla.model.leg import LegState


class Act(Enum):
    """What is done about a package of ours that the other side says it lacks."""

    OFFER = auto()
    """It waits: its leg is tried at once."""
    RETURN = auto()
    """The other side has acknowledged it: it is given back with those acknowledgements."""
    VOID = auto()
    """It will never come: our status says so."""
    LEAVE = auto()
    """People hold it back, or it is on no leg any more."""


_ACTS = {
    LegState.READY: Act.OFFER,
    LegState.HUB_HELD: Act.OFFER,
    LegState.ACCEPTED: Act.RETURN,
    LegState.CONSIGNED: Act.RETURN,
    LegState.HANDED: Act.RETURN,
    LegState.CONSIGNMENT_FAILED: Act.RETURN,
    LegState.REJECTED: Act.VOID,
    LegState.EXPIRED: Act.VOID,
    LegState.REPLACED: Act.VOID,
}


def act_about(state: LegState) -> Act:
    """What to do about a package that the other side lacks (rules 2 and 4)."""
    return _ACTS.get(state, Act.LEAVE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """How far a channel is whole, and what is missing above that."""

    whole: int
    last: int
    gaps: tuple[NumberRange, ...]


def count(numbers: Sequence[int], before: Counted) -> Counted:
    """Find the gaps in a channel. Nothing is said about what lies above the highest number given or the last gap that fits.

    Args:
        numbers: numbers that are there, all above `before.last`, rising.
        before: what was found below them.
    """
    whole, gaps, last = before.whole, list(before.gaps), before.last
    for number in numbers:
        if number > last + 1:
            if len(gaps) == GAPS_MAX:
                break
            gaps.append((last + 1, number - 1))
        last = number
        if not gaps:
            whole = number
    return Counted(whole=whole, last=last, gaps=tuple(gaps))


def lacking(said: ReceivedChannel | None, last: int) -> tuple[NumberRange, ...]:
    """Which of our numbers, up to the last one used, the other side says it lacks."""
    if last < 1:
        return ()
    if said is None:
        return ((1, last),)
    ranges = [each for each in said.gaps if each[0] <= last]
    # Above `last` a bounded status says nothing; a whole one has no more gaps than fit, and lacks what lies above.
    if len(said.gaps) < GAPS_MAX and said.last < last:
        ranges.append((said.last + 1, last))
    return tuple((first, min(end, last)) for first, end in ranges)


def forgotten(said: SentChannel | None, highest: int) -> tuple[NumberRange, ...]:
    """Which of the other's numbers, up to the highest that came here, it says it knows nothing of."""
    if highest < 1:
        return ()
    if said is None:
        return ((1, highest),)
    ranges = list(said.lost)
    if len(said.lost) < GAPS_MAX and said.seq < highest:
        ranges.append((said.seq + 1, highest))
    return tuple((first, min(end, highest)) for first, end in ranges if first <= highest)


def within(number: int, ranges: Iterable[NumberRange]) -> bool:
    """Whether a number lies in one of the ranges."""
    return any(first <= number <= last for first, last in ranges)
