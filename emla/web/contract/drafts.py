"""Calls about messages that wait for a second person, and about those that went without one."""

from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from emla.model.draft import DraftState
from emla.model.findings import REASON_CHARACTERS_MAX
from emla.model.package import Priority
from emla.web.contract.call import (
    LIMIT,
    Asked,
    Call,
    Digits32,
    Digits64,
    Finding,
    Flag,
    Instant,
    Items,
    Octets,
    Parameter,
    Shape,
)
from emla.web.contract.messages import CHECKED, SUBMITTED_BODY, Part, Signer

Said = Annotated[str, Meta(min_length=1, max_length=REASON_CHARACTERS_MAX)]


class Somebody(Shape, frozen=True, kw_only=True):
    """A person: by the id that the ledger names, and the name, where there is one."""

    id: str
    name: str | None


class DraftLine(Shape, frozen=True, kw_only=True):
    """A draft in a list; what only its content says is null when that is gone."""

    id: Digits32
    state: DraftState
    message: str | None
    message_id: Digits32
    case_id: Digits32
    recipient: str | None
    urgency: str | None
    drafter: Somebody
    at: Instant
    lapses_at: Instant
    decided_at: Instant | None
    decided_by: Somebody | None
    pid: Digits64 | None


class Overridden(Shape, frozen=True, kw_only=True):
    """A rule in spite of which it is to be sent, and why."""

    rule: str
    reason: str


class Draft(DraftLine, frozen=True, kw_only=True):
    """A draft whole; the last four members are there while its content is. `hash` is of everything that would be sent."""

    hash: Digits64 | None
    case_moved: bool | None
    overrides: list[Overridden]
    parts: list[Part]
    findings: list[Finding]
    officer: Signer | UnsetType = UNSET
    prio: Priority | UnsetType | None = UNSET
    expires_in_days: int | UnsetType | None = UNSET
    returned_because: str | UnsetType | None = UNSET


class HandedIn(Shape, frozen=True, kw_only=True):
    """A draft; of a message that was sent before `id` is null, and only `state` and `pid` are beside it."""

    id: Digits32 | None
    state: DraftState
    pid: Digits64 | None
    message: str | UnsetType | None = UNSET
    message_id: Digits32 | UnsetType = UNSET
    case_id: Digits32 | UnsetType = UNSET
    recipient: str | UnsetType | None = UNSET
    urgency: str | UnsetType | None = UNSET
    drafter: Somebody | UnsetType = UNSET
    at: Instant | UnsetType = UNSET
    lapses_at: Instant | UnsetType = UNSET
    decided_at: Instant | UnsetType | None = UNSET
    decided_by: Somebody | UnsetType | None = UNSET
    hash: Digits64 | UnsetType | None = UNSET
    case_moved: bool | UnsetType | None = UNSET
    overrides: list[Overridden] | UnsetType = UNSET
    parts: list[Part] | UnsetType = UNSET
    findings: list[Finding] | UnsetType = UNSET
    officer: Signer | UnsetType = UNSET
    prio: Priority | UnsetType | None = UNSET
    expires_in_days: int | UnsetType | None = UNSET
    returned_because: str | UnsetType | None = UNSET


class Approving(Asked, frozen=True, kw_only=True):
    """What was looked at."""

    hash: Digits64


class Returning(Approving, frozen=True, kw_only=True):
    """What was looked at, and what is to be mended."""

    reason: Said


class SentAlone(Shape, frozen=True, kw_only=True):
    """A message that went without a second person, and what one said of it since; `erased`: with what people wrote about it."""

    message_id: Digits32
    pid: Digits64 | None
    person: Somebody
    at: Instant
    urgency: str
    reason: str
    reviewed_at: Instant | None
    reviewed_by: Somebody | None
    agrees: bool | None
    words: str
    erased: bool


class Review(Asked, frozen=True, kw_only=True):
    """Whether it should have gone."""

    agrees: bool
    words: Said | UnsetType = UNSET


CALLS = (
    Call(
        method="POST",
        path="/v1/drafts",
        words="Hands a message in for another person to approve. 200: it was here already.",
        takes=SUBMITTED_BODY,
        keyed=False,  # its key is the MessageId
        conditional=True,
        answer=HandedIn,
        status=(200, 201),
        codes=(*CHECKED, "draft-decided", "payload-damaged"),
    ),
    Call(
        method="GET",
        path="/v1/drafts",
        words="Drafts, the newest first: one's own, or all for whoever sees all cases.",
        query=(
            Parameter("state", DraftState, "Only those in this state."),
            Parameter("mine", Flag, "1: only one's own."),
            LIMIT,
        ),
        answer=Items[DraftLine],
        codes=("payload-damaged",),
    ),
    Call(
        method="GET",
        path="/v1/drafts/{id}",
        words="A draft. The read leaves a leaf.",
        answer=Draft,
        writes=True,
        codes=("draft-decided", "payload-damaged"),
    ),
    Call(
        method="DELETE",
        path="/v1/drafts/{id}",
        words="Takes a draft of one's own back; its content goes.",
        answer=Draft,
        codes=("draft-decided", "payload-damaged"),
    ),
    Call(
        method="GET",
        path="/v1/drafts/{id}/parts/{number}",
        words="The bytes of a part of a draft. The read leaves a leaf.",
        answer=Octets("application/octet-stream"),
        headers={"X-Emla-Sha256": "The hash of the part.", "X-Content-Type-Options": "nosniff"},
        writes=True,
        codes=("draft-decided", "payload-damaged"),
    ),
    Call(
        method="POST",
        path="/v1/drafts/{id}/approve",
        words="Sends a draft, as the second person: exactly what was looked at.",
        takes=Approving,
        answer=Draft,
        codes=(*CHECKED, "own-draft", "draft-changed", "draft-decided", "payload-damaged"),
    ),
    Call(
        method="POST",
        path="/v1/drafts/{id}/return",
        words="Returns a draft to its drafter, with the reason.",
        takes=Returning,
        answer=Draft,
        codes=("own-draft", "draft-changed", "draft-decided", "payload-damaged"),
    ),
    Call(
        method="GET",
        path="/v1/alone",
        words="Messages that went without a second person, the newest first.",
        query=(Parameter("open", Flag, "1: only those that no approver has looked at."), LIMIT),
        answer=Items[SentAlone],
    ),
    Call(
        method="POST",
        path="/v1/alone/{message_id}/review",
        words="Says of such a message, as the second person, whether it should have gone.",
        takes=Review,
        answer=SentAlone,
        codes=("own-draft", "draft-decided"),
    ),
)
