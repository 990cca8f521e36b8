"""What is done with a mailbox: its owner waits and lets go, quotas and time set bounds."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from emla.flow.channel.ledger_watch import BEHIND, RESTORED, LedgerWatch
from emla.flow.hub.mailbox import Waiting
from emla.formats import package_row
from emla.formats.acknowledgement import encode_bundle
from emla.ledger.leaf import LeafKind
from emla.model.acknowledgement import Event
from emla.model.errors import StoreError
from emla.model.mailbox import EXPIRY_GRACE_SECONDS, ItemState, Release
from emla.model.package import PartRole
from emla.model.settings import HubSettings
from tests.support.acknowledging import issue
from tests.support.authorities import PARTS, Package, Tampering, build, derived, party
from tests.support.away_store import AwayStore
from tests.support.gateways import SetForward, TurnedClock, acknowledgement_id_of, rows, select
from tests.support.hubs import Hub, acceptance, hub_at

AT, DE, HK, HUB = party("at.moj"), party("de.bfj"), party("hk.doj"), party("eu.hub")
PACKAGE = build(AT, DE)
LARGE = build(
    AT, DE, number=2, parts=(*PARTS, (PartRole.ANNEX, "application/pdf", "big.pdf", derived("big") * 12_000))
)


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[Hub]:
    async with hub_at(tmp_path / "hub", HUB, AT, DE, HK) as found:
        yield found


# --- release ---


@pytest.mark.parametrize("event", [Event.RELAY_ACCEPTANCE, Event.RELAY_REJECTION])
@pytest.mark.parametrize("package", [PACKAGE, LARGE], ids=["small", "large"])
async def test_the_owners_own_word_lets_a_package_go_and_the_proof_is_kept(
    hub: Hub, package: Package, event: Event
) -> None:
    await hub.put_package(package)
    (item,) = await hub.list_of(DE)
    proof = acceptance(DE, package, event)
    assert await hub.release(DE, Release(item=item.item, proof=proof)) == ("ok",)
    assert await hub.list_of(DE) == ()
    assert hub.home.leftovers() == []
    assert rows(hub.home.data)["payload"] == rows(hub.home.data)["mailbox_body"] == 0
    stored = hub.home.store.read.mailbox_item(item.item)
    assert stored is not None
    assert stored.state is ItemState.RELEASED
    assert stored.proof == acknowledgement_id_of(proof)
    leaf = select(hub.home.data, "SELECT kind FROM leaf WHERE ref = ?", acknowledgement_id_of(proof))
    assert leaf == [(LeafKind.ACKNOWLEDGEMENT_RECEIVED,)]
    assert (await hub.call(DE, "GET", f"/emla/1/mailbox/{item.item}")).status == 404


@pytest.mark.parametrize(
    ("event", "status"),
    [(Event.RELAY_ACCEPTANCE, 200), (Event.RELAY_REJECTION, 422)],
    ids=["taken", "refused"],
)
async def test_what_was_let_go_and_is_given_again_is_answered_with_its_recipients_word(
    hub: Hub, event: Event, status: int
) -> None:
    held = await hub.put_package(PACKAGE)
    assert (await hub.put_package(PACKAGE)).body == held.body
    (item,) = await hub.list_of(DE)
    proof = acceptance(DE, PACKAGE, event)
    await hub.release(DE, Release(item=item.item, proof=proof))
    again = await hub.put_package(PACKAGE)
    assert (again.status, again.media, again.body) == (status, held.media, proof)
    others = build(AT, DE, number=3)
    body = package_row.encode([(each.signed, each.payload) for each in (PACKAGE, others)])
    outcomes = package_row.decode_answer((await hub.send("POST", "/emla/1/packages", body)).body, 2)
    assert outcomes[0] == proof
    assert [each.ref for each in await hub.list_of(DE)] == [others.pid]


async def test_a_package_whose_release_was_refused_is_answered_as_before(hub: Hub) -> None:
    held = await hub.put_package(PACKAGE)
    (item,) = await hub.list_of(DE)
    for wrong in (
        acceptance(DE, build(AT, DE, number=3)),
        encode_bundle(issue(DE, PACKAGE, Event.CONTENT_CONSIGNMENT)),
    ):
        assert await hub.release(DE, Release(item=item.item, proof=wrong)) != ("ok",)
    assert (await hub.put_package(PACKAGE)).body == held.body


@pytest.mark.parametrize("code", [RESTORED, BEHIND])
async def test_while_the_ledger_is_closed_a_package_stays_and_keeps_nothing_else(hub: Hub, code: str) -> None:
    await hub.put_package(PACKAGE)
    await hub.put_documents(AT, DE.id)
    package, documents = await hub.list_of(DE)
    await LedgerWatch(hub.home.gateway).close(code)
    both = (Release(item=package.item, proof=acceptance(DE, PACKAGE)), Release(item=documents.item))
    assert await hub.release(DE, *both) == (code, "ok")
    assert await hub.list_of(DE) == (package,)
    assert hub.home.store.read.seen(DE.id) == []
    assert (await hub.call(DE, "GET", f"/emla/1/mailbox/{package.item}")).status == 200
    await hub.home.store.write(lambda transaction: transaction.open_ledger())
    assert await hub.release(DE, *both) == ("ok", "ok")


async def test_a_release_may_be_repeated_and_come_twice_at_once(hub: Hub) -> None:
    await hub.put_package(PACKAGE)
    (item,) = await hub.list_of(DE)
    release = Release(item=item.item, proof=acceptance(DE, PACKAGE))
    both = await asyncio.gather(hub.release(DE, release), hub.release(DE, release))
    assert list(both) == [("ok",), ("ok",)]
    assert await hub.release(DE, release) == ("ok",)
    assert rows(hub.home.data)["acknowledgement"] == 2  # the hub's own and the proof


async def test_a_release_that_names_something_else_than_the_item_lets_nothing_go(hub: Hub) -> None:
    """The numbers of a hub that was restored begin again; a release from before may still be on its way."""
    await hub.put_documents(AT, DE.id)
    (item,) = await hub.list_of(DE)
    assert await hub.release(DE, Release(item=item.item, ref=PACKAGE.pid)) == ("not-found",)
    assert await hub.list_of(DE) == (item,)
    for _ in range(2):
        assert await hub.release(DE, Release(item=item.item, ref=item.ref)) == ("ok",)
    assert await hub.list_of(DE) == ()


async def test_each_of_several_releases_has_its_own_outcome(hub: Hub) -> None:
    other = build(AT, DE, number=3)
    for package in (PACKAGE, other):
        await hub.put_package(package)
    one, two = await hub.list_of(DE)
    outcomes = await hub.release(
        DE,
        Release(item=one.item, proof=acceptance(DE, PACKAGE)),
        Release(item=two.item),
        Release(item=99),
    )
    assert outcomes == ("ok", "proof-missing", "not-found")
    assert [each.item for each in await hub.list_of(DE)] == [two.item]


async def test_a_payload_that_two_packages_share_goes_with_the_last_of_them(hub: Hub) -> None:
    """A package sealed anew for another key of the recipient carries the same payload."""
    again = build(AT, DE, number=2, parts=(*PARTS, (PartRole.ANNEX, "application/pdf", "big.pdf", derived("big") * 12_000)),
                  tampering=Tampering(header={"seq": 3, "msg": "AAAAAAAAAAAAAAAAAAAAAA"}))  # fmt: skip
    assert again.pid != LARGE.pid
    assert again.payload == LARGE.payload
    for package in (LARGE, again):
        assert (await hub.put_package(package)).status == 200
    one, two = await hub.list_of(DE)
    assert await hub.release(DE, Release(item=one.item, proof=acceptance(DE, LARGE))) == ("ok",)
    assert len(hub.home.leftovers()) == 1
    assert (await hub.call(DE, "GET", f"/emla/1/mailbox/{two.item}")).status == 200
    assert await hub.release(DE, Release(item=two.item, proof=acceptance(DE, again))) == ("ok",)
    assert hub.home.leftovers() == []


async def test_a_blob_that_is_arriving_again_is_not_removed_with_the_item_that_goes(hub: Hub) -> None:
    await hub.put_package(LARGE)
    (item,) = await hub.list_of(DE)
    with hub.deposits.arriving(LARGE.header.payload.sha256):
        assert await hub.release(DE, Release(item=item.item, proof=acceptance(DE, LARGE))) == ("ok",)
        assert len(hub.home.leftovers()) == 1


# --- waiting ---


async def test_a_call_that_waits_is_answered_by_the_deposit(hub: Hub) -> None:
    waiting = asyncio.create_task(hub.list_of(DE, wait=55))
    while not hub.waiting._waiting:
        await asyncio.sleep(0.01)
    await hub.put_package(PACKAGE)
    async with asyncio.timeout(20):
        assert [each.ref for each in await waiting] == [PACKAGE.pid]
    assert not hub.waiting._waiting


async def test_only_items_behind_the_place_asked_for_are_listed(hub: Hub) -> None:
    for number in range(3, 6):
        await hub.put_package(build(AT, DE, number=number))
    found = await hub.list_of(DE)
    assert [each.item for each in found] == sorted(each.item for each in found)
    assert await hub.list_of(DE, after=found[0].item) == found[1:]
    assert await hub.list_of(DE, after=found[-1].item) == ()


async def test_the_call_that_waits_longest_makes_room_for_another(hub: Hub) -> None:
    calls = [asyncio.create_task(hub.list_of(DE, wait=55)) for _ in range(5)]
    async with asyncio.timeout(20):
        done, left = await asyncio.wait(calls, return_when=asyncio.FIRST_COMPLETED)
        assert [each.result() for each in done] == [()]
        hub.api.stop()
        assert [await each for each in left] == [()] * 4
        assert await hub.list_of(DE, wait=55) == (), "a hub that stops lets nobody wait"


async def test_a_call_that_comes_as_the_time_of_the_longest_ends_waits_like_any_other() -> None:
    """The first future is cancelled by then, and its call has not been told."""
    waiting = Waiting()
    calls = [asyncio.create_task(waiting.wait(DE.id, 55)) for _ in range(4)]
    await asyncio.sleep(0)
    calls.append(asyncio.create_task(waiting.wait(DE.id, 55)))
    waiting._waiting[DE.id][0].cancel()
    await asyncio.wait(calls[:1])
    assert len(waiting._waiting[DE.id]) == 4
    waiting.tell(DE.id)
    assert await asyncio.gather(*calls[1:]) == [None] * 4
    assert not waiting._waiting


# --- quotas and space ---


async def test_a_full_mailbox_refuses_packages_and_takes_acknowledgements(tmp_path: Path) -> None:
    limits = HubSettings(mailbox_items_max=1)
    async with hub_at(tmp_path / "hub", HUB, AT, DE, HK, limits=limits) as hub:
        assert (await hub.put_package(PACKAGE)).status == 200
        refused = await hub.put_package(build(AT, DE, number=3))
        assert (refused.status, refused.code) == (503, "mailbox-full")
        assert "Retry-After" in refused.headers
        assert (await hub.put_package(build(AT, HK))).status == 200, "another mailbox has room"
        bundle = encode_bundle(issue(AT, build(AT, DE, number=4), Event.RELAY_FAILURE, reason="expired"))
        path = f"/emla/1/acknowledgements/{acknowledgement_id_of(bundle).hex()}"
        assert (await hub.send("PUT", path, bundle)).status == 204
        (package, _) = await hub.list_of(DE)
        await hub.release(DE, Release(item=package.item, proof=acceptance(DE, PACKAGE)))


async def test_bytes_are_counted_for_the_owner_and_from_the_depositor(tmp_path: Path) -> None:
    three, four = build(AT, DE, number=3), build(AT, DE, number=4)
    size = sum(4 + len(each.signed) + len(each.payload) for each in (three, four))
    for limits in (HubSettings(mailbox_bytes_max=size + 10), HubSettings(member_bytes_max=size + 10)):
        async with hub_at(tmp_path / f"hub{limits.mailbox_bytes_max}", HUB, AT, DE, limits=limits) as hub:
            for package in (three, four):
                assert (await hub.put_package(package)).status == 200
            assert (await hub.put_package(PACKAGE)).code == "mailbox-full"
            item, _ = await hub.list_of(DE)
            proof = acceptance(DE, three)
            assert await hub.release(DE, Release(item=item.item, proof=proof)) == ("ok",)
            assert (await hub.put_package(PACKAGE)).status == 200, "what is released makes room"


def test_no_one_member_fills_a_mailbox_as_a_hub_is_set_up() -> None:
    """What its owner cannot take, because it is sealed to a key that there never was, stays until it expires."""
    limits = HubSettings()
    assert limits.member_items_max * 4 <= limits.mailbox_items_max
    assert limits.member_bytes_max * 4 <= limits.mailbox_bytes_max


async def test_one_package_has_room_whatever_its_size(tmp_path: Path) -> None:
    limits = HubSettings(mailbox_bytes_max=1)
    async with hub_at(tmp_path / "hub", HUB, AT, DE, limits=limits) as hub:
        assert (await hub.put_package(LARGE)).status == 200
        assert (await hub.put_package(PACKAGE)).code == "mailbox-full"


# --- time ---


async def test_what_nobody_collects_is_held_a_week_past_its_expiry_and_then_recorded_as_gone(
    tmp_path: Path,
) -> None:
    clock = TurnedClock()
    async with hub_at(tmp_path / "hub", HUB, AT, DE, clock=clock) as hub:
        await hub.put_package(LARGE)
        (item,) = await hub.list_of(DE)
        clock.at = float(item.expires + EXPIRY_GRACE_SECONDS)
        await hub.sweep.round()
        assert await hub.list_of(DE) == (item,)
        clock.at += 1
        await hub.sweep.round()
        assert await hub.list_of(DE) == ()
        assert hub.home.leftovers() == []
        assert select(hub.home.data, "SELECT kind FROM event") == [("mailbox.expired",)]
        stored = hub.home.store.read.mailbox_item(item.item)
        assert stored is not None
        assert (stored.state, stored.ended_at) == (ItemState.EXPIRED, int(clock.at))


async def test_a_clock_that_is_set_forward_ends_nothing_that_a_hub_holds(tmp_path: Path) -> None:
    clock = SetForward()
    async with hub_at(tmp_path / "hub", HUB, AT, DE, clock=clock) as hub:
        await hub.put_package(LARGE)
        (item,) = await hub.list_of(DE)
        begun, over = clock.at, float(item.expires + EXPIRY_GRACE_SECONDS + 1)
        clock.at = over
        await hub.sweep.round()
        clock.at = begun
        assert await hub.list_of(DE) == (item,)
        clock.at, clock.passed = over, over - begun
        await hub.sweep.round()
        assert await hub.list_of(DE) == ()


async def test_a_sweep_waits_for_the_token_and_a_file_that_stays_is_only_left_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("emla.flow.hub.sweep._ROUND_SECONDS", 0.01)
    clock = TurnedClock()
    async with hub_at(tmp_path / "hub", HUB, AT, DE, clock=clock) as hub:
        for package in (LARGE, PACKAGE):
            await hub.put_package(package)
        items = await hub.list_of(DE)
        clock.at = float(max(each.expires for each in items) + EXPIRY_GRACE_SECONDS + 1)
        gateway = hub.home.gateway
        away = AwayStore(gateway.store, refusals=2)
        monkeypatch.setattr(gateway, "store", away)
        monkeypatch.setattr(gateway.blobs, "take_away", failing(StoreError("store-failed")))
        running = asyncio.create_task(hub.sweep.run())
        while not running.done() and await hub.list_of(DE):
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.02)
        assert not running.done()
        assert away.refusals == 0
        assert len(hub.home.leftovers()) == 1
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        monkeypatch.undo()


def failing(error: Exception) -> Callable[[bytes], Path | None]:
    def take_away(sha256: bytes) -> Path | None:
        raise error

    return take_away


@pytest.mark.parametrize("error", [StoreError("store-failed"), PermissionError(1, "Operation not permitted")])
async def test_a_release_stands_although_its_file_cannot_be_removed(
    hub: Hub, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    await hub.put_package(LARGE)
    (item,) = await hub.list_of(DE)
    monkeypatch.setattr(hub.home.gateway.blobs, "take_away", failing(error))
    assert await hub.release(DE, Release(item=item.item, proof=acceptance(DE, LARGE))) == ("ok",)
    assert await hub.list_of(DE) == ()


async def test_a_hub_that_is_opened_again_holds_what_it_held(tmp_path: Path) -> None:
    async with hub_at(tmp_path / "hub", HUB, AT, DE) as hub:
        first = await hub.put_package(LARGE)
        items = await hub.list_of(DE)
    async with hub_at(tmp_path / "hub", HUB, AT, DE) as hub:
        assert await hub.list_of(DE) == items
        assert (await hub.put_package(LARGE)).body == first.body
        assert (await hub.call(DE, "GET", f"/emla/1/mailbox/{items[0].item}")).status == 200
