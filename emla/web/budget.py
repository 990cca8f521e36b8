"""Budgets: so many of something in a minute, for each who asks. No I/O and no clock: instants come in as arguments.

Forgotten are those who have not asked for longest, when there are too many to remember: whoever changes names all the time
has little under each of them.
"""

from collections import OrderedDict

_NAMES_MAX = 4096
_MINUTE_SECONDS = 60.0


class Budget:
    """A bucket for each name: full at first, it refills evenly within a minute."""

    __slots__ = ("_buckets", "_most", "_rate")

    def __init__(self, per_minute: int) -> None:
        """Args: how many in a minute, and how many at once after a minute of quiet."""
        self._most = float(per_minute)
        self._rate = per_minute / _MINUTE_SECONDS
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def left(self, name: str, now: float) -> float:
        """How many are left; a whole one is needed."""
        found = self._buckets.get(name)
        if found is None:
            return self._most
        left, at = found
        return min(self._most, left + max(0.0, now - at) * self._rate)

    def spend(self, name: str, now: float) -> bool:
        """Take one; False when there is none left."""
        left = self.left(name, now)
        enough = left >= 1.0
        self._buckets[name] = (left - 1.0 if enough else left, now)
        self._buckets.move_to_end(name)
        if len(self._buckets) > _NAMES_MAX:
            self._buckets.popitem(last=False)
        return enough

    def fine(self, name: str, now: float) -> None:
        """Take all that are left and all that come back within the next minute."""
        self._buckets[name] = (-self._most, now)
        self._buckets.move_to_end(name)
