"""Reads by key and listings: they see the last commit, also when many of them run at once."""

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest

from emla.model.acknowledgement import Event
from emla.model.leg import InboxState, LegKind, LegState
from emla.model.package import PayloadReference
from emla.ports.documents import PeerRow
from emla.ports.listings import LegFilter
from emla.ports.store import AcknowledgementRow, Transaction
from emla.store.sqlite.listings import SqliteListings, open_listings
from tests.support.authorities import NOW, derived, party
from tests.support.gateways import Home, answer_of, opened, peer_row
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
async def home(tmp_path: Path) -> AsyncIterator[Home]:
    async with opened(tmp_path, AT, DE, HK) as one:
        yield one


@pytest.fixture
async def listings(home: Home) -> AsyncIterator[SqliteListings]:
    one = await open_listings(home.data / "emla.db")
    yield one
    await one.close()


def put_peer(transaction: Transaction, row: PeerRow) -> None:
    transaction.put_peer(row)


def insert_leg(transaction: Transaction, number: int) -> None:
    transaction.insert_leg(LegKind.PACKAGE, b"%d" % number, DE.id, urgent=False, created=number, expires=None)


async def receive(home: Home, number: int = 1) -> bytes:
    package = package_of(DE, AT, number)
    await home.store.write(lambda each: each.insert_received(received_row(package)))
    return package.pid


# --- reads by key ---


async def test_nothing_is_found_where_nothing_is(home: Home) -> None:
    read, no = home.store.read, derived("nothing")
    for found in (
        read.sent(no),
        read.sent_signed(no),
        read.sent_by_message(no),
        read.received(no),
        read.listed(no),
        read.record(no),
        read.payload(no),
        read.acknowledgement(no, no),
        read.carried(1),
        read.bundle(no, Event.RELAY_ACCEPTANCE),
        read.leg(1),
        read.leg_of(LegKind.PACKAGE, no),
        read.next_due(DE.id, 0.0),
        read.oldest_ready(),
    ):
        assert found is None
    assert [*read.acknowledgements(no)] == []
    assert [*read.peers()] == []
    assert [*read.peers_with_legs()] == []
    assert read.conflict(DE.id, no[:16], reference(no[:16], no), 1, 1) is None
    assert not read.knows_payload(no)
    assert read.unopened_count() == read.quarantined_count() == 0


async def test_a_sent_package_is_found_by_each_of_its_keys(home: Home) -> None:
    await home.store.write(lambda each: send(each, AT, DE, 1))
    package, read = package_of(AT, DE), home.store.read
    row = read.sent(package.pid)
    assert row is not None
    assert row == read.sent_by_message(message_id_of(DE.id, 1))
    assert (row.signed, row.payload) == (package.signed, None)
    assert read.sent_signed(package.pid) == package.signed
    assert read.payload(package.header.payload.sha256) == package.payload
    assert read.record(package.pid) == b"sealed"
    assert read.knows_payload(package.header.payload.sha256)
    leg = read.leg_of(LegKind.PACKAGE, package.pid)
    assert leg is not None
    assert read.leg(leg.id) == leg
    assert (leg.state, leg.attempts, leg.peer) == (LegState.READY, 0, DE.id)
    (stored,) = read.acknowledgements(package.pid)
    assert stored.event is Event.SUBMISSION_ACCEPTANCE
    assert read.acknowledgement(package.pid, stored.aid) == stored
    assert read.bundle(package.pid, Event.SUBMISSION_ACCEPTANCE) == stored.bundle


async def test_a_received_package_waits_until_it_is_opened(home: Home) -> None:
    first, second = await receive(home, 1), await receive(home, 2)
    read = home.store.read
    assert [row.pid for row in read.unopened(10)] == [first, second]
    assert [row.pid for row in read.unopened(1)] == [first]
    assert [row.pid for row in read.unopened(1, after=first)] == [second]
    assert read.unopened(1, after=second) == []
    row = read.received(first)
    assert row is not None
    assert (row.state, row.strikes, row.inline, row.sender) == (InboxState.ACCEPTED, 0, True, DE.id)
    await home.store.write(
        lambda each: each.move_received(first, InboxState.ACCEPTED, InboxState.QUARANTINED, "stanza-mismatch")
    )
    assert [row.pid for row in read.unopened(10)] == [second]
    assert (read.unopened_count(), read.quarantined_count()) == (1, 1)
    row = read.received(first)
    assert row is not None
    assert row.code == "stanza-mismatch"


def reference(payload_id: bytes, sha256: bytes) -> PayloadReference:
    return PayloadReference(id=payload_id, size=1, sha256=sha256, commit=bytes(32))


async def test_a_conflict_says_whether_only_the_payload_is_the_same(home: Home) -> None:
    pid = await receive(home)
    header, read = package_of(DE, AT).header, home.store.read
    other, held = derived("other", length=16), header.payload
    new, renamed = reference(other, derived("new bytes")), reference(other, held.sha256)
    known = reference(held.id, new.sha256)
    for arguments, on_payload_only in (
        ((DE.id, header.msg, new, 1, 9), False),
        ((DE.id, other, new, 1, 1), False),
        ((DE.id, other, known, 1, 9), True),
        ((DE.id, other, renamed, 1, 9), True),
        ((DE.id, header.msg, held, 1, 1), False),
    ):
        conflict = read.conflict(*arguments)
        assert conflict is not None
        assert (conflict.pid, conflict.on_payload_only) == (pid, on_payload_only)
    assert read.conflict(HK.id, header.msg, held, 1, 1) is None
    assert read.conflict(DE.id, other, new, 2, 1) is None


async def test_due_legs_come_urgent_first_then_by_instant(home: Home) -> None:
    def insert(transaction: Transaction) -> None:
        for number, (urgent, at) in enumerate([(False, 5), (False, 3), (True, 9), (True, 50), (False, 60)]):
            transaction.insert_leg(
                LegKind.PACKAGE, b"%d" % number, DE.id, urgent=urgent, created=at, expires=None
            )
        transaction.insert_leg(LegKind.PACKAGE, b"other", HK.id, urgent=True, created=1, expires=None)

    await home.store.write(insert)
    read = home.store.read
    assert [leg.ref for leg in read.due_legs(DE.id, 10.0, 9)] == [b"2", b"1", b"0"]
    assert [leg.ref for leg in read.due_legs(DE.id, 10.0, 2)] == [b"2", b"1"]
    assert read.next_due(DE.id, 10.0) == 50.0
    assert read.next_due(DE.id, 50.0) == 60.0
    assert read.next_due(DE.id, 60.0) is None
    assert sorted(read.peers_with_legs()) == [DE.id, HK.id]


async def test_pinned_peers_are_read_back_as_they_were_written(home: Home) -> None:
    rows = [peer_row(HK), peer_row(DE)]
    for row in rows:
        await home.store.write(partial(put_peer, row=row))
    assert list(home.store.read.peers()) == [rows[1], rows[0]]


# --- listings ---


async def test_packages_of_both_boxes_are_listed_and_filtered(home: Home, listings: SqliteListings) -> None:
    await home.store.write(lambda each: send(each, AT, DE, 1))
    incoming = await receive(home)
    everything = await listings.packages(incoming=True, outgoing=True, state=None, limit=10)
    assert {each.pid for each in everything} == {incoming, package_of(AT, DE).pid}
    for box_in, box_out, state, expected in (
        (True, False, None, [incoming]),
        (False, True, None, [package_of(AT, DE).pid]),
        (True, True, "READY", [package_of(AT, DE).pid]),
        (True, True, "ACCEPTED", [incoming]),
        (True, True, "'; DROP TABLE sent; --", []),
    ):
        found = await listings.packages(incoming=box_in, outgoing=box_out, state=state, limit=10)
        assert [each.pid for each in found] == expected
    assert len(await listings.packages(incoming=True, outgoing=True, state=None, limit=1)) == 1
    assert home.store.read.listed(incoming) in everything


async def test_a_prefix_or_a_message_id_finds_a_package(home: Home, listings: SqliteListings) -> None:
    await home.store.write(lambda each: send(each, AT, DE, 1))
    pid = package_of(AT, DE).pid
    for prefix in (pid.hex(), pid.hex()[:8], pid.hex()[:9], message_id_of(DE.id, 1).hex()):
        assert list(await listings.resolve(prefix)) == [pid]
    assert list(await listings.resolve("0" * 8)) == []


async def test_legs_and_what_waits_are_counted(home: Home, listings: SqliteListings) -> None:
    for number in (1, 2):
        await home.store.write(partial(send, sender=AT, recipient=DE, number=number))
    await home.store.write(lambda each: each.move_leg(1, LegState.READY, LegState.ACCEPTED))
    assert await listings.leg_counts() == {"READY": 1, "ACCEPTED": 1}
    assert await listings.waiting() == {DE.id: (1, float(NOW))}
    for wanted, ids in ((LegFilter(), [2, 1]), (LegFilter(state="ACCEPTED"), [1])):
        assert [each.leg.id for each in await listings.legs(wanted, limit=9)] == ids


async def test_a_relay_acceptance_after_relay_failure_is_shown_as_late(
    home: Home, listings: SqliteListings
) -> None:
    package = package_of(AT, DE)
    bundle = answer_of(DE, package.subject, Event.RELAY_ACCEPTANCE)
    row = AcknowledgementRow(
        aid=derived("aid"),
        pid=package.pid,
        event=Event.RELAY_ACCEPTANCE,
        by=DE.id,
        at=NOW,
        reason=None,
        bundle=bundle,
    )

    def operation(transaction: Transaction) -> None:
        transaction.insert_sent(sent_row(package))
        transaction.insert_leg(
            LegKind.PACKAGE, package.pid, DE.id, urgent=False, created=NOW, expires=NOW + 1
        )
        transaction.issue(acknowledgement_of(AT, package, Event.RELAY_FAILURE, "expired"))
        transaction.move_leg(1, LegState.READY, LegState.EXPIRED)

    await home.store.write(operation)
    (listed,) = await listings.packages(incoming=False, outgoing=True, state=None, limit=9)
    assert (listed.state, listed.late) == ("EXPIRED", False)

    def late(transaction: Transaction) -> None:
        transaction.insert_acknowledgement(row, b"signed")
        transaction.move_leg(1, LegState.EXPIRED, LegState.ACCEPTED)

    await home.store.write(late)
    (listed,) = await listings.packages(incoming=False, outgoing=True, state=None, limit=9)
    assert (listed.state, listed.late) == ("ACCEPTED", True)


async def test_no_reader_is_left_on_an_old_snapshot_while_others_read(
    home: Home, listings: SqliteListings
) -> None:
    seen: list[int] = []
    done = asyncio.Event()

    async def reader() -> None:
        while not done.is_set():
            await asyncio.gather(*(listings.legs(LegFilter(), limit=50) for _ in range(4)))

    readers = [asyncio.create_task(reader()) for _ in range(3)]
    for number in range(1, 16):
        await home.store.write(partial(insert_leg, number=number))
        await home.store.write(partial(leaf, number=number))
        counts = await listings.leg_counts()
        seen.append(counts["READY"])
        assert len(home.store.read.due_legs(DE.id, 1e9, 99)) == number
    done.set()
    await asyncio.gather(*readers)
    assert seen == list(range(1, 16))
