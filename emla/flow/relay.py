"""relay: every leg to its peer. One queue for each destination; one peer's trouble is nobody else's.

O4 a leg is claimed in memory (the data folder's lock is the lease: one process serves one folder); O5 it is sent; O6 what the
peer answered is verified and committed. A crash anywhere repeats O5, and the peer answers by id with the same bytes. The times of
failed attempts are rows, so a restart does not stampede; contact from a peer wakes its legs at once.
"""

import asyncio
import contextlib
import logging
import math
from collections import deque
from collections.abc import Awaitable, Callable

from emla.flow.backoff import delay_seconds
from emla.flow.gateway import Gateway
from emla.model.errors import EmlaError, IllegalTransitionError
from emla.model.leg import Leg, LegState
from emla.ports.store import UPKEEP_PATIENCE_SECONDS, Transaction
from emla.ports.transport import Refusal

logger = logging.getLogger("emla.relay")

_FRESH_MAX = 1000
_HEARTBEAT_SECONDS = 60.0
_BREAKER_FAILURES = 3
"""After so many failures in a row a destination is tried with one leg at a time until one succeeds."""

Deliver = Callable[[Leg], Awaitable[Refusal | None]]
"""Delivers one leg and commits what came of it; a Refusal when it has to be tried again."""


class Destination:
    """The queue to one peer. `_fresh` holds legs that are known to be due; the store is asked again when it runs dry."""

    def __init__(self, peer: str, gateway: Gateway, deliver: Deliver, window: int) -> None:
        self._peer = peer
        self._gateway = gateway
        self._deliver = deliver
        self._window = window
        self._fresh: tuple[deque[Leg], deque[Leg]] = (deque(), deque())
        self._queued: set[int] = set()
        self._active: set[int] = set()
        self._more_stored = True
        self._next_due: float | None = None
        self._wake_all = False
        self._resumed = 0
        """How often everything that waits was to be tried at once."""
        self._changed = asyncio.Event()
        self._failures = 0
        self._paused_until = 0.0
        self._ending = False

    def add(self, leg: Leg) -> None:
        """Take a leg that was just committed; when too many wait, the store is asked later instead."""
        if not self._more_stored and len(self._queued) < _FRESH_MAX:
            self._enqueue(leg)
        else:
            # Behind those that wait in the store: as long as new legs came past them, theirs would never be the turn.
            self._more_stored = True
        self._changed.set()

    def _enqueue(self, leg: Leg) -> None:
        if leg.id not in self._queued and leg.id not in self._active:
            self._queued.add(leg.id)
            self._fresh[0 if leg.urgent else 1].append(leg)

    def contact(self) -> None:
        """The peer made contact: whatever waits for better times is tried at once."""
        if self._failures or self._next_due is not None:
            self.resume()

    def end(self) -> None:
        """Start no more legs; those under way come to their end."""
        self._ending = True

    def resume(self) -> None:
        """Forget the trouble there was and try every leg that waits."""
        self._resumed += 1
        self._failures = 0
        self._paused_until = 0.0
        self._wake_all = True
        self._more_stored = True
        self._changed.set()

    async def run(self) -> None:
        """Send legs until cancelled."""
        async with asyncio.TaskGroup() as group:
            while True:
                self._changed.clear()
                wait = self._start_some(group)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(wait):
                        await self._changed.wait()

    def _start_some(self, group: asyncio.TaskGroup) -> float:
        """Start as many legs as the window allows; return how long to wait when nothing happens."""
        now = self._gateway.clock.now()
        if self._ending:
            return _HEARTBEAT_SECONDS
        steady = self._gateway.clock.steady()
        if steady < self._paused_until:
            return self._paused_until - steady
        if self._next_due is not None and now >= self._next_due:
            self._more_stored = True
        window = 1 if self._failures >= _BREAKER_FAILURES else self._window
        while len(self._active) < window and (leg := self._next(now)):
            self._active.add(leg.id)
            group.create_task(self._attempt(leg), name=f"leg-{leg.id}")
        if len(self._active) >= window:
            return _HEARTBEAT_SECONDS  # the end of one of them wakes us; until then nothing can be started, whatever is due
        due = _HEARTBEAT_SECONDS if self._next_due is None else self._next_due - now
        return max(0.05, min(_HEARTBEAT_SECONDS, due))

    def _next(self, now: float) -> Leg | None:
        if not self._queued and self._more_stored:
            self._refill(now)
        for lane in self._fresh:
            if lane:
                leg = lane.popleft()
                self._queued.discard(leg.id)
                return leg
        return None

    def _refill(self, now: float) -> None:
        read = self._gateway.store.read
        until = math.inf if self._wake_all else now
        limit = _FRESH_MAX // 2 + len(self._active)
        legs = read.due_legs(self._peer, until, limit)
        for leg in legs:
            self._enqueue(leg)
        self._more_stored = len(legs) == limit
        if not self._more_stored:
            self._wake_all = False
        self._next_due = None if self._more_stored else read.next_due(self._peer, until)

    async def _attempt(self, leg: Leg) -> None:
        failures, resumed = self._failures, self._resumed
        try:
            with self._gateway.under_way.one():
                refusal = await self._deliver(leg)
        except EmlaError as error:
            refusal = Refusal(code=error.code)
            if not error.retryable:
                logger.warning("leg refused", extra={"leg": leg.id, "peer": self._peer, "code": error.code})
        except IllegalTransitionError:
            raise  # a bug of ours about what is stored: nothing may go on
        except Exception:  # a bug of ours about one leg is not the others' trouble
            logger.exception("leg failed", extra={"leg": leg.id, "peer": self._peer, "code": "internal"})
            refusal = Refusal(code="internal")
        else:
            if refusal is None:
                self._failures = 0
        if refusal is not None:
            await self._postpone(leg, refusal, failures)
        self._active.discard(leg.id)
        if refusal is not None and self._resumed != resumed:
            # Whoever was to be woken while this leg was under way was passed over: it gets its turn, too.
            self._wake_all = self._more_stored = True
        self._changed.set()

    async def _postpone(self, leg: Leg, refusal: Refusal, failures_before: int) -> None:
        if refusal.held:
            await self._hold(leg, refusal)
            return
        # Legs that were on their way together fail together: that is one failure in a row, not one for each of them.
        first = self._failures == failures_before
        if first:
            self._failures += 1
        chance = int.from_bytes(self._gateway.entropy(4), "big") / 2**32
        delay = delay_seconds(
            max(self._failures, leg.attempts + 1),
            urgent=leg.urgent,
            chance=chance,
            retry_after=refusal.retry_after_seconds,
        )
        now = self._gateway.clock.now()
        if first and self._failures >= _BREAKER_FAILURES:
            self._paused_until = self._gateway.clock.steady() + delay
        logger.info(
            "leg postponed",
            extra={"leg": leg.id, "peer": self._peer, "code": refusal.code, "seconds": round(delay, 1)},
        )

        def operation(transaction: Transaction) -> None:
            transaction.delay_leg(leg.id, leg.attempts + 1, now + delay, refusal.code)

        # A crash before this commit forgets one failed attempt, which is harmless; so it has patience.
        await self._gateway.store.write(operation, patience_seconds=UPKEEP_PATIENCE_SECONDS)
        self._next_due = min(now + delay, self._next_due or math.inf)

    async def _hold(self, leg: Leg, refusal: Refusal) -> None:
        """A leg that we keep back ourselves: no attempt, no failure, and no pause for the others."""
        until = self._gateway.clock.now() + refusal.retry_after_seconds
        if leg.expires is not None:
            until = min(until, float(leg.expires))  # that it expired is said in time
        if leg.last_code != refusal.code:
            logger.info("leg waits", extra={"leg": leg.id, "peer": self._peer, "code": refusal.code})

        def operation(transaction: Transaction) -> None:
            transaction.delay_leg(leg.id, leg.attempts, until, refusal.code)

        await self._gateway.store.write(operation, patience_seconds=UPKEEP_PATIENCE_SECONDS)
        self._next_due = min(until, self._next_due or math.inf)


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

    def retry(self, peer: str) -> None:
        """An operator wants the legs to a peer tried now."""
        if destination := self._destination(peer):
            destination.resume()

    def end(self) -> None:
        """Start no more legs to anybody: the server is stopping, and what waits is stored."""
        for destination in self._destinations.values():
            destination.end()

    def contact(self, peer: str) -> None:
        """An authenticated peer made contact: its legs are tried at once."""
        known = self._gateway.directory.peers.get(peer)
        if known is not None:
            known.last_contact = self._gateway.clock.now()
        if destination := self._destinations.get(peer):
            destination.contact()
