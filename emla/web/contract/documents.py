"""Calls about peers, our own keys and documents, and what officers change of them."""

from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from emla.flow.documents.key_life import KeyLife
from emla.model.documents import ApprovalAct, KeyUse
from emla.web.contract.call import (
    AuthorityId,
    Base64,
    Call,
    Count,
    Day,
    Digits32,
    Digits64,
    Flag,
    Instant,
    Items,
    Octets,
    Parameter,
    Shape,
)

EXPORT = Octets("application/vnd.emla.documents+json")


class Ping(Shape, frozen=True, kw_only=True):
    """The last ping of a peer, and the last one that failed."""

    at: Instant | None
    latency_milliseconds: float | None
    clock_difference_seconds: float | None
    software: str | None
    card_version: int | None
    failed_at: Instant | None
    failed_code: str | None


class Ending(Shape, frozen=True, kw_only=True):
    """Root or card, whichever ends first."""

    what: str
    at: Instant
    days_left: float


class Peer(Shape, frozen=True, kw_only=True):
    """An authority that is pinned here."""

    authority: AuthorityId
    name: str
    country: str
    root_version: int
    card_version: int
    card_expires: Instant
    pinned_at: Instant
    fingerprint: str
    last_contact: Instant | None
    endpoint: bool
    through: list[str]
    waiting_legs: Count
    next_attempt: Instant | None
    freshness: str
    status_at: Instant | None
    status_age_seconds: Count
    frozen: bool
    held: str | None
    revocations: Count
    profile_version: int
    next_expiry: Ending
    ping: Ping | None
    equivocations: Count
    contradictions: Count
    doubtful: Count


class PeerKey(Shape, frozen=True, kw_only=True):
    """A key of a peer's card."""

    kid: Digits32
    use: KeyUse
    life: KeyLife
    not_before: Instant
    not_after: Instant


class Endpoint(Shape, frozen=True, kw_only=True):
    """Where a peer is reached."""

    url: str


class DocumentsOfMeasure(Shape, frozen=True, kw_only=True):
    """The documents that a measure needs."""

    measure: str
    documents: list[str]


class Sum(Shape, frozen=True, kw_only=True):
    """An amount of money."""

    amount: int | str
    currency: str


class Requirements(Shape, frozen=True, kw_only=True):
    """What is wanted of requests; what is not said is not there."""

    urgent_languages: list[str] | UnsetType = UNSET
    documents: list[DocumentsOfMeasure] | UnsetType = UNSET
    de_minimis: Sum | UnsetType = UNSET
    service_days: int | UnsetType = UNSET
    reply_days: int | UnsetType = UNSET
    informs_subjects: bool | UnsetType = UNSET


class WorkingDays(Shape, frozen=True, kw_only=True):
    """Days on which nobody works."""

    rest_days: list[str] | UnsetType = UNSET
    holidays: list[Day] | UnsetType = UNSET


class PeerProfile(Shape, frozen=True, kw_only=True):
    """What a peer says of itself."""

    names: dict[str, str]
    contacts: dict[str, str]
    languages: list[str]
    electronic_acceptance: str
    time_zone: str
    office_hours: str
    requirements: Requirements
    working_days: WorkingDays


class PeerInFull(Peer, frozen=True, kw_only=True):
    """A peer with its keys, endpoints, profile and documents."""

    keys: list[PeerKey]
    endpoints: list[Endpoint]
    profile: PeerProfile
    documents: Base64


class Pong(Shape, frozen=True, kw_only=True):
    """What a ping showed; the difference is their clock less ours."""

    authority: AuthorityId
    latency_milliseconds: float
    clock_difference_seconds: float
    software: str
    card_version_known: int
    card_version_theirs: int


class OwnKey(Shape, frozen=True, kw_only=True):
    """A key of our card, or a private key that no card lists yet."""

    kid: Digits32
    use: KeyUse
    life: KeyLife | None
    not_before: Instant | None
    not_after: Instant | None
    days_left: float | None
    revoked_since: Instant | None
    destroy_at: Instant | None
    place: str | None
    waiting_packages: Count
    peers: list[str]


class DocumentStanding(Shape, frozen=True, kw_only=True):
    """Root or card."""

    version: int
    sha256: Digits64
    expires: Instant
    days_left: float


class Revocation(Shape, frozen=True, kw_only=True):
    """A revocation of ours; `kid` is null for a freeze."""

    kid: Digits32 | None
    invalid_since: Instant
    created: Instant
    reason: str
    root_version: int


class OwnDocuments(Shape, frozen=True, kw_only=True):
    """Where our own documents stand."""

    authority: AuthorityId
    frozen: bool
    root: DocumentStanding
    card: DocumentStanding
    profile_version: int
    status_at: Instant | None
    status_expires: Instant | None
    revocations: list[Revocation]


class OwnKeys(Shape, frozen=True, kw_only=True):
    """Our own keys, and where our documents stand."""

    items: list[OwnKey]
    documents: OwnDocuments


class KeyOfficer(Shape, frozen=True, kw_only=True):
    """A key officer of today."""

    name: str
    kid: Digits32


class KeyOfficers(Shape, frozen=True, kw_only=True):
    """The key officers of today, and the bytes of their list."""

    version: int
    document: Base64
    officers: list[KeyOfficer]


class Approval(Shape, frozen=True, kw_only=True):
    """What an officer said about a change."""

    act: ApprovalAct
    officer: Digits32
    name: str | None
    at: Instant


class Change(Shape, frozen=True, kw_only=True):
    """A proposed or published document."""

    hash: Digits64
    type: str
    state: str
    proposed_at: Instant
    published_at: Instant | None
    document: Base64
    approvals: list[Approval]


class Proposal(Shape, frozen=True, kw_only=True):
    """A document, and an officer's signed word for it."""

    type: Annotated[str, Meta(pattern="^(card|root|officers|act)$")]
    document: Base64
    approval: Base64


class Approving(Shape, frozen=True, kw_only=True):
    """Another officer's signed word."""

    approval: Base64


class Publishing(Shape, frozen=True, kw_only=True):
    """The documents of a change, signed."""

    documents: Annotated[list[Base64], Meta(max_length=2)]


class Revoking(Shape, frozen=True, kw_only=True):
    """A revocation that a root key has signed."""

    revocation: Base64


_DOCUMENT_CODES = (
    *("invalid-document", "malformed", "bad-signature", "clock-skew", "frozen"),
    *("document-rollback", "document-expired", "peer-conflict"),
)
_CHANGE_CODES = (
    *_DOCUMENT_CODES,
    *("not-found", "approval-missing", "same-officer", "act-lapsed", "wrong-state", "closed", "held"),
)
_OF_PEERS = (
    *("peer-unreachable", "peer-nonsense", "wrong-pin", "refused-endpoint", "timeout", "stale-peer"),
    *("busy", "quota", "wrong-role", "clock-skew", "unknown-sender", "unknown-kid", "revoked-key", "frozen"),
    *("malformed", "bad-signature", "not-recipient", "invalid-document"),
)
"""What a peer refuses is told as it said it."""

CALLS = (
    Call(method="GET", path="/v1/documents", words="Our own documents, as an export file.", answer=EXPORT),
    Call(method="GET", path="/v1/peers", words="Who is pinned here.", answer=Items[Peer]),
    Call(
        method="POST",
        path="/v1/peers",
        words="Pins a peer, or takes its newer documents. 200: nothing in them is new.",
        query=(Parameter("fingerprint", str, "The 60 digits that two people compared."),),
        takes=EXPORT,
        answer=Peer,
        status=(200, 201),
        codes=(
            "fingerprint-mismatch",
            *_DOCUMENT_CODES,
        ),
    ),
    Call(method="GET", path="/v1/peers/{authority}", words="A peer.", answer=PeerInFull),
    Call(
        method="DELETE",
        path="/v1/peers/{authority}",
        words="Forgets a peer.",
        query=(Parameter("force", Flag, "1: although something waits to be sent to it."),),
        status=(204,),
        codes=("open-legs",),
    ),
    Call(
        method="POST",
        path="/v1/peers/{authority}/ping",
        words="Asks a peer for a signed, empty round trip.",
        answer=Pong,
        codes=_OF_PEERS,
    ),
    Call(method="GET", path="/v1/keys", words="Our own keys, and where our documents stand.", answer=OwnKeys),
    Call(
        method="GET",
        path="/v1/officers",
        words="The key officers of today.",
        answer=KeyOfficers,
        codes=("not-found",),
    ),
    Call(method="GET", path="/v1/changes", words="Changes, the newest first.", answer=Items[Change]),
    Call(method="GET", path="/v1/changes/{hash}", words="A change.", answer=Change),
    Call(
        method="POST",
        path="/v1/changes",
        words="Proposes a document.",
        takes=Proposal,
        answer=Change,
        status=(201,),
        codes=_CHANGE_CODES,
    ),
    Call(
        method="POST",
        path="/v1/changes/{hash}/approvals",
        words="Approves a proposed document.",
        takes=Approving,
        answer=Change,
        status=(201,),
        codes=_CHANGE_CODES,
    ),
    Call(
        method="POST",
        path="/v1/changes/{hash}/publish",
        words="Publishes an approved document, signed.",
        takes=Publishing,
        answer=Change,
        codes=_CHANGE_CODES,
    ),
    Call(
        method="POST",
        path="/v1/revocations",
        words="Revokes a key, or freezes the authority; signed by one root key.",
        takes=Revoking,
        answer=OwnDocuments,
        status=(201,),
        codes=_CHANGE_CODES,
    ),
)
