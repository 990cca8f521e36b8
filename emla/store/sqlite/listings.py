"""Listings over aiosqlite: a connection and thread of their own, so that a long list never holds up a package."""

import sqlite3
from collections.abc import Sequence
from pathlib import Path

import aiosqlite

from emla.ports.cases import CaseRow
from emla.ports.listings import LegFilter, Listed, ListedLeg
from emla.store.sqlite import rows
from emla.store.sqlite.access_rows import FiledReads

_RESOLVE = """
WITH RECURSIVE carrier (pid) AS (
    SELECT pid FROM sent WHERE message_id = ?3 AND replaces IS NULL
    UNION ALL SELECT n.pid FROM carrier c JOIN sent n ON n.replaces = c.pid
)
SELECT pid FROM sent WHERE pid BETWEEN ?1 AND ?2
UNION SELECT pid FROM received WHERE pid BETWEEN ?1 AND ?2
UNION SELECT pid FROM carrier c WHERE NOT EXISTS (SELECT 1 FROM sent n WHERE n.replaces = c.pid)
LIMIT 2
"""
"""By a beginning of the package id; or by the message id, the last package that carries it. Each part uses an index."""


_WITHOUT_ACT = """
SELECT s.pid, s.record FROM sent s WHERE s.replaces IS NULL AND length(s.record) > 0
AND NOT EXISTS (SELECT 1 FROM legal_act a WHERE a.package = s.id * 2)
AND NOT EXISTS (SELECT 1 FROM erased_package e WHERE e.package = s.id * 2)
UNION ALL SELECT r.pid, c.sealed FROM record c JOIN received r ON r.id = c.received
WHERE NOT EXISTS (SELECT 1 FROM legal_act a WHERE a.package = c.received * 2 + 1)
AND NOT EXISTS (SELECT 1 FROM erased_package e WHERE e.package = c.received * 2 + 1)
"""
"""What took the place of another package brought no act either: it is found through that one."""

_ERASED = """
SELECT e.case_id, coalesce((SELECT max(a.at) FROM legal_act a WHERE a.case_id = e.case_id), max(e.ordered_at)),
       max(e.id) AS newest FROM erasure e
WHERE ?1 IS NULL OR e.case_id IN (SELECT p.case_id FROM case_person p WHERE p.person = ?1)
GROUP BY e.case_id HAVING ?2 IS NULL OR newest < (SELECT max(b.id) FROM erasure b WHERE b.case_id = ?2)
ORDER BY newest DESC LIMIT ?3
"""


class SqliteListings(FiledReads):
    """Implements `emla.ports.listings.Listings`, `emla.ports.happenings.Leaves` and `emla.ports.accesses.AccessLeaves`.

    Open with `open_listings`, close on every path.
    """

    def __init__(self, connection: aiosqlite.Connection) -> None:
        self._connection = connection

    async def close(self) -> None:
        """Close the connection and end its thread."""
        await self._connection.close()

    async def _all(self, sql: str, values: tuple[object, ...] = ()) -> list[sqlite3.Row]:
        """Run a SELECT to its end in one hop: a statement left open would hold every later one to its snapshot."""
        return list(await self._connection.execute_fetchall(sql, values))

    async def packages(
        self,
        *,
        incoming: bool,
        outgoing: bool,
        state: str | None,
        limit: int,
        unopened: bool = False,
        person: str | None = None,
    ) -> Sequence[Listed]:
        """Packages, newest first; with `unopened` only peers' that could not be opened; with `person` of his or her cases."""
        found: list[Listed] = []
        for wanted, select, column, place in (
            (outgoing and not unopened, rows.OUT, "l.state", "s.id"),
            (incoming, rows.IN, "i.state", "r.id"),
        ):
            if not wanted:
                continue
            where = f" WHERE {column} = ?" if state else ""
            if unopened:
                where += f"{' AND' if state else ' WHERE'} {_UNOPENED}"
            values = (state,) if state else ()
            if person is not None:
                found += await self._of_person(select, where, values, place, person, limit)
                continue
            listed = await self._all(f"{select}{where} ORDER BY {place} DESC LIMIT ?", (*values, limit))
            found.extend(rows.listed(row) for row in listed)
        found.sort(key=lambda each: each.created, reverse=True)
        return found if person is not None else found[:limit]

    async def _of_person(
        self, select: str, where: str, values: tuple[str, ...], place: str, person: str, limit: int
    ) -> list[Listed]:
        """Packages of a person's cases, and the newest of which nobody knows the case by an act: two statements, each by key."""
        more = f"{where} AND" if where else " WHERE"
        order = f"ORDER BY {place} DESC LIMIT ?"
        of_cases, unfiled = _OF_PERSON[place]
        rows_found = await self._all(f"{select}{more} {of_cases} {order}", (*values, person, limit))
        rows_found += await self._all(f"{select}{more} {unfiled} {order}", (*values, _UNFILED, limit))
        return [rows.listed(row) for row in rows_found]

    async def cases(self, *, limit: int, person: str | None = None) -> Sequence[CaseRow]:
        """Cases, or those of one person, the ones in which something came or went last in front."""
        whose, values = "", tuple[object, ...]((limit,))
        if person is not None:
            # By the person's own rows: what it costs is how many cases are his, not how many there are.
            whose, values = (
                "case_person p JOIN legal_act a ON a.case_id = p.case_id WHERE p.person = ?",
                (person, limit),
            )
        sql = (
            f"SELECT a.case_id, max(a.at) AS last FROM {whose or 'legal_act a'}"  # noqa: S608 (constants only)
            " GROUP BY a.case_id ORDER BY last DESC, a.case_id LIMIT ?"
        )
        return [CaseRow(case_id=row[0], at=row[1]) for row in await self._all(sql, values)]

    async def erased_cases(
        self, *, limit: int, person: str | None = None, behind: bytes | None = None
    ) -> Sequence[CaseRow]:
        """Cases, or those of one person, of which something was ordered erased, the newest order in front."""
        return [
            CaseRow(case_id=row[0], at=row[1]) for row in await self._all(_ERASED, (person, behind, limit))
        ]

    async def resolve_case(self, prefix: str) -> Sequence[bytes]:
        """Case ids that begin with these hexadecimal digits."""
        low, high = bytes.fromhex(prefix.ljust(32, "0")), bytes.fromhex(prefix.ljust(32, "f"))
        sql = "SELECT DISTINCT case_id FROM legal_act WHERE case_id BETWEEN ? AND ? LIMIT 2"
        return [row[0] for row in await self._all(sql, (low, high))]

    async def without_act(self) -> Sequence[tuple[bytes, bytes]]:
        """Id and sealed record of each package that brought no act of a case."""
        return [(row[0], row[1]) for row in await self._all(_WITHOUT_ACT)]

    async def resolve(self, prefix: str) -> Sequence[bytes]:
        """Package ids that begin with these hexadecimal digits, or carry exactly this message id."""
        low = bytes.fromhex(prefix.ljust(64, "0"))
        high = bytes.fromhex(prefix.ljust(64, "f"))
        exact = bytes.fromhex(prefix) if len(prefix) % 2 == 0 else b""
        return [row[0] for row in await self._all(_RESOLVE, (low, high, exact))]

    async def legs(self, wanted: LegFilter, *, limit: int) -> Sequence[ListedLeg]:
        """Legs, the ones due first in front; dead ones the newest first."""
        where, values = _where(wanted)
        order = "id DESC" if wanted.dead else f"{rows.DUE} DESC, next_at, id DESC"
        sql = f"{rows.LISTED_LEG}{where} ORDER BY {order} LIMIT ?"
        return [rows.listed_leg(row) for row in await self._all(sql, (*values, limit))]

    async def leg_counts(self) -> dict[str, int]:
        """How many legs are in each state."""
        sql = "SELECT state, sum(legs) FROM leg_count WHERE legs > 0 GROUP BY state"
        return {row[0]: row[1] for row in await self._all(sql)}

    async def waiting(self) -> dict[str, tuple[int, float]]:
        """For each peer with legs that still ask: how many, and when the next is due."""
        sql = f"SELECT peer, count(*), min(next_at) FROM leg WHERE {rows.DUE} GROUP BY peer"  # noqa: S608 (constants only)
        return {row[0]: (row[1], row[2]) for row in await self._all(sql)}


_UNFILED = 5000
"""Of packages that brought no act, so many of the newest are looked at."""
_ACTS_OF_PERSON = (
    "SELECT a.package FROM case_person p JOIN legal_act a ON a.case_id = p.case_id WHERE p.person = ?"
)
_OF_PERSON = {
    "s.id": (
        f"""s.id IN (WITH RECURSIVE carrier (id, pid) AS (
            SELECT c.id, c.pid FROM ({_ACTS_OF_PERSON}) o JOIN sent c ON o.package & 1 = 0 AND c.id = o.package / 2
            UNION SELECT n.id, n.pid FROM carrier c JOIN sent n ON n.replaces = c.pid
        ) SELECT id FROM carrier)""",  # noqa: S608 (constants only)
        """s.id > (SELECT max(id) FROM sent) - ? AND s.replaces IS NULL
        AND NOT EXISTS (SELECT 1 FROM legal_act a WHERE a.package = s.id * 2)""",
    ),
    "r.id": (
        f"r.id IN (SELECT o.package / 2 FROM ({_ACTS_OF_PERSON}) o WHERE o.package & 1 = 1)",  # noqa: S608 (constants only)
        """r.id > (SELECT max(id) FROM received) - ?
        AND NOT EXISTS (SELECT 1 FROM legal_act a WHERE a.package = r.id * 2 + 1)""",
    ),
}
"""By place: of a person's cases, what took the place of another package too; and what brought no act."""
_UNOPENED = "(i.state = 'QUARANTINED' OR (i.state = 'ACCEPTED' AND i.code IS NOT NULL))"
_DEAD = "+l.kind = 'package' AND l.state IN ('HELD', 'REJECTED', 'EXPIRED', 'CONSIGNMENT_FAILED')"
_OVERDUE = (
    "+l.kind = 'package' AND l.state IN ('READY', 'HUB_HELD', 'HELD')"
    " AND l.created < CASE l.urgent WHEN 1 THEN ? ELSE ? END"
)


def _where(wanted: LegFilter) -> tuple[str, list[object]]:
    parts: list[str] = []
    values: list[object] = []
    for column, value in (("l.state", wanted.state), ("l.peer", wanted.peer)):
        if value is not None:
            parts.append(f"{column} = ?")
            values.append(value)
    if wanted.dead:
        parts.append(_DEAD)
    if wanted.overdue_before is not None:
        parts.append(_OVERDUE)
        values += reversed(wanted.overdue_before)
    return (f" WHERE {' AND '.join(parts)}" if parts else "", values)


async def open_listings(path: Path) -> SqliteListings:
    """Open a read-only connection for listings; `path` is absolute."""
    connection = await aiosqlite.connect(f"{path.as_uri()}?mode=ro", uri=True)
    for pragma in ("query_only=ON", "wal_autocheckpoint=0", "busy_timeout=5000", "mmap_size=0"):
        await connection.execute(f"PRAGMA {pragma}")
    return SqliteListings(connection)
