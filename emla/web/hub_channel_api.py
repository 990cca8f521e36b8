"""The part of the hub's API about channels (docs/spec/hub.md 3): statuses, and packages that come back. Thin."""

from aiohttp import web

from emla.flow.channel.exchange import Channels
from emla.flow.gateway import Gateway
from emla.flow.hub.compare import CompareDeposits
from emla.formats.patterns import AUTHORITY
from emla.model.errors import InvalidPackageError
from emla.model.limits import WIRE
from emla.web.bodies import small_body
from emla.web.channel_api import CHANNEL_MEDIA, return_of
from emla.web.guard import Guard


class HubChannelApi:
    """The handlers, around the journeys they start."""

    def __init__(self, gateway: Gateway, deposits: CompareDeposits, channels: Channels, guard: Guard) -> None:
        self._gateway = gateway
        self._deposits = deposits
        self._channels = channels
        self._guard = guard

    def add_routes(self, router: web.UrlDispatcher) -> None:
        """Add the calls to the application that members reach."""
        router.add_post("/emla/1/channel", self.post_status)
        router.add_put("/emla/1/returns/{pid}", self.put_return)

    async def post_status(self, http_request: web.Request) -> web.Response:
        """POST /emla/1/channel: 204 once a status is held for the member that it is for; 200 with our own to one for the hub."""
        signed = await small_body(http_request, WIRE.channel_bytes)
        status = self._deposits.verify(signed)
        self._guard.count("channel")
        with self._gateway.under_way.one():
            if status.recipient == self._gateway.identity.id:
                _, answer = await self._channels.answer(signed)
                return web.Response(body=answer, content_type=CHANNEL_MEDIA)
            await self._deposits.status(status, signed)
        return web.Response(status=204)

    async def put_return(self, http_request: web.Request) -> web.Response:
        """PUT /emla/1/returns/{pid}?to={owner}: a package that a member lost; 204 once it is held durably."""
        owner = http_request.query.get("to", "")
        if not AUTHORITY.fullmatch(owner):
            raise InvalidPackageError("malformed", "'to' is not an authority's id.")
        pid, signed, bundles, source = await return_of(http_request)
        with self._gateway.under_way.one():
            await self._deposits.returned(pid, owner, signed, bundles, source)
        return web.Response(status=204)
