"""Schema: forward only, checksummed, refused when newer, and never half-applied."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from emla.model.errors import StoreError
from emla.store.sqlite import schema

BROKEN = """
CREATE TABLE extra (a INTEGER) STRICT;
INSERT INTO extra VALUES (1);
INSERT INTO no_such_table VALUES (1);
"""


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    with closing(schema.connect_writer(tmp_path / "emla.db")) as opened:
        yield opened


def tables(connection: sqlite3.Connection) -> set[str]:
    return {row[0] for row in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}


def test_a_fresh_database_gets_every_migration(connection: sqlite3.Connection) -> None:
    newest = schema.migrate(connection)
    assert newest == schema.migrations()[-1][0]
    assert {"sent", "received", "inbox", "leg", "acknowledgement", "leaf", "checkpoint"} <= tables(connection)
    applied = connection.execute("SELECT number, name FROM migration ORDER BY number").fetchall()
    assert applied == [(number, name) for number, name, _ in schema.migrations()]


def test_a_second_time_changes_nothing(connection: sqlite3.Connection) -> None:
    schema.migrate(connection)
    before = list(connection.iterdump())
    schema.migrate(connection)
    assert list(connection.iterdump()) == before


def test_a_newer_schema_is_refused_and_left_alone(connection: sqlite3.Connection) -> None:
    newest = schema.migrate(connection)
    connection.execute("INSERT INTO migration VALUES (?, '9999_future.sql', x'00')", (newest + 1,))
    with pytest.raises(StoreError) as caught:
        schema.migrate(connection)
    assert caught.value.code == "newer-schema"


def test_a_migration_that_is_not_the_one_applied_is_refused(connection: sqlite3.Connection) -> None:
    schema.migrate(connection)
    connection.execute("UPDATE migration SET sha256 = zeroblob(32) WHERE number = 1")
    with pytest.raises(StoreError) as caught:
        schema.migrate(connection)
    assert caught.value.code == "migration-changed"


def test_a_migration_that_breaks_leaves_the_number_before(
    connection: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    newest = schema.migrate(connection)
    known = schema.migrations()
    monkeypatch.setattr(schema, "migrations", lambda: [*known, (newest + 1, "broken.sql", BROKEN)])
    with pytest.raises(sqlite3.OperationalError):
        schema.migrate(connection)
    assert connection.execute("SELECT max(number) FROM migration").fetchone() == (newest,)
    assert "extra" not in tables(connection)
    assert not connection.in_transaction
    mended = BROKEN.replace("no_such_table", "extra")
    monkeypatch.setattr(schema, "migrations", lambda: [*known, (newest + 1, "mended.sql", mended)])
    assert schema.migrate(connection) == newest + 1
    assert connection.execute("SELECT count(*) FROM extra").fetchone() == (2,)


def test_a_last_statement_without_its_semicolon_is_not_lost(
    connection: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    sql = "CREATE TABLE one (a INTEGER) STRICT;\nCREATE TABLE two (a INTEGER) STRICT\n"
    monkeypatch.setattr(schema, "migrations", lambda: [(1, "0001_two.sql", sql)])
    schema.migrate(connection)
    assert {"one", "two"} <= tables(connection)


def test_a_commit_is_synced_and_a_reader_cannot_write(tmp_path: Path, connection: sqlite3.Connection) -> None:
    schema.migrate(connection)
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
    assert connection.execute("PRAGMA foreign_keys").fetchone() == (1,)
    assert connection.execute("PRAGMA secure_delete").fetchone() == (1,)
    with closing(schema.connect_reader(tmp_path / "emla.db")) as reader:
        assert reader.execute("SELECT count(*) FROM leaf").fetchone() == (0,)
        with pytest.raises(sqlite3.OperationalError):
            reader.execute("INSERT INTO leaf VALUES (0, 1, zeroblob(32), x'00', NULL)")


def test_what_a_hub_held_before_the_kinds_grew_is_held_after_it(
    connection: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tables are made anew: rows, bodies, numbers and what refers to what stay as they were."""
    known = schema.migrations()
    grown = next(number for number, name, _ in known if "compare_through_hub" in name)
    monkeypatch.setattr(schema, "migrations", lambda: known[: grown - 1])
    schema.migrate(connection)
    connection.execute(
        "INSERT INTO mailbox_item (item, owner, depositor, kind, ref, size, at, expires, state, ended_at) VALUES"
        " (7, 'de.bfj', 'at.moj', 'documents', zeroblob(32), 9, 1, 2, 'HELD', NULL),"
        " (9, 'de.bfj', 'at.moj', 'documents', randomblob(32), 9, 1, 2, 'RELEASED', 2)"
    )
    connection.execute("INSERT INTO mailbox_body VALUES (7, x'0102')")
    before = connection.execute("SELECT * FROM mailbox_item ORDER BY item").fetchall()
    monkeypatch.setattr(schema, "migrations", lambda: known)
    schema.migrate(connection)
    assert connection.execute("SELECT * FROM mailbox_item ORDER BY item").fetchall() == before
    assert connection.execute("SELECT * FROM mailbox_body").fetchall() == [(7, b"\x01\x02")]
    assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    cursor = connection.execute(
        "INSERT INTO mailbox_item (owner, depositor, kind, ref, size, at, expires, state)"
        " VALUES ('de.bfj', 'at.moj', 'return', zeroblob(32), 9, 1, 2, 'HELD')"
    )
    assert cursor.lastrowid == 10, "no number is given twice"


def test_leaves_of_before_learn_the_packages_that_they_are_about(
    connection: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = schema.migrations()
    grown = next(number for number, name, _ in known if "leaves_by_package" in name)
    monkeypatch.setattr(schema, "migrations", lambda: known[: grown - 1])
    schema.migrate(connection)
    connection.execute(
        "INSERT INTO acknowledgement (aid, pid, event, by, at, bundle, package) VALUES"
        " (zeroblob(32), x'01', 'RelayAcceptance', 'at.moj', 1, x'00', 7),"
        f" (x'{'01' * 32}', x'02', 'HubAcceptance', 'eu.hub', 1, x'00', NULL)"
    )
    for table, epoch in (("leaf", ""), ("former_leaf", "1, ")):
        connection.execute(
            f"INSERT INTO {table} VALUES ({epoch}0, 3, zeroblob(32), zeroblob(32)), ({epoch}1, 1, zeroblob(32), zeroblob(32)),"
            f" ({epoch}2, 4, zeroblob(32), x'{'01' * 32}')"
        )
    monkeypatch.setattr(schema, "migrations", lambda: known)
    schema.migrate(connection)
    for table in ("leaf", "former_leaf"):
        found = connection.execute(f"SELECT package FROM {table} ORDER BY idx").fetchall()
        assert found == [(7,), (None,), (None,)]
