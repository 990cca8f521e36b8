"""The ledger's leaves with what they are about: the statements, and from rows to values. Part of `SqliteListings`.

A page is one statement, so that leaves of two epochs are never taken for one another. Each row costs four lookups by key.
"""

import sqlite3
from collections.abc import Sequence

from emla.ledger import checkpoint
from emla.ports.happenings import Extent, LeafRow

_NEWEST = "SELECT note FROM checkpoint ORDER BY size DESC LIMIT 1"
_FORMER = """
WITH RECURSIVE each (epoch) AS (
    SELECT min(epoch) FROM former_checkpoint
    UNION ALL SELECT (SELECT min(f.epoch) FROM former_checkpoint f WHERE f.epoch > e.epoch) FROM each e WHERE e.epoch NOT NULL
)
SELECT epoch, (SELECT max(size) FROM former_checkpoint f WHERE f.epoch = each.epoch) FROM each WHERE epoch NOT NULL
"""
"""One step for each epoch, however many checkpoints each had."""
_LEAVES = f"""
SELECT l.idx, l.kind, l.digest, coalesce(a.event, e.kind), coalesce(a.at, e.at), a.reason, l.package & 1,
    coalesce(s.pid, r.pid), c.case_id, e.body, ({_NEWEST})
FROM {{table}} l
LEFT JOIN acknowledgement a ON l.kind IN (3, 4) AND a.package = l.package AND a.aid = l.ref
LEFT JOIN event e ON l.kind = 6 AND e.sha256 = l.ref
LEFT JOIN sent s ON l.package & 1 = 0 AND s.id = l.package / 2
LEFT JOIN received r ON l.package & 1 = 1 AND r.id = l.package / 2
LEFT JOIN legal_act c ON c.package = l.package
WHERE {{where}} l.idx >= ? AND l.idx < ? ORDER BY l.idx
"""  # noqa: S608 (constants only)
_OF_TODAY = _LEAVES.format(table="leaf", where="")
_OF_FORMER = _LEAVES.format(table="former_leaf", where="l.epoch = ? AND")


class LeafReads:
    """Implements `emla.ports.happenings.Leaves`."""

    async def _all(self, sql: str, values: tuple[object, ...] = ()) -> list[sqlite3.Row]:
        """Run a SELECT to its end."""
        raise NotImplementedError

    async def extent(self) -> Extent:
        """How far the ledger goes."""
        newest = await self._all(_NEWEST)
        former = {row[0]: row[1] for row in await self._all(_FORMER)}
        if not newest:
            return Extent(epoch=None, size=0, former=former)
        found = checkpoint.decode(newest[0][0]).checkpoint
        return Extent(epoch=_epoch(found.origin), size=found.size, former=former)

    async def leaves(self, epoch: int, first: int, end: int) -> Sequence[LeafRow]:
        """Leaves of an epoch from `first` up to, and not with, `end`."""
        found = await self._all(_OF_TODAY, (first, end))
        if found and _epoch(checkpoint.decode(found[0][10]).checkpoint.origin) == epoch:
            return [_row(each) for each in found]
        return [_row(each) for each in await self._all(_OF_FORMER, (epoch, first, end))]


def _epoch(origin: str) -> int:
    return int(origin.rpartition("/")[2])


def _row(row: sqlite3.Row) -> LeafRow:
    return LeafRow(
        index=row[0],
        kind=row[1],
        digest=row[2],
        name=row[3],
        at=row[4],
        code=row[5],
        incoming=bool(row[6]),
        pid=row[7],
        case_id=row[8],
        body=row[9],
    )
