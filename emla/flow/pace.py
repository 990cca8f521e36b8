"""pace: so many of something within a minute, for each name. In memory; whoever is over it waits and loses nothing."""

from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field

_WITHIN_SECONDS = 60.0
_NAMES_MAX = 4096


@dataclass(slots=True)
class Pace:
    """Counts by name. `most` within a minute; `steady` is a clock that nobody sets."""

    most: int
    steady: Callable[[], float]
    _taken: OrderedDict[str, deque[float]] = field(default_factory=OrderedDict)

    def take(self, name: str) -> bool:
        """Take one; False when there were enough within the last minute."""
        now = self.steady()
        taken = self._taken.setdefault(name, deque(maxlen=self.most))
        self._taken.move_to_end(name)
        if len(self._taken) > _NAMES_MAX:
            self._taken.popitem(last=False)
        if len(taken) == self.most and now - taken[0] < _WITHIN_SECONDS:
            return False
        taken.append(now)
        return True
