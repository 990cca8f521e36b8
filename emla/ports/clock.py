"""Time and chance come in here, and nowhere else."""

from collections.abc import Callable
from typing import Protocol

Entropy = Callable[[int], bytes]
"""Returns so many fresh bytes from the operating system's random source (in a simulation: from the seed)."""


class Clock(Protocol):
    """The wall clock and the steady clock."""

    def now(self) -> float:
        """UNIX seconds. May jump when somebody sets the clock."""
        ...

    def steady(self) -> float:
        """Seconds that only go forward; for durations."""
        ...
