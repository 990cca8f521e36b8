"""`emla ledger verify` on a real ledger: whole, and after somebody changed stored history."""

import asyncio
import sqlite3
import time
from pathlib import Path

import pytest

from emla.bootstrap.initialise import About, initialise
from emla.bootstrap.own import DATABASE, gateway_keys, ledger_key_of, own_authority
from emla.formats.export import encode_export
from emla.ports.documents import PeerRow
from emla.store.sqlite.store import open_store
from tests.support.cli import emla


def make_authority(folder: Path, authority: str) -> Path:
    initialise(
        folder / authority,
        About(
            authority=authority,
            names=(("en", authority),),
            endpoint_url="https://127.0.0.1:18443",
            country=authority[:2].upper(),
            contacts=(),
            languages=("en",),
            time_zone="UTC",
            office_hours="",
        ),
        now=int(time.time()),
    )
    return folder / authority


async def pin(data: Path, peer: Path) -> None:
    """Write one leaf: the documents of a peer."""
    own, other = own_authority(data), own_authority(peer)
    store = open_store(data / DATABASE, ledger_key_of(own, gateway_keys(data), int(time.time())))
    store.start(on_failure=lambda error: None)
    row = PeerRow(
        authority=other.id,
        documents=encode_export(other.documents),
        pin_version=1,
        pin_sha256=other.root_sha256,
        fingerprint="0" * 60,
        pinned_at=1,
    )
    await store.write(lambda transaction: transaction.put_peer(row))
    await store.close()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder, peer = make_authority(tmp_path, "nl.moj"), make_authority(tmp_path, "jp.moj")
    asyncio.run(pin(folder, peer))
    return folder


def test_a_whole_ledger_is_told_with_its_root(data: Path) -> None:
    outcome = emla("ledger", "verify", "--data", data)
    assert outcome.code == 0
    document = emla("ledger", "verify", "--data", data, "--json").document
    assert document["whole"] is True
    assert document["leaves"] == 1
    assert str(document["root"]) in outcome.out


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE leaf SET digest = zeroblob(32)",
        "UPDATE document SET body = CAST(body || ' ' AS BLOB)",
        "DELETE FROM leaf",
        "DELETE FROM checkpoint",
        "DELETE FROM leaf; DELETE FROM checkpoint",
    ],
)
def test_changed_history_is_an_integrity_alarm(data: Path, change: str) -> None:
    connection = sqlite3.connect(data / DATABASE)
    connection.executescript(change)
    connection.commit()
    connection.close()
    outcome = emla("ledger", "verify", "--data", data)
    assert outcome.code == 6
    assert "telephone" in outcome.err
    found = emla("ledger", "verify", "--data", data, "--json")
    assert found.code == 6
    assert found.document["problems"]
