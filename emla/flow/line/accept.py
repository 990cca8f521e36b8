"""accept: a peer's package -> RelayAcceptance. The receiving half of the line up to the only acceptance point.

Order of writes: I1 header verified; I3 a large payload is a durable file, a small one nothing yet; I4 one batch holds the inbox
row with its unique keys, small payload, RelayAcceptance, leaves: THE ONLY ACCEPTANCE POINT; I5 the answer. A crash before I4
leaves nothing acknowledged and the sender repeats; after it a repeat gets the same bytes.
"""

import asyncio
import hashlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from emla.flow.gateway import Gateway
from emla.flow.reservations import CALLER, Reservation
from emla.formats import header as header_form
from emla.model.acknowledgement import Event
from emla.model.errors import InvalidPackageError, TransportError
from emla.model.limits import WIRE
from emla.model.package import Header, Priority, VerifiedPackage
from emla.ports.store import DuplicateError, Issued, ReceivedRow, Transaction
from emla.steps.acknowledge import Subject
from emla.steps.verify_package import RefusedPackage, verify_package

logger = logging.getLogger("emla.accept")

_HOP_BYTES = 1024 * 1024


class PayloadSource(Protocol):
    """Where the payload's bytes come from. `size` is how many there are, from the request's own length."""

    size: int

    async def read_exactly(self, size: int) -> bytes:
        """Read so many bytes.

        Raises:
            InvalidPackageError: ``digest-mismatch`` when the source ends before.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The stored bundle of the answer; `accepted` tells RelayAcceptance from RelayRejection."""

    bundle: bytes
    accepted: bool


class Accept:
    """The journey of acceptance."""

    def __init__(
        self, gateway: Gateway, on_accepted: Callable[[bytes], None], on_contact: Callable[[str], None]
    ) -> None:
        """Args: the gateway, whom to tell about an accepted package, and about a peer that made contact."""
        self._gateway = gateway
        self._on_accepted = on_accepted
        self._on_contact = on_contact
        self._receiving: set[tuple[bytes, str]] = set()
        """What is being received, and from which address: who plays a header back and lets its payload drip holds up nobody."""

    def known(self, pid: bytes) -> Answer | None:
        """The answer a package already got: a repeat is given these bytes and its payload is not read."""
        found = self._gateway.store.read.first_bundle(pid, Event.RELAY_ACCEPTANCE, Event.RELAY_REJECTION)
        return Answer(bundle=found[1], accepted=found[0] is Event.RELAY_ACCEPTANCE) if found else None

    async def __call__(self, pid: bytes | None, signed: bytes, source: PayloadSource) -> Answer:
        """Receive one package.

        Args:
            pid: the package id the caller named it by, if it did.
            signed: the header as received.
            source: the payload.

        Raises:
            InvalidPackageError: refused before rung 7, or damaged; answered unsigned, no state, no leaf.
            TransportError: ``processing``, the same package is being received from the same address.
            ConfigurationError: our own ledger is closed.
            StoreError: the storage is full or failed.
        """
        gateway = self._gateway
        now = gateway.now()
        try:
            verified = verify_package(
                signed,
                addressee=gateway.identity.addressee(now),
                find_sender=gateway.directory.find,
                now=now,
                limits=WIRE,
                witnessed=lambda offered: self.known(offered) is not None,
            )
        except InvalidPackageError as error:
            # A key may end its life, or its authority be frozen, between an acceptance and the repeat of it; what was accepted
            # stays accepted.
            if error.code in ("unknown-kid", "frozen") and (known := self.known(_claimed_pid(signed))):
                return known
            raise
        package = verified.package if isinstance(verified, RefusedPackage) else verified
        pid = pid or package.pid
        if package.pid != pid:
            raise InvalidPackageError("malformed", "The URL names another package.")
        header = package.header
        self._on_contact(header.sender)
        gateway.signals.cards_seen(header.sender, header.sender_card.version, header.recipient_card.version)
        if known := self.known(pid):
            return known
        gateway.require_ledger()
        place = (pid, CALLER.get())
        if place in self._receiving:
            # Before anything is refused: what is coming in began in time, though this repeat of it may be too late.
            raise TransportError("processing")
        if isinstance(verified, RefusedPackage):
            if verified.code == "expired" and not gateway.surely_past(header.expires):
                # Our clock was set forward since the start: whether it is over is not certain, and what is signed is signed.
                raise InvalidPackageError(
                    "clock-skew", "The clock was set forward; it is not certain that this expired."
                )
            return await self._reject(package, verified.code)
        if refused := await self._refuse_conflict(package):
            return refused
        self._receiving.add(place)
        try:
            return await self._receive(package, source)
        finally:
            self._receiving.discard(place)

    async def _refuse_conflict(self, package: VerifiedPackage) -> Answer | None:
        """Rungs 11 and 12: message id, payload and place in the channel belong to one package each; the first one stays.

        Raises:
            InvalidPackageError: ``equivocation``; the second package is kept as proof.
        """
        header = package.header
        conflict = self._gateway.store.read.conflict(
            header.sender, header.msg, header.payload, header.epoch, header.seq
        )
        if conflict is None:
            return None
        if conflict.on_payload_only and conflict.payload_sha256 == header.payload.sha256:
            return await self._reject(package, "already-held")

        at = self._gateway.now()

        def operation(transaction: Transaction) -> bool:
            return transaction.insert_equivocation(package.pid, conflict.pid, package.signed, at)

        if await self._gateway.store.write(operation):
            logger.error("equivocation", extra={"peer": header.sender, "pid": package.pid.hex()})
        raise InvalidPackageError("equivocation", f"{conflict.pid.hex()} was here first.")

    async def _receive(self, package: VerifiedPackage, source: PayloadSource) -> Answer:
        size = package.header.payload.size
        if source.size != size:
            raise InvalidPackageError("malformed", "The payload has not the size the header names.")
        self._gateway.require_space(size)
        # Rung 14: size and hash are those of the signed header, or nothing was received.
        if size <= WIRE.inline_payload_bytes:
            payload: bytes | None = await source.read_exactly(size)
            digest = hashlib.sha256(payload or b"").digest()
            _check_payload(package, digest)
        else:
            payload = None
            await self._receive_blob(package, source)
        return await self._commit(package, payload)

    async def _receive_blob(self, package: VerifiedPackage, source: PayloadSource) -> None:
        """I1 to I3: reserve its place, stream into a temporary file, then make it durable under its hash."""
        with self._gateway.reservations.hold(package.header.sender, package.header.payload.size) as place:
            await self._stream(package, source, place)

    async def _stream(self, package: VerifiedPackage, source: PayloadSource, place: Reservation) -> None:
        blob = self._gateway.blobs.begin()
        digest = hashlib.sha256()

        def work(data: bytes) -> None:
            digest.update(data)
            blob.write(data)

        try:
            left = package.header.payload.size
            while left:
                data = await source.read_exactly(min(left, _HOP_BYTES))
                left -= len(data)
                await asyncio.to_thread(work, data)
                place.arrived(len(data))
            _check_payload(package, digest.digest())
            await asyncio.to_thread(blob.keep, digest.digest())
        finally:
            blob.drop()

    async def _commit(self, package: VerifiedPackage, payload: bytes | None) -> Answer:
        gateway, header = self._gateway, package.header
        subject, at = _subject(package), gateway.now()

        def operation(transaction: Transaction) -> Issued:
            transaction.insert_received(
                received_row(header, subject, package.signed, payload, accepted_at=at)
            )
            return transaction.issue(gateway.acknowledge(Event.RELAY_ACCEPTANCE, subject, at=at))

        try:
            # I4: before this commit nothing is acknowledged; after it the package is ours whatever happens to us.
            issued = await gateway.store.write(operation)
        except DuplicateError:
            # Another connection or package was first, perhaps in the same batch; it is committed by now. It may have been
            # refused there, when it expired while it was coming in here: that refusal stands.
            answer = self.known(package.pid) or await self._refuse_conflict(package)
            if answer is None:
                raise
            return answer
        gateway.subjects.put(subject)
        if payload is not None:
            gateway.fresh.put(header.payload.sha256, payload)
        self._on_accepted(package.pid)
        return Answer(bundle=issued.bundle, accepted=True)

    async def _reject(self, package: VerifiedPackage, code: str) -> Answer:
        """Sign a RelayRejection, once; its leaf is the only trace a refused package leaves."""
        gateway = self._gateway
        subject, at = _subject(package), gateway.now()

        def operation(transaction: Transaction) -> Issued:
            return transaction.issue(gateway.acknowledge(Event.RELAY_REJECTION, subject, code, at=at))

        try:
            issued = await gateway.store.write(operation)
        except DuplicateError:
            answer = self.known(package.pid)
            if answer is None:
                raise
            return answer
        return Answer(bundle=issued.bundle, accepted=False)


def _check_payload(package: VerifiedPackage, digest: bytes) -> None:
    if digest != package.header.payload.sha256:
        raise InvalidPackageError("digest-mismatch")


def _claimed_pid(signed: bytes) -> bytes:
    return header_form.package_id(header_form.decode_signed(signed).payload)


def _subject(package: VerifiedPackage) -> Subject:
    return Subject(header=package.header, pid=package.pid, signature_sha256=package.signature_sha256)


def received_row(
    header: Header, subject: Subject, signed: bytes, payload: bytes | None, *, accepted_at: int
) -> ReceivedRow:
    """A package as it is stored; `payload` is None where it is a file."""
    return ReceivedRow(
        pid=subject.pid,
        signed=signed,
        signature_sha256=subject.signature_sha256,
        sender=header.sender,
        msg=header.msg,
        payload_id=header.payload.id,
        payload_sha256=header.payload.sha256,
        payload_size=header.payload.size,
        payload=payload,
        epoch=header.epoch,
        seq=header.seq,
        urgent=header.prio is Priority.URGENT,
        created=header.created,
        expires=header.expires,
        accepted_at=accepted_at,
    )
