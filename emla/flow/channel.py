"""channel: what two gateways tell each other about the channels between them, so that in the end both hold the same record.

Asked hourly, at the start, after an outage, and when our ledger is in doubt (`flow.channel_rounds`). A status is a signed object,
and so is the answer; each is complete in itself. What follows from one is done by `flow.settle`; whether our own ledger may go
on being signed, by `flow.ledger_watch`.
Order of writes: R3 one batch holds the peer's status, the numbers it voids, and the checkpoints it showed. A crash before it
leaves what was known; the next status says it again.
"""

import hmac
import logging
from collections.abc import Awaitable, Callable

from emla.flow.channel_status import Compose, last_status
from emla.flow.events import PEER_CONTRADICTED, event
from emla.flow.gateway import Gateway
from emla.flow.ledger_watch import LedgerWatch, verified_checkpoint
from emla.flow.seen import seen_as
from emla.formats import channel as form
from emla.formats import dsse
from emla.ledger import checkpoint as checkpoint_form
from emla.ledger.checkpoint import checkpoint_text
from emla.model.channel import ChannelStatus
from emla.model.documents import Authority, KeyUse
from emla.model.errors import (
    InvalidAcknowledgementError,
    InvalidDocumentError,
    InvalidPackageError,
    MalformedError,
    TransportError,
)
from emla.model.limits import WIRE
from emla.model.signed import PayloadType
from emla.ports.channel import SeenRow, StatusRow, VoidedRow
from emla.ports.store import Transaction
from emla.ports.transport import ChannelTransport, Refusal

logger = logging.getLogger("emla.channel")

_SKEW_SECONDS = 86400
Settle = Callable[[str, ChannelStatus], Awaitable[None]]


class Channels:
    """Both sides of the exchange of channel statuses."""

    def __init__(
        self, gateway: Gateway, transport: ChannelTransport, watch: LedgerWatch, settle: Settle
    ) -> None:
        """Args: the gateway, the line, who guards our ledger, and who does what follows from a status."""
        self._gateway = gateway
        self._transport = transport
        self._watch = watch
        self._settle = settle

    async def exchange(self, peer: str, *, settle: bool = True) -> ChannelStatus:
        """Tell a peer how the channels stand, and take what it answers.

        Args:
            peer: whom.
            settle: whether what follows is done, too, before this returns.

        Raises:
            InvalidDocumentError: ``unknown-sender``: it is not pinned.
            TransportError: it was not reached, or the answer is not the peer's.
        """
        authority = self._gateway.directory.find(peer)
        if authority is None:
            raise InvalidDocumentError("unknown-sender", f"'{peer}' is not pinned here.")
        said, signed = await self._say(authority, None)
        answer = await self._transport.exchange_status(authority, signed)
        if isinstance(answer, Refusal):
            raise TransportError("peer-nonsense", f"The peer answered '{answer.code}'.")
        try:
            status, sender = self._verify(answer)
        except InvalidPackageError as error:
            raise TransportError("peer-nonsense", str(error)) from error
        if sender.id != peer or not hmac.compare_digest(status.answers or b"", said.nonce):
            raise TransportError("peer-nonsense", "The answer belongs to another status.")
        await self._take(status, sender, answer)
        # Judged by now; and fresh, because it repeats the nonce of this minute.
        await self._watch.answered(peer)
        if settle:
            await self._settle(peer, status)
        return status

    async def answer(self, signed: bytes) -> tuple[ChannelStatus, bytes]:
        """Take a peer's status; return it and our own, signed, that answers it. The caller settles what follows.

        Raises:
            InvalidPackageError: it does not verify.
        """
        status, sender = self._verify(signed)
        await self._take(status, sender, signed)
        _, answer = await self._say(sender, status.nonce)
        return status, answer

    # --- speaking ---

    async def _say(self, peer: Authority, answers: bytes | None) -> tuple[ChannelStatus, bytes]:
        compose = Compose(self._gateway, peer, self._last(peer.id))
        status = await compose(answers)
        if compose.counted:
            await self._gateway.store.write(compose.remember)
        return status, await self._gateway.sign(PayloadType.CHANNEL, form.encode(status))

    def _last(self, peer: str) -> ChannelStatus | None:
        return last_status(self._gateway, peer)

    # --- listening ---

    def _verify(self, signed: bytes) -> tuple[ChannelStatus, Authority]:
        try:
            envelope = dsse.decode(signed, PayloadType.CHANNEL, WIRE.channel_bytes)
            status = form.decode(envelope.payload)
        except MalformedError as error:
            raise InvalidPackageError("malformed", error.detail) from error
        sender = self._gateway.directory.find(status.sender)
        if sender is None:
            raise InvalidPackageError("unknown-sender", f"'{status.sender}' is not pinned here.")
        if sender.frozen:
            raise InvalidPackageError("frozen", f"{sender.id} is frozen.")
        if len(envelope.signatures) != 1:
            raise InvalidPackageError("malformed", "A channel status has one signature.")
        kid = envelope.signatures[0].kid
        key = sender.key(kid, KeyUse.SIGN, status.at)
        if key is None or not dsse.verifies(envelope, kid, key.public):
            raise InvalidPackageError("bad-signature")
        if status.recipient != self._gateway.identity.id:
            raise InvalidPackageError("not-recipient")
        if abs(status.at - self._gateway.now()) > _SKEW_SECONDS:
            raise InvalidPackageError("clock-skew", f"The peer's clock says {status.at}.")
        return status, sender

    async def _take(self, status: ChannelStatus, sender: Authority, signed: bytes) -> None:
        """R3: keep what a verified status says, and hold what it shows of our ledger against it."""
        gateway, now = self._gateway, self._gateway.now()
        row = StatusRow(authority=sender.id, at=status.at, signed=signed)
        voided = self._voided(status, now)
        seen = _checkpoint_of(sender, status)

        def operation(transaction: Transaction) -> None:
            transaction.put_status(row)
            for each in voided:
                transaction.put_voided(each)
            if seen is not None:
                transaction.see_checkpoint(seen)
                # Whoever steals the ledger's key tomorrow cannot have written what stood below this today.
                transaction.witness(_text(seen.note), now)

        if seen is not None:
            await self._hold_against(seen)
        await gateway.store.write(operation)
        gateway.signals.cards_seen(sender.id, status.card_version, status.card_known)
        await self._watch.judge(status)

    def _voided(self, status: ChannelStatus, now: int) -> list[VoidedRow]:
        """The voided numbers that are news: above what is whole here."""
        read = self._gateway.store.read
        return [
            VoidedRow(
                sender=status.sender,
                epoch=channel.epoch,
                seq=each.seq,
                pid=each.pid,
                reason=each.reason,
                at=now,
            )
            for channel in status.sent
            for each in channel.voided
            if each.seq > read.whole("theirs", status.sender, channel.epoch)
        ]

    async def _hold_against(self, seen: SeenRow) -> None:
        """Tell people about a peer whose ledger has shrunk or contradicts itself; both checkpoints are kept as proof."""
        known = next(
            (row for row in self._gateway.store.read.seen(seen.authority) if row.origin == seen.origin), None
        )
        if known is None or known.size < seen.size or known.note == seen.note:
            return
        if known.size > seen.size:
            logger.warning("peer behind", extra={"peer": seen.authority, "code": "ledger-behind"})
            return
        if _text(known.note) == _text(seen.note):
            return
        facts = {"peer": seen.authority, "one": known.note.decode(), "other": seen.note.decode()}
        record = event(self._gateway, PEER_CONTRADICTED, facts)

        def operation(transaction: Transaction) -> bool:
            first = transaction.warn(f"{seen.origin} contradicts itself at {seen.size}", 0)
            if first:
                record(transaction)
            return first

        if await self._gateway.store.write(operation):
            logger.error("peer contradicts itself", extra={"peer": seen.authority, "code": "ledger-broken"})


def _checkpoint_of(sender: Authority, status: ChannelStatus) -> SeenRow | None:
    """The peer's own newest checkpoint, if one of its living ledger keys signed it."""
    try:
        origin = checkpoint_form.decode(status.checkpoint).checkpoint.origin
    except InvalidAcknowledgementError:
        return None
    if not sender.card.is_ledger(origin):
        return None
    checkpoint = verified_checkpoint(status.checkpoint, origin, sender)
    return seen_as(sender.id, checkpoint, status.checkpoint, status.at) if checkpoint else None


def _text(note: bytes) -> bytes:
    return checkpoint_text(checkpoint_form.decode(note).checkpoint)
