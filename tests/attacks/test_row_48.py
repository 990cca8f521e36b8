"""Row 48. Package sealed to a key rotated yesterday, and to one destroyed.

Expected: accepted in overlap; `unknown-kid` at rung 8.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from emla.keyring.files import FileUse
from emla.model.documents import KeyUse
from emla.model.leg import LegState
from tests.support.key_house import DAY, House, key_house


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with key_house(tmp_path) as made:
        yield made


async def test_a_key_rotated_yesterday_is_accepted_and_one_that_was_destroyed_is_not(house: House) -> None:
    recipient = house.recipient
    old = await recipient.add_key(FileUse.SEAL, days=1)
    await house.refresh()
    yesterday = await house.hand_in()
    late = await house.hand_in()
    house.clock.moved_by += 1.5 * DAY
    assert recipient.newest(KeyUse.SEAL) != old.kid
    # One of the two leaves now: its key ended half a day ago, and the package is opened.
    (first, second) = house.sender.station.store.read.ready_packages(recipient.authority.id)
    assert (first.ref, second.ref) == (yesterday, late)
    assert await house.sender.station._deliver(first) is None
    await house.settle()
    assert house.state(yesterday) is LegState.CONSIGNED
    # The other one is held back by a hostile line until the key is gone, long after its own expiry.
    row = house.sender.station.store.read.sent(late)
    assert row is not None
    payload = house.sender.station.gateway.payload(row.payload_sha256)
    house.clock.moved_by += 92 * DAY
    await house.hear()
    await recipient.station.upkeep.destroy()
    assert old.kid not in recipient.station.opener.sealing_kids()
    leaves = recipient.station.store.real.ledger_size
    answer = await house.sender.station._line.send_package(
        recipient.authority, late, row.signed, payload, row.payload_size
    )
    # Rung 9 comes first on the wire: an expired package gets its signed rejection; nothing of it is kept.
    assert isinstance(answer, bytes)
    assert recipient.station.accepted == [yesterday]
    assert recipient.station.store.real.ledger_size == leaves + 1


async def test_a_key_that_is_not_live_is_refused_at_rung_8_without_state(house: House) -> None:
    recipient = house.recipient
    pid = await house.hand_in()
    old = recipient.newest(KeyUse.SEAL)
    await recipient.add_key(FileUse.SEAL)
    await recipient.revoke(old)  # gone at once, which the sender does not know yet
    leaves = recipient.station.store.real.ledger_size
    assert await house.deliver() == ["unknown-kid"]
    assert recipient.station.accepted == []
    assert recipient.station.store.real.ledger_size == leaves
    assert house.state(pid) is LegState.READY
