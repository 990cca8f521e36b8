"""The writer's side of one batch: the statements, and the leaves and acknowledgements it collects.

Everything here runs on the writer's thread inside BEGIN IMMEDIATE ... COMMIT. `mark` and `undo` pair with the savepoint of an
operation: what SQLite rolls back, this object forgets too.
"""

import hashlib
import sqlite3
from dataclasses import dataclass

from emla.formats.acknowledgement import encode_bundle
from emla.ledger.batch import ClosedBatch, LedgerKey, close_batch
from emla.ledger.leaf import LeafKind, entry_of_digest
from emla.ledger.merkle import EMPTY, Frontier
from emla.model.acknowledgement import OTHER_ANSWER, Bundle, Event
from emla.model.errors import ConfigurationError, IllegalTransitionError
from emla.model.leg import InboxState, Leg, LegKind, LegState
from emla.ports.channel import ClosedRow
from emla.ports.store import AcknowledgementRow, DuplicateError, Issued, ReceivedRow, SentRow
from emla.steps.acknowledge import IssuedAcknowledgement
from emla.store.sqlite import numbers, rows
from emla.store.sqlite.case_rows import CaseStatements
from emla.store.sqlite.channel_rows import ChannelStatements, closed_code
from emla.store.sqlite.document_rows import DocumentStatements
from emla.store.sqlite.mailbox_rows import MailboxStatements
from emla.store.sqlite.trouble_rows import TroubleStatements

_LATE = frozenset({LeafKind.DOCUMENT, LeafKind.EVENT})
"""What is not refused while the ledger is closed: it is recorded when it is open again."""
_UNIQUE = "UNIQUE constraint failed: "

_DELAY = f"""
UPDATE leg SET attempts = ?, next_at = ?, last_code = ?, refusals = coalesce(?, refusals),
    refused_since = coalesce(?, refused_since)
WHERE id = ? AND {rows.DUE}
"""  # noqa: S608 (constants only)
_ACKNOWLEDGE = "INSERT INTO acknowledgement (aid, pid, event, by, at, reason, bundle, package) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"


@dataclass(frozen=True, slots=True)
class Mark:
    """How much a batch had collected when an operation began."""

    leaves: int
    issued: int
    frontier: Frontier
    key: LedgerKey
    closed: str | None


class SqliteTransaction(
    DocumentStatements, MailboxStatements, TroubleStatements, ChannelStatements, CaseStatements
):
    """One batch on one connection; implements `emla.ports.store.Transaction`."""

    def __init__(self, connection: sqlite3.Connection, frontier: Frontier, key: LedgerKey) -> None:
        self._connection = connection
        self._execute = connection.execute
        self._frontier = frontier
        self.key = key
        """What signs this batch's checkpoint: another key than before when an epoch began in it."""
        self._closed = closed_code(connection)
        self._entries: list[bytes] = []
        self._leaves: list[tuple[int, int, bytes, bytes, int | None]] = []
        self._issued: list[tuple[Issued, int]] = []
        self._issued_events: dict[bytes, set[Event]] = {}
        self._numbers = numbers.Numbers(self._execute)
        self.payload_bytes = 0
        """Payload bytes this batch inserted, for the WAL's size."""

    @property
    def leaf_count(self) -> int:
        """How many leaves the batch has appended so far."""
        return len(self._entries)

    @property
    def epoch(self) -> int:
        """The epoch of the ledger that this operation is recorded in."""
        return int(self.key.origin.rpartition("/")[2])

    def mark(self) -> Mark:
        """Remember where the next operation begins."""
        return Mark(len(self._entries), len(self._issued), self._frontier, self.key, self._closed)

    def undo(self, mark: Mark) -> None:
        """Forget what an operation collected since its mark."""
        del self._entries[mark.leaves :]
        del self._leaves[mark.leaves :]
        for issued, _ in self._issued[mark.issued :]:
            said = issued.acknowledgement.acknowledgement
            self._issued_events[said.pid].discard(said.event)
        del self._issued[mark.issued :]
        self._numbers.forget()
        self._frontier, self.key, self._closed = mark.frontier, mark.key, mark.closed

    def close(self) -> ClosedBatch | None:
        """Sign the checkpoint and store it with every bundle; None when the batch has no leaf.

        Nothing of this may be shown before the commit that follows has returned: a crash here leaves a signed checkpoint
        that nobody has seen and that the next batch replaces.
        """
        if not self._entries:
            return None
        self._connection.executemany("INSERT INTO leaf VALUES (?, ?, ?, ?, ?)", self._leaves)
        closed = close_batch(self._frontier, self._entries, self.key)
        first = self._frontier.size
        for issued, position in self._issued:
            self._store_bundle(issued, first + position, closed.proofs[position], closed.checkpoint)
        self._execute("INSERT INTO checkpoint VALUES (?, ?)", (closed.frontier.size, closed.checkpoint))
        return closed

    def _store_bundle(self, issued: Issued, index: int, proof: tuple[bytes, ...], checkpoint: bytes) -> None:
        own = issued.acknowledgement
        bundle = encode_bundle(Bundle(signed=own.signed, index=index, proof=proof, checkpoint=checkpoint))
        issued.bundle = bundle
        said = own.acknowledgement
        number = self._numbers.of(said.pid)
        self._insert(
            _ACKNOWLEDGE,
            (own.aid, said.pid, said.event.value, said.by, said.at, said.reason, bundle, number),
        )

    def _insert(self, sql: str, values: tuple[object, ...]) -> sqlite3.Cursor:
        try:
            return self._execute(sql, values)
        except sqlite3.IntegrityError as error:
            text = str(error)
            if text.startswith(_UNIQUE):
                raise DuplicateError(rows.INDEXES.get(text[len(_UNIQUE) :], text)) from error
            raise

    def _moved(self, sql: str, values: tuple[object, ...], what: str) -> None:
        if self._execute(sql, values).rowcount != 1:
            raise IllegalTransitionError(what)

    # --- packages of ours ---

    def next_place(self, recipient: str, epoch: int) -> tuple[int, bytes | None]:
        """The channel's next sequence number and the package id before it."""
        row = self._execute(
            "SELECT seq, pid FROM channel WHERE recipient = ? AND epoch = ?", (recipient, epoch)
        ).fetchone()
        return (row[0] + 1, row[1]) if row else (1, None)

    def insert_sent(self, row: SentRow) -> None:
        """Insert a package of ours and move its channel on."""
        self._insert_payload(row.payload_sha256, row.payload_size, row.payload)
        inserted = self._insert(
            "INSERT INTO sent (pid, signed, msg, recipient, epoch, seq, message_id, message_sha256, payload_id,"
            " payload_sha256, payload_size, record, urgent, created, expires, replaces)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                row.pid,
                row.signed,
                row.msg,
                row.recipient,
                row.epoch,
                row.seq,
                row.message_id,
                row.message_sha256,
                row.payload_id,
                row.payload_sha256,
                row.payload_size,
                row.record,
                row.urgent,
                row.created,
                row.expires,
                row.replaces,
            ),
        )
        self._numbers.file(row.pid, _new_id(inserted) * 2)
        self._execute(
            "INSERT INTO channel VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET seq = excluded.seq, pid = excluded.pid"
            " WHERE excluded.seq > seq",
            (row.recipient, row.epoch, row.seq, row.pid),
        )
        self.append_leaf(LeafKind.HEADER_SENT, row.signed, row.pid)

    def _insert_payload(self, sha256: bytes, size: int, body: bytes | None) -> None:
        # Two packages may carry one payload (one of ours that takes the place of another); the first row serves both.
        self._execute("INSERT INTO payload VALUES (?, ?, ?) ON CONFLICT DO NOTHING", (sha256, size, body))
        self.payload_bytes += len(body or b"")

    # --- packages of peers ---

    def insert_received(self, row: ReceivedRow) -> None:
        """Insert a package of a peer's"""
        self._insert_payload(row.payload_sha256, row.payload_size, row.payload)
        inserted = self._insert(
            "INSERT INTO received (pid, signed, signature_sha256, sender, msg, payload_id, payload_sha256,"
            " payload_size, epoch, seq, urgent, created, expires, accepted_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                row.pid,
                row.signed,
                row.signature_sha256,
                row.sender,
                row.msg,
                row.payload_id,
                row.payload_sha256,
                row.payload_size,
                row.epoch,
                row.seq,
                row.urgent,
                row.created,
                row.expires,
                row.accepted_at,
            ),
        )
        if self._execute(rows.PAYLOAD_HELD, (row.payload_sha256, row.sender, row.pid)).fetchone():
            raise DuplicateError("received_payload_sha256")
        number = _new_id(inserted)
        self._numbers.file(row.pid, number * 2 + 1)
        self._execute("INSERT INTO inbox VALUES (?, 'ACCEPTED', 0, NULL)", (number,))
        self.append_leaf(LeafKind.HEADER_RECEIVED, row.signed, row.pid)

    def insert_record(self, pid: bytes, record: bytes) -> None:
        """Keep the sealed record of a received package; that of a later verdict takes its place."""
        self._moved(numbers.RECORD, (pid, record), f"record {pid.hex()}: of no received package")

    def move_received(self, pid: bytes, expected: InboxState, state: InboxState, code: str | None) -> None:
        """Move a received package on; the expected state must be the present one."""
        self._moved(
            numbers.MOVE,
            (state.value, code, pid, expected.value),
            f"inbox {pid.hex()}: {expected} -> {state}",
        )

    def count_strike(self, pid: bytes) -> int:
        """Count a death of the opener on this package."""
        row = self._execute(numbers.STRIKE, (pid,)).fetchone()
        if row is None:
            raise IllegalTransitionError(f"inbox {pid.hex()}: strike outside ACCEPTED")
        return int(row[0])

    def insert_hand_over(self, pid: bytes, consumer: str, at: int) -> bool:
        """Note that a consumer was handed a package; False when that was noted before."""
        return self._execute(numbers.HAND_OVER, (pid, consumer, at)).rowcount == 1

    def insert_equivocation(self, pid: bytes, other: bytes, signed: bytes, at: int) -> bool:
        """Keep a second package that claims the same id or place, as proof."""
        inserted = self._execute(
            "INSERT INTO equivocation VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING", (pid, other, signed, at)
        )
        if inserted.rowcount == 1:
            self.append_leaf(LeafKind.HEADER_RECEIVED, signed, pid)
        return inserted.rowcount == 1

    # --- legs ---

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
        """Insert a leg that is ready at once; return its id."""
        number = self._numbers.of(about or ref)
        cursor = self._insert(
            "INSERT INTO leg (kind, ref, peer, urgent, state, next_at, created, expires, package)"
            " VALUES (?, ?, ?, ?, 'READY', ?, ?, ?, ?)",
            (kind.value, ref, peer, urgent, float(created), created, expires, number),
        )
        return _new_id(cursor)

    def move_leg(self, leg_id: int, expected: LegState, state: LegState) -> None:
        """Move a leg on; the expected state must be the present one."""
        self._moved(
            "UPDATE leg SET state = ?, last_code = NULL WHERE id = ? AND state = ?",
            (state.value, leg_id, expected.value),
            f"leg {leg_id}: {expected} -> {state}",
        )

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
        """Note an attempt of a leg that goes on asking; a leg that moved on meanwhile is left alone."""
        self._execute(_DELAY, (attempts, next_at, code, refusals, refused_since, leg_id))

    def leg_of(self, kind: LegKind, ref: bytes, *, about: bytes | None = None) -> Leg | None:
        """The leg of a package or acknowledgement, as this batch sees it."""
        return self._numbers.leg(about or ref, kind, ref)

    # --- acknowledgements and the ledger ---

    def events_of(self, pid: bytes) -> frozenset[Event]:
        """Every event stored for a package, or about to be stored by this batch."""
        stored = self._numbers.ask(numbers.EVENTS, pid)
        return frozenset({Event(event) for (event,) in stored} | self._issued_events.get(pid, set()))

    def issue(self, acknowledgement: IssuedAcknowledgement) -> Issued:
        """Append an acknowledgement of ours to the ledger; its bundle is stored when the batch closes."""
        said = acknowledgement.acknowledgement
        # Whoever looked before this batch may have looked too early: of yes and no the first that is committed stands.
        other = OTHER_ANSWER.get(said.event, said.event)
        known = self._numbers.ask(numbers.EVENT, said.pid, said.event.value, other.value, said.by).fetchone()
        if known or self._issued_events.get(said.pid, set()) & {said.event, other}:
            raise DuplicateError("acknowledgement_event")
        self._issued.append((issued := Issued(acknowledgement), len(self._entries)))
        self._issued_events.setdefault(said.pid, set()).add(said.event)
        number = self._numbers.of(said.pid)
        self.append_leaf(LeafKind.ACKNOWLEDGEMENT_ISSUED, acknowledgement.signed, acknowledgement.aid, number)
        return issued

    def insert_acknowledgement(self, row: AcknowledgementRow, signed: bytes) -> bool:
        """Keep a peer's acknowledgement and append its leaf; False when it was here already."""
        if self._numbers.ask(numbers.KNOWN, row.pid, row.aid).fetchone():
            return False
        number = self._numbers.of(row.pid)
        self._insert(
            _ACKNOWLEDGE, (row.aid, row.pid, row.event.value, row.by, row.at, row.reason, row.bundle, number)
        )
        self.append_leaf(LeafKind.ACKNOWLEDGEMENT_RECEIVED, signed, row.aid, number)
        return True

    def append_leaf(self, kind: LeafKind, stored: bytes, ref: bytes, package: int | None = None) -> None:
        """Append a leaf over stored bytes; while the ledger is closed, keep one of a document or event for later.

        Raises:
            ConfigurationError: the ledger is closed, and somebody could hold up to us what this leaf is about.
        """
        digest = hashlib.sha256(stored).digest()
        if self._closed is not None:
            if kind not in _LATE:
                raise ConfigurationError(self._closed)
            sql = "INSERT INTO late_leaf (kind, digest, ref, package) VALUES (?, ?, ?, ?)"
            self._execute(sql, (int(kind), digest, ref, package))
            return
        self._append(kind, digest, ref, package)

    def _append(self, kind: int, digest: bytes, ref: bytes, package: int | None = None) -> None:
        index = self._frontier.size + len(self._entries)
        self._leaves.append((index, int(kind), digest, ref, package))
        self._entries.append(entry_of_digest(kind, digest))

    # --- a ledger that is closed ---

    @property
    def closed(self) -> str | None:
        """The code for which the ledger is closed; None while it is open."""
        return self._closed

    def close_ledger(self, row: ClosedRow) -> bool:
        """Close the ledger for whatever comes after this operation; False when it is closed for that reason already."""
        changed = super().close_ledger(row)
        self._closed = closed_code(self._connection)
        return changed

    def open_ledger(self) -> None:
        """Open the ledger again as it is, and record what came late."""
        self._closed = None
        self._execute("DELETE FROM closed")
        self._execute("DELETE FROM asked")
        late = "SELECT kind, digest, ref, package FROM late_leaf ORDER BY id"
        for kind, digest, ref, package in self._execute(late).fetchall():
            self._append(kind, digest, ref, package)
        self._execute("DELETE FROM late_leaf")

    def begin_epoch(self, key: LedgerKey, kind: str, at: int, body: bytes) -> None:
        """End the closed ledger and begin the next one, with an event as its first leaf."""
        epoch = self.epoch
        if self._closed is None or self._entries or key.origin == self.key.origin:
            raise IllegalTransitionError(f"{self.key.origin} -> {key.origin}: only a closed ledger ends")
        self._execute("INSERT INTO former_leaf SELECT ?, idx, kind, digest, ref, package FROM leaf", (epoch,))
        self._execute("INSERT INTO former_checkpoint SELECT ?, size, note FROM checkpoint", (epoch,))
        self._execute("DELETE FROM leaf")
        self._execute("DELETE FROM checkpoint")
        self._frontier, self.key, self._closed = EMPTY, key, None
        self.insert_event(kind, at, body)
        self.open_ledger()


def _new_id(inserted: sqlite3.Cursor) -> int:
    if inserted.lastrowid is None:
        raise IllegalTransitionError("An insert without a row id.")
    return inserted.lastrowid
