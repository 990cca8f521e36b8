"""Which key signs, by the clock: what is signed bears an instant, and is believed only where the key's window covers it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from emla.flow.documents.own import SETTLING_SECONDS, next_turn
from emla.keyring.files import FileUse
from emla.model.documents import KeyUse
from emla.model.leg import LegState
from tests.support.key_house import House, key_house


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with key_house(tmp_path) as made:
        yield made


async def test_a_key_begins_to_sign_a_minute_after_its_window_did(house: House) -> None:
    """What is under way in that minute bears an instant before it, and would be believed by nobody."""
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
