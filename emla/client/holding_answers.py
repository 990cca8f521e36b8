"""What the authority API answers about what messages have brought, as values (docs/reference/authority-api.md)."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitView:
    """One limit on use."""

    limit: str
    id: str
    until: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelView:
    """How something must be handled now."""

    level: str
    confidential: bool
    limits: tuple[LimitView, ...]
    onward: str
    """NONE, ASK or ALLOWED: all limits counted."""
    releasable_to: tuple[str, ...]
    not_releasable_to: tuple[str, ...]
    sealed_from_subject: bool
    sealed_until: str | None
    undisclosed_until: str | None
    kept_until: str | None
    review_on: str | None
    disposition: str | None
    sensitive: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecallView:
    """A recall; `result` once the holder has answered."""

    by: str
    message_id: str
    at: datetime
    reason: str
    action: str
    due_on: str | None
    result: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentView:
    """The owner's answer to a question for another use."""

    message_id: str
    decision: str
    until: str | None
    recipients: tuple[str, ...]
    holds: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DisclosedView:
    """Notice that exonerating material is disclosed."""

    message_id: str
    on: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BarView:
    """Why something is not handed out."""

    code: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ThingView:
    """The message itself (`id` is empty), a file, or an item of evidence."""

    id: str
    kind: str
    label: LabelView
    recalled: RecallView | None
    consents: tuple[ConsentView, ...]
    disclosed: tuple[DisclosedView, ...]
    barred: BarView | None
    part: int | None = None
    """Of the view of a package: its number there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldingView:
    """What one message has brought."""

    sender: str
    message_id: str
    message_type: str
    owner: str
    holder: str
    binds_us: bool
    things: tuple[ThingView, ...]

    @property
    def barred_parts(self) -> frozenset[int]:
        """Parts of the package that are not handed out."""
        return frozenset(each.part for each in self.things if each.barred and each.part is not None)
