"""deliver: one attempt at one leg, and what came of it. The only place where a leg's state is moved by an answer.

An HTTP status ends nothing. A package leg moves only by a verified acknowledgement of that recipient or by our own expiry; an
acknowledgement leg is done when the peer says it has it, because the peer can ask for it again at any time.
"""

import logging
from collections.abc import Callable

from emla.flow.gate import HELD_SECONDS, reason_to_wait
from emla.flow.gateway import Gateway
from emla.flow.news import News
from emla.model.acknowledgement import Event, VerifiedAcknowledgement
from emla.model.errors import InvalidAcknowledgementError, StoreError
from emla.model.leg import Leg, LegKind, LegState, delivered_state, next_state
from emla.ports.store import (
    UPKEEP_PATIENCE_SECONDS,
    AcknowledgementRow,
    DuplicateError,
    SentRow,
    Transaction,
)
from emla.ports.transport import Refusal, Transport
from emla.steps.verify_acknowledgement import verify_acknowledgement

logger = logging.getLogger("emla.deliver")


def record_acknowledgement(verified: VerifiedAcknowledgement) -> Callable[[Transaction], bool]:
    """The operation that keeps a peer's acknowledgement and moves the package's leg to what all of them together say.

    Returns:
        An operation; it returns False when the acknowledgement was here already.
    """
    said = verified.acknowledgement
    row = AcknowledgementRow(
        aid=verified.aid,
        pid=said.pid,
        event=said.event,
        by=said.by,
        at=said.at,
        reason=said.reason,
        bundle=verified.stored,
    )

    def operation(transaction: Transaction) -> bool:
        if not transaction.insert_acknowledgement(row, verified.signed):
            return False
        leg = transaction.leg_of(LegKind.PACKAGE, said.pid)
        if leg is not None:
            state = next_state(leg.state, transaction.events_of(said.pid))
            if state is not leg.state:
                transaction.move_leg(leg.id, leg.state, state)
        if said.event is Event.RELAY_REJECTION and said.reason == "already-held":
            transaction.reopen_replaced(said.pid)
        return True

    return operation


class DeliverLeg:
    """Delivers legs over a transport; called by the relay."""

    def __init__(self, gateway: Gateway, transport: Transport, news: News) -> None:
        self._gateway = gateway
        self._transport = transport
        self._news = news

    async def __call__(self, leg: Leg) -> Refusal | None:
        """Make one attempt; a Refusal when it has to be repeated."""
        peer = self._gateway.directory.find(leg.peer)
        if peer is None:
            return Refusal(code="unknown-recipient")
        if leg.kind is LegKind.ACKNOWLEDGEMENT:
            return await self._acknowledgement(leg)
        return await self._package(leg)

    async def _package(self, leg: Leg) -> Refusal | None:
        gateway = self._gateway
        row = gateway.store.read.sent(leg.ref)
        if row is None:
            raise StoreError("store-failed", f"Leg {leg.id} has no package.")
        if leg.expires is not None and gateway.surely_past(leg.expires):
            # Not offered once more: a recipient whose clock is slow would accept what its sender calls expired.
            await self._expire(leg, row)
            return None
        pinned = gateway.directory.peers[leg.peer]
        peer = pinned.authority
        header = gateway.subjects.of(row.pid, row.signed).header
        if code := reason_to_wait(gateway, pinned, row.pid, header):
            return Refusal(code=code, retry_after_seconds=HELD_SECONDS, held=True)
        payload = gateway.payload(row.payload_sha256)
        answer = await self._transport.send_package(peer, row.pid, row.signed, payload, row.payload_size)
        if isinstance(answer, Refusal):
            gateway.signals.refused(peer.id, answer.code)
            return answer
        try:
            # O6: verified before it is believed; a crash before the commit only makes us ask again.
            verified = verify_acknowledgement(
                answer,
                issuer=peer,
                subject=gateway.subjects.of(row.pid, row.signed),
                witnessed=gateway.witnessed,
            )
        except InvalidAcknowledgementError as error:
            logger.warning(
                "answer refused", extra={"peer": peer.id, "code": error.code, "pid": row.pid.hex()}
            )
            return Refusal(code=error.code)
        if verified.acknowledgement.event not in (Event.RELAY_ACCEPTANCE, Event.RELAY_REJECTION):
            return Refusal(code="peer-nonsense")
        try:
            await gateway.store.write(record_acknowledgement(verified))
        except DuplicateError:
            # The peer pushed another acknowledgement of this event while it answered. The first one stands, and it has moved
            # the leg; that a peer contradicts itself must not stop anybody else's legs.
            logger.warning(
                "acknowledgement contradicts another",
                extra={"peer": peer.id, "pid": row.pid.hex(), "event": verified.acknowledgement.event.value},
            )
        self._news.tell(row.pid)
        if row.replaces is not None and verified.acknowledgement.event is Event.RELAY_REJECTION:
            gateway.signals.wake(peer.id)  # the package it replaced may be asked for again
        return None

    async def _expire(self, leg: Leg, row: SentRow) -> None:
        """O8: nobody acknowledged it in time. A genuine RelayAcceptance that comes later supersedes this."""
        gateway = self._gateway
        subject, at = gateway.subjects.of(row.pid, row.signed), gateway.now()

        def operation(transaction: Transaction) -> None:
            present = transaction.leg_of(LegKind.PACKAGE, row.pid)
            if present is None or present.state is not LegState.READY:
                return
            delivered = delivered_state(transaction.events_of(row.pid))
            if delivered is None:
                transaction.issue(gateway.acknowledge(Event.RELAY_FAILURE, subject, "expired", at=at))
            # What the recipient signed about the content proves that it has the package: that is never contradicted.
            transaction.move_leg(leg.id, LegState.READY, delivered or LegState.EXPIRED)

        await self._gateway.store.write(operation)
        self._news.tell(row.pid)

    async def _acknowledgement(self, leg: Leg) -> Refusal | None:
        gateway = self._gateway
        row = gateway.store.read.acknowledgement(leg.ref)
        if row is None:
            raise StoreError("store-failed", f"Leg {leg.id} has no acknowledgement.")
        peer = gateway.directory.peers[leg.peer].authority
        refusal = await self._transport.send_acknowledgement(peer, row.aid, row.bundle)
        if refusal is not None:
            gateway.signals.refused(peer.id, refusal.code)
            return refusal

        def operation(transaction: Transaction) -> None:
            transaction.move_leg(leg.id, LegState.READY, LegState.DONE)

        # Nobody waits for this: if it is lost in a crash, the peer is told again and says it knows.
        await gateway.store.write(operation, patience_seconds=UPKEEP_PATIENCE_SECONDS)
        return None
