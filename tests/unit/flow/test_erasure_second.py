"""Erasing is two persons' word: one orders, another one, who saw exactly what would go, approves."""

import sqlite3
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from pathlib import Path

import pytest

from emla.bootstrap.own import DATABASE
from emla.flow.dockets import Dockets
from emla.flow.drafts.erasures import OrderErasure
from emla.flow.erasure.hold import HoldCase
from emla.flow.erasure.order import Order
from emla.flow.erasure.retention import Retention
from emla.formats.event import decode
from emla.model.erasure import ErasureReason, WantedErasure
from emla.model.errors import EmlaError
from emla.model.person import ALONE, Caller, PersonState
from tests.support.backups import Pair, pair
from tests.support.erasing import bring, case_id, erasing
from tests.support.in_process import Station
from tests.support.office import PEOPLE, caller, person

CASE = case_id("a")
DAY = 86400


@pytest.fixture
async def both(tmp_path: Path) -> AsyncIterator[Pair]:
    async with pair(tmp_path) as made:
        await bring(made, "a")
        yield made


@asynccontextmanager
async def ordering(station: Station, *, people: bool = True) -> AsyncIterator[OrderErasure]:
    """The journey at an authority with its people on record: `vera` and `walt` approve, `cara` and `walt` order."""
    for name in PEOPLE if people else ():
        one = person(name)
        await station.store.write(lambda transaction, one=one: transaction.insert_person(one))  # type: ignore[misc] # bound now
    async with erasing(station) as journey:
        yield OrderErasure(station.gateway, journey)


async def wanted(orders: OrderErasure, by: Caller | None = None, **more: bool) -> bool:
    plan = await orders.plan(CASE)
    return await orders.want(by or caller("cara"), plan, "Order of the court.", although_open=True, **more)


async def refused(awaitable: Awaitable[object]) -> str:
    with pytest.raises(EmlaError) as caught:
        await awaitable
    return caught.value.code


def waiting(station: Station) -> list[WantedErasure]:
    return list(station.store.read.erasures_wanted(CASE, station.gateway.now()))


def kept(station: Station) -> list[tuple[bytes, bytes]]:
    """Case and package of every order that is in the store, whatever its time."""
    with closing(sqlite3.connect(station.data / DATABASE)) as database:
        return sorted(
            database.execute("SELECT case_id, pid FROM erasure_wanted"), key=lambda row: row[0] != CASE
        )


def by_time() -> Order:
    return Order(why=ErasureReason.RETENTION, person="", reason="Closed, and quiet for 30 days.")


def told(station: Station, kind: str) -> list[dict[str, str | int]]:
    return [dict(decode(row.body).facts) for row in station.store.read.events(kind, 100)]


async def test_an_order_waits_and_nothing_is_erased_until_another_person_approves(both: Pair) -> None:
    station = both.recipient
    async with ordering(station) as orders:
        assert await wanted(orders) is False
        (one,) = waiting(station)
        assert (one.person, one.reason, one.pid) == ("cara", "Order of the court.", None)
        assert station.store.read.erasures(CASE) == []
        assert await refused(wanted(orders, caller("walt"))) == "order-waits"
        await orders.approve(caller("vera"), orders.waiting(CASE, one.hash))
        (given,) = station.store.read.erasures(CASE)
        assert (given.why, given.person, given.approver) == (ErasureReason.ORDER, "cara", "vera")
        assert waiting(station) == []
        assert await refused(orders.approve(caller("vera"), one)) == "not-found"
    ((first,), (second,)) = told(station, "erasure.wanted"), told(station, "erasure.ordered")
    assert (first["by"], second["by"], second["approver"]) == ("cara", "cara", "vera")


async def test_who_ordered_does_not_approve_whatever_else_he_is(both: Pair) -> None:
    async with ordering(both.recipient) as orders:
        await wanted(orders, caller("walt"))
        (one,) = waiting(both.recipient)
        assert await refused(orders.approve(caller("walt"), one)) == "own-order"
        await orders.approve(caller("vera"), one)


async def test_what_came_since_it_was_ordered_is_not_erased_unseen(both: Pair) -> None:
    async with ordering(both.recipient) as orders:
        await wanted(orders)
        (one,) = waiting(both.recipient)
        await bring(both, "second", case="a")
        assert await refused(orders.approve(caller("vera"), one)) == "case-changed"
        assert both.recipient.store.read.erasures(CASE) == []
        await orders.cancel(caller("cara"), one)
        await wanted(orders)
        (again,) = waiting(both.recipient)
        assert again.hash != one.hash
        with pytest.raises(EmlaError, match="not the one that was looked at"):
            orders.waiting(CASE, one.hash)
        await orders.approve(caller("vera"), again)


async def test_an_order_that_was_taken_back_is_not_given(both: Pair) -> None:
    station = both.recipient
    async with ordering(station) as orders:
        await wanted(orders)
        (one,) = waiting(station)
        assert await refused(orders.cancel(caller("paul"), one)) == "not-allowed"
        await orders.cancel(caller("vera"), one)
        assert await refused(orders.cancel(caller("vera"), one)) == "order-decided"
        assert await refused(orders.approve(caller("vera"), one)) == "order-decided"
    assert [each["by"] for each in told(station, "erasure.cancelled")] == ["vera"]
    assert station.store.read.erasures(CASE) == []


async def test_an_order_that_nobody_decides_about_lapses_and_makes_room(both: Pair) -> None:
    station = both.recipient
    async with ordering(station) as orders:
        await wanted(orders)
        station.clock.moved_by += 15 * DAY
        await station.restart()
    async with ordering(station, people=False) as orders:
        assert waiting(station) == []
        assert await wanted(orders) is False
        assert len(waiting(station)) == 1


async def test_an_order_that_lapsed_is_not_kept(both: Pair) -> None:
    station = both.recipient
    async with ordering(station) as orders:
        await wanted(orders)
    for days, left in ((13, 1), (2, 0)):
        station.clock.moved_by += days * DAY
        await station.restart()
        async with erasing(station) as journey:
            dockets = Dockets(station.gateway, station.news)
            await Retention(station.gateway, journey, dockets, set()).round()
        assert len(kept(station)) == left


async def test_what_waited_about_a_case_goes_with_it_whoever_orders(both: Pair) -> None:
    """Also where the case goes by the time of retention, which is nobody's order."""
    station = both.recipient
    pid, other = await bring(both, "second", case="a"), case_id("b")
    await bring(both, "b")
    async with ordering(station) as orders, erasing(station) as journey:
        for case, package in ((CASE, None), (CASE, pid), (other, None)):
            plan = await orders.plan(case, package)
            await orders.want(caller("cara"), plan, "Order of the court.", although_open=True)
        await journey.order(await journey.plan(CASE, pid), by_time())
        assert kept(station) == [(CASE, b""), (other, b"")]
        (first,) = (each.pid for each in station.store.read.packages_of_case(CASE) if each.pid != pid)
        await orders.want(caller("cara"), await orders.plan(CASE, first), "Once more.", although_open=True)
        await journey.carry_out()
        await journey.order(replace(await journey.plan(CASE), closed=True), by_time())
    assert kept(station) == [(other, b"")]


async def test_a_hold_stands_against_two_persons_as_well(both: Pair) -> None:
    station = both.recipient
    async with ordering(station) as orders:
        await wanted(orders)
        (one,) = waiting(station)
        await HoldCase(station.gateway).set(CASE, "cara", "Appeal pending.")
        assert await refused(orders.approve(caller("vera"), one)) == "legal-hold"
        assert await refused(wanted(orders, caller("walt"))) == "legal-hold"


async def test_an_order_of_somebody_who_is_shut_out_is_not_given(both: Pair) -> None:
    station = both.recipient
    async with ordering(station) as orders:
        await wanted(orders)
        (one,) = waiting(station)
        out = replace(person("cara"), state=PersonState.DISABLED)
        await station.store.write(lambda transaction: transaction.update_person(out))
        assert await refused(orders.approve(caller("vera"), one)) == "not-allowed"


async def test_where_nobody_is_on_record_one_person_orders(both: Pair) -> None:
    async with ordering(both.recipient, people=False) as orders:
        assert await wanted(orders, ALONE) is True
        (given,) = both.recipient.store.read.erasures(CASE)
        assert given.approver == ""
