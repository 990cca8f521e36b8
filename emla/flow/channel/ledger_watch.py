"""ledger_watch: whether our own ledger may still be signed. What peers hold of it is held against it; what is behind is closed.

A ledger is behind when anybody holds a checkpoint that it signed and does not contain, or a package that it numbered and does not
know: a backup was restored, or somebody tampers. It is *restored* while that is merely to be feared. Closed, it records nothing
about packages (the store itself refuses, `emla.ports.channel`); reading goes on.
Order of writes: R1 one batch holds why it is closed, with the proof, and the event; a crash before it finds the same again at the
next start, which asks before it signs. R2 one batch opens a restored ledger that turned out to be whole, with what came late.
"""

import hashlib
import logging

from emla.flow.events import LEDGER_CLOSED, LEDGER_OPENED, PEER_GONE, event
from emla.flow.gateway import Gateway
from emla.flow.seen import seen_as
from emla.formats import dsse
from emla.formats import header as header_form
from emla.ledger import checkpoint as checkpoint_form
from emla.ledger.checkpoint import Checkpoint, checkpoint_text
from emla.model.channel import ChannelStatus
from emla.model.documents import Authority, Card, KeyUse
from emla.model.errors import InvalidAcknowledgementError, MalformedError, NotFoundError
from emla.ports.channel import AskedRow, ChannelReader, ClosedRow, SeenRow
from emla.ports.store import Transaction

logger = logging.getLogger("emla.ledger")

BEHIND = "ledger-behind"
RESTORED = "ledger-restored"


class LedgerWatch:
    """Closes our ledger, and opens it again where that is safe without a new epoch."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    # --- closing ---

    async def judge(self, status: ChannelStatus) -> bool:
        """Hold what a peer shows of our ledger against it; whether that was all right.

        Only what our own keys signed counts: no peer can close our ledger by lying.
        """
        shown = [row for note in status.seen if (row := self._verified(note, status.at))]
        await self._keep(shown)
        for row in shown:
            if self._is_behind(row):
                return not await self.close(BEHIND, status.sender, row.note, of_epoch=row.epoch)
        for each in status.received:
            epoch = self._forgotten_in(each.header, status.sender) if each.header is not None else None
            if epoch is not None:
                return not await self.close(BEHIND, status.sender, each.header, of_epoch=epoch)
        return True

    async def judge_checkpoint(self, note: bytes, at: int, peer: str) -> bool:
        """Hold one checkpoint that somebody shows against our ledger, as `judge` does; whether that was all right."""
        row = self._verified(note, at)
        if row is None:
            return True
        await self._keep([row])
        return not (self._is_behind(row) and await self.close(BEHIND, peer, row.note, of_epoch=row.epoch))

    async def hold_against(self, row: SeenRow, holder: str) -> bool:
        """Hold one checkpoint of ours against our ledger, where documents of ours that came from elsewhere bear it.

        Args:
            row: verified under those documents, whose card may list keys that the one here does not.
            holder: who gave them.

        Returns:
            Whether it was all right.
        """
        own = self._gateway.identity
        # Where nothing is shown but that an epoch began, there is nothing to compare within ours.
        lags = bool(row.size or row.epoch > own.authority.card.epoch) and self._is_behind(row)
        # What our own file shows is held elsewhere only where it is news here.
        if lags or holder != own.id:
            await self._keep([row])
        return not (lags and await self.close(BEHIND, holder, row.note, of_epoch=row.epoch))

    async def close(
        self,
        code: str,
        peer: str | None = None,
        proof: bytes | None = None,
        *,
        of_epoch: int | None = None,
    ) -> bool:
        """R1: close the ledger. Before this commit it was open; after it nothing about packages is recorded any more.

        Args:
            of_epoch: the ledger that the proof is of. It closes none that began while the proof was being judged.

        Returns:
            Whether the ledger is closed now.
        """
        gateway = self._gateway
        facts = {"code": code, "peer": peer or "", "proof": hashlib.sha256(proof or b"").hexdigest()}
        record = event(gateway, LEDGER_CLOSED, facts)
        row = ClosedRow(code=code, since=gateway.now(), peer=peer, proof=proof)

        def operation(transaction: Transaction) -> tuple[bool, bool]:
            if of_epoch is not None and of_epoch < transaction.epoch:
                return transaction.closed is not None, False
            changed = transaction.close_ledger(row)
            if changed:
                record(transaction)
            return True, changed

        is_closed, changed = await gateway.store.write(operation)
        if changed:
            logger.error("ledger closed", extra={"code": code, "peer": peer})
            gateway.signals.ledger_closed()
        return is_closed

    def _verified(self, note: bytes, at: int) -> SeenRow | None:
        """A checkpoint of one of our ledgers; None when it is none, or a revoked key signed it."""
        own = self._gateway.identity.authority
        try:
            claimed = checkpoint_form.decode(note).checkpoint
        except InvalidAcknowledgementError:
            return None
        if claimed.origin.rpartition("/")[0] != own.card.ledger_origin.rpartition("/")[0]:
            return None
        checkpoint = verified_checkpoint(note, claimed.origin, own)
        return seen_as(own.id, checkpoint, note, at) if checkpoint else None

    async def _keep(self, shown: list[SeenRow]) -> None:
        """Keep the largest that anybody holds of each of our ledgers: a new epoch names it."""
        known = {row.origin: row.size for row in self._gateway.store.read.seen(self._gateway.identity.id)}
        larger = [row for row in shown if row.size > known.get(row.origin, -1)]

        def operation(transaction: Transaction) -> None:
            for row in larger:
                transaction.see_checkpoint(row)

        if larger:
            await self._gateway.store.write(operation)

    def _is_behind(self, row: SeenRow) -> bool:
        return is_behind(self._gateway.identity.authority.card, self._gateway.store.read, row)

    def _forgotten_in(self, signed: bytes, peer: str) -> int | None:
        """The epoch, this one or a later one, of a package that we signed for a peer and do not know; None when it is no such."""
        own = self._gateway.identity.authority
        try:
            envelope = header_form.decode_signed(signed)
            header = header_form.decode(envelope.payload)
        except MalformedError:
            return None
        if (header.sender, header.recipient) != (own.id, peer) or header.epoch < own.card.epoch:
            return None
        if self._gateway.store.read.sent_signed(header_form.package_id(envelope.payload)) is not None:
            return None
        is_ours = any(
            dsse.verifies(envelope, key.kid, key.public)
            for key in own.keys(KeyUse.SIGN)
            if not own.revoked(key.kid)
        )
        return header.epoch if is_ours else None

    # --- a ledger that was restored ---

    async def restored(self) -> None:
        """The folder was restored from a backup: nothing is signed before every peer has said what it holds, since this start.

        Who had answered an earlier one may hold more since: the ledger may have been open in between, and be put back again.
        """
        await self.close(RESTORED)
        await self._gateway.store.write(lambda transaction: transaction.forget_answers())

    def unanswered(self) -> list[str]:
        """Peers that are still to be asked."""
        return unanswered(self._gateway)

    async def answered(self, peer: str) -> None:
        """A peer has answered, and what it showed has been judged."""
        closed = self._gateway.store.read.closed()
        if closed is None:
            return
        await self._asked(peer, gone=False)
        await self.open_if_whole()

    async def gone(self, peer: str) -> None:
        """People say that a peer cannot be asked any more.

        Raises:
            NotFoundError: it is not pinned, or nobody is asked.
        """
        if peer not in self._gateway.directory.peers or self._gateway.ledger_closed() is None:
            raise NotFoundError("not-found", f"'{peer}' is not waited for.")
        await self._asked(peer, gone=True)
        await self.open_if_whole()

    async def _asked(self, peer: str, *, gone: bool) -> None:
        row = AskedRow(authority=peer, at=self._gateway.now(), gone=gone)
        record = event(self._gateway, PEER_GONE, {"peer": peer}) if gone else None

        def operation(transaction: Transaction) -> None:
            transaction.put_asked(row)
            if record:
                record(transaction)

        await self._gateway.store.write(operation)

    async def open_if_whole(self) -> None:
        """R2: open a restored ledger once nobody is left who could hold more of it. One that is behind stays closed.

        Where nobody was asked nobody is known: a backup from before the first pin does not say who was pinned since.
        """
        if self._gateway.ledger_closed() is None or self.unanswered() or not self._gateway.store.read.asked():
            return
        record = event(self._gateway, LEDGER_OPENED, {"code": RESTORED})

        def operation(transaction: Transaction) -> bool:
            if transaction.closed != RESTORED:
                return False
            transaction.open_ledger()
            record(transaction)
            return True

        if await self._gateway.store.write(operation):
            logger.warning("ledger opened", extra={"code": RESTORED})
            self._gateway.signals.ledger_opened()


def unanswered(gateway: Gateway) -> list[str]:
    """Peers that have not said what they hold since the ledger was closed, and of which nobody said that they are gone."""
    asked = {row.authority for row in gateway.store.read.asked()}
    return sorted(gateway.directory.peers.keys() - asked)


def is_behind(card: Card, read: ChannelReader, row: SeenRow) -> bool:
    """Whether a ledger does not contain a checkpoint that it has signed, or is of an epoch before it."""
    if row.origin != card.ledger_origin:
        return row.epoch > card.epoch
    # One checkpoint for each batch: one that was ever shown stands in the table, or this is not the ledger that showed it.
    own = read.own_checkpoint(row.size)
    return own is None or _text(own) != _text(row.note)


def verified_checkpoint(note: bytes, origin: str, authority: Authority) -> Checkpoint | None:
    """A checkpoint of an origin that one of the authority's ledger keys signed; None when none did, or only a revoked one."""
    publics = [key.public for key in authority.keys(KeyUse.LEDGER) if not authority.revoked(key.kid)]
    try:
        return checkpoint_form.verify_any(note, origin, publics) if publics else None
    except InvalidAcknowledgementError:
        return None


def _text(note: bytes) -> bytes:
    return checkpoint_text(checkpoint_form.decode(note).checkpoint)
