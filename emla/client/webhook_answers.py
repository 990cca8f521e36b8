"""What the authority API answers about webhooks, as values (docs/reference/authority-api.md)."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookOwner:
    """Whose sight it has."""

    id: str
    name: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookPaused:
    """Why nothing is posted."""

    code: str
    why: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookFailed:
    """What the target did not take the last time that it did not."""

    at: datetime
    code: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookKey:
    """What verifies its calls."""

    keyid: str
    public: str
    pem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookWaiting:
    """How many events its target has not answered for."""

    count: int
    more: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookView:
    """Where events are posted to. `waiting` is not in a list."""

    id: str
    url: str
    types: tuple[str, ...]
    person: WebhookOwner
    created_at: datetime
    place: str | None
    told_at: datetime | None
    paused: WebhookPaused | None
    failures: int
    failed: WebhookFailed | None
    key: WebhookKey
    waiting: WebhookWaiting | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookList:
    """Some of them."""

    items: tuple[WebhookView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookTried:
    """What the target answered to a try."""

    status: int
