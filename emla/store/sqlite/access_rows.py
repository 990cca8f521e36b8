"""Accesses: the statements, and from rows to values. Part of `SqliteTransaction`, `SqliteReader` and `SqliteListings`."""

import sqlite3
from collections.abc import Callable, Sequence

from emla.model.access import LedgerPlace
from emla.ports.accesses import FiledLeaf, ReportRow
from emla.store.sqlite.leaf_rows import LeafReads

_FILED = """
SELECT l.idx, l.digest, e.kind, e.body FROM legal_act a
JOIN {table} l ON l.package = a.package AND l.kind = 6 AND l.idx >= ?2 AND l.idx < ?3 {of}
JOIN event e ON e.sha256 = l.ref
WHERE a.case_id = ?1 ORDER BY l.idx LIMIT ?4
"""
_OF_TODAY = _FILED.format(table="leaf", of="")
_OF_FORMER = _FILED.format(table="former_leaf", of="AND l.epoch = ?5")
_FROM = """
SELECT r.pid FROM legal_act a JOIN received r ON a.package & 1 = 1 AND r.id = a.package / 2
WHERE a.case_id = ? AND r.sender = ? ORDER BY a.package
"""
_FORMER_NOTE = "SELECT note FROM former_checkpoint WHERE epoch = ? ORDER BY size DESC LIMIT 1"
_NEWEST_NOTE = "SELECT note FROM checkpoint ORDER BY size DESC LIMIT 1"
_INSERT = """
INSERT INTO access_report (case_id, holder, epoch, begins, ends, at, sealed) SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7
WHERE EXISTS (SELECT 1 FROM legal_act a WHERE a.case_id = ?1
    AND NOT EXISTS (SELECT 1 FROM erased_package e WHERE e.package = a.package))
"""
"""A case that is being erased is given nothing that would have to be erased again."""
_REPORTS = """
SELECT case_id, holder, epoch, begins, ends, at, sealed FROM access_report
WHERE case_id = ? AND substr(sealed, 1, 24) <> zeroblob(24) ORDER BY id
"""
OVERWRITTEN = """
UPDATE access_report SET sealed = zeroblob(length(sealed))
WHERE case_id = (SELECT case_id FROM legal_act WHERE package = ?1) AND substr(sealed, 1, 24) <> zeroblob(24)
"""
"""With a package of a case what others said of who read the case goes, too (`erasure_rows`)."""


class AccessStatements:
    """Implements `emla.ports.accesses.AccessTransaction`."""

    _execute: Callable[..., sqlite3.Cursor]

    def insert_access_report(self, row: ReportRow) -> None:
        """Keep a report."""
        place = (row.first.epoch, row.first.index, row.end)
        self._execute(_INSERT, (row.case_id, row.holder, *place, row.at, row.sealed))


class AccessReads:
    """Implements `emla.ports.accesses.AccessReader`."""

    _execute: Callable[..., sqlite3.Cursor]

    def access_reports(self, case_id: bytes) -> Sequence[ReportRow]:
        """The reports about a case, in the order in which they came."""
        return [
            ReportRow(
                case_id=row[0],
                holder=row[1],
                first=LedgerPlace(epoch=row[2], index=row[3]),
                end=row[4],
                at=row[5],
                sealed=row[6],
            )
            for row in self._execute(_REPORTS, (case_id,))
        ]


class FiledReads(LeafReads):
    """Implements `emla.ports.accesses.AccessLeaves`."""

    async def filed(self, case_id: bytes, first: LedgerPlace, end: int, limit: int) -> Sequence[FiledLeaf]:
        """Events filed under packages of a case."""
        values = (case_id, first.index, end, limit)
        former = await self._all(_FORMER_NOTE, (first.epoch,))
        rows = (
            await self._all(_OF_FORMER, (*values, first.epoch))
            if former
            else await self._all(_OF_TODAY, values)
        )
        return [FiledLeaf(index=row[0], digest=row[1], kind=row[2], body=row[3]) for row in rows]

    async def checkpoint_of(self, epoch: int) -> bytes | None:
        """The newest checkpoint of an epoch."""
        found = await self._all(_FORMER_NOTE, (epoch,)) or await self._all(_NEWEST_NOTE)
        return found[0][0] if found else None

    async def packages_from(self, case_id: bytes, sender: str) -> Sequence[bytes]:
        """Ids of the packages of a case that a peer sent."""
        return [row[0] for row in await self._all(_FROM, (case_id, sender))]
