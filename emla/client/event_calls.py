"""The calls of the authority API about what happened, and where it is posted: a part of `Client`."""

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Sequence

from emla.client.case_answers import read_as
from emla.client.event_answers import Events, EventView
from emla.client.webhook_calls import WebhookCalls

_WAIT_SECONDS = 60


class EventCalls(WebhookCalls, ABC):
    """How a client is told."""

    @abstractmethod
    async def _bytes(self, path: str, query: dict[str, str] | None, wait_seconds: float = 0) -> bytes:
        """The body of an answer."""

    async def events(
        self, *, after: str = "", types: Sequence[str] = (), limit: int = 100, wait_seconds: int = 0
    ) -> Events:
        """What happened behind a place, oldest first.

        Args:
            after: the `id` of an event, or the `next` of an answer; ``now``; empty for all there is.
            types: only these types, or families of them.
            limit: so many at most.
            wait_seconds: wait so long for the first one.

        Raises:
            NotFoundError: ``place-unknown``: the ledger was restored since.
        """
        query = {"limit": str(limit)} | ({"after": after} if after else {})
        query |= {"types": ",".join(types)} if types else {}
        query |= {"wait": str(wait_seconds)} if wait_seconds else {}
        return read_as(Events, await self._bytes("/v1/events", query, wait_seconds))

    async def follow(self, *, after: str = "now", types: Sequence[str] = ()) -> AsyncIterator[EventView]:
        """Everything that happens from a place on, without end.

        Whoever keeps the `id` of the last event taken, and begins behind it the next time, misses nothing.
        """
        place, wait = after, 0
        while True:
            found = await self.events(after=place, types=types, wait_seconds=wait)
            for each in found.items:
                yield each
            # The first answer says what "now" is, so that nothing falls between two calls.
            place = found.next or place
            wait = 0 if found.more else _WAIT_SECONDS
