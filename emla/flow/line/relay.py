"""relay: every leg to its peer. One queue for each destination; one peer's trouble is nobody else's.

O4 a leg is claimed in memory (the data folder's lock is the lease: one process serves one folder); O5 it is sent; O6 what the
peer answered is verified and committed. A crash anywhere repeats O5, and the peer answers by id with the same bytes. The times of
failed attempts are rows, so a restart does not stampede; contact from a peer wakes its legs at once.
"""

import asyncio
import contextlib
import logging
import math
from collections.abc import Awaitable, Callable
from functools import partial

from emla.flow.backoff import CROWDED, PASSING, Postponed, delay_seconds, wait_seconds
from emla.flow.gateway import Gateway
from emla.flow.line.gate import OF_PEER, is_open
from emla.flow.line.hold import hold_leg
from emla.flow.line.lanes import Lanes
from emla.flow.line.refusals import Blame, blame, is_to_be_held
from emla.model.errors import ConfigurationError, EmlaError, IllegalTransitionError, TransportError
from emla.model.leg import DUE, Leg, LegState
from emla.ports.store import UPKEEP_PATIENCE_SECONDS, Transaction
from emla.ports.transport import Refusal

logger = logging.getLogger("emla.relay")

_HEARTBEAT_SECONDS = 60.0
_BREAKER_FAILURES = 3
"""After so many failures in a row a destination is tried with one leg at a time until one succeeds."""

_CONTACT_APART_SECONDS = 5.0
"""Contact wakes no more often. Whoever has a copy of what a peer signed, as a hub has, can play it back as fast as it likes."""

_CROWDED_SECONDS_MAX = 60.0
"""A peer that is crowded is asked again after a minute at the latest, whatever it says."""

Deliver = Callable[[Leg], Awaitable[Refusal | Postponed | None]]
"""Delivers one leg and commits what came of it; a Refusal when it has to be tried again, Postponed when that is noted, too."""


class Destination:
    """The queue to one peer: how many legs are under way, when the peer is left alone for a while, what a failure costs."""

    def __init__(self, peer: str, gateway: Gateway, deliver: Deliver, window: int) -> None:
        self._peer = peer
        self._gateway = gateway
        self._deliver = deliver
        self._window = window
        self.lanes = Lanes(peer, lambda: gateway.store.read)
        self._resumed = 0
        """How often everything that waits was to be tried at once."""
        self._changed = asyncio.Event()
        self._failures = 0
        self._failed: set[int] = set()
        """Legs whose failure was counted since one went well."""
        self._well_at = 0.0
        """When a leg last went well, by the wall clock."""
        self._paused_until = 0.0
        self._contact_at: float | None = None
        """When contact that came too soon after the last is to wake what waits, in steady seconds."""
        self._contact_from = 0.0
        self._contact_refused = False
        self._ending = False
        self._is_shut = gateway.store.read.keeps_back(peer, OF_PEER)
        """Whether packages wait for news about the peer, as far as was looked."""
        self._look_at = 0.0

    def add(self, leg: Leg) -> None:
        """Take a leg that was just committed."""
        self.lanes.add(leg)
        self._changed.set()

    def contact(self, *, refused: bool = False) -> None:
        """The peer made contact: whatever waits for better times is tried at once.

        Args:
            refused: there is news for those that were refused for what they are, too.
        """
        if refused or self._failures or self.lanes.next_due is not None:
            self._contact_refused |= refused
            self._contact_at = max(self._gateway.clock.steady(), self._contact_from)
            self._hear(self._gateway.clock.steady())
            self._changed.set()

    def _hear(self, steady: float) -> None:
        if self._contact_at is not None and self._contact_at <= steady:
            self._contact_at, self._contact_from = None, steady + _CONTACT_APART_SECONDS
            refused, self._contact_refused = self._contact_refused, False
            self.resume(refused=refused)

    def end(self) -> None:
        """Start no more legs; those under way come to their end."""
        self._ending = True

    def resume(self, *, refused: bool = True) -> None:
        """Forget the trouble there was and try every leg that waits; those `refused` for what they are, too, unless said."""
        self._resumed += 1
        self._failures = 0
        self._failed.clear()
        self._paused_until = 0.0
        self._is_shut = not self._is_open()
        self.lanes.wake(refused=refused, kept=OF_PEER if self._is_shut else ())
        self._changed.set()

    def _is_open(self) -> bool:
        pinned = self._gateway.directory.peers.get(self._peer)
        return pinned is not None and is_open(pinned, self._gateway.now())

    def _look(self, steady: float) -> None:
        """Once a minute: what waits for news about the peer goes when its channel is open again, however that came about."""
        if steady < self._look_at:
            return
        self._look_at = steady + _HEARTBEAT_SECONDS
        if self._is_shut and self._is_open():
            self.resume(refused=False)
        elif not self._is_open():
            self._is_shut = True

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
        self._look(steady)
        self._hear(steady)
        heard_in = math.inf if self._contact_at is None else self._contact_at - steady
        if steady < self._paused_until:
            return min(heard_in, self._paused_until - steady)
        window = 1 if self._failures >= _BREAKER_FAILURES else self._window
        while self.lanes.active < window and (leg := self.lanes.begin(now)):
            group.create_task(self._attempt(leg), name=f"leg-{leg.id}")
        if self.lanes.active >= window:
            # The end of one of them wakes us; until then nothing can be started, whatever is due.
            return min(heard_in, _HEARTBEAT_SECONDS)
        next_due = self.lanes.next_due
        due = _HEARTBEAT_SECONDS if next_due is None else next_due - now
        return max(0.05, min(_HEARTBEAT_SECONDS, due, heard_in))

    async def _attempt(self, leg: Leg) -> None:
        outcome: Refusal | Postponed | None
        failures, resumed, own, answered = self._failures, self._resumed, False, True
        try:
            with self._gateway.under_way.one():
                outcome = await self._deliver(leg)
        except EmlaError as error:
            outcome, answered = Refusal(code=error.code), False
            if not error.retryable:
                own = not isinstance(error, TransportError)
                logger.warning("leg refused", extra={"leg": leg.id, "peer": self._peer, "code": error.code})
        except IllegalTransitionError:
            raise  # a bug of ours about what is stored: nothing may go on
        except Exception:  # a bug of ours about one leg is not the others' trouble
            logger.exception("leg failed", extra={"leg": leg.id, "peer": self._peer, "code": "internal"})
            outcome, own = Refusal(code="internal"), True
        if isinstance(outcome, Refusal):
            await self._postpone(leg, outcome, blame(outcome, own=own, answered=answered), failures)
        else:
            self._failures = 0
            self._failed.clear()
            self._well_at = self._gateway.clock.now()
        if isinstance(outcome, Postponed):
            self.lanes.postponed(leg, outcome.next_at)
        self.lanes.ended(leg)
        if isinstance(outcome, Refusal) and self._resumed != resumed and not self._waits_for_news(outcome):
            # Whoever was to be woken while this leg was under way was passed over: it gets its turn, too.
            stored = self._gateway.store.read.leg(leg.id)
            if stored is not None and stored.state in DUE:
                self.lanes.again(stored)
        self._changed.set()

    def _waits_for_news(self, refusal: Refusal) -> bool:
        """Whether a leg waits for what all packages for the peer wait for; who wakes them passes those over."""
        return self._is_shut and refusal.code in OF_PEER

    async def _postpone(self, leg: Leg, refusal: Refusal, whose: Blame, failures_before: int) -> None:
        if refusal.held:
            await self._wait(leg, refusal)
            return
        if refusal.code in PASSING:
            await self._have_patience(leg, refusal)
            return
        # Legs that were on their way together fail together: that is one failure in a row, not one for each of them.
        first = self._failures == failures_before and self._counts(leg, whose)
        if first:
            self._failures += 1
            self._failed.add(leg.id)
        pause = partial(
            delay_seconds,
            urgent=leg.urgent,
            chance=self._chance(),
            retry_after=refusal.retry_after_seconds,
        )
        delay = pause(max(self._failures, leg.attempts + 1))
        now = self._gateway.clock.now()
        if first and self._failures >= _BREAKER_FAILURES:
            # As long as its own failures ask for: how long this leg has failed is nothing the others should wait for.
            until = self._gateway.clock.steady() + pause(self._failures)
            self._paused_until = max(self._paused_until, until)
        logger.info(
            "leg postponed",
            extra={"leg": leg.id, "peer": self._peer, "code": refusal.code, "seconds": round(delay, 1)},
        )
        refusals = since = None
        if whose.leg:
            refusals, since = leg.refusals + 1, leg.refused_since or int(now)
            bounds = self._gateway.settings.relay
            is_due = is_to_be_held(leg, refusals, since, now, self._well_at, bounds)
            if is_due and await self._hold(leg, refusal.code, refusals):
                return

        def operation(transaction: Transaction) -> None:
            transaction.delay_leg(
                leg.id, leg.attempts + 1, now + delay, refusal.code, refusals=refusals, refused_since=since
            )

        # A crash before this commit forgets one failed attempt, which is harmless; so it has patience.
        await self._gateway.store.write(operation, patience_seconds=UPKEEP_PATIENCE_SECONDS)
        self.lanes.postponed(leg, now + delay)

    def _chance(self) -> float:
        return int.from_bytes(self._gateway.entropy(4), "big") / 2**32

    def _counts(self, leg: Leg, whose: Blame) -> bool:
        """Whether a failure tells something about the peer. One that may be the leg's own does when another leg meets it, too.

        So does whatever was answered: a peer that answers is there. Where nothing answered, each time counts.
        """
        return whose.peer and not ((whose.leg or whose.answered) and leg.id in self._failed)

    async def _have_patience(self, leg: Leg, refusal: Refusal) -> None:
        """The peer is there and asks for patience: no attempt, no failure. What it says of all of itself holds for all legs."""
        delay = wait_seconds(
            urgent=leg.urgent, chance=self._chance(), retry_after=refusal.retry_after_seconds
        )
        if refusal.code in CROWDED:
            pause = min(delay, _CROWDED_SECONDS_MAX)
            self._paused_until = max(self._paused_until, self._gateway.clock.steady() + pause)
        until = self._gateway.clock.now() + delay
        logger.info(
            "peer asks for patience",
            extra={"leg": leg.id, "peer": self._peer, "code": refusal.code, "seconds": round(delay, 1)},
        )

        def operation(transaction: Transaction) -> None:
            transaction.delay_leg(leg.id, leg.attempts, until, refusal.code)

        await self._gateway.store.write(operation, patience_seconds=UPKEEP_PATIENCE_SECONDS)
        self.lanes.postponed(leg, until)

    async def _wait(self, leg: Leg, refusal: Refusal) -> None:
        """A leg that we keep back ourselves: no attempt, no failure, and no pause for the others."""
        until = self._gateway.clock.now() + refusal.retry_after_seconds
        if (ends := self._gateway.ends_at(leg.expires)) is not None:
            # That it expired is said in time; what all packages for the peer wait for is nothing that each of them looks at.
            all_wait = refusal.code in OF_PEER and leg.state is LegState.READY
            until = ends if all_wait else min(until, ends)
        if leg.last_code != refusal.code:
            logger.info("leg waits", extra={"leg": leg.id, "peer": self._peer, "code": refusal.code})

        def operation(transaction: Transaction) -> None:
            transaction.delay_leg(leg.id, leg.attempts, until, refusal.code)

        await self._gateway.store.write(operation, patience_seconds=UPKEEP_PATIENCE_SECONDS)
        self.lanes.postponed(leg, until)

    async def _hold(self, leg: Leg, code: str, refusals: int) -> bool:
        """O10: put a leg aside that is refused again and again, with an event; False when that cannot be signed now."""
        reason = f"Refused {refusals} times in a row."
        try:
            held = await hold_leg(self._gateway, leg, code, reason)
        except ConfigurationError as error:
            # The ledger was closed at this moment, or the token does not answer. It goes on asking; its next refusal holds it.
            logger.warning("leg not held", extra={"leg": leg.id, "peer": self._peer, "code": error.code})
            return False
        if held:
            logger.error("leg held", extra={"leg": leg.id, "peer": self._peer, "code": code})
        return True


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

    def wake(self, peer: str) -> None:
        """There is news from a peer, or of it, for which everything to it is worth a try; as often as contact, and no more."""
        if destination := self._destination(peer):
            destination.contact(refused=True)

    def withdraw(self, leg: Leg) -> None:
        """A leg that was put aside is not to be started any more."""
        if destination := self._destinations.get(leg.peer):
            destination.lanes.withdraw(leg.id)

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
