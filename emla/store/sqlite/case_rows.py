"""Acts of cases: the statements, and from rows to values. Part of `SqliteTransaction` and `SqliteReader`."""

import sqlite3
from collections.abc import Callable, Sequence

from emla.model.record import SealedAct
from emla.ports.cases import SOMETHING_CAME, ActRow, AgendaItem
from emla.store.sqlite.numbers import Numbers

_ACTS = """
SELECT a.package, coalesce(s.pid, r.pid), a.package & 1, a.at, a.sealed FROM legal_act a
LEFT JOIN sent s ON a.package & 1 = 0 AND s.id = a.package / 2
LEFT JOIN received r ON a.package & 1 = 1 AND r.id = a.package / 2
WHERE a.case_id = ? ORDER BY a.at, a.package LIMIT ?
"""
_LINKED = """
SELECT * FROM (SELECT DISTINCT n.other FROM legal_act a JOIN case_named n ON n.package = a.package WHERE a.case_id = ?1 LIMIT ?2)
UNION
SELECT * FROM (SELECT DISTINCT a.case_id FROM case_named n JOIN legal_act a ON a.package = n.package WHERE n.other = ?1 LIMIT ?2)
LIMIT ?2
"""
"""Each half ends at the limit by itself: a case may be named by thousands."""
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
_INSERT = "INSERT OR REPLACE INTO legal_act VALUES (?, ?, ?, ?)"
_NAME = "INSERT OR IGNORE INTO case_named VALUES (?, ?)"
_AGAIN = "ON CONFLICT (at, case_id) DO UPDATE SET times = times + 1"
_LOOK = f"INSERT INTO case_agenda VALUES (?, ?, 1) {_AGAIN}"  # noqa: S608 (constants only)
_LOOK_OF = f"""
INSERT INTO case_agenda SELECT {SOMETHING_CAME}, case_id, 1 FROM legal_act WHERE package = ? {_AGAIN}
"""  # noqa: S608 (constants only)
_LOOKED = "DELETE FROM case_agenda WHERE at = ? AND case_id = ? AND times = ?"


class CaseStatements:
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

    def newest_acts(self, cases: Sequence[bytes]) -> tuple[int, int]:
        """How many acts of some cases there are, and the highest number of their packages."""
        places = ", ".join("?" * len(cases))
        sql = f"SELECT count(*), coalesce(max(package), 0) FROM legal_act WHERE case_id IN ({places})"  # noqa: S608 (constants only)
        count, newest = self._execute(sql, tuple(cases)).fetchone()
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


class CaseReads:
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
