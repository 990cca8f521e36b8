"""The part of the peer API about channels (docs/spec/channel.md): statuses, and packages that come back. Thin."""

import asyncio
import re
from collections.abc import Sequence
from functools import partial

from aiohttp import web

from emla.flow.channel.exchange import Channels
from emla.flow.channel.return_front import read_front
from emla.flow.channel.settle import Settle
from emla.flow.channel.take_back import TakeBack
from emla.flow.gateway import Gateway
from emla.formats.returned import LENGTH_BYTES
from emla.model.channel import ChannelStatus
from emla.model.errors import InvalidPackageError
from emla.model.limits import WIRE
from emla.web.bodies import BodySource, small_body
from emla.web.guard import Guard

CHANNEL_MEDIA = "application/vnd.emla.channel+json"
_ID = re.compile(r"[0-9a-f]{64}", re.ASCII)


class ChannelApi:
    """The handlers, around the journeys they start."""

    def __init__(
        self, gateway: Gateway, channels: Channels, settle: Settle, take_back: TakeBack, guard: Guard
    ) -> None:
        self._gateway = gateway
        self._channels = channels
        self._settle = settle
        self._take_back = take_back
        self._guard = guard
        self._settling: set[asyncio.Task[None]] = set()

    def add_routes(self, router: web.UrlDispatcher) -> None:
        """Add the calls to the application that peers reach."""
        router.add_post("/emla/1/channel", self.post_status)
        router.add_put("/emla/1/returns/{pid}", self.put_return)

    async def post_status(self, http_request: web.Request) -> web.Response:
        """POST /emla/1/channel: a peer's status; answered with ours. What follows from it is done afterwards."""
        signed = await small_body(http_request, WIRE.channel_bytes)
        with self._gateway.under_way.one():
            status, answer = await self._channels.answer(signed)
        self._guard.contact(status.sender)
        self._guard.count("channel")
        self._later(status)
        return web.Response(body=answer, content_type=CHANNEL_MEDIA)

    def _later(self, status: ChannelStatus) -> None:
        task = asyncio.create_task(self._settle(status.sender, status), name=f"settle-{status.sender}")
        self._settling.add(task)
        task.add_done_callback(self._settling.discard)

    async def put_return(self, http_request: web.Request) -> web.Response:
        """PUT /emla/1/returns/{pid}: a package that was lost here; 204 once it is durable again."""
        pid, signed, bundles, source = await return_of(http_request)
        with self._gateway.under_way.one():
            await self._take_back(pid, signed, bundles, source)
        return web.Response(status=204)


async def return_of(http_request: web.Request) -> tuple[bytes, bytes, Sequence[bytes], BodySource]:
    """The id, header and acknowledgements of a package that comes back, and its payload as a source.

    Raises:
        InvalidPackageError: ``malformed``, ``digest-mismatch``.
    """
    pid = http_request.match_info["pid"]
    length = http_request.content_length
    if not _ID.fullmatch(pid) or length is None or length <= 2 * LENGTH_BYTES:
        raise InvalidPackageError("malformed", "A return names a package and its length.")
    source = BodySource(
        http_request.content,
        length,
        partial(InvalidPackageError, "digest-mismatch", "The body ended before its length."),
    )
    signed, bundles = await read_front(source)
    return bytes.fromhex(pid), signed, bundles, source
