"""The feed: what case systems are told is what is in the ledger, in its order, from any place on; nothing is lost or made up."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from emla.flow.events import CASE_NAMED, CASE_REMINDER, CONTENT_READ, LEG_HELD, event
from emla.flow.happenings.feed import PAGE_LEAVES, Feed
from emla.flow.happenings.leaves import happening_of
from emla.flow.happenings.sight import shown
from emla.flow.line.hold import hold_leg, release_leg
from emla.flow.people.sight import Sight
from emla.ledger.leaf import LeafKind
from emla.model.errors import NotFoundError
from emla.model.happening import (
    MEANINGS,
    Happening,
    HappeningType,
    Place,
    parse_place,
    wanted_types,
)
from emla.model.leg import LegKind
from emla.model.person import ALONE, Caller, PersonRole
from emla.ports.happenings import LeafRow
from tests.support.authorities import derived
from tests.support.backups import RECEIVER, Pair, pair
from tests.support.in_process import Station
from tests.support.messages import make_template
from tests.support.patience import PATIENCE_SECONDS
from tests.support.restored import exchange
from tests.support.told import all_of, feed_on

CASE = bytes(range(16))
SENT = ["sent.submitted", "sent.delivered", "sent.consigned"]
RECEIVED = ["received.accepted", "received.consigned"]


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Pair]:
    async with pair(tmp_path) as made:
        yield made


@asynccontextmanager
async def fed(station: Station) -> AsyncIterator[Feed]:
    feed, listings = await feed_on(station)
    try:
        yield feed
    finally:
        await listings.close()


def types(found: list[Happening]) -> list[str]:
    return [each.type.value for each in found]


async def test_both_sides_are_told_of_a_package_in_the_order_of_their_ledgers(house: Pair) -> None:
    pid = await house.exchange(100)
    async with fed(house.sender) as ours, fed(house.recipient) as theirs:
        sent, received = await all_of(ours), await all_of(theirs)
        assert types(sent) == SENT
        assert types(received) == RECEIVED
        await house.recipient.hand_over.part(pid, 0, ALONE)
        await house.recipient.deliver(house.sender.gateway.identity.id)
        assert types(await all_of(ours))[3:] == ["sent.handed-over"]
        assert types(await all_of(theirs))[2:] == ["received.handed-over"]
        case_id = house.sender.store.read.case_of(pid)
        for each in [*await all_of(ours), *await all_of(theirs)]:
            assert each.pid == pid
            assert each.case_id == case_id is not None
            assert not each.facts


async def test_whoever_comes_back_with_a_place_is_told_the_rest_also_by_another_process(house: Pair) -> None:
    for _ in range(3):
        await house.exchange(100)
    async with fed(house.recipient) as feed:
        whole = await all_of(feed)
        assert len(whole) == 6
    await house.recipient.restart()
    async with fed(house.recipient) as feed:
        assert await all_of(feed) == whole
        for number, each in enumerate(whole):
            assert await all_of(feed, each.place) == whole[number + 1 :]
            assert parse_place(each.place.text) == each.place
        assert await all_of(feed, await feed.now()) == []


async def test_a_leg_put_aside_is_told_with_its_package_case_and_code_and_without_the_reason(
    house: Pair,
) -> None:
    template = make_template(sender=house.sender.gateway.identity.id, recipient=RECEIVER, attachment=b"x")
    pid = (await house.sender.hand_in(template, derived("told", 1, length=16))).pid
    gateway = house.sender.gateway
    leg = house.sender.store.read.leg_of(LegKind.PACKAGE, pid)
    assert leg is not None
    assert await hold_leg(gateway, leg, "held", "Frau Huber wants to look at it")
    assert await release_leg(gateway, leg)
    async with fed(house.sender) as feed:
        aside, again = (await all_of(feed))[1:]
    assert (aside.type, again.type) == (HappeningType.SENT_PUT_ASIDE, HappeningType.SENT_RELEASED)
    assert aside.pid == again.pid == pid
    assert aside.case_id == again.case_id == house.sender.store.read.case_of(pid) is not None
    assert dict(aside.facts) == {"code": "held"}
    assert not again.facts


async def test_of_a_package_sealed_anew_the_case_is_that_of_the_one_whose_place_it_took(house: Pair) -> None:
    template = make_template(sender=house.sender.gateway.identity.id, recipient=RECEIVER, attachment=b"x")
    pid = (await house.sender.hand_in(template, derived("told", 1, length=16))).pid
    read, newer = house.sender.store.read, bytes(32)
    row = read.sent(pid)
    assert row is not None
    new = replace(row, pid=newer, msg=bytes(16), seq=row.seq + 1, payload=None, replaces=pid)
    await house.sender.store.write(lambda transaction: transaction.insert_sent(new))
    assert read.case_of(newer) == read.case_of(pid) is not None
    assert read.case_of(bytes(range(32))) is None


async def test_a_place_of_a_ledger_that_went_on_differently_is_refused(tmp_path: Path) -> None:
    async with exchange(tmp_path) as both:
        await both.there()
        await both.copy()
        await both.there()
        async with fed(both.victim) as feed:
            told = await all_of(feed)
        await both.restore()
        async with fed(both.victim) as feed:
            again = await all_of(feed)
            assert told[: len(again)] == again != told
            assert await all_of(feed, again[-1].place) == []
            with pytest.raises(NotFoundError, match="no place in this ledger"):
                await feed.step(told[-1].place)
            other = replace(again[-1].place, mark=bytes(4))
            for wrong in (other, replace(other, epoch=7), replace(other, index=10**9)):
                with pytest.raises(NotFoundError, match="no place in this ledger"):
                    await feed.step(wrong)


async def test_who_was_told_of_an_epoch_that_is_over_goes_on_in_the_next_one(tmp_path: Path) -> None:
    async with exchange(tmp_path) as both:
        await both.there()
        async with fed(both.victim) as feed:
            before = await all_of(feed)
        await both.copy()
        await both.there()
        await both.restore()
        async with fed(both.victim) as feed:
            await both.victim.channels.exchange(both.peer.gateway.identity.id)
            await both.recover()
            await both.here()
            whole = await all_of(feed)
        # The event that closed the ledger came late: it stands in the epoch that follows.
        assert types(whole)[len(before) :][:2] == ["ledger.recovered", "ledger.closed"]
        assert whole[: len(before)] == before
        assert [each.place.epoch for each in whole] == sorted(each.place.epoch for each in whole)
        assert {each.place.epoch for each in whole} == {1, 2}
        async with fed(both.victim) as feed:
            assert await all_of(feed, before[-1].place) == whole[len(before) :]


async def test_who_waits_is_woken_by_a_commit_and_by_nothing_else_but_the_end(house: Pair) -> None:
    async with fed(house.sender) as feed:
        step = await feed.step(None)
        assert not await feed.wait(step.version, 0.01)
        waiting = asyncio.create_task(feed.wait(step.version, PATIENCE_SECONDS))
        await asyncio.sleep(0)
        assert not waiting.done()
        await house.exchange(100)
        assert await waiting
        again = await feed.step(step.place)
        assert types(list(again.happenings)) == SENT
        # What was committed after the step, and before the wait, is not waited for.
        assert await feed.wait(step.version, 0.01)
        waiting = asyncio.create_task(feed.wait(again.version, PATIENCE_SECONDS))
        await asyncio.sleep(0)
        feed.end()
        assert await waiting
        assert await feed.wait(again.version + 1, 0.01)


async def test_thousands_of_leaves_are_read_in_pages_of_which_a_few_are_kept(
    house: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("emla.flow.happenings.feed._PAGES_MAX", 3)
    gateway, count = house.sender.gateway, 5 * PAGE_LEAVES + 7
    told = [
        event(gateway, CASE_REMINDER, {"case": CASE.hex(), "kind": "soon", "days": number})
        for number in range(count)
    ]
    await house.sender.store.write(lambda transaction: [each(transaction) for each in told] and None)
    async with fed(house.sender) as feed:
        assert [each.facts["days"] for each in await all_of(feed)] == list(range(count))
        assert len(feed._pages) == 3
        step = await feed.step(None)
        assert len(step.happenings) <= PAGE_LEAVES


def row(kind: LeafKind, name: str, **members: object) -> LeafRow:
    return LeafRow(index=3, kind=int(kind), digest=bytes(32), name=name, at=5, **members)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "leaf",
    [
        row(LeafKind.HEADER_SENT, "RelayAcceptance", pid=bytes(32)),
        row(LeafKind.ACKNOWLEDGEMENT_ISSUED, "RelayAcceptance"),
        row(LeafKind.ACKNOWLEDGEMENT_ISSUED, "OfTomorrow", pid=bytes(32)),
        row(LeafKind.ACKNOWLEDGEMENT_RECEIVED, "RelayFailure", pid=bytes(32)),
        row(LeafKind.EVENT, CONTENT_READ, body=b"{}"),
        row(LeafKind.EVENT, CASE_NAMED),
        row(LeafKind.EVENT, CASE_NAMED, body=b""),
        row(LeafKind.EVENT, CASE_NAMED, body=b"not json"),
        LeafRow(index=3, kind=99, digest=bytes(32)),
    ],
)
def test_a_leaf_of_which_nothing_is_told_or_nothing_is_left_is_passed_over(leaf: LeafRow) -> None:
    assert happening_of(1, leaf) is None


async def test_a_leg_that_carries_an_acknowledgement_is_nobodys_message(house: Pair) -> None:
    facts = {"kind": "acknowledgement", "ref": bytes(32).hex(), "peer": RECEIVER, "code": "held"}
    record = event(house.sender.gateway, LEG_HELD, facts)
    await house.sender.store.write(record)
    async with fed(house.sender) as feed:
        assert await all_of(feed) == []


PLACE = Place(epoch=1, index=5, mark=b"abcd")
PACKAGE = Happening(place=PLACE, type=HappeningType.RECEIVED_CONSIGNED, at=1, pid=bytes(32), case_id=CASE)
UNOPENED = Happening(place=PLACE, type=HappeningType.RECEIVED_ACCEPTED, at=1, pid=bytes(32))
NAMED = Happening(place=PLACE, type=HappeningType.CASE_NAMED, at=1, case_id=CASE, person="paul")
REMINDER = Happening(place=PLACE, type=HappeningType.CASE_REMINDER, at=1, case_id=CASE)
CLOSED = Happening(place=PLACE, type=HappeningType.LEDGER_CLOSED, at=1)
EACH = (PACKAGE, UNOPENED, NAMED, REMINDER, CLOSED)


def caller(role: PersonRole, name: str = "somebody") -> Caller:
    return Caller(id=name, roles=frozenset({role}))


async def test_who_is_told_what(house: Pair) -> None:
    sight = Sight(house.sender.gateway)

    def told(who: Caller) -> list[Happening | None]:
        return [shown(each, who, sight) for each in EACH]

    assert told(ALONE) == told(caller(PersonRole.CENTRAL_OFFICER)) == list(EACH)
    without = replace(PACKAGE, case_id=None)
    assert told(caller(PersonRole.OPERATOR)) == [without, UNOPENED, None, None, CLOSED]
    assert told(caller(PersonRole.PROSECUTOR)) == [None] * 5
    assert told(caller(PersonRole.PROSECUTOR, "paul")) == [None, None, NAMED, None, None]
    assert told(caller(PersonRole.AUDITOR)) == told(caller(PersonRole.KEY_CUSTODIAN, "paul")) == [None] * 5


def test_types_are_asked_for_by_name_or_family_and_each_has_its_meaning() -> None:
    assert wanted_types(()) == frozenset(HappeningType) == frozenset(MEANINGS)
    assert sorted(wanted_types(("ledger", "sent.failed")) or ()) == [
        HappeningType.LEDGER_CLOSED,
        HappeningType.LEDGER_OPENED,
        HappeningType.LEDGER_RECOVERED,
        HappeningType.SENT_FAILED,
    ]
    assert wanted_types(("sent", "nothing")) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1.5",
        "1.5.abcd",
        "1.5.ABCDEF01",
        "0.5.abcdef01",
        "1.05.abcdef01",
        "1.-1.abcdef01",
        "1.5.abcdef012",
        "1.5.abcdef01\n",
    ],
)
def test_what_is_spelled_otherwise_is_no_place(text: str) -> None:
    assert parse_place(text) is None
