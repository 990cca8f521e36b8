"""Migrations of rows that older releases wrote: what they meant, they mean afterwards."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from emla.store.sqlite import schema

PID, CASE = bytes(range(32)), bytes(16)


@pytest.fixture
def old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[sqlite3.Connection]:
    """A database of before access reports and clearances."""
    every = schema.migrations()
    with closing(schema.connect_writer(tmp_path / "emla.db")) as connection:
        with monkeypatch.context() as patched:
            patched.setattr(schema, "migrations", lambda: [each for each in every if each[1] < "0019"])
            schema.migrate(connection)
        yield connection


def read(
    connection: sqlite3.Connection, index: int, facts: dict[str, object], body: bytes | None = None
) -> None:
    said = body or json.dumps({"facts": facts, "kind": "content.read"}).encode()
    ref = bytes([index]) * 32
    connection.execute(
        "INSERT INTO event (sha256, kind, at, body) VALUES (?, 'content.read', 1, ?)", (ref, said)
    )
    connection.execute("INSERT INTO leaf VALUES (?, 6, ?, ?, NULL)", (index, ref, ref))


def test_reads_of_before_are_found_by_their_package(old: sqlite3.Connection) -> None:
    old.execute("PRAGMA foreign_keys=OFF")
    old.execute(
        "INSERT INTO received (id, pid, signed, signature_sha256, sender, msg, payload_id, payload_sha256, payload_size,"
        " epoch, seq, urgent, created, expires, accepted_at)"
        " VALUES (7, ?, x'00', zeroblob(32), 'at.moj', zeroblob(16), zeroblob(16), zeroblob(32), 1, 1, 1, 0, 1, 2, 1)",
        (PID,),
    )
    old.execute("INSERT INTO hand_over VALUES (7, 'central_officer', 1)")
    old.execute("INSERT INTO legal_act (package, case_id, at, sealed) VALUES (15, ?, 1, x'00')", (CASE,))
    read(old, 0, {"what": "part", "id": PID.hex(), "part": 1})
    read(old, 1, {"what": "case", "id": CASE.hex()})
    read(old, 2, {"what": "draft", "id": "ab" * 16})
    read(old, 3, {}, bytes(40))  # erased
    schema.migrate(old)
    assert old.execute("SELECT package FROM leaf ORDER BY idx").fetchall() == [(15,), (15,), (None,), (None,)]


def test_whoever_read_content_goes_on_reading_all_of_it(old: sqlite3.Connection) -> None:
    for name, roles in (("a", "approver"), ("c", "central_officer operator"), ("o", "operator")):
        values = (name, name, name.upper(), roles)
        old.execute("INSERT INTO person VALUES (?, ?, ?, ?, 'ACTIVE', 1, NULL)", values)
        old.execute("INSERT INTO token VALUES (?, ?, zeroblob(32), ?, '', 1, 2, NULL)", (name, name, roles))
    schema.migrate(old)
    for table in ("person", "token"):
        found = old.execute(f"SELECT roles FROM {table} ORDER BY id").fetchall()
        assert found == [("approver cleared",), ("central_officer operator cleared",), ("operator",)]
