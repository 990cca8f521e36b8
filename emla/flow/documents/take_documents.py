"""take_documents: a peer's documents, fetched from it or pushed by it -> the directory. A pin beats whatever comes.

Order of writes: K4 one batch holds the peer's row, the leaf of its documents and the checkpoint its status names; only then
does the directory change, and only then are packages sealed anew and legs woken. A crash before K4 leaves what was known; the
documents come again with the next visit. What is refused changes nothing, except that revocations in it are kept: deny is cheap.
A peer that is forgotten meanwhile (K7) stays forgotten: one of K4, K7 and an import goes on at a time, and K4 pins nobody.
"""

import hashlib
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from emla.flow.events import DOCUMENTS_REFUSED, PEER_EPOCH, event
from emla.flow.gateway import Gateway, Peer
from emla.flow.seen import seen_in_documents
from emla.formats.export import decode_export, encode_export
from emla.ledger.checkpoint import checkpoint_text
from emla.ledger.checkpoint import decode as decode_checkpoint
from emla.model.documents import Authority
from emla.model.errors import InvalidDocumentError, MalformedError
from emla.ports.documents import DocumentTransaction
from emla.ports.store import Transaction
from emla.steps.succeed import succeed, with_revocations
from emla.steps.trust import RootPin, trust_documents

logger = logging.getLogger("emla.documents")

ALARMS = frozenset({"document-rollback", "peer-conflict"})
"""Refusals that do not happen by accident: somebody replays, or contradicts, what is known."""
_REFUSALS_REMEMBERED = 1000

OnNews = Callable[[str], Awaitable[None]]


@dataclass(slots=True)
class DocumentFigures:
    """What became of peers' documents since the start, for metrics."""

    taken: int = 0
    refused: int = 0


class TakeDocuments:
    """The journey of a pinned peer's newer documents."""

    def __init__(self, gateway: Gateway, on_news: OnNews) -> None:
        """Args: the gateway; what is to be done once newer documents of a peer stand (sealing anew, waking its legs)."""
        self._gateway = gateway
        self._on_news = on_news
        self._refused: set[bytes] = set()
        self.figures = DocumentFigures()

    async def __call__(self, authority: str, exported: bytes, *, fetched: bool) -> bool:
        """Take a peer's documents.

        Args:
            authority: whose they must be.
            exported: the bytes of the export.
            fetched: whether the peer's own gateway, known by its TLS key, gave them; anybody can push.

        Returns:
            Whether anything is new.

        Raises:
            InvalidDocumentError: ``unknown-sender``: nobody pinned it; else why they cannot follow what is known.
        """
        async with self._gateway.directory.changing(authority):
            peer = self._gateway.directory.peers.get(authority)
            if peer is None:
                raise _unknown(authority)
            try:
                documents = decode_export(exported)
            except MalformedError as error:
                raise InvalidDocumentError("invalid-document", error.detail) from error
            known, row = peer.authority, peer.row
            if documents == known.documents:
                return False
            try:
                pin = RootPin(version=row.pin_version, sha256=row.pin_sha256)
                offered = trust_documents(documents, pin, known=known.documents)
                merged = succeed(known, offered, self._gateway.now())
            except InvalidDocumentError as error:
                await self._refuse(peer, exported, error, fetched=fetched)
                denied = with_revocations(known, documents)
                if denied is not known:
                    await self._keep(peer, denied)
                raise
            if merged.documents == known.documents:
                return False
            await self._keep(peer, merged)
            return True

    async def _keep(self, peer: Peer, authority: Authority) -> None:
        gateway = self._gateway
        row = replace(peer.row, documents=encode_export(authority.documents))
        now, seen = gateway.now(), seen_in_documents(authority)
        epoch = _epoch_of(gateway, peer.authority, authority)

        def operation(transaction: Transaction) -> bool:
            if not transaction.replace_peer(row):
                return False
            if epoch:
                epoch(transaction)
            if seen is not None:
                # Signed before now, whoever holds the key tomorrow; and held against the ledger that showed it.
                transaction.witness(checkpoint_text(decode_checkpoint(seen.note).checkpoint), now)
                transaction.see_checkpoint(seen)
            return True

        # K4: before this commit the old documents stand; after it the new ones, whatever happens to us.
        if not await gateway.store.write(operation):
            raise _unknown(authority.id)
        before, peer.authority, peer.row = peer.authority, authority, row
        if authority.card.epoch != before.card.epoch:
            logger.warning(
                "peer began a new epoch", extra={"peer": authority.id, "what": authority.card.ledger_origin}
            )
        self.figures.taken += 1
        if authority.profile.version != before.profile.version:
            logger.info(
                "peer changed its profile",
                extra={"peer": authority.id, "what": f"profile {authority.profile.version}"},
            )
        if authority.frozen and not before.frozen:
            logger.warning("peer frozen", extra={"peer": authority.id, "code": "frozen"})
        await self._on_news(authority.id)

    async def _refuse(
        self, peer: Peer, exported: bytes, error: InvalidDocumentError, *, fetched: bool
    ) -> None:
        """Tell people; and, when the peer's own gateway says it, hold the channel and leave a trace in the ledger.

        What is pushed may come from anybody: it must neither stop a channel nor fill the ledger.
        """
        authority = peer.authority.id
        self.figures.refused += 1
        logger.warning(
            "documents refused", extra={"peer": authority, "code": error.code, "detail": error.detail}
        )
        digest = hashlib.sha256(exported).digest()
        if not fetched or error.code not in ALARMS or digest in self._refused:
            return
        if len(self._refused) < _REFUSALS_REMEMBERED:
            self._refused.add(digest)
        held = error.code if error.code == "peer-conflict" else peer.row.held
        row = replace(peer.row, held=held)
        facts = {"peer": authority, "code": error.code, "sha256": digest.hex()}
        record = event(self._gateway, DOCUMENTS_REFUSED, facts)

        def operation(transaction: Transaction) -> None:
            if transaction.replace_peer(row):
                record(transaction)

        await self._gateway.store.write(operation)
        peer.row = row


def _unknown(authority: str) -> InvalidDocumentError:
    return InvalidDocumentError("unknown-sender", f"'{authority}' is not pinned here.")


def _epoch_of(
    gateway: Gateway, before: Authority, after: Authority
) -> Callable[[DocumentTransaction], None] | None:
    """The event that a peer's ledger ended and another began: its checkpoints of before stay as evidence."""
    if after.card.epoch == before.card.epoch:
        return None
    facts = {"peer": after.id, "before": before.card.ledger_origin, "after": after.card.ledger_origin}
    return event(gateway, PEER_EPOCH, facts)
