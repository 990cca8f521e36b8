"""A closed ledger: the store itself refuses what is about packages, keeps the rest for later, and ends with a new epoch."""

from collections.abc import Callable
from pathlib import Path

import pytest

from emla.ledger.batch import LedgerKey
from emla.ledger.checkpoint import verify
from emla.ledger.leaf import LeafKind
from emla.model.errors import ConfigurationError, IllegalTransitionError
from emla.ports.channel import ClosedRow
from emla.ports.store import Transaction
from emla.store.sqlite.store import open_store, unrecorded
from tests.support.authorities import NOW, party, signing_key
from tests.support.gateways import Home, ledger_key, opened, select

AT = party("at.moj")
NEXT = signing_key("at.moj", "next ledger")
EPOCH_2 = LedgerKey(origin="at.moj/emla/1/2", public=NEXT.public, sign=NEXT.sign, older=(AT.ledger.public,))


def noted(number: int) -> Callable[[Transaction], None]:
    """An operation with one event."""
    return lambda each: each.insert_event("test", NOW, b"event %d" % number)


def about(kind: LeafKind) -> Callable[[Transaction], None]:
    """An operation with one leaf of a kind."""
    return lambda each: each.append_leaf(kind, b"x", b"x")


def closing(row: ClosedRow) -> Callable[[Transaction], bool]:
    return lambda each: each.close_ledger(row)


async def close(home: Home) -> None:
    await home.store.write(closing(ClosedRow(code="ledger-behind", since=NOW)))


async def begin(home: Home) -> None:
    await home.store.write(lambda each: each.begin_epoch(EPOCH_2, "ledger.recovered", NOW, b"the old one"))


async def test_what_is_about_packages_is_refused_and_its_caller_alone_hears_of_it(tmp_path: Path) -> None:
    async with opened(tmp_path, AT) as home:
        await home.store.write(noted(1))
        await close(home)
        for kind in (
            LeafKind.HEADER_SENT,
            LeafKind.HEADER_RECEIVED,
            LeafKind.ACKNOWLEDGEMENT_ISSUED,
            LeafKind.ACKNOWLEDGEMENT_RECEIVED,
        ):
            with pytest.raises(ConfigurationError):
                await home.store.write(about(kind))
        assert home.failures == []
        assert home.store.ledger_size == 1


async def test_closing_counts_from_the_operation_that_closes(tmp_path: Path) -> None:
    async with opened(tmp_path, AT) as home:

        def operation(transaction: Transaction) -> None:
            transaction.close_ledger(ClosedRow(code="ledger-behind", since=NOW))
            transaction.append_leaf(LeafKind.HEADER_SENT, b"x", b"x")

        with pytest.raises(ConfigurationError):
            await home.store.write(operation)
        assert home.store.read.closed() is None  # the whole operation is undone


async def test_events_and_documents_wait_and_are_recorded_when_it_is_open_again(tmp_path: Path) -> None:
    async with opened(tmp_path, AT) as home:
        await home.store.write(noted(1))
        await close(home)
        await home.store.write(noted(2))
        await home.store.write(lambda each: each.insert_document(b"a document"))
        assert (home.count("leaf"), home.count("late_leaf"), home.count("checkpoint")) == (1, 2, 1)
    async with opened(tmp_path, AT) as home:  # nothing is missing at a start
        await home.store.write(lambda each: each.open_ledger())
        assert (home.count("leaf"), home.count("late_leaf"), home.count("closed")) == (3, 0, 0)
        assert home.store.ledger_size == 3


async def test_a_new_epoch_begins_with_its_event_and_keeps_the_old_ledger(tmp_path: Path) -> None:
    async with opened(tmp_path, AT) as home:
        await home.store.write(noted(1))
        await close(home)
        await home.store.write(noted(2))
        await begin(home)
        assert home.store.ledger_size == 2
        await home.store.write(noted(3))
    kinds = select(tmp_path, "SELECT e.kind FROM leaf l JOIN event e ON e.sha256 = l.ref ORDER BY l.idx")
    assert kinds == [("ledger.recovered",), ("test",), ("test",)]
    ((newest,),) = select(tmp_path, "SELECT note FROM checkpoint ORDER BY size DESC LIMIT 1")
    assert isinstance(newest, bytes)
    assert verify(newest, EPOCH_2.origin, NEXT.public).size == 3
    assert select(tmp_path, "SELECT epoch, idx FROM former_leaf") == [(1, 0)]
    assert select(tmp_path, "SELECT epoch, size FROM former_checkpoint") == [(1, 1)]
    store = open_store(tmp_path / "emla.db", EPOCH_2)
    try:
        assert unrecorded(store._connection) == []
        assert store.ledger_size == 3
    finally:
        await store.close()


async def test_only_a_closed_ledger_ends(tmp_path: Path) -> None:
    async with opened(tmp_path, AT) as home:
        await home.store.write(noted(1))
        with pytest.raises(IllegalTransitionError):
            await begin(home)
        await close(home)
        with pytest.raises(IllegalTransitionError):
            await home.store.write(
                lambda each: each.begin_epoch(ledger_key(AT), "ledger.recovered", NOW, b"the same one")
            )
        assert home.store.ledger_size == 1


async def test_an_operation_that_begins_an_epoch_and_fails_is_undone_whole(tmp_path: Path) -> None:
    async with opened(tmp_path, AT) as home:
        await home.store.write(noted(1))
        await close(home)

        def operation(transaction: Transaction) -> None:
            transaction.begin_epoch(EPOCH_2, "ledger.recovered", NOW, b"the old one")
            raise ConfigurationError("unreadable-key")

        with pytest.raises(ConfigurationError):
            await home.store.write(operation)
        await home.store.write(lambda each: each.open_ledger())
        await home.store.write(noted(2))
        assert select(tmp_path, "SELECT max(idx) FROM leaf") == [(1,)]
        assert home.count("former_leaf") == 0


async def test_a_proof_is_never_replaced_and_a_suspicion_is(tmp_path: Path) -> None:
    async with opened(tmp_path, AT) as home:
        fear = ClosedRow(code="ledger-restored", since=NOW)
        proof = ClosedRow(code="ledger-behind", since=NOW + 1, peer="de.bfj", proof=b"a note")
        other = ClosedRow(code="ledger-behind", since=NOW + 2, peer="fr.doj", proof=b"another")
        written = [await home.store.write(closing(row)) for row in (fear, fear, proof, other, fear)]
        assert written == [True, False, True, False, False]
        assert home.store.read.closed() == proof
