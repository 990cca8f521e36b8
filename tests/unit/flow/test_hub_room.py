"""What a hub has room for: what is small has bounds of its own, and no member promises away its disk."""

from pathlib import Path

import pytest

from emla.formats.acknowledgement import encode_bundle
from emla.model.acknowledgement import Event
from emla.model.settings import HubSettings
from tests.support.acknowledging import issue
from tests.support.authorities import build, party
from tests.support.gateways import acknowledgement_id_of
from tests.support.hubs import hub_at
from tests.support.statuses import signed, status_of

AT, DE, HUB = party("at.moj"), party("de.bfj"), party("eu.hub")
PACKAGE = build(AT, DE)


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
