"""The peer API: what other authorities' gateways may call (docs/spec/wire.md). Thin: read, hand on, answer."""

from aiohttp import web

from emla.flow.documents.peers import PingPeer
from emla.flow.documents.take_documents import TakeDocuments
from emla.flow.gateway import Gateway
from emla.flow.line.relay import Relay
from emla.formats.ping import SIZE_BYTES_MAX as PING_BYTES_MAX
from emla.model.errors import InvalidDocumentError
from emla.model.limits import WIRE
from emla.web.bodies import small_body
from emla.web.channel_api import ChannelApi
from emla.web.documents_answer import documents_answer
from emla.web.guard import Guard
from emla.web.incoming import Incoming
from emla.web.peer_accesses import PeerAccesses
from emla.web.problems import problem_middleware

PING_MEDIA = "application/vnd.emla.ping+json"


class PeerApi:
    """The handlers, around the journeys they start."""

    def __init__(
        self,
        gateway: Gateway,
        incoming: Incoming,
        ping: PingPeer,
        relay: Relay,
        take: TakeDocuments,
        guard: Guard,
        channel: ChannelApi,
        accesses: PeerAccesses,
    ) -> None:
        self._gateway = gateway
        self._incoming = incoming
        self._ping = ping
        self._relay = relay
        self._take = take
        self._guard = guard
        self._channel = channel
        self._accesses = accesses

    def application(self) -> web.Application:
        """The application for the listener that peers reach."""
        application = web.Application(
            middlewares=[problem_middleware(self._correlation, to_peer=True), self._guard.middleware],
            client_max_size=WIRE.bundle_bytes,
        )
        self._incoming.add_routes(application.router)
        application.router.add_get("/emla/1/documents/{authority}", self.get_documents)
        application.router.add_put("/emla/1/documents/{authority}", self.put_documents)
        application.router.add_post("/emla/1/ping", self.post_ping)
        self._channel.add_routes(application.router)
        self._accesses.add_routes(application.router)
        return application

    def stop(self) -> None:
        """Take no packages any more."""
        self._incoming.stopping = True

    def _correlation(self) -> str:
        return self._gateway.entropy(8).hex()

    async def get_documents(self, http_request: web.Request) -> web.Response:
        """GET /emla/1/documents/{authority}: our own documents, or what is known here of a pinned authority's."""
        return documents_answer(self._gateway, self._guard, http_request.match_info["authority"])

    async def put_documents(self, http_request: web.Request) -> web.Response:
        """PUT /emla/1/documents/{authority}: a peer pushes its own newer documents; 204 once they are durable here."""
        authority = http_request.match_info["authority"]
        if authority not in self._gateway.directory.peers:
            raise InvalidDocumentError("unknown-sender")
        self._guard.count("unsigned")
        exported = await small_body(http_request, WIRE.documents_bytes)
        with self._gateway.under_way.one():
            await self._take(authority, exported, fetched=False)
        return web.Response(status=204)

    async def post_ping(self, http_request: web.Request) -> web.Response:
        """POST /emla/1/ping: a signed, empty round trip."""
        peer, answer = await self._ping.answer(await small_body(http_request, PING_BYTES_MAX))
        self._relay.contact(peer)
        self._guard.contact(peer)
        self._guard.count("ping")
        return web.Response(body=answer, content_type=PING_MEDIA)
