"""A header that is played back to a hub: its payload may drip as long as it likes, and takes nothing from who signed it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from emla.flow.line.accept import Answer
from emla.flow.reservations import CALLER
from emla.model.acknowledgement import Event
from emla.model.errors import InvalidPackageError, TransportError
from emla.model.mailbox import ItemState, Release
from emla.model.package import PartRole
from emla.model.settings import HubSettings
from tests.support.authorities import PARTS, Package, build, derived, party
from tests.support.gateways import MemorySource
from tests.support.hubs import Hub, acceptance, hub_at
from tests.unit.flow.test_hub import LARGE, PACKAGE

AT, DE, HUB = party("at.moj"), party("de.bfj"), party("eu.hub")
ANOTHER = build(
    AT,
    DE,
    number=5,
    parts=(*PARTS, (PartRole.ANNEX, "application/pdf", "big.pdf", derived("other") * 12_000)),
)
THIEF, HONEST = "203.0.113.9", "198.51.100.7"


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[Hub]:
    async with hub_at(tmp_path / "hub", HUB, AT, DE) as found:
        yield found


class Dripping:
    """A payload that begins to come when it is let."""

    def __init__(self, package: Package) -> None:
        self._source = source_of(package)
        self.size = self._source.size
        self.asked, self.let = asyncio.Event(), asyncio.Event()

    async def read_exactly(self, size: int) -> bytes:
        self.asked.set()
        await self.let.wait()
        return await self._source.read_exactly(size)


def source_of(package: Package) -> MemorySource:
    return MemorySource(package.payload, short=InvalidPackageError("digest-mismatch"))


async def deposit(hub: Hub, package: Package, source: MemorySource | Dripping, address: str) -> Answer:
    CALLER.set(address)
    return await hub.deposits.package(package.pid, package.signed, source)


def whole(package: Package) -> int:
    return 4 + len(package.signed) + len(package.payload)


async def refused(hub: Hub, package: Package, source: MemorySource, address: str) -> str:
    with pytest.raises(TransportError) as caught:
        await deposit(hub, package, source, address)
    return caught.value.code


@asynccontextmanager
async def dripping(hub: Hub, package: Package, address: str) -> AsyncIterator[None]:
    """Somebody gives a package and lets its payload drip."""
    source = Dripping(package)
    task = asyncio.create_task(deposit(hub, package, source, address))
    await source.asked.wait()
    yield
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.parametrize("package", [PACKAGE, LARGE], ids=["small", "large"])
async def test_a_header_played_back_that_lets_its_payload_drip_holds_up_nobody(
    hub: Hub, package: Package
) -> None:
    async with dripping(hub, package, THIEF):
        assert await refused(hub, package, source_of(package), THIEF) == "processing"
        assert (await deposit(hub, package, source_of(package), HONEST)).accepted


@pytest.mark.parametrize("package", [PACKAGE, LARGE], ids=["small", "large"])
async def test_a_hub_answers_a_package_that_expires_while_it_comes_with_one_word(
    hub: Hub, package: Package
) -> None:
    source, clock = Dripping(package), hub.home.clock
    clock.at = float(package.header.expires - 1)
    first = asyncio.create_task(deposit(hub, package, source, THIEF))
    await source.asked.wait()
    clock.at = float(package.header.expires + 1)
    assert await refused(hub, package, source_of(package), THIEF) == "processing"
    answer = await deposit(hub, package, source_of(package), HONEST)
    assert not answer.accepted
    source.let.set()
    assert await first == answer
    assert [each.event for each in hub.home.store.read.acknowledgements(package.pid)] == [Event.HUB_REJECTION]
    assert await hub.list_of(DE) == ()


async def test_what_was_let_go_while_it_came_once_more_is_not_held_again(hub: Hub) -> None:
    """A wrong clock gave it up, and it comes again from two addresses: one drips until the owner has let it go."""
    await deposit(hub, PACKAGE, source_of(PACKAGE), HONEST)
    (item,) = await hub.list_of(DE)
    await hub.home.store.write(lambda each: each.end_item(item.item, ItemState.EXPIRED, item.expires))
    source = Dripping(PACKAGE)
    dripping = asyncio.create_task(deposit(hub, PACKAGE, source, THIEF))
    await source.asked.wait()
    await deposit(hub, PACKAGE, source_of(PACKAGE), HONEST)
    (item,) = await hub.list_of(DE)
    proof = acceptance(DE, PACKAGE)
    assert await hub.release(DE, Release(item=item.item, proof=proof)) == ("ok",)
    source.let.set()
    assert (await dripping).bundle == proof
    assert await hub.list_of(DE) == ()


async def test_what_is_on_its_way_from_another_address_uses_up_no_share(tmp_path: Path) -> None:
    for number, limits in enumerate(
        (HubSettings(mailbox_bytes_max=20_000), HubSettings(member_bytes_max=whole(LARGE) + 1000))
    ):
        data = tmp_path / str(number)
        async with hub_at(data, HUB, AT, DE, limits=limits) as hub, dripping(hub, LARGE, THIEF):
            assert await refused(hub, PACKAGE, source_of(PACKAGE), THIEF) == "mailbox-full"
            assert (await deposit(hub, PACKAGE, source_of(PACKAGE), HONEST)).accepted


async def test_what_has_come_from_many_addresses_does_not_overrun_a_share(tmp_path: Path) -> None:
    """A member that uses its addresses has no more room than one that has one, and leaves no file."""
    packages = [LARGE, PACKAGE, build(AT, DE, number=4)]
    limits = HubSettings(member_bytes_max=len(LARGE.payload) + 10_000)
    async with hub_at(tmp_path / "hub", HUB, AT, DE, limits=limits) as hub:
        sources = [Dripping(each) for each in packages]
        tasks = [
            asyncio.create_task(deposit(hub, package, source, f"192.0.2.{number}"))
            for number, (package, source) in enumerate(zip(packages, sources, strict=True))
        ]
        for source in sources:
            await source.asked.wait()
        for source in sources:
            source.let.set()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        codes = [each.code for each in outcomes if isinstance(each, TransportError)]
        assert codes == ["mailbox-full"] * len(codes)
        held = hub.home.store.read.mailbox_held(DE.id, AT.id)
        assert codes
        assert len(hub.home.leftovers()) == (not isinstance(outcomes[0], TransportError))
        assert held.depositor_bytes <= limits.member_bytes_max


async def test_the_space_of_a_large_payload_is_promised_while_it_comes(hub: Hub) -> None:
    reservations = hub.home.gateway.reservations
    reservations.limits = replace(reservations.limits, uploads_per_peer=1)
    async with dripping(hub, LARGE, HONEST):
        assert reservations.promised_bytes == len(LARGE.payload)
        assert await refused(hub, ANOTHER, source_of(ANOTHER), HONEST) == "quota"
    assert reservations.promised_bytes == 0
