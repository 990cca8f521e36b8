"""take_back: what this ledger lost and a peer still holds -> ours again, with the acknowledgements signed at the time.

Two kinds come back. A peer's package that we had accepted: with our own RelayAcceptance, which is stored as it is and never
signed a second time. And a package of ours that the peer had accepted: its text is lost, for it is sealed to the peer, but what
was sent, when, and what became of it is ours again. Both prove themselves by signatures made before the loss; who brings them
does not matter. A package of ours in the epoch in force that we do not know is proof that our ledger is behind, and so is an
acceptance of ours under a checkpoint that it does not have.
Order of writes: I4 holds here too: one batch has the package with its keys, the acknowledgements, leaves and checkpoint. A crash
before it leaves nothing, and it is returned again; after it, it is here.
"""

import asyncio
import hashlib
from collections.abc import Callable, Sequence

from emla.flow.channel.ledger_watch import BEHIND, LedgerWatch
from emla.flow.gateway import Gateway
from emla.flow.line.accept import PayloadSource, received_row
from emla.flow.record import acknowledgement_row
from emla.flow.reservations import CALLER
from emla.formats import dsse
from emla.model.documents import Authority
from emla.model.errors import ConfigurationError, InvalidPackageError, TransportError
from emla.model.leg import LegKind, LegState, next_state
from emla.model.limits import WIRE
from emla.model.package import Header, Priority
from emla.model.signed import SignedObject
from emla.ports.store import DuplicateError, SentRow, Transaction
from emla.steps.verify_return import Returned, read_returned, verify_returned, verify_sender

_HOP_BYTES = 1024 * 1024


class TakeBack:
    """The journey of what was lost."""

    def __init__(self, gateway: Gateway, watch: LedgerWatch, on_accepted: Callable[[bytes], None]) -> None:
        """Args: the gateway, who guards our ledger, and whom to tell about a package that is to be opened."""
        self._gateway = gateway
        self._watch = watch
        self._on_accepted = on_accepted
        self._receiving: set[tuple[bytes, str]] = set()

    async def __call__(
        self, pid: bytes, signed: bytes, bundles: Sequence[bytes], source: PayloadSource
    ) -> None:
        """Take one package back; what is here already is a success.

        Raises:
            InvalidPackageError: it does not prove itself.
            InvalidAcknowledgementError: the acknowledgements do not, or the one of its acceptance is missing.
            ConfigurationError: our ledger is closed.
            TransportError: ``processing``, the same one is coming back from the same address.
        """
        envelope, header = read_returned(pid, signed)
        ours = header.sender == self._gateway.identity.id
        if self._is_here(pid, ours=ours):
            return
        _, recipient = self._sides(header)
        await self._check_signature(envelope, header, ours=ours)
        self._gateway.require_ledger()
        returned = verify_returned(
            signed,
            envelope,
            header,
            bundles,
            recipient=recipient,
            witnessed=self._gateway.witnessed,
        )
        if not ours:
            await self._check_ledger(returned)
        place = (pid, CALLER.get())
        if place in self._receiving:
            raise TransportError("processing")  # not durable yet, and nobody says so before it is
        self._receiving.add(place)
        try:
            payload = await self._receive(header, source)
            await self._commit(returned, payload, ours=ours)
        finally:
            self._receiving.discard(place)

    def _is_here(self, pid: bytes, *, ours: bool) -> bool:
        read = self._gateway.store.read
        return (read.sent_signed(pid) if ours else read.received(pid)) is not None

    # --- what it proves ---

    def _sides(self, header: Header) -> tuple[Authority, Authority]:
        """Sender and recipient: we are one of them, a pinned peer the other."""
        own = self._gateway.identity.authority
        other = header.recipient if header.sender == own.id else header.sender
        if own.id not in (header.sender, header.recipient):
            raise InvalidPackageError("not-recipient", f"It goes from {header.sender} to {header.recipient}.")
        peer = self._gateway.directory.find(other)
        if peer is None:
            raise InvalidPackageError("unknown-sender", f"'{other}' is not pinned here.")
        return (own, peer) if header.sender == own.id else (peer, own)

    async def _check_signature(self, envelope: SignedObject, header: Header, *, ours: bool) -> None:
        sender, _ = self._sides(header)
        kid = verify_sender(envelope, header, sender)
        if ours and sender.revoked(kid):
            raise InvalidPackageError("revoked-key", f"The key {kid} is revoked.")
        if ours and header.epoch >= sender.card.epoch:
            # We signed it, with a number of the ledger in force, and do not know it.
            await self._watch.close(BEHIND, header.recipient, dsse.encode(envelope), of_epoch=header.epoch)
            raise ConfigurationError(BEHIND)

    async def _check_ledger(self, returned: Returned) -> None:
        """An acceptance under the ledger in force that the ledger does not have: it is behind, whatever statuses have shown."""
        for each in returned.acknowledgements:
            if not await self._watch.judge_checkpoint(
                each.note, each.acknowledgement.at, returned.header.sender
            ):
                raise ConfigurationError(BEHIND)

    # --- its payload ---

    async def _receive(self, header: Header, source: PayloadSource) -> bytes | None:
        """Read the payload; a large one becomes a durable file, and None is returned."""
        reference = header.payload
        if source.size != reference.size:
            raise InvalidPackageError("malformed", "The payload has not the size the header names.")
        self._gateway.require_space(reference.size)
        if reference.size <= WIRE.inline_payload_bytes:
            payload = await source.read_exactly(reference.size)
            if hashlib.sha256(payload).digest() != reference.sha256:
                raise InvalidPackageError("digest-mismatch")
            return payload
        blob, digest, left = self._gateway.blobs.begin(), hashlib.sha256(), reference.size

        def work(data: bytes) -> None:
            digest.update(data)
            blob.write(data)

        try:
            while left:
                data = await source.read_exactly(min(left, _HOP_BYTES))
                left -= len(data)
                await asyncio.to_thread(work, data)
            if digest.digest() != reference.sha256:
                raise InvalidPackageError("digest-mismatch")
            await asyncio.to_thread(blob.keep, digest.digest())
        finally:
            blob.drop()
        return None

    # --- the batch ---

    async def _commit(self, returned: Returned, payload: bytes | None, *, ours: bool) -> None:
        keep = self._keep_sent if ours else self._keep_received
        pid = returned.subject.pid
        try:
            # Before this commit it is lost here; after it, it is ours again, under the signatures it always had.
            await self._gateway.store.write(lambda transaction: keep(transaction, returned, payload))
        except DuplicateError as error:
            if self._is_here(pid, ours=ours):
                return
            raise InvalidPackageError("equivocation", f"Another package is here: {error.index}.") from error
        if not ours:
            self._on_accepted(pid)

    def _keep_received(self, transaction: Transaction, returned: Returned, payload: bytes | None) -> None:
        header, subject = returned.header, returned.subject
        # The first of them is the RelayAcceptance, and its instant that of the acceptance.
        accepted = min(each.acknowledgement.at for each in returned.acknowledgements)
        transaction.insert_received(
            received_row(header, subject, returned.signed, payload, accepted_at=accepted)
        )
        for each in returned.acknowledgements:
            transaction.insert_acknowledgement(acknowledgement_row(each), each.signed)

    def _keep_sent(self, transaction: Transaction, returned: Returned, payload: bytes | None) -> None:
        header, pid = returned.header, returned.subject.pid
        transaction.insert_sent(
            SentRow(
                pid=pid,
                signed=returned.signed,
                msg=header.msg,
                recipient=header.recipient,
                epoch=header.epoch,
                seq=header.seq,
                # What the message was called is sealed with it: the package id stands in, so that nothing else is taken for it.
                message_id=pid,
                message_sha256=pid,
                payload_id=header.payload.id,
                payload_sha256=header.payload.sha256,
                payload_size=header.payload.size,
                payload=payload,
                record=b"",
                urgent=header.prio is Priority.URGENT,
                created=header.created,
                expires=header.expires,
                replaces=header.replaces,
            )
        )
        leg_id = transaction.insert_leg(
            LegKind.PACKAGE,
            pid,
            header.recipient,
            urgent=header.prio is Priority.URGENT,
            created=header.created,
            expires=header.expires,
        )
        for each in returned.acknowledgements:
            transaction.insert_acknowledgement(acknowledgement_row(each), each.signed)
        state = next_state(LegState.READY, transaction.events_of(pid))
        transaction.move_leg(leg_id, LegState.READY, state)
