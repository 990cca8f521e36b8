"""Data folders that hold a million packages, made in minutes: one real exchange, multiplied in the databases of both sides.

Faithful: number and shape of the rows of a consigned package in every table, the sizes of headers, bundles and records,
unique hashes spread over all values, ids that begin with their time, final states, sequence numbers on both sides, one leaf
for each object, and a last checkpoint that is signed over the tree of all leaves, so that the server starts and goes on. Not
faithful: payloads are 64 bytes in their row, the signed bytes are copies of one package's (an audit of the folder would say
so), and a checkpoint stands at each 400 leaves only.
"""

import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from emla.bootstrap.own import DATABASE, gateway_keys, ledger_key_of, own_authority
from emla.ledger import checkpoint as checkpoint_form
from emla.ledger.checkpoint import Checkpoint
from emla.ledger.leaf import LeafKind, entry_of_digest
from emla.ledger.merkle import EMPTY, Frontier, grow, leaf_hash
from emla.model.ids import UUID_BYTES, uuid7

_PACKAGES_A_COMMIT = 5_000
_LEAVES_A_CHECKPOINT = 400
_PAYLOAD_BYTES = 64
_REMINDED_AFTER_SECONDS = 14 * 86400
_OF_PACKAGES = ("acknowledgement", "leg", "inbox", "record", "legal_act", "case_named", "held_file")
"""Tables whose rows belong to a package and are multiplied as they stand, but for ids."""
_MADE = {"payload", "sent", "received", "leaf", "checkpoint", "case_agenda"}
"""Tables that are filled in a way of their own."""
_ONCE = {"migration", "channel", "peer", "document", "own", "seen", "leg_count"}
"""Tables that do not grow with packages."""
_BUCKET_BITS = 15
_BEGUN, _SECONDS_APART = 1_400_000_000, 10
Row = tuple[object, ...]


def unique7(kind: str, number: int) -> bytes:
    """An id that begins with its time, the same on both sides and in every run: one package every ten seconds since 2014."""
    return uuid7(_BEGUN + _SECONDS_APART * number, unique(kind, number, UUID_BYTES))


def unique(kind: str, number: int, size: int = 32) -> bytes:
    """An id as random as a hash, the same on both sides and in every run."""
    return hashlib.shake_128(f"{kind}/{number}".encode()).digest(size)


@dataclass
class Filler:
    """One side's database while it is filled."""

    database: sqlite3.Connection
    frontier: Frontier

    def template(self, table: str) -> list[tuple[tuple[str, ...], Row]]:
        """Every row of a table, with the names of its columns."""
        cursor = self.database.execute(f"SELECT * FROM {table}")
        names = tuple(column[0] for column in cursor.description)
        return [(names, row) for row in cursor.fetchall()]

    def insert(self, table: str, rows: list[dict[str, object]]) -> None:
        """Insert rows that have the same columns."""
        names = list(rows[0])
        marks = ", ".join("?" * len(names))
        self.database.executemany(
            f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})",
            [tuple(row.values()) for row in rows],
        )


def fill(data: Path, packages: int, now: int, *, sender: bool) -> None:
    """Fill the database of one side, in which one real package stands; the server does not run.

    Args:
        data: the side's folder.
        packages: how many packages.
        now: UNIX seconds.
        sender: whether it is the side that sends.
    """
    with closing(sqlite3.connect(data / DATABASE, isolation_level=None)) as database:
        _require_known(database)
        for pragma in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-524288", "foreign_keys=OFF"):
            database.execute(f"PRAGMA {pragma}").fetchall()
        filler = Filler(database, _frontier(database))
        _multiply(filler, packages, sender=sender)
        _sign(filler, data, now)
        database.execute("PRAGMA journal_mode=WAL").fetchall()


def _require_known(database: sqlite3.Connection) -> None:
    """Stop where the exchange wrote to a table that nobody thought of here: what is measured would be too good."""
    tables = [
        name for (name,) in database.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()
    ]
    written = {each for each in tables if database.execute(f"SELECT 1 FROM {each} LIMIT 1").fetchone()}
    unknown = written - {*_OF_PACKAGES, *_MADE, *_ONCE}
    assert not unknown, f"Say in fill.py how these grow with packages: {sorted(unknown)}."


def _frontier(database: sqlite3.Connection) -> Frontier:
    leaves = database.execute("SELECT kind, digest FROM leaf ORDER BY idx").fetchall()
    return grow(EMPTY, [leaf_hash(entry_of_digest(kind, digest)) for kind, digest in leaves])


def _multiply(filler: Filler, packages: int, *, sender: bool) -> None:
    main = "sent" if sender else "received"
    ((names, row),) = filler.template(main)
    real = dict(zip(names, row, strict=True))
    tables = {
        # A row that is only added at the end has a number of its own, which the table gives.
        table: [
            {name: value for name, value in zip(names, row, strict=True) if name != "id"}
            for names, row in filler.template(table)
        ]
        for table in _OF_PACKAGES
    }
    begin = int(str(real["seq"])) + 1
    for start in range(begin, begin + packages, _PACKAGES_A_COMMIT):
        numbers = range(start, min(start + _PACKAGES_A_COMMIT, begin + packages))
        filler.database.execute("BEGIN")
        _packages(filler, main, real, tables, numbers)
        filler.database.execute("COMMIT")
    if sender:
        last = begin + packages - 1
        filler.database.execute("UPDATE channel SET seq = ?, pid = ?", (last, unique("pid", last)))


def _packages(
    filler: Filler,
    main: str,
    real: dict[str, object],
    tables: dict[str, list[dict[str, object]]],
    numbers: range,
) -> None:
    filler.insert(
        "payload",
        [
            {"sha256": unique("payload", number), "size": _PAYLOAD_BYTES, "body": bytes(_PAYLOAD_BYTES)}
            for number in numbers
        ],
    )
    filler.insert(main, [_package(real, number) for number in numbers])
    # The rows of packages are numbered as they come, like their places in the channel, and what belongs to them names the number.
    for table in ("inbox", "record"):
        for row in tables[table]:
            filler.insert(table, [row | {"received": number} for number in numbers])
    odd = 0 if main == "sent" else 1
    for place, row in enumerate(tables["acknowledgement"]):
        filler.insert(
            "acknowledgement",
            [
                row
                | {
                    "aid": unique(f"aid{place}", number),
                    "pid": unique("pid", number),
                    "package": number * 2 + odd,
                }
                for number in numbers
            ],
        )
    for row in tables["leg"]:
        what = "pid" if row["kind"] == "package" else "aid1"
        filler.insert(
            "leg",
            [row | {"ref": unique(what, number), "package": number * 2 + odd} for number in numbers],
        )
    _acts(filler, tables, numbers, odd)
    _leaves(filler, main, tables["acknowledgement"], numbers)


def _acts(filler: Filler, tables: dict[str, list[dict[str, object]]], numbers: range, odd: int) -> None:
    """Each package begins a case of its own, and names another one that is nobody else's."""
    for table, column, kind in (("legal_act", "case_id", "case"), ("case_named", "other", "kept")):
        for row in tables[table]:
            filler.insert(
                table,
                [row | {"package": number * 2 + odd, column: unique(kind, number, 16)} for number in numbers],
            )
    for row in tables["held_file"]:
        filler.insert(
            "held_file",
            [
                row
                | {
                    "bucket": (number * 2 + odd) >> _BUCKET_BITS,
                    "tag": unique("file", number, 16),
                    "package": number * 2 + odd,
                }
                for number in numbers
            ],
        )
    # Each was looked at, and will be again when somebody is to be reminded of it.
    first = int(str(tables["legal_act"][0]["at"])) + _REMINDED_AFTER_SECONDS
    filler.insert(
        "case_agenda",
        [{"at": first + number, "case_id": unique("case", number, 16), "times": 1} for number in numbers],
    )


def _package(real: dict[str, object], number: int) -> dict[str, object]:
    new: dict[str, object] = {
        "id": number,
        "pid": unique("pid", number),
        "msg": unique7("msg", number),
        "seq": number,
        "payload_id": unique7("id", number),
        "payload_sha256": unique("payload", number),
    }
    if "message_id" in real:
        new["message_id"] = unique7("message", number)
    return real | new


def _leaves(filler: Filler, main: str, acknowledgements: list[dict[str, object]], numbers: range) -> None:
    own = LeafKind.HEADER_SENT if main == "sent" else LeafKind.HEADER_RECEIVED
    issuers = [str(each["by"]) for each in acknowledgements]
    here = issuers[0]  # the first acknowledgement of either side is its own
    kinds = [
        LeafKind.ACKNOWLEDGEMENT_ISSUED if by == here else LeafKind.ACKNOWLEDGEMENT_RECEIVED for by in issuers
    ]
    rows: list[Row] = []
    size, odd = filler.frontier.size, 0 if main == "sent" else 1
    for number in numbers:
        pid = unique("pid", number)
        rows.append((size + len(rows), int(own), pid, pid, None))
        for place, kind in enumerate(kinds):
            ref = unique(f"aid{place}", number)
            rows.append((size + len(rows), int(kind), ref, ref, number * 2 + odd))
    filler.database.executemany("INSERT INTO leaf VALUES (?, ?, ?, ?, ?)", rows)
    filler.frontier = grow(
        filler.frontier, [leaf_hash(entry_of_digest(int(str(row[1])), _bytes(row[2]))) for row in rows]
    )
    filler.database.executemany(
        "INSERT INTO checkpoint VALUES (?, ?)",
        [(size + each, bytes(230)) for each in range(1, len(rows), _LEAVES_A_CHECKPOINT)],
    )


def _bytes(value: object) -> bytes:
    assert isinstance(value, bytes)
    return value


def _sign(filler: Filler, data: Path, now: int) -> None:
    authority = own_authority(data)
    key = ledger_key_of(authority, gateway_keys(data), now)
    last = Checkpoint(origin=key.origin, size=filler.frontier.size, root=filler.frontier.root())
    note = checkpoint_form.encode(last, key.sign, key.public)
    filler.database.execute("INSERT OR REPLACE INTO checkpoint VALUES (?, ?)", (last.size, note))


def sizes(data: Path) -> Iterator[str]:
    """What a folder holds, for the table that is printed."""
    with closing(sqlite3.connect(f"{(data / DATABASE).as_uri()}?mode=ro", uri=True)) as database:
        for table in ("sent", "received", "acknowledgement", "leaf"):
            (count,) = database.execute(f"SELECT max(rowid) FROM {table}").fetchone()
            yield f"{count or 0:,} {table}"
    yield f"{(data / DATABASE).stat().st_size / 1024**3:.1f} GiB"
