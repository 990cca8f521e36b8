"""Legs put aside, quarantine, contradictions: the statements, and from rows to values.

Part of `SqliteTransaction` and `SqliteReader`; apart from them, because daily mail never comes here.
"""

import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence

from emla.ledger.leaf import LeafKind
from emla.model.acknowledgement import Event
from emla.model.leg import Hold, Leg
from emla.ports.trouble import Contradiction, Doubtful, Equivocation
from emla.store.sqlite import rows
from emla.store.sqlite.numbers import RECEIVED
from emla.store.sqlite.scan_rows import ScanReads, ScanStatements

# One SELECT for each state: a partial index serves a term that is its own, and no list.
_LATE = "kind = 'package' AND created < CASE urgent WHEN 1 THEN ?1 ELSE ?2 END"
_OVERDUE = f"""
SELECT peer, count(*), min(created) FROM (
    SELECT peer, created FROM leg WHERE {rows.DUE} AND {_LATE}
    UNION ALL SELECT peer, created FROM leg WHERE state = 'HELD' AND {_LATE})
GROUP BY peer ORDER BY peer
"""  # noqa: S608 (constants only)
_HELD_AND_OVER = rows.LEG + " WHERE state = 'HELD' AND kind = 'package' AND expires <= ? ORDER BY +id LIMIT ?"
_OLDEST_WAITING = f"SELECT peer, min(created) FROM leg WHERE {rows.DUE} AND kind = 'package' GROUP BY peer"  # noqa: S608 (constants only)
_PROOFS = """
SELECT (SELECT count(*) FROM equivocation e JOIN received r ON r.pid = e.other WHERE r.sender = ?1),
       (SELECT count(*) FROM contradiction WHERE by = ?1),
       (SELECT count(*) FROM doubtful WHERE peer = ?1)
"""
_UNREADABLE = f"UPDATE inbox SET code = ? WHERE received = {RECEIVED} AND state = 'ACCEPTED'"  # noqa: S608 (constants only)


class TroubleStatements(ScanStatements, ABC):
    """Implements `emla.ports.trouble.TroubleTransaction`."""

    _execute: Callable[..., sqlite3.Cursor]

    @abstractmethod
    def append_leaf(self, kind: LeafKind, stored: bytes, ref: bytes, package: int | None = None) -> None:
        """Append a leaf over stored bytes; the transaction itself knows how."""

    def _changed(self, sql: str, values: tuple[object, ...]) -> bool:
        return self._execute(sql, values).rowcount == 1

    def hold_leg(self, hold: Hold) -> bool:
        """Put a leg that asks aside."""
        sql = f"UPDATE leg SET state = 'HELD', last_code = ? WHERE id = ? AND {rows.DUE}"  # noqa: S608 (constants only)
        if not self._changed(sql, (hold.code, hold.leg)):
            return False
        self._execute(
            "INSERT OR REPLACE INTO hold VALUES (?, ?, ?, ?)", (hold.leg, hold.at, hold.code, hold.reason)
        )
        return True

    def release_leg(self, leg_id: int, now: float) -> bool:
        """Let a HELD leg be tried at once."""
        sql = (
            "UPDATE leg SET state = 'READY', next_at = ?, refusals = 0, refused_since = NULL"
            " WHERE id = ? AND state = 'HELD'"
        )
        return self._changed(sql, (now, leg_id))

    def insert_contradiction(self, row: Contradiction, signed: bytes) -> bool:
        """Keep a contradicting acknowledgement with a leaf."""
        values = (row.aid, row.pid, row.event.value, row.by, row.at, row.bundle)
        sql = "INSERT INTO contradiction VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
        if not self._changed(sql, values):
            return False
        self.append_leaf(LeafKind.ACKNOWLEDGEMENT_RECEIVED, signed, row.aid)
        return True

    def insert_doubtful(self, row: Doubtful, most: int) -> bool:
        """Keep a doubtful acknowledgement, unless there are too many of its peer."""
        sql = (
            "INSERT INTO doubtful SELECT ?, ?, ?, ?, ?, ? WHERE (SELECT count(*) FROM doubtful WHERE peer = ?) < ?"
            " ON CONFLICT DO NOTHING"
        )
        values = (row.sha256, row.peer, row.pid, row.code, row.at, row.bundle, row.peer, most)
        return self._changed(sql, values)

    def release_received(self, pid: bytes) -> bool:
        """Let a package be opened once more."""
        sql = (
            f"UPDATE inbox SET state = 'ACCEPTED', strikes = 0, code = NULL WHERE received = {RECEIVED} AND"  # noqa: S608 (constants only)
            " (state = 'QUARANTINED' OR (state = 'ACCEPTED' AND code IS NOT NULL))"
        )
        return self._changed(sql, (pid,))

    def note_unreadable(self, pid: bytes, code: str) -> None:
        """Note why an accepted package could not be opened yet."""
        self._execute(_UNREADABLE, (code, pid))


class TroubleReads(ScanReads):
    """Implements `emla.ports.trouble.TroubleReader`."""

    _execute: Callable[..., sqlite3.Cursor]

    def hold(self, leg_id: int) -> Hold | None:
        """Why a leg was last put aside."""
        sql = "SELECT leg, at, code, reason FROM hold WHERE leg = ?"
        return rows.one(self._execute(sql, (leg_id,)), rows.hold)

    def held_and_over(self, now: int, limit: int) -> Sequence[Leg]:
        """HELD package legs that have expired."""
        return [rows.leg(row) for row in self._execute(_HELD_AND_OVER, (now, limit))]

    def overdue(self, before: int, urgent_before: int) -> Sequence[tuple[str, int, int]]:
        """Peers with overdue packages: the peer, how many, and when the oldest was created."""
        return [(row[0], row[1], row[2]) for row in self._execute(_OVERDUE, (urgent_before, before))]

    def waits_for(self, peer: str) -> bool:
        """Whether a leg to a peer asks or is HELD."""
        sql = (
            f"SELECT EXISTS (SELECT 1 FROM leg WHERE {rows.DUE} AND peer = ?1)"  # noqa: S608 (constants only)
            " OR EXISTS (SELECT 1 FROM leg WHERE state = 'HELD' AND peer = ?1)"
        )
        return bool(self._execute(sql, (peer,)).fetchone()[0])

    def contradictions(self, pid: bytes) -> Sequence[Contradiction]:
        """Contradicting acknowledgements of a package."""
        sql = "SELECT aid, pid, event, by, at, bundle FROM contradiction WHERE pid = ? ORDER BY at, aid"
        return [
            Contradiction(aid=row[0], pid=row[1], event=Event(row[2]), by=row[3], at=row[4], bundle=row[5])
            for row in self._execute(sql, (pid,))
        ]

    def doubtful(self, pid: bytes) -> Sequence[Doubtful]:
        """Acknowledgements that name a package and do not hold."""
        sql = "SELECT sha256, peer, pid, code, at, bundle FROM doubtful WHERE pid = ? ORDER BY at, sha256"
        return [
            Doubtful(sha256=row[0], peer=row[1], pid=row[2], code=row[3], at=row[4], bundle=row[5])
            for row in self._execute(sql, (pid,))
        ]

    def equivocations(self, pid: bytes) -> Sequence[Equivocation]:
        """Packages that claimed what this one had."""
        sql = "SELECT pid, other, at FROM equivocation WHERE other = ? ORDER BY at, pid"
        return [Equivocation(pid=row[0], other=row[1], at=row[2]) for row in self._execute(sql, (pid,))]

    def proof_counts(self, peer: str) -> tuple[int, int, int]:
        """Equivocations, contradictions and doubtful acknowledgements of a peer."""
        row = self._execute(_PROOFS, (peer,)).fetchone()
        return (row[0], row[1], row[2])

    # --- figures ---

    def equivocation_count(self) -> int:
        """Second packages kept as proof."""
        return int(self._execute("SELECT count(*) FROM equivocation").fetchone()[0])

    def contradiction_count(self) -> int:
        """Second acknowledgements kept as proof."""
        return int(self._execute("SELECT count(*) FROM contradiction").fetchone()[0])

    def doubtful_count(self) -> int:
        """Acknowledgements kept that do not hold."""
        return int(self._execute("SELECT count(*) FROM doubtful").fetchone()[0])

    def unreadable_count(self) -> int:
        """Accepted packages whose payload could not be read."""
        sql = "SELECT count(*) FROM inbox WHERE state = 'ACCEPTED' AND code IS NOT NULL"
        return int(self._execute(sql).fetchone()[0])

    def oldest_waiting(self) -> dict[str, int]:
        """For each peer that packages wait for: when the oldest was created."""
        return {row[0]: row[1] for row in self._execute(_OLDEST_WAITING)}
