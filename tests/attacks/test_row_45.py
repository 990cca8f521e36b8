"""Row 45. A directory or document conflicts with a bilateral pin.

Expected: channel held, alarm. What is merely pushed (anybody can push) is refused and stops nobody.
"""

import logging
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from emla.flow.documents.peers import ImportPeer, root_fingerprint
from emla.formats.export import encode_export
from emla.model.errors import InvalidDocumentError
from emla.model.leg import LegState
from tests.support.folders import make_folder
from tests.support.in_process import InlineOpener, Station
from tests.support.key_house import RECIPIENT, House, key_house


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with key_house(tmp_path) as made:
        yield made


@pytest.fixture
async def impostor(tmp_path: Path, house: House) -> AsyncIterator[Station]:
    """Somebody with a root of their own under the recipient's name."""
    folder = tmp_path / "elsewhere" / RECIPIENT
    folder.parent.mkdir()
    make_folder(folder, RECIPIENT)
    station = Station(folder, house.sender.station._line, house.clock, InlineOpener(folder))
    station.start()
    await station.own.start()
    yield station
    await station.close()


async def test_the_channel_is_held_until_people_have_compared_again(
    house: House, impostor: Station, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    pid = await house.hand_in()
    own = house.recipient.station.gateway.identity
    with monkeypatch.context() as patch, caplog.at_level(logging.WARNING):
        # Their gateway, behind the pinned TLS key, shows another root: it was taken over, or so was the ministry.
        patch.setattr(house.recipient.station.gateway, "identity", impostor.gateway.identity)
        with pytest.raises(InvalidDocumentError) as caught:
            await house.refresh()
    assert caught.value.code == "peer-conflict"
    assert [
        record.__dict__["code"] for record in caplog.records if record.message == "documents refused"
    ] == ["peer-conflict"]
    station = house.sender.station
    assert len(station.store.read.events("documents.refused", 10)) == 1
    assert await house.deliver() == ["peer-conflict"]
    assert house.recipient.station.accepted == []
    await station.restart()
    assert await house.deliver() == ["peer-conflict"]  # held across a restart
    assert station.gateway.directory.peers[RECIPIENT].authority.root_sha256 == own.authority.root_sha256
    exported = encode_export(own.authority.documents)
    await ImportPeer(station.gateway)(exported, root_fingerprint(own.authority))
    assert await house.deliver() == []
    assert house.state(pid) is LegState.ACCEPTED
    house.audits_are_whole()


async def test_what_is_pushed_by_anybody_is_refused_and_holds_nothing(
    house: House, impostor: Station
) -> None:
    pid = await house.hand_in()
    station = house.sender.station
    exported = encode_export(impostor.gateway.identity.authority.documents)
    with pytest.raises(InvalidDocumentError) as caught:
        await station.take(RECIPIENT, exported, fetched=False)
    assert caught.value.code == "peer-conflict"
    assert station.take.figures.refused == 1
    assert station.store.read.events("documents.refused", 10) == []
    assert await house.deliver() == []
    assert house.state(pid) is LegState.ACCEPTED
