"""The store: rows, the ledger's leaves, and one batch at a time.

Contract:
- `Store.write` hands an operation to the one writer. It runs inside a batch, in a savepoint of its own: if it raises, nothing
  of it stays and its caller alone gets the exception. When `write` returns, everything it did is durable: committed, synced,
  in the ledger, under a signed checkpoint. When the commit fails, every caller of the batch gets `StoreError`.
- An operation runs on the writer's thread. It must be short, must not await, and touches the outside only through the
  `Transaction` it is given.
- `Reader` methods see the last commit. They may be called on any thread of the event loop and return at once.
- Uniqueness is an index, not an `if`: inserts that hit one raise `DuplicateError` and name it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from emla.ledger.leaf import LeafKind
from emla.model.acknowledgement import Event
from emla.model.leg import InboxState, Leg, LegKind, LegState
from emla.model.package import PayloadReference
from emla.ports.cases import CaseReader, CaseTransaction
from emla.ports.channel import ChannelReader, ChannelTransaction
from emla.ports.documents import DocumentReader, DocumentTransaction, PeerRow
from emla.ports.listings import Listed
from emla.ports.mailbox import MailboxReader, MailboxTransaction
from emla.ports.people import PeopleReader, PeopleTransaction
from emla.ports.trouble import TroubleReader, TroubleTransaction
from emla.steps.acknowledge import IssuedAcknowledgement

T = TypeVar("T")
UPKEEP_PATIENCE_SECONDS = 0.5
"""For writes whose loss in a crash only makes us ask or tell again."""
VERDICT_PATIENCE_SECONDS = 0.05
"""For what goes to a peer on a leg of its own: people do not wait for it by the second."""


class DuplicateError(Exception):
    """An insert hit a unique index. `index` is its name in the schema."""

    def __init__(self, index: str) -> None:
        super().__init__(index)
        self.index = index


@dataclass(frozen=True, slots=True, kw_only=True)
class SentRow:
    """A package of ours. `payload` is None when the blob store holds it; `record` is sealed under the content key."""

    pid: bytes
    signed: bytes
    msg: bytes
    recipient: str
    epoch: int
    seq: int
    message_id: bytes
    message_sha256: bytes
    payload_id: bytes
    payload_sha256: bytes
    payload_size: int
    payload: bytes | None
    record: bytes
    urgent: bool
    created: int
    expires: int
    replaces: bytes | None = None
    """The package of ours whose place this one takes: the same message and payload for another key of the recipient."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedRow:
    """A package of a peer's, at the moment of acceptance."""

    pid: bytes
    signed: bytes
    signature_sha256: bytes
    sender: str
    msg: bytes
    payload_id: bytes
    payload_sha256: bytes
    payload_size: int
    payload: bytes | None
    epoch: int
    seq: int
    urgent: bool
    created: int
    expires: int
    accepted_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxRow:
    """A received package as it stands now."""

    pid: bytes
    signed: bytes
    signature_sha256: bytes
    sender: str
    payload_sha256: bytes
    payload_size: int
    inline: bool
    state: InboxState
    strikes: int
    code: str | None
    created: int
    accepted_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """A package that was here first. `on_payload_only`: message id and place differ, the payload or its id is the same."""

    pid: bytes
    """Empty where the payload is known to be erased, and not whose it was."""
    payload_sha256: bytes
    on_payload_only: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AcknowledgementRow:
    """A stored acknowledgement, ours or a peer's."""

    aid: bytes
    pid: bytes
    event: Event
    by: str
    at: int
    reason: str | None
    bundle: bytes


@dataclass(slots=True)
class Issued:
    """An acknowledgement on its way into the ledger. `bundle` is there once the batch has committed."""

    acknowledgement: IssuedAcknowledgement
    bundle: bytes = b""


class Transaction(
    DocumentTransaction,
    MailboxTransaction,
    TroubleTransaction,
    ChannelTransaction,
    CaseTransaction,
    PeopleTransaction,
    Protocol,
):
    """What an operation may do inside a batch."""

    def next_place(self, recipient: str, epoch: int) -> tuple[int, bytes | None]:
        """The channel's next sequence number and the package id before it. Consumed by `insert_sent`."""
        ...

    def insert_sent(self, row: SentRow) -> None:
        """Insert a package of ours and move its channel on.

        Raises:
            DuplicateError: ``sent_message_id`` or ``sent_replaces``.
        """
        ...

    def insert_received(self, row: ReceivedRow) -> None:
        """Insert a package of a peer's.

        Raises:
            DuplicateError: ``received_pid``, ``received_msg``, ``received_payload``, ``received_place``;
                ``received_payload_sha256``, another one of this peer has the same bytes, or they were erased here.
        """
        ...

    def insert_record(self, pid: bytes, record: bytes) -> None:
        """Keep the sealed record of a received package."""
        ...

    def move_received(self, pid: bytes, expected: InboxState, state: InboxState, code: str | None) -> None:
        """Move a received package on; the expected state must be the present one."""
        ...

    def count_strike(self, pid: bytes) -> int:
        """Count a death of the opener on this package; return how many there were with this one."""
        ...

    def insert_leg(
        self,
        kind: LegKind,
        ref: bytes,
        peer: str,
        *,
        urgent: bool,
        created: int,
        expires: int | None,
        about: bytes | None = None,
    ) -> int:
        """Insert a leg that is ready at once; return its id.

        Args:
            kind: what it carries.
            ref: the id of that.
            peer: to whom.
            urgent: its lane.
            created: when; from then on it is due.
            expires: until when it asks.
            about: of an acknowledgement: the package it is about.
        """
        ...

    def move_leg(self, leg_id: int, expected: LegState, state: LegState) -> None:
        """Move a leg on; the expected state must be the present one."""
        ...

    def delay_leg(
        self,
        leg_id: int,
        attempts: int,
        next_at: float,
        code: str | None,
        *,
        refusals: int | None = None,
        refused_since: int | None = None,
    ) -> None:
        """Note an attempt of a leg that goes on asking: how many there were, when the next one is due, and why.

        Of its refusals in a row, where there is something new.
        """
        ...

    def leg_of(self, kind: LegKind, ref: bytes, *, about: bytes | None = None) -> Leg | None:
        """The leg of a package or acknowledgement, as this batch sees it; of an acknowledgement with the package it is about."""
        ...

    def events_of(self, pid: bytes) -> frozenset[Event]:
        """Every event stored for a package, as this batch sees it."""
        ...

    def issue(self, acknowledgement: IssuedAcknowledgement) -> Issued:
        """Append an acknowledgement of ours to the ledger; its bundle is stored when the batch closes.

        Raises:
            DuplicateError: ``acknowledgement_event``, this event of this package was acknowledged before, or its other answer was
                (`OTHER_ANSWER`).
        """
        ...

    def insert_acknowledgement(self, row: AcknowledgementRow, signed: bytes) -> bool:
        """Keep a peer's acknowledgement and append its leaf; False when it was here already."""
        ...

    def insert_hand_over(self, pid: bytes, consumer: str, at: int) -> bool:
        """Note that a consumer was handed a package; False when that was noted before."""
        ...

    def insert_equivocation(self, pid: bytes, other: bytes, signed: bytes, at: int) -> bool:
        """Keep a second package that claims the same id or place, as proof, with a leaf; False when it was here already."""
        ...

    def append_leaf(self, kind: LeafKind, stored: bytes, ref: bytes) -> None:
        """Append a leaf over stored bytes; `ref` says which object it is about."""
        ...


class Reader(DocumentReader, MailboxReader, TroubleReader, ChannelReader, CaseReader, PeopleReader, Protocol):
    """Reads by key, of what is committed."""

    def sent(self, pid: bytes) -> SentRow | None:
        """A package of ours, without its payload."""
        ...

    def sent_signed(self, pid: bytes) -> bytes | None:
        """The signed header of a package of ours."""
        ...

    def sent_by_message(self, message_id: bytes) -> SentRow | None:
        """The package that carries a message of ours: the newest, where one took the place of another."""
        ...

    def received(self, pid: bytes) -> InboxRow | None:
        """A received package."""
        ...

    def conflict(
        self, sender: str, msg: bytes, payload: PayloadReference, epoch: int, seq: int
    ) -> Conflict | None:
        """The package that already holds the message id, place or payload (its id, or its bytes) of another one, if any."""
        ...

    def listed(self, pid: bytes) -> Listed | None:
        """One package, ours or a peer's, as people see it in a list."""
        ...

    def record(self, pid: bytes) -> bytes | None:
        """The sealed record of a package, sent or received."""
        ...

    def payload(self, sha256: bytes) -> bytes | None:
        """A payload that lives in its row; None when the blob store has it."""
        ...

    def acknowledgements(self, pid: bytes) -> Sequence[AcknowledgementRow]:
        """Everything stored about a package, in the order of `at`."""
        ...

    def acknowledgement(self, pid: bytes, aid: bytes) -> AcknowledgementRow | None:
        """One stored acknowledgement of a package."""
        ...

    def carried(self, leg_id: int) -> AcknowledgementRow | None:
        """The acknowledgement that a leg carries."""
        ...

    def bundle(self, pid: bytes, event: Event) -> bytes | None:
        """The stored bundle of one event of a package."""
        ...

    def first_bundle(self, pid: bytes, one: Event, other: Event) -> tuple[Event, bytes] | None:
        """The stored bundle of whichever of two events came first for a package."""
        ...

    def leg(self, leg_id: int) -> Leg | None:
        """One leg."""
        ...

    def leg_of(self, kind: LegKind, ref: bytes, *, about: bytes | None = None) -> Leg | None:
        """The leg of a package or acknowledgement; of an acknowledgement with the package it is about."""
        ...

    def due_legs(
        self,
        peer: str,
        now: float,
        limit: int,
        *,
        urgent: bool | None = None,
        after: tuple[float, int] | None = None,
        refused: bool = True,
        kept: Sequence[str] = (),
        hub_held_until: float | None = None,
    ) -> Sequence[Leg]:
        """Legs to a peer that still ask and are due: urgent first, then by when they became due.

        Args:
            peer: the peer.
            now: what is due by then.
            limit: so many at most.
            urgent: only those of one lane.
            after: only those behind a leg, named by when it is due and its id.
            refused: also those that were refused for what they are.
            kept: codes of those that are passed over.
            hub_held_until: an instant of their own for those HUB_HELD.
        """
        ...

    def keeps_back(self, peer: str, codes: Sequence[str]) -> bool:
        """Whether a leg to a peer that asks waits for one of these codes."""
        ...

    def next_due(self, peer: str, after: float, *, urgent: bool | None = None) -> float | None:
        """When the first leg to a peer (of a lane) that still asks and is due after an instant is due, in UNIX seconds."""
        ...

    def peers_with_legs(self) -> Sequence[str]:
        """Peers that legs wait for."""
        ...

    def unopened(self, limit: int, *, after: bytes = b"") -> Sequence[InboxRow]:
        """Accepted packages that are not consigned yet, oldest first; with `after`, a package's id, those behind it."""
        ...

    def peers(self) -> Sequence[PeerRow]:
        """Every pinned peer."""
        ...


class Store(Protocol):
    """The store of one authority."""

    @property
    def read(self) -> Reader:
        """Reads by key."""
        ...

    async def write(self, operation: Callable[[Transaction], T], *, patience_seconds: float = 0.0) -> T:
        """Run an operation in the next batch and return when it is durable.

        Args:
            operation: runs on the writer's thread.
            patience_seconds: how long it may wait for a batch that others pay for, when nobody waits for it.

        Raises:
            StoreError: the storage failed; the process must stop.
        """
        ...

    async def empty_wal(self) -> bool:
        """Bring every committed page to its place and leave no older one anywhere; False while a reader still needs one.

        Raises:
            StoreError: the storage failed; the process must stop.
        """
        ...
