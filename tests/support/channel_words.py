"""What two gateways of `tests.support.restored` say to each other about their channels, true or not."""

from dataclasses import replace

from emla.flow.channel.own_status import Compose
from emla.formats import channel as form
from emla.model.channel import ChannelStatus
from emla.model.signed import PayloadType
from tests.support.in_process import BytesSource, Station
from tests.support.key_house import RECIPIENT, SENDER
from tests.support.restored import Exchange


async def said(station: Station, peer: str) -> ChannelStatus:
    """What a station would say now."""
    authority = station.gateway.directory.find(peer)
    assert authority is not None
    return await Compose(station.gateway, authority, station.channels._last(peer))(None)


async def signed(station: Station, status: ChannelStatus) -> bytes:
    return await station.gateway.sign(PayloadType.CHANNEL, form.encode(status))


async def heard(both: Exchange, **changes: object) -> ChannelStatus:
    """The victim tells the peer something, true or not, and the peer does what follows."""
    both.house.clock.moved_by += 2
    status = replace(await said(both.victim, SENDER), **changes)  # type: ignore[arg-type]  # a test names what it changes
    taken, _ = await both.peer.channels.answer(await signed(both.victim, status))
    await both.peer.settle(RECIPIENT, taken)
    return taken


async def accepted(both: Exchange, pid: bytes) -> bytes:
    """A package of the peer's arrives, and the answer gets lost; the acknowledgement."""
    row = both.peer.store.read.sent(pid)
    assert row is not None
    payload = both.peer.gateway.payload(row.payload_sha256)
    assert isinstance(payload, bytes)
    return (await both.victim.accept(pid, row.signed, BytesSource(payload))).bundle
