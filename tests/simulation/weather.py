"""The weather of a run: what its options say about the lines, drawn from the run's own generator; then calm."""

import random
from dataclasses import dataclass

from tests.simulation.options import Options, Window

_CALM_SECONDS = 0.002
_REPLAY_SECONDS_MAX = 600.0


@dataclass(slots=True)
class RunWeather:
    """Implements `network.Weather`."""

    options: Options
    chance: random.Random
    calm: bool = False

    def _is_a_line(self, source: str, target: str) -> bool:
        return not self.calm and source != target

    def passes_at(self, source: str, target: str, at: float, size: int) -> float:
        """Late by the line's latency, the slow node's speed, and whatever window is open."""
        if not self._is_a_line(source, target):
            return at + _CALM_SECONDS
        options = self.options
        at += self.chance.expovariate(1 / options.latency_seconds)
        if options.slow in (source, target):
            at += size / options.bytes_per_second
        for window in self._open(source, target, at):
            if window.late_seconds:
                at += self.chance.expovariate(1 / window.late_seconds)
            else:
                at = window.end + self.chance.uniform(0.0, 5.0)  # sent again until it gets through
        return at

    def _open(self, source: str, target: str, at: float) -> list[Window]:
        return [
            each
            for each in self.options.windows
            if (each.source, each.target) == (source, target) and each.begin <= at < each.end
        ]

    def tears(self, source: str, target: str, size: int) -> int | None:
        """Anywhere in what is written."""
        if self._is_a_line(source, target) and self.chance.random() < self.options.loss:
            return self.chance.randint(0, size)
        return None

    def replays(self, source: str, target: str, at: float) -> float | None:
        """At once, or when everybody has forgotten."""
        if self._is_a_line(source, target) and self.chance.random() < self.options.duplication:
            return at + self.chance.choice((0.0, self.chance.uniform(0.0, _REPLAY_SECONDS_MAX)))
        return None

    def doubles(self, source: str, target: str) -> bool:
        """Less often than what is over comes again: a request is written in several pieces, and each may begin a copy."""
        return self._is_a_line(source, target) and self.chance.random() < self.options.duplication / 4

    def refuses(self, source: str, target: str, at: float) -> bool:
        """Somebody on the way has no place."""
        return self._is_a_line(source, target) and self.chance.random() < self.options.refusals
