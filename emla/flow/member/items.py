"""items: one item of a mailbox -> the journey that a direct call with the same bytes would start."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import replace

from emla.flow.channel.return_front import read_front
from emla.flow.channel.take_back import TakeBack
from emla.flow.documents.take_documents import TakeDocuments
from emla.flow.gateway import Gateway
from emla.flow.line.accept import Accept, Answer
from emla.flow.line.open import leg_with
from emla.flow.line.receive_acknowledgement import ReceiveAcknowledgement
from emla.flow.member.collect import Take, Taken
from emla.flow.member.earlier import Earlier
from emla.formats import documents as documents_form
from emla.formats.acknowledgement import acknowledgement_id
from emla.formats.export import decode_export
from emla.model.errors import (
    InvalidAcknowledgementError,
    InvalidDocumentError,
    InvalidPackageError,
    MalformedError,
)
from emla.model.leg import Leg, LegKind, LegState
from emla.model.limits import WIRE
from emla.model.mailbox import ItemKind, Listing
from emla.model.signed import PayloadType
from emla.ports.hub_line import ItemSource
from emla.ports.store import Transaction
from emla.steps.verify_acknowledgement import read_acknowledgement

_LENGTH_BYTES = 4
_USELESS = frozenset({"unknown-package", "acknowledgement-mismatch"})
"""Refusals of what an acknowledgement says, which nothing will change: it need not stay in the mailbox."""


class TakeItems:
    """Takes items of each kind."""

    def __init__(
        self,
        gateway: Gateway,
        accept: Accept,
        receive: ReceiveAcknowledgement,
        documents: TakeDocuments,
        take_back: TakeBack,
        on_leg: Callable[[Leg], None],
    ) -> None:
        """Args: the gateway, the journeys of each kind, and whom to tell about a new leg."""
        self._gateway = gateway
        self._accept = accept
        self._receive = receive
        self._documents = documents
        self._take_back = take_back
        self._on_leg = on_leg
        self.earlier = Earlier(gateway)

    def table(self) -> Mapping[ItemKind, Take]:
        """Who takes what. What is not in it stays at the hub."""
        return {
            ItemKind.PACKAGE: self.package,
            ItemKind.ACKNOWLEDGEMENT: self.acknowledgement,
            ItemKind.DOCUMENTS: self.documents,
            ItemKind.RETURN: self.returned,
        }

    async def package(self, item: Listing, source: ItemSource) -> Taken:
        """Accept a package as its recipient; our answer travels to its sender on a leg, and to the hub as the proof.

        Raises:
            InvalidPackageError: it is refused unsigned, as it would be in a direct call; it stays where it is.
            ConfigurationError: our ledger is closed, or we may have accepted it in one before it; it stays where it is, too.
        """
        length = int.from_bytes(await source.read_exactly(_LENGTH_BYTES), "big")
        if not 0 < length <= min(WIRE.header_bytes, source.size):
            raise InvalidPackageError("malformed", "The header is too long for a header or for the item.")
        signed = await source.read_exactly(length)
        new = self._accept.known(item.ref) is None
        if new:
            self.earlier.check(item.item, item.ref, signed)
        answer = await self._accept(item.ref, signed, source)
        await self._send_answer(answer)
        return Taken(proof=answer.bundle, new=new)

    async def _send_answer(self, answer: Answer) -> None:
        """M2: the leg that carries our answer. Whoever lets a package come again has not got it: then it goes once more."""
        claim = read_acknowledgement(answer.bundle)
        said, aid = claim.acknowledgement, acknowledgement_id(claim.signed.payload)
        now = self._gateway.now()

        def operation(transaction: Transaction) -> Leg | None:
            leg = transaction.leg_of(LegKind.ACKNOWLEDGEMENT, aid, about=said.pid)
            if leg is None:
                return leg_with(transaction, said, aid, now)
            if leg.state in (LegState.READY, LegState.HELD):
                return None  # it asks already; or people put it aside, which no hub undoes
            transaction.move_leg(leg.id, leg.state, LegState.READY)
            transaction.delay_leg(leg.id, 0, now, None)
            return replace(leg, state=LegState.READY, attempts=0, next_at=float(now), last_code=None)

        if leg := await self._gateway.store.write(operation):
            self._on_leg(leg)

    async def acknowledgement(self, item: Listing, source: ItemSource) -> Taken:
        """Receive an acknowledgement.

        Raises:
            InvalidAcknowledgementError: it does not verify today; it stays where it is.
        """
        stored = await read_whole(source, WIRE.bundle_bytes)
        claim = read_acknowledgement(stored)
        check_listed(item, acknowledgement_id(claim.signed.payload))
        new = self._gateway.store.read.acknowledgement(claim.acknowledgement.pid, item.ref) is None
        try:
            await self._receive(item.ref, stored)
        except InvalidAcknowledgementError as error:
            if error.code not in _USELESS:
                raise
            new = False
        return Taken(new=new)

    async def documents(self, item: Listing, source: ItemSource) -> Taken:
        """Take a peer's documents. What is refused is of no use later either: its owner will send newer ones.

        Raises:
            InvalidDocumentError: ``clock-skew``, which is over when our clock is right again; it stays where it is.
        """
        exported = await read_whole(source, WIRE.documents_bytes)
        check_listed(item, hashlib.sha256(exported).digest())
        try:
            root = documents_form.decode_signed(decode_export(exported).roots[0], PayloadType.ROOT)
            authority = documents_form.decode_root(root.payload).authority
            new = await self._documents(authority, exported, fetched=False)
        except (InvalidDocumentError, MalformedError) as error:
            if error.code == "clock-skew":
                raise
            new = False
        return Taken(new=new)

    async def returned(self, item: Listing, source: ItemSource) -> Taken:
        """Take a package back that was lost here. It proves itself, as in a direct call.

        Raises:
            ConfigurationError: our ledger is closed; it stays where it is until that is over.
            InvalidPackageError: what came is not what the list named, or cannot be verified today.
        """
        read = self._gateway.store.read
        new = read.received(item.ref) is None and read.sent_signed(item.ref) is None
        signed, bundles = await read_front(source)
        await self._take_back(item.ref, signed, bundles, source)
        return Taken(new=new)


def check_listed(item: Listing, ref: bytes) -> None:
    """Only what the list named is judged and let go: a hub must not make us release the real one by handing out another."""
    if ref != item.ref:
        raise InvalidPackageError("digest-mismatch", "The hub handed out something else than it listed.")


async def read_whole(source: ItemSource, size_bytes_max: int) -> bytes:
    """Read an item that is small.

    Raises:
        MalformedError: it is longer than its kind can be.
    """
    if source.size > size_bytes_max:
        raise MalformedError("The item is longer than its kind can be.")
    return await source.read_exactly(source.size)
