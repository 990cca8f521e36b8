"""Batches and their transactions: one commit and one checkpoint; what fails leaves nothing and harms nobody else."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from emla.ledger.merkle import EMPTY
from emla.model.acknowledgement import Event
from emla.model.errors import IllegalTransitionError, StoreError
from emla.model.leg import InboxState, LegKind, LegState
from emla.ports.store import AcknowledgementRow, DuplicateError, Issued, Transaction
from emla.steps.verify_acknowledgement import verify_acknowledgement
from emla.store.sqlite import schema
from emla.store.sqlite.batch import BatchRunner, Operation, Outcome
from tests.support.authorities import NOW, derived, party
from tests.support.gateways import answer_of, ledger_key, peer_row
from tests.support.new_store import lay_new_store
from tests.support.packages import (
    acknowledgement_of,
    leaf,
    message_id_of,
    package_of,
    received_row,
    send,
    sent_row,
)

AT, DE, HK = party("at.moj"), party("de.bfj"), party("hk.doj")


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    lay_new_store(tmp_path / "emla.db")
    with closing(schema.connect_writer(tmp_path / "emla.db")) as opened:
        yield opened


@pytest.fixture
def runner(connection: sqlite3.Connection) -> BatchRunner:
    return BatchRunner(connection, EMPTY, ledger_key(AT))


def run(runner: BatchRunner, operations: Sequence[Operation]) -> list[Outcome]:
    outcomes = runner.prepare(operations)
    assert outcomes is not None
    runner.commit()
    return outcomes


def count(connection: sqlite3.Connection, table: str) -> int:
    return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def issued_of(value: object) -> Issued:
    assert isinstance(value, Issued)
    return value


def test_several_operations_share_one_checkpoint_and_every_bundle_verifies(
    runner: BatchRunner, connection: sqlite3.Connection
) -> None:
    for first in (1, 4, 5):
        numbers = range(first, first + 3 if first == 1 else first + 1)
        outcomes = run(runner, [partial(send, sender=AT, recipient=DE, number=n) for n in numbers])
        for number, outcome in zip(numbers, outcomes, strict=True):
            bundle = issued_of(outcome.value).bundle
            verify_acknowledgement(bundle, issuer=AT.authority, subject=package_of(AT, DE, number).subject)
    assert count(connection, "checkpoint") == 3
    assert count(connection, "leaf") == 10
    assert runner.frontier.size == 10
    stored = [row[0] for row in connection.execute("SELECT bundle FROM acknowledgement ORDER BY id")]
    for bundle in stored:
        verify_acknowledgement(bundle, issuer=AT.authority)


def test_a_batch_without_leaves_makes_no_checkpoint(
    runner: BatchRunner, connection: sqlite3.Connection
) -> None:
    run(
        runner, [lambda each: each.insert_leg(LegKind.PACKAGE, b"x", "p", urgent=False, created=1, expires=2)]
    )
    assert count(connection, "checkpoint") == 0
    assert runner.frontier.size == 0


def test_an_operation_that_fails_after_issuing_leaves_no_leaf_and_later_proofs_verify(
    runner: BatchRunner, connection: sqlite3.Connection
) -> None:
    def fails(transaction: Transaction) -> None:
        send(transaction, AT, DE, 2)
        leaf(transaction, 1)
        raise KeyError("changed its mind")

    outcomes = run(runner, [lambda each: send(each, AT, DE, 1), fails, lambda each: send(each, AT, HK, 1)])
    assert isinstance(outcomes[1].error, KeyError)
    assert (outcomes[0].error, outcomes[2].error) == (None, None)
    assert count(connection, "sent") == count(connection, "acknowledgement") == count(connection, "leg") == 2
    assert count(connection, "leaf") == 4
    assert [row[0] for row in connection.execute("SELECT idx FROM leaf ORDER BY idx")] == [0, 1, 2, 3]
    for outcome, package in ((outcomes[0], package_of(AT, DE)), (outcomes[2], package_of(AT, HK))):
        verify_acknowledgement(issued_of(outcome.value).bundle, issuer=AT.authority, subject=package.subject)
    later = run(runner, [lambda each: send(each, AT, DE, 2)])
    verify_acknowledgement(
        issued_of(later[0].value).bundle, issuer=AT.authority, subject=package_of(AT, DE, 2).subject
    )


def test_when_the_storage_fails_nothing_of_the_batch_happened(
    runner: BatchRunner, connection: sqlite3.Connection
) -> None:
    def breaks(transaction: Transaction) -> None:
        connection.execute("SELECT * FROM a_table_that_is_gone")

    with pytest.raises(StoreError) as caught:
        run(runner, [lambda each: send(each, AT, DE, 1), breaks])
    assert caught.value.code == "store-failed"
    assert count(connection, "sent") == count(connection, "leaf") == 0
    assert not connection.in_transaction


def test_a_full_disk_is_named(runner: BatchRunner, connection: sqlite3.Connection) -> None:
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StoreError) as caught:
        run(runner, [partial(send, sender=AT, recipient=DE, number=n) for n in range(1, 60)])
    assert caught.value.code == "disk-full"
    assert not connection.in_transaction


# --- channels ---


def test_places_in_a_channel_follow_each_other_within_and_across_batches(runner: BatchRunner) -> None:
    def take(transaction: Transaction, number: int) -> tuple[int, bytes | None]:
        place = transaction.next_place(DE.id, 1)
        transaction.insert_sent(sent_row(package_of(AT, DE, number)))
        return place

    def fails(transaction: Transaction) -> None:
        take(transaction, 3)
        raise KeyError

    outcomes = run(runner, [partial(take, number=n) for n in (1, 2)] + [fails])
    outcomes += run(runner, [lambda each: take(each, 3)])
    one, two = package_of(AT, DE).pid, package_of(AT, DE, 2).pid
    assert [each.value for each in outcomes] == [(1, None), (2, one), None, (3, two)]


def test_channels_do_not_know_of_each_other(runner: BatchRunner) -> None:
    run(runner, [lambda each: send(each, AT, DE, 1)])
    outcomes = run(runner, [lambda each: (each.next_place(HK.id, 1), each.next_place(DE.id, 2))])
    assert outcomes[0].value == ((1, None), (1, None))


# --- uniqueness is an index ---


OTHER: dict[str, object] = {
    "pid": derived("other pid"),
    "msg": derived("other msg", length=16),
    "payload_id": derived("other payload", length=16),
    "seq": 2,
}


@pytest.mark.parametrize(
    ("same", "index"),
    [
        ("pid", "received_pid"),
        ("msg", "received_msg"),
        ("payload_id", "received_payload"),
        ("seq", "received_place"),
        ("payload_sha256", "received_payload_sha256"),
    ],
)
def test_a_second_package_hits_the_index_that_says_why(
    runner: BatchRunner, connection: sqlite3.Connection, same: str, index: str
) -> None:
    package = package_of(DE, AT)
    changes = {name: value for name, value in OTHER.items() if name != same}
    outcomes = run(
        runner,
        [
            lambda each: each.insert_received(received_row(package)),
            lambda each: each.insert_received(received_row(package, **changes)),
        ],
    )
    error = outcomes[1].error
    assert isinstance(error, DuplicateError)
    assert error.index == index
    assert count(connection, "received") == count(connection, "inbox") == count(connection, "leaf") == 1


def test_a_payload_that_was_erased_is_taken_from_nobody_and_another_from_its_owner(
    runner: BatchRunner, connection: sqlite3.Connection
) -> None:
    package = package_of(DE, AT)
    foreign = received_row(package, sender=HK.id, **OTHER)
    outcomes = run(runner, [lambda each: each.insert_received(received_row(package))])
    outcomes += run(runner, [lambda each: each.insert_received(foreign)])
    assert [each.error for each in outcomes] == [None, None]
    connection.execute("UPDATE payload SET body = x'' WHERE sha256 = ?", (foreign.payload_sha256,))
    third = replace(foreign, sender=AT.id, pid=derived("third"), msg=bytes(16), payload_id=bytes(16), seq=3)
    (outcome,) = run(runner, [lambda each: each.insert_received(third)])
    assert isinstance(outcome.error, DuplicateError)
    assert outcome.error.index == "received_payload_sha256"


def test_one_message_id_is_sent_once(runner: BatchRunner) -> None:
    def again(transaction: Transaction) -> None:
        row = sent_row(package_of(AT, DE, 2), message_id=message_id_of(DE.id, 1))
        transaction.insert_sent(row)

    outcomes = run(runner, [lambda each: send(each, AT, DE, 1), again])
    error = outcomes[1].error
    assert isinstance(error, DuplicateError)
    assert error.index == "sent_message_id"


def test_a_package_is_replaced_once(runner: BatchRunner) -> None:
    def instead(number: int) -> Operation:
        row = replace(sent_row(package_of(AT, DE, number)), replaces=package_of(AT, DE, 1).pid)
        return lambda each: each.insert_sent(row)

    outcomes = run(runner, [lambda each: send(each, AT, DE, 1), instead(2), instead(3)])
    assert outcomes[1].error is None
    error = outcomes[2].error
    assert isinstance(error, DuplicateError)
    assert error.index == "sent_replaces"


def test_one_place_in_a_channel_is_used_once(runner: BatchRunner) -> None:
    outcomes = run(
        runner,
        [
            lambda each: send(each, AT, DE, 1),
            lambda each: each.insert_sent(sent_row(package_of(AT, DE, 2), seq=1)),
        ],
    )
    error = outcomes[1].error
    assert isinstance(error, DuplicateError)
    assert error.index == "sent_place"


@pytest.mark.parametrize("batches", [1, 2])
def test_an_event_of_a_package_is_acknowledged_once(runner: BatchRunner, batches: int) -> None:
    package = package_of(DE, AT)
    acknowledgement = acknowledgement_of(AT, package, Event.RELAY_ACCEPTANCE)
    operations = [lambda each: each.issue(acknowledgement)] * 2
    outcomes = (
        run(runner, operations) if batches == 1 else run(runner, operations[:1]) + run(runner, operations[1:])
    )
    error = outcomes[1].error
    assert isinstance(error, DuplicateError)
    assert error.index == "acknowledgement_event"
    verify_acknowledgement(issued_of(outcomes[0].value).bundle, issuer=AT.authority, subject=package.subject)


def received_acknowledgement(bundle: bytes, at: int) -> AcknowledgementRow:
    package = package_of(AT, DE)
    return AcknowledgementRow(
        aid=derived("aid", at),
        pid=package.pid,
        event=Event.RELAY_ACCEPTANCE,
        by=DE.id,
        at=at,
        reason=None,
        bundle=bundle,
    )


def test_a_peers_acknowledgement_is_kept_once_and_a_second_one_of_the_event_is_refused(
    runner: BatchRunner, connection: sqlite3.Connection
) -> None:
    bundle = answer_of(DE, package_of(AT, DE).subject, Event.RELAY_ACCEPTANCE)
    one, two = received_acknowledgement(bundle, 1), received_acknowledgement(bundle, 2)

    def insert(transaction: Transaction, row: AcknowledgementRow) -> bool:
        return transaction.insert_acknowledgement(row, b"signed")

    outcomes = run(runner, [partial(insert, row=row) for row in (one, one, two)])
    assert [each.value for each in outcomes[:2]] == [True, False]
    assert isinstance(outcomes[2].error, DuplicateError)
    assert count(connection, "acknowledgement") == count(connection, "leaf") == 1


def test_an_equivocation_is_kept_once_with_one_leaf(
    runner: BatchRunner, connection: sqlite3.Connection
) -> None:
    run(runner, [lambda each: each.insert_equivocation(b"p" * 32, b"o" * 32, b"signed", NOW)] * 2)
    run(runner, [lambda each: each.insert_equivocation(b"p" * 32, b"o" * 32, b"signed", NOW)])
    assert count(connection, "equivocation") == count(connection, "leaf") == 1


def test_a_hand_over_to_a_consumer_is_noted_once(runner: BatchRunner) -> None:
    package = package_of(DE, AT)
    run(runner, [lambda each: each.insert_received(received_row(package))])

    def note(transaction: Transaction, consumer: str) -> bool:
        return transaction.insert_hand_over(package.pid, consumer, NOW)

    outcomes = run(runner, [partial(note, consumer=who) for who in ("desk", "desk", "registry")])
    assert [each.value for each in outcomes] == [True, False, True]


# --- states ---


def test_a_received_package_moves_only_from_the_state_expected(runner: BatchRunner) -> None:
    package = package_of(DE, AT)
    run(runner, [lambda each: each.insert_received(received_row(package))])
    accepted, consigned = InboxState.ACCEPTED, InboxState.CONSIGNED
    outcomes = run(
        runner,
        [
            lambda each: each.count_strike(package.pid),
            lambda each: each.count_strike(package.pid),
            lambda each: each.move_received(package.pid, accepted, consigned, None),
            lambda each: each.move_received(package.pid, accepted, consigned, None),
            lambda each: each.count_strike(package.pid),
        ],
    )
    assert [each.value for each in outcomes[:2]] == [1, 2]
    assert outcomes[2].error is None
    assert all(isinstance(each.error, IllegalTransitionError) for each in outcomes[3:])


def test_a_leg_moves_only_from_the_state_expected_and_a_delay_never_brings_it_back(
    runner: BatchRunner, connection: sqlite3.Connection
) -> None:
    run(runner, [lambda each: each.insert_leg(LegKind.PACKAGE, b"x", "p", urgent=True, created=1, expires=2)])
    outcomes = run(
        runner,
        [
            lambda each: each.move_leg(1, LegState.READY, LegState.ACCEPTED),
            lambda each: each.delay_leg(1, 9, 99.0, "timeout"),
            lambda each: each.move_leg(1, LegState.READY, LegState.EXPIRED),
        ],
    )
    assert outcomes[1].error is None
    assert isinstance(outcomes[2].error, IllegalTransitionError)
    assert connection.execute("SELECT state, attempts, last_code FROM leg").fetchone() == (
        "ACCEPTED",
        0,
        None,
    )


def test_a_batch_sees_the_events_it_is_about_to_store(runner: BatchRunner) -> None:
    package = package_of(DE, AT)

    def operation(transaction: Transaction) -> frozenset[Event]:
        transaction.issue(acknowledgement_of(AT, package, Event.RELAY_ACCEPTANCE))
        return transaction.events_of(package.pid)

    assert run(runner, [operation])[0].value == {Event.RELAY_ACCEPTANCE}
    assert run(runner, [lambda each: each.events_of(package.pid)])[0].value == {Event.RELAY_ACCEPTANCE}


def test_pinning_a_peer_again_replaces_its_documents_and_keeps_its_pin(
    runner: BatchRunner, connection: sqlite3.Connection
) -> None:
    row = peer_row(DE)
    run(runner, [lambda each: each.put_peer(row), lambda each: each.put_peer(row)])
    assert count(connection, "peer") == count(connection, "document") == 1
    assert count(connection, "leaf") == 1  # the same documents are recorded once


def test_a_corrupt_file_is_the_storage_failing_and_nobody_s_answer(runner: BatchRunner) -> None:
    def corrupt(_: Transaction) -> None:
        raise sqlite3.DatabaseError("database disk image is malformed")

    with pytest.raises(StoreError) as caught:
        runner.prepare([partial(send, sender=AT, recipient=DE, number=1), corrupt])
    assert caught.value.code == "store-failed"
