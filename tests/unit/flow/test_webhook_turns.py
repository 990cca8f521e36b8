"""A webhook that has much behind it is looked through in small pieces: the loop turns between them."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from functools import partial
from pathlib import Path

import pytest

from emla.flow.events import CASE_REMINDER, event
from emla.flow.happenings.feed import PAGE_LEAVES, Step
from emla.flow.happenings.tell import LOOKS, Tell
from emla.flow.happenings.webhooks import Webhooks
from emla.flow.people.people import People
from emla.flow.people.sight import Sight
from emla.model.happening import Place
from emla.model.person import ALONE, Caller, PersonRole
from emla.ports.store import Transaction
from tests.support.gateways import until
from tests.support.told import all_of
from tests.support.webhook_desk import CASE, Desk, webhook_desk


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with webhook_desk(tmp_path) as one:
        yield one


class _Turns(Sight):
    """Counts, for each turn of the loop, what was asked about rights in it, and how many pages were taken."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk.gateway)
        self._step = desk.feed.step
        self._turn = 0
        self.asked: Counter[int] = Counter()
        self.stepped: Counter[int] = Counter()

    def sees(self, caller: Caller, case_id: bytes | None) -> bool:
        self.asked[self._turn] += 1
        return super().sees(caller, case_id)

    async def step(self, after: Place | None) -> Step:
        self.stepped[self._turn] += 1
        return await self._step(after)

    async def count(self) -> None:
        while True:
            self._turn += 1
            await asyncio.sleep(0)


async def test_a_webhook_that_has_much_behind_it_holds_up_nobody(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    people, prosecutor = People(desk.gateway), frozenset({PersonRole.PROSECUTOR})
    custodian = frozenset({PersonRole.KEY_CUSTODIAN})
    kay, _ = await people.add(ALONE, name="kay", full_name="Kay", roles=custodian)
    by = Caller(id=kay.id, roles=custodian)
    paul, _ = await people.add(by, name="paul", full_name="Paul", roles=prosecutor)
    caller = Caller(id=paul.id, roles=prosecutor)
    size = 2 * PAGE_LEAVES
    reminders = [
        event(desk.gateway, CASE_REMINDER, {"case": CASE, "kind": "soon", "days": days})
        for days in range(size)
    ]
    await desk.home.store.write(partial(_all_of_them, reminders))
    all_of_it = await desk.add("all", caller, ("case",))
    none_of_it = await desk.add("none", caller, ("sent",))
    await all_of(desk.feed)  # the pages are known, as after any reader: they do not suspend
    turns = _Turns(desk)
    monkeypatch.setattr(desk.feed, "step", turns.step)
    counting = asyncio.create_task(turns.count())
    await asyncio.sleep(0)
    tell = Tell(desk.gateway, desk.feed, turns, desk.targets)
    webhooks = Webhooks(desk.gateway, desk.feed, tell)
    try:
        for webhook, asked in ((all_of_it, size), (none_of_it, 0)):
            turns.asked.clear()
            turns.stepped.clear()
            backlog = await webhooks.backlog(webhook)
            assert backlog is not None
            assert (backlog.count, backlog.more) == (0, False)
            assert turns.asked.total() == asked
            _assert_in_turns(turns)
            turns.asked.clear()
            turns.stepped.clear()
            following = asyncio.create_task(tell._follow(webhook.id))
            await until(lambda: turns.stepped.total() == 3)
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)
            assert turns.asked.total() == asked
            _assert_in_turns(turns)
    finally:
        counting.cancel()
    assert not desk.targets.posted


def _assert_in_turns(turns: _Turns) -> None:
    assert turns.stepped.total() == 3
    assert max(turns.stepped.values()) == 1
    assert max(turns.asked.values(), default=0) <= LOOKS


def _all_of_them(told: Sequence[Callable[[Transaction], None]], transaction: Transaction) -> None:
    for each in told:
        each(transaction)


async def test_what_waits_is_counted_so_far_and_no_farther(desk: Desk) -> None:
    webhook = await desk.add("a")
    reminders = [
        event(desk.gateway, CASE_REMINDER, {"case": CASE, "kind": "soon", "days": days})
        for days in range(1001)
    ]
    for first, end, more in ((0, 1000, False), (1000, 1001, True)):
        part = reminders[first:end]
        await desk.home.store.write(partial(_all_of_them, part))
        backlog = await desk.webhooks.backlog(webhook)
        assert backlog is not None
        assert (backlog.count, backlog.more) == (1000, more)
