"""hub_held: legs whose object a hub holds for the peer. The hub's word is kept and believed for nothing but when to try again.

Order of writes: O7 one batch holds the verified HubAcceptance, its leaf, the leg HUB_HELD and when it is tried next. A crash
before it leaves the leg as it was, and offering the hub again is idempotent. Each time the leg is due it is tried directly, where
there is a direct line; and a hub is asked to hold it once more, another one each time where there are several, because a hub may
lose or withhold what it held.
"""

import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from emla.flow.backoff import Postponed, delay_seconds, hub_pause_seconds
from emla.flow.gateway import Gateway
from emla.flow.line.ways import Ways, Went
from emla.flow.record import Recorded, record_acknowledgement, tell_contradiction
from emla.model.acknowledgement import VerifiedAcknowledgement
from emla.model.documents import Authority
from emla.model.errors import TransportError
from emla.model.leg import DUE, Leg, LegKind, LegState
from emla.ports.store import UPKEEP_PATIENCE_SECONDS, Transaction

logger = logging.getLogger("emla.deliver")

T = TypeVar("T")
ACKNOWLEDGEMENT_SECONDS = 3 * 86400
"""So long a hub is given an acknowledgement again and again; after that only its addressee's question brings it once more."""


class HubHeld:
    """What becomes of a leg when the way leads through a hub."""

    def __init__(self, gateway: Gateway, ways: Ways) -> None:
        self._gateway = gateway
        self._ways = ways

    async def bring(
        self,
        leg: Leg,
        peer: Authority,
        direct: Callable[[], Awaitable[T]],
        deposit: Callable[[Authority], Awaitable[T]] | None,
    ) -> Went[T] | Postponed:
        """Bring a leg's object to its peer; what a hub holds already is tried directly, and offered to a hub again seldom.

        Raises:
            TransportError: no way led anywhere.
        """
        was_asked = self._ways.was_asked(leg.id)
        if leg.state is not LegState.HUB_HELD or not peer.card.endpoints or was_asked:
            return await self._ways(peer, direct, deposit, turn=leg.attempts)
        if leg.attempts & (leg.attempts - 1) == 0:  # at 1, 2, 4, 8 ... attempts
            return await self._ways(peer, direct, deposit, turn=leg.attempts.bit_length())
        if self._ways.may_try(peer.id):
            try:
                return await self._ways(peer, direct, None)
            except TransportError:
                pass  # still down; the hub has it
        return await self._postpone(leg, peer)

    async def package(
        self, leg: Leg, peer: Authority, code: str | None, verified: VerifiedAcknowledgement
    ) -> Postponed:
        """Keep a HubAcceptance, which ends no leg."""
        next_at = self._next_at(leg, peer)
        # O7: before this commit the leg is as it was; after it, it waits longer. Nothing else depends on a hub's word.
        await self._write(verified, lambda each: each.delay_leg(leg.id, _offers(leg), next_at, code))
        return Postponed(next_at=next_at)

    async def rejected(self, verified: VerifiedAcknowledgement) -> None:
        """Keep a HubRejection, which ends nothing either: another hub may take the package, in this attempt or later."""
        await self._write(verified, None)
        said = verified.acknowledgement
        logger.warning("hub refused", extra={"peer": said.by, "pid": said.pid.hex(), "code": said.reason})

    async def acknowledgement(
        self, leg: Leg, peer: Authority, code: str | None, *, about: bytes
    ) -> Postponed | None:
        """A hub has an acknowledgement for its addressee; `about`: the package it speaks about."""
        offers = _offers(leg)
        over = self._gateway.clock.now() >= leg.created + ACKNOWLEDGEMENT_SECONDS
        done = over and leg.state is LegState.HUB_HELD
        next_at = self._next_at(leg, peer)

        def operation(transaction: Transaction) -> None:
            state = LegState.DONE if done else LegState.HUB_HELD
            move_acknowledgement(transaction, leg, state, about=about)
            transaction.delay_leg(leg.id, offers, next_at, code)

        await self._gateway.store.write(operation, patience_seconds=UPKEEP_PATIENCE_SECONDS)
        return None if done else Postponed(next_at=next_at)

    async def _write(
        self, verified: VerifiedAcknowledgement, then: Callable[[Transaction], None] | None
    ) -> None:
        record = record_acknowledgement(verified, at=self._gateway.now())

        def operation(transaction: Transaction) -> Recorded:
            recorded = record(transaction)
            if then:
                then(transaction)
            return recorded

        # It may say something else than before, as one does that was restored. The first word stands, both are kept.
        tell_contradiction(verified, await self._gateway.store.write(operation))

    async def _postpone(self, leg: Leg, peer: Authority) -> Postponed:
        next_at = self._next_at(leg, peer)
        await self._gateway.store.write(
            lambda each: each.delay_leg(leg.id, leg.attempts + 1, next_at, leg.last_code),
            patience_seconds=UPKEEP_PATIENCE_SECONDS,
        )
        return Postponed(next_at=next_at)

    def _next_at(self, leg: Leg, peer: Authority) -> float:
        """When it is tried again: as often as any leg where there is a direct line; in time for its expiry."""
        chance = int.from_bytes(self._gateway.entropy(4), "big") / 2**32
        pause = hub_pause_seconds(_offers(leg), chance=chance)
        if peer.card.endpoints:
            pause = min(pause, delay_seconds(leg.attempts + 6, urgent=leg.urgent, chance=max(0.5, chance)))
        at, ends = self._gateway.clock.now() + pause, self._gateway.ends_at(leg.expires)
        return at if ends is None else min(at, ends)


def move_acknowledgement(transaction: Transaction, leg: Leg, state: LegState, *, about: bytes) -> None:
    """Move an acknowledgement's leg from where it stands by now; `about`: the package it speaks about.

    While it was on its way a person may have put it aside, or a hub handed out its package once more: neither is an error, and
    least of all one that stops the gateway. What is put aside ends when its peer has it, and is else left alone.
    """
    present = transaction.leg_of(LegKind.ACKNOWLEDGEMENT, leg.ref, about=about)
    if present is None or present.state is state or (present.state is LegState.HELD and state in DUE):
        return
    transaction.move_leg(leg.id, present.state, state)


def _offers(leg: Leg) -> int:
    """How often the hub has been given it, this time included."""
    return leg.attempts + 1 if leg.state is LegState.HUB_HELD else 1
