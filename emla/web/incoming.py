"""Packages and acknowledgements that come in: the same four calls at a gateway and at a hub (docs/spec/wire.md 3). Thin.

Not here: what becomes of them. A gateway accepts what a hub holds for another; both answer a package with what they have signed.
"""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable
from functools import partial

from aiohttp import web

from emla.flow.gateway import Gateway
from emla.flow.line.accept import Answer, PayloadSource
from emla.formats import bundles as bundles_form
from emla.formats import package_row
from emla.model.errors import EmlaError, InvalidPackageError, PeerError, TransportError
from emla.model.limits import WIRE
from emla.web.bodies import BodySource, HeldPayload, small_body
from emla.web.guard import Guard

logger = logging.getLogger("emla.web")

_ID = re.compile(r"[0-9a-f]{64}", re.ASCII)
_LENGTH_BYTES = 4
BUNDLE_MEDIA = "application/vnd.emla.bundle+json"
_OUTCOMES_MEDIA = "application/vnd.emla.outcomes+json"
_PACKAGE_OUTCOMES_MEDIA = "application/vnd.emla.package-outcomes"


TakePackage = Callable[[bytes | None, bytes, PayloadSource], Awaitable[Answer]]
"""Takes a package: the id that the caller named it by, if it did; its header; its payload, still to come."""
TakeAcknowledgement = Callable[[bytes | None, bytes], Awaitable[None]]
"""Takes an acknowledgement: the id that the caller named it by, if it did; the bundle."""


class Incoming:
    """The handlers, around the journeys that they start."""

    def __init__(
        self,
        gateway: Gateway,
        guard: Guard,
        *,
        package: TakePackage,
        acknowledgement: TakeAcknowledgement,
        again: TakeAcknowledgement | None = None,
    ) -> None:
        """Args: the gateway, who counts, who takes packages, acknowledgements, and those that are to be held once more."""
        self._gateway = gateway
        self._guard = guard
        self._take_package = package
        self._take_acknowledgement = acknowledgement
        self._take_again = again or acknowledgement
        self.stopping = False

    def add_routes(self, router: web.UrlDispatcher) -> None:
        """Add the calls to an application."""
        router.add_put("/emla/1/packages/{pid}", self.put_package)
        router.add_post("/emla/1/packages", self.post_packages)
        router.add_put("/emla/1/acknowledgements/{aid}", self.put_acknowledgement)
        router.add_post("/emla/1/acknowledgements", self.post_acknowledgements)

    async def put_package(self, http_request: web.Request) -> web.Response:
        """PUT /emla/1/packages/{pid}: length, header, payload. 200 with a signed acceptance, 422 with a signed rejection."""
        pid = id_of(http_request, "pid")
        if self.stopping:
            raise TransportError("stopping")
        signed, source = await package_of(http_request)
        with self._gateway.under_way.one():
            answer = await self._take_package(pid, signed, source)
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
        return web.Response(body=package_row.encode_answer(outcomes), content_type=_PACKAGE_OUTCOMES_MEDIA)

    async def _package(self, signed: bytes, payload: bytes) -> bytes | str:
        """Take one of several packages: one that is refused, whoever is to blame, is no trouble of the others."""
        try:
            return (await self._take_package(None, signed, HeldPayload(payload))).bundle
        except EmlaError as error:
            logger.info("refused", extra={"code": error.code})
            self._guard.count(error.code)
            return error.code

    async def put_acknowledgement(self, http_request: web.Request) -> web.Response:
        """PUT /emla/1/acknowledgements/{aid}: 204 once it is durable here; `again=1`: though its owner at this hub let it go."""
        aid = id_of(http_request, "aid")
        stored = await small_body(http_request, WIRE.bundle_bytes)
        take = self._take_again if http_request.query.get("again") == "1" else self._take_acknowledgement
        with self._gateway.under_way.one():
            await take(aid, stored)
        return web.Response(status=204)

    async def post_acknowledgements(self, http_request: web.Request) -> web.Response:
        """POST /emla/1/acknowledgements: several at once; the answer tells for each whether it is durable here."""
        body = await small_body(http_request, WIRE.bundles * (WIRE.bundle_bytes + 4))
        bundles = bundles_form.decode(body)
        with self._gateway.under_way.one():
            outcomes = await asyncio.gather(*(self._acknowledgement(stored) for stored in bundles))
        return web.Response(body=bundles_form.encode_outcomes(outcomes), content_type=_OUTCOMES_MEDIA)

    async def _acknowledgement(self, stored: bytes) -> str:
        """Take one of several acknowledgements: one that is refused is no trouble of the others."""
        try:
            await self._take_acknowledgement(None, stored)
        except (PeerError, TransportError) as error:
            self._guard.count(error.code)
            return error.code
        return bundles_form.OK


async def package_of(http_request: web.Request) -> tuple[bytes, BodySource]:
    """Read the header of a package; the payload is still to come from the source."""
    length = http_request.content_length
    if length is None or length <= _LENGTH_BYTES:
        raise InvalidPackageError("malformed", "A package names its length.")
    short = partial(InvalidPackageError, "digest-mismatch", "The body ended before its length.")
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
