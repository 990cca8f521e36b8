"""The store's share in the life of keys and documents: changes and approvals, our own documents, events, pings, warnings.

Contract: as `emla.ports.store`, whose Transaction and Reader these are parts of. Every signed object that is kept here has
a leaf of its own; an object that is stored already is recorded already, and keeping it again changes nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from emla.model.documents import ApprovalAct
from emla.model.leg import Leg
from emla.model.signed import PayloadType


class ChangeState(StrEnum):
    """Where a proposed document stands."""

    PROPOSED = "PROPOSED"
    PUBLISHED = "PUBLISHED"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRow:
    """A document that an officer proposed. `payload` are its bytes without signatures, `sha256` their hash."""

    sha256: bytes
    type: PayloadType
    payload: bytes
    state: ChangeState
    proposed_at: int
    published_at: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalRow:
    """An officer's signed word about a change."""

    change: bytes
    officer: str
    act: ApprovalAct
    at: int
    signed: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerRow:
    """A pinned peer: the export file's bytes, the pin, who compared the fingerprint and when; why it is held, if it is."""

    authority: str
    documents: bytes
    pin_version: int
    pin_sha256: bytes
    fingerprint: str
    pinned_at: int
    held: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PingRow:
    """What the last ping of a peer showed, and when one failed last. Latency in seconds; the difference is theirs less ours."""

    authority: str
    at: int | None = None
    latency: float | None = None
    difference: int | None = None
    software: str | None = None
    card_version: int | None = None
    failed_at: int | None = None
    failed_code: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRow:
    """Something that happened: its kind, when, and the strict JSON its leaf was made of."""

    sha256: bytes
    kind: str
    at: int
    body: bytes


class DocumentTransaction(Protocol):
    """What an operation may do about keys and documents inside a batch."""

    def insert_document(self, body: bytes) -> bool:
        """Keep a signed object and append its leaf; False when it was here already."""
        ...

    def put_own(self, documents: bytes) -> None:
        """Replace our own published documents (the export file's bytes)."""
        ...

    def put_officers(self, version: int, payload: bytes) -> None:
        """Keep a version of the list of officers."""
        ...

    def insert_change(self, row: ChangeRow) -> bool:
        """Keep a proposed document; False when it was proposed before."""
        ...

    def insert_approval(self, row: ApprovalRow) -> bool:
        """Keep an officer's word with its leaf; False when this officer has spoken about the change already."""
        ...

    def publish_change(self, sha256: bytes, at: int) -> None:
        """Move a proposed change on; it must be PROPOSED."""
        ...

    def insert_event(self, kind: str, at: int, body: bytes, about: bytes | None = None) -> None:
        """Keep an event and append its leaf, filed under a package where it is about one (`emla.ports.accesses`)."""
        ...

    def put_peer(self, row: PeerRow) -> None:
        """Pin a peer, or replace its documents and hold; documents that are new get a leaf."""
        ...

    def replace_peer(self, row: PeerRow) -> bool:
        """Replace the documents and hold of a peer that is pinned, as `put_peer`; False, and nothing is done, when none is."""
        ...

    def witness(self, checkpoint: bytes, at: int) -> None:
        """Note that a checkpoint of a peer's (its signed lines) was seen; the first time counts."""
        ...

    def forget_peer(self, authority: str) -> None:
        """Remove a pin. What was recorded stays recorded."""
        ...

    def put_ping(self, row: PingRow) -> None:
        """Keep the outcome of a ping."""
        ...

    def warn(self, subject: str, days: int) -> bool:
        """Note that a warning was given; False when it was given before."""
        ...

    def reopen_replaced(self, pid: bytes) -> None:
        """The package `pid` turned out not to be needed: the one it replaced, if it is still REPLACED, is asked for again."""
        ...


class DocumentReader(Protocol):
    """Reads about keys and documents, of what is committed."""

    def own(self) -> bytes | None:
        """Our own published documents; None before they were first stored."""
        ...

    def officers(self) -> bytes | None:
        """The newest list of officers."""
        ...

    def change(self, sha256: bytes) -> ChangeRow | None:
        """One change."""
        ...

    def changes(self, limit: int) -> Sequence[ChangeRow]:
        """Changes, the newest first."""
        ...

    def approvals(self, change: bytes) -> Sequence[ApprovalRow]:
        """What officers said about a change, in the order of time."""
        ...

    def events(self, kind: str, limit: int) -> Sequence[EventRow]:
        """Events of a kind, the newest first."""
        ...

    def ping(self, authority: str) -> PingRow | None:
        """The last ping of a peer."""
        ...

    def newest_checkpoint(self) -> bytes | None:
        """The newest signed checkpoint."""
        ...

    def witnessed_at(self, checkpoint: bytes) -> int | None:
        """When exactly this checkpoint of a peer's (its signed lines) was first seen here."""
        ...

    def ready_packages(self, peer: str) -> Sequence[Leg]:
        """The legs of packages to a peer that still ask, READY or HUB_HELD."""
        ...

    def newest_received(self) -> Sequence[tuple[str, bytes]]:
        """For each sender, its newest package's signed header."""
        ...

    def replacement(self, pid: bytes) -> bytes | None:
        """The package of ours that took the place of another one."""
        ...
