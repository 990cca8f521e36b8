"""What a hub has room for: what is small has bounds of its own, and no member promises away its disk."""

import asyncio
from pathlib import Path

import pytest

from emla.flow.hub.compare import CompareDeposits
from emla.formats.acknowledgement import encode_bundle
from emla.model.acknowledgement import Event
from emla.model.errors import InvalidPackageError
from emla.model.mailbox import Release
from emla.model.package import PartRole
from emla.model.settings import HubSettings
from tests.support.acknowledging import issue
from tests.support.authorities import PARTS, build, derived, party
from tests.support.gateways import acknowledgement_id_of
from tests.support.hubs import acceptance, hub_at
from tests.support.statuses import signed, status_of
from tests.unit.flow.test_hub import LARGE
from tests.unit.flow.test_hub_compare import give_back
from tests.unit.flow.test_hub_played_back import (
    ANOTHER,
    Dripping,
    deposit,
    dripping,
    refused,
    source_of,
    whole,
)

AT, DE, HK, HUB = party("at.moj"), party("de.bfj"), party("hk.doj"), party("eu.hub")
PACKAGE = build(AT, DE)
OTHERS = build(
    HK, DE, number=6, parts=(*PARTS, (PartRole.ANNEX, "application/pdf", "big.pdf", derived("hk") * 12_000))
)


async def test_below_the_floor_packages_are_refused_and_below_half_of_it_acknowledgements(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gib = 1024**3
    async with hub_at(tmp_path / "hub", HUB, AT, DE, floor_bytes=gib) as hub:
        bundle = encode_bundle(issue(DE, PACKAGE, Event.RELAY_ACCEPTANCE))
        path = f"/emla/1/acknowledgements/{acknowledgement_id_of(bundle).hex()}"
        said = signed(status_of(AT, DE.id, at=int(hub.home.clock.now())), AT.sign)
        monkeypatch.setattr(hub.home.gateway.blobs, "free_bytes", lambda: gib // 2)
        answers = [
            await hub.put_package(PACKAGE),
            await hub.send("PUT", path, bundle),
            await hub.send("POST", "/emla/1/channel", said),
            await hub.put_documents(AT, DE.id),
        ]
        assert [each.code for each in answers] == ["disk-full"] * 4
        monkeypatch.setattr(hub.home.gateway.blobs, "free_bytes", lambda: gib - 1)
        assert (await hub.put_package(PACKAGE)).code == "disk-full"
        assert (await hub.send("PUT", path, bundle)).status == 204
        assert (await hub.send("POST", "/emla/1/channel", said)).status == 204
        assert (await hub.put_documents(AT, DE.id)).status == 204


async def test_the_bytes_of_what_is_small_are_bounded_too(tmp_path: Path) -> None:
    given = [build(AT, DE, number=number) for number in (3, 4, 5)]
    bundles = [encode_bundle(issue(AT, each, Event.RELAY_FAILURE, reason="expired")) for each in given]
    limits = HubSettings(member_bytes_max=len(bundles[0]))
    async with hub_at(tmp_path / "hub", HUB, AT, DE, limits=limits) as hub:
        answers = [
            await hub.send("PUT", f"/emla/1/acknowledgements/{acknowledgement_id_of(each).hex()}", each)
            for each in bundles
        ]
        assert [each.status for each in answers] == [204, 204, 503]
        assert answers[-1].code == "mailbox-full"


async def test_what_is_larger_than_a_member_may_give_is_refused_at_once_until_the_limit_is_raised(
    tmp_path: Path,
) -> None:
    limits = HubSettings(member_bytes_max=300_000)
    async with hub_at(tmp_path / "hub", HUB, AT, DE, limits=limits, floor_bytes=2**62) as hub:
        source = source_of(LARGE)
        with pytest.raises(InvalidPackageError) as caught:
            await hub.deposits.package(LARGE.pid, LARGE.signed, source)
        assert (caught.value.code, source.read_bytes) == ("too-large", 0)
        answer = await give_back(hub, LARGE, DE.id)
        assert (answer.status, answer.code) == (413, "too-large")
        assert hub.home.contents() == {}
    async with hub_at(tmp_path / "hub", HUB, AT, DE) as hub:
        assert (await hub.put_package(LARGE)).status == 200


async def test_no_member_promises_away_the_disk_from_many_addresses(tmp_path: Path) -> None:
    limits = HubSettings(member_bytes_max=whole(LARGE) + 1000)
    async with hub_at(tmp_path / "hub", HUB, AT, DE, HK, limits=limits) as hub:
        async with dripping(hub, LARGE, "192.0.2.1"):
            assert await refused(hub, ANOTHER, source_of(ANOTHER), "192.0.2.2") == "quota"
            assert hub.home.gateway.reservations.promised_bytes == len(LARGE.payload)
            assert hub.home.gateway.reservations.refused == {AT.id: 1}
            assert (await deposit(hub, PACKAGE, source_of(PACKAGE), "192.0.2.2")).accepted
            assert (await deposit(hub, OTHERS, source_of(OTHERS), "192.0.2.3")).accepted
        (item, _) = await hub.list_of(DE)
        await hub.release(DE, Release(item=item.item, proof=acceptance(DE, PACKAGE)))
        assert (await deposit(hub, ANOTHER, source_of(ANOTHER), "192.0.2.2")).accepted


async def test_what_another_lets_come_back_is_not_promised_to_who_signed_it(tmp_path: Path) -> None:
    """de.bfj gives back to itself what at.moj signed, and lets it drip: at.moj can still give what is large."""
    limits = HubSettings(member_bytes_max=whole(LARGE) + 5000)
    async with hub_at(tmp_path / "hub", HUB, AT, DE, HK, limits=limits) as hub:
        compare = CompareDeposits(hub.home.gateway, hub.deposits, lambda _: None)
        source = Dripping(LARGE)
        returned = compare.returned(LARGE.pid, DE.id, LARGE.signed, (acceptance(DE, LARGE),), source)
        task = asyncio.create_task(returned)
        await source.asked.wait()
        assert (await deposit(hub, ANOTHER, source_of(ANOTHER), "192.0.2.2")).accepted
        source.let.set()
        await task
        assert len(await hub.list_of(DE)) == 2
