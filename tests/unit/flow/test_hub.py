"""A hub: what it takes, what it answers, who gets it, and what is left when it is gone."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from emla.formats import mailbox as form
from emla.formats import package_row
from emla.formats.acknowledgement import encode_bundle
from emla.formats.export import encode_export
from emla.model.acknowledgement import Bundle, Event
from emla.model.mailbox import ItemKind, ItemState, Release
from emla.model.package import PartRole
from emla.steps.verify_acknowledgement import verify_acknowledgement
from tests.support.acknowledging import issue
from tests.support.authorities import DAY, NOW, PARTS, Package, Tampering, build, derived, party
from tests.support.gateways import SetForward, acknowledgement_id_of
from tests.support.hubs import Hub, hub_at
from tests.support.standing import revoke, revoking

AT, DE, HK, HUB = party("at.moj"), party("de.bfj"), party("hk.doj"), party("eu.hub")
PACKAGE = build(AT, DE)
LARGE = build(
    AT, DE, number=2, parts=(*PARTS, (PartRole.ANNEX, "application/pdf", "big.pdf", derived("big") * 12_000))
)


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[Hub]:
    async with hub_at(tmp_path / "hub", HUB, AT, DE, HK) as found:
        yield found


async def test_a_package_is_held_and_the_hub_says_so_under_its_name(hub: Hub) -> None:
    answer = await hub.put_package(PACKAGE)
    assert (answer.status, answer.media) == (200, "application/vnd.emla.bundle+json")
    verified = verify_acknowledgement(answer.body, issuer=HUB.authority, subject=PACKAGE.subject)
    assert verified.acknowledgement.event is Event.HUB_ACCEPTANCE
    assert verified.acknowledgement.by == HUB.id
    assert verified.acknowledgement.reason is None


@pytest.mark.parametrize("package", [PACKAGE, LARGE], ids=["small", "large"])
async def test_what_is_collected_is_what_was_deposited_byte_for_byte(hub: Hub, package: Package) -> None:
    await hub.put_package(package)
    (item,) = await hub.list_of(DE)
    whole = len(package.signed).to_bytes(4, "big") + package.signed + package.payload
    assert (item.kind, item.ref, item.size) == (ItemKind.PACKAGE, package.pid, len(whole))
    answer = await hub.call(DE, "GET", f"/emla/1/mailbox/{item.item}")
    assert (answer.status, answer.media, answer.body) == (200, "application/vnd.emla.package", whole)


@pytest.mark.parametrize("start", [0, 1, 700, 3500, 300_000])
async def test_a_collection_that_was_cut_goes_on_where_it_was(hub: Hub, start: int) -> None:
    await hub.put_package(LARGE)
    (item,) = await hub.list_of(DE)
    whole = len(LARGE.signed).to_bytes(4, "big") + LARGE.signed + LARGE.payload
    target = f"/emla/1/mailbox/{item.item}"
    headers = hub.signed(DE, "GET", target) | {"Range": f"bytes={start}-"}
    answer = await hub.send("GET", target, headers=headers)
    assert (answer.status, answer.body) == (206, whole[start:])
    assert answer.headers["Content-Range"] == f"bytes {start}-{len(whole) - 1}/{len(whole)}"


async def test_a_place_behind_the_end_and_a_range_of_another_kind_are_refused(hub: Hub) -> None:
    await hub.put_package(PACKAGE)
    (item,) = await hub.list_of(DE)
    target = f"/emla/1/mailbox/{item.item}"
    for text, status in ((f"bytes={item.size}-", 416), ("bytes=0-5", 400), ("bytes=-5", 400), ("x", 400)):
        answer = await hub.send("GET", target, headers=hub.signed(DE, "GET", target) | {"Range": text})
        assert answer.status == status, text


async def test_a_repeat_gets_the_same_bytes_and_is_held_once(hub: Hub) -> None:
    first, second = await asyncio.gather(hub.put_package(PACKAGE), hub.put_package(PACKAGE))
    third = await hub.put_package(PACKAGE)
    assert {each.body for each in (first, second, third) if each.status == 200} == {third.body}
    assert len(await hub.list_of(DE)) == 1


async def test_several_small_packages_at_once_are_each_answered(hub: Hub) -> None:
    other = build(AT, HK)
    stranger = build(AT, party("fr.moj"))
    body = package_row.encode([(each.signed, each.payload) for each in (PACKAGE, other, stranger)])
    answer = await hub.send("POST", "/emla/1/packages", body)
    outcomes = package_row.decode_answer(answer.body, 3)
    assert [isinstance(each, bytes) for each in outcomes] == [True, True, False]
    assert outcomes[2] == "unknown-recipient"
    assert [len(await hub.list_of(each)) for each in (DE, HK)] == [1, 1]


@pytest.mark.parametrize(
    ("package", "status", "code"),
    [
        pytest.param(build(party("fr.moj"), DE), 403, "unknown-sender", id="by a stranger"),
        pytest.param(build(AT, party("fr.moj")), 422, "unknown-recipient", id="for a stranger"),
        pytest.param(build(AT, HUB), 422, "not-recipient", id="for the hub itself"),
        pytest.param(build(AT, DE, signer=HK.sign), 400, "bad-signature", id="by another key"),
        pytest.param(
            build(AT, DE, tampering=Tampering(header={"created": NOW + 311, "expires": NOW + 9 * DAY})),
            400,
            "clock-skew",
            id="from the future",
        ),
    ],
)
async def test_what_is_not_by_a_member_for_a_member_leaves_nothing(
    hub: Hub, package: Package, status: int, code: str
) -> None:
    answer = await hub.put_package(package)
    assert (answer.status, answer.code) == (status, code)
    assert hub.home.contents() == {}


async def test_a_payload_that_is_not_the_one_named_leaves_nothing(hub: Hub) -> None:
    for package in (PACKAGE, LARGE):
        body = package.signed + package.payload[:-1] + bytes([package.payload[-1] ^ 1])
        answer = await hub.send(
            "PUT", f"/emla/1/packages/{package.pid.hex()}", len(package.signed).to_bytes(4, "big") + body
        )
        assert (answer.status, answer.code) == (400, "digest-mismatch")
    assert hub.home.contents() == {}


async def test_what_has_expired_is_refused_once_with_a_signature(hub: Hub) -> None:
    expired = build(AT, DE, tampering=Tampering(header={"created": NOW - 3 * DAY, "expires": NOW}))
    first, second = await hub.put_package(expired), await hub.put_package(expired)
    assert first.status == second.status == 422
    assert first.body == second.body
    said = verify_acknowledgement(first.body, issuer=HUB.authority, subject=expired.subject).acknowledgement
    assert (said.event, said.reason) == (Event.HUB_REJECTION, "expired")
    assert await hub.list_of(DE) == ()


async def test_a_hub_whose_clock_is_set_forward_rejects_nothing_as_expired(tmp_path: Path) -> None:
    clock = SetForward()
    async with hub_at(tmp_path / "hub", HUB, AT, DE, clock=clock) as hub:
        begun, expires = clock.at, PACKAGE.subject.header.expires
        clock.at = float(expires)
        answer = await hub.put_package(PACKAGE)
        assert (answer.status, answer.code) == (400, "clock-skew")
        assert hub.home.contents() == {}
        clock.at = begun
        assert (await hub.put_package(PACKAGE)).status == 200
        other = build(AT, DE, number=3)
        clock.at, clock.passed = float(expires), expires - begun
        assert (await hub.put_package(other)).status == 422


async def test_a_frozen_member_deposits_nothing_new_and_collects_nothing(hub: Hub) -> None:
    await hub.put_package(PACKAGE)
    peers = hub.home.gateway.directory.peers
    peers[AT.id].authority = revoking(AT, revoke(AT, None, since=NOW))
    peers[DE.id].authority = revoking(DE, revoke(DE, None, since=NOW))
    assert (await hub.put_package(build(AT, HK))).code == "frozen"
    assert (await hub.call(DE, "GET", "/emla/1/mailbox?after=0&wait=0")).code == "frozen"


# --- acknowledgements and documents ---


async def test_an_acknowledgement_is_held_for_the_other_side(hub: Hub) -> None:
    bundle = encode_bundle(issue(DE, PACKAGE, Event.RELAY_ACCEPTANCE))
    path = f"/emla/1/acknowledgements/{acknowledgement_id_of(bundle).hex()}"
    for _ in range(2):
        assert (await hub.send("PUT", path, bundle)).status == 204
    (item,) = await hub.list_of(AT)
    assert (item.kind, item.ref) == (ItemKind.ACKNOWLEDGEMENT, acknowledgement_id_of(bundle))
    answer = await hub.call(AT, "GET", f"/emla/1/mailbox/{item.item}")
    assert (answer.media, answer.body) == ("application/vnd.emla.bundle+json", bundle)
    assert await hub.release(AT, Release(item=item.item)) == ("ok",)
    assert await hub.list_of(AT) == ()
    assert (await hub.send("PUT", path, bundle)).status == 204
    assert await hub.list_of(AT) == (), "what was released is not held again"


async def test_what_a_sender_acknowledges_is_held_for_the_recipient(hub: Hub) -> None:
    bundle = encode_bundle(issue(AT, PACKAGE, Event.RELAY_FAILURE, reason="expired"))
    path = f"/emla/1/acknowledgements/{acknowledgement_id_of(bundle).hex()}"
    assert (await hub.send("PUT", path, bundle)).status == 204
    assert [each.kind for each in await hub.list_of(DE)] == [ItemKind.ACKNOWLEDGEMENT]


@pytest.mark.parametrize(
    ("bundle", "code"),
    [
        pytest.param(
            issue(DE, PACKAGE, Event.RELAY_ACCEPTANCE, signer=HK.sign), "bad-signature", id="forged"
        ),
        pytest.param(issue(HK, PACKAGE, Event.HUB_ACCEPTANCE), "unknown-sender", id="of another hub"),
        pytest.param(
            issue(DE, build(party("fr.moj"), DE), Event.RELAY_ACCEPTANCE),
            "unknown-recipient",
            id="for a stranger",
        ),
    ],
)
async def test_an_acknowledgement_that_is_none_leaves_nothing(hub: Hub, bundle: Bundle, code: str) -> None:
    stored = encode_bundle(bundle)
    answer = await hub.send("PUT", f"/emla/1/acknowledgements/{acknowledgement_id_of(stored).hex()}", stored)
    assert answer.code == code
    assert hub.home.contents() == {}


async def test_documents_are_held_for_a_member_once(hub: Hub) -> None:
    for _ in range(3):
        assert (await hub.put_documents(AT, DE.id)).status == 204
    (item,) = await hub.list_of(DE)
    assert item.kind is ItemKind.DOCUMENTS
    answer = await hub.call(DE, "GET", f"/emla/1/mailbox/{item.item}")
    assert answer.media == "application/vnd.emla.documents+json"
    assert await hub.release(DE, Release(item=item.item)) == ("ok",)
    assert (await hub.put_documents(AT, DE.id)).status == 204
    assert await hub.list_of(DE) == ()


async def test_newer_documents_take_the_place_of_those_held(hub: Hub) -> None:
    await hub.put_documents(AT, DE.id)
    (old,) = await hub.list_of(DE)
    hub.home.gateway.directory.peers[AT.id].authority = revoking(AT, revoke(AT, AT.seal.kid, since=NOW))
    body = await hub.send("PUT", f"/emla/1/documents/{AT.id}?to={DE.id}", _export(hub, AT.id))
    assert body.status == 204
    (new,) = await hub.list_of(DE)
    assert new.item > old.item
    ended = hub.home.store.read.mailbox_item(old.item)
    assert ended is not None
    assert ended.state is ItemState.REPLACED


def _export(hub: Hub, authority: str) -> bytes:
    return encode_export(hub.home.gateway.directory.peers[authority].authority.documents)


async def test_documents_for_nobody_or_of_nobody_are_refused(hub: Hub) -> None:
    assert (await hub.put_documents(AT, "fr.moj")).code == "unknown-recipient"
    assert (await hub.put_documents(AT, AT.id)).code == "unknown-recipient"
    assert (await hub.put_documents(AT, "..")).code == "malformed"
    assert (await hub.put_documents(party("fr.moj"), DE.id)).code == "unknown-sender"
    assert hub.home.contents() == {}


async def test_a_release_of_another_form_is_malformed(hub: Hub) -> None:
    for body in (b"{}", b'{"items":[],"v":1}', b'{"items":[{"item":1},{"item":1}],"v":1}', b"x"):
        answer = await hub.call(DE, "POST", "/emla/1/mailbox/release", body)
        assert (answer.status, answer.code) == (400, "malformed"), body


async def test_a_payload_that_is_lost_is_said_to_be_and_nothing_is_let_go(hub: Hub) -> None:
    await hub.put_package(LARGE)
    (item,) = await hub.list_of(DE)
    (blob,) = hub.home.leftovers()
    blob.write_bytes(b"short")
    answer = await hub.call(DE, "GET", f"/emla/1/mailbox/{item.item}")
    assert (answer.status, answer.code) == (500, "store-failed")
    blob.unlink()
    assert (await hub.call(DE, "GET", f"/emla/1/mailbox/{item.item}")).code == "store-failed"
    assert await hub.list_of(DE) == (item,)
    assert form.encode_list([item])
