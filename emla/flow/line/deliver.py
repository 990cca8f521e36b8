"""deliver: one attempt at one leg, and what came of it. The only place where a leg's state is moved by an answer.

An HTTP status ends nothing. A package leg moves only by a verified acknowledgement of that recipient or by our own expiry; an
acknowledgement leg is done when the peer says it has it, because the peer can ask for it again at any time. What a hub holds for
a peer is not delivered (O7): its leg is HUB_HELD and goes on asking, only less often.
"""

import logging
from collections.abc import Awaitable

from emla.flow.backoff import Postponed
from emla.flow.gateway import Gateway
from emla.flow.line.doubts import keep_doubtful
from emla.flow.line.gate import HELD_SECONDS, reason_to_wait
from emla.flow.line.give_up import EXPIRED, give_up
from emla.flow.line.hub_held import HubHeld, move_acknowledgement
from emla.flow.line.ways import Ways, Went, blamed_on
from emla.flow.news import News
from emla.flow.record import record_acknowledgement, tell_contradiction
from emla.flow.stored import has_size, is_whole
from emla.model.acknowledgement import ISSUED_BY_HUB, Event, VerifiedAcknowledgement
from emla.model.documents import Authority
from emla.model.errors import InvalidAcknowledgementError, StoreError, TransportError
from emla.model.leg import Leg, LegKind, LegState
from emla.ports.hub_line import HubLine
from emla.ports.store import VERDICT_PATIENCE_SECONDS, SentRow, Transaction
from emla.ports.transport import Refusal, Transport
from emla.steps.verify_acknowledgement import read_acknowledgement, verify_claim

logger = logging.getLogger("emla.deliver")

_ENDS = frozenset({Event.RELAY_ACCEPTANCE, Event.RELAY_REJECTION, Event.HUB_ACCEPTANCE})
"""What a package is answered with where the attempt is at its end."""


class _NoEnd(Refusal):
    """An answer to a package that is no end of the attempt: a hub's HubRejection, or what does not hold."""

    __slots__ = ()


class DeliverLeg:
    """Delivers legs over a transport; called by the relay."""

    def __init__(
        self,
        gateway: Gateway,
        transport: Transport,
        news: News,
        hub_line: HubLine | None = None,
        ways: Ways | None = None,
    ) -> None:
        """Args: the gateway, the line to peers, whom to tell; the line to hubs, None where no hub is to be used."""
        self._gateway = gateway
        self._transport = transport
        self._news = news
        self._hub_line = hub_line
        self._ways = ways or Ways(gateway)
        self._held = HubHeld(gateway, self._ways)

    async def __call__(self, leg: Leg) -> Refusal | Postponed | None:
        """Make one attempt; a Refusal when it has to be repeated, Postponed when a hub has it meanwhile."""
        if code := self._gateway.ledger_closed():
            return Refusal(code=code, retry_after_seconds=HELD_SECONDS, held=True)
        if leg.expires is None or not self._gateway.surely_past(leg.expires):
            # What is over is ended below, whether anything leads to its recipient or not.
            peer = self._gateway.directory.find(leg.peer)
            if peer is None or self._ways.no_way(peer):
                code = "unknown-recipient" if peer is None else "hub-not-pinned"
                return Refusal(code=code, retry_after_seconds=HELD_SECONDS, held=True)
        if leg.kind is LegKind.ACKNOWLEDGEMENT:
            return await self._acknowledgement(leg)
        return await self._package(leg)

    async def _package(self, leg: Leg) -> Refusal | Postponed | None:
        gateway = self._gateway
        row = gateway.store.read.sent(leg.ref)
        if row is None:
            raise StoreError("store-failed", f"Leg {leg.id} has no package.")
        if leg.expires is not None and gateway.surely_past(leg.expires):
            # Not offered once more: a recipient whose clock is slow would accept what its sender calls expired.
            await self._expire(row)
            return None
        pinned = gateway.directory.peers[leg.peer]
        peer = pinned.authority
        header = gateway.subjects.of(row.pid, row.signed).header
        if code := reason_to_wait(gateway, pinned, row.pid, header):
            if code == "unknown-kid":
                # Whatever kept K5 from seeing it: it was committed, or released, after the revocation came.
                gateway.signals.key_gone(peer.id)
            return Refusal(code=code, retry_after_seconds=HELD_SECONDS, held=True)
        payload = gateway.payload(row.payload_sha256)
        if not has_size(payload, row.payload_size):
            return _damaged(row)
        line, body = self._hub_line, (row.pid, row.signed, payload, row.payload_size)
        try:
            went = await self._held.bring(
                leg,
                peer,
                lambda: self._judged(row, peer, peer, self._transport.send_package(peer, *body)),
                (lambda hub: self._judged(row, peer, hub, line.deposit_package(hub, *body)))
                if line
                else None,
            )
        except TransportError as error:
            if error.code == "payload-damaged":  # it was there a moment ago
                return _damaged(row)
            raise
        if isinstance(went, Postponed):
            return went
        answer = went.answer
        if isinstance(answer, _NoEnd):
            return blamed_on(went, peer, Refusal(code=answer.code))
        if isinstance(answer, Refusal):
            if answer.code == "digest-mismatch" and not await is_whole(gateway, row.payload_sha256):
                return _damaged(row)
            return self._refused(went, peer, answer)
        if answer.acknowledgement.event is Event.HUB_ACCEPTANCE:
            postponed = await self._held.package(leg, peer, went.code, answer)
            self._news.tell(row.pid)
            return postponed
        # Perhaps the peer pushed another acknowledgement of this event while it answered: that must not stop anybody's legs.
        recorded = await gateway.store.write(record_acknowledgement(answer, at=gateway.now()))
        tell_contradiction(answer, recorded)
        self._news.tell(row.pid)
        if row.replaces is not None and answer.acknowledgement.event is Event.RELAY_REJECTION:
            gateway.signals.wake(peer.id)  # the package it replaced may be asked for again
        return None

    async def _judged(
        self, row: SentRow, peer: Authority, said_by: Authority, answering: Awaitable[bytes | Refusal]
    ) -> VerifiedAcknowledgement | Refusal:
        """What was answered to a package, as far as it holds. `said_by`: the peer, or the hub that was asked to hold it.

        Only the peer's word and a hub's HubAcceptance are ends of this attempt; after anything else another hub may be asked.
        """
        answer, gateway = await answering, self._gateway
        if isinstance(answer, Refusal):
            return answer
        try:
            # O6: verified before it is believed; a crash before the commit only makes us ask again.
            claim = read_acknowledgement(answer)
            by_hub = claim.acknowledgement.event in ISSUED_BY_HUB
            verified = verify_claim(
                claim,
                issuer=said_by if by_hub else peer,
                subject=gateway.subjects.of(row.pid, row.signed),
                witnessed=gateway.witnessed,
            )
        except InvalidAcknowledgementError as error:
            logger.warning(
                "answer refused", extra={"peer": said_by.id, "code": error.code, "pid": row.pid.hex()}
            )
            await keep_doubtful(gateway, answer, said_by.id, row.pid, error.code)
            return _NoEnd(code=error.code)
        said = verified.acknowledgement
        if said.event is Event.HUB_REJECTION:
            await self._held.rejected(verified)
            self._news.tell(row.pid)
            return _NoEnd(code=said.reason or "peer-nonsense")
        return verified if said.event in _ENDS else _NoEnd(code="peer-nonsense")

    def _refused(self, went: Went[object], peer: Authority, refusal: Refusal) -> Refusal:
        """Whoever has not heard of our newest keys cannot know what they signed: that is no fault of the leg, which waits."""
        signals, by = self._gateway.signals, (went.hub or peer).id
        signals.refused(by, refusal.code)
        if refusal.code == "unknown-kid":
            signals.key_gone(peer.id)
        told = blamed_on(went, peer, refusal)
        if told.code == "bad-signature" and signals.unheard(by):
            return Refusal(code=told.code, retry_after_seconds=HELD_SECONDS, held=True)
        return told

    async def _expire(self, row: SentRow) -> None:
        """O8: nobody acknowledged it in time. A genuine RelayAcceptance that comes later supersedes this."""
        await self._gateway.store.write(give_up(self._gateway, row, EXPIRED))
        self._news.tell(row.pid)

    async def _acknowledgement(self, leg: Leg) -> Refusal | Postponed | None:
        gateway = self._gateway
        row = gateway.store.read.carried(leg.id)
        if row is None:
            raise StoreError("store-failed", f"Leg {leg.id} has no acknowledgement.")
        peer = gateway.directory.peers[leg.peer].authority
        send, aid, bundle = self._transport.send_acknowledgement, row.aid, row.bundle
        went = await self._held.bring(
            leg,
            peer,
            lambda: send(peer, aid, bundle),
            (lambda hub: send(hub, aid, bundle)) if self._hub_line else None,
        )
        if isinstance(went, Postponed):
            return went
        if went.answer is not None:
            return self._refused(went, peer, went.answer)
        if went.hub:
            return await self._held.acknowledgement(leg, peer, went.code, about=row.pid)

        def operation(transaction: Transaction) -> None:
            move_acknowledgement(transaction, leg, LegState.DONE, about=row.pid)

        # Nobody waits for this: if it is lost in a crash, the peer is told again and says it knows. Its place is taken till then.
        await gateway.store.write(operation, patience_seconds=VERDICT_PATIENCE_SECONDS)
        return None


def _damaged(row: SentRow) -> Refusal:
    """Not the line and not the peer: our own disk. The package waits, and goes when its payload is back."""
    logger.error("payload damaged", extra={"pid": row.pid.hex(), "code": "payload-damaged"})
    return Refusal(code="payload-damaged", retry_after_seconds=HELD_SECONDS, held=True)
