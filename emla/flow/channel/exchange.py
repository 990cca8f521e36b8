"""exchange: what two gateways tell each other about the channels between them, so that in the end both hold the same record.

Asked hourly, at the start, after an outage, and when our ledger is in doubt (`rounds`). A status is a signed object,
and so is the answer; each is complete in itself, so it may as well come out of a mailbox, and answer one that we left there.
What follows from one is done by `settle`; whether our own ledger may go on being signed, by `ledger_watch`.
Order of writes: R3 one batch holds the peer's status, the numbers it voids, and the checkpoints it showed. A crash before it
leaves what was known; the next status says it again.
"""

import asyncio
import hmac
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable

from emla.flow.channel.ledger_watch import LedgerWatch, verified_checkpoint
from emla.flow.channel.own_status import Compose, last_status
from emla.flow.channel.questions import Questions
from emla.flow.events import PEER_CONTRADICTED, event
from emla.flow.gateway import Gateway
from emla.flow.seen import seen_as
from emla.formats import channel as form
from emla.ledger import checkpoint as checkpoint_form
from emla.ledger.checkpoint import checkpoint_text
from emla.model.channel import ChannelStatus
from emla.model.documents import Authority
from emla.model.errors import (
    InvalidAcknowledgementError,
    InvalidDocumentError,
    InvalidPackageError,
    TransportError,
)
from emla.model.signed import PayloadType
from emla.ports.channel import SeenRow, StatusRow, VoidedRow
from emla.ports.store import Transaction
from emla.ports.transport import ChannelTransport, Refusal
from emla.steps.verify_status import verify_status

logger = logging.getLogger("emla.channel")

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
        self._mailed: dict[str, int] = {}
        """The instant of the last status that a hub took for a peer."""
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self.questions = Questions(gateway.clock.steady)

    async def exchange(
        self, peer: str, *, settle: bool = True, answers: bytes | None = None
    ) -> ChannelStatus | None:
        """Tell a peer how the channels stand, and take what it answers.

        Args:
            peer: whom.
            settle: whether what follows is done, too, before this returns.
            answers: the nonce of a status of the peer's out of a mailbox, which this one answers.

        Returns:
            What the peer said; None when a hub holds our status for it: then it answers through our mailbox.

        Raises:
            InvalidDocumentError: ``unknown-sender``: it is not pinned.
            TransportError: it was not reached, or the answer is not the peer's.
        """
        authority = self._gateway.directory.find(peer)
        if authority is None:
            raise InvalidDocumentError("unknown-sender", f"'{peer}' is not pinned here.")
        async with self._locks[peer]:
            # A hub keeps the newest of a peer's statuses: no two that go there are of one second.
            if self._mailed.get(peer) == self._gateway.now():
                await asyncio.sleep(1.0)
            said, signed = await self._say(authority, answers)
            answer = await self._transport.exchange_status(authority, signed)
            if answer is None:
                self._mailed[peer] = said.at
                if answers is None:
                    self.questions.put(peer, said.nonce)
                return None
        if isinstance(answer, Refusal):
            raise TransportError("peer-nonsense", f"The peer answered '{answer.code}'.")
        try:
            status, sender = self.verify(answer)
        except InvalidPackageError as error:
            raise TransportError("peer-nonsense", str(error)) from error
        if sender.id != peer or not hmac.compare_digest(status.answers or b"", said.nonce):
            raise TransportError("peer-nonsense", "The answer belongs to another status.")
        await self._take(status, sender, answer)
        await self._answered(peer)
        if settle:
            await self._settle(peer, status)
        return status

    async def answer(self, signed: bytes) -> tuple[ChannelStatus, bytes]:
        """Take a peer's status; return it and our own, signed, that answers it. The caller settles what follows.

        Raises:
            InvalidPackageError: it does not verify.
        """
        status, sender = self.verify(signed)
        await self._take(status, sender, signed)
        _, answer = await self._say(sender, status.nonce)
        return status, answer

    def is_news(self, status: ChannelStatus) -> bool:
        """Whether a verified status out of a mailbox is to be heard: no later one is here, or it answers a question of ours."""
        return not self._is_old(status) or self.questions.knows(status.sender, status.answers)

    async def hear(self, status: ChannelStatus, sender: Authority, signed: bytes) -> None:
        """Take a verified status out of a mailbox that is news. The caller answers it, and settles what follows."""
        is_answer = self.questions.knows(sender.id, status.answers)
        await self._take(status, sender, signed)
        if is_answer:
            await self._answered(sender.id)

    async def _answered(self, peer: str) -> None:
        """What a peer showed is judged by now; and it is fresh, because it repeats a nonce of this process."""
        await self._watch.answered(peer)
        self.questions.forget(peer)  # last: a start goes on when no question is open

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

    def verify(self, signed: bytes) -> tuple[ChannelStatus, Authority]:
        """Verify a status that is for us; the status, and who said it.

        Raises:
            InvalidPackageError: the code of the rung that failed.
        """
        here = self._gateway.identity.id
        return verify_status(
            signed,
            find_sender=self._gateway.directory.find,
            refuse_recipient=lambda recipient: None if recipient == here else "not-recipient",
            now=self._gateway.now(),
        )

    def _is_old(self, status: ChannelStatus) -> bool:
        row = self._gateway.store.read.status_of(status.sender)
        return row is not None and status.at < row.at

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

        if seen is not None and not self._is_old(status):
            await self._hold_against(seen)  # an old status says nothing about a ledger that has shrunk since
        await gateway.store.write(operation)
        gateway.signals.cards_seen(sender.id, status.card_version, status.card_known)
        await self._watch.judge(status)
        gateway.signals.spoke(sender.id)

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
