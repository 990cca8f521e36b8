"""What is sealed to a key that is gone gets another header, however it came about that K5 did not see it when the news came."""

import asyncio
import logging
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import closing, suppress
from pathlib import Path

import pytest

from emla.bootstrap.own import DATABASE
from emla.flow.documents.peers import ImportPeer, root_fingerprint
from emla.flow.line.hold import BY_HAND, hold_leg, release_leg
from emla.flow.line.relay import Relay
from emla.formats.export import encode_export
from emla.keyring.files import FileUse
from emla.model.documents import KeyUse
from emla.model.leg import Leg, LegKind, LegState
from emla.model.limits import WIRE
from emla.steps.next_card import CardPlan, next_card
from tests.support.ceremony import listed, new_key
from tests.support.gateways import until
from tests.support.key_house import DAY, RECIPIENT, SENDER, House, key_house


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with key_house(tmp_path) as made:
        yield made


def leg_of(house: House, pid: bytes) -> Leg:
    leg = house.sender.station.store.read.leg_of(LegKind.PACKAGE, pid)
    assert leg is not None
    return leg


async def another_key(house: House) -> None:
    """The recipient has another sealing key, and revokes the one that packages were sealed to."""
    old = house.recipient.newest(KeyUse.SEAL)
    await house.recipient.add_key(FileUse.SEAL)
    await house.recipient.revoke(old)


async def arrives_sealed_anew(house: House, pid: bytes) -> None:
    """A package that was replaced is delivered, once."""
    assert house.state(pid) is LegState.REPLACED
    assert await house.deliver() == []
    await house.settle()
    newer = house.sender.station.store.read.replacement(pid)
    assert newer is not None
    assert house.state(newer) is LegState.CONSIGNED
    assert house.recipient.station.accepted == [newer]
    house.audits_are_whole()


# --- what K5 does not see when the documents come ---


async def test_what_was_being_sealed_when_the_revocation_came_is_sealed_anew(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    station = house.sender.station
    await another_key(house)
    keep: Callable[..., Awaitable[object]] = station.submit._keep  # O2

    async def overtaken(*given: object) -> object:
        assert await house.refresh()
        return await keep(*given)

    monkeypatch.setattr(station.submit, "_keep", overtaken)
    pid = await house.hand_in()
    assert house.state(pid) is LegState.READY
    assert await house.deliver() == ["unknown-kid"]
    await station.reseal.round()
    await arrives_sealed_anew(house, pid)


async def test_what_was_put_aside_when_the_revocation_came_is_sealed_anew_once_it_is_released(
    house: House,
) -> None:
    station = house.sender.station
    pid = await house.hand_in()
    assert await hold_leg(station.gateway, leg_of(house, pid), BY_HAND, "a test")
    await another_key(house)
    await house.refresh()
    await station.reseal.round()
    assert house.state(pid) is LegState.HELD
    assert await release_leg(station.gateway, leg_of(house, pid))
    assert await house.deliver() == ["unknown-kid"]
    await station.reseal.round()
    await arrives_sealed_anew(house, pid)


async def test_what_waits_when_a_person_imports_the_revocation_is_sealed_anew(house: House) -> None:
    station, ministry = house.sender.station, house.recipient
    pid = await house.hand_in()
    await another_key(house)
    exported = encode_export(ministry.authority.documents)
    assert (await ImportPeer(station.gateway)(exported, root_fingerprint(ministry.authority)))[1]
    assert await house.deliver() == ["unknown-kid"]
    await station.reseal.round()
    await arrives_sealed_anew(house, pid)


async def test_what_seemed_too_late_by_a_clock_that_was_ahead_is_sealed_anew_when_it_is_set_right(
    house: House,
) -> None:
    station = house.sender.station
    pid = await house.hand_in()
    expires = leg_of(house, pid).expires
    assert expires is not None
    await another_key(house)
    house.clock.ahead = expires - station.gateway.now() - WIRE.expiry_seconds_min / 2
    await house.refresh()
    await station.reseal.round()
    assert house.state(pid) is LegState.READY
    house.clock.ahead = 0.0
    await station.reseal.round()
    await arrives_sealed_anew(house, pid)


async def test_what_a_key_of_ours_signed_that_we_revoked_is_signed_anew_by_the_next_one(house: House) -> None:
    station, ministry = house.sender.station, house.sender
    pid = await house.hand_in()
    await ministry.revoke(ministry.newest(KeyUse.SIGN))
    await station.reseal.round()
    assert house.state(pid) is LegState.READY  # no key is there to sign with
    await ministry.add_key(FileUse.SIGN)
    await house.recipient.station.refresh.fetch(SENDER)
    assert await house.deliver() == ["revoked-key"]
    await station.reseal.round()
    await arrives_sealed_anew(house, pid)


async def test_what_arrived_before_its_key_was_revoked_is_not_delivered_twice(house: House) -> None:
    station, ministry = house.sender.station, house.sender
    pid = await house.hand_in()
    row = station.store.read.sent(pid)
    assert row is not None
    payload = station.gateway.payload(row.payload_sha256)
    recipient = house.recipient.authority
    await station._line.send_package(
        recipient, pid, row.signed, payload, row.payload_size
    )  # the answer is lost
    await ministry.revoke(ministry.newest(KeyUse.SIGN))
    await ministry.add_key(FileUse.SIGN)
    await house.recipient.station.refresh.fetch(SENDER)
    await station.reseal.round()
    assert house.state(pid) is LegState.REPLACED
    assert await house.deliver() == []  # the new one is refused, for its payload is there
    assert house.state(pid) is LegState.READY  # and the old one asks for its answer again
    assert await house.deliver() == []
    await house.settle()
    assert house.recipient.station.accepted == [pid]
    assert house.state(pid) is LegState.CONSIGNED
    house.audits_are_whole()


async def test_one_record_that_the_disk_has_damaged_keeps_back_no_other_package(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    station = house.sender.station
    rotten, sound = await house.hand_in(), await house.hand_in()
    await station.close()
    with closing(sqlite3.connect(station.data / DATABASE)) as database, database:
        (record,) = database.execute("SELECT record FROM sent WHERE pid = ?", (rotten,)).fetchone()
        bad = record[:40] + bytes([record[40] ^ 1]) + record[41:]
        database.execute("UPDATE sent SET record = ? WHERE pid = ?", (bad, rotten))
    station.start()
    await another_key(house)
    with caplog.at_level(logging.ERROR, "emla.reseal"):
        assert await house.refresh()
    said = [each for each in caplog.records if each.getMessage() == "record unreadable"]
    assert [vars(each)["pid"] for each in said] == [rotten.hex()]
    assert (house.state(rotten), house.state(sound)) == (LegState.READY, LegState.REPLACED)
    # As at each start: it goes on, and the damaged one waits.
    assert await station.reseal(RECIPIENT) == 0
    assert await house.deliver() == ["unknown-kid"]
    newer = station.store.read.replacement(sound)
    assert house.recipient.station.accepted == [newer]


async def test_what_is_sealed_anew_is_not_looked_for_each_minute_ever_after(house: House) -> None:
    station = house.sender.station
    pid = await house.hand_in()
    await another_key(house)
    await house.refresh()
    station.reseal.put_off(RECIPIENT)
    await station.reseal.round()
    assert station.reseal._put_off == set()
    await arrives_sealed_anew(house, pid)


# --- a key that the recipient lost, and did not revoke ---


async def key_to_lose(house: House) -> str:
    """The recipient's newest sealing key, which the sender has heard of; an older one is in force beside it."""
    await house.recipient.add_key(FileUse.SEAL)
    assert await house.refresh()
    return house.recipient.newest(KeyUse.SEAL)


async def without_key(house: House, kid: str) -> None:
    """The recipient starts without the private half of a key, as after a restore from before it was made."""
    keys = house.recipient.station.data / "keys"
    (path,) = keys.glob(f"seal-*{kid}*")
    path.rename(keys.parent / path.name)
    await started(house)


async def with_key(house: House, kid: str) -> None:
    """Somebody found it."""
    (path,) = house.recipient.station.data.glob(f"seal-*{kid}*")
    path.rename(path.parent / "keys" / path.name)
    await started(house)


async def started(house: House) -> None:
    await house.recipient.station.restart()
    house.recipient.station.opener.read_keys()


async def ended(house: House, kid: str) -> None:
    """The recipient's next card ends a key and lists another, and the sender hears of it."""
    ministry = house.recipient
    now, key = ministry.now, new_key(ministry.station.data, FileUse.SEAL, ministry.now)
    plan = CardPlan(add=(listed(key, now - 30, 300),), ends={kid: now})
    await ministry.publish_card(next_card(ministry.authority, plan, now=now, life_seconds=DAY))
    ministry.station.opener.read_keys()
    assert await house.refresh()


async def refused(house: House, pid: bytes) -> None:
    """The relay tries, and notes that the recipient does not know the key."""
    station = house.sender.station
    relay = asyncio.create_task(Relay(station.gateway, station._deliver).run())
    await until(lambda: leg_of(house, pid).last_code == "unknown-kid")
    relay.cancel()
    with suppress(asyncio.CancelledError):
        await relay


async def brought(house: House, pid: bytes) -> object:
    """A package reaches the recipient beside the relay: its answer is lost, or a hub hands out what it has from before."""
    station = house.sender.station
    row = station.store.read.sent(pid)
    assert row is not None
    payload = station.gateway.payload(row.payload_sha256)
    ours = house.recipient.authority
    return await station._line.send_package(ours, pid, row.signed, payload, row.payload_size)


async def test_what_a_lost_key_was_to_open_is_sealed_anew_when_the_next_card_is_out(house: House) -> None:
    station, lost = house.sender.station, await key_to_lose(house)
    pid = await house.hand_in()
    await without_key(house, lost)
    await refused(house, pid)
    await station.reseal.round()
    assert house.state(pid) is LegState.READY, "its card still names the key: it may be found"
    assert station.reseal._put_off == set(), "nothing can be done for it before there is news"
    await ended(house, lost)
    await arrives_sealed_anew(house, pid)


async def test_what_is_refused_after_the_next_card_came_is_sealed_anew_within_a_minute(house: House) -> None:
    """The last that was known of it at K4 was that the peer could not be reached."""
    station, lost = house.sender.station, await key_to_lose(house)
    pid = await house.hand_in()
    await without_key(house, lost)
    await ended(house, lost)
    await refused(house, pid)
    await station.reseal.round()
    await arrives_sealed_anew(house, pid)


async def test_what_a_key_that_a_card_ends_is_to_open_arrives_as_it_is_while_nobody_refuses_it(
    house: House,
) -> None:
    await another_key(house)  # that some other key was revoked says nothing about this one
    assert await house.refresh()
    old = house.recipient.newest(KeyUse.SEAL)
    pid = await house.hand_in()
    await ended(house, old)
    assert await house.sender.station.reseal(RECIPIENT) == 0
    assert await house.deliver() == []
    await house.settle()
    assert house.state(pid) is LegState.CONSIGNED


async def test_a_key_that_was_found_for_a_while_costs_no_second_delivery(house: House) -> None:
    """It was refused, then accepted with the answer lost; then the next card ended its key."""
    lost = await key_to_lose(house)
    pid = await house.hand_in()
    await without_key(house, lost)
    await refused(house, pid)
    await with_key(house, lost)
    await brought(house, pid)
    await ended(house, lost)
    newer = house.sender.station.store.read.replacement(pid)
    assert newer is not None
    assert await house.deliver() == []
    assert house.state(newer) is LegState.REJECTED  # already-held
    assert house.state(pid) is LegState.READY
    assert await house.deliver() == []
    await house.settle()
    assert house.state(pid) is LegState.CONSIGNED
    assert house.recipient.station.accepted == [pid]
    house.audits_are_whole()


async def test_a_replaced_package_that_comes_late_to_a_key_that_was_found_is_not_delivered(
    house: House,
) -> None:
    lost = await key_to_lose(house)
    pid = await house.hand_in()
    await without_key(house, lost)
    await refused(house, pid)
    await ended(house, lost)
    await arrives_sealed_anew(house, pid)
    await with_key(house, lost)
    assert isinstance(await brought(house, pid), bytes)  # a signed answer, and no acceptance:
    assert house.recipient.station.store.read.received(pid) is None
    assert len(house.recipient.station.accepted) == 1
    house.audits_are_whole()
