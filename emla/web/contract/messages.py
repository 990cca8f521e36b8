"""Calls about messages and legs."""

from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from emla.model.acknowledgement import Event
from emla.model.findings import OVERRIDES_MAX, REASON_CHARACTERS_MAX
from emla.model.leg import LegKind, LegState
from emla.model.limits import WIRE
from emla.model.package import PartRole, Priority
from emla.web.contract.call import (
    LIMIT,
    WAIT,
    Asked,
    AuthorityId,
    Base64,
    Call,
    Count,
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
from emla.web.contract.erasure import Hold, Order
from emla.web.contract.holdings import Holding
from emla.web.contract.scans import PartScan

SUBMISSION = "application/vnd.emla.submission"


class Acknowledgement(Shape, frozen=True, kw_only=True):
    """Signed proof of what became of a package. Technical delivery is not acceptance of a request."""

    event: Event
    at: Instant
    by: str
    reason: str | None
    proves: str
    bundle: Base64


class Submitted(Shape, frozen=True, kw_only=True):
    """What a submitter wants to know at once."""

    pid: Digits64
    direction: str
    state: LegState
    acknowledgements: list[Acknowledgement]


class MessageSummary(Shape, frozen=True, kw_only=True):
    """A package in a list; what only its content says is null until it is opened, and for who sees no content."""

    pid: Digits64
    direction: Annotated[str, Meta(pattern="^(in|out)$")]
    peer: str
    message: str | None
    message_id: Digits32 | None
    conversation: Digits32 | None
    state: str
    late: bool
    urgent: bool
    created: Instant
    expires: Instant | None
    size: int
    code: str | None
    infected: Count
    erased: Order | None
    hold: Hold | None


class Signer(Shape, frozen=True, kw_only=True):
    """Who signed a message."""

    name: str
    post: str


class Part(Shape, frozen=True, kw_only=True):
    """A part of a message; `name` is for display and never a path."""

    n: Count
    role: PartRole
    media: str
    name: str
    size: Count
    sha256: Digits64
    scan: PartScan | UnsetType | None = UNSET
    """Absent in a draft."""


class Trouble(Shape, frozen=True, kw_only=True):
    """Proof against a peer."""

    what: str
    id: str
    event: Event | None
    code: str
    at: Instant


class Leg(Shape, frozen=True, kw_only=True):
    """Something that waits for a peer, or was given to it."""

    id: Count
    kind: LegKind
    ref: str
    peer: str
    state: LegState
    urgent: bool
    attempts: Count
    next_at: Instant | None
    last_code: str | None
    created: Instant
    expires: Instant | None
    overdue: bool
    refusals: Count
    reason: str | None
    detail: str | None
    held_since: Instant | None
    owner: str | None


class Message(MessageSummary, frozen=True, kw_only=True):
    """A package and all that is known of it; the last five members are there once it is opened."""

    acknowledgements: list[Acknowledgement]
    leg: Leg | None
    trouble: list[Trouble]
    officer: Signer | UnsetType = UNSET
    in_reply_to: Digits32 | UnsetType | None = UNSET
    parts: list[Part] | UnsetType = UNSET
    findings: list[Finding] | UnsetType = UNSET
    holding: Holding | UnsetType = UNSET


class Reason(Shape, frozen=True, kw_only=True):
    """Why a leg is put aside."""

    reason: Annotated[str, Meta(min_length=1, max_length=500)]


class DeclaredPart(Asked, frozen=True, kw_only=True):
    """A part that follows. `sha256` is not looked at: the message itself names the hashes of what belongs to it."""

    name: str
    media: str
    role: PartRole
    size: Count
    sha256: str | UnsetType = UNSET


class Overriding(Asked, frozen=True, kw_only=True):
    """A rule of severity `error` in spite of which the message is sent, and why."""

    rule: str
    reason: Annotated[str, Meta(min_length=1, max_length=REASON_CHARACTERS_MAX)]


class Declaration(Asked, frozen=True, kw_only=True):
    """What a submission says of itself: its parts in their order, the message first."""

    parts: Annotated[list[DeclaredPart], Meta(min_length=1, max_length=WIRE.parts)]
    prio: Priority | UnsetType = UNSET
    recipient: AuthorityId | UnsetType = UNSET
    expires_in_days: Annotated[int, Meta(ge=1, le=90)] | UnsetType = UNSET
    overrides: Annotated[list[Overriding], Meta(max_length=OVERRIDES_MAX)] | UnsetType = UNSET
    case_etag: Digits32 | UnsetType = UNSET
    emergency: Annotated[str, Meta(min_length=1, max_length=REASON_CHARACTERS_MAX)] | UnsetType = UNSET


SUBMITTED_BODY = Octets(
    SUBMISSION,
    "Four bytes, big-endian, with the length of the JSON that follows; the JSON (`x-emla-front`); the bytes of every part.",
    Declaration,
)
_LEG_ID = {"id": Annotated[int, Meta(ge=0, lt=10**15)]}

CHECKED = (
    *("invalid-message", "malformed-xml", "unknown-recipient", "not-sender", "check-failed"),
    *("missing-attachment", "unnamed-attachment", "attachment-changed", "unreadable-file"),
    *("case-changed", "message-id-reused", "not-found", "not-readable", "not-erased"),
    *("unknown-kid", "stale-peer", "held", "frozen", "busy", "quota", "timeout"),
)
"""What may be said of a message that is handed in."""

CALLS = (
    Call(
        method="POST",
        path="/v1/messages",
        words="Submits a message with its attachments. 200: it was here already, the same to the byte.",
        query=(WAIT,),
        takes=SUBMITTED_BODY,
        keyed=False,  # its key is the MessageId
        conditional=True,
        answer=Submitted,
        status=(200, 201),
        codes=(*CHECKED, "needs-approval", "no-emergency"),
    ),
    Call(
        method="GET",
        path="/v1/messages",
        words="Packages of both boxes, the newest first.",
        query=(
            Parameter("box", Annotated[str, Meta(pattern="^(in|out|all)$")], "Which box; all unless told."),
            Parameter("state", str, "Only those in this state."),
            Parameter("quarantined", Flag, "1: only those that could not be opened, or are in quarantine."),
            LIMIT,
        ),
        answer=Items[MessageSummary],
    ),
    Call(
        method="GET",
        path="/v1/messages/{pid}",
        words="Everything about one package.",
        query=(
            Parameter(
                "after",
                Annotated[int, Meta(ge=0, lt=10**15)],
                "With `wait`: until there are more acknowledgements.",
            ),
            WAIT,
        ),
        answer=Message,
    ),
    Call(
        method="GET",
        path="/v1/messages/{pid}/parts/{number}",
        words="The bytes of a part. The read leaves a leaf, and the first one of a part records its hand-over.",
        answer=Octets("application/octet-stream"),
        headers={"X-Emla-Sha256": "The hash of the part.", "X-Content-Type-Options": "nosniff"},
        writes=True,
        codes=(
            *("not-readable", "payload-damaged", "chunk-damaged", "part-mismatch"),
            *("recalled", "use-ended", "retention-ended", "unusable", "not-cleared"),
            *("infected", "not-scanned", "scanner-failed", "busy"),
        ),
    ),
    Call(
        method="POST",
        path="/v1/messages/{pid}/release",
        words="Has a package opened once more that is in quarantine, or whose payload could not be read.",
        answer=Message,
        codes=("wrong-state", "closed", "held"),
    ),
    Call(
        method="GET",
        path="/v1/legs",
        words="What waits for peers, those due first in front.",
        query=(
            Parameter("state", LegState, "Only those in this state."),
            Parameter("peer", str, "Only those for this peer."),
            Parameter("dead", Flag, "1: only packages that somebody must look at, the newest first."),
            Parameter("overdue", Flag, "1: only those that wait longer than they should."),
            LIMIT,
        ),
        answer=Items[Leg],
    ),
    Call(method="GET", path="/v1/legs/{id}", words="One leg.", places=_LEG_ID, answer=Leg),
    Call(
        method="POST",
        path="/v1/legs/{id}/retry",
        words="Tries a READY leg at once.",
        places=_LEG_ID,
        answer=Leg,
    ),
    Call(
        method="POST",
        path="/v1/legs/{id}/hold",
        words="Puts a READY leg aside.",
        places=_LEG_ID,
        takes=Reason,
        answer=Leg,
        codes=("wrong-state", "closed", "held"),
    ),
    Call(
        method="POST",
        path="/v1/legs/{id}/release",
        words="Lets a HELD leg go on.",
        places=_LEG_ID,
        answer=Leg,
        codes=("wrong-state", "closed", "held"),
    ),
)
