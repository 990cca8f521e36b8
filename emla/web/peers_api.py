"""The authority API's share about documents and peers; gateway and hub have it alike (docs/reference/authority-api.md)."""

from collections.abc import Callable

from aiohttp import web

from emla.flow.documents.peers import ForgetPeer, ImportPeer, PingPeer
from emla.flow.gateway import Gateway, Peer
from emla.formats.export import encode_export
from emla.model.errors import NotFoundError
from emla.ports.listings import Listings
from emla.web import key_views, views
from emla.web.bodies import whole_body
from emla.web.documents_answer import DOCUMENTS_MEDIA


class PeersApi:
    """The handlers, around the journeys they start."""

    def __init__(
        self,
        gateway: Gateway,
        *,
        listings: Listings,
        import_peer: ImportPeer,
        ping: PingPeer,
        forget: ForgetPeer,
        contact: Callable[[str], None],
    ) -> None:
        """Args: the journeys, and whom to tell that a peer was imported or answered a ping."""
        self._gateway = gateway
        self._listings = listings
        self._import_peer = import_peer
        self._ping = ping
        self._forget = forget
        self._contact = contact

    def add_routes(self, router: web.UrlDispatcher) -> None:
        """Add the calls to an application."""
        router.add_get("/v1/documents", self.get_documents)
        router.add_get("/v1/peers", self.get_peers)
        router.add_post("/v1/peers", self.post_peer)
        router.add_get("/v1/peers/{authority}", self.get_peer)
        router.add_delete("/v1/peers/{authority}", self.delete_peer)
        router.add_post("/v1/peers/{authority}/ping", self.post_ping)

    async def get_documents(self, http_request: web.Request) -> web.Response:
        """GET /v1/documents: our own export file."""
        body = encode_export(self._gateway.identity.authority.documents)
        return web.Response(body=body, content_type=DOCUMENTS_MEDIA)

    async def get_peers(self, http_request: web.Request) -> web.Response:
        """GET /v1/peers."""
        waiting = await self._listings.waiting()
        peers = sorted(self._gateway.directory.peers.values(), key=lambda peer: peer.authority.id)
        return views.answer({"items": [self._shown(each, waiting.get(each.authority.id)) for each in peers]})

    def _shown(self, peer: Peer, waiting: tuple[int, float] | None) -> views.Json:
        read, authority = self._gateway.store.read, peer.authority.id
        now, proofs = self._gateway.now(), read.proof_counts(authority)
        return views.peer(peer, waiting) | key_views.standing(peer, read.ping(authority), now, proofs)

    def _peer(self, http_request: web.Request) -> Peer:
        peer = self._gateway.directory.peers.get(http_request.match_info["authority"])
        if peer is None:
            raise NotFoundError("not-found", "No such peer is pinned here.")
        return peer

    async def get_peer(self, http_request: web.Request) -> web.Response:
        """GET /v1/peers/{authority}."""
        peer = self._peer(http_request)
        waiting = await self._listings.waiting()
        whole = views.peer_in_full(peer, self._gateway.now())
        return views.answer(self._shown(peer, waiting.get(peer.authority.id)) | whole)

    async def delete_peer(self, http_request: web.Request) -> web.Response:
        """DELETE /v1/peers/{authority}?force=1: forget a peer."""
        authority = self._peer(http_request).authority.id
        await self._forget(authority, force=http_request.query.get("force") == "1")
        return web.Response(status=204)

    async def post_peer(self, http_request: web.Request) -> web.Response:
        """POST /v1/peers?fingerprint=: pin a peer whose fingerprint was compared by telephone."""
        exported = await whole_body(http_request)
        peer, changed = await self._import_peer(exported, http_request.query.get("fingerprint", ""))
        self._contact(peer.authority.id)
        return views.answer(self._shown(peer, None), status=201 if changed else 200)

    async def post_ping(self, http_request: web.Request) -> web.Response:
        """POST /v1/peers/{authority}/ping."""
        peer = self._peer(http_request)
        result = await self._ping.ping(peer.authority)
        self._contact(peer.authority.id)
        return views.answer(
            {
                "authority": peer.authority.id,
                "latency_milliseconds": round(result.latency_seconds * 1000, 1),
                "clock_difference_seconds": result.clock_difference_seconds,
                "software": result.software,
                "card_version_known": result.card_version_known,
                "card_version_theirs": result.card_version_theirs,
            }
        )
