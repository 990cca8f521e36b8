"""A webhook is its person's: it ends with what the person lost, and nobody else says what it is told."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from emla.flow.events import WEBHOOK_RESUMED
from emla.flow.people.people import People
from emla.formats import event
from emla.model.errors import InvalidMessageError
from emla.model.person import ALONE, Caller, PersonRole
from emla.model.webhook import WEBHOOKS_MAX, WEBHOOKS_OF_ONE_MAX, Pause
from tests.support.gateways import until
from tests.support.webhook_desk import Desk, webhook_desk


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with webhook_desk(tmp_path) as one:
        yield one


async def test_whoever_is_invited_anew_or_shut_out_finds_every_webhook_paused_and_those_of_others_not(
    desk: Desk,
) -> None:
    people, central = People(desk.gateway), frozenset({PersonRole.CENTRAL_OFFICER})
    custodian = frozenset({PersonRole.KEY_CUSTODIAN})
    kay, _ = await people.add(ALONE, name="kay", full_name="Kay", roles=custodian)
    by = Caller(id=kay.id, roles=custodian)
    cara, _ = await people.add(by, name="cara", full_name="Cara", roles=central)
    dora, _ = await people.add(by, name="dora", full_name="Dora", roles=central)
    # Whoever had Cara's token made one, too; it is told nothing more, though Cara is not shut out.
    mine, strange, of_dora = [
        await desk.add(url, Caller(id=person.id, roles=central), ("case.reminder",))
        for url, person in (("mine", cara), ("strange", cara), ("dora", dora))
    ]
    async with desk.posting():
        await desk.remind(1)
        await until(lambda: len(desk.targets.posted) == 3)
        await people.invite(by, cara)
        assert [desk.row(each).paused for each in (mine, strange, of_dora)] == [
            Pause.OWNER,
            Pause.OWNER,
            None,
        ]
        await desk.remind(2)
        await until(lambda: len(desk.targets.bodies("dora")) == 2)
        await desk.webhooks.resume(Caller(id=cara.id, roles=central), desk.row(mine), desk.row(mine).place)
        await until(lambda: desk.targets.bodies("mine")[-1:] == desk.targets.bodies("dora")[1:])
        await people.disable(by, dora)
        assert desk.row(of_dora).paused is Pause.OWNER
        # An operator who resumes it changes nothing: whoever is shut out is told nothing.
        await desk.remind(3)
        operator = Caller(id="otto", roles=frozenset({PersonRole.OPERATOR}))
        await desk.webhooks.resume(operator, desk.row(of_dora), desk.row(of_dora).place)
        assert await desk.paused(of_dora, most=2) is Pause.OWNER
    assert len(desk.targets.bodies("strange")) == 1
    assert len(desk.targets.bodies("dora")) == 2


async def test_only_its_own_person_has_a_webhook_skip_events_and_the_ledger_says_from_where_on(
    desk: Desk,
) -> None:
    owner = Caller(id="one", roles=frozenset({PersonRole.CENTRAL_OFFICER}))
    operator = Caller(id="two", roles=frozenset({PersonRole.OPERATOR}))
    await desk.remind(1)
    stood = await desk.feed.now()
    webhook = await desk.webhooks.add(owner, "a", (), stood)
    await desk.remind(2)
    now = await desk.feed.now()
    assert stood != now
    await desk.webhooks.pause(operator, webhook)
    for place in (now, None):
        with pytest.raises(InvalidMessageError) as caught:
            await desk.webhooks.resume(operator, desk.row(webhook), place)
        assert caught.value.code == "not-allowed"
    assert (desk.row(webhook).paused, desk.row(webhook).place) == (Pause.BY_HAND, stood)
    await desk.webhooks.resume(operator, desk.row(webhook), stood)
    read_before = await desk.webhooks.pause(owner, webhook)
    await desk.webhooks.resume(owner, read_before, now)
    await desk.webhooks.pause(operator, webhook)
    # What an operator read before the person put it elsewhere does not put it back.
    with pytest.raises(InvalidMessageError):
        await desk.webhooks.resume(operator, read_before, stood)
    assert desk.row(webhook).place == now
    await desk.webhooks.resume(owner, desk.row(webhook), None)
    assert stood
    assert now
    told = [event.decode(row.body).facts for row in desk.home.store.read.events(WEBHOOK_RESUMED, 9)]
    assert sorted((str(each["by"]), str(each["after"])) for each in told) == sorted(
        [("two", stood.text), ("one", now.text), ("one", "beginning")]
    )


async def test_there_are_only_so_many_and_one_person_has_only_some_of_them(desk: Desk) -> None:
    def person(number: int) -> Caller:
        return Caller(id=str(number), roles=frozenset({PersonRole.CENTRAL_OFFICER}))

    # Of those that are added at once each is judged by what the others left.
    wanted = WEBHOOKS_OF_ONE_MAX + 2
    came = await asyncio.gather(
        *(desk.add(f"a{each}", person(0)) for each in range(wanted)), return_exceptions=True
    )
    refused = [str(each) for each in came if isinstance(each, InvalidMessageError)]
    assert len(refused) == 2
    assert all(f"You have {WEBHOOKS_OF_ONE_MAX} webhooks" in each for each in refused)
    assert len(desk.webhooks.of(person(0))) == WEBHOOKS_OF_ONE_MAX
    # Others still have room, until there are as many as there may be.
    for number in range(WEBHOOKS_OF_ONE_MAX, WEBHOOKS_MAX):
        await desk.add(str(number), person(number))
    with pytest.raises(InvalidMessageError, match=f"There are {WEBHOOKS_MAX} webhooks"):
        await desk.add("more", person(WEBHOOKS_MAX))
    await desk.webhooks.remove(person(0), desk.webhooks.of(person(0))[0])
    await desk.add("room", person(0))
