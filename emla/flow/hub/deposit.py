"""deposit: what a member gives -> an item in the mailbox of another member. Sealed packages, acknowledgements, documents.

Order of writes: H1 the header is verified and a large payload is a durable file, nothing else yet; H2 one batch holds the item,
its body, the HubAcceptance, its leaf and the checkpoint; H3 the answer. A crash before H2 leaves nothing promised and the member
repeats; after it a repeat gets the same bytes, and from H4 on (`mailbox`) the recipient's own word. What a wrong clock gave up
(H6, `sweep`) is held again when it comes again: H2 without a second HubAcceptance. Acknowledgements and documents are held the
same way and answered without a signature: their issuers keep them and prove nothing by the hub. So is what channels are compared
by (`compare`).
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from emla.flow.documents.take_documents import TakeDocuments
from emla.flow.gateway import Gateway
from emla.flow.hub.figures import HubFigures
from emla.flow.hub.payload import read_payload
from emla.flow.hub.quota import HubQuota, share_of
from emla.flow.line.accept import Answer, PayloadSource
from emla.flow.reservations import CALLER
from emla.flow.seen import seen_in
from emla.formats.export import encode_export
from emla.model.acknowledgement import ISSUED_BY_HUB, Event
from emla.model.errors import (
    InvalidAcknowledgementError,
    InvalidDocumentError,
    InvalidPackageError,
    TransportError,
)
from emla.model.limits import WIRE
from emla.model.mailbox import ItemKind, ItemState
from emla.model.package import VerifiedPackage
from emla.ports.channel import SeenRow
from emla.ports.mailbox import Deposit
from emla.ports.store import DuplicateError, Issued, Transaction
from emla.steps.acknowledge import Subject
from emla.steps.verify_acknowledgement import read_acknowledgement, verify_claim
from emla.steps.verify_deposit import verify_deposit
from emla.steps.verify_package import RefusedPackage

_ANSWERS = (
    (Event.RELAY_ACCEPTANCE, Event.RELAY_REJECTION),
    (Event.HUB_ACCEPTANCE, Event.HUB_REJECTION),
)
"""What a package is answered with, the better word first: its recipient's, by which it was let go here, or our own."""
_ACCEPTED = frozenset({Event.RELAY_ACCEPTANCE, Event.HUB_ACCEPTANCE})
_FRAME_BYTES = 4
ACKNOWLEDGEMENT_SECONDS = 90 * 86400
"""How long an acknowledgement is held: as long as the longest life of the package it is about."""
DOCUMENTS_SECONDS = 30 * 86400
"""How long documents are held: newer ones come each day, and an owner fetches them from the hub's peer when it is back."""


class Deposits:
    """The journeys into mailboxes."""

    def __init__(
        self,
        gateway: Gateway,
        take: TakeDocuments,
        on_deposit: Callable[[str], None],
        on_contact: Callable[[str], None],
        figures: HubFigures,
    ) -> None:
        """Args: the gateway, how documents are taken, whom to tell whose mailbox has something new, and who spoke; figures."""
        self._gateway = gateway
        self._take = take
        self._on_deposit = on_deposit
        self._on_contact = on_contact
        self._figures = figures
        self.quota = HubQuota(gateway)
        self._receiving: set[tuple[bytes, str]] = set()
        """What is being received, and from which address, as in `Accept`."""
        self._blobs: Counter[bytes] = Counter()

    def is_arriving(self, sha256: bytes) -> bool:
        """Whether a payload of this name is on its way to its row: its blob must not be removed."""
        return self._blobs[sha256] > 0

    # --- packages ---

    def known(self, pid: bytes) -> Answer | None:
        """The answer to a repeat, whose payload is not read: the stored bytes of the first one; of the proof, once it was let go.

        We hold nothing then, and the recipient may have lost what it signed for: its sender must hear that word. With ours it
        would go on asking until the package expires, and return nothing.
        """
        read = self._gateway.store.read
        for pair in _ANSWERS:
            if found := read.first_bundle(pid, *pair):
                return Answer(bundle=found[1], accepted=found[0] in _ACCEPTED)
        return None

    async def package(self, pid: bytes | None, signed: bytes, source: PayloadSource) -> Answer:
        """Hold a package for its recipient.

        Args:
            pid: the package id the caller named it by, if it did.
            signed: the header as received.
            source: the payload.

        Raises:
            InvalidPackageError: refused before anything is stored; answered unsigned.
            TransportError: ``processing``, the same package is being received from the same address; ``mailbox-full``; ``quota``.
            ConfigurationError: our own ledger is closed.
            StoreError: the storage is full or failed.
        """
        gateway = self._gateway
        verified = verify_deposit(
            signed,
            hub=gateway.identity.id,
            find_member=gateway.directory.find,
            payload_bytes_max=gateway.identity.authority.card.payload_bytes_max,
            now=gateway.now(),
            limits=WIRE,
            witnessed=lambda offered: self.known(offered) is not None,
        )
        package = verified.package if isinstance(verified, RefusedPackage) else verified
        if pid is not None and package.pid != pid:
            raise InvalidPackageError("malformed", "The URL names another package.")
        self._on_contact(package.header.sender)
        known = self.known(package.pid)
        if known and (isinstance(verified, RefusedPackage) or not self._is_given_up(package)):
            return known
        place = (package.pid, CALLER.get())
        if place in self._receiving:
            raise TransportError("processing")
        if isinstance(verified, RefusedPackage):
            if verified.code == "expired" and not gateway.surely_past(package.header.expires):
                # As a recipient says it (`flow.line.accept`): our clock was set forward, and what is signed is signed.
                raise InvalidPackageError(
                    "clock-skew", "The clock was set forward; it is not certain that this expired."
                )
            return await self._reject(package, verified.code)
        self._receiving.add(place)
        try:
            return await self._receive(package, source, known)
        finally:
            self._receiving.discard(place)

    def _is_given_up(self, package: VerifiedPackage) -> bool:
        """Whether nobody collected a package in time; when it has not expired by now, our clock was wrong then."""
        found = self._gateway.store.read.mailbox_find(package.header.recipient, ItemKind.PACKAGE, package.pid)
        return found is not None and found.state is ItemState.EXPIRED

    async def _receive(self, package: VerifiedPackage, source: PayloadSource, known: Answer | None) -> Answer:
        header = package.header
        size = header.payload.size
        if source.size != size:
            raise InvalidPackageError("malformed", "The payload has not the size the header names.")
        self._gateway.require_ledger()
        whole = _FRAME_BYTES + len(package.signed) + size
        sha256 = header.payload.sha256
        with self.quota.room(header.recipient, header.sender, whole) as come, self.arriving(sha256):
            payload = await read_payload(self._gateway, header.sender, sha256, size, source, come)
            return await self._commit(package, whole, payload, known)

    @contextmanager
    def arriving(self, sha256: bytes) -> Iterator[None]:
        """While this lasts nobody removes a blob of this name, though another item that has it may be released meanwhile."""
        self._blobs[sha256] += 1
        try:
            yield
        finally:
            self._blobs[sha256] -= 1
            if not self._blobs[sha256]:
                del self._blobs[sha256]

    async def _commit(
        self, package: VerifiedPackage, whole: int, payload: bytes | None, known: Answer | None
    ) -> Answer:
        """H2; `known`: what was answered when the package was held before, and given up since."""
        gateway, header, at = self._gateway, package.header, self._gateway.now()
        deposit = Deposit(
            owner=header.recipient,
            depositor=header.sender,
            kind=ItemKind.PACKAGE,
            ref=package.pid,
            size=whole,
            at=at,
            expires=header.expires,
            front=package.signed,
            payload_sha256=header.payload.sha256,
            payload_size=header.payload.size,
            payload=payload,
        )
        subject = _subject(package)

        def operation(transaction: Transaction) -> Issued | Answer:
            if known is not None:
                transaction.forget_expired(header.recipient, ItemKind.PACKAGE, package.pid)
            transaction.insert_item(deposit)
            return known or transaction.issue(gateway.acknowledge(Event.HUB_ACCEPTANCE, subject, at=at))

        try:
            # H2: before this commit nothing is promised; after it the hub holds the package whatever happens to it.
            held = await gateway.store.write(operation)
        except DuplicateError:
            if answer := self.known(package.pid):
                return answer  # another connection was first, perhaps in the same batch; it may have been refused there
            raise
        self._figures.deposited += 1
        self._on_deposit(header.recipient)
        return held if isinstance(held, Answer) else Answer(bundle=held.bundle, accepted=True)

    async def _reject(self, package: VerifiedPackage, code: str) -> Answer:
        """Sign a HubRejection, once. The sender goes on trying the recipient itself."""
        gateway, subject, at = self._gateway, _subject(package), self._gateway.now()

        def operation(transaction: Transaction) -> Issued:
            return transaction.issue(gateway.acknowledge(Event.HUB_REJECTION, subject, code, at=at))

        try:
            issued = await gateway.store.write(operation)
        except DuplicateError:
            if answer := self.known(package.pid):
                return answer
            raise
        self._figures.refused += 1
        return Answer(bundle=issued.bundle, accepted=False)

    # --- acknowledgements and documents ---

    async def acknowledgement(self, aid: bytes | None, stored: bytes, *, again: bool = False) -> None:
        """Hold an acknowledgement for the other side of its package; a repeat is a success.

        Args:
            aid: the id the caller named it by, if it did.
            stored: the bundle.
            again: whether it is to be held once more, though its owner let it go: it may have lost it since.

        Raises:
            InvalidAcknowledgementError: it does not verify, or is by or for somebody who is no member.
            TransportError: ``mailbox-full``.
        """
        gateway = self._gateway
        claim = read_acknowledgement(stored)
        said = claim.acknowledgement
        owner = said.sender if said.by == said.recipient else said.recipient
        issuer = gateway.directory.find(said.by)
        if issuer is None or said.event in ISSUED_BY_HUB:
            raise InvalidAcknowledgementError("unknown-sender", f"{said.by} acknowledges nothing here.")
        if gateway.directory.find(owner) is None:
            raise InvalidAcknowledgementError("unknown-recipient", f"'{owner}' is no member of this hub.")
        verified = verify_claim(claim, issuer=issuer, witnessed=gateway.witnessed)
        if aid is not None and verified.aid != aid:
            raise InvalidAcknowledgementError("malformed", "The URL names another acknowledgement.")
        self._on_contact(issuer.id)
        await self._hold(
            ItemKind.ACKNOWLEDGEMENT,
            share_of(said.by, owner) if again else said.by,
            owner,
            verified.aid,
            stored,
            ACKNOWLEDGEMENT_SECONDS,
            again=again,
            seen=seen_in(verified),
        )

    async def documents(self, authority: str, exported: bytes, owner: str) -> None:
        """Take a member's documents, and hold them for another member; a repeat is a success.

        What is held are the documents as they stand here, not what was pushed: anybody may push, and every push of the same
        news is one item.

        Raises:
            InvalidDocumentError: they cannot follow what is known, or one of the two is no member.
            TransportError: ``mailbox-full``.
        """
        gateway = self._gateway
        if gateway.directory.find(owner) is None or owner == authority:
            raise InvalidDocumentError("unknown-recipient", f"'{owner}' is no member of this hub.")
        await self._take(authority, exported, fetched=False)
        member = gateway.directory.find(authority)
        if member is None:
            raise InvalidDocumentError("unknown-sender", f"'{authority}' is not pinned here.")
        body = encode_export(member.documents)
        ref = hashlib.sha256(body).digest()
        await self._hold(ItemKind.DOCUMENTS, authority, owner, ref, body, DOCUMENTS_SECONDS)

    async def _hold(
        self,
        kind: ItemKind,
        depositor: str,
        owner: str,
        ref: bytes,
        body: bytes,
        seconds: int,
        *,
        again: bool = False,
        seen: SeenRow | None = None,
    ) -> None:
        at = self._gateway.now()
        if self.is_held(owner, kind, ref, again=again):
            return
        deposit = Deposit(
            owner=owner,
            depositor=depositor,
            kind=kind,
            ref=ref,
            size=len(body),
            at=at,
            expires=at + seconds,
            front=body,
        )

        def make_way(transaction: Transaction) -> bool:
            if kind is ItemKind.DOCUMENTS:
                transaction.replace_documents(owner, depositor, at)
            if again:
                transaction.forget_ended(owner, kind, ref)
            if seen is not None:
                transaction.see_checkpoint(seen)
            return True

        with self.quota.room(owner, depositor, len(body), small=True):
            await self.place(deposit, make_way)

    def is_held(self, owner: str, kind: ItemKind, ref: bytes, *, again: bool) -> bool:
        """Whether an object is held; without `again`, or was."""
        found = self._gateway.store.read.mailbox_find(owner, kind, ref)
        return found is not None and (found.state is ItemState.HELD or not again)

    async def place(self, deposit: Deposit, make_way: Callable[[Transaction], bool]) -> None:
        """H2 for what is answered without a signature: what stands in its way goes in the same batch; False: it is not held."""

        def operation(transaction: Transaction) -> bool:
            if not make_way(transaction):
                return False
            transaction.insert_item(deposit)
            return True

        try:
            placed = await self._gateway.store.write(operation)
        except DuplicateError:
            return  # another connection was first
        if placed:
            self._figures.deposited += 1
            self._on_deposit(deposit.owner)


def _subject(package: VerifiedPackage) -> Subject:
    return Subject(header=package.header, pid=package.pid, signature_sha256=package.signature_sha256)
