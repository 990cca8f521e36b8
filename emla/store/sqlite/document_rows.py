"""Changes, approvals, own documents, events and peers: the statements, and from rows to values.

Part of `SqliteTransaction` and `SqliteReader`; apart from them, because those speak about packages.
"""

import hashlib
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence

from emla.ledger.leaf import LeafKind
from emla.model.documents import ApprovalAct
from emla.model.errors import IllegalTransitionError
from emla.model.leg import Leg
from emla.model.signed import PayloadType
from emla.ports.documents import ApprovalRow, ChangeRow, ChangeState, EventRow, PeerRow, PingRow
from emla.store.sqlite import rows
from emla.store.sqlite.numbers import Numbers
from emla.store.sqlite.people_rows import PeopleReads, PeopleStatements
from emla.store.sqlite.repeat_rows import RepeatReads, RepeatStatements

_CHANGE = "SELECT sha256, type, payload, state, proposed_at, published_at FROM change"
_PING = "SELECT authority, at, latency, difference, software, card_version, failed_at, failed_code FROM ping"


class DocumentStatements(PeopleStatements, RepeatStatements, ABC):
    """Implements `emla.ports.documents.DocumentTransaction`, and with it what is kept about people and their calls."""

    _execute: Callable[..., sqlite3.Cursor]
    _numbers: Numbers

    @abstractmethod
    def append_leaf(self, kind: LeafKind, stored: bytes, ref: bytes, package: int | None = None) -> None:
        """Append a leaf over stored bytes; the transaction itself knows how."""

    def _new(self, sql: str, values: tuple[object, ...]) -> bool:
        return self._execute(f"{sql} ON CONFLICT DO NOTHING", values).rowcount == 1

    def insert_document(self, body: bytes) -> bool:
        """Keep a signed object and append its leaf; False when it was here already."""
        digest = hashlib.sha256(body).digest()
        if not self._new("INSERT INTO document VALUES (?, ?)", (digest, body)):
            return False
        self.append_leaf(LeafKind.DOCUMENT, body, digest)
        return True

    def put_own(self, documents: bytes) -> None:
        """Replace our own published documents."""
        self._execute(
            "INSERT INTO own VALUES (1, ?) ON CONFLICT DO UPDATE SET documents = excluded.documents",
            (documents,),
        )

    def put_officers(self, version: int, payload: bytes) -> None:
        """Keep a version of the list of officers."""
        self._execute("INSERT INTO officers VALUES (?, ?)", (version, payload))

    def insert_change(self, row: ChangeRow) -> bool:
        """Keep a proposed document; False when it was proposed before."""
        values = (
            row.sha256,
            row.type.value,
            row.payload,
            row.state.value,
            row.proposed_at,
            row.published_at,
        )
        return self._new("INSERT INTO change VALUES (?, ?, ?, ?, ?, ?)", values)

    def insert_approval(self, row: ApprovalRow) -> bool:
        """Keep an officer's word with its leaf; False when this officer has spoken about the change already."""
        values = (row.change, row.officer, row.act.value, row.at, row.signed)
        if not self._new("INSERT INTO approval VALUES (?, ?, ?, ?, ?)", values):
            return False
        self.insert_document(row.signed)
        return True

    def publish_change(self, sha256: bytes, at: int) -> None:
        """Move a proposed change on."""
        sql = (
            "UPDATE change SET state = 'PUBLISHED', published_at = ? WHERE sha256 = ? AND state = 'PROPOSED'"
        )
        if self._execute(sql, (at, sha256)).rowcount != 1:
            raise IllegalTransitionError(f"change {sha256.hex()}: published, but not proposed")

    def insert_event(self, kind: str, at: int, body: bytes, about: bytes | None = None) -> None:
        """Keep an event and append its leaf; its nonce makes its bytes unique."""
        digest = hashlib.sha256(body).digest()
        values = (digest, kind, at, body)
        self._execute("INSERT INTO event (sha256, kind, at, body) VALUES (?, ?, ?, ?)", values)
        self.append_leaf(LeafKind.EVENT, body, digest, None if about is None else self._numbers.of(about))

    def put_peer(self, row: PeerRow) -> None:
        """Pin a peer, or replace its documents and hold; documents that are new get a leaf."""
        self.insert_document(row.documents)
        self._execute(
            "INSERT INTO peer (authority, documents, pin_version, pin_sha256, fingerprint, pinned_at, held)"
            " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET documents = excluded.documents,"
            " fingerprint = excluded.fingerprint, held = excluded.held",
            (
                row.authority,
                row.documents,
                row.pin_version,
                row.pin_sha256,
                row.fingerprint,
                row.pinned_at,
                row.held,
            ),
        )

    def replace_peer(self, row: PeerRow) -> bool:
        """Replace the documents and hold of a peer that is pinned, as `put_peer`; False, and nothing is done, when none is."""
        sql = "UPDATE peer SET documents = ?, fingerprint = ?, held = ? WHERE authority = ?"
        if self._execute(sql, (row.documents, row.fingerprint, row.held, row.authority)).rowcount == 0:
            return False
        self.insert_document(row.documents)
        return True

    def witness(self, checkpoint: bytes, at: int) -> None:
        """Note that a checkpoint of a peer's (its signed lines) was seen; the first time counts."""
        self._new("INSERT INTO witnessed VALUES (?, ?)", (hashlib.sha256(checkpoint).digest(), at))

    def forget_peer(self, authority: str) -> None:
        """Remove a pin. What was recorded stays recorded."""
        self._execute("DELETE FROM peer WHERE authority = ?", (authority,))
        self._execute("DELETE FROM ping WHERE authority = ?", (authority,))

    def put_ping(self, row: PingRow) -> None:
        """Keep the outcome of a ping."""
        self._execute(
            "INSERT OR REPLACE INTO ping VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                row.authority,
                row.at,
                row.latency,
                row.difference,
                row.software,
                row.card_version,
                row.failed_at,
                row.failed_code,
            ),
        )

    def warn(self, subject: str, days: int) -> bool:
        """Note that a warning was given; False when it was given before."""
        return self._new("INSERT INTO warning VALUES (?, ?)", (subject, days))

    def reopen_replaced(self, pid: bytes) -> None:
        """The package turned out not to be needed: the one it replaced is asked for again."""
        self._execute(
            "UPDATE leg SET state = 'READY', last_code = NULL WHERE kind = 'package' AND state = 'REPLACED'"
            " AND package = (SELECT old.id * 2 FROM sent new JOIN sent old ON old.pid = new.replaces WHERE new.pid = ?)",
            (pid,),
        )


class DocumentReads(PeopleReads, RepeatReads):
    """Implements `emla.ports.documents.DocumentReader`, and with it reads about people and their calls."""

    _execute: Callable[..., sqlite3.Cursor]

    def _first(self, sql: str, *values: object) -> bytes | None:
        row = self._execute(sql, values).fetchone()
        return row[0] if row else None

    def own(self) -> bytes | None:
        """Our own published documents; None before they were first stored."""
        return self._first("SELECT documents FROM own")

    def officers(self) -> bytes | None:
        """The newest list of officers."""
        return self._first("SELECT payload FROM officers ORDER BY version DESC LIMIT 1")

    def change(self, sha256: bytes) -> ChangeRow | None:
        """One change."""
        return rows.one(self._execute(_CHANGE + " WHERE sha256 = ?", (sha256,)), _change)

    def changes(self, limit: int) -> Sequence[ChangeRow]:
        """Changes, the newest first."""
        return [
            _change(row)
            for row in self._execute(_CHANGE + " ORDER BY proposed_at DESC, sha256 LIMIT ?", (limit,))
        ]

    def approvals(self, change: bytes) -> Sequence[ApprovalRow]:
        """What officers said about a change: the proposal first, then in the order of time."""
        sql = "SELECT change, officer, act, at, signed FROM approval WHERE change = ? ORDER BY act DESC, at, officer"
        return [
            ApprovalRow(change=row[0], officer=row[1], act=ApprovalAct(row[2]), at=row[3], signed=row[4])
            for row in self._execute(sql, (change,))
        ]

    def events(self, kind: str, limit: int) -> Sequence[EventRow]:
        """Events of a kind, the newest first."""
        sql = "SELECT sha256, kind, at, body FROM event WHERE kind = ? ORDER BY at DESC LIMIT ?"
        return [
            EventRow(sha256=row[0], kind=row[1], at=row[2], body=row[3])
            for row in self._execute(sql, (kind, limit))
        ]

    def ping(self, authority: str) -> PingRow | None:
        """The last ping of a peer."""
        return rows.one(self._execute(_PING + " WHERE authority = ?", (authority,)), _ping)

    def newest_checkpoint(self) -> bytes | None:
        """The newest signed checkpoint."""
        return self._first("SELECT note FROM checkpoint ORDER BY size DESC LIMIT 1")

    def witnessed_at(self, checkpoint: bytes) -> int | None:
        """When exactly this checkpoint of a peer's (its signed lines) was first seen here."""
        sql = "SELECT at FROM witnessed WHERE sha256 = ?"
        row = self._execute(sql, (hashlib.sha256(checkpoint).digest(),)).fetchone()
        return row[0] if row else None

    def ready_packages(self, peer: str) -> Sequence[Leg]:
        """The legs of packages to a peer that still ask."""
        sql = rows.LEG + f" WHERE peer = ? AND {rows.DUE} AND kind = 'package' ORDER BY id"
        return [rows.leg(row) for row in self._execute(sql, (peer,))]

    def newest_received(self) -> Sequence[tuple[str, bytes]]:
        """For each pinned peer that has sent one, its newest package's signed header."""
        sql = (
            "SELECT p.authority, r.signed FROM peer p JOIN received r ON r.id ="
            " (SELECT id FROM received WHERE sender = p.authority ORDER BY epoch DESC, seq DESC LIMIT 1)"
        )
        return [(row[0], row[1]) for row in self._execute(sql)]

    def replacement(self, pid: bytes) -> bytes | None:
        """The package of ours that took the place of another one."""
        return self._first("SELECT pid FROM sent WHERE replaces = ?", pid)


def _change(row: sqlite3.Row) -> ChangeRow:
    return ChangeRow(
        sha256=row[0],
        type=PayloadType(row[1]),
        payload=row[2],
        state=ChangeState(row[3]),
        proposed_at=row[4],
        published_at=row[5],
    )


def _ping(row: sqlite3.Row) -> PingRow:
    return PingRow(
        authority=row[0],
        at=row[1],
        latency=row[2],
        difference=row[3],
        software=row[4],
        card_version=row[5],
        failed_at=row[6],
        failed_code=row[7],
    )
