"""A hub whose folder is put back to what it was some time ago, marked or not: it signs nothing before it has begun a new epoch.

Real processes: a sender that can be called, a hub, a recipient that listens for nobody.
"""

import asyncio
import secrets
import shutil
import time
from pathlib import Path

import pytest

from emla.bootstrap.audit import verify_ledger
from emla.bootstrap.own import own_authority
from emla.bootstrap.restored import Restored, is_restored, write_marker
from emla.keyring.files import FileUse
from emla.model.documents import KeyUse
from emla.steps.next_card import CardPlan, next_card, overlap_ends
from tests.support.calls import body_of, eventually, get, log_lines, post
from tests.support.ceremony import listed, new_key
from tests.support.gateways import select
from tests.support.hub_world import AT, JP, hub_members
from tests.support.messages import make_template
from tests.support.server_officers import publish_card
from tests.support.servers import Server

TEMPLATE = make_template(sender=AT, recipient=JP, attachment=secrets.token_bytes(3000))

pytestmark = pytest.mark.xdist_group("processes")


def legs(sender: Server) -> list[tuple[object, ...]]:
    return select(sender.data, "SELECT state, last_code FROM leg WHERE kind = 'package' ORDER BY id")


async def begin_epoch(hub: Server) -> None:
    """Two officers and the root: a card with a new ledger key opens the next epoch."""
    now, authority = int(time.time()), own_authority(hub.data)
    key = new_key(hub.data, FileUse.LEDGER, now)
    ends = overlap_ends(authority, KeyUse.LEDGER, now, 0)
    plan = CardPlan(add=(listed(key, now, 300),), ends=ends, begins_epoch=True)
    change = await publish_card(hub, next_card(authority, plan, now=now, life_seconds=86400))
    assert change.state == "PUBLISHED"


async def closed_for(hub: Server) -> object:
    return (await get(hub, "/v1/ledger"))[1]["closed"]


async def send(sender: Server) -> None:
    status, answer = await post(sender, body_of(TEMPLATE))
    assert status == 201, answer


async def lags_and_recovers(sender: Server, hub: Server, recipient: Server) -> None:
    found = await closed_for(hub)
    assert isinstance(found, dict)
    assert (found["code"], found["peer"]) == ("ledger-behind", AT)
    await send(sender)
    await eventually(lambda: legs(sender)[1] == ("READY", "ledger-behind"))
    await begin_epoch(hub)
    assert await closed_for(hub) is None
    for number in (1, 2):
        # What a hub had is offered to it again within the hour; an officer may ask for it now.
        async with sender.client() as client:
            answer = await client.post(f"/v1/legs/{number}/retry", json={})
            assert answer.status == 200, await answer.text()
    recipient.start()
    recipient.wait_ready()
    await eventually(lambda: [state for state, _ in legs(sender)] == ["CONSIGNED"] * 2)


def test_a_hub_that_is_behind_what_its_members_hold_takes_nothing_until_a_new_epoch_begins(
    tmp_path: Path,
) -> None:
    """An old copy that nobody marked: the members notice."""
    with hub_members(tmp_path) as (sender, hub, recipient):
        hub.stop()
        shutil.copytree(hub.data, tmp_path / "copy", ignore=shutil.ignore_patterns("*.sock"))
        hub.start()
        hub.wait_ready()
        recipient.stop()
        asyncio.run(send(sender))
        asyncio.run(eventually(lambda: [state for state, _ in legs(sender)] == ["HUB_HELD"]))
        hub.stop()
        shutil.rmtree(hub.data)
        shutil.copytree(tmp_path / "copy", hub.data)
        hub.start()
        hub.wait_ready()
        asyncio.run(lags_and_recovers(sender, hub, recipient))
        for each in (sender, hub, recipient):
            each.stop()
            audit = verify_ledger(each.data)
            assert audit.whole, audit.problems
        assert {each["code"] for each in log_lines(hub) if each["level"] == "error"} == {"ledger-behind"}
        assert select(hub.data, "SELECT count(*) FROM mailbox_item WHERE state = 'HELD'") == [(0,)]


def test_a_restored_hub_waits_for_every_member_and_opens_when_nobody_holds_more(tmp_path: Path) -> None:
    """One that listens for nobody cannot be asked: its people are, on the telephone."""
    with hub_members(tmp_path) as (sender, hub, _):
        hub.stop()
        write_marker(hub.data, Restored(at=1790000000, backup_at=1789000000, checkpoint=""))
        hub.start()
        hub.wait_ready()
        _, shown = asyncio.run(get(hub, "/v1/ledger"))
        assert (shown["closed"]["code"], shown["unanswered"]) == ("ledger-restored", [JP])  # type: ignore[index]
        asyncio.run(without(hub, JP))
        assert asyncio.run(closed_for(hub)) is None
        assert not is_restored(hub.data)
        asyncio.run(send(sender))
        asyncio.run(eventually(lambda: [state for state, _ in legs(sender)] == ["CONSIGNED"]))
        hub.stop()
        assert verify_ledger(hub.data).whole


async def without(hub: Server, member: str) -> None:
    async with hub.client() as client:
        answer = await client.post("/v1/ledger/gone", json={"authority": member})
        assert answer.status == 200, await answer.text()
