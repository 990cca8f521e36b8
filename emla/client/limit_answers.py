"""What the authority API answers about time limits, as values (docs/reference/authority-api.md)."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadlineView:
    """One time limit."""

    code: str
    what: str
    side: str
    ours: bool
    measures: tuple[str, ...]
    due_on: str | None
    """The last day, where the requested authority is; None where hours are counted."""
    due_at: datetime
    course: str
    firm: bool
    overdue: bool
    source: str
    verified: bool
    started_at: datetime
    met_at: datetime | None
    extended_by: str | None
    doubts: tuple[str, ...]

    @property
    def open(self) -> bool:
        """Whether somebody has still to act."""
        return self.course in ("running", "overdue")
