"""A slow signer is asked while no transaction is open and off the event loop, for nothing that is not committed (ADR 0012)."""

import asyncio
import os
import sqlite3
import threading
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import pytest

from emla.formats import dsse
from emla.ledger.batch import LedgerKey
from emla.model.acknowledgement import Event
from emla.model.errors import ConfigurationError, IllegalTransitionError, StoreError
from emla.model.leg import LegKind
from emla.model.signed import PayloadType
from emla.ports.signing import PLACEHOLDER, BatchSigner, SlowSigners, sign_now
from emla.ports.store import DuplicateError, Issued, Transaction
from emla.steps.acknowledge import Subject, acknowledge
from emla.steps.address import address
from emla.steps.verify_acknowledgement import verify_acknowledgement
from emla.store.sqlite.store import SqliteStore, open_store
from tests.support.authorities import NOW, party
from tests.support.gateways import rows, select
from tests.support.packages import package_of, sent_row
from tests.support.slow_signers import SlowSigner

AT, DE = party("at.moj"), party("de.bfj")


@dataclass
class House:
    """A store whose sign and ledger keys are slow."""

    store: SqliteStore
    data: Path
    sign: SlowSigner
    ledger: SlowSigner
    signer: BatchSigner
    failures: list[StoreError]
    runs: int = 0

    def submit(self, transaction: Transaction, number: int) -> tuple[Subject, Issued]:
        """What `flow.line.submit` does in its operation: place, header, an acknowledgement over its signature, leaves."""
        self.runs += 1
        draft = package_of(AT, DE, number)
        seq, prev = transaction.next_place(DE.id, draft.header.epoch)
        package = address(draft.header, seq=seq, prev=prev, signer=self.signer)
        transaction.insert_sent(replace(sent_row(draft), pid=package.pid, signed=package.signed, seq=seq))
        subject = Subject(header=package.header, pid=package.pid, signature_sha256=package.signature_sha256)
        acknowledgement = acknowledge(
            Event.SUBMISSION_ACCEPTANCE, subject, by=AT.id, card=AT.card, at=NOW, signer=self.signer
        )
        return subject, transaction.issue(acknowledgement)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    slow = SlowSigners()
    sign, ledger = SlowSigner(AT.sign), SlowSigner(AT.ledger)
    key = LedgerKey(origin=AT.authority.card.ledger_origin, public=ledger.public, sign=slow.wrap(ledger).sign)
    store = open_store(tmp_path / "emla.db", key, slow)
    for each in (sign, ledger):
        each.watch = lambda: store._connection.in_transaction
    failures: list[StoreError] = []
    store.start(on_failure=failures.append)
    yield House(store, tmp_path, sign, ledger, slow.wrap(sign), failures)
    await store.close()


async def test_what_is_committed_verifies_and_no_transaction_was_open_while_it_was_signed(
    house: House,
) -> None:
    done = await asyncio.gather(
        *(house.store.write(partial(house.submit, number=number)) for number in range(1, 21))
    )
    for subject, issued in done:
        verify_acknowledgement(issued.bundle, issuer=AT.authority, subject=subject)
    for (signed,) in select(house.data, "SELECT signed FROM sent"):
        assert isinstance(signed, bytes)
        assert dsse.verifies(dsse.decode(signed, PayloadType.HEADER, 1 << 16), AT.sign.kid, AT.sign.public)
    assert rows(house.data)["sent"] == 20
    calls = house.sign.in_transaction + house.ledger.in_transaction
    assert calls
    assert not any(calls)


async def test_the_event_loop_and_its_thread_never_wait_for_the_signer(house: House) -> None:
    """The signer holds still until the loop has done something else: a loop that waited for it would never come to that."""
    moved_on = threading.Event()
    house.sign.watch = lambda: not moved_on.wait(20)
    writing = asyncio.create_task(house.store.write(partial(house.submit, number=1)))
    while not house.sign.threads:
        await asyncio.sleep(0)
    moved_on.set()
    await writing
    assert house.sign.in_transaction == [False, False], "it waited until the loop had moved on"
    assert threading.current_thread().name not in house.sign.threads | house.ledger.threads


async def test_nothing_is_signed_but_what_is_committed(house: House) -> None:
    """No acknowledgement over a placeholder, no second header for a place in the channel, one checkpoint."""
    await asyncio.gather(*(house.store.write(partial(house.submit, number=number)) for number in (1, 2, 3)))
    assert len(house.sign.messages) == len(set(house.sign.messages)) == 6
    assert len(house.ledger.messages) == rows(house.data)["checkpoint"]


async def test_a_batch_runs_once_for_each_kind_of_signature_and_once_with_all(house: House) -> None:
    await house.store.write(partial(house.submit, number=1))
    assert house.runs == 4
    await asyncio.gather(
        *(house.store.write(partial(house.submit, number=number)) for number in range(2, 40))
    )
    assert house.runs <= 4 + 38 * 4, "rounds do not grow with the batch"


async def test_an_operation_that_fails_takes_nothing_from_the_others(house: House) -> None:
    def fails(transaction: Transaction) -> None:
        house.submit(transaction, 7)
        raise DuplicateError("changed its mind")

    first, second, third = await asyncio.gather(
        house.store.write(partial(house.submit, number=1)),
        house.store.write(fails),
        house.store.write(partial(house.submit, number=2)),
        return_exceptions=True,
    )
    assert isinstance(second, DuplicateError)
    assert not isinstance(first, BaseException)
    assert not isinstance(third, BaseException)
    assert {seq for (seq,) in select(house.data, "SELECT seq FROM sent")} == {1, 2}
    assert len(house.sign.messages) == 4, "what the failed one asked for was not signed"


async def test_a_token_that_is_away_fails_its_callers_and_not_the_storage(house: House) -> None:
    house.sign.away = True
    with pytest.raises(ConfigurationError) as caught:
        await house.store.write(partial(house.submit, number=1))
    assert caught.value.code == "token-unavailable"
    assert caught.value.retryable
    house.sign.away = False
    subject, issued = await house.store.write(partial(house.submit, number=1))
    verify_acknowledgement(issued.bundle, issuer=AT.authority, subject=subject)
    assert house.failures == []
    assert rows(house.data)["sent"] == 1


async def test_who_needs_no_signature_goes_on_while_the_token_is_away(house: House) -> None:
    def note(transaction: Transaction) -> int:
        return transaction.insert_leg(
            LegKind.PACKAGE, os.urandom(32), DE.id, urgent=False, created=NOW, expires=NOW + 9
        )

    house.ledger.away = True
    noted, failed = await asyncio.gather(
        house.store.write(note),
        house.store.write(partial(house.submit, number=1)),
        return_exceptions=True,
    )
    assert isinstance(noted, int)
    assert isinstance(failed, ConfigurationError)
    assert (rows(house.data)["leg"], rows(house.data)["sent"]) == (1, 0)


async def test_an_operation_that_never_asks_the_same_twice_ends_the_writer_instead_of_going_on_for_ever(
    house: House,
) -> None:
    def varies(transaction: Transaction) -> None:
        house.signer.sign(os.urandom(8))

    with pytest.raises(StoreError) as caught:
        await house.store.write(varies)
    assert caught.value.code == "store-failed"
    assert len(house.failures) == 1


def test_a_placeholder_is_given_only_inside_a_round() -> None:
    slow = SlowSigners()
    signer = slow.wrap(SlowSigner(AT.sign))
    with pytest.raises(IllegalTransitionError):
        signer.sign(b"x")
    with slow.round():
        assert signer.sign(b"x") == PLACEHOLDER
    assert slow.is_incomplete()
    with pytest.raises(IllegalTransitionError):
        signer.sign(b"y")


async def test_outside_a_batch_a_slow_signer_is_asked_on_another_thread() -> None:
    quick = SlowSigner(AT.sign)
    slow = SlowSigners()
    signed = await sign_now(PayloadType.PING, b"{}", slow.wrap(quick))
    assert dsse.verifies(dsse.decode(signed, PayloadType.PING, 9999), AT.sign.kid, AT.sign.public)
    assert threading.current_thread().name not in quick.threads


async def test_a_quick_signer_runs_each_operation_once(tmp_path: Path) -> None:
    key = LedgerKey(origin=AT.authority.card.ledger_origin, public=AT.ledger.public, sign=AT.ledger.sign)
    store = open_store(tmp_path / "emla.db", key)
    store.start(on_failure=lambda error: None)
    runs: list[int] = []

    def once(transaction: Transaction) -> None:
        runs.append(1)
        transaction.insert_sent(sent_row(package_of(AT, DE)))

    try:
        await store.write(once)
    finally:
        await store.close()
    assert runs == [1]
    with sqlite3.connect(tmp_path / "emla.db") as connection:
        assert connection.execute("SELECT count(*) FROM checkpoint").fetchone() == (1,)
    connection.close()
