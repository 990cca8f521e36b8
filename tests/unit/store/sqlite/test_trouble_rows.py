"""Legs and packages in trouble, as rows: which legs are due, what is held, listed and counted, what is refused."""

import os
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest

from emla.model.leg import Hold, Leg, LegKind, LegState
from emla.ports.listings import LegFilter
from emla.ports.store import Transaction
from emla.store.sqlite import trouble_rows
from emla.store.sqlite.listings import SqliteListings, open_listings
from tests.support.authorities import NOW, party
from tests.support.gateways import Home, opened, select

AT, DE, HK = party("at.moj"), party("de.bfj"), party("hk.doj")


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Home]:
    async with opened(tmp_path, AT, DE, HK) as one:
        yield one


@pytest.fixture
async def listings(home: Home) -> AsyncIterator[SqliteListings]:
    found = await open_listings((home.data / "emla.db").absolute())
    yield found
    await found.close()


def insert(transaction: Transaction, peer: str, *, urgent: bool, created: int, kind: LegKind) -> int:
    return transaction.insert_leg(
        kind, os.urandom(32), peer, urgent=urgent, created=created, expires=NOW + 100
    )


async def leg(
    home: Home,
    created: int,
    *,
    urgent: bool = False,
    peer: str = DE.id,
    kind: LegKind = LegKind.PACKAGE,
    refusals: int | None = None,
) -> int:
    made = await home.store.write(partial(insert, peer=peer, urgent=urgent, created=created, kind=kind))
    if refusals is not None:

        def refused(transaction: Transaction) -> None:
            transaction.delay_leg(
                made, 1, float(created), "malformed", refusals=refusals, refused_since=created
            )

        await home.store.write(refused)
    return made


async def hold(home: Home, leg_id: int, code: str = "held") -> bool:
    row = Hold(leg=leg_id, at=NOW, code=code, reason="A test.")
    return await home.store.write(lambda each: each.hold_leg(row))


def ids(legs: "list[Leg] | tuple[Leg, ...]") -> list[int]:
    return [each.id for each in legs]


async def test_due_legs_are_those_of_a_lane_behind_a_place_and_not_refused(home: Home) -> None:
    urgent = [await leg(home, NOW + number, urgent=True) for number in range(3)]
    normal = [await leg(home, NOW, refusals=number) for number in range(2)]
    await leg(home, NOW, peer=HK.id)
    read = home.store.read
    assert ids([*read.due_legs(DE.id, NOW + 9, 9)]) == urgent + normal
    assert ids([*read.due_legs(DE.id, NOW + 9, 9, urgent=False)]) == normal
    assert ids([*read.due_legs(DE.id, NOW + 1, 9, urgent=True)]) == urgent[:2]
    assert ids([*read.due_legs(DE.id, NOW + 9, 9, urgent=True, after=(float(NOW), urgent[0]))]) == urgent[1:]
    assert ids([*read.due_legs(DE.id, NOW + 9, 9, urgent=False, refused=False)]) == normal[:1]
    assert read.next_due(DE.id, NOW, urgent=True) == NOW + 1
    assert read.next_due(DE.id, NOW, urgent=False) is None


async def test_a_failure_of_the_line_leaves_the_refusals_in_a_row_as_they_are(home: Home) -> None:
    one = await leg(home, NOW, refusals=4)
    await home.store.write(lambda each: each.delay_leg(one, 2, NOW + 5.0, "timeout"))
    found = home.store.read.leg(one)
    assert found is not None
    assert (found.attempts, found.refusals, found.refused_since) == (2, 4, NOW)


async def test_a_leg_is_held_and_released_once(home: Home) -> None:
    one = await leg(home, NOW, refusals=4)
    assert await hold(home, one, "malformed")
    assert not await hold(home, one)
    read = home.store.read
    held = read.leg(one)
    assert held is not None
    assert (held.state, held.last_code) == (LegState.HELD, "malformed")
    assert read.hold(one) == Hold(leg=one, at=NOW, code="malformed", reason="A test.")
    assert ids([*read.due_legs(DE.id, NOW + 99, 9)]) == []
    assert [*read.peers_with_legs()] == []
    assert read.waits_for(DE.id)
    assert not read.waits_for(HK.id)
    assert await home.store.write(lambda each: each.release_leg(one, NOW + 7.0))
    assert not await home.store.write(lambda each: each.release_leg(one, NOW + 8.0))
    free = read.leg(one)
    assert free is not None
    assert (free.state, free.refusals, free.refused_since, free.next_at) == (
        LegState.READY,
        0,
        None,
        NOW + 7.0,
    )


async def test_what_is_held_and_over_is_found(home: Home) -> None:
    one, other = await leg(home, NOW), await leg(home, NOW, kind=LegKind.ACKNOWLEDGEMENT)
    for each in (one, other):
        await hold(home, each)
    read = home.store.read
    assert ids([*read.held_and_over(NOW + 99, 9)]) == []
    assert ids([*read.held_and_over(NOW + 100, 9)]) == [one]


async def test_overdue_counts_what_waits_by_its_lane(home: Home) -> None:
    await leg(home, NOW - 50)
    held = await leg(home, NOW - 40)
    await hold(home, held)
    await leg(home, NOW - 5, urgent=True)
    await leg(home, NOW - 60, kind=LegKind.ACKNOWLEDGEMENT)
    await leg(home, NOW - 5, peer=HK.id)
    read = home.store.read
    assert read.overdue(NOW - 30, NOW - 1) == [(DE.id, 3, NOW - 50)]
    assert read.overdue(NOW - 45, NOW - 10) == [(DE.id, 1, NOW - 50)]
    assert read.oldest_waiting() == {DE.id: NOW - 50, HK.id: NOW - 5}


@pytest.mark.parametrize(
    ("sql", "index"),
    [
        (trouble_rows._OVERDUE, "leg_due"),
        (trouble_rows._OVERDUE, "leg_held"),
        (trouble_rows._HELD_AND_OVER, "leg_held"),
        (trouble_rows._OLDEST_WAITING, "leg_due"),
    ],
)
async def test_what_is_asked_each_minute_never_reads_every_leg_there_ever_was(
    home: Home, sql: str, index: str
) -> None:
    plan = [
        str(row[3]) for row in select(home.data, f"EXPLAIN QUERY PLAN {sql}", *([0] * min(2, sql.count("?"))))
    ]
    about_legs = [step for step in plan if " leg " in step]
    assert any(index in step for step in about_legs)
    assert all("leg_due" in step or "leg_held" in step for step in about_legs)


async def test_legs_are_listed_by_what_is_wanted_with_why_they_are_held(
    home: Home, listings: SqliteListings
) -> None:
    waits, held = await leg(home, NOW - 50), await leg(home, NOW, peer=HK.id)
    refused = await leg(home, NOW - 1)
    answered = await leg(home, NOW - 2, kind=LegKind.ACKNOWLEDGEMENT)
    await hold(home, held)
    await hold(home, answered)
    await home.store.write(lambda each: each.move_leg(refused, LegState.READY, LegState.REJECTED))
    for wanted, expected in (
        (LegFilter(peer=HK.id), [held]),
        (LegFilter(state="HELD"), [answered, held]),
        (LegFilter(state="HELD", peer=DE.id), [answered]),
        (LegFilter(dead=True), [refused, held]),
        (LegFilter(overdue_before=(NOW - 30, NOW)), [waits]),
        (LegFilter(overdue_before=(NOW - 30, NOW), peer=HK.id), []),
    ):
        found = await listings.legs(wanted, limit=9)
        assert [each.leg.id for each in found] == expected, wanted
    (shown,) = await listings.legs(LegFilter(peer=HK.id), limit=9)
    assert shown.hold == Hold(leg=held, at=NOW, code="held", reason="A test.")
    await home.store.write(lambda each: each.release_leg(held, float(NOW)))
    (shown,) = await listings.legs(LegFilter(peer=HK.id), limit=9)
    assert shown.hold is None
