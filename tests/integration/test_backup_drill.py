"""The drill: two gateways exchange, a backup is made in the middle of it, the folder is destroyed and comes back.

Real processes and the real command line; the server is never asked to wait.
"""

import asyncio
import hashlib
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from emla.bootstrap.audit import verify_ledger
from emla.formats.event import decode as decode_event
from tests.support.backups import MADE
from tests.support.cli import Outcome, emla
from tests.support.locking import SECRET_TEXT
from tests.support.messages import ATTACHMENT_NAME, make_template
from tests.support.servers import Server, running, submission

SENDER, RECIPIENT = "at.moj", "jp.moj"
MESSAGES_BEFORE = 5
ATTACHMENT_BYTES = 300 * 1024


@pytest.fixture
def key(tmp_path: Path) -> Path:
    """The offline key, its public half and the file with its passphrase."""
    from emla.keyring.media import write_media_key

    write_media_key(tmp_path / "backup.json", MADE)
    (tmp_path / "passphrase").write_text(SECRET_TEXT)
    (tmp_path / "passphrase").chmod(0o600)
    return tmp_path / "backup.json"


def with_key(key: Path) -> list[str]:
    return ["--key", str(key), "--passphrase-file", str(key.with_name("passphrase"))]


def create(server: Server, target: Path, key: Path) -> Outcome:
    public = key.with_name("backup.pub.json")
    return emla("backup", "create", target, "--to", public, "--data", server.data, "--json")


async def traffic(server: Server, begun: asyncio.Event, enough: asyncio.Event) -> None:
    """Send messages with attachments that become files, each until it is accepted, until it is enough."""
    template = make_template(
        sender=SENDER, recipient=RECIPIENT, attachment=bytes(range(256)) * (ATTACHMENT_BYTES // 256)
    )
    number = 0
    async with server.client() as client:
        while not enough.is_set():
            number += 1
            name = hashlib.shake_128(bytes(number)).digest(16)
            body = submission(template.fill(name, name), [(ATTACHMENT_NAME, template.attachment)])
            async with client.post("/v1/messages", params={"wait": "30"}, data=body) as answer:
                found = await answer.json()
                assert answer.status == 201, found
                assert found["state"] != "READY"
            if number > MESSAGES_BEFORE:
                begun.set()


async def back_up_in_the_middle(server: Server, target: Path, key: Path) -> Outcome:
    """A backup while messages are on their way."""
    begun, enough = asyncio.Event(), asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(traffic(server, begun, enough))
        await begun.wait()
        try:
            return await asyncio.to_thread(create, server, target, key)
        finally:
            enough.set()


def events(data: Path) -> list[dict[str, object]]:
    with closing(sqlite3.connect(f"{(data / 'emla.db').as_uri()}?mode=ro", uri=True)) as database:
        rows = database.execute("SELECT body FROM event WHERE kind = 'backup.created'").fetchall()
    return [dict(decode_event(body).facts) for (body,) in rows]


@pytest.mark.timeout(240)
def test_a_backup_in_the_middle_of_traffic_comes_back_whole(tmp_path: Path, key: Path) -> None:
    first, last, again = tmp_path / "first.backup", tmp_path / "last.backup", tmp_path / "again"
    with running(tmp_path, SENDER, RECIPIENT) as (sender, _):
        made = asyncio.run(back_up_in_the_middle(sender, first, key))
        assert made.code == 0, made.err
        (recorded,) = events(sender.data)
        assert recorded["backup"] == made.document["id"]
        assert recorded["ledger_size"] == made.document["ledger_size"]
        assert made.document["recorded_at"]
        doctor = emla("doctor", "--data", sender.data, "--json").document["checks"]
        assert isinstance(doctor, list)
        assert [each["verdict"] for each in doctor if each["name"] == "backup"] == ["ok"]
    # What was copied while the server wrote is a moment of its history: its tree is the beginning of the one of today.
    verified = emla("backup", "verify", first, *with_key(key), "--json")
    assert (verified.code, verified.document["problems"]) == (0, [])
    whole = verify_ledger(sender.data)
    leaves = verified.document["leaves"]
    assert isinstance(leaves, int)
    assert 0 < leaves < whole.ledger.leaves
    assert str(verified.document["checkpoint"]) in notes(sender.data)
    # The server is stopped: the backup of that moment, the disaster, and the folder again.
    assert create(sender, last, key).code == 0
    shutil.rmtree(sender.data)
    restored = emla("backup", "restore", last, *with_key(key), "--data", again, "--json")
    assert (restored.code, restored.document["restored"]) == (0, True)
    assert verify_ledger(again) == whole


def notes(data: Path) -> set[str]:
    with closing(sqlite3.connect(f"{(data / 'emla.db').as_uri()}?mode=ro", uri=True)) as database:
        return {note.decode() for (note,) in database.execute("SELECT note FROM checkpoint")}
