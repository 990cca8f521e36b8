"""Statistics without persons: what is counted, and in what form numbers leave the gateway.

Here: values. Not here: counting (`emla.cases.tally`), and what may be shown (`emla.cases.disclosure`).

Rules of this file:
- A count has no names, no texts, no ids: country, instrument, type of measure, outcome and time alone.
- A number that leaves is a band of five. Groups under five do not leave at all.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

STEP = 5
"""Groups under it are not shown; numbers are shown in bands of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """One group of things that are counted, every one of them once in each table."""

    name: str
    """For example ``requests-sent``."""
    total: int
    tables: Mapping[str, Mapping[str, int]]
    """Dimension to code to count; no zeros."""


@dataclass(frozen=True, slots=True)
class Band:
    """A number between two others, both included."""

    least: int
    most: int

    def __str__(self) -> str:
        return f"{self.least}-{self.most}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What may leave of one group."""

    name: str
    total: Band | None
    """None: fewer than five."""
    tables: Mapping[str, Mapping[str, Band]]
    """What is not listed is fewer than five, none, or withheld so that another cell cannot be computed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """One year."""

    authority: str
    year: int
    as_of: datetime
    """What was written before this instant counts."""
    groups: tuple[Shown, ...]
