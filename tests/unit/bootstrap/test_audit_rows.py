"""The audit holds rows against the signed bytes beside them: what is gone, what says something else, what stands elsewhere."""

import asyncio
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from emla.bootstrap.audit import verify_ledger
from emla.bootstrap.backup_restore import verify_backup
from emla.bootstrap.own import DATABASE
from emla.model.errors import StoreError
from tests.support.backups import FIND, RECEIVER, SENDER, back_up, pair
from tests.support.erasing import bring


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two packages that arrived, one of them large; the folders of both sides, closed."""
    folder = tmp_path_factory.mktemp("exchanged")

    async def exchanged() -> None:
        async with pair(folder) as both:
            await bring(both, "a", 300 * 1024)
            await bring(both, "b")

    asyncio.run(exchanged())
    return folder


def copied(folders: Path, who: str, tmp_path: Path) -> Path:
    return Path(shutil.copytree(folders / who, tmp_path / who))


def changed(data: Path, *statements: str) -> None:
    with closing(sqlite3.connect(data / DATABASE)) as connection:
        for sql in statements:
            assert connection.execute(sql).rowcount, sql
        connection.commit()


@pytest.mark.parametrize("who", [SENDER, RECEIVER])
def test_a_whole_folder_is_whole(folders: Path, tmp_path: Path, who: str) -> None:
    assert verify_ledger(copied(folders, who, tmp_path)).problems == ()


DAMAGES = [
    (RECEIVER, "DELETE FROM record", "The record of"),
    (SENDER, "UPDATE sent SET record = x''", "The record of"),
    (RECEIVER, "DELETE FROM payload", "The payload of"),
    (SENDER, "DELETE FROM payload", "The payload of"),
    (RECEIVER, "DELETE FROM legal_act", "refers to a row of 'legal_act'"),
    (SENDER, "UPDATE acknowledgement SET event = 'RelayRejection' WHERE event = 'RelayAcceptance'", "its bytes say"),
    (SENDER, "UPDATE acknowledgement SET at = 1", "its bytes say"),
    (SENDER, "UPDATE acknowledgement SET reason = 'expired'", "its bytes say"),
    (SENDER, "UPDATE acknowledgement SET pid = zeroblob(32) WHERE event = 'RelayAcceptance'", "its bytes say"),
    *((SENDER, f"UPDATE sent SET {each}", "which was sent") for each in (
        "msg = randomblob(16)", "recipient = 'fr.doj'", "epoch = epoch + 1", "seq = seq + 7", "payload_id = randomblob(16)",
        "payload_size = 1", "urgent = 1 - urgent", "created = 1", "expires = 2", "replaces = randomblob(32)",
    )),
    *((RECEIVER, f"UPDATE received SET {each}", "which was received") for each in (
        "msg = randomblob(16)", "sender = 'fr.doj'", "epoch = epoch + 1", "seq = seq + 7", "payload_id = randomblob(16)",
        "payload_size = 1", "urgent = 1 - urgent", "created = 1", "expires = 2", "signature_sha256 = zeroblob(32)",
    )),
    (RECEIVER, "UPDATE received SET accepted_at = 1", "another instant of acceptance"),
    (SENDER, "UPDATE channel SET seq = 0", "does not stand at its last number, 2"),
    (SENDER, "DELETE FROM channel", "does not stand at its last number, 2"),
    (RECEIVER, "UPDATE inbox SET state = 'HANDED'", "is HANDED, which we have not acknowledged"),
    (RECEIVER, "DELETE FROM inbox", "in no inbox"),
    (SENDER, "DELETE FROM leg", "The leg of"),
    *((SENDER, f"UPDATE leg SET state = '{each}'", f"is {each}, which its acknowledgements do not say") for each in (
        "READY", "HUB_HELD", "HELD", "REPLACED", "ACCEPTED", "HANDED", "CONSIGNMENT_FAILED", "REJECTED", "EXPIRED", "DONE",
    )),
]  # fmt: skip


@pytest.mark.parametrize(("who", "sql", "words"), DAMAGES, ids=[f"{who}-{sql}" for who, sql, _ in DAMAGES])
def test_whatever_row_is_changed_the_audit_says_so(
    folders: Path, tmp_path: Path, who: str, sql: str, words: str
) -> None:
    data = copied(folders, who, tmp_path)
    changed(data, sql)
    assert any(words in each for each in verify_ledger(data).problems), verify_ledger(data).problems


async def test_an_event_that_is_filed_as_another_is_named(tmp_path: Path) -> None:
    async with pair(tmp_path) as both:
        await both.sender.watch.close("ledger-behind")
        await both.sender.close()
        for column in ("kind = 'content.erased'", "at = 1"):
            data = Path(shutil.copytree(tmp_path / SENDER, tmp_path / column))
            changed(data, f"UPDATE event SET {column}")
            assert any("The row of the event" in each for each in verify_ledger(data).problems)
        both.sender.start()


@pytest.mark.parametrize("moved", ["READY", "HUB_HELD", "HELD", "REPLACED"])
async def test_a_leg_that_still_asks_or_is_put_aside_is_right(tmp_path: Path, moved: str) -> None:
    async with pair(tmp_path) as both:
        both.recipient.store.broken = True
        await both.exchange(500)
        both.recipient.store.broken = False
    changed(tmp_path / SENDER, f"UPDATE leg SET state = '{moved}'")
    assert verify_ledger(tmp_path / SENDER).problems == ()


def test_an_index_that_rotted_is_named_here_and_in_a_backup(folders: Path, tmp_path: Path) -> None:
    """By that index a message that is handed in again is found: it would be sent a second time."""
    data = copied(folders, SENDER, tmp_path)
    path = data / DATABASE
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        sql = "SELECT rootpage FROM sqlite_schema WHERE name = 'sent_message_id'"
        ((page,),) = connection.execute(sql).fetchall()
        ((size,),) = connection.execute("PRAGMA page_size").fetchall()
        ids = [row[0] for row in connection.execute("SELECT message_id FROM sent")]
    octets = bytearray(path.read_bytes())
    for each in ids:
        octets[octets.index(each, (page - 1) * size, page * size) + 3] ^= 1
    path.write_bytes(octets)
    assert any("sent_message_id" in each for each in verify_ledger(data).problems)
    back_up(data, tmp_path / "made")
    assert any("sent_message_id" in each for each in verify_backup(tmp_path / "made", FIND).problems)


def test_a_database_that_cannot_be_read_is_no_bug(folders: Path, tmp_path: Path) -> None:
    data = copied(folders, SENDER, tmp_path)
    path = data / DATABASE
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        ((page,),) = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'sent'").fetchall()
        ((size,),) = connection.execute("PRAGMA page_size").fetchall()
    octets = bytearray(path.read_bytes())
    octets[(page - 1) * size : page * size] = b"\xff" * size
    path.write_bytes(octets)
    with pytest.raises(StoreError):
        verify_ledger(data)
