"""Opening: the tree is recomputed from its leaves before anything is signed, and what does not add up stops the start."""

import sqlite3
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from emla.model.errors import LedgerIntegrityError, StoreError
from emla.steps.verify_acknowledgement import verify_acknowledgement
from emla.store.sqlite.store import open_store
from tests.support.authorities import party
from tests.support.gateways import ledger_key, opened, select
from tests.support.packages import leaf, package_of, send

AT, DE, HK = party("at.moj"), party("de.bfj"), party("hk.doj")


@pytest.fixture
async def data(tmp_path: Path) -> Path:
    """A folder with seven leaves under four checkpoints."""
    async with opened(tmp_path, AT, DE) as home:
        for number in (1, 2):
            await home.store.write(partial(send, sender=AT, recipient=DE, number=number))
        for number in (1, 2, 3):
            await home.store.write(partial(leaf, number=number))
    return tmp_path


async def test_what_was_there_is_there_again_and_the_tree_goes_on(data: Path) -> None:
    async with opened(data, AT, DE) as home:
        assert home.store.ledger_size == 7
        issued = await home.store.write(lambda each: send(each, AT, DE, 3))
        verify_acknowledgement(issued.bundle, issuer=AT.authority, subject=package_of(AT, DE, 3).subject)
        assert home.store.ledger_size == 9
    async with opened(data, AT, DE) as home:
        assert home.store.ledger_size == 9


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE leaf SET digest = zeroblob(32) WHERE idx = 0",
        "UPDATE leaf SET kind = 2 WHERE idx = 6",
        "UPDATE leaf SET kind = 999 WHERE idx = 6",
        "UPDATE leaf SET kind = -1 WHERE idx = 6",
        "DELETE FROM leaf WHERE idx = 6",
        "DELETE FROM leaf WHERE idx = 3",
        "DELETE FROM leaf WHERE idx = 0",
        "DELETE FROM leaf",
        "INSERT INTO leaf VALUES (7, 1, zeroblob(32), x'00', NULL)",
        "INSERT INTO leaf VALUES (8, 1, zeroblob(32), x'00', NULL)",
        "DELETE FROM checkpoint",
        "DELETE FROM checkpoint WHERE size = 7",
        "UPDATE checkpoint SET note = CAST(replace(CAST(note AS TEXT), 'at.moj', 'de.bfj') AS BLOB)",
        "UPDATE checkpoint SET note = x'00' WHERE size = 7",
        "UPDATE checkpoint SET note = zeroblob(0)",
        "UPDATE checkpoint SET note = (SELECT note FROM checkpoint WHERE size = 6) WHERE size = 7",
    ],
)
def test_a_ledger_that_was_touched_is_not_opened(data: Path, tampering: str) -> None:
    with closing(sqlite3.connect(data / "emla.db")) as connection, connection:
        connection.execute(tampering)
    with pytest.raises(LedgerIntegrityError) as caught:
        open_store(data / "emla.db", ledger_key(AT))
    assert caught.value.code == "ledger-broken"


def test_the_ledger_of_another_authority_is_not_opened(data: Path) -> None:
    with pytest.raises(LedgerIntegrityError):
        open_store(data / "emla.db", ledger_key(HK))


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "emla.db").write_bytes(b"not a database, though long enough to be looked at" * 100)
    with pytest.raises(StoreError) as caught:
        open_store(tmp_path / "emla.db", ledger_key(AT))
    assert caught.value.code == "store-failed"
    assert "emla.db" in caught.value.detail


async def test_a_commit_that_never_came_leaves_the_ledger_as_it_was(data: Path) -> None:
    store = open_store(data / "emla.db", ledger_key(AT))
    store._runner.prepare([lambda each: send(each, AT, DE, 3)])
    await store.close()
    assert select(data, "SELECT max(size) FROM checkpoint") == [(7,)]
    async with opened(data, AT, DE) as home:
        assert home.store.read.sent(package_of(AT, DE, 3).pid) is None
        await home.store.write(lambda each: send(each, AT, DE, 3))
