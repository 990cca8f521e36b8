"""Calls about the gateway itself: its status, profile, ledger, backups; what a hub holds; this document."""

from typing import Annotated, Any

from msgspec import UNSET, Meta, UnsetType

from emla.model.documents import KeyUse
from emla.web.contract.call import Asked, AuthorityId, Call, Count, Digits32, Instant, Items, Shape


class LedgerHead(Shape, frozen=True, kw_only=True):
    """Where our ledger stands."""

    size: Count
    origin: str


class OwnHub(Shape, frozen=True, kw_only=True):
    """A hub of our own card."""

    authority: AuthorityId
    pinned: bool
    reached: bool


class Confinement(Shape, frozen=True, kw_only=True):
    """What confines a process, and whether it took effect."""

    name: str
    effective: bool
    detail: str


class Status(Shape, frozen=True, kw_only=True):
    """How the server is."""

    authority: AuthorityId
    epoch: int
    version: str
    software: str
    ready: bool
    peers: Count
    legs: dict[str, int]
    ledger: LedgerHead
    batch_wait_milliseconds_longest: float
    commits: Count
    fsyncs: Count
    opener: list[Confinement]
    clerk: list[Confinement]
    scanner: str | UnsetType | None = UNSET
    """Absent at a hub."""
    hubs: list[OwnHub] | UnsetType = UNSET
    role: str | UnsetType = UNSET


class Held(Shape, frozen=True, kw_only=True):
    """What a hub holds for a member."""

    authority: AuthorityId
    items: Count
    bytes: Count
    oldest: Instant | None
    pinned: bool


class OwnProfile(Shape, frozen=True, kw_only=True):
    """The profile in force; `profile` has the members of docs/spec/documents.md 4."""

    version: int
    created: Instant
    profile: dict[str, Any]


class ProfileWanted(Shape, frozen=True, kw_only=True):
    """Another profile in the place of the version that the caller has seen."""

    version: Annotated[int, Meta(ge=1, le=2**53 - 1)]
    profile: dict[str, Any]


class Closed(Shape, frozen=True, kw_only=True):
    """Why the ledger is closed."""

    code: str
    since: Instant
    peer: str | None


class Known(Shape, frozen=True, kw_only=True):
    """The largest checkpoint of a ledger of ours that a peer has shown."""

    origin: str
    size: Count


class AskedPeer(Shape, frozen=True, kw_only=True):
    """A peer that was asked what it holds."""

    authority: AuthorityId
    at: Instant
    gone: bool


class AbsentKey(Shape, frozen=True, kw_only=True):
    """A key of our card whose private half is not here."""

    use: KeyUse
    kid: Digits32


class Ledger(Shape, frozen=True, kw_only=True):
    """How our ledger stands, and what others have shown of it."""

    origin: str
    epoch: int
    size: Count
    closed: Closed | None
    known: list[Known]
    asked: list[AskedPeer]
    unanswered: list[str]
    card_version_known: int | None
    keys_absent: list[AbsentKey]


class Gone(Shape, frozen=True, kw_only=True):
    """A peer that cannot be asked."""

    authority: AuthorityId


class Backup(Asked, frozen=True, kw_only=True):
    """A backup that was made."""

    id: Digits32
    kid: Digits32
    size: Annotated[int, Meta(ge=0, le=2**53 - 1)]
    ledger_size: Annotated[int, Meta(ge=0, le=2**53 - 1)]


class Recorded(Shape, frozen=True, kw_only=True):
    """When it was."""

    recorded_at: Instant


CALLS = (
    Call(method="GET", path="/v1/status", words="How the server is.", answer=Status),
    Call(method="GET", path="/v1/openapi.json", words="This document.", answer=dict[str, Any]),
    Call(
        method="GET",
        path="/v1/mailboxes",
        words="Of a hub: what it holds for each member.",
        answer=Items[Held],
    ),
    Call(method="GET", path="/v1/profile", words="Our own profile.", answer=OwnProfile),
    Call(
        method="PUT",
        path="/v1/profile",
        words="Publishes another profile, whole.",
        takes=ProfileWanted,
        answer=OwnProfile,
        codes=("profile-changed",),
    ),
    Call(
        method="GET",
        path="/v1/ledger",
        words="How our ledger stands, and what others have shown of it.",
        answer=Ledger,
    ),
    Call(
        method="POST",
        path="/v1/ledger/gone",
        words="People say that a peer cannot be asked any more.",
        takes=Gone,
        answer=Ledger,
        codes=("not-found",),
    ),
    Call(
        method="POST",
        path="/v1/backups",
        words="Notes in the ledger that a backup was made.",
        takes=Backup,
        answer=Recorded,
        status=(201,),
    ),
)
