"""What is handed in for one peer in the same turn of the event loop travels in one call.

After a commit everything of its batch is ready in one turn. An exchange over HTTP costs more than most of what it carries, so
that company is worth a turn of waiting; nobody waits longer. Each item gets an answer of its own.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from emla.model.documents import Authority

Item = TypeVar("Item")
Answer = TypeVar("Answer")


class _Call(Generic[Item, Answer]):
    """One call in the making."""

    __slots__ = ("items", "sending", "size_bytes")

    def __init__(self) -> None:
        self.items: list[Item] = []
        self.size_bytes = 0
        self.sending: asyncio.Task[Sequence[Answer]]


class Together(Generic[Item, Answer]):
    """Gathers items for each peer; `send` carries 1 to `count_max` of them and returns as many answers."""

    def __init__(
        self,
        send: Callable[[Authority, list[Item]], Awaitable[Sequence[Answer]]],
        *,
        count_max: int,
        size_bytes_max: int,
    ) -> None:
        self._send = send
        self._count_max = count_max
        self._size_bytes_max = size_bytes_max
        self._open: dict[str, _Call[Item, Answer]] = {}

    async def __call__(self, peer: Authority, item: Item, size_bytes: int) -> Answer:
        """Send one item with whatever else goes to this peer in this turn; return its own answer."""
        call = self._open.get(peer.id)
        if (
            call is None
            or len(call.items) == self._count_max
            or call.size_bytes + size_bytes > self._size_bytes_max
        ):
            call = _Call()
            call.sending = asyncio.create_task(self._run(peer, call))
            self._open[peer.id] = call
        place = len(call.items)
        call.items.append(item)
        call.size_bytes += size_bytes
        # Shielded: one caller who gives up must not end the call of all the others.
        answers = await asyncio.shield(call.sending)
        return answers[place]

    async def _run(self, peer: Authority, call: _Call[Item, Answer]) -> Sequence[Answer]:
        await asyncio.sleep(0)  # whoever is ready in this turn comes along
        if self._open.get(peer.id) is call:
            del self._open[peer.id]
        return await self._send(peer, call.items)
