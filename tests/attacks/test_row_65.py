"""Row 65. Recipient reads another mailbox.

Expected: 403.
"""

from pathlib import Path

from emla.model.mailbox import Release
from tests.support.authorities import build, party
from tests.support.hubs import acceptance, hub_at

AT, DE, HK, HUB = party("at.moj"), party("de.bfj"), party("hk.doj"), party("eu.hub")


async def test_a_member_sees_collects_and_releases_only_its_own(tmp_path: Path) -> None:
    async with hub_at(tmp_path / "hub", HUB, AT, DE, HK) as hub:
        package = build(AT, DE)
        assert (await hub.put_package(package)).status == 200
        (item,) = await hub.list_of(DE)
        for stranger in (HK, AT):  # the depositor does not get it back either
            assert await hub.list_of(stranger) == ()
            answer = await hub.call(stranger, "GET", f"/emla/1/mailbox/{item.item}")
            assert (answer.status, answer.code) == (403, "not-owner")
            release = Release(item=item.item, proof=acceptance(DE, package))
            assert await hub.release(stranger, release) == ("not-owner",)
        assert await hub.list_of(DE) == (item,)


async def test_who_is_no_member_has_no_mailbox(tmp_path: Path) -> None:
    async with hub_at(tmp_path / "hub", HUB, AT, DE) as hub:
        answer = await hub.call(HK, "GET", "/emla/1/mailbox?after=0&wait=0")
        assert (answer.status, answer.code) == (403, "unknown-sender")
