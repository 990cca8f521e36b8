"""What the server says about erasure and legal holds."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldView:
    """A legal hold."""

    at: datetime
    by: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderView:
    """An order to erase what was here of a case."""

    state: str
    why: str
    by: str
    approved_by: str
    """The second person; empty where none had to approve it."""
    reason: str
    ordered_at: datetime
    erased_at: datetime | None
    packages: int
    package: str | None
    """The package whose content alone it is about; None: everything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingView:
    """An order that waits for a second person."""

    hash: str
    """Of exactly what would go."""
    by: str
    reason: str
    although_open: bool
    at: datetime
    lapses_at: datetime
    package: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasureView:
    """What was erased of a case, what is left, what waits, and what stands against erasing it."""

    case_id: str
    sent: int
    received: int
    drafts: int
    closed: bool | None
    obstacles: tuple[str, ...]
    hash: str | None
    """Of what would go now."""
    hold: HoldView | None
    waiting: tuple[WaitingView, ...]
    orders: tuple[OrderView, ...]
