"""No statement of daily work reads a whole table: what a package costs does not grow with what is stored.

Every statement that a journey, a scrape or a start of a worker sends is caught, and SQLite is asked how it would run it.
"""

import re
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from pathlib import Path

import pytest

from emla.flow.documents.key_report import own_keys
from emla.model.leg import LegKind
from emla.store.sqlite.listings import open_listings
from tests.support.backups import RECEIVER, Pair, pair

GROWING = (
    "payload",
    "sent",
    "received",
    "inbox",
    "record",
    "leg",
    "acknowledgement",
    "leaf",
    "checkpoint",
    "document",
)
# Indexes over what waits: as long as the queue, not as the history.
WAITING = ("leg_due", "inbox_unopened", "inbox_quarantined")
SCAN = re.compile(r"SCAN (\w+)(.*)")


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Pair]:
    async with pair(tmp_path) as made:
        yield made


def whole_tables(data: Path, statements: set[str]) -> dict[str, list[str]]:
    """The statements that read a whole table, with what SQLite says about them."""
    found: dict[str, list[str]] = {}
    with closing(sqlite3.connect(data / "emla.db")) as database:
        for sql in sorted(statements):
            if not sql.lstrip().upper().startswith(("SELECT", "INSERT", "UPDATE", "DELETE", "WITH")):
                continue
            plan = database.execute(f"EXPLAIN QUERY PLAN {sql}", [None] * places(sql)).fetchall()
            scans = [
                words
                for _, _, _, words in plan
                if (scan := SCAN.match(words)) and of(scan[1], sql) in GROWING and not waits(scan[2])
            ]
            if scans:
                found[sql] = scans
    return found


def places(sql: str) -> int:
    """How many values a statement takes."""
    numbered = [int(number) for number in re.findall(r"\?(\d+)", sql)]
    return max(numbered) if numbered else sql.count("?")


def of(name: str, sql: str) -> str:
    """The table behind an alias."""
    found = re.search(rf"\b(\w+)\s+(?:AS\s+)?{name}\b", sql)
    return found[1] if found and found[1].lower() not in ("from", "join", "into", "update") else name


def waits(rest: str) -> bool:
    return any(name in rest for name in WAITING)


class Watched:
    """A connection's `execute` that notes what it is given."""

    def __init__(self, execute: Callable[..., sqlite3.Cursor], seen: set[str]) -> None:
        self._execute, self._seen = execute, seen

    def __call__(self, sql: str, *values: object) -> sqlite3.Cursor:
        self._seen.add(sql)
        return self._execute(sql, *values)


async def test_no_statement_of_a_packages_life_or_of_a_scrape_reads_a_whole_table(
    house: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: set[str] = set()
    real = sqlite3.Connection
    for station in (house.sender, house.recipient):
        read = station.store.real.read
        read._execute = Watched(read._execute, seen)
    from emla.store.sqlite import transaction as module

    begin = module.SqliteTransaction.__init__

    def begun(self: module.SqliteTransaction, connection: real, *words: object) -> None:  # type: ignore[valid-type]
        begin(self, connection, *words)  # type: ignore[arg-type]
        self._execute = Watched(self._execute, seen)

    monkeypatch.setattr(module.SqliteTransaction, "__init__", begun)
    pid = await house.exchange(700)
    await house.recipient.read_main(pid)
    read = house.sender.store.real.read
    for name in (
        "leg_counts",
        "oldest_ready",
        "unopened_count",
        "peers_with_legs",
        "peers",
        "newest_received",
    ):
        getattr(read, name)()
    house.recipient.store.real.read.quarantined_count()
    read.next_due(RECEIVER, 0.0)
    read.leg_of(LegKind.PACKAGE, pid)
    read.listed(pid)
    own_keys(house.recipient.gateway, house.recipient.keys)
    assert len(seen) > 30
    found = whole_tables(house.sender.data, seen)
    # One small row for each package, read when metrics are asked for; it has an index of its own with the acts on quarantine.
    found.pop("SELECT count(*) FROM inbox WHERE state = 'QUARANTINED'", None)
    assert found == {}


async def test_no_short_list_reads_a_whole_table(house: Pair) -> None:
    pid = await house.exchange(700)
    seen: set[str] = set()
    listings = await open_listings(house.sender.data / "emla.db")
    try:
        real = listings._connection.execute_fetchall

        async def noted(sql: str, values: object = None) -> object:
            seen.add(sql)
            return await real(sql, values)

        listings._connection.execute_fetchall = noted  # type: ignore[method-assign, assignment]
        assert await listings.resolve(pid.hex()[:10]) == [pid]
        await listings.leg_counts()
        await listings.waiting()
    finally:
        await listings.close()
    assert len(seen) == 3
    assert whole_tables(house.sender.data, seen) == {}


def test_a_statement_that_reads_a_whole_table_is_seen(house: Pair) -> None:
    bad = {
        "SELECT count(*) FROM leg",
        "SELECT 1 FROM sent s WHERE s.msg = ?",
        "UPDATE leg SET attempts = 0 WHERE attempts = ?",
    }
    assert set(whole_tables(house.sender.data, bad)) == bad


async def test_the_counts_of_legs_are_those_of_the_table(house: Pair) -> None:
    await house.exchange(700)
    await house.exchange(700)
    for station in (house.sender, house.recipient):
        with closing(sqlite3.connect(station.data / "emla.db")) as database:
            counted = database.execute("SELECT kind, state, count(*) FROM leg GROUP BY 1, 2").fetchall()
            assert {
                (kind, state): legs for kind, state, legs in counted
            } == station.store.real.read.leg_counts()
            database.execute("DELETE FROM leg WHERE id = 1")
            kept = dict(database.execute("SELECT state, sum(legs) FROM leg_count GROUP BY 1"))
            assert sum(kept.values()) == sum(legs for *_, legs in counted) - 1
