"""Row 81. Bit rot in blob, row, checkpoint, leaf, key file.

Expected: detected at start or at read; quarantined or refused; peer asked to resend where possible. What is possible today: a
recipient that finds its payload damaged signs nothing about it, keeps the package accepted, and opens it when the file is back;
the sender's folder holds the same sealed bytes under the same name. A call that asks for them over the wire does not exist.
"""

import asyncio
import shutil
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from pathlib import Path

import pytest

from emla.bootstrap.audit import verify_ledger
from emla.bootstrap.own import own_authority
from emla.flow.documents.own import ledger_key_at
from emla.keyring.files import GATEWAY_USES, OPENER_USES, read_keys
from emla.ledger.batch import LedgerKey
from emla.model.acknowledgement import Event
from emla.model.errors import (
    ConfigurationError,
    InvalidDocumentError,
    LedgerIntegrityError,
    StoreError,
    TransportError,
)
from emla.model.leg import InboxState, Leg, LegState
from emla.model.person import ALONE
from emla.ports.transport import Refusal
from emla.store.files import blob_path
from emla.store.sqlite.store import open_store
from tests.support.backups import LARGE, RECEIVER, SENDER, Pair, pair
from tests.support.in_process import DirectLine, Station
from tests.support.messages import make_template

SMALL = 700


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Pair]:
    async with pair(tmp_path) as made:
        yield made


async def submitted(house: Pair, attachment_bytes: int) -> bytes:
    template = make_template(sender=SENDER, recipient=RECEIVER, attachment=bytes(attachment_bytes))
    return (await house.sender.hand_in(template, bytes(range(16)))).pid


def payload_of(station: Station, pid: bytes) -> bytes:
    read = station.store.read
    row = read.sent(pid) or read.received(pid)
    assert row is not None
    return row.payload_sha256


def rot(station: Station, sha256: bytes) -> Callable[[], None]:
    """Flip one bit of a stored payload, wherever it lies; what is returned brings it back."""
    path = blob_path(station.data / "blobs", sha256)
    if path.exists():
        whole = path.read_bytes()
        path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))

        def mend() -> None:
            path.write_bytes(whole)

        return mend
    station.gateway.fresh.take(sha256)
    with closing(sqlite3.connect(station.data / "emla.db")) as database:
        (body,) = database.execute("SELECT body FROM payload WHERE sha256 = ?", (sha256,)).fetchone()
        changed(
            station.data,
            "UPDATE payload SET body = ? WHERE sha256 = ?",
            body[:-1] + bytes([body[-1] ^ 1]),
            sha256,
        )
    return lambda: changed(station.data, "UPDATE payload SET body = ? WHERE sha256 = ?", body, sha256)


def changed(data: Path, sql: str, *values: object) -> None:
    with closing(sqlite3.connect(data / "emla.db")) as database:
        assert database.execute(sql, values).rowcount == 1
        database.commit()


def state(station: Station, pid: bytes) -> InboxState:
    row = station.store.read.received(pid)
    assert row is not None
    return row.state


@pytest.mark.parametrize("size", [SMALL, LARGE])
async def test_a_payload_that_rots_after_acceptance_is_never_blamed_on_its_sender(
    house: Pair, size: int
) -> None:
    pid = await submitted(house, size)
    await house.sender.deliver(RECEIVER)
    mend = rot(house.recipient, payload_of(house.recipient, pid))
    leaves = house.recipient.store.real.ledger_size
    await house.recipient.open()
    assert state(house.recipient, pid) is InboxState.ACCEPTED
    assert house.recipient.store.real.ledger_size == leaves
    assert house.recipient.store.read.bundle(pid, Event.CONTENT_CONSIGNMENT_FAILURE) is None
    assert len(verify_ledger(house.recipient.data).problems) == 1
    mend()
    await house.recipient.restart()
    await house.recipient.open()
    assert state(house.recipient, pid) is InboxState.CONSIGNED
    assert verify_ledger(house.recipient.data).problems == ()


async def test_the_senders_copy_mends_the_recipients(house: Pair) -> None:
    pid = await submitted(house, LARGE)
    await house.sender.deliver(RECEIVER)
    sha256 = payload_of(house.recipient, pid)
    rot(house.recipient, sha256)
    await house.recipient.open()
    same = blob_path(house.sender.data / "blobs", sha256).read_bytes()
    blob_path(house.recipient.data / "blobs", sha256).write_bytes(same)
    await house.recipient.open()
    assert state(house.recipient, pid) is InboxState.CONSIGNED


async def test_what_rots_after_it_was_opened_is_not_handed_out(house: Pair) -> None:
    pid = await house.exchange(LARGE)
    mend = rot(house.recipient, payload_of(house.recipient, pid))
    with pytest.raises(StoreError) as caught:
        await house.recipient.hand_over.part(pid, 0, ALONE)
    assert caught.value.code == "payload-damaged"
    assert state(house.recipient, pid) is InboxState.CONSIGNED, "nothing was handed out, and nothing says so"
    mend()
    await house.recipient.hand_over.part(pid, 0, ALONE)
    assert state(house.recipient, pid) is InboxState.HANDED


@pytest.mark.parametrize("how", ["a bit", "cut", "gone"])
async def test_a_payload_of_ours_that_rots_waits_and_goes_when_it_is_back(house: Pair, how: str) -> None:
    pid = await submitted(house, LARGE)
    path = blob_path(house.sender.data / "blobs", payload_of(house.sender, pid))
    whole = path.read_bytes()
    path.unlink()
    if how != "gone":
        path.write_bytes(whole[:-1] + (bytes([whole[-1] ^ 1]) if how == "a bit" else b""))
    (refusal,) = await house.sender.deliver(RECEIVER)
    assert refusal == Refusal(code="payload-damaged", retry_after_seconds=3600.0, held=True)
    path.write_bytes(whole)
    assert await house.sender.deliver(RECEIVER) == []
    assert await house.sender.deliver(RECEIVER) == []
    await house.recipient.open()
    await house.recipient.deliver(SENDER)
    assert [leg.state for leg in all_legs(house.sender)] == [LegState.CONSIGNED]


async def test_a_payload_of_ours_that_goes_between_a_look_at_it_and_its_sending_waits(
    house: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    await submitted(house, LARGE)

    async def gone(*_: object) -> None:
        raise TransportError("payload-damaged")

    with monkeypatch.context() as patch:
        patch.setattr(DirectLine, "send_package", gone)
        (refusal,) = await house.sender.deliver(RECEIVER)
    assert refusal == Refusal(code="payload-damaged", retry_after_seconds=3600.0, held=True)
    assert await house.sender.deliver(RECEIVER) == []


async def test_a_small_payload_of_ours_that_rots_waits(house: Pair) -> None:
    pid = await submitted(house, SMALL)
    mend = rot(house.sender, payload_of(house.sender, pid))
    (refusal,) = await house.sender.deliver(RECEIVER)
    assert (refusal.code, refusal.held) == ("payload-damaged", True)
    mend()
    assert await house.sender.deliver(RECEIVER) == []


def all_legs(station: Station) -> list[Leg]:
    with closing(sqlite3.connect(station.data / "emla.db")) as database:
        ids = [row[0] for row in database.execute("SELECT id FROM leg WHERE kind = 'package'")]
    return [leg for each in ids if (leg := station.store.read.leg(each))]


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE leaf SET digest = zeroblob(32) WHERE idx = 2",
        "UPDATE leaf SET kind = kind + 1 WHERE idx = 2",
        "DELETE FROM leaf WHERE idx = 2",
        "UPDATE checkpoint SET note = zeroblob(200) WHERE size = (SELECT max(size) FROM checkpoint)",
        "DELETE FROM checkpoint WHERE size = (SELECT max(size) FROM checkpoint)",
        "DELETE FROM acknowledgement WHERE id = 1",
    ],
    ids=[
        "a leaf's hash",
        "a leaf's kind",
        "a leaf",
        "a checkpoint",
        "a checkpoint gone",
        "an acknowledgement",
    ],
)
async def test_a_ledger_that_rotted_is_not_signed_on(house: Pair, sql: str) -> None:
    await house.exchange(SMALL)
    changed(house.sender.data, sql)
    with pytest.raises(LedgerIntegrityError):
        await house.sender.restart()
    assert verify_ledger(house.sender.data).problems


@pytest.mark.parametrize(
    ("table", "column"),
    [("sent", "signed"), ("acknowledgement", "bundle"), ("document", "body"), ("event", "body")],
)
async def test_an_object_that_rotted_is_named_by_the_audit(house: Pair, table: str, column: str) -> None:
    await house.exchange(SMALL)
    if table == "event":
        from emla.flow.events import event

        await house.sender.store.write(event(house.sender.gateway, "backup.created", {"size": 1}))
    with closing(sqlite3.connect(house.sender.data / "emla.db")) as database:
        row, body = database.execute(
            f"SELECT {'sha256' if table in ('document', 'event') else 'rowid'}, {column} FROM {table}"
        ).fetchone()
    for place in (0, len(body) // 2, len(body) - 1):
        rotten = body[:place] + bytes([body[place] ^ 1]) + body[place + 1 :]
        key = "sha256" if table in ("document", "event") else "rowid"
        changed(house.sender.data, f"UPDATE {table} SET {column} = ? WHERE {key} = ?", rotten, row)
        assert verify_ledger(house.sender.data).problems, place


async def test_every_byte_of_a_key_file_is_guarded(house: Pair) -> None:
    """Before anything is signed: whatever byte of it changes, the file is refused, or it is the same key."""
    folder = house.sender.data / "keys"
    whole = {path: path.read_bytes() for path in folder.iterdir()}
    good = read_keys(folder, GATEWAY_USES | OPENER_USES)
    refused = 0
    for path, octets in whole.items():
        for place in range(len(octets)):
            path.write_bytes(octets[:place] + bytes([octets[place] ^ 1]) + octets[place + 1 :])
            try:
                found = read_keys(folder, GATEWAY_USES | OPENER_USES)
            except ConfigurationError as error:
                assert error.code == "unreadable-key"
                refused += 1
            else:
                # One bit of the instant at which it was made: the key itself is what it was.
                assert found.sealing_kids == good.sealing_kids
        path.write_bytes(octets)
    assert refused > 0.9 * sum(map(len, whole.values()))


async def test_documents_that_rotted_are_not_published(house: Pair) -> None:
    path = house.recipient.data / "documents" / "own.json"
    await house.recipient.close()
    (house.recipient.data / "emla.db").unlink()
    octets = path.read_bytes()
    for place in range(0, len(octets), 97):
        path.write_bytes(octets[:place] + bytes([octets[place] ^ 1]) + octets[place + 1 :])
        with pytest.raises((ConfigurationError, InvalidDocumentError)):
            own_authority(house.recipient.data)
    path.write_bytes(octets)
    house.recipient.start()


async def test_a_copy_of_our_documents_that_rotted_is_no_reason_not_to_start(house: Pair) -> None:
    await house.recipient.own.start()
    await house.recipient.close()
    path = house.recipient.data / "documents" / "own.json"
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    assert own_authority(house.recipient.data).id == RECEIVER
    house.recipient.start()
    await house.recipient.own.start()
    assert path.read_bytes() == whole


async def test_a_database_page_that_rotted_stops_the_start_or_the_audit(house: Pair, tmp_path: Path) -> None:
    """SQLite has no checksums: a page that is no page is seen by it, any other change by our hashes.

    A page in which nothing is, or a search tree that neither walks, is seen by SQLite's own whole check.
    """
    await house.exchange(SMALL)
    data = tmp_path / "rotten"
    shutil.copytree(house.sender.data, data, ignore=shutil.ignore_patterns("emla.db*", "*.sock"))
    await house.sender.close()
    whole = (house.sender.data / "emla.db").read_bytes()
    house.sender.start()
    key = ledger_key_at(
        house.sender.gateway.identity.authority, house.sender.keys, house.sender.gateway.now()
    )
    seen = 0
    for start in range(0, len(whole), PAGE_BYTES):
        rotten = whole[:start] + bytes(64) + whole[start + 64 :]
        if rotten != whole:
            (data / "emla.db").write_bytes(rotten)
            assert start_fails(data, key) or audit_fails(data) or check_fails(data), start
            seen += 1
    assert seen > 20


PAGE_BYTES = 4096


def start_fails(data: Path, key: LedgerKey) -> bool:
    try:
        store = open_store(data / "emla.db", key)
    except (StoreError, LedgerIntegrityError, sqlite3.Error):
        return True
    store._files.close(whole=True)
    return False


def audit_fails(data: Path) -> bool:
    try:
        return bool(verify_ledger(data).problems)
    except (StoreError, sqlite3.Error):
        return True


def check_fails(data: Path) -> bool:
    with closing(sqlite3.connect(data / "emla.db")) as database:
        try:
            return bool(database.execute("PRAGMA integrity_check").fetchone() != ("ok",))
        except sqlite3.Error:
            return True


async def test_the_work_is_not_done_on_the_event_loop(house: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    """A large payload is hashed elsewhere: the gateway answers others meanwhile."""
    used: list[object] = []
    real = asyncio.to_thread

    async def to_thread(function: Callable[..., object], *words: object) -> object:
        used.append(function)
        return await real(function, *words)

    pid = await submitted(house, LARGE)
    await house.sender.deliver(RECEIVER)
    rot(house.recipient, payload_of(house.recipient, pid))
    monkeypatch.setattr("emla.flow.stored.asyncio.to_thread", to_thread)
    await house.recipient.open()
    assert used
