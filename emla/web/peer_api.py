"""The peer API: what other authorities' gateways may call (docs/spec/wire.md). Thin: read, hand on, answer."""

import asyncio
import logging
import re

from aiohttp import web

from emla.flow.documents.peers import PingPeer
from emla.flow.documents.take_documents import TakeDocuments
from emla.flow.gateway import Gateway
from emla.flow.line.accept import Accept
from emla.flow.line.receive_acknowledgement import ReceiveAcknowledgement
from emla.flow.line.relay import Relay
from emla.formats import bundles as bundles_form
from emla.formats import package_row
from emla.formats.ping import SIZE_BYTES_MAX as PING_BYTES_MAX
from emla.model.errors import (
    EmlaError,
    InvalidDocumentError,
    InvalidPackageError,
    PeerError,
    TransportError,
)
from emla.model.limits import WIRE
from emla.web.bodies import BodySource, HeldPayload, small_body
from emla.web.channel_api import ChannelApi
from emla.web.documents_answer import documents_answer
from emla.web.guard import Guard
from emla.web.problems import problem_middleware

logger = logging.getLogger("emla.web")

_ID = re.compile(r"[0-9a-f]{64}", re.ASCII)
_LENGTH_BYTES = 4
OUTCOMES_MEDIA = "application/vnd.emla.outcomes+json"
BUNDLE_MEDIA = "application/vnd.emla.bundle+json"
PING_MEDIA = "application/vnd.emla.ping+json"


class PeerApi:
    """The handlers, around the journeys they start."""

    def __init__(
        self,
        gateway: Gateway,
        accept: Accept,
        receive_acknowledgement: ReceiveAcknowledgement,
        ping: PingPeer,
        relay: Relay,
        take: TakeDocuments,
        guard: Guard,
        channel: ChannelApi,
    ) -> None:
        self._gateway = gateway
        self._accept = accept
        self._receive_acknowledgement = receive_acknowledgement
        self._ping = ping
        self._relay = relay
        self._take = take
        self._guard = guard
        self._channel = channel
        self.stopping = False

    def application(self) -> web.Application:
        """The application for the listener that peers reach."""
        application = web.Application(
            middlewares=[problem_middleware(self._correlation, to_peer=True), self._guard.middleware],
            client_max_size=WIRE.bundle_bytes,
        )
        application.router.add_put("/emla/1/packages/{pid}", self.put_package)
        application.router.add_post("/emla/1/packages", self.post_packages)
        application.router.add_put("/emla/1/acknowledgements/{aid}", self.put_acknowledgement)
        application.router.add_post("/emla/1/acknowledgements", self.post_acknowledgements)
        application.router.add_get("/emla/1/documents/{authority}", self.get_documents)
        application.router.add_put("/emla/1/documents/{authority}", self.put_documents)
        application.router.add_post("/emla/1/ping", self.post_ping)
        self._channel.add_routes(application.router)
        return application

    def _correlation(self) -> str:
        return self._gateway.entropy(8).hex()

    async def put_package(self, http_request: web.Request) -> web.Response:
        """PUT /emla/1/packages/{pid}: length, header, payload. 200 accepted, 422 with a signed RelayRejection."""
        pid = id_of(http_request, "pid")
        if self.stopping:
            raise TransportError("stopping")
        signed, source = await package_of(http_request)
        with self._gateway.under_way.one():
            answer = await self._accept(pid, signed, source)
        return web.Response(
            body=answer.bundle, status=200 if answer.accepted else 422, content_type=BUNDLE_MEDIA
        )

    async def post_packages(self, http_request: web.Request) -> web.Response:
        """POST /emla/1/packages: several small ones at once; each is answered with its bundle or the code of its refusal."""
        if self.stopping:
            raise TransportError("stopping")
        packages = package_row.decode(await small_body(http_request, WIRE.packages_bytes))
        with self._gateway.under_way.many(len(packages)):
            outcomes = await asyncio.gather(*(self._package(*each) for each in packages))
        return web.Response(
            body=package_row.encode_answer(outcomes), content_type="application/vnd.emla.package-outcomes"
        )

    async def _package(self, signed: bytes, payload: bytes) -> bytes | str:
        """Take one of several packages: one that is refused, whoever is to blame, is no trouble of the others."""
        try:
            return (await self._accept(None, signed, HeldPayload(payload))).bundle
        except EmlaError as error:
            logger.info("refused", extra={"code": error.code})
            self._guard.count(error.code)
            return error.code

    async def put_acknowledgement(self, http_request: web.Request) -> web.Response:
        """PUT /emla/1/acknowledgements/{aid}: 204 once it is durable here."""
        aid = id_of(http_request, "aid")
        stored = await small_body(http_request, WIRE.bundle_bytes)
        with self._gateway.under_way.one():
            await self._receive_acknowledgement(aid, stored)
        return web.Response(status=204)

    async def post_acknowledgements(self, http_request: web.Request) -> web.Response:
        """POST /emla/1/acknowledgements: several at once; the answer tells for each whether it is durable here."""
        body = await small_body(http_request, WIRE.bundles * (WIRE.bundle_bytes + 4))
        bundles = bundles_form.decode(body)
        with self._gateway.under_way.one():
            outcomes = await asyncio.gather(*(self._outcome(stored) for stored in bundles))
        return web.Response(body=bundles_form.encode_outcomes(outcomes), content_type=OUTCOMES_MEDIA)

    async def _outcome(self, stored: bytes) -> str:
        """Take one of several acknowledgements: one that is refused is no trouble of the others."""
        try:
            await self._receive_acknowledgement(None, stored)
        except PeerError as error:
            self._guard.count(error.code)
            return error.code
        return bundles_form.OK

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


async def package_of(http_request: web.Request) -> tuple[bytes, BodySource]:
    """Read the header of a package; the payload is still to come from the source."""
    length = http_request.content_length
    if length is None or length <= _LENGTH_BYTES:
        raise InvalidPackageError("malformed", "A package names its length.")
    short = InvalidPackageError("digest-mismatch", "The body ended before its length.")
    source = BodySource(http_request.content, length, short)
    header_length = int.from_bytes(await source.read_exactly(_LENGTH_BYTES), "big")
    if not 0 < header_length <= min(WIRE.header_bytes, source.size):
        raise InvalidPackageError("malformed", "The header is too long for a header or for the body.")
    return await source.read_exactly(header_length), source


def id_of(http_request: web.Request, name: str) -> bytes:
    """An id in the path."""
    value = http_request.match_info[name]
    if not _ID.fullmatch(value):
        raise InvalidPackageError("malformed", f"'{name}' is not an id.")
    return bytes.fromhex(value)
