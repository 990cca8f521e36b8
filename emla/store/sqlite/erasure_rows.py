"""Erasure and legal holds: the statements, and from rows to values. Part of `SqliteTransaction` and `SqliteReader`.

Rules of this file:
- What is erased is overwritten with as many zeros, in the row where it stands: a row that keeps its length is not moved, and no
  other row is (docs/adr/0044). Only a payload's row shrinks, after it was overwritten.
- A payload that is gone is a body of no bytes: no row of a payload that is here has one.
"""

import sqlite3
from collections.abc import Callable, Sequence

from emla.model.erasure import Erasure, ErasureReason, ErasureState, LegalHold, WantedErasure
from emla.model.errors import IllegalTransitionError
from emla.ports.erasure import CasePackage, DoomedPackage, NewErasure
from emla.store.sqlite import access_rows, numbers, rows
from emla.store.sqlite.numbers import Numbers

_OF_CASE = """
WITH RECURSIVE
    own (package) AS (SELECT package FROM legal_act WHERE case_id = ?1),
    -- A package that took the place of another one carries the same payload and brought no act of its own.
    ours (id, pid, replaces) AS (
        SELECT s.id, s.pid, s.replaces FROM own JOIN sent s ON own.package & 1 = 0 AND s.id = own.package / 2
        UNION SELECT n.id, n.pid, n.replaces FROM ours o JOIN sent n ON n.replaces = o.pid
        UNION SELECT b.id, b.pid, b.replaces FROM ours o JOIN sent b ON b.pid = o.replaces
    ),
    found (package) AS (SELECT package FROM own UNION SELECT id * 2 FROM ours)
SELECT f.package FROM found f WHERE NOT EXISTS (SELECT 1 FROM erased_package e WHERE e.package = f.package)
"""
_PACKAGES = f"""
SELECT coalesce(s.pid, r.pid), f.package & 1, coalesce(a.at, s.created) FROM ({_OF_CASE}) f
LEFT JOIN sent s ON f.package & 1 = 0 AND s.id = f.package / 2
LEFT JOIN received r ON f.package & 1 = 1 AND r.id = f.package / 2
LEFT JOIN legal_act a ON a.package = f.package
ORDER BY 3, f.package
"""  # noqa: S608 (constants only)
_ERASURE = """
SELECT id, case_id, why, person, reason, state, ordered_at, erased_at,
       (SELECT count(*) FROM erased_package p WHERE p.erasure = e.id) + (e.package IS NOT NULL), approver,
       CASE WHEN e.package & 1 = 1 THEN (SELECT r.pid FROM received r WHERE r.id = e.package / 2) END FROM erasure e
"""
_ERASURE_OF = f"""
{_ERASURE} WHERE id = coalesce(
    (SELECT erasure FROM erased_package WHERE package = {numbers.NUMBER}),
    (SELECT erasure FROM erased_content WHERE package = {numbers.NUMBER}))
"""  # noqa: S608 (constants only)
_DOOMED = """
SELECT coalesce(s.pid, r.pid), coalesce(s.payload_sha256, r.payload_sha256), p.done,
       coalesce((SELECT a.at FROM legal_act a WHERE a.package = p.package), s.created, r.accepted_at), s.message_id
FROM (SELECT package, erasure, done FROM erased_package UNION ALL SELECT package, erasure, done FROM erased_content) p
LEFT JOIN sent s ON p.package & 1 = 0 AND s.id = p.package / 2
LEFT JOIN received r ON p.package & 1 = 1 AND r.id = p.package / 2
WHERE p.erasure = ? ORDER BY p.package
"""
_WANTED = """
SELECT case_id, pid, person, reason, although, hash, at, expires FROM erasure_wanted
WHERE case_id = ? AND expires > ? ORDER BY at, pid
"""
_QUIET = """
SELECT case_id FROM legal_act a WHERE case_id > ?
AND NOT EXISTS (SELECT 1 FROM erased_package e WHERE e.package = a.package)
GROUP BY case_id HAVING max(at) < ? ORDER BY case_id LIMIT ?
"""
_SAID = "SELECT sha256, body FROM event WHERE at BETWEEN ? AND ? AND kind = ? AND substr(body, 1, 1) <> x'00'"
_RECORD_OVERWRITTEN = (
    "UPDATE record SET sealed = zeroblob(length(sealed)) WHERE ?1 & 1 = 1 AND received = ?1 / 2"
)
_OVERWRITTEN = (
    "UPDATE sent SET record = zeroblob(length(record)), message_sha256 = zeroblob(32) WHERE ?1 & 1 = 0 AND id = ?1 / 2",
    _RECORD_OVERWRITTEN,
    "UPDATE legal_act SET sealed = zeroblob(length(sealed)) WHERE package = ?1",
    access_rows.OVERWRITTEN,
)
_ABOUT_IT = """
UPDATE alone_words SET words = zeroblob(length(words))
WHERE message_id = (SELECT message_id FROM sent WHERE ?1 & 1 = 0 AND id = ?1 / 2)
"""
"""What people wrote about a message that went without a second person."""
_SCANS = (
    "DELETE FROM scan_release WHERE ?1 & 1 = 1 AND received = ?1 / 2",
    "DELETE FROM scan WHERE ?1 & 1 = 1 AND received = ?1 / 2",
)
"""Of the parts: what a malware scanner found is content, too, and nobody reads them any more."""
_PAYLOAD_OF = """
SELECT payload_sha256 FROM sent WHERE ?1 & 1 = 0 AND id = ?1 / 2
UNION ALL SELECT payload_sha256 FROM received WHERE ?1 & 1 = 1 AND id = ?1 / 2
"""


class ErasureStatements:
    """Implements `emla.ports.erasure.ErasureTransaction`."""

    _execute: Callable[..., sqlite3.Cursor]
    _numbers: Numbers

    def order_erasure(self, order: NewErasure, also: Sequence[bytes] = ()) -> tuple[int, int]:
        """Order that everything which is here of a case by now is erased, or the content of one package."""
        package = None if order.pid is None else self._numbers.of(order.pid)
        # Whatever waits about it waits for nothing any more: what goes whole takes orders about its parts with it.
        self._execute(
            "DELETE FROM erasure_wanted WHERE case_id = ?1 AND ?2 IN (pid, x'')",
            (order.case_id, order.pid or b""),
        )
        cursor = self._execute(
            "INSERT INTO erasure (case_id, why, person, reason, state, ordered_at, approver, package)"
            " VALUES (?, ?, ?, ?, 'ERASING', ?, ?, ?)",
            (order.case_id, order.why.value, order.person, order.reason, order.at, order.approver, package),
        )
        inserted = int(cursor.lastrowid or 0)
        if order.pid is not None:
            sql = "INSERT INTO erased_content VALUES (?, ?, 0) ON CONFLICT DO NOTHING"
            return inserted, self._execute(sql, (package, inserted)).rowcount
        doomed = [row[0] for row in self._execute(_OF_CASE, (order.case_id,)).fetchall()]
        doomed += [number for pid in also if (number := self._numbers.of(pid)) is not None]
        for number in doomed:
            self._execute(
                "INSERT INTO erased_package VALUES (?, ?, 0) ON CONFLICT DO NOTHING", (number, inserted)
            )
        self._execute("DELETE FROM case_agenda WHERE case_id = ?", (order.case_id,))
        sql = "SELECT count(*) FROM erased_package WHERE erasure = ?"
        return inserted, int(self._execute(sql, (inserted,)).fetchone()[0])

    def overwrite(self, pid: bytes) -> None:
        """Overwrite record, keys, act and small payload of a package, and what people wrote about it."""
        number = self._done("erased_package", pid)
        for each in (*_OVERWRITTEN, _ABOUT_IT):
            self._execute(each, (number,))
        self._execute("DELETE FROM case_named WHERE package = ?", (number,))
        self._execute("DELETE FROM held_file WHERE bucket = ?1 >> 15 AND package = ?1", (number,))
        self._overwrite_payload(number)

    def overwrite_content(self, pid: bytes) -> None:
        """Overwrite record, keys and small payload of a package of a peer's. Its act stays."""
        number = self._done("erased_content", pid)
        self._execute(_RECORD_OVERWRITTEN, (number,))
        self._overwrite_payload(number)

    def _done(self, table: str, pid: bytes) -> int | None:
        number = self._numbers.of(pid)
        sql = f"UPDATE {table} SET done = 1 WHERE package = ? AND done = 0"  # noqa: S608 (constants only)
        if self._execute(sql, (number,)).rowcount != 1:
            raise IllegalTransitionError(f"package {pid.hex()}: erased, but nobody ordered it")
        return number

    def _overwrite_payload(self, number: int | None) -> None:
        for each in _SCANS:
            self._execute(each, (number,))
        ((sha256,),) = self._execute(_PAYLOAD_OF, (number,)).fetchall()
        where = "WHERE sha256 = ? AND body IS NOT NULL"
        self._execute(f"UPDATE payload SET body = zeroblob(length(body)) {where}", (sha256,))  # noqa: S608 (constants only)
        self._execute("UPDATE payload SET body = x'' WHERE sha256 = ?", (sha256,))

    def overwrite_event(self, sha256: bytes) -> bool:
        """Overwrite what an event said."""
        sql = (
            "UPDATE event SET body = zeroblob(length(body)) WHERE sha256 = ? AND substr(body, 1, 1) <> x'00'"
        )
        return self._execute(sql, (sha256,)).rowcount == 1

    def finish_erasure(self, erasure: int, at: int) -> None:
        """Everything that it is about is gone."""
        sql = "UPDATE erasure SET state = 'ERASED', erased_at = ? WHERE id = ? AND state = 'ERASING'"
        if self._execute(sql, (at, erasure)).rowcount != 1:
            raise IllegalTransitionError(f"erasure {erasure}: finished, but not under way")

    def hold_case(self, hold: LegalHold) -> bool:
        """Put a case on legal hold."""
        sql = "INSERT INTO case_hold VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"
        return self._execute(sql, (hold.case_id, hold.person, hold.at, hold.reason)).rowcount == 1

    def unhold_case(self, case_id: bytes) -> bool:
        """Lift the hold of a case."""
        return self._execute("DELETE FROM case_hold WHERE case_id = ?", (case_id,)).rowcount == 1

    def want_erasure(self, wanted: WantedErasure) -> bool:
        """Have an order wait for a second person."""
        key = (wanted.case_id, wanted.pid or b"")
        self._execute(
            "DELETE FROM erasure_wanted WHERE case_id = ? AND pid = ? AND expires <= ?", (*key, wanted.at)
        )
        row = (*key, wanted.person, wanted.reason, int(wanted.although_open), wanted.hash)
        sql = "INSERT INTO erasure_wanted VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
        return self._execute(sql, (*row, wanted.at, wanted.expires)).rowcount == 1

    def unwant_erasure(self, case_id: bytes, pid: bytes | None) -> bool:
        """An order waits no more."""
        sql = "DELETE FROM erasure_wanted WHERE case_id = ? AND pid = ?"
        return self._execute(sql, (case_id, pid or b"")).rowcount == 1

    def drop_lapsed_orders(self, now: int) -> None:
        """Forget orders that waited for a second person until their time was over."""
        self._execute("DELETE FROM erasure_wanted WHERE expires <= ?", (now,))

    def is_erased_since(self, case_id: bytes, erasure: int) -> bool:
        """Whether it was ordered behind an order that a case is erased."""
        sql = "SELECT 1 FROM erasure WHERE case_id = ? AND id > ? AND package IS NULL"
        return self._execute(sql, (case_id, erasure)).fetchone() is not None

    def is_on_hold(self, case_id: bytes) -> bool:
        """Whether a case is on legal hold."""
        return self._execute("SELECT 1 FROM case_hold WHERE case_id = ?", (case_id,)).fetchone() is not None


class ErasureReads:
    """Implements `emla.ports.erasure.ErasureReader`."""

    _execute: Callable[..., sqlite3.Cursor]

    def erasures(self, case_id: bytes) -> Sequence[Erasure]:
        """Every order about a case, the oldest first."""
        cursor = self._execute(_ERASURE + " WHERE e.case_id = ? ORDER BY id", (case_id,))
        return [_erasure(row) for row in cursor]

    def erasure_of(self, pid: bytes) -> Erasure | None:
        """The order to erase a package."""
        return rows.one(self._execute(_ERASURE_OF, (pid,)), _erasure)

    def newest_erasure(self) -> int:
        """The number of the newest order."""
        return int(self._execute("SELECT coalesce(max(id), 0) FROM erasure", ()).fetchone()[0])

    def erasures_under_way(self) -> Sequence[Erasure]:
        """Orders that are not carried out."""
        return [_erasure(row) for row in self._execute(_ERASURE + " WHERE state = 'ERASING' ORDER BY id")]

    def doomed(self, erasure: int) -> Sequence[DoomedPackage]:
        """What an order is about."""
        return [
            DoomedPackage(pid=row[0], payload_sha256=row[1], done=bool(row[2]), at=row[3], message_id=row[4])
            for row in self._execute(_DOOMED, (erasure,))
        ]

    def doomed_drafts(self, erasure: int) -> Sequence[bytes]:
        """Hashes of the payloads of drafts that went with an order."""
        sql = "SELECT payload_sha256 FROM erased_draft WHERE erasure = ? ORDER BY draft"
        return [row[0] for row in self._execute(sql, (erasure,))]

    def erased_payload(self, sha256: bytes) -> bool:
        """Whether the payload of this hash was here and is erased."""
        sql = "SELECT 1 FROM payload WHERE sha256 = ? AND length(body) = 0"
        return self._execute(sql, (sha256,)).fetchone() is not None

    def erasures_wanted(self, case_id: bytes, now: int) -> Sequence[WantedErasure]:
        """Orders about a case that wait for a second person."""
        return [_wanted(row) for row in self._execute(_WANTED, (case_id, now))]

    def has_lapsed_orders(self, now: int) -> bool:
        """Whether there are orders whose time is over, and which nobody has decided about."""
        sql = "SELECT 1 FROM erasure_wanted WHERE expires <= ? LIMIT 1"
        return self._execute(sql, (now,)).fetchone() is not None

    def packages_of_case(self, case_id: bytes) -> Sequence[CasePackage]:
        """The packages of a case that are not to be erased."""
        return [
            CasePackage(pid=row[0], incoming=bool(row[1]), at=row[2])
            for row in self._execute(_PACKAGES, (case_id,))
        ]

    def events_said(self, kind: str, first: int, last: int) -> Sequence[tuple[bytes, bytes]]:
        """Digest and body of the events of a kind between two instants."""
        return [(row[0], row[1]) for row in self._execute(_SAID, (first, last, kind))]

    def legal_hold(self, case_id: bytes) -> LegalHold | None:
        """The hold of a case."""
        sql = "SELECT case_id, person, at, reason FROM case_hold WHERE case_id = ?"
        return rows.one(self._execute(sql, (case_id,)), _hold)

    def quiet_cases(self, case_id: bytes, before: int, limit: int) -> Sequence[bytes]:
        """Cases behind one in which nothing came or went since an instant."""
        return [row[0] for row in self._execute(_QUIET, (case_id, before, limit))]


def _erasure(row: sqlite3.Row) -> Erasure:
    return Erasure(
        id=row[0],
        case_id=row[1],
        why=ErasureReason(row[2]),
        person=row[3],
        reason=row[4],
        state=ErasureState(row[5]),
        ordered_at=row[6],
        erased_at=row[7],
        packages=row[8],
        approver=row[9],
        pid=row[10],
    )


def _wanted(row: sqlite3.Row) -> WantedErasure:
    return WantedErasure(
        case_id=row[0],
        pid=row[1] or None,
        person=row[2],
        reason=row[3],
        although_open=bool(row[4]),
        hash=row[5],
        at=row[6],
        expires=row[7],
    )


def _hold(row: sqlite3.Row) -> LegalHold:
    return LegalHold(case_id=row[0], person=row[1], at=row[2], reason=row[3])
