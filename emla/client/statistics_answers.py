"""What the authority API answers about statistics, as values (docs/reference/authority-api.md)."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class BandView:
    """A number between two others, both included."""

    least: int
    most: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupView:
    """One group of things that were counted."""

    name: str
    total: BandView | None
    """None: fewer than five."""
    tables: dict[str, dict[str, BandView]]
    """What is not listed is none, fewer than five, or withheld."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatisticsView:
    """What may be said of a year."""

    authority: str
    year: int
    as_of: datetime
    groups: tuple[GroupView, ...]
