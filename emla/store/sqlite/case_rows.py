"""Acts of cases: the statements, and from rows to values. Part of `SqliteTransaction` and `SqliteReader`."""

import sqlite3
from collections.abc import Callable, Sequence

from emla.model.record import SealedAct
from emla.ports.cases import SOMETHING_CAME, ActRow, AgendaItem
from emla.store.sqlite.access_rows import AccessReads, AccessStatements
from emla.store.sqlite.erasure_rows import ErasureReads, ErasureStatements
from emla.store.sqlite.numbers import Numbers

_ACTS = """
SELECT a.package, coalesce(s.pid, r.pid), a.package & 1, a.at, a.sealed FROM legal_act a
LEFT JOIN sent s ON a.package & 1 = 0 AND s.id = a.package / 2
LEFT JOIN received r ON a.package & 1 = 1 AND r.id = a.package / 2
WHERE a.case_id = ? AND NOT EXISTS (SELECT 1 FROM erased_package e WHERE e.package = a.package)
ORDER BY a.at, a.package LIMIT ?
"""
_LINKED = """
SELECT * FROM (SELECT DISTINCT n.other FROM legal_act a JOIN case_named n ON n.package = a.package WHERE a.case_id = ?1 LIMIT ?2)
UNION
SELECT * FROM (SELECT DISTINCT a.case_id FROM case_named n JOIN legal_act a ON a.package = n.package WHERE n.other = ?1 LIMIT ?2)
LIMIT ?2
"""
"""Each half ends at the limit by itself: a case may be named by thousands."""
_NEWEST = """
SELECT count(*), coalesce(max(package), 0) FROM legal_act a WHERE case_id IN ({places})
AND NOT EXISTS (SELECT 1 FROM erased_package e WHERE e.package = a.package)
"""
_AFTER = "SELECT DISTINCT case_id FROM legal_act WHERE case_id > ? ORDER BY case_id LIMIT ?"
_AGENDA = """
SELECT at, case_id, times FROM case_agenda WHERE (at, case_id) > (?, ?) AND at <= ? ORDER BY at, case_id LIMIT ?
"""
_CASE_OF = """
WITH RECURSIVE carrier (pid) AS (
    SELECT ?1 UNION SELECT s.replaces FROM carrier c JOIN sent s ON s.pid = c.pid WHERE s.replaces IS NOT NULL
)
SELECT a.case_id FROM carrier c JOIN sent s ON s.pid = c.pid JOIN legal_act a ON a.package = s.id * 2
UNION ALL SELECT a.case_id FROM received r JOIN legal_act a ON a.package = r.id * 2 + 1 WHERE r.pid = ?1
LIMIT 1
"""
_INSERT = "INSERT OR REPLACE INTO legal_act (package, case_id, at, sealed) VALUES (?, ?, ?, ?)"
_HOLD = "INSERT OR IGNORE INTO held_file VALUES (?, ?, ?)"
_HELD_IN = """
WITH RECURSIVE bucket (n) AS (
    SELECT 0 UNION ALL SELECT n + 1 FROM bucket WHERE n < (SELECT coalesce(max(bucket), 0) FROM held_file)
)
SELECT DISTINCT a.case_id FROM bucket CROSS JOIN held_file h ON h.bucket = bucket.n AND h.tag = ?
JOIN legal_act a ON a.package = h.package LIMIT ?
"""
_BUCKET_BITS = 15
_NAME = "INSERT OR IGNORE INTO case_named VALUES (?, ?)"
_AGAIN = "ON CONFLICT (at, case_id) DO UPDATE SET times = times + 1"
_LOOK = f"INSERT INTO case_agenda VALUES (?, ?, 1) {_AGAIN}"  # noqa: S608 (constants only)
_LOOK_OF = f"""
INSERT INTO case_agenda SELECT {SOMETHING_CAME}, case_id, 1 FROM legal_act WHERE package = ? {_AGAIN}
"""  # noqa: S608 (constants only)
_LOOKED = "DELETE FROM case_agenda WHERE at = ? AND case_id = ? AND times = ?"


class CaseStatements(AccessStatements, ErasureStatements):
    """Implements `emla.ports.cases.CaseTransaction`."""

    _execute: Callable[..., sqlite3.Cursor]
    _numbers: Numbers

    def insert_act(self, pid: bytes, act: SealedAct, at: int) -> None:
        """Keep the act of a package."""
        number = self._numbers.of(pid)
        self._execute(_INSERT, (number, act.case_id, at, act.sealed))
        self._execute(_LOOK, (SOMETHING_CAME, act.case_id))
        for other, _ in act.related:
            self._execute(_NAME, (number, other))
        if number is not None and number & 1:  # what came in; our own binds us not
            for tag in act.files:
                self._execute(_HOLD, (number >> _BUCKET_BITS, tag, number))

    def newest_acts(self, cases: Sequence[bytes]) -> tuple[int, int]:
        """How many acts of some cases there are, and the highest number of their packages."""
        places = ", ".join("?" * len(cases))
        count, newest = self._execute(_NEWEST.format(places=places), tuple(cases)).fetchone()
        return count, newest

    def look_again(self, pid: bytes) -> None:
        """Have the case looked at that a package belongs to."""
        self._execute(_LOOK_OF, (self._numbers.of(pid),))

    def look_at(self, case_id: bytes, at: int) -> None:
        """Have a case looked at."""
        self._execute(_LOOK, (at, case_id))

    def looked(self, item: AgendaItem) -> None:
        """It was looked at."""
        self._execute(_LOOKED, (item.at, item.case_id, item.times))


class CaseReads(AccessReads, ErasureReads):
    """Implements `emla.ports.cases.CaseReader`."""

    _execute: Callable[..., sqlite3.Cursor]

    def acts_of_case(self, case_id: bytes, limit: int) -> Sequence[ActRow]:
        """The acts of one case, oldest first."""
        return [
            ActRow(number=row[0], pid=row[1], incoming=bool(row[2]), at=row[3], sealed=row[4])
            for row in self._execute(_ACTS, (case_id, limit))
        ]

    def linked_cases(self, case_id: bytes, limit: int) -> Sequence[bytes]:
        """Cases that a case names, or that name it."""
        return [row[0] for row in self._execute(_LINKED, (case_id, limit))]

    def cases_holding(self, tag: bytes, limit: int) -> Sequence[bytes]:
        """Cases in which a file came in."""
        return [row[0] for row in self._execute(_HELD_IN, (tag, limit))]

    def case_of(self, pid: bytes) -> bytes | None:
        """The case of a package: of its act, or of that of the package whose place it took."""
        row = self._execute(_CASE_OF, (pid,)).fetchone()
        return row[0] if row else None

    def cases_after(self, case_id: bytes, limit: int) -> Sequence[bytes]:
        """Cases behind one, in ascending order."""
        return [row[0] for row in self._execute(_AFTER, (case_id, limit))]

    def agenda(self, at: int, case_id: bytes, until: int, limit: int) -> Sequence[AgendaItem]:
        """What is to be looked at, behind a case of an instant, to an instant."""
        rows = self._execute(_AGENDA, (at, case_id, until, limit))
        return [AgendaItem(at=row[0], case_id=row[1], times=row[2]) for row in rows]
