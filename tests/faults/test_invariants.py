"""The oracle finds what it is for: each test damages a copy of two good data folders in one way."""

import asyncio
import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from emla.bootstrap.own import DATABASE
from emla.formats.acknowledgement import decode_bundle, encode_bundle
from emla.model.acknowledgement import Bundle, Event
from tests.support.arrived import SETTLED
from tests.support.books import read_books
from tests.support.folders import make_folder
from tests.support.in_process import DirectLine, InlineOpener, Station, TestClock
from tests.support.invariants import seen_is_stored, violations
from tests.support.judged_ledger import LEDGER
from tests.support.messages import make_template

SENDER, RECIPIENT = "at.moj", "jp.moj"
MESSAGES = 3
LARGE = 300 * 1024


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two authorities, three small messages and a large one: consigned, the first handed over, all acknowledged."""
    folder = tmp_path_factory.mktemp("good")
    asyncio.run(exchange(folder))
    return folder


async def exchange(folder: Path) -> None:
    stations: dict[str, Station] = {}
    line = DirectLine(lambda peer: stations[peer])
    for name in (SENDER, RECIPIENT):
        make_folder(folder / name, name)
        stations[name] = Station(folder / name, line, TestClock(), InlineOpener(folder / name))
        stations[name].start()
    sender, recipient = stations[SENDER], stations[RECIPIENT]
    await sender.pin(recipient.data)
    await recipient.pin(sender.data)
    pids = []
    for size in (*[700] * MESSAGES, LARGE):
        template = make_template(sender=SENDER, recipient=RECIPIENT, attachment=os.urandom(size))
        pids.append((await sender.hand_in(template, os.urandom(16))).pid)
    await sender.deliver(RECIPIENT)
    await recipient.open()
    await recipient.read_main(pids[0])
    await recipient.deliver(SENDER)
    for each in stations.values():
        await each.close()


@pytest.fixture
def folder(good: Path, tmp_path: Path) -> Path:
    shutil.copytree(good, tmp_path, dirs_exist_ok=True)
    return tmp_path


def judge(folder: Path) -> set[int]:
    return {each.number for each in violations(folder / SENDER, folder / RECIPIENT)}


def sql(folder: Path, authority: str, statement: str, *values: object) -> None:
    """Change rows behind everybody's back."""
    with closing(sqlite3.connect(folder / authority / DATABASE)) as database, database:
        assert database.execute(statement, values).rowcount >= 1


def first(folder: Path, authority: str, query: str) -> bytes:
    with closing(sqlite3.connect(folder / authority / DATABASE)) as database:
        found = database.execute(query).fetchone()[0]
        assert isinstance(found, bytes)
        return found


def test_good_folders_have_no_violations(folder: Path) -> None:
    assert [str(each) for each in violations(folder / SENDER, folder / RECIPIENT)] == []
    books = read_books(folder / RECIPIENT)
    assert len(books.received) == MESSAGES + 1
    # A read of content leaves a leaf of its own, before that of the hand-over.
    assert len(books.leaves) == 1 + 3 * (MESSAGES + 1) + 2


# What is done to the folders, and the numbers that must be among those found.
ACCEPTANCE = "event = 'RelayAcceptance'"
DAMAGE: dict[str, tuple[str, str, set[int]]] = {
    "a received row is gone": (RECIPIENT, "DELETE FROM received WHERE seq = 2", {LEDGER, 2, 8}),
    "the last received row is gone": (RECIPIENT, "DELETE FROM received WHERE seq = 4", {LEDGER, 2}),
    "a sent row is gone": (SENDER, "DELETE FROM sent WHERE seq = 2", {LEDGER, 8, SETTLED}),
    "a leaf was edited": (SENDER, "UPDATE leaf SET digest = zeroblob(32) WHERE idx = 3", {LEDGER}),
    "a leaf names another object": (
        SENDER,
        "UPDATE leaf SET ref = (SELECT ref FROM leaf WHERE idx = 3) WHERE idx = 5",
        {LEDGER},
    ),
    "the last leaf is gone": (
        RECIPIENT,
        "DELETE FROM leaf WHERE idx = (SELECT max(idx) FROM leaf)",
        {LEDGER},
    ),
    "a checkpoint is gone": (RECIPIENT, "DELETE FROM checkpoint WHERE size = 3", {LEDGER, 13}),
    "the last checkpoint is gone": (
        SENDER,
        "DELETE FROM checkpoint WHERE size = (SELECT max(size) FROM checkpoint)",
        {LEDGER},
    ),
    "an acknowledgement of ours is gone": (
        RECIPIENT,
        f"DELETE FROM acknowledgement WHERE id = (SELECT min(id) FROM acknowledgement WHERE {ACCEPTANCE})",
        {LEDGER, 4},
    ),
    "a RelayAcceptance never came back": (
        SENDER,
        f"DELETE FROM acknowledgement WHERE id = (SELECT min(id) FROM acknowledgement WHERE {ACCEPTANCE})",
        {LEDGER, 6, SETTLED},
    ),
    "a SubmissionAcceptance is gone": (
        SENDER,
        "DELETE FROM acknowledgement WHERE id = 1 AND event = 'SubmissionAcceptance'",
        {LEDGER, 7},
    ),
    "an acknowledgement says another event": (
        RECIPIENT,
        f"UPDATE acknowledgement SET event = 'RelayRejection' WHERE {ACCEPTANCE}",
        {12},
    ),
    "a leg was moved by hand": (SENDER, "UPDATE leg SET state = 'HANDED' WHERE id = 2", {6}),
    "a leg is stuck": (RECIPIENT, "UPDATE leg SET state = 'READY' WHERE id = 1", {SETTLED}),
    "a leg is gone": (SENDER, "DELETE FROM leg WHERE id = 1", {7}),
    "a package was never opened": (
        RECIPIENT,
        "UPDATE inbox SET state = 'ACCEPTED' WHERE state = 'CONSIGNED'",
        {9, SETTLED},
    ),
    "an inbox row is gone": (RECIPIENT, "DELETE FROM inbox WHERE state = 'CONSIGNED'", {9}),
    "a hand-over is forgotten": (RECIPIENT, "DELETE FROM hand_over", {9}),
    "a record is gone": (RECIPIENT, "DELETE FROM record", {9}),
    "a record is another package's": (
        SENDER,
        "UPDATE sent SET record = (SELECT record FROM sent WHERE seq = 1) WHERE seq = 2",
        {9},
    ),
    "another message was sent": (SENDER, "UPDATE sent SET message_sha256 = zeroblob(32)", {9}),
    "a row differs from its header": (RECIPIENT, "UPDATE received SET seq = 9 WHERE seq = 4", {5, 8}),
    "a channel went back": (SENDER, "UPDATE channel SET seq = seq - 1", {8}),
    "a payload was changed": (
        RECIPIENT,
        "UPDATE payload SET body = zeroblob(size) WHERE body IS NOT NULL",
        {9, 22},
    ),
    "a payload row is gone": (RECIPIENT, "DELETE FROM payload WHERE body IS NOT NULL", {2, 9, 22}),
    "a pinned document was exchanged": (SENDER, "UPDATE peer SET pin_sha256 = zeroblob(32)", {12}),
    "a recorded document was changed": (SENDER, "UPDATE document SET body = zeroblob(10)", {LEDGER}),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_damage_to_rows_is_found(folder: Path, name: str) -> None:
    authority, statement, expected = DAMAGE[name]
    sql(folder, authority, statement)
    assert expected <= judge(folder)


@pytest.mark.parametrize("authority", [SENDER, RECIPIENT])
def test_every_flipped_byte_of_a_bundle_is_found(folder: Path, authority: str) -> None:
    where = "FROM acknowledgement WHERE event = 'RelayAcceptance' ORDER BY id LIMIT 1"
    whole = first(folder, authority, f"SELECT bundle {where}")
    aid = first(folder, authority, f"SELECT aid {where}")
    for position in range(0, len(whole), len(whole) // 12):
        flipped = bytes(byte ^ (1 if at == position else 0) for at, byte in enumerate(whole))
        sql(folder, authority, "UPDATE acknowledgement SET bundle = ? WHERE aid = ?", flipped, aid)
        assert {4, 12} & judge(folder), position
    sql(folder, authority, "UPDATE acknowledgement SET bundle = ? WHERE aid = ?", whole, aid)
    assert not judge(folder)


def test_a_genuine_acknowledgement_under_another_checkpoint_is_found(folder: Path) -> None:
    """Two proofs of one leaf are both true; but the one that was given away is the one that must be kept."""
    aid = first(folder, SENDER, f"SELECT aid FROM acknowledgement WHERE {ACCEPTANCE} ORDER BY id LIMIT 1")
    other = first(folder, SENDER, f"SELECT bundle FROM acknowledgement WHERE {ACCEPTANCE} ORDER BY id DESC")
    mine = decode_bundle(first(folder, SENDER, f"SELECT bundle FROM acknowledgement WHERE {ACCEPTANCE}"))
    mixed = Bundle(
        signed=mine.signed,
        index=mine.index,
        proof=mine.proof,
        checkpoint=decode_bundle(other).checkpoint,
    )
    sql(
        folder,
        SENDER,
        "UPDATE acknowledgement SET bundle = ? WHERE aid = ?",
        encode_bundle(mixed),
        aid,
    )
    assert {4, 6, 12} <= judge(folder)


def test_a_flipped_bit_of_a_header_is_found(folder: Path) -> None:
    signed = first(folder, RECIPIENT, "SELECT signed FROM received WHERE seq = 3")
    changed = signed.replace(b'"sig":"', b'"sig":"A', 1)[: len(signed)]
    assert changed != signed
    sql(folder, RECIPIENT, "UPDATE received SET signed = ? WHERE seq = 3", changed)
    assert {LEDGER, 5, 12} <= judge(folder)


COPY = (
    "INSERT INTO received (pid, signed, signature_sha256, sender, msg, payload_id, payload_sha256, payload_size, epoch, seq,"
    " urgent, created, expires, accepted_at) SELECT ?, signed, signature_sha256, sender, ?, ?, payload_sha256,"
    " payload_size, epoch, 5, urgent, created, expires, accepted_at FROM received WHERE seq = 2"
)


def test_a_package_doubled_under_another_id_is_found(folder: Path) -> None:
    sql(folder, RECIPIENT, COPY, os.urandom(32), os.urandom(16), os.urandom(16))
    assert {LEDGER, 3, 5, SETTLED} <= judge(folder)


def test_a_message_consigned_twice_is_found_by_its_content(folder: Path) -> None:
    """As if a gateway had forgotten that a message was sent: another package, all its own ids, the same document."""
    asyncio.run(send_the_same_twice(folder))
    found = violations(folder / SENDER, folder / RECIPIENT)
    assert {each.number for each in found} == {3}


async def send_the_same_twice(folder: Path) -> None:
    stations: dict[str, Station] = {}
    line = DirectLine(lambda peer: stations[peer])
    for name in (SENDER, RECIPIENT):
        stations[name] = Station(folder / name, line, TestClock(), InlineOpener(folder / name))
        stations[name].start()
    sender, recipient = stations[SENDER], stations[RECIPIENT]
    template = make_template(sender=SENDER, recipient=RECIPIENT, attachment=b"once")
    message_id = os.urandom(16)
    for _ in range(2):
        await sender.hand_in(template, message_id)
        # The index that forbids a second one is led to see another message.
        sql(
            folder,
            SENDER,
            "UPDATE sent SET message_id = ? WHERE message_id = ?",
            os.urandom(16),
            message_id,
        )
    await sender.deliver(RECIPIENT)
    await recipient.open()
    await recipient.deliver(SENDER)
    for each in stations.values():
        await each.close()


Edit = Callable[[Path], object]


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        (Path.unlink, {2, 9, 22}),
        (lambda path: path.write_bytes(bytes([path.read_bytes()[0] ^ 1]) + path.read_bytes()[1:]), {9, 22}),
        (lambda path: path.rename(path.with_name("00" * 32)), {2, 9, 22}),
    ],
    ids=["deleted", "changed", "renamed"],
)
def test_damage_to_a_blob_is_found(folder: Path, edit: Edit, expected: set[int]) -> None:
    (path,) = (folder / RECIPIENT / "blobs").glob("??/*")
    edit(path)
    assert expected <= judge(folder)


def test_an_acknowledgement_that_was_shown_and_is_not_stored_is_found(folder: Path) -> None:
    books = read_books(folder / SENDER)
    pid = next(iter(books.sent))
    stored = books.of(pid, Event.SUBMISSION_ACCEPTANCE)
    assert stored is not None
    assert not list(seen_is_stored(books, {(pid, Event.SUBMISSION_ACCEPTANCE): stored.bundle}))
    assert len(list(seen_is_stored(books, {(pid, Event.SUBMISSION_ACCEPTANCE): stored.bundle + b" "}))) == 1
    assert len(list(seen_is_stored(books, {(os.urandom(32), Event.RELAY_ACCEPTANCE): b""}))) == 1
