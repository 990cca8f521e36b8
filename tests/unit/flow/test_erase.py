"""What is erased is found nowhere; everything else stays as it was, and so does every proof."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from emla.bootstrap.audit import verify_ledger
from emla.bootstrap.own import DATABASE
from emla.flow.events import PART_RELEASED, RULE_OVERRIDDEN, event
from emla.formats.header import decode, decode_signed
from emla.model.acknowledgement import Event
from emla.model.erasure import LegalHold
from emla.model.errors import ConfigurationError, InvalidPackageError, NotFoundError
from emla.steps.address import address
from emla.store.sqlite.listings import open_listings
from tests.support.backups import RECEIVER, SENDER, Pair, pair
from tests.support.erasing import Secrets, bring, case_id, erased, erasing, found_of, order, ordered
from tests.support.gateways import MemorySource
from tests.support.in_process import Station
from tests.support.messages import make_template
from tests.support.told import all_of, feed_at, types

BLOB = 2 * 1024**2


@pytest.fixture
async def both(tmp_path: Path) -> AsyncIterator[Pair]:
    async with pair(tmp_path) as made:
        yield made


def stations(both: Pair) -> tuple[Station, Station]:
    return both.sender, both.recipient


async def test_of_an_erased_case_nothing_is_found_and_the_others_are_whole(both: Pair) -> None:
    pids = {
        name: await bring(both, name, size)
        for name, size in (("a", 700), ("b", BLOB), ("c", 700), ("d", 9_000))
    }
    proofs = {
        pid: [each.bundle for each in both.recipient.store.read.acknowledgements(pid)]
        for pid in pids.values()
    }
    for station in stations(both):
        secrets = {name: Secrets(station, pid) for name, pid in pids.items()}
        for each in secrets.values():
            found = each.found(station.data)  # else the search proves nothing
            assert len(found) >= 0.8 * len(each.sealed | each.payload)
        for name in ("b", "c"):
            await erased(station, case_id(name))
            assert secrets[name].found(station.data) == []
            assert (await held(station, case_id(name))) == 0
        for name in ("b", "c"):
            with pytest.raises(NotFoundError) as caught:
                await station.read_main(pids[name])
            assert caught.value.code == "erased"
        for name in ("a", "d"):
            assert secrets[name].found(station.data)
            assert len(await station.read_main(pids[name])) > 1000
            assert (await held(station, case_id(name))) == 1
        audit = verify_ledger(station.data)
        assert audit.problems == ()
        assert (audit.erased, audit.payloads) == (2, 2)
        async with feed_at(station.data, station.store.real) as feed:
            told = [each for each in await all_of(feed) if each.case_id == case_id("b")][-2:]
        assert types(told) == ["case.erasure-ordered", "case.package-erased"]
        assert [each.pid for each in told] == [None, pids["b"]]
        await station.restart()
        assert (await held(station, case_id("a"))) == 1
    now = {
        pid: [each.bundle for each in both.recipient.store.read.acknowledgements(pid)]
        for pid in pids.values()
    }
    assert all(now[pid][: len(proofs[pid])] == proofs[pid] for pid in pids.values())


async def held(station: Station, case: bytes) -> int:
    """How many acts of a case are read here."""
    async with erasing(station) as journey:
        return len((await journey._dockets.of(case)).own)


async def test_what_is_sealed_lies_in_rows_that_are_only_added_at_the_end(both: Pair) -> None:
    """A row inserted in the middle would leave copies of its neighbours, which no erasure finds."""
    for number in range(4):
        await bring(both, f"case {number}")
    for station in stations(both):
        with closing(sqlite3.connect(station.data / DATABASE)) as database:
            for table in ("sent", "payload", "record", "legal_act", "event"):
                (sql,) = database.execute("SELECT sql FROM sqlite_schema WHERE name = ?", (table,)).fetchone()
                assert "WITHOUT ROWID" not in sql
            for table in ("record", "legal_act", "event"):
                columns = database.execute(f"PRAGMA table_info({table})").fetchall()
                assert (columns[0][1], columns[0][5]) == ("id", 1)


async def test_what_an_officer_said_of_a_rule_is_erased_with_the_message(both: Pair) -> None:
    pid = await bring(both, "a")
    station = both.sender
    facts = {
        "message": case_id("a").hex(),
        "rule": "BR-001",
        "reason": "As Yolanda says",
        "officer": "Yolanda Quux",
    }
    await station.store.write(event(station.gateway, RULE_OVERRIDDEN, facts))
    other = {**facts, "message": case_id("b").hex(), "officer": "Somebody Else", "reason": "-"}
    await station.store.write(event(station.gateway, RULE_OVERRIDDEN, other))
    await erased(station, case_id("a"))
    files = b"".join(each.read_bytes() for each in station.data.rglob("*") if each.is_file())
    assert b"Yolanda" not in files
    assert b"Somebody Else" in files
    audit = verify_ledger(station.data)
    assert audit.problems == ()
    assert audit.ledger.erased == 1
    assert station.store.read.erasure_of(pid) is not None


@pytest.mark.parametrize("alone", [False, True], ids=["case", "content"])
async def test_why_a_part_was_released_is_erased_with_its_content(both: Pair, *, alone: bool) -> None:
    gone, kept = await bring(both, "a"), await bring(both, "b")
    station = both.recipient
    for pid, reason in ((gone, "As Yolanda says"), (gone, "Yolanda again"), (kept, "Somebody else says")):
        await station.store.write(
            event(station.gateway, PART_RELEASED, {"pid": pid.hex(), "part": 1, "reason": reason})
        )
    async with erasing(station) as journey:
        await journey.order(await journey.plan(case_id("a"), gone if alone else None), order())
        await journey.carry_out()
    files = b"".join(each.read_bytes() for each in station.data.rglob("*") if each.is_file())
    assert b"Yolanda" not in files
    assert b"Somebody else" in files
    audit = verify_ledger(station.data)
    assert audit.problems == ()
    assert audit.ledger.erased == 2


async def test_what_is_under_way_or_not_opened_is_not_erased(both: Pair) -> None:
    template = make_template(sender=SENDER, recipient=RECEIVER, attachment=b"x" * 700)
    await both.sender.hand_in(template, case_id("a"))
    async with erasing(both.sender) as journey:
        with pytest.raises(ConfigurationError) as caught:
            await ordered(journey, case_id("a"))
        assert caught.value.code == "not-erasable"
        assert "on its way" in caught.value.detail
    await both.sender.deliver(RECEIVER)
    async with erasing(both.recipient) as journey:
        with pytest.raises(NotFoundError):
            await journey.plan(case_id("a"))


async def test_an_open_case_is_erased_only_by_an_order_that_says_so(both: Pair) -> None:
    await bring(both, "a")
    async with erasing(both.recipient) as journey:
        plan = await journey.plan(case_id("a"))
        with pytest.raises(ConfigurationError) as caught:
            await journey.order(plan, order(although_open=False))
        assert caught.value.code == "not-erasable"
    assert both.recipient.store.read.erasures(case_id("a")) == []


async def test_a_legal_hold_stands_against_everybody(both: Pair) -> None:
    await bring(both, "a")
    station, case = both.recipient, case_id("a")
    hold = LegalHold(case_id=case, person="p1", at=1, reason="Appeal pending.")
    async with erasing(station) as journey:
        early = await journey.plan(case)
        assert await station.store.write(lambda each: each.hold_case(hold))
        for plan in (early, await journey.plan(case)):
            with pytest.raises(ConfigurationError) as caught:
                await journey.order(plan, order(person="p2"))
            assert caught.value.code == "legal-hold"
        assert await station.store.write(lambda each: each.unhold_case(case))
        await ordered(journey, case)


async def test_an_act_that_comes_between_plan_and_order_is_not_passed_over(both: Pair) -> None:
    await bring(both, "a")
    station = both.sender
    async with erasing(station) as journey:
        plan = await journey.plan(case_id("a"))
        await bring(both, "second", case="a")
        with pytest.raises(ConfigurationError) as caught:
            await journey.order(plan, order())
        assert caught.value.code == "case-changed"
        assert station.store.read.erasures(case_id("a")) == []


async def test_a_hold_that_comes_with_the_order_wins(both: Pair) -> None:
    await bring(both, "a")
    station, case = both.recipient, case_id("a")
    hold = LegalHold(case_id=case, person="p1", at=1, reason="Appeal pending.")
    async with erasing(station) as journey:
        plan = await journey.plan(case)
        # Both are in one batch, and nobody can have seen the other.
        holding = asyncio.create_task(station.store.real.write(lambda each: each.hold_case(hold)))
        await asyncio.sleep(0)
        with pytest.raises(ConfigurationError) as caught:
            await journey.order(plan, order(person="p2"))
        assert await holding
        assert caught.value.code == "legal-hold"
    assert station.store.read.erasures(case) == []


async def test_several_messages_of_a_case_go_together_with_those_that_brought_no_act(both: Pair) -> None:
    """Such as came before there were cases, or were opened raw."""
    first, second = await bring(both, "a"), await bring(both, "second", case="a")
    station = both.recipient
    secrets = [Secrets(station, pid) for pid in (first, second)]
    await station.close()
    with closing(sqlite3.connect(station.data / DATABASE)) as database:
        database.execute("DELETE FROM case_named")
        assert database.execute("DELETE FROM legal_act WHERE id = 2").rowcount == 1
        database.commit()
    station.start()
    await erased(station, case_id("a"))
    assert [each.found(station.data) for each in secrets] == [[], []]
    assert verify_ledger(station.data).problems == ()


async def test_the_content_of_one_message_goes_and_its_case_stands_as_before(both: Pair) -> None:
    first, second = await bring(both, "a", BLOB), await bring(both, "second", case="a")
    station, case = both.recipient, case_id("a")
    gone, kept = Secrets(station, first), Secrets(station, second)
    async with erasing(station) as journey:
        before = (await journey._dockets.of(case)).tag
        await journey.order(await journey.plan(case, first), order(although_open=False))
        await journey.carry_out()
        assert (await journey._dockets.of(case)).tag == before
        with pytest.raises(NotFoundError):
            await journey.plan(case, first)
    assert found_of(gone.inside | gone.payload | gone.record, station.data) == []
    assert kept.found(station.data)
    with pytest.raises(NotFoundError) as caught:
        await station.read_main(first)
    assert caught.value.code == "erased"
    assert len(await station.read_main(second)) > 1000
    audit = verify_ledger(station.data)
    assert (audit.problems, audit.erased) == ((), 1)
    await erased(station, case)
    assert gone.found(station.data) == kept.found(station.data) == []
    assert verify_ledger(station.data).problems == ()


@pytest.mark.parametrize("size", [700, BLOB], ids=["row", "file"])
async def test_bytes_that_were_erased_are_not_taken_again_under_other_ids(both: Pair, size: int) -> None:
    pid, station = await bring(both, "a", size), both.recipient
    row = both.sender.store.read.sent(pid)
    assert row is not None
    held = both.sender.gateway.payload(row.payload_sha256)
    payload = held if isinstance(held, bytes) else held.read_bytes()
    await erased(station, case_id("a"))
    known = decode(decode_signed(row.signed).payload)
    header = replace(known, msg=bytes(16), payload=replace(known.payload, id=bytes(16)))
    again = address(header, seq=2, prev=pid, signer=both.sender.gateway.identity.signer)
    source = MemorySource(payload, short=InvalidPackageError("digest-mismatch"))
    answer = await station.accept(None, again.signed, source)
    assert not answer.accepted
    (said,) = station.store.read.acknowledgements(again.pid)
    assert (said.event, said.reason) == (Event.RELAY_REJECTION, "already-held")
    assert station.store.read.received(again.pid) is None
    assert not station.gateway.blobs.path(row.payload_sha256).exists()
    assert verify_ledger(station.data).problems == ()


async def test_only_what_came_in_for_the_case_is_erased_by_itself(both: Pair) -> None:
    first, other = await bring(both, "a"), await bring(both, "b")
    async with erasing(both.sender) as journey:
        with pytest.raises(NotFoundError):
            await journey.plan(case_id("a"), first)
    async with erasing(both.recipient) as journey:
        with pytest.raises(NotFoundError):
            await journey.plan(case_id("a"), other)


async def test_the_oldest_of_the_cases_is_listed_when_it_is_erased_and_none_is_missed(both: Pair) -> None:
    """What is to be ordered again after a restore, of which a list of the newest cases has least of all."""
    for name in ("old", "a", "b", "new"):
        await bring(both, name)
    station = both.sender
    for name in ("b", "old", "a"):
        await erased(station, case_id(name))
    await bring(both, "b again", case="b")
    await erased(station, case_id("b"))
    listings = await open_listings((station.data / DATABASE).absolute())
    try:
        whole = [each.case_id for each in await listings.erased_cases(limit=100)]
        assert whole == [case_id(name) for name in ("b", "a", "old")]
        (first,) = await listings.erased_cases(limit=1)
        rest = await listings.erased_cases(limit=100, behind=first.case_id)
        assert [first.case_id, *(each.case_id for each in rest)] == whole
        assert await listings.erased_cases(limit=100, behind=whole[-1]) == []
        assert await listings.erased_cases(limit=100, person="nobody") == []
    finally:
        await listings.close()
