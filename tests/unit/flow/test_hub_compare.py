"""A hub and what channels are compared by: the newest status of each pair, packages that come back, its own checkpoints."""

import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from emla.flow.hub.compare import STATUSES_MAX
from emla.formats import channel as channel_form
from emla.formats import dsse
from emla.formats.acknowledgement import encode_bundle
from emla.formats.returned import encode_front
from emla.model.acknowledgement import Event
from emla.model.limits import WIRE
from emla.model.mailbox import ItemKind, Release
from emla.model.package import PartRole
from emla.model.settings import HubSettings
from emla.model.signed import PayloadType
from emla.steps.verify_acknowledgement import read_acknowledgement
from emla.steps.verify_status import SKEW_SECONDS
from tests.support.acknowledging import issue
from tests.support.authorities import PARTS, Package, Party, build, derived, party
from tests.support.gateways import acknowledgement_id_of, select
from tests.support.hubs import Answered, Hub, acceptance, hub_at
from tests.support.statuses import signed, status_of

AT, DE, HK, HUB = party("at.moj"), party("de.bfj"), party("hk.doj"), party("eu.hub")
PACKAGE = build(AT, DE)
LARGE = build(
    AT, DE, number=2, parts=(*PARTS, (PartRole.ANNEX, "application/pdf", "big.pdf", derived("big") * 12_000))
)
RETURN = "application/vnd.emla.return"


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[Hub]:
    async with hub_at(tmp_path / "hub", HUB, AT, DE, HK) as found:
        yield found


def now_at(hub: Hub) -> int:
    return int(hub.home.clock.now())


async def leave(
    hub: Hub, speaker: Party, to: str, *, ago: int = 0, number: int = 1
) -> tuple[Answered, bytes]:
    """Leave a status of so many seconds ago; the answer and what was left."""
    body = signed(status_of(speaker, to, at=now_at(hub) - ago, number=number), speaker.sign)
    return await hub.send("POST", "/emla/1/channel", body), body


# --- statuses ---


async def test_a_status_is_held_for_the_member_that_it_is_for_until_nobody_would_believe_it(hub: Hub) -> None:
    answer, body = await leave(hub, AT, DE.id, ago=5)
    assert (answer.status, answer.body) == (204, b"")
    (item,) = await hub.list_of(DE)
    assert (item.kind, item.ref) == (ItemKind.CHANNEL, hashlib.sha256(body).digest())
    assert item.expires == now_at(hub) - 5 + SKEW_SECONDS
    got = await hub.call(DE, "GET", f"/emla/1/mailbox/{item.item}")
    assert (got.media, got.body) == ("application/vnd.emla.channel+json", body)
    assert await hub.list_of(AT) == ()
    assert await hub.release(DE, Release(item=item.item)) == ("ok",)
    assert await hub.list_of(DE) == ()


async def test_a_newer_status_takes_the_place_of_the_one_before(hub: Hub) -> None:
    for ago in (9, 6, 3):
        await leave(hub, AT, DE.id, ago=ago)
    answer, newest = await leave(hub, AT, DE.id)
    assert answer.status == 204
    (item,) = await hub.list_of(DE)
    assert item.ref == hashlib.sha256(newest).digest()
    assert item.item == 4, "who has read the list up to the third sees it"
    assert select(hub.home.data, "SELECT count(*) FROM mailbox_item") == [(1,)]
    assert select(hub.home.data, "SELECT items, bytes FROM mailbox_use") == [(1, len(newest))]


async def test_those_of_other_pairs_stay(hub: Hub) -> None:
    for speaker, to in ((AT, DE), (HK, DE), (DE, AT), (AT, HK)):
        assert (await leave(hub, speaker, to.id))[0].status == 204
    assert [len(await hub.list_of(each)) for each in (AT, DE, HK)] == [1, 2, 1]


async def test_an_old_status_that_is_played_back_replaces_nothing_and_is_held_by_nobody(hub: Hub) -> None:
    _, old = await leave(hub, AT, DE.id, ago=60)
    _, newest = await leave(hub, AT, DE.id)
    assert (await hub.send("POST", "/emla/1/channel", old)).status == 204
    (item,) = await hub.list_of(DE)
    assert item.ref == hashlib.sha256(newest).digest()
    assert await hub.release(DE, Release(item=item.item)) == ("ok",)
    for body in (old, newest):
        assert (await hub.send("POST", "/emla/1/channel", body)).status == 204
    assert await hub.list_of(DE) == (), "what was let go does not come again either"
    for _ in range(2 * STATUSES_MAX):
        assert (await hub.send("POST", "/emla/1/channel", old)).status == 204
    assert (await leave(hub, AT, DE.id, number=2))[0].status == 204, (
        "nor does it use up anything of its speaker's"
    )
    assert len(await hub.list_of(DE)) == 1


async def test_a_status_that_was_replaced_while_it_was_collected_is_not_found(hub: Hub) -> None:
    await leave(hub, AT, DE.id, ago=1)
    (item,) = await hub.list_of(DE)
    await leave(hub, AT, DE.id)
    assert (await hub.call(DE, "GET", f"/emla/1/mailbox/{item.item}")).code == "not-found"
    assert await hub.release(DE, Release(item=item.item)) == ("not-found",)


@pytest.mark.parametrize(
    ("speaker", "signer", "to", "ago", "code"),
    [
        pytest.param(party("fr.doj"), None, DE.id, 0, "unknown-sender", id="by a stranger"),
        pytest.param(AT, HK.sign, DE.id, 0, "bad-signature", id="by another key"),
        pytest.param(AT, None, "fr.doj", 0, "unknown-recipient", id="for a stranger"),
        pytest.param(AT, None, AT.id, 0, "unknown-recipient", id="for its speaker"),
        pytest.param(AT, None, DE.id, SKEW_SECONDS + 5, "clock-skew", id="too old"),
    ],
)
async def test_what_is_not_by_a_member_for_a_member_leaves_nothing(
    hub: Hub, speaker: Party, signer: object, to: str, ago: int, code: str
) -> None:
    status = status_of(speaker, to, at=now_at(hub) - ago)
    body = signed(status, signer or speaker.sign)  # type: ignore[arg-type]  # a signing key
    assert (await hub.send("POST", "/emla/1/channel", body)).code == code
    assert hub.home.contents() == {}


async def test_a_member_that_floods_fills_no_mailbox_and_no_ones_else_time(hub: Hub) -> None:
    answers = [(await leave(hub, AT, DE.id, number=number))[0] for number in range(1, STATUSES_MAX + 4)]
    assert [each.status for each in answers] == [204] * STATUSES_MAX + [429] * 3
    assert answers[-1].code == "quota"
    assert len(await hub.list_of(DE)) == 1
    assert (await leave(hub, HK, DE.id))[0].status == 204, "another one is heard"


async def test_a_full_mailbox_refuses_a_status(tmp_path: Path) -> None:
    limits = HubSettings(mailbox_items_max=1, member_items_max=1)
    async with hub_at(tmp_path / "hub", HUB, AT, DE, HK, limits=limits) as hub:
        for to in (DE, HK):
            assert (await leave(hub, AT, to.id))[0].status == 204
        assert (await leave(hub, AT, DE.id, number=2))[0].code == "mailbox-full"


# --- the hub's own ---


async def test_a_status_for_the_hub_is_answered_with_what_it_has_seen(hub: Hub) -> None:
    await hub.put_package(PACKAGE)
    question = status_of(AT, HUB.id, at=now_at(hub))
    answer = await hub.send("POST", "/emla/1/channel", signed(question, AT.sign))
    assert (answer.status, answer.media) == (200, "application/vnd.emla.channel+json")
    envelope = dsse.decode(answer.body, PayloadType.CHANNEL, WIRE.channel_bytes)
    said = channel_form.decode(envelope.payload)
    assert dsse.verifies(envelope, HUB.sign.kid, HUB.sign.public)
    assert (said.sender, said.recipient, said.answers) == (HUB.id, AT.id, question.nonce)
    assert (said.sent, said.received, said.open) == ((), (), ())
    assert said.checkpoint == hub.home.store.read.newest_checkpoint()
    assert await hub.list_of(AT) == ()


async def released(hub: Hub, bundle: bytes) -> None:
    (item,) = await hub.list_of(DE)
    assert await hub.release(DE, Release(item=item.item, proof=bundle)) == ("ok",)


async def deposited(hub: Hub, bundle: bytes) -> None:
    path = f"/emla/1/acknowledgements/{acknowledgement_id_of(bundle).hex()}"
    assert (await hub.send("PUT", path, bundle)).status == 204


@pytest.mark.parametrize("show", [released, deposited], ids=["as a proof", "for its sender"])
async def test_what_a_member_signed_shows_the_hub_how_large_its_ledger_was(
    hub: Hub, show: Callable[[Hub, bytes], Awaitable[None]]
) -> None:
    """A member whose folder was lost since, and restored from a backup, finds out by this that it is behind."""
    await hub.put_package(PACKAGE)
    bundle = acceptance(DE, PACKAGE)
    await show(hub, bundle)
    question = status_of(DE, HUB.id, at=now_at(hub))
    answer = await hub.send("POST", "/emla/1/channel", signed(question, DE.sign))
    said = channel_form.decode(dsse.decode(answer.body, PayloadType.CHANNEL, WIRE.channel_bytes).payload)
    assert said.seen == (read_acknowledgement(bundle).bundle.checkpoint,)


# --- acknowledgements again ---


async def test_an_acknowledgement_that_was_let_go_is_held_again_only_when_it_is_asked_for(hub: Hub) -> None:
    stored = encode_bundle(issue(DE, PACKAGE, Event.RELAY_ACCEPTANCE))
    path = f"/emla/1/acknowledgements/{acknowledgement_id_of(stored).hex()}"
    assert (await hub.send("PUT", path, stored)).status == 204
    assert (await hub.send("PUT", f"{path}?again=1", stored)).status == 204
    (item,) = await hub.list_of(AT)
    assert await hub.release(AT, Release(item=item.item)) == ("ok",)
    assert (await hub.send("PUT", path, stored)).status == 204
    assert await hub.list_of(AT) == ()
    assert (await hub.send("PUT", f"{path}?again=1", stored)).status == 204
    (second,) = await hub.list_of(AT)
    assert (second.ref, second.item > item.item) == (item.ref, True)


# --- packages that come back ---


async def give_back(
    hub: Hub, package: Package, owner: str, *bundles: bytes, payload: bytes | None = None
) -> Answered:
    front = encode_front(package.signed, bundles or (acceptance(DE, package),))
    body = front + (package.payload if payload is None else payload)
    return await hub.send("PUT", f"/emla/1/returns/{package.pid.hex()}?to={owner}", body)


@pytest.mark.parametrize("package", [PACKAGE, LARGE], ids=["small", "large"])
@pytest.mark.parametrize("owner", [AT, DE], ids=["its sender", "its recipient"])
async def test_a_package_that_was_lost_is_held_for_whoever_lost_it(
    hub: Hub, package: Package, owner: Party
) -> None:
    assert (await give_back(hub, package, owner.id)).status == 204
    assert (await give_back(hub, package, owner.id)).status == 204
    (item,) = await hub.list_of(owner)
    assert (item.kind, item.ref) == (ItemKind.RETURN, package.pid)
    got = await hub.call(owner, "GET", f"/emla/1/mailbox/{item.item}")
    front = encode_front(package.signed, (acceptance(DE, package),))
    assert (got.media, got.body) == (RETURN, front + package.payload)
    assert await hub.release(owner, Release(item=item.item)) == ("ok",)
    assert hub.home.leftovers() == []
    # Who lost it twice gets it twice.
    assert (await give_back(hub, package, owner.id)).status == 204
    assert len(await hub.list_of(owner)) == 1


async def test_what_does_not_prove_itself_does_not_come_back(hub: Hub) -> None:
    accepted = acceptance(DE, PACKAGE)
    verdict = encode_bundle(issue(DE, PACKAGE, Event.CONTENT_CONSIGNMENT))
    codes = [
        (await give_back(hub, PACKAGE, HK.id)).code,
        (await give_back(hub, PACKAGE, "nobody")).code,
        (await give_back(hub, PACKAGE, DE.id, verdict)).code,
        (await give_back(hub, PACKAGE, DE.id, accepted, accepted)).code,
        (await give_back(hub, PACKAGE, DE.id, acceptance(HK, build(AT, HK)))).code,
        (await give_back(hub, PACKAGE, DE.id, payload=bytes(len(PACKAGE.payload)))).code,
        (await give_back(hub, PACKAGE, DE.id, payload=PACKAGE.payload[:-1])).code,
        (await give_back(hub, build(AT, party("fr.doj")), AT.id)).code,
    ]
    assert codes == [
        "not-recipient",
        "malformed",
        "acknowledgement-mismatch",
        "acknowledgement-mismatch",
        "acknowledgement-mismatch",
        "digest-mismatch",
        "malformed",
        "unknown-sender",
    ]
    assert hub.home.contents() == {}
    assert hub.home.leftovers() == []


async def test_whoever_plays_back_what_another_gave_uses_up_nothing_of_its_share(tmp_path: Path) -> None:
    """de.bfj has what at.moj signed for it, and leaves it in its own mailbox: at.moj can still give to hk.doj."""
    limits = HubSettings(member_items_max=1)
    async with hub_at(tmp_path / "hub", HUB, AT, DE, HK, limits=limits) as hub:
        assert (await give_back(hub, PACKAGE, DE.id)).status == 204
        for number in (2, 3):
            stored = encode_bundle(
                issue(AT, build(AT, DE, number=number), Event.RELAY_FAILURE, reason="expired")
            )
            path = f"/emla/1/acknowledgements/{acknowledgement_id_of(stored).hex()}?again=1"
            assert (await hub.send("PUT", path, stored)).status in (204, 503)
        assert len(await hub.list_of(DE)) >= 2
        assert (await hub.put_package(build(AT, HK))).status == 200


async def test_what_is_held_once_more_does_not_let_one_member_fill_a_mailbox(tmp_path: Path) -> None:
    """What is asked for once more is charged to the pair of them; both shares full at once leave half of the mailbox."""
    limits = HubSettings(mailbox_items_max=16, member_items_max=4)
    async with hub_at(tmp_path / "hub", HUB, AT, DE, HK, limits=limits) as hub:
        codes = set()
        for query in ("", "?again=1"):
            for number in range(1, 11):
                said = issue(HK, build(DE, HK, number=number + len(query) * 10), Event.CONTENT_CONSIGNMENT)
                path = f"/emla/1/acknowledgements/{acknowledgement_id_of(encode_bundle(said)).hex()}"
                answer = await hub.send("PUT", path + query, encode_bundle(said))
                codes.add("" if answer.status == 204 else answer.code)
        assert codes == {"", "mailbox-full"}
        assert len(await hub.list_of(DE)) == 8
        assert (await hub.put_package(PACKAGE)).status == 200
        assert (await hub.put_package(build(HK, AT))).status == 503, "its own share is full"


async def test_a_package_that_comes_back_takes_room_like_any_other(tmp_path: Path) -> None:
    limits = HubSettings(mailbox_items_max=1)
    async with hub_at(tmp_path / "hub", HUB, AT, DE, limits=limits) as hub:
        assert (await give_back(hub, PACKAGE, DE.id)).status == 204
        assert (await give_back(hub, LARGE, DE.id)).code == "mailbox-full"
