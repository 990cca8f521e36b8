"""What a hub gave up by a clock that was wrong, it holds again when it comes again."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from emla.bootstrap.audit_mailboxes import mailbox_problems
from emla.bootstrap.own import DATABASE
from emla.model.mailbox import EXPIRY_GRACE_SECONDS, Release
from emla.model.package import PartRole
from emla.model.settings import HubSettings
from tests.support.authorities import PARTS, Package, build, derived, party
from tests.support.gateways import SetForward, TurnedClock, rows
from tests.support.hubs import acceptance, hub_at

AT, DE, HUB = party("at.moj"), party("de.bfj"), party("eu.hub")
PACKAGE = build(AT, DE)
LARGE = build(
    AT, DE, number=2, parts=(*PARTS, (PartRole.ANNEX, "application/pdf", "big.pdf", derived("big") * 12_000))
)


@pytest.mark.parametrize("package", [PACKAGE, LARGE], ids=["small", "large"])
async def test_what_a_wrong_clock_gave_up_is_held_again_when_it_comes_again(
    tmp_path: Path, package: Package
) -> None:
    data, expires = tmp_path / "hub", package.subject.header.expires
    async with hub_at(data, HUB, AT, DE) as hub:
        first = await hub.put_package(package)
    async with hub_at(data, HUB, AT, DE, clock=TurnedClock(expires + EXPIRY_GRACE_SECONDS + 1.0)) as hub:
        await hub.sweep.round()
        assert (await hub.put_package(package)).body == first.body
        assert await hub.list_of(DE) == (), "what has expired by this clock is not held"
    forward = SetForward()
    async with hub_at(data, HUB, AT, DE, clock=forward) as hub:
        forward.at = expires + 1.0
        assert (await hub.put_package(package)).body == first.body, "a repeat, whatever the clock says"
    async with hub_at(data, HUB, AT, DE, clock=TurnedClock()) as hub:
        both = await asyncio.gather(hub.put_package(package), hub.put_package(package))
        assert {each.body for each in both if each.status == 200} == {first.body}
        assert (await hub.put_package(package)).body == first.body
        (item,) = await hub.list_of(DE)
        whole = len(package.signed).to_bytes(4, "big") + package.signed + package.payload
        assert (await hub.call(DE, "GET", f"/emla/1/mailbox/{item.item}")).body == whole
        assert rows(data)["acknowledgement"] == 1
        proof = acceptance(DE, package)
        assert await hub.release(DE, Release(item=item.item, proof=proof)) == ("ok",)
        assert (await hub.put_package(package)).body == proof
        assert await hub.list_of(DE) == ()
    with closing(sqlite3.connect(data / DATABASE)) as connection:
        assert list(mailbox_problems(connection, HUB.id)) == []


async def test_what_was_given_up_has_room_like_any_other_when_it_comes_again(tmp_path: Path) -> None:
    data, expires = tmp_path / "hub", PACKAGE.subject.header.expires
    async with hub_at(data, HUB, AT, DE) as hub:
        await hub.put_package(PACKAGE)
    async with hub_at(data, HUB, AT, DE, clock=TurnedClock(expires + EXPIRY_GRACE_SECONDS + 1.0)) as hub:
        await hub.sweep.round()
    limits = HubSettings(mailbox_items_max=1)
    async with hub_at(data, HUB, AT, DE, clock=TurnedClock(), limits=limits) as hub:
        await hub.put_package(LARGE)
        assert (await hub.put_package(PACKAGE)).code == "mailbox-full"
        (item,) = await hub.list_of(DE)
        await hub.release(DE, Release(item=item.item, proof=acceptance(DE, LARGE)))
        assert (await hub.put_package(PACKAGE)).status == 200
        assert [each.ref for each in await hub.list_of(DE)] == [PACKAGE.pid]
