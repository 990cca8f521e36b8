"""Which key signs, by the clock: what is signed bears an instant, and is believed only where the key's window covers it.

And which one is destroyed: that cannot be taken back, so no clock that is wrong may bring it about.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from emla.flow.documents.own import SETTLING_SECONDS, next_turn
from emla.keyring.files import FileUse
from emla.model.documents import KeyUse
from emla.model.leg import LegState
from tests.support.key_house import DAY, House, key_house


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with key_house(tmp_path) as made:
        yield made


async def test_a_key_begins_to_sign_a_minute_after_its_window_did(house: House) -> None:
    """What is under way in that minute bears an instant before it, and would be believed by nobody."""
    house.clock.stand()
    ministry = house.sender
    former, begins = ministry.newest(KeyUse.SIGN), ministry.now + 600
    made = await ministry.add_key(FileUse.SIGN, begins=begins)
    own, gateway = ministry.station.own, ministry.station.gateway
    seen = []
    for instant in (begins - 1, begins, begins + SETTLING_SECONDS - 1, begins + SETTLING_SECONDS):
        house.clock.moved_by += instant - ministry.now
        own.turn()
        seen.append(gateway.identity.signer.kid)
    assert seen == [former, former, former, made.kid]
    assert next_turn(ministry.authority, begins) == begins + SETTLING_SECONDS


@pytest.mark.parametrize("use", [FileUse.SIGN, FileUse.LEDGER])
async def test_after_the_clock_was_set_back_an_earlier_key_signs_again(house: House, use: FileUse) -> None:
    """A new key was in force; then the clock was found to be fast. Whatever is signed now bears an instant before its window."""
    house.clock.moved_by += 1000
    for ministry in (house.sender, house.recipient):
        await ministry.add_key(use)
    await house.refresh()
    assert await house.recipient.station.refresh.fetch(house.sender.authority.id)
    house.clock.moved_by -= 400
    pid = await house.hand_in()
    assert await house.deliver() == []
    await house.settle()
    assert house.state(pid) is LegState.CONSIGNED


# --- the end of sealing keys ---


def sealing_keys(house: House) -> set[str]:
    """The ids of those whose private half the recipient has."""
    return {
        path.stem.removeprefix("seal-") for path in (house.recipient.station.data / "keys").glob("seal-*")
    }


async def test_a_clock_that_is_set_forward_for_a_minute_costs_no_key_and_no_package(house: House) -> None:
    pid = await house.hand_in()
    keys = sealing_keys(house)
    house.clock.ahead = 3 * 365 * DAY
    await house.recipient.station.upkeep.round()
    house.clock.ahead = 0.0
    assert sealing_keys(house) == keys
    assert await house.deliver() == []
    await house.recipient.station.upkeep.round()
    await house.settle()
    assert house.state(pid) is LegState.CONSIGNED


async def test_clocks_of_both_sides_that_are_set_forward_destroy_no_key(house: House) -> None:
    """One time source misled them both. The seconds that passed since the start know better."""
    short = await house.recipient.add_key(FileUse.SEAL, days=2)
    house.clock.ahead = 93 * DAY
    await house.hear()
    await house.recipient.station.upkeep.destroy()
    assert short.kid in sealing_keys(house)


async def test_a_start_under_a_wrong_clock_destroys_no_key_until_a_peer_says_the_same(house: House) -> None:
    station = house.recipient.station
    short = await house.recipient.add_key(FileUse.SEAL, days=2)
    house.clock.moved_by += 93 * DAY
    await station.upkeep.destroy()
    assert short.kid in sealing_keys(house)
    await house.hear()
    await station.upkeep.destroy()
    assert short.kid not in sealing_keys(house)


async def test_without_a_peer_no_key_is_destroyed(house: House) -> None:
    short = await house.recipient.add_key(FileUse.SEAL, days=2)
    house.clock.moved_by += 93 * DAY
    house.recipient.station.gateway.directory.peers.clear()
    await house.recipient.station.upkeep.destroy()
    assert short.kid in sealing_keys(house)


async def test_no_key_is_destroyed_while_no_other_is_in_force(house: House) -> None:
    ministry = house.recipient
    first = ministry.newest(KeyUse.SEAL)
    short = await ministry.add_key(FileUse.SEAL, days=2)
    await ministry.revoke(first)
    house.clock.moved_by += 93 * DAY
    await house.hear()
    await ministry.station.upkeep.destroy()
    assert sealing_keys(house) == {first, short.kid}
    next_one = await ministry.add_key(FileUse.SEAL)
    house.clock.moved_by += DAY
    await house.sender.station.upkeep.sign_status()
    await house.hear()
    await ministry.station.upkeep.destroy()
    assert sealing_keys(house) == {first, next_one.kid}


async def test_what_was_destroyed_is_not_ours_any_more_whatever_the_clock_says_then(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    station = house.recipient.station
    short = await house.recipient.add_key(FileUse.SEAL, days=2)
    house.clock.moved_by += 93 * DAY
    await house.hear()
    remove = station.keys.destroy

    def set_back(use: KeyUse, kid: str) -> bool:
        house.clock.ahead = -92.5 * DAY
        return remove(use, kid)

    monkeypatch.setattr(station.keys, "destroy", set_back)
    await station.upkeep.destroy()
    assert short.kid not in sealing_keys(house)
    assert short.kid not in station.gateway.identity.addressee(station.gateway.now()).sealing_kids
