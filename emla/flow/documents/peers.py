"""peers: pinning another authority's documents, and pinging it.

A pin is made by two people on a telephone: the fingerprint typed here must be that of the root in the file. Newer documents of a
pinned peer come in under its pin; older or contradicting ones never do. What is known of one authority is changed by one journey
at a time (`Directory.changing`), K4 of `take_documents` among them: it must neither be overwritten nor pin again who is gone.
"""

import hashlib
import hmac
import re
from dataclasses import dataclass, replace

from emla import __version__
from emla.flow.events import IMPORT_REFUSED, PEER_FORGOTTEN, event
from emla.flow.gateway import Directory, Gateway, Peer
from emla.flow.seen import seen_in_documents
from emla.formats import documents as form
from emla.formats import dsse, export
from emla.formats import ping as ping_form
from emla.model.documents import Authority, Documents, KeyUse
from emla.model.errors import (
    InvalidDocumentError,
    InvalidMessageError,
    InvalidPackageError,
    MalformedError,
    NotFoundError,
    TransportError,
)
from emla.model.ping import Ping
from emla.model.signed import PayloadType
from emla.ports.documents import PeerRow, PingRow
from emla.ports.store import Transaction
from emla.ports.transport import Refusal, Transport
from emla.steps.succeed import succeed
from emla.steps.trust import RootPin, check_current, trust_documents

_NOT_DIGITS = re.compile(r"[^0-9]+")
_PING_SKEW_SECONDS = 86400


def root_fingerprint(authority: Authority) -> str:
    """The fingerprint of an authority's newest root: what people compare."""
    root = form.decode_signed(authority.documents.roots[-1], PayloadType.ROOT)
    return export.fingerprint(root.payload, authority.id)


def load_directory(rows: list[PeerRow]) -> Directory:
    """Rebuild the directory from what was pinned; every pin is checked again."""
    directory = Directory()
    for row in rows:
        pin = RootPin(version=row.pin_version, sha256=row.pin_sha256)
        documents = export.decode_export(row.documents)
        authority = trust_documents(documents, pin, known=documents)
        directory.peers[authority.id] = Peer(authority=authority, row=row)
    return directory


def _trust(documents: Documents, directory: Directory) -> Authority:
    """Trust documents, those of a known peer in the light of what is known of it."""
    try:
        return trust_documents(documents)
    except InvalidDocumentError:
        for peer in directory.peers.values():
            if peer.authority.documents.roots[:1] == documents.roots[:1]:
                return trust_documents(documents, known=peer.authority.documents)
        raise


class ImportPeer:
    """The journey of a peer's documents into the directory."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    async def __call__(self, exported: bytes, fingerprint: str) -> tuple[Peer, bool]:
        """Pin a peer, or take newer documents of one.

        Args:
            exported: the bytes of the export file.
            fingerprint: the 60 digits that were compared by telephone; separators do not matter.

        Returns:
            The peer, and whether anything changed.

        Raises:
            InvalidDocumentError: ``invalid-document``, ``fingerprint-mismatch``, ``document-expired``, ``frozen``,
                ``clock-skew``, ``document-rollback`` or ``peer-conflict``; nothing was changed.
        """
        try:
            return await self._import(exported, fingerprint)
        except InvalidDocumentError as error:
            # Recorded before it is answered: who tried to make us trust what is to be found out from the ledger, too.
            facts = {"code": error.code, "sha256": hashlib.sha256(exported).hexdigest()}
            await self._gateway.store.write(event(self._gateway, IMPORT_REFUSED, facts))
            raise

    async def _import(self, exported: bytes, fingerprint: str) -> tuple[Peer, bool]:
        gateway = self._gateway
        try:
            documents = export.decode_export(exported)
        except MalformedError as error:
            raise InvalidDocumentError("invalid-document", error.detail) from error
        offered = _trust(documents, gateway.directory)
        async with gateway.directory.changing(offered.id):
            return await self._pin(offered, fingerprint)

    async def _pin(self, offered: Authority, fingerprint: str) -> tuple[Peer, bool]:
        gateway, now = self._gateway, self._gateway.now()
        if offered.id == gateway.identity.id:
            raise InvalidDocumentError("peer-conflict", "These are this authority's own documents.")
        expected = root_fingerprint(offered)
        if not hmac.compare_digest(_NOT_DIGITS.sub("", fingerprint), expected.replace(" ", "")):
            raise InvalidDocumentError("fingerprint-mismatch")
        check_current(offered, now)
        known = gateway.directory.peers.get(offered.id)
        offered = succeed(known.authority if known else None, offered, now)
        if known and known.authority.documents == offered.documents and known.row.held is None:
            return known, False
        row = PeerRow(
            authority=offered.id,
            documents=export.encode_export(offered.documents),
            pin_version=known.row.pin_version if known else offered.root.version,
            pin_sha256=known.row.pin_sha256 if known else offered.root_sha256,
            fingerprint=expected,
            pinned_at=known.row.pinned_at if known else now,
        )
        seen = seen_in_documents(offered)

        def operation(transaction: Transaction) -> None:
            transaction.put_peer(row)
            if seen is not None:
                transaction.see_checkpoint(seen)

        await gateway.store.write(operation)
        peer = Peer(authority=offered, row=row, last_contact=known.last_contact if known else None)
        gateway.directory.peers[offered.id] = peer
        gateway.signals.pinned(offered.id)
        return peer, True


class ForgetPeer:
    """The end of a pin."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    async def __call__(self, authority: str, *, force: bool) -> None:
        """Forget a peer: nothing is sent to it or taken from it any more. What was recorded stays, and so does who it was.

        Args:
            authority: the peer.
            force: also when legs are open; they wait, and expire, unless it is pinned again.

        Raises:
            NotFoundError: it is not pinned.
            InvalidMessageError: ``open-legs``: something still waits for it.
        """
        async with self._gateway.directory.changing(authority):
            await self._forget(authority, force=force)

    async def _forget(self, authority: str, *, force: bool) -> None:
        gateway = self._gateway
        peer = gateway.directory.peers.get(authority)
        if peer is None:
            raise NotFoundError("not-found", f"'{authority}' is not pinned here.")
        if not force and gateway.store.read.waits_for(authority):
            raise InvalidMessageError("open-legs", f"Packages or acknowledgements wait for {authority}.")
        row = peer.row
        record = event(
            gateway,
            PEER_FORGOTTEN,
            {
                "peer": authority,
                "fingerprint": row.fingerprint,
                "pin_version": row.pin_version,
                "pin_sha256": row.pin_sha256.hex(),
                "pinned_at": row.pinned_at,
                "documents": hashlib.sha256(row.documents).hexdigest(),
            },
        )

        def operation(transaction: Transaction) -> None:
            record(transaction)
            transaction.forget_peer(authority)

        # K7: before this commit it is pinned; after it only the ledger remembers it.
        await gateway.store.write(operation)
        gateway.directory.peers.pop(authority, None)


@dataclass(frozen=True, slots=True, kw_only=True)
class PingResult:
    """What a ping showed."""

    latency_seconds: float
    clock_difference_seconds: int
    software: str
    card_version_known: int
    card_version_theirs: int


class PingPeer:
    """Both sides of a ping."""

    def __init__(self, gateway: Gateway, transport: Transport) -> None:
        self._gateway = gateway
        self._transport = transport

    async def _sign(self, recipient: str, nonce: bytes) -> bytes:
        identity = self._gateway.identity
        payload = ping_form.encode(
            Ping(
                sender=identity.id,
                recipient=recipient,
                at=self._gateway.now(),
                nonce=nonce,
                software=f"emla/{__version__}",
                card_version=identity.card.version,
            )
        )
        return await self._gateway.sign(PayloadType.PING, payload)

    def _verify(self, signed: bytes) -> tuple[Ping, Authority]:
        try:
            envelope = dsse.decode(signed, PayloadType.PING, ping_form.SIZE_BYTES_MAX)
            ping = ping_form.decode(envelope.payload)
        except MalformedError as error:
            raise InvalidPackageError("malformed", error.detail) from error
        sender = self._gateway.directory.find(ping.sender)
        if sender is None:
            raise InvalidPackageError("unknown-sender", f"'{ping.sender}' is not pinned here.")
        if len(envelope.signatures) != 1:
            raise InvalidPackageError("malformed", "A ping has one signature.")
        kid = envelope.signatures[0].kid
        key = sender.key(kid, KeyUse.SIGN, ping.at)
        if key is None or not dsse.verifies(envelope, kid, key.public):
            raise InvalidPackageError("bad-signature")
        if ping.recipient != self._gateway.identity.id:
            raise InvalidPackageError("not-recipient")
        if abs(ping.at - self._gateway.now()) > _PING_SKEW_SECONDS:
            raise InvalidPackageError("clock-skew", f"The peer's clock says {ping.at}.")
        return ping, sender

    async def answer(self, signed: bytes) -> tuple[str, bytes]:
        """Verify a peer's ping; return who it was and the signed answer."""
        ping, sender = self._verify(signed)
        self._gateway.signals.cards_seen(sender.id, ping.card_version, 0)
        return sender.id, await self._sign(sender.id, ping.nonce)

    async def ping(self, peer: Authority) -> PingResult:
        """Ping a peer and keep what it showed, a failure too.

        Raises:
            TransportError: not reached, or the answer is not the peer's.
        """
        gateway = self._gateway
        last = gateway.store.read.ping(peer.id) or PingRow(authority=peer.id)
        try:
            result = await self._ping(peer)
        except TransportError as error:
            failed = replace(last, failed_at=gateway.now(), failed_code=error.code)
            await gateway.store.write(lambda each: each.put_ping(failed))
            raise
        row = replace(
            last,
            at=gateway.now(),
            latency=result.latency_seconds,
            difference=result.clock_difference_seconds,
            software=result.software,
            card_version=result.card_version_theirs,
        )
        await gateway.store.write(lambda each: each.put_ping(row))
        gateway.signals.cards_seen(peer.id, result.card_version_theirs, 0)
        return result

    async def _ping(self, peer: Authority) -> PingResult:
        nonce = self._gateway.entropy(16)
        signed = await self._sign(peer.id, nonce)
        begun = self._gateway.clock.steady()
        answer = await self._transport.ping(peer, signed)
        latency = self._gateway.clock.steady() - begun
        if isinstance(answer, Refusal):
            raise TransportError("peer-nonsense", f"The peer answered '{answer.code}'.")
        try:
            ping, sender = self._verify(answer)
        except InvalidPackageError as error:
            raise TransportError("peer-nonsense", str(error)) from error
        if sender.id != peer.id or ping.nonce != nonce:
            raise TransportError("peer-nonsense", "The answer belongs to another ping.")
        return PingResult(
            latency_seconds=latency,
            clock_difference_seconds=ping.at - self._gateway.now(),
            software=ping.software,
            card_version_known=peer.card.version,
            card_version_theirs=ping.card_version,
        )
