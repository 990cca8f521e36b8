"""lanes: the legs to one peer that are known to be due, urgent ones apart from normal ones, and which of them is next.

Rules of this file:
- Bounded: a lane holds at most `LANE_MAX` legs, whatever waits. The store has the others and is asked when a lane runs dry.
- Urgent first; but of `TURN` starts one is a normal leg's, when one waits. So endless urgent mail never starves normal mail.
- Each lane is filled for itself: an urgent leg in the store waits behind no normal one in memory.
- A wake goes through the stored legs once, in the order in which they would have been due, and never twice over the same.
"""

import math
from collections import deque
from collections.abc import Callable, Sequence
from typing import Protocol

from emla.model.leg import Leg

LANE_MAX = 1000
TURN = 8

_FIRST = (-math.inf, 0)


class LegReader(Protocol):
    """What a lane asks the store."""

    def due_legs(
        self,
        peer: str,
        now: float,
        limit: int,
        *,
        urgent: bool | None = None,
        after: tuple[float, int] | None = None,
        refused: bool = True,
        kept: Sequence[str] = (),
        hub_held_until: float | None = None,
    ) -> Sequence[Leg]:
        """See `emla.ports.store.Reader`."""
        ...

    def next_due(self, peer: str, after: float, *, urgent: bool | None = None) -> float | None:
        """See `emla.ports.store.Reader`."""
        ...


class _Lane:
    """One lane. `more_stored`: the store may have legs that are due and not here."""

    __slots__ = ("kept", "legs", "more_stored", "next_due", "urgent", "wake", "wake_refused")

    def __init__(self, *, urgent: bool) -> None:
        self.urgent = urgent
        self.legs: deque[Leg] = deque()
        self.more_stored = True
        self.next_due: float | None = None
        self.wake: tuple[float, int] | None = None
        """How far a wake has come through the stored legs; None when none is under way."""
        self.wake_refused = False
        self.kept: Sequence[str] = ()
        """Codes of those that a wake passes over."""


class Lanes:
    """The two lanes to one peer."""

    def __init__(self, peer: str, read: Callable[[], LegReader]) -> None:
        self._peer = peer
        self._read = read
        self._urgent, self._normal = _Lane(urgent=True), _Lane(urgent=False)
        self._queued: set[int] = set()
        self._active: set[int] = set()
        self._urgent_in_a_row = 0

    @property
    def active(self) -> int:
        """How many legs are under way."""
        return len(self._active)

    @property
    def in_memory(self) -> int:
        """How many legs are held here, under way or not."""
        return len(self._queued) + len(self._active)

    @property
    def next_due(self) -> float | None:
        """When the next stored leg is due, of those that wait for a time."""
        return min((each.next_due for each in self._both if each.next_due is not None), default=None)

    @property
    def _both(self) -> tuple[_Lane, _Lane]:
        return self._urgent, self._normal

    def _lane(self, leg: Leg) -> _Lane:
        return self._urgent if leg.urgent else self._normal

    def add(self, leg: Leg) -> None:
        """Take a leg that was just committed; when too many wait in its lane, the store is asked later instead."""
        lane = self._lane(leg)
        if not lane.more_stored and len(lane.legs) < LANE_MAX:
            self._enqueue(lane, leg)
        else:
            # Behind those that wait in the store: as long as new legs came past them, theirs would never be the turn.
            lane.more_stored = True

    def again(self, leg: Leg) -> None:
        """Take back a leg that was under way when everything was woken; there are no more of them than the window holds."""
        self._enqueue(self._lane(leg), leg)

    def _enqueue(self, lane: _Lane, leg: Leg) -> None:
        if leg.id not in self._queued and leg.id not in self._active:
            self._queued.add(leg.id)
            lane.legs.append(leg)

    def withdraw(self, leg_id: int) -> None:
        """A leg is not to be started any more."""
        if leg_id in self._queued:
            self._queued.discard(leg_id)
            for lane in self._both:
                lane.legs = deque(each for each in lane.legs if each.id != leg_id)

    def wake(self, *, refused: bool, kept: Sequence[str] = ()) -> None:
        """Try every leg that waits, whenever it would be due.

        Args:
            refused: also those that were refused for what they are, of which the peer's being back is no news.
            kept: codes of those that go on waiting.
        """
        for lane in self._both:
            lane.wake, lane.more_stored = _FIRST, True
            lane.wake_refused, lane.kept = refused, kept

    def postponed(self, leg: Leg, until: float) -> None:
        """A leg that was under way waits until an instant."""
        lane = self._lane(leg)
        lane.next_due = min(until, lane.next_due or math.inf)

    def ended(self, leg: Leg) -> None:
        """A leg is no longer under way."""
        self._active.discard(leg.id)

    def begin(self, now: float) -> Leg | None:
        """The leg whose turn it is, which is under way from now on; None when none is due."""
        for lane in self._both:
            self._fill(lane, now)
        if self._urgent.legs and not (self._normal.legs and self._urgent_in_a_row >= TURN - 1):
            lane = self._urgent
            self._urgent_in_a_row += 1
        elif self._normal.legs:
            lane = self._normal
            self._urgent_in_a_row = 0
        else:
            return None
        leg = lane.legs.popleft()
        self._queued.discard(leg.id)
        self._active.add(leg.id)
        return leg

    def _fill(self, lane: _Lane, now: float) -> None:
        if lane.next_due is not None and now >= lane.next_due:
            lane.more_stored = True
        while lane.more_stored and not lane.legs:
            limit = LANE_MAX // 2 + len(self._active)
            if lane.wake is not None:
                self._fill_waking(lane, lane.wake, limit, now)
                continue
            legs = self._read().due_legs(self._peer, now, limit, urgent=lane.urgent)
            for leg in legs:
                self._enqueue(lane, leg)
            lane.more_stored = len(legs) == limit
            lane.next_due = (
                None if lane.more_stored else self._read().next_due(self._peer, now, urgent=lane.urgent)
            )

    def _fill_waking(self, lane: _Lane, wake: tuple[float, int], limit: int, now: float) -> None:
        # A wake is for what waits for better times, not for what a hub holds: that would never run dry.
        legs = self._read().due_legs(
            self._peer,
            math.inf,
            limit,
            urgent=lane.urgent,
            after=wake,
            refused=lane.wake_refused,
            kept=lane.kept,
            hub_held_until=now,
        )
        for leg in legs:
            self._enqueue(lane, leg)
        lane.wake = (legs[-1].next_at, legs[-1].id) if len(legs) == limit else None
