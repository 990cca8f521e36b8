"""rounds: when peers are asked how the channels stand: hourly, at the start, after an outage, when in doubt.

At the start everybody is asked before anything is signed: whoever restored a copy of the folder without saying so finds out
before it harms. A peer that is not there then is asked again within the minute, and for as long as the ledger is closed. A peer
that is reached through a hub is asked by a status in its mailbox, and answers into ours, which is collected meanwhile.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from emla.flow.backoff import Postponed
from emla.flow.channel.exchange import Channels
from emla.flow.channel.ledger_watch import LedgerWatch
from emla.flow.gateway import Gateway
from emla.model.errors import EmlaError, IllegalTransitionError, StoreError
from emla.model.leg import Leg
from emla.ports.transport import Refusal

logger = logging.getLogger("emla.channel")

_EVERY_SECONDS = 3600.0
_APART_SECONDS = 60.0
_SOON_SECONDS = 1.0
_AT_ONCE_MAX = 8
MAIL_SECONDS = 2.0
"""How long a start waits for answers out of our mailbox: a peer that collects answers at once."""
START_SECONDS = 5.0
"""How long a start waits for peers that are slow to answer; those that are not there answer by being refused at once."""

Deliver = Callable[[Leg], Awaitable[Refusal | Postponed | None]]


@dataclass(slots=True)
class _Plan:
    """When a peer is asked next, in steady seconds."""

    at: float
    under_way: bool = False
    last: float | None = None


class ChannelRounds:
    """The exchanges; runs until cancelled."""

    def __init__(self, gateway: Gateway, channels: Channels, watch: LedgerWatch) -> None:
        self._gateway = gateway
        self._channels = channels
        self._watch = watch
        self._plans: dict[str, _Plan] = {}
        self._away: set[str] = set()
        self._changed = asyncio.Event()

    # --- signs ---

    def watch(self, deliver: Deliver) -> Deliver:
        """Notice when a peer is back that legs could not reach: then both compare what they hold."""

        async def watched(leg: Leg) -> Refusal | Postponed | None:
            try:
                outcome = await deliver(leg)
            except EmlaError:
                self._away.add(leg.peer)
                raise
            if outcome is None:
                self.contact(leg.peer)
            elif isinstance(outcome, Postponed):
                if self._is_called(leg.peer):
                    self._away.add(leg.peer)
            elif not outcome.held:
                self._away.add(leg.peer)
            return outcome

        return watched

    def contact(self, peer: str) -> None:
        """A peer made contact; if it was away, it is asked."""
        if peer in self._away:
            self._away.discard(peer)
            self.want(peer)

    def _is_called(self, peer: str) -> bool:
        """Whether a peer has an endpoint of its own. One that has none is not away because a hub took something for it."""
        authority = self._gateway.directory.find(peer)
        return authority is not None and bool(authority.card.endpoints)

    def hub_reached(self, hub: str) -> None:
        """A hub answers again: whom it holds things for, and could not be asked, is asked."""
        for peer in self._away.copy():
            authority = self._gateway.directory.find(peer)
            if authority is not None and hub in authority.card.hubs:
                self.want(peer)

    def want(self, peer: str) -> None:
        """Ask a peer soon."""
        plan = self._plan(peer)
        soon = self._gateway.clock.steady() + _SOON_SECONDS
        earliest = soon if plan.last is None else max(soon, plan.last + _APART_SECONDS)
        plan.at = min(plan.at, earliest)
        self._changed.set()

    def want_all(self) -> None:
        """Ask every peer soon, however lately it was asked: our ledger was closed, or a new epoch began."""
        for peer in self._gateway.directory.peers:
            plan = self._plan(peer)
            plan.last = None
            self.want(peer)

    def _plan(self, peer: str) -> _Plan:
        if peer not in self._plans:
            self._plans[peer] = _Plan(at=self._gateway.clock.steady() + _SOON_SECONDS)
        return self._plans[peer]

    # --- exchanges ---

    async def at_start(self) -> None:
        """Ask every peer at once, for a few seconds. Called before anything is signed."""
        peers = list(self._gateway.directory.peers)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(START_SECONDS):
                await asyncio.gather(*(self._exchange(peer, settle=False) for peer in peers))
                async with asyncio.timeout(MAIL_SECONDS):
                    await self._channels.questions.none_open()
        for peer in peers:
            plan = self._plan(peer)
            plan.last = None  # what follows from the answers is done as soon as the workers run
            self.want(peer)
        await self._watch.open_if_whole()

    async def run(self) -> None:
        """Ask peers when it is time, until cancelled."""
        async with asyncio.TaskGroup() as group:
            while True:
                self._changed.clear()
                wait = self._start_due(group)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(wait):
                        await self._changed.wait()

    def _start_due(self, group: asyncio.TaskGroup) -> float:
        peers = self._gateway.directory.peers
        for gone in self._plans.keys() - peers.keys():
            del self._plans[gone]
        steady = self._gateway.clock.steady()
        next_at = steady + _APART_SECONDS
        for peer in list(peers):
            plan = self._plan(peer)
            if plan.under_way:
                continue
            if plan.at > steady:
                next_at = min(next_at, plan.at)
            elif sum(each.under_way for each in self._plans.values()) < _AT_ONCE_MAX:
                plan.under_way = True
                group.create_task(self._round(peer, plan), name=f"channel-{peer}")
        return max(0.05, next_at - steady)

    async def _round(self, peer: str, plan: _Plan) -> None:
        try:
            await self._exchange(peer)
        finally:
            plan.under_way = False
            self._changed.set()

    async def _exchange(self, peer: str, *, settle: bool = True) -> None:
        plan = self._plan(peer)
        plan.last = self._gateway.clock.steady()
        plan.at = plan.last + self._pause(peer)
        try:
            answer = await self._channels.exchange(peer, settle=settle)
        except (StoreError, IllegalTransitionError):
            raise  # our own storage or a bug of ours: nothing may go on
        except EmlaError as error:
            self._away.add(peer)
            logger.info("status not exchanged", extra={"peer": peer, "code": error.code})
        except Exception:  # a bug of ours about one peer is not the others' trouble
            logger.exception("exchange broke", extra={"peer": peer, "code": "internal"})
        else:
            # Through a hub it was asked, and not reached: when its own line is back, both compare anew.
            if answer is None and self._is_called(peer):
                self._away.add(peer)
            else:
                self._away.discard(peer)

    def _pause(self, peer: str) -> float:
        """An hour, more or less; a minute for a peer that a closed ledger waits for."""
        if self._gateway.ledger_closed() is not None and peer in self._watch.unanswered():
            return _APART_SECONDS
        chance = int.from_bytes(self._gateway.entropy(4), "big") / 2**32
        return _EVERY_SECONDS * (0.9 + 0.2 * chance)
