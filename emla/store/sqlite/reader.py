"""Reads by key, on the caller's thread. A keyed SELECT takes microseconds; a hop to another thread takes a hundred."""

import sqlite3
from collections.abc import Sequence

from emla.model.acknowledgement import Event
from emla.model.leg import Leg, LegKind
from emla.model.package import PayloadReference
from emla.ports.documents import PeerRow
from emla.ports.listings import Listed
from emla.ports.store import AcknowledgementRow, Conflict, InboxRow, SentRow
from emla.store.sqlite import numbers, rows
from emla.store.sqlite.case_rows import CaseReads
from emla.store.sqlite.channel_rows import ChannelReads
from emla.store.sqlite.document_rows import DocumentReads
from emla.store.sqlite.mailbox_rows import MailboxReads
from emla.store.sqlite.trouble_rows import TroubleReads

_DUE = rows.LEG + f" WHERE peer = ? AND {rows.DUE} AND next_at <= ? AND (state = 'READY' OR next_at <= ?)"
_DUE_ORDER = " ORDER BY urgent DESC, next_at, id LIMIT ?"
_NEXT_DUE = f"SELECT min(next_at) FROM leg WHERE peer = ? AND {rows.DUE} AND urgent = ? AND next_at > ?"  # noqa: S608 (constants only)
_RECORD = f"""
SELECT record FROM sent WHERE pid = ?1 AND {numbers.KEPT.format(number="id * 2")}
UNION ALL SELECT c.sealed FROM received r JOIN record c ON c.received = r.id
WHERE r.pid = ?1 AND {numbers.KEPT.format(number="r.id * 2 + 1")}
"""  # noqa: S608 (constants only)
_CONFLICT = """
SELECT pid, payload_sha256, 0 FROM received WHERE sender = ?1 AND msg = ?2
UNION ALL SELECT pid, payload_sha256, 0 FROM received WHERE sender = ?1 AND epoch = ?4 AND seq = ?5
UNION ALL SELECT pid, payload_sha256, 1 FROM received WHERE sender = ?1 AND payload_id = ?3
LIMIT 1
"""


class SqliteReader(DocumentReads, MailboxReads, TroubleReads, ChannelReads, CaseReads):
    """Implements `emla.ports.store.Reader` on a read-only connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._execute = connection.execute

    def sent(self, pid: bytes) -> SentRow | None:
        """A package of ours, without its payload."""
        return rows.one(self._execute(rows.SENT + " WHERE pid = ?", (pid,)), rows.sent)

    def sent_signed(self, pid: bytes) -> bytes | None:
        """The signed header of a package of ours."""
        row = self._execute("SELECT signed FROM sent WHERE pid = ?", (pid,)).fetchone()
        return row[0] if row else None

    def sent_by_message(self, message_id: bytes) -> SentRow | None:
        """The package that carries a message of ours: the newest, where one took the place of another."""
        first = " WHERE message_id = ? AND replaces IS NULL"
        found = rows.one(self._execute(rows.SENT + first, (message_id,)), rows.sent)
        while found and (next_pid := self.replacement(found.pid)) and (newer := self.sent(next_pid)):
            found = newer
        return found

    def received(self, pid: bytes) -> InboxRow | None:
        """A received package."""
        return rows.one(self._execute(rows.INBOX + " WHERE r.pid = ?", (pid,)), rows.inbox)

    def conflict(
        self, sender: str, msg: bytes, payload: PayloadReference, epoch: int, seq: int
    ) -> Conflict | None:
        """The package that already holds the message id, payload id, place or payload of another one, if any."""
        row = (
            self._execute(_CONFLICT, (sender, msg, payload.id, epoch, seq)).fetchone()
            or self._execute(rows.PAYLOAD_HELD, (payload.sha256, sender, b"")).fetchone()
        )
        return (
            None if row is None else Conflict(pid=row[0], payload_sha256=row[1], on_payload_only=bool(row[2]))
        )

    def listed(self, pid: bytes) -> Listed | None:
        """One package, ours or a peer's, as people see it in a list."""
        own = rows.one(self._execute(rows.OUT + " WHERE s.pid = ?", (pid,)), rows.listed)
        return own or rows.one(self._execute(rows.IN + " WHERE r.pid = ?", (pid,)), rows.listed)

    def record(self, pid: bytes) -> bytes | None:
        """The sealed record of a package, sent or received; None too where it was lost with a ledger, or is to be erased."""
        row = self._execute(_RECORD, (pid,)).fetchone()
        return bytes(row[0]) if row and row[0] else None

    def payload(self, sha256: bytes) -> bytes | None:
        """A payload that lives in its row."""
        row = self._execute("SELECT body FROM payload WHERE sha256 = ?", (sha256,)).fetchone()
        return row[0] if row else None

    def acknowledgements(self, pid: bytes) -> Sequence[AcknowledgementRow]:
        """Everything stored about a package, in the order it was stored."""
        cursor = self._execute(f"{rows.ACKNOWLEDGEMENT} WHERE {numbers.OF_PACKAGE} ORDER BY id", (pid,))
        return [rows.acknowledgement(row) for row in cursor]

    def acknowledgement(self, pid: bytes, aid: bytes) -> AcknowledgementRow | None:
        """One stored acknowledgement of a package."""
        sql = f"{rows.ACKNOWLEDGEMENT} WHERE {numbers.OF_PACKAGE} AND aid = ?2"
        return rows.one(self._execute(sql, (pid, aid)), rows.acknowledgement)

    def carried(self, leg_id: int) -> AcknowledgementRow | None:
        """The acknowledgement that a leg carries."""
        return rows.one(self._execute(numbers.CARRIED, (leg_id,)), rows.acknowledgement)

    def bundle(self, pid: bytes, event: Event) -> bytes | None:
        """The stored bundle of one event of a package."""
        row = self._execute(
            f"SELECT bundle FROM acknowledgement WHERE {numbers.OF_PACKAGE} AND event = ?2",  # noqa: S608 (constants only)
            (pid, event.value),
        ).fetchone()
        return bytes(row[0]) if row else None

    def first_bundle(self, pid: bytes, one: Event, other: Event) -> tuple[Event, bytes] | None:
        """The stored bundle of whichever of two events came first for a package."""
        row = self._execute(
            f"SELECT event, bundle FROM acknowledgement WHERE {numbers.OF_PACKAGE} AND event IN (?2, ?3)"  # noqa: S608 (constants only)
            " ORDER BY id LIMIT 1",
            (pid, one.value, other.value),
        ).fetchone()
        return (Event(row[0]), row[1]) if row else None

    def leg(self, leg_id: int) -> Leg | None:
        """One leg."""
        return rows.one(self._execute(rows.LEG + " WHERE id = ?", (leg_id,)), rows.leg)

    def leg_of(self, kind: LegKind, ref: bytes, *, about: bytes | None = None) -> Leg | None:
        """The leg of a package or acknowledgement."""
        return rows.one(self._execute(numbers.LEG_OF, (about or ref, kind.value, ref)), rows.leg)

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
        """Legs to a peer that still ask and are due: urgent first, then by when they became due."""
        sql, values = _DUE, [peer, now, now if hub_held_until is None else hub_held_until]
        if urgent is not None:
            sql, values = sql + " AND urgent = ?", [*values, urgent]
        if after is not None:
            sql, values = sql + " AND (next_at, id) > (?, ?)", [*values, *after]
        if not refused:
            sql += " AND refusals = 0"
        if kept:
            sql += f" AND coalesce(last_code, '') NOT IN ({', '.join('?' * len(kept))})"
            values = [*values, *kept]
        return [rows.leg(row) for row in self._execute(sql + _DUE_ORDER, (*values, limit))]

    def keeps_back(self, peer: str, codes: Sequence[str]) -> bool:
        """Whether a leg to a peer that asks waits for one of these codes."""
        places = ", ".join("?" * len(codes))
        sql = f"SELECT 1 FROM leg WHERE peer = ? AND {rows.DUE} AND last_code IN ({places}) LIMIT 1"  # noqa: S608 (constants only)
        return self._execute(sql, (peer, *codes)).fetchone() is not None

    def next_due(self, peer: str, after: float, *, urgent: bool | None = None) -> float | None:
        """When the first leg to a peer (of a lane) that still asks and is due after an instant is due, in UNIX seconds."""
        found = [
            row[0]
            for urgent in ((1, 0) if urgent is None else (urgent,))
            for row in self._execute(_NEXT_DUE, (peer, urgent, after))
            if row[0] is not None
        ]
        return min(found, default=None)

    def peers_with_legs(self) -> Sequence[str]:
        """Peers that legs wait for."""
        cursor = self._execute(f"SELECT DISTINCT peer FROM leg WHERE {rows.DUE}")  # noqa: S608 (constants only)
        return [row[0] for row in cursor]

    def unopened(self, limit: int, *, after: bytes = b"") -> Sequence[InboxRow]:
        """Accepted packages that are not consigned yet, oldest first; with `after`, a package's id, those behind it."""
        behind = "i.received > coalesce((SELECT id FROM received WHERE pid = ?), 0)"
        sql = f"{rows.INBOX} WHERE i.state = 'ACCEPTED' AND {behind} ORDER BY i.received LIMIT ?"
        return [rows.inbox(row) for row in self._execute(sql, (after, limit))]

    def peers(self) -> Sequence[PeerRow]:
        """Every pinned peer."""
        return [rows.peer(row) for row in self._execute(rows.PEER + " ORDER BY authority")]

    # --- figures ---

    def leg_counts(self) -> dict[tuple[str, str], int]:
        """How many legs there are of each kind and state."""
        cursor = self._execute("SELECT kind, state, legs FROM leg_count WHERE legs > 0")
        return {(row[0], row[1]): row[2] for row in cursor}

    def oldest_ready(self) -> int | None:
        """When the oldest package without an answer was created, in UNIX seconds."""
        sql = f"SELECT min(created) FROM leg WHERE {rows.DUE} AND +kind = 'package'"  # noqa: S608 (constants only)
        row = self._execute(sql).fetchone()
        return row[0] if row else None

    def unopened_count(self) -> int:
        """Accepted packages that are not opened yet."""
        return int(self._execute("SELECT count(*) FROM inbox WHERE state = 'ACCEPTED'").fetchone()[0])

    def quarantined_count(self) -> int:
        """Packages that a person has to decide about."""
        return int(self._execute("SELECT count(*) FROM inbox WHERE state = 'QUARANTINED'").fetchone()[0])
