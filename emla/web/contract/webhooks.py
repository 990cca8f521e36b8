"""Calls by which events are posted to a case system."""

from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from emla.model.webhook import URL_CHARACTERS_MAX, Pause
from emla.web.contract.call import Asked, Call, Count, Digits32, Instant, Items, Shape
from emla.web.contract.drafts import Somebody
from emla.web.contract.events import EventId

Url = Annotated[str, Meta(min_length=1, max_length=URL_CHARACTERS_MAX)]
After = Annotated[str, Meta(min_length=1, max_length=64)]
Types = Annotated[list[str], Meta(max_length=64)]


class Paused(Shape, frozen=True, kw_only=True):
    """Why nothing is posted."""

    code: Pause
    why: str
    at: Instant


class Failed(Shape, frozen=True, kw_only=True):
    """What the target did not take the last time that it did not."""

    at: Instant
    code: str
    detail: str


class Key(Shape, frozen=True, kw_only=True):
    """What verifies the calls: an Ed25519 public key, as 32 octets in base64url and as PEM."""

    keyid: Digits32
    public: str
    pem: str


class WebhookLine(Shape, frozen=True, kw_only=True):
    """Where events are posted to. `place`: what the target has answered for last."""

    id: Annotated[str, Meta(pattern="^[0-9a-f]{16}$")]
    url: str
    types: list[str]
    person: Somebody
    created_at: Instant
    place: EventId | None
    told_at: Instant | None
    paused: Paused | None
    failures: Count
    failed: Failed | None
    key: Key


class Waiting(Shape, frozen=True, kw_only=True):
    """How many events the target has not answered for. `more`: at least."""

    count: Count
    more: bool


class Webhook(WebhookLine, frozen=True, kw_only=True):
    """A webhook, with what waits for its target; null where its place is none any more."""

    waiting: Waiting | None


class WebhookWanted(Asked, frozen=True, kw_only=True):
    """Where to post which events to. `after`: the `id` of an event, `now` (so without it), or `beginning`."""

    url: Url
    types: Types | UnsetType = UNSET
    after: After | UnsetType = UNSET


class ResumeWanted(Asked, frozen=True, kw_only=True):
    """From where on; without it, where the webhook stood."""

    after: After | UnsetType = UNSET


class Tried(Shape, frozen=True, kw_only=True):
    """The status with which the target took it."""

    status: Annotated[int, Meta(ge=200, lt=300)]


CALLS = (
    Call(
        method="GET",
        path="/v1/webhooks",
        words="Where events are posted to, the oldest first: one's own, or all for an operator.",
        answer=Items[WebhookLine],
    ),
    Call(
        method="POST",
        path="/v1/webhooks",
        words="Has events posted to an address, as the caller may be told them.",
        takes=WebhookWanted,
        answer=Webhook,
        status=(201,),
        codes=("refused-target", "place-unknown"),
    ),
    Call(
        method="GET",
        path="/v1/webhooks/{id}",
        words="A webhook, with what waits for its target.",
        answer=Webhook,
    ),
    Call(
        method="DELETE",
        path="/v1/webhooks/{id}",
        words="Ends a webhook.",
        answer=WebhookLine,
    ),
    Call(
        method="POST",
        path="/v1/webhooks/{id}/test",
        words="Posts an event that says nothing, once, also where the webhook is paused.",
        answer=Tried,
        codes=("refused-target", "target-unreachable"),
    ),
    Call(
        method="POST",
        path="/v1/webhooks/{id}/pause",
        words="Posts nothing until somebody resumes it.",
        answer=Webhook,
    ),
    Call(
        method="POST",
        path="/v1/webhooks/{id}/resume",
        words="Goes on posting. One that is not paused is left as it is.",
        takes=ResumeWanted,
        answer=Webhook,
        codes=("place-unknown",),
    ),
)
