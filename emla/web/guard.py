"""The guard: what a call may cost before anything of it is read, and who pays for calls that come to nothing.

Rules of this file:
- Every refusal of a call comes from in here or from behind it, or ends the connection: what is refused in front of it is free.
- Honest traffic is never counted. What is counted is what was refused or never completed: against the address when nobody pinned
  here signed it, against the peer when one did.
- `busy` and `quota` are answered before the body is read, and after a pause: whoever calls at once again gets little done.
- An address from which a pinned peer has spoken today is slowed down by its unsigned calls, not refused: a stranger behind the
  same address must not cut the peer off.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from aiohttp import web

from emla.flow.reservations import CALLER
from emla.model.errors import EmlaError, TransportError
from emla.model.limits import WIRE
from emla.web.budget import Budget
from emla.web.connections import KNOWN_SECONDS, Connections, Place
from emla.web.watched import Watched

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_WRITES_WAITING_MAX = 4096
"""About a second of batches: who comes after that is told to come again, before anything of theirs is read."""
_SLOWED_SECONDS = 1.0
_FREE = frozenset({"busy", "quota", "processing", "stopping", "disk-full", "store-failed", "internal"})
"""Refusals that say something about us."""
_PLACE: ContextVar[Place | None] = ContextVar("place", default=None)
"""The connection that the call under way came through."""


class Guard:
    """Stands between a listener for peers and its handlers."""

    def __init__(
        self, connections: Connections, waiting: Callable[[], int], waiting_max: int = _WRITES_WAITING_MAX
    ) -> None:
        """Args: the table of connections; how many writes wait for the disk, and how many may."""
        limits = connections.limits
        self.connections = connections
        self.refused_of_peers: Counter[str] = Counter()
        """How often a peer was answered `quota` for what had been refused before, for metrics."""
        self.busy: Counter[str] = Counter()
        """Calls answered `busy`, by what was full, for metrics."""
        self._waiting = waiting
        self._waiting_max = waiting_max
        self._memory_max = limits.body_memory_bytes
        self._memory = 0
        self._memory_of_strangers = 0
        self._unsigned = Budget(limits.unsigned_per_minute)
        self._refused = Budget(limits.refused_per_minute)

    def contact(self, peer: str) -> None:
        """Something signed by a pinned peer came in with the call under way."""
        place = _PLACE.get()
        if place is not None and place.peer != peer:
            self.connections.mark(place, peer, _now())

    def count(self, code: str) -> None:
        """A call, or one of the things in it, was refused with a code: somebody pays for it."""
        place = _PLACE.get()
        if place is None or code in _FREE:
            return
        if place.peer is None:
            self._unsigned.spend(place.address, _now())
        else:
            self._refused.spend(_payer(place), _now())

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Let a call pass, or answer it before it is read."""  # aiohttp names the arguments
        watched = request.protocol
        if not isinstance(watched, Watched):
            return await handler(request)
        place = watched.place
        _PLACE.set(place)
        CALLER.set(place.address)
        headers = request.headers
        if "Transfer-Encoding" in headers or "Upgrade" in headers:
            # Neither is part of the protocol, and both have been ways around the limits of a body.
            self.count("bad-request")
            watched.close_now()
            raise EmlaError("bad-request", "A call names its length and stays HTTP/1.1.")
        try:
            await self._admit(place)
            if "Content-Encoding" in headers:
                raise EmlaError("unsupported-encoding")
            with self._room(place, request.content_length or 0):
                response = await handler(request)
        except TransportError as error:
            if error.code == "timeout":
                self.count(error.code)
            raise
        except EmlaError as error:
            self.count(error.code)
            raise
        except web.HTTPException:
            self.count("bad-request")
            raise
        if response.status == 422:  # a signed refusal: an answer, and yet a call that came to nothing
            self.count("refused")
        if place.last:
            response.force_close()
        return response

    async def _admit(self, place: Place) -> None:
        now = _now()
        if place.peer is not None:
            if self._refused.left(_payer(place), now) < 1.0:
                self.refused_of_peers[place.peer] += 1
                await self._slow_down(place, "quota")
                raise TransportError("quota", f"{place.peer} had too much refused.")
        elif self._unsigned.left(place.address, now) < 1.0:
            await self._slow_down(place, "unsigned")
            if not self.connections.knows(place.address, now, KNOWN_SECONDS):
                raise self._full("unsigned")
        if self._waiting() >= self._waiting_max:
            raise self._full("writer")

    async def _slow_down(self, place: Place, reason: str) -> None:
        self.connections.turn_away(place.address, reason)
        await asyncio.sleep(_SLOWED_SECONDS)

    def _full(self, what: str) -> TransportError:
        self.busy[what] += 1
        return TransportError("busy", what)

    def _memory_for_strangers(self, place: Place) -> int:
        """Half; and half of the rest where a pinned peer has spoken from.

        A peer's first call on a connection comes before its signature was seen: whoever fills the strangers' half from
        elsewhere with bodies that crawl must not keep it out.
        """
        known = self.connections.knows(place.address, _now(), KNOWN_SECONDS)
        return self._memory_max * 3 // 4 if known else self._memory_max // 2

    @contextmanager
    def _room(self, place: Place, length: int) -> Iterator[None]:
        """Hold memory for a body while it is worked on; a longer one is streamed, and holds as much as a call's small ones."""
        size = min(length, WIRE.packages_bytes)
        stranger = place.peer is None
        held, most = (
            (self._memory_of_strangers, self._memory_for_strangers(place))
            if stranger
            else (self._memory, self._memory_max)
        )
        if held + size > most:
            raise self._full("memory")
        self._memory += size
        self._memory_of_strangers += size * stranger
        try:
            yield
        finally:
            self._memory -= size
            self._memory_of_strangers -= size * stranger


def _payer(place: Place) -> str:
    """Who pays for what a peer's connection brings: whoever plays a peer's objects back from elsewhere pays alone."""
    return f"{place.peer} {place.address}"


def _now() -> float:
    return asyncio.get_running_loop().time()
