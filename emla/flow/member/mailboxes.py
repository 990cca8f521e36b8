"""mailboxes: a mailbox at each hub that our card names, collected by `collect`; they follow our card, and who is pinned here."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Collection, Mapping

from emla.flow.gateway import Gateway
from emla.flow.member.collect import CollectFigures, Mailbox, Take, nobody
from emla.model.mailbox import ItemKind
from emla.ports.hub_line import HubLine

logger = logging.getLogger("emla.collect")

_LOOK_SECONDS = 60.0


class Collect:
    """A mailbox at each hub that our card names and that is pinned here; runs until cancelled."""

    def __init__(
        self,
        gateway: Gateway,
        line: HubLine,
        takers: Mapping[ItemKind, Take],
        on_reached: Callable[[str], None] = nobody,
    ) -> None:
        """Args: the gateway, the line to hubs, who takes what, and whom to tell when a hub answers again."""
        self._gateway = gateway
        self._on_reached = on_reached
        self._line = line
        self._takers = takers
        self._mailboxes: dict[str, Mailbox] = {}
        self._changed = asyncio.Event()
        self._missed: set[str] = set()
        self._ended = False
        self.figures = CollectFigures()

    def look(self) -> None:
        """Our card, or who is pinned here, has changed."""
        self._changed.set()
        for mailbox in self._mailboxes.values():
            mailbox.look_again()

    def look_again(self, numbers: Collection[int]) -> None:
        """Items with these numbers may be taken now."""
        for mailbox in self._mailboxes.values():
            mailbox.look_again(numbers)

    def end(self) -> None:
        """Take nothing more out of any mailbox, as `Mailbox.end`."""
        self._ended = True
        for mailbox in self._mailboxes.values():
            mailbox.end()

    def reached(self) -> dict[str, bool]:
        """For each hub of our card: whether it answered last time."""
        hubs = self._gateway.identity.authority.card.hubs
        return {each: bool(found and found.reached) for each in hubs for found in [self._mailboxes.get(each)]}

    async def run(self) -> None:
        """Collect until cancelled."""
        async with asyncio.TaskGroup() as group:
            while True:
                self._changed.clear()
                self._adjust(group)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_LOOK_SECONDS):
                        await self._changed.wait()

    def _adjust(self, group: asyncio.TaskGroup) -> None:
        if self._ended:
            return
        named = set(self._gateway.identity.authority.card.hubs)
        pinned = named & self._gateway.directory.peers.keys()
        for hub in sorted(named - pinned - self._missed):
            logger.warning("hub not pinned", extra={"peer": hub, "code": "hub-not-pinned"})
        self._missed = named - pinned
        for hub in sorted(self._mailboxes.keys() - pinned):
            self._mailboxes.pop(hub).end()
        for hub in sorted(pinned - self._mailboxes.keys()):
            mailbox = Mailbox(self._gateway, self._line, hub, self._takers, self.figures, self._on_reached)
            self._mailboxes[hub] = mailbox
            group.create_task(mailbox.run(), name=f"mailbox-{hub}")
