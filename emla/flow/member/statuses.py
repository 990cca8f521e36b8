"""statuses: a channel status out of our mailbox -> what a direct one brings about, and our own status as the answer.

Rules of this file:
- An answer is not answered: that would never end.
- Whoever speaks without end is heard a few times a minute. What is not heard stays in the mailbox, until a newer one takes its
  place there; so a peer that floods gets from us what a quiet one gets.
- The same status again is not answered again, whatever number a hub gives it.
"""

import asyncio
import hashlib
import logging
from collections.abc import Callable

from emla.flow.channel.exchange import Channels, Settle
from emla.flow.gateway import Gateway
from emla.flow.member.collect import Taken
from emla.flow.member.items import check_listed, read_whole
from emla.flow.pace import Pace
from emla.model.channel import ChannelStatus
from emla.model.errors import EmlaError, InvalidPackageError, TransportError
from emla.model.limits import WIRE
from emla.model.mailbox import Listing
from emla.ports.hub_line import ItemSource

logger = logging.getLogger("emla.channel")

HEARD_MAX = 6
"""Statuses of one peer that are heard within a minute. Honest ones are a minute apart, and there may be an answer to each."""
_USELESS = frozenset({"malformed", "not-recipient", "clock-skew"})
"""Refusals of what nothing will mend: it need not stay in the mailbox. A newer one comes within the hour."""


class TakeStatus:
    """Takes channel statuses out of a mailbox."""

    def __init__(
        self, gateway: Gateway, channels: Channels, settle: Settle, on_word: Callable[[str], None]
    ) -> None:
        """Args: the gateway, the exchange, what follows from a status, and whom to tell of a peer's word."""
        self._channels = channels
        self._settle = settle
        self._on_word = on_word
        self._pace = Pace(HEARD_MAX, gateway.clock.steady)
        self._last: dict[str, bytes] = {}
        """The nonce of each peer's status that was heard last."""
        self.settling = False
        """Before a start is over statuses are heard and answered, and nothing more follows from them."""
        self._following: set[asyncio.Task[None]] = set()

    async def __call__(self, item: Listing, source: ItemSource) -> Taken:
        """Take one.

        Raises:
            InvalidPackageError: it does not verify today; it stays where it is.
            TransportError: ``busy``: its speaker has said enough for this minute; it stays where it is.
        """
        signed = await read_whole(source, WIRE.channel_bytes)
        check_listed(item, hashlib.sha256(signed).digest())
        try:
            status, speaker = self._channels.verify(signed)
        except InvalidPackageError as error:
            if error.code not in _USELESS:
                raise
            return Taken(new=False)
        if status.nonce == self._last.get(speaker.id) or not self._channels.is_news(status):
            return Taken(
                new=False
            )  # whoever plays back what was said changes nothing, and uses up nobody's share
        if not self._pace.take(speaker.id):
            raise TransportError("busy", f"{speaker.id} was heard {HEARD_MAX} times within a minute.")
        self._last[speaker.id] = (
            status.nonce
        )  # before anything is awaited: the same one may be listed beside it
        try:
            await self._channels.hear(status, speaker, signed)
        except BaseException:  # also when a start ends while it is heard: it comes again
            self._last.pop(speaker.id, None)
            raise
        self._on_word(speaker.id)
        self._follow(status)
        return Taken(new=True)

    # --- what follows ---

    def _follow(self, status: ChannelStatus) -> None:
        """Answer and settle, while the mailbox goes on: a peer that is slow to be reached is nobody else's trouble."""
        task = asyncio.create_task(self._answer(status), name=f"heard-{status.sender}")
        self._following.add(task)
        task.add_done_callback(self._following.discard)

    async def _answer(self, status: ChannelStatus) -> None:
        peer = status.sender
        try:
            if status.answers is None:
                await self._channels.exchange(peer, settle=False, answers=status.nonce)
            if self.settling:
                await self._settle(peer, status)
        except EmlaError as error:
            # It is asked again within the hour, and within the minute by one whose ledger is closed.
            logger.info("status not answered", extra={"peer": peer, "code": error.code})

    async def done(self) -> None:
        """Wait until what follows from everything heard so far is done."""
        while self._following:
            await asyncio.gather(*self._following)
