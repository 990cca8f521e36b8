"""relay: every leg to its peer. One queue for each destination; one peer's trouble is nobody else's.

O4 a leg is claimed in memory (the data folder's lock is the lease: one process serves one folder); O5 it is sent; O6 what the
peer answered is verified and committed. A crash anywhere repeats O5, and the peer answers by id with the same bytes. The times of
failed attempts are rows, so a restart does not stampede; contact from a peer wakes its legs at once.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable

from emla.flow.backoff import delay_seconds
from emla.flow.gateway import Gateway
from emla.model.errors import EmlaError
from emla.model.leg import Leg, LegState
from emla.ports.store import Transaction
from emla.ports.transport import Refusal

logger = logging.getLogger("emla.relay")

_FRESH_MAX = 1000
_HEARTBEAT_SECONDS = 60.0
_BREAKER_FAILURES = 3
"""After so many failures in a row a destination is tried with one leg at a time until one succeeds."""

Deliver = Callable[[Leg], Awaitable[Refusal | None]]
"""Delivers one leg and commits what came of it; a Refusal when it has to be tried again."""


class Destination:
    """The queue to one peer."""

    def __init__(self, peer: str, gateway: Gateway, deliver: Deliver, window: int) -> None:
        self._peer = peer
        self._gateway = gateway
        self._deliver = deliver
        self._window = window
        self._fresh: deque[Leg] = deque()
        self._refill = True
        self._active: dict[int, asyncio.Task[None]] = {}
        self._changed = asyncio.Event()
        self._failures = 0
        self._paused_until = 0.0

    def add(self, leg: Leg) -> None:
        """Take a leg that was just committed; when too many wait, the store is asked later instead."""
        if len(self._fresh) < _FRESH_MAX and not self._refill:
            if leg.urgent:
                self._fresh.appendleft(leg)
            else:
                self._fresh.append(leg)
        else:
            self._refill = True
        self._changed.set()

    def contact(self) -> None:
        """The peer made contact: whatever waits for it is tried at once."""
        if self._failures:
            self._failures = 0
            self._paused_until = 0.0
            self._refill = True
            self._changed.set()

    async def run(self) -> None:
        """Send legs until cancelled."""
        try:
            async with asyncio.TaskGroup() as group:
                while True:
                    self._changed.clear()
                    wait = self._start_some(group)
                    try:
                        async with asyncio.timeout(wait):
                            await self._changed.wait()
                    except TimeoutError:
                        self._refill = True
        finally:
            self._active.clear()

    def _start_some(self, group: asyncio.TaskGroup) -> float:
        """Start as many legs as the window allows; return how long to wait when nothing happens."""
        now = self._gateway.clock.now()
        if now < self._paused_until:
            return self._paused_until - now
        window = 1 if self._failures >= _BREAKER_FAILURES else self._window
        while len(self._active) < window:
            leg = self._next(now)
            if leg is None:
                break
            task = group.create_task(self._attempt(leg), name=f"leg-{leg.id}")
            self._active[leg.id] = task
        due = self._gateway.store.read.next_due(self._peer) if not self._active else None
        return max(0.05, min(_HEARTBEAT_SECONDS, due - now)) if due is not None else _HEARTBEAT_SECONDS

    def _next(self, now: float) -> Leg | None:
        if not self._fresh and self._refill:
            self._refill = False
            limit = _FRESH_MAX // 2 + len(self._active)
            legs = self._gateway.store.read.due_legs(self._peer, now, limit)
            self._refill = len(legs) == limit
            self._fresh.extend(leg for leg in legs if leg.id not in self._active)
        while self._fresh:
            leg = self._fresh.popleft()
            if leg.id not in self._active:
                return leg
        return None

    async def _attempt(self, leg: Leg) -> None:
        try:
            with self._gateway.under_way.one():
                refusal = await self._deliver(leg)
        except EmlaError as error:
            refusal = Refusal(code=error.code)
            if not error.retryable:
                logger.warning("leg refused", extra={"leg": leg.id, "peer": self._peer, "code": error.code})
        finally:
            del self._active[leg.id]
            self._changed.set()
        if refusal is None:
            self._failures = 0
            return
        await self._postpone(leg, refusal)

    async def _postpone(self, leg: Leg, refusal: Refusal) -> None:
        self._failures += 1
        chance = int.from_bytes(self._gateway.entropy(4), "big") / 2**32
        failures = max(self._failures, leg.attempts + 1) if self._failures > 1 else leg.attempts + 1
        delay = delay_seconds(
            failures, urgent=leg.urgent, chance=chance, retry_after=refusal.retry_after_seconds
        )
        now = self._gateway.clock.now()
        if self._failures >= _BREAKER_FAILURES:
            self._paused_until = now + delay
        logger.info(
            "leg postponed",
            extra={"leg": leg.id, "peer": self._peer, "code": refusal.code, "seconds": round(delay, 1)},
        )

        def operation(transaction: Transaction) -> None:
            transaction.delay_leg(leg.id, leg.attempts + 1, now + delay, refusal.code)

        # A crash before this commit forgets one failed attempt, which is harmless; so it waits for company.
        await self._gateway.store.write(operation, deferrable=True)
        self._changed.set()


class Relay:
    """All destinations; starts a queue when the first leg to a peer appears."""

    def __init__(self, gateway: Gateway, deliver: Deliver) -> None:
        self._gateway = gateway
        self._deliver = deliver
        self._destinations: dict[str, Destination] = {}
        self._group: asyncio.TaskGroup | None = None

    async def run(self) -> None:
        """Send what waits, and whatever is added, until cancelled."""
        async with asyncio.TaskGroup() as group:
            self._group = group
            for peer in self._gateway.store.read.peers_with_legs():
                self._destination(peer)
            await asyncio.Event().wait()

    def _destination(self, peer: str) -> Destination | None:
        known = self._destinations.get(peer)
        if known is None and self._group is not None:
            window = self._gateway.settings.peer.transfers_per_peer
            known = Destination(peer, self._gateway, self._deliver, window)
            self._destinations[peer] = known
            self._group.create_task(known.run(), name=f"destination-{peer}")
        return known

    def add(self, leg: Leg) -> None:
        """Take a leg that was just committed."""
        if leg.state is LegState.READY and (destination := self._destination(leg.peer)):
            destination.add(leg)

    def contact(self, peer: str) -> None:
        """An authenticated peer made contact: its legs are tried at once."""
        known = self._gateway.directory.peers.get(peer)
        if known is not None:
            known.last_contact = self._gateway.clock.now()
        if destination := self._destinations.get(peer):
            destination.contact()
