"""recall_own: our own documents as our peers, or our own file, hold them -> ours again, where ours are older. Before anything is
signed.

A restored backup knows neither the card of after it nor the keys that the card lists. A status signed over an older card would be
a rollback to every peer, and what a key signs that has ended since is refused. What comes proves itself: the root we know, or its
successors, have signed it; so it does not matter who brings it, and nobody can bring anything that we have not published.
Order of writes: R1 first, because a ledger that does not know our own card is behind: nothing more is signed into it. Then K2
of `flow.documents.own`, without a new status: the documents stand as they were published, status and all.
A card of a later epoch of our ledger is not taken: its ledger is not here, and must not be signed. The checkpoint that a status
bears is held against our ledger, and kept, so that an epoch which is begun now is a later one still.
"""

import asyncio
import logging

from emla.flow.channel.ledger_watch import BEHIND, LedgerWatch
from emla.flow.documents.own import Own
from emla.flow.gateway import Gateway
from emla.flow.seen import seen_in_documents
from emla.formats.export import decode_export, encode_export
from emla.model.documents import Authority
from emla.model.errors import EmlaError, InvalidDocumentError, MalformedError
from emla.ports.channel import SeenRow
from emla.ports.transport import ChannelTransport, Refusal
from emla.steps.succeed import succeed
from emla.steps.trust import RootPin, trust_documents

logger = logging.getLogger("emla.recall")

_SECONDS = 8.0
"""A peer that takes longer to answer is not waited for: the others hold the same."""


def shown_in(offered: Authority) -> SeenRow:
    """What documents of ours show of our ledger: the checkpoint of their status; where it bears none, that the epoch began."""
    card = offered.card
    began = SeenRow(
        origin=card.ledger_origin, authority=offered.id, epoch=card.epoch, size=0, note=b"", at=card.created
    )
    return seen_in_documents(offered) or began


class RecallOwn:
    """Asks peers for what we have published."""

    def __init__(self, gateway: Gateway, transport: ChannelTransport, own: Own, watch: LedgerWatch) -> None:
        """Args: the gateway, the line to peers, whose documents may change, and who guards our ledger."""
        self._gateway = gateway
        self._watch = watch
        self._transport = transport
        self._own = own

    async def __call__(self) -> bool:
        """Take the newest documents of ours that any peer holds; whether they are newer than those here."""
        peers = [each.authority for each in self._gateway.directory.peers.values()]
        exports = await asyncio.gather(*(self._ask(peer) for peer in peers))
        known = encode_export(self._own.authority.documents)
        offers = [
            (peer.id, offered)
            for peer, exported in zip(peers, exports, strict=True)
            if exported is not None
            and exported != known
            and (offered := self._believed(exported, peer.id)) is not None
        ]
        for peer, offered in offers:
            await self._watch.hold_against(shown_in(offered), peer)
        before = newest = self._own.authority
        holder = ""
        for peer, offered in offers:
            later = self._newer(newest, offered, peer)
            if later is not newest:
                newest, holder = later, peer
        if newest is before:
            return False
        if newest.card_sha256 != before.card_sha256:
            # What we publish has a leaf: a ledger that does not know our card lacks that one, too.
            await self._watch.close(BEHIND, holder, newest.documents.card)
        elif newest.documents.profile != before.documents.profile:
            # Likewise our profile.
            await self._watch.close(BEHIND, holder, newest.documents.profile)
        await self._own.take_back(newest)
        logger.warning(
            "own documents came back", extra={"what": f"card {newest.card.version}", "peer": holder}
        )
        return True

    async def from_file(self, exported: bytes) -> None:
        """Hold ``own.json`` against the database beside it.

        The file is written behind the commit (K3 after K2): what it shows is in the database, or the database is gone or was put
        back. A file that is older, or damaged, says nothing.
        """
        own = self._own.authority
        offered = self._believed(exported, own.id)
        if offered is None:
            return
        await self._watch.hold_against(shown_in(offered), own.id)
        newest = self._newer(own, offered, own.id)
        if newest is not own:
            # Each document has a leaf, the status among them.
            await self._watch.close(BEHIND, own.id, newest.documents.status or newest.documents.card)
            await self._own.take_back(newest)
            logger.warning(
                "own documents came back", extra={"what": f"card {newest.card.version}", "peer": own.id}
            )

    async def _ask(self, peer: Authority) -> bytes | None:
        try:
            async with asyncio.timeout(_SECONDS):
                answer = await self._transport.get_documents_of(peer, self._own.authority.id)
        except (EmlaError, TimeoutError) as error:
            logger.info("own documents not asked for", extra={"peer": peer.id, "detail": str(error)})
            return None
        return None if isinstance(answer, Refusal) else answer

    def _believed(self, exported: bytes, peer: str) -> Authority | None:
        """What a peer holds of us, where we have published it; else None."""
        known = self._own.authority
        try:
            documents = decode_export(exported)
            pin = RootPin(version=known.root.version, sha256=known.root_sha256)
            return trust_documents(documents, pin, known=known.documents)
        except (InvalidDocumentError, MalformedError) as error:
            _not_taken(peer, error)
            return None

    def _newer(self, known: Authority, offered: Authority, peer: str) -> Authority:
        """The one of both that is newer."""
        if offered.card.epoch > known.card.epoch:
            logger.error("a later epoch of ours", extra={"peer": peer, "what": offered.card.ledger_origin})
            return known
        try:
            merged = succeed(known, offered, self._gateway.now())
        except InvalidDocumentError as error:
            _not_taken(peer, error)  # a peer that was away holds older ones
            return known
        return known if merged.documents == known.documents else merged


def _not_taken(peer: str, error: EmlaError) -> None:
    logger.info("own documents not taken", extra={"peer": peer, "code": error.code, "detail": error.detail})
