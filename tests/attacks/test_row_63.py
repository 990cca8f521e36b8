"""Row 63. Mailbox acknowledgement with forged or other recipient's acknowledgement.

Expected: refused, stays.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from emla.formats.acknowledgement import encode_bundle
from emla.model.acknowledgement import Event
from emla.model.mailbox import Release
from tests.support.acknowledging import issue
from tests.support.authorities import NOW, build, party
from tests.support.gateways import rows
from tests.support.hubs import Hub, acceptance, hub_at
from tests.support.standing import revoke, revoking

AT, DE, HK, HUB = party("at.moj"), party("de.bfj"), party("hk.doj"), party("eu.hub")
PACKAGE, OTHER = build(AT, DE), build(AT, DE, number=2)


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[Hub]:
    async with hub_at(tmp_path / "hub", HUB, AT, DE, HK) as found:
        assert (await found.put_package(PACKAGE)).status == 200
        yield found


@pytest.mark.parametrize(
    ("proof", "code"),
    [
        pytest.param(None, "proof-missing", id="none"),
        pytest.param(b"{}", "malformed", id="no bundle"),
        pytest.param(acceptance(DE, OTHER), "acknowledgement-mismatch", id="about another package"),
        pytest.param(acceptance(HK, build(AT, HK)), "acknowledgement-mismatch", id="of another recipient"),
        pytest.param(
            encode_bundle(issue(HK, PACKAGE, Event.RELAY_ACCEPTANCE)),
            "acknowledgement-mismatch",
            id="by another",
        ),
        pytest.param(
            encode_bundle(issue(DE, PACKAGE, Event.RELAY_ACCEPTANCE, signer=HK.sign)),
            "bad-signature",
            id="signed by another",
        ),
        pytest.param(
            encode_bundle(issue(DE, PACKAGE, Event.RELAY_ACCEPTANCE, members={"header_sig": "A" * 43})),
            "acknowledgement-mismatch",
            id="about another signature",
        ),
        pytest.param(acceptance(DE, PACKAGE, Event.CONTENT_CONSIGNMENT), "proof-missing", id="another event"),
        pytest.param(
            encode_bundle(issue(AT, PACKAGE, Event.RELAY_FAILURE, reason="expired")),
            "proof-missing",
            id="of the sender",
        ),
        pytest.param(
            encode_bundle(issue(HUB, PACKAGE, Event.HUB_ACCEPTANCE)), "proof-missing", id="of the hub itself"
        ),
    ],
)
async def test_without_the_owners_own_word_about_this_package_it_stays(
    hub: Hub, proof: bytes | None, code: str
) -> None:
    (item,) = await hub.list_of(DE)
    before = rows(hub.home.data)
    assert await hub.release(DE, Release(item=item.item, proof=proof)) == (code,)
    assert await hub.list_of(DE) == (item,)
    assert rows(hub.home.data) == before
    assert (await hub.call(DE, "GET", f"/emla/1/mailbox/{item.item}")).status == 200


async def test_a_key_that_was_revoked_releases_nothing(hub: Hub) -> None:
    (item,) = await hub.list_of(DE)
    peer = hub.home.gateway.directory.peers[DE.id]
    peer.authority = revoking(DE, revoke(DE, DE.ledger.kid, since=NOW))
    proof = acceptance(DE, PACKAGE)
    assert await hub.release(DE, Release(item=item.item, proof=proof)) == ("revoked-key",)
    assert await hub.list_of(DE) == (item,)
