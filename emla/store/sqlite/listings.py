"""Listings over aiosqlite: a connection and thread of their own, so that a long list never holds up a package."""

from collections.abc import Sequence
from pathlib import Path

import aiosqlite

from emla.model.leg import Leg
from emla.ports.listings import Listed
from emla.store.sqlite import rows

_LATE = """EXISTS (SELECT 1 FROM acknowledgement a WHERE a.pid = s.pid AND a.event = 'RelayFailure')
       AND l.state NOT IN ('READY', 'EXPIRED')"""
_OUT = f"""
SELECT 0 AS incoming, s.pid, s.signed, s.recipient AS peer, l.state, {_LATE} AS late, s.urgent, s.created, s.expires,
       s.payload_size, s.message_id, s.id AS place
FROM sent s JOIN leg l ON l.kind = 'package' AND l.ref = s.pid AND l.peer = s.recipient
"""  # noqa: S608 (constants only)
_IN = """
SELECT 1 AS incoming, r.pid, r.signed, r.sender AS peer, i.state, 0 AS late, r.urgent, r.created, r.expires,
       r.payload_size, NULL AS message_id, r.id AS place
FROM received r JOIN inbox i ON i.pid = r.pid
"""


class SqliteListings:
    """Implements `emla.ports.listings.Listings`. Open with `open_listings`, close on every path."""

    def __init__(self, connection: aiosqlite.Connection) -> None:
        self._connection = connection

    async def close(self) -> None:
        """Close the connection and end its thread."""
        await self._connection.close()

    async def packages(
        self, *, incoming: bool, outgoing: bool, state: str | None, limit: int
    ) -> Sequence[Listed]:
        """Packages, newest first."""
        found: list[Listed] = []
        for wanted, select, column, place in (
            (outgoing, _OUT, "l.state", "s.id"),
            (incoming, _IN, "i.state", "r.id"),
        ):
            if not wanted:
                continue
            where = f" WHERE {column} = ?" if state else ""
            sql = f"{select}{where} ORDER BY {place} DESC LIMIT ?"
            values = (state, limit) if state else (limit,)
            async with self._connection.execute(sql, values) as cursor:
                found.extend([_listed(row) async for row in cursor])
        return sorted(found, key=lambda each: each.created, reverse=True)[:limit]

    async def package(self, pid: bytes) -> Listed | None:
        """One package."""
        for sql in (_OUT + " WHERE s.pid = ?", _IN + " WHERE r.pid = ?"):
            async with self._connection.execute(sql, (pid,)) as cursor:
                if row := await cursor.fetchone():
                    return _listed(row)
        return None

    async def resolve(self, prefix: str) -> Sequence[bytes]:
        """Package ids that begin with these hexadecimal digits, or carry exactly this message id."""
        low = bytes.fromhex(prefix.ljust(64, "0"))
        high = bytes.fromhex(prefix.ljust(64, "f"))
        sql = (
            "SELECT pid FROM sent WHERE pid BETWEEN ?1 AND ?2 OR message_id = ?3"
            " UNION SELECT pid FROM received WHERE pid BETWEEN ?1 AND ?2 LIMIT 2"
        )
        exact = bytes.fromhex(prefix) if len(prefix) % 2 == 0 else b""
        async with self._connection.execute(sql, (low, high, exact)) as cursor:
            return [row[0] async for row in cursor]

    async def legs(self, *, state: str | None, limit: int) -> Sequence[Leg]:
        """Legs, the ones due first in front."""
        where = " WHERE state = ?" if state else ""
        values = (state, limit) if state else (limit,)
        sql = f"{rows.LEG}{where} ORDER BY state = 'READY' DESC, next_at, id DESC LIMIT ?"
        async with self._connection.execute(sql, values) as cursor:
            return [rows.leg(row) async for row in cursor]

    async def leg_counts(self) -> dict[str, int]:
        """How many legs are in each state."""
        async with self._connection.execute("SELECT state, count(*) FROM leg GROUP BY state") as cursor:
            return {row[0]: row[1] async for row in cursor}

    async def waiting(self) -> dict[str, tuple[int, float]]:
        """For each peer with READY legs: how many, and when the next is due."""
        sql = "SELECT peer, count(*), min(next_at) FROM leg WHERE state = 'READY' GROUP BY peer"
        async with self._connection.execute(sql) as cursor:
            return {row[0]: (row[1], row[2]) async for row in cursor}


def _listed(row: aiosqlite.Row) -> Listed:
    return Listed(
        incoming=bool(row[0]),
        pid=row[1],
        signed=row[2],
        peer=row[3],
        state=row[4],
        late=bool(row[5]),
        urgent=bool(row[6]),
        created=row[7],
        expires=row[8],
        size=row[9],
        message_id=row[10],
    )


async def open_listings(path: Path) -> SqliteListings:
    """Open a read-only connection for listings; `path` is absolute."""
    connection = await aiosqlite.connect(f"{path.as_uri()}?mode=ro", uri=True)
    for pragma in ("query_only=ON", "busy_timeout=5000", "mmap_size=0"):
        await connection.execute(f"PRAGMA {pragma}")
    return SqliteListings(connection)
