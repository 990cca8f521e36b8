"""Channel statuses of the made-up authorities, signed."""

from collections.abc import Mapping

from emla.formats import channel as form
from emla.formats import dsse
from emla.model.channel import ChannelStatus
from emla.model.signed import PayloadType, Signer
from tests.support.authorities import NOW, Party


def status_of(speaker: Party, to: str, *, at: int = NOW, number: int = 1, **changes: object) -> ChannelStatus:
    """A status; `number` tells one of the same second from another."""
    members: Mapping[str, object] = {
        "sender": speaker.id,
        "recipient": to,
        "at": at,
        "nonce": number.to_bytes(16, "big"),
        "card_version": 1,
        "card_known": 1,
    } | changes
    return ChannelStatus(**members)  # type: ignore[arg-type]  # a test names what it changes


def signed(status: ChannelStatus, signer: Signer) -> bytes:
    """A status as it goes over the line."""
    return dsse.sign(PayloadType.CHANNEL, form.encode(status), signer)
