"""verify_status: bytes -> a channel status whose speaker is pinned and signed it (docs/spec/channel.md, section 3).

The same ladder at a gateway and at a hub; only whom a status may be for differs, and is an argument.
"""

from collections.abc import Callable

from emla.formats import channel as form
from emla.formats import dsse
from emla.model.channel import ChannelStatus
from emla.model.documents import Authority, KeyUse
from emla.model.errors import InvalidPackageError, MalformedError
from emla.model.limits import WIRE
from emla.model.signed import PayloadType

SKEW_SECONDS = 86400
"""So far may the speaker's clock be from ours; and so long may a status lie in a mailbox and still be believed."""


def verify_status(
    signed: bytes,
    *,
    find_sender: Callable[[str], Authority | None],
    refuse_recipient: Callable[[str], str | None],
    now: int,
) -> tuple[ChannelStatus, Authority]:
    """Verify a channel status.

    Args:
        signed: the encoded signed object, as received.
        find_sender: the pinned authority of an id, or None.
        refuse_recipient: the code for which a status to an authority is refused here; None when it is not.
        now: our clock, UNIX seconds.

    Returns:
        The status, and who said it.

    Raises:
        InvalidPackageError: the code of the rung that failed.
    """
    # 3.1
    try:
        envelope = dsse.decode(signed, PayloadType.CHANNEL, WIRE.channel_bytes)
        status = form.decode(envelope.payload)
    except MalformedError as error:
        raise InvalidPackageError("malformed", error.detail) from error
    # 3.2
    sender = find_sender(status.sender)
    if sender is None:
        raise InvalidPackageError("unknown-sender", f"'{status.sender}' is not pinned here.")
    if sender.frozen:
        raise InvalidPackageError("frozen", f"{sender.id} is frozen.")
    # 3.3
    if len(envelope.signatures) != 1:
        raise InvalidPackageError("malformed", "A channel status has one signature.")
    kid = envelope.signatures[0].kid
    key = sender.key(kid, KeyUse.SIGN, status.at)
    if key is None or not dsse.verifies(envelope, kid, key.public):
        raise InvalidPackageError("bad-signature")
    # 3.4
    if code := refuse_recipient(status.recipient):
        raise InvalidPackageError(code, f"It is for '{status.recipient}'.")
    # 3.5
    if abs(status.at - now) > SKEW_SECONDS:
        raise InvalidPackageError("clock-skew", f"The peer's clock says {status.at}.")
    return status, sender
