"""What belongs to a package is filed under its number: also in a store that was filled before, and when it came first."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable
from contextlib import closing
from pathlib import Path

import pytest

from emla.bootstrap.audit import LedgerAudit, verify_ledger
from emla.model.acknowledgement import NEGATIVE, OTHER_ANSWER, Event
from emla.model.errors import IllegalTransitionError
from emla.model.leg import LegKind
from emla.ports.store import DuplicateError, Issued, Transaction
from emla.store.sqlite import schema
from tests.support.authorities import NOW, party
from tests.support.backups import Pair, pair
from tests.support.gateways import Home, opened
from tests.support.packages import acknowledgement_of, package_of, received_row

AT, DE = party("at.moj"), party("de.bfj")
PACKAGE = package_of(DE, AT)
NUMBERED = next(number for number, name, _ in schema.migrations() if name.endswith("_numbers.sql"))
"""The first schema with numbers."""
BY_ID = {
    "inbox": "SELECT r.pid, i.state, i.strikes, i.code FROM new.inbox i JOIN new.received r ON r.id = i.received",
    "record": "SELECT r.pid, c.sealed FROM new.record c JOIN new.received r ON r.id = c.received",
    "hand_over": "SELECT r.pid, h.consumer, h.at FROM new.hand_over h JOIN new.received r ON r.id = h.received",
}
"""How the rows stood that were filed under ids."""


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Pair]:
    async with pair(tmp_path) as made:
        yield made


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Home]:
    async with opened(tmp_path, AT, DE) as made:
        yield made


def as_it_was(data: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The database of a folder as an emla without numbers would have written it."""
    known = schema.migrations()
    path = data / "before.db"
    with monkeypatch.context() as patch, closing(schema.connect_writer(path)) as old:
        patch.setattr(schema, "migrations", lambda: [each for each in known if each[0] < NUMBERED])
        schema.migrate(old)
        old.execute("PRAGMA foreign_keys=OFF")
        old.execute("ATTACH ? AS new", (str(data / "emla.db"),))
        old.execute("DELETE FROM leg_count")
        for (table,) in old.execute("SELECT name FROM main.sqlite_schema WHERE type = 'table'").fetchall():
            if table in ("migration", "leg_count") or table.startswith("sqlite_"):
                continue  # the triggers of the table of legs count them
            columns = ", ".join(row[1] for row in old.execute(f"PRAGMA main.table_info({table})"))
            old.execute(f"INSERT INTO main.{table} {BY_ID.get(table, f'SELECT {columns} FROM new.{table}')}")
    return path


def contents(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table, in no order of its own."""
    with closing(sqlite3.connect(path)) as database:
        names = [
            row[0]
            for row in database.execute("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY 1")
        ]
        found = {
            name: sorted(database.execute(f"SELECT * FROM {name}"), key=repr)
            for name in names
            if name != "sqlite_sequence"
        }
        found["leg_count"] = [row for row in found["leg_count"] if row[2]]  # none is as good as no row
        return found


def shape(path: Path) -> set[tuple[str, str]]:
    """Tables, indexes and triggers."""
    with closing(sqlite3.connect(path)) as database:
        return set(database.execute("SELECT type, name FROM sqlite_schema"))


def audit_with(data: Path, path: Path) -> LedgerAudit:
    """Audit the folder with another database in the place of its own."""
    path.replace(data / "emla.db")
    for left in ("emla.db-wal", "emla.db-shm"):
        (data / left).unlink(missing_ok=True)
    return verify_ledger(data)


async def test_a_store_that_was_filled_before_there_were_numbers_is_the_same_after(
    house: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    pid = await house.exchange()
    await house.exchange(700)
    await house.recipient.read_main(pid)
    for station in (house.sender, house.recipient):
        await station.store.real.close()
        now = verify_ledger(station.data)
        assert now.whole
        rows, objects = contents(station.data / "emla.db"), shape(station.data / "emla.db")
        assert any(rows["leg"])
        old = as_it_was(station.data, monkeypatch)
        assert "received" not in {each[1] for each in columns_of(old, "inbox")}
        assert (
            audit_with(station.data, old) == now
        )  # a backup from before the upgrade is verified by the release after it
        old = (station.data / "emla.db").rename(old)
        with closing(schema.connect_writer(old)) as database:
            assert schema.migrate(database) == schema.migrations()[-1][0]
            assert database.execute("PRAGMA foreign_key_check").fetchall() == []
            # What was rewritten is copied back before anybody waits for a batch.
            assert old.with_name("before.db-wal").stat().st_size == 0
        # Acts are newer than numbers: what a store had before has none.
        acts: dict[str, list[object]] = {
            "legal_act": [],
            "case_named": [],
            "case_agenda": [],
            "held_file": [],
        }
        assert contents(old) == rows | acts
        assert shape(old) == objects
        assert audit_with(station.data, old) == now


def columns_of(path: Path, table: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as database:
        return database.execute(f"PRAGMA table_info({table})").fetchall()


async def test_nothing_of_a_package_is_filed_under_something_random(house: Pair) -> None:
    """Every index of these tables begins with a number, or has no row in daily work."""
    pid = await house.exchange(700)
    await house.recipient.read_main(pid)
    for station in (house.sender, house.recipient):
        with closing(sqlite3.connect(station.data / "emla.db")) as database:
            for table in ("inbox", "record", "hand_over", "acknowledgement", "leg"):
                for _, index, *_ in database.execute(f"PRAGMA index_list({table})").fetchall():
                    first = database.execute(f"PRAGMA index_info({index})").fetchone()[2]
                    if first in ("pid", "aid", "ref", "kind"):
                        (sql,) = database.execute(
                            "SELECT sql FROM sqlite_schema WHERE name = ?", (index,)
                        ).fetchone()
                        where = sql.partition("WHERE")[2]
                        assert where, sql
                        assert database.execute(f"SELECT count(*) FROM {table} WHERE {where}").fetchone() == (
                            0,
                        ), sql


async def test_what_was_said_about_a_package_before_it_came_belongs_to_it(home: Home) -> None:
    rejection = acknowledgement_of(AT, PACKAGE, Event.RELAY_REJECTION, "expired")

    def refuse(transaction: Transaction) -> int:
        transaction.issue(rejection)
        return transaction.insert_leg(
            LegKind.ACKNOWLEDGEMENT,
            rejection.aid,
            DE.id,
            urgent=True,
            created=NOW,
            expires=None,
            about=PACKAGE.pid,
        )

    leg_id = await home.store.write(refuse)
    read = home.store.read
    for _ in range(2):
        (stored,) = read.acknowledgements(PACKAGE.pid)
        assert stored.aid == rejection.aid
        assert read.carried(leg_id) == stored == read.acknowledgement(PACKAGE.pid, rejection.aid)
        leg = read.leg_of(LegKind.ACKNOWLEDGEMENT, rejection.aid, about=PACKAGE.pid)
        assert leg is not None
        assert leg.id == leg_id
        with pytest.raises(DuplicateError) as caught:
            await home.store.write(lambda each: each.issue(rejection))
        assert caught.value.index == "acknowledgement_event"
        if read.received(PACKAGE.pid) is None:
            await home.store.write(lambda each: each.insert_received(received_row(PACKAGE)))
    with closing(sqlite3.connect(home.data / "emla.db")) as database:
        assert database.execute("SELECT package FROM acknowledgement").fetchall() == [(3,)]
        assert database.execute("SELECT package FROM leg").fetchall() == [(3,)]


@pytest.mark.parametrize("together", [False, True], ids=["one after the other", "in one batch"])
@pytest.mark.parametrize("first", OTHER_ANSWER, ids=lambda event: event.value)
async def test_of_yes_and_no_the_first_stands(home: Home, first: Event, *, together: bool) -> None:
    def answer(event: Event) -> Awaitable[Issued]:
        said = acknowledgement_of(AT, PACKAGE, event, "expired" if event in NEGATIVE else None)
        return home.store.write(lambda each: each.issue(said))

    both = [answer(event) for event in (first, OTHER_ANSWER[first])]
    outcomes = (
        await asyncio.gather(*both, return_exceptions=True)
        if together
        else [(await asyncio.gather(each, return_exceptions=True))[0] for each in both]
    )
    assert isinstance(outcomes[1], DuplicateError)
    assert outcomes[1].index == "acknowledgement_event"
    assert [each.event for each in home.store.read.acknowledgements(PACKAGE.pid)] == [first]


async def test_a_number_of_a_package_that_was_undone_is_forgotten(home: Home) -> None:
    other = package_of(DE, AT, 2)

    def changes_its_mind(transaction: Transaction) -> None:
        transaction.insert_received(received_row(PACKAGE))
        raise KeyError("not after all")

    def instead(transaction: Transaction) -> None:
        transaction.issue(acknowledgement_of(AT, PACKAGE, Event.RELAY_REJECTION, "expired"))
        transaction.insert_received(received_row(other))

    outcomes = await asyncio.gather(
        home.store.write(changes_its_mind), home.store.write(instead), return_exceptions=True
    )
    assert isinstance(outcomes[0], KeyError)
    assert outcomes[1] is None
    assert [each.event for each in home.store.read.acknowledgements(PACKAGE.pid)] == [Event.RELAY_REJECTION]
    assert [*home.store.read.acknowledgements(other.pid)] == []


async def test_a_record_of_no_received_package_is_refused(home: Home) -> None:
    with pytest.raises(IllegalTransitionError):
        await home.store.write(lambda each: each.insert_record(PACKAGE.pid, b"sealed"))


async def test_the_audit_says_what_is_filed_under_another_package(house: Pair) -> None:
    pid = await house.exchange(700)
    await house.exchange(700)
    with closing(sqlite3.connect(house.sender.data / "emla.db")) as database:
        database.execute(
            "UPDATE acknowledgement SET package = 6 WHERE pid = ? AND event = 'ContentConsignment'", (pid,)
        )
        database.execute("UPDATE leg SET package = NULL WHERE ref = ?", (pid,))
        database.commit()
    problems = verify_ledger(house.sender.data).problems
    assert [each for each in problems if "filed" in each] == [
        f"An acknowledgement of {pid.hex()[:16]} is filed under another package.",
        f"The leg of {pid.hex()[:16]} is filed under another package.",
    ]
