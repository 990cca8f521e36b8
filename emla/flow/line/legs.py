"""legs: what people do with single deliveries: try one now, put it aside, let it go on, give it up for good.

Trying, holding and releasing give nothing up: one operator does them, and an event tells. Closing does: it is an act of two
officers (`flow.acts`), and the RelayFailure says so.
"""

import logging
from collections.abc import Callable

from emla.flow.gateway import Gateway
from emla.flow.line.give_up import CLOSED, give_up
from emla.flow.line.hold import BY_HAND, hold_leg, release_leg
from emla.flow.line.relay import Relay
from emla.flow.line.ways import Ways
from emla.flow.news import News
from emla.model.act import Act
from emla.model.errors import ConfigurationError, NotFoundError
from emla.model.leg import DUE, WAITING, Leg, LegKind, LegState
from emla.ports.store import SentRow, Transaction

logger = logging.getLogger("emla.legs")


class Legs:
    """What an operator does with one leg."""

    def __init__(self, gateway: Gateway, relay: Relay, ways: Ways) -> None:
        self._gateway = gateway
        self._relay = relay
        self._ways = ways

    def one(self, leg_id: int) -> Leg:
        """A leg as it stands.

        Raises:
            NotFoundError: ``not-found``.
        """
        leg = self._gateway.store.read.leg(leg_id)
        if leg is None:
            raise NotFoundError("not-found", f"There is no leg {leg_id}.")
        return leg

    async def retry(self, leg_id: int) -> Leg:
        """Have a leg that asks tried at once; one that does not is left as it is."""
        leg = self.one(leg_id)
        if leg.state in DUE:
            now = self._gateway.clock.now()

            def operation(transaction: Transaction) -> None:
                transaction.delay_leg(leg.id, leg.attempts, now, leg.last_code or "")

            await self._gateway.store.write(operation)
            self._try(leg)
        return self.one(leg_id)

    async def hold(self, leg_id: int, reason: str) -> Leg:
        """Put a leg aside; held already, it stays held for its first reason.

        Raises:
            ConfigurationError: ``wrong-state``: it does not wait.
        """
        leg = self.one(leg_id)
        if leg.state is not LegState.HELD:
            if not await hold_leg(self._gateway, leg, BY_HAND, reason):
                raise _wrong(self.one(leg_id), "held")
            self._relay.withdraw(leg)
            logger.info("leg put aside", extra={"leg": leg.id, "peer": leg.peer})
        return self.one(leg_id)

    async def release(self, leg_id: int) -> Leg:
        """Let a held leg go on at once; one that asks goes on already.

        Raises:
            ConfigurationError: ``wrong-state``: it is over.
        """
        leg = self.one(leg_id)
        if leg.state not in DUE:
            if not await release_leg(self._gateway, leg):
                raise _wrong(self.one(leg_id), "released")
            logger.info("leg released", extra={"leg": leg.id, "peer": leg.peer})
            self._try(leg)
        return self.one(leg_id)

    def _try(self, leg: Leg) -> None:
        """Have a leg tried that is due; also one that a hub holds, by a line that was left alone for a while."""
        self._ways.ask(leg.id, leg.peer)
        self._relay.retry(leg.peer)


class CloseLeg:
    """The effect of the act `leg.close`: RelayFailure with the reason `closed`, and nothing is tried any more."""

    def __init__(self, gateway: Gateway, relay: Relay, news: News) -> None:
        self._gateway = gateway
        self._relay = relay
        self._news = news

    def check(self, act: Act) -> None:
        """Refuse what is no package of ours that waits.

        Raises:
            NotFoundError: ``not-found``.
            ConfigurationError: ``wrong-state``.
        """
        self._found(act)

    def _found(self, act: Act) -> tuple[SentRow, Leg]:
        try:
            pid = bytes.fromhex(str(act.facts["pid"]))
        except ValueError:
            pid = b""
        row = self._gateway.store.read.sent(pid)
        leg = self._gateway.store.read.leg_of(LegKind.PACKAGE, pid)
        if row is None or leg is None or leg.peer != act.facts["peer"]:
            raise NotFoundError("not-found", "No package of ours to that authority has this id.")
        if leg.state not in WAITING:
            raise _wrong(leg, "closed")
        return row, leg

    async def __call__(self, act: Act, also: Callable[[Transaction], None]) -> None:
        """O8, by two officers."""
        row, leg = self._found(act)
        end = give_up(self._gateway, row, CLOSED)

        def operation(transaction: Transaction) -> None:
            if not end(transaction):
                raise _wrong(leg, "closed")
            also(transaction)

        await self._gateway.store.write(operation)
        self._relay.withdraw(leg)
        self._news.tell(row.pid)


def _wrong(leg: Leg, done: str) -> ConfigurationError:
    return ConfigurationError("wrong-state", f"Leg {leg.id} is {leg.state.value} and cannot be {done}.")
