"""settle: what follows from a peer's channel status. Acknowledgements are pushed again, legs tried, packages returned.

A status can be a lie, so all of this is only sending again what we hold, to the one peer who said it: a bounded number each time,
one status after the other, and no package is returned twice a day. No leg is moved.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain

from emla.flow.gateway import Gateway
from emla.flow.line.refusals import blame
from emla.model.acknowledgement import Event
from emla.model.channel import EPOCHS_MAX, ChannelStatus
from emla.model.documents import Authority
from emla.model.errors import EmlaError, IllegalTransitionError, TransportError
from emla.ports.store import AcknowledgementRow
from emla.ports.transport import ChannelTransport, Refusal
from emla.steps.reconcile import Act, act_about, forgotten, lacking
from emla.steps.verify_acknowledgement import read_acknowledgement

logger = logging.getLogger("emla.settle")

RETURNS_MAX = 64
_LOOKED_AT_MAX = 4096
_AGAIN_SECONDS = 86400.0
_REMEMBERED_MAX = 100_000
_DAMAGED = "payload-damaged"
"""What nobody refused: our own disk cannot give it."""
_ANSWERS = frozenset({Event.RELAY_ACCEPTANCE, Event.RELAY_REJECTION})
_VERDICTS = frozenset({Event.CONTENT_CONSIGNMENT, Event.CONTENT_CONSIGNMENT_FAILURE, Event.CONTENT_HANDOVER})


@dataclass(frozen=True, slots=True, kw_only=True)
class Return:
    """A package that goes back to whoever lost it, with the recipient's acknowledgements."""

    pid: bytes
    signed: bytes
    payload_sha256: bytes
    bundles: tuple[bytes, ...]


@dataclass(slots=True)
class Settle:
    """The consequences of statuses."""

    gateway: Gateway
    transport: ChannelTransport
    _under_way: set[str] = field(default_factory=set)
    _returned: dict[bytes, float] = field(default_factory=dict)
    """When a package was returned, by our steady clock: whoever says every minute that it lost everything gets it once a day."""

    async def __call__(self, peer: str, status: ChannelStatus) -> None:
        """Do what a status asks for. What fails is asked for again by the next status."""
        authority = self.gateway.directory.find(peer)
        if authority is None or peer in self._under_way or self.gateway.ledger_closed():
            return
        self._under_way.add(peer)
        try:
            with self.gateway.under_way.one():
                await self._settle(authority, status)
        except IllegalTransitionError:
            raise  # a bug of ours about what is stored: nothing may go on
        except EmlaError as error:
            logger.info("not settled", extra={"peer": peer, "code": error.code})
        finally:
            self._under_way.discard(peer)

    async def _settle(self, peer: Authority, status: ChannelStatus) -> None:
        if self._waits(peer.id, status):
            self.gateway.signals.wake(peer.id)
        pushed = await self._push(peer, status.open, _ANSWERS | _VERDICTS) + await self._push(
            peer, status.missing, _VERDICTS
        )
        returned = await self._return(peer, status)
        if pushed or returned:
            logger.info("settled", extra={"peer": peer.id, "packages": pushed + returned})

    # --- what waits ---

    def _waits(self, peer: str, status: ChannelStatus) -> bool:
        read = self.gateway.store.read
        return any(
            act_about(each.state) is Act.OFFER
            for epoch, last in read.sent_epochs(peer)[:EPOCHS_MAX]
            for numbers in lacking(status.received_in(epoch), last)
            for each in read.placed(peer, epoch, numbers, 1)
        ) or bool(read.due_legs(peer, float("inf"), 1))

    # --- acknowledgements ---

    async def _push(self, peer: Authority, pids: tuple[bytes, ...], events: frozenset[Event]) -> int:
        """Push what we have issued about packages of the peer's that it says nobody acknowledged."""
        count = 0
        for pid in pids:
            for row in self.gateway.store.read.acknowledgements(pid):
                if row.event not in events or not self._is_for(row, peer.id):
                    continue
                refusal = await self.transport.send_acknowledgement(peer, row.aid, row.bundle)
                if refusal is not None and not _is_about_it(refusal):
                    raise _refused(refusal)
                if (
                    refusal is not None
                ):  # one that it never takes, for a revoked key perhaps, keeps back no other
                    logger.info("not taken", extra={"peer": peer.id, "pid": pid.hex(), "code": refusal.code})
                count += refusal is None
        return count

    def _is_for(self, row: AcknowledgementRow, peer: str) -> bool:
        if row.by != self.gateway.identity.id:
            return False
        return read_acknowledgement(row.bundle).acknowledgement.sender == peer

    # --- packages ---

    async def _return(self, peer: Authority, status: ChannelStatus) -> int:
        """Return what the peer has lost: its own packages that we hold, and ours that it had acknowledged."""
        taken = tried = 0
        now = self.gateway.clock.steady()
        for each in self._lost(peer.id, status):
            if tried == RETURNS_MAX:
                break
            last = self._returned.get(each.pid)
            if last is not None and now - last < _AGAIN_SECONDS:
                continue
            refusal = await self._send(peer, each)
            if refusal is not None and not _is_about_it(refusal):
                raise _refused(refusal)  # it takes nothing at the moment; the next status asks again
            tried += 1
            if len(self._returned) >= _REMEMBERED_MAX:
                self._returned.clear()
            # One that it does not want, or that our disk has damaged, is no reason to keep back the others.
            self._returned[each.pid] = now
            taken += refusal is None
            if refusal is not None and refusal.code != _DAMAGED:
                logger.warning(
                    "return refused", extra={"peer": peer.id, "pid": each.pid.hex(), "code": refusal.code}
                )
        return taken

    async def _send(self, peer: Authority, each: Return) -> Refusal | None:
        size = self.gateway.store.read.payload_size(each.payload_sha256)
        assert size is not None
        payload = self.gateway.payload(each.payload_sha256)
        try:
            return await self.transport.send_return(peer, each.pid, each.signed, each.bundles, payload, size)
        except TransportError as error:
            if error.code != _DAMAGED:
                raise
            logger.error("payload damaged", extra={"pid": each.pid.hex(), "code": error.code})
            return Refusal(code=error.code)

    def _lost(self, peer: str, status: ChannelStatus) -> Iterator[Return]:
        for each in chain(self._ours_lost(peer, status), self._theirs_lost(peer, status)):
            if (
                self.gateway.store.read.erasure_of(each.pid) is None
            ):  # what was erased here, nobody gets from here
                yield each

    def _ours_lost(self, peer: str, status: ChannelStatus) -> Iterator[Return]:
        """Packages of ours that the peer accepted before it said that it lacks them."""
        read, looked_at = self.gateway.store.read, 0
        for epoch, last in read.sent_epochs(peer)[:EPOCHS_MAX]:
            for numbers in lacking(status.received_in(epoch), last):
                for each in read.placed(peer, epoch, numbers, _LOOKED_AT_MAX - looked_at):
                    looked_at += 1
                    row = read.sent(each.pid) if act_about(each.state) is Act.RETURN else None
                    if row is None or not self._acknowledged_before(each.pid, peer, status.at):
                        continue
                    yield self._returnable(row.pid, row.signed, row.payload_sha256, peer)

    def _acknowledged_before(self, pid: bytes, peer: str, at: int) -> bool:
        """Whether the peer accepted a package before an instant, both by its own clock."""
        return any(
            row.event is Event.RELAY_ACCEPTANCE and row.by == peer and row.at < at
            for row in self.gateway.store.read.acknowledgements(pid)
        )

    def _theirs_lost(self, peer: str, status: ChannelStatus) -> Iterator[Return]:
        """Packages of the peer's that we accepted and it says it never sent."""
        read, looked_at = self.gateway.store.read, 0
        for epoch in read.received_epochs(peer, EPOCHS_MAX):
            newest = read.newest_from(peer, epoch)
            for numbers in forgotten(status.sent_in(epoch), newest[0] if newest else 0):
                for pid in read.received_in(peer, epoch, numbers, _LOOKED_AT_MAX - looked_at):
                    looked_at += 1
                    row = read.received(pid)
                    if row is None or row.created >= status.at:
                        continue
                    yield self._returnable(pid, row.signed, row.payload_sha256, self.gateway.identity.id)

    def _returnable(self, pid: bytes, signed: bytes, payload_sha256: bytes, by: str) -> Return:
        rows = self.gateway.store.read.acknowledgements(pid)
        bundles = tuple(row.bundle for row in rows if row.by == by)
        return Return(pid=pid, signed=signed, payload_sha256=payload_sha256, bundles=bundles)


def _is_about_it(refusal: Refusal) -> bool:
    """Whether what was sent is refused for what it is. All else passes, however it is called: nothing is taken at the moment."""
    return refusal.code == _DAMAGED or not blame(refusal, own=False).peer


def _refused(refusal: Refusal) -> TransportError:
    """A peer's refusal is the end of this settling; the next status asks again."""
    return TransportError("peer-nonsense", f"The peer answered '{refusal.code}'.")
