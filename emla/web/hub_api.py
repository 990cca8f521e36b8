"""The hub's API: what members may call (docs/spec/hub.md). Thin: read, hand on, answer.

Deposits are the same calls as at a gateway, and what is deposited is verified by itself. What a mailbox holds is told, given and
let go only to a call that its owner has signed.
"""

import asyncio
import contextlib
import os
import re
from collections.abc import AsyncGenerator
from functools import partial
from pathlib import Path

from aiohttp import web

from emla.flow.documents.peers import PingPeer
from emla.flow.documents.take_documents import TakeDocuments
from emla.flow.gateway import Gateway
from emla.flow.hub.deposit import Deposits
from emla.flow.hub.mailbox import Body, Mailbox, Waiting
from emla.formats import mailbox as form
from emla.formats.patterns import AUTHORITY
from emla.formats.ping import SIZE_BYTES_MAX as PING_BYTES_MAX
from emla.model.errors import (
    InvalidDocumentError,
    InvalidPackageError,
    MalformedError,
    StoreError,
)
from emla.model.limits import WIRE
from emla.model.mailbox import WAIT_SECONDS_MAX, ItemKind
from emla.web.bodies import small_body
from emla.web.channel_api import CHANNEL_MEDIA
from emla.web.documents_answer import DOCUMENTS_MEDIA, documents_answer
from emla.web.guard import Guard
from emla.web.hub_channel_api import HubChannelApi
from emla.web.incoming import BUNDLE_MEDIA, Incoming
from emla.web.peer_api import PING_MEDIA
from emla.web.problems import problem_middleware
from emla.web.signed import SignedCalls

_NUMBER = re.compile(r"0|[1-9][0-9]{0,15}", re.ASCII)
_RANGE = re.compile(r"bytes=(0|[1-9][0-9]{0,17})-", re.ASCII)
_PIECE_BYTES = 256 * 1024
_PIECE_SECONDS = 60
MAILBOX_MEDIA = "application/vnd.emla.mailbox+json"
RELEASED_MEDIA = "application/vnd.emla.mailbox-outcomes+json"
_MEDIA = {
    ItemKind.PACKAGE: "application/vnd.emla.package",
    ItemKind.ACKNOWLEDGEMENT: BUNDLE_MEDIA,
    ItemKind.DOCUMENTS: DOCUMENTS_MEDIA,
    ItemKind.CHANNEL: CHANNEL_MEDIA,
    ItemKind.RETURN: "application/vnd.emla.return",
}


class HubApi:
    """The handlers, around the journeys they start."""

    def __init__(
        self,
        gateway: Gateway,
        *,
        deposits: Deposits,
        mailbox: Mailbox,
        waiting: Waiting,
        ping: PingPeer,
        take: TakeDocuments,
        compare: HubChannelApi,
        guard: Guard,
    ) -> None:
        self._gateway = gateway
        self._guard = guard
        self._deposits = deposits
        self._mailbox = mailbox
        self._waiting = waiting
        self._ping = ping
        self._compare = compare
        self._take = take
        self._calls = SignedCalls(gateway, guard)
        self._incoming = Incoming(
            gateway,
            guard,
            package=deposits.package,
            acknowledgement=deposits.acknowledgement,
            again=partial(deposits.acknowledgement, again=True),
        )

    def application(self) -> web.Application:
        """The application for the listener that members reach."""
        application = web.Application(
            middlewares=[
                problem_middleware(lambda: self._gateway.entropy(8).hex(), to_peer=True),
                self._guard.middleware,
            ],
            client_max_size=form.RELEASE_BYTES_MAX,
        )
        router = application.router
        self._incoming.add_routes(router)
        router.add_get("/emla/1/documents/{authority}", self.get_documents)
        router.add_put("/emla/1/documents/{authority}", self.put_documents)
        router.add_post("/emla/1/ping", self.post_ping)
        self._compare.add_routes(router)
        router.add_get("/emla/1/mailbox", self.get_mailbox, allow_head=False)
        router.add_get("/emla/1/mailbox/{item}", self.get_item, allow_head=False)
        router.add_post("/emla/1/mailbox/release", self.post_release)
        return application

    def stop(self) -> None:
        """Take nothing new, and answer whoever waits."""
        self._incoming.stopping = True
        self._waiting.end()

    # --- documents and ping ---

    async def get_documents(self, http_request: web.Request) -> web.Response:
        """GET /emla/1/documents/{authority}: our own documents, or what is known here of a pinned authority's."""
        return documents_answer(self._gateway, self._guard, http_request.match_info["authority"])

    async def put_documents(self, http_request: web.Request) -> web.Response:
        """PUT /emla/1/documents/{authority}?to={owner}: a member's newer documents, for the hub and, with `to`, for a member."""
        authority = http_request.match_info["authority"]
        if authority not in self._gateway.directory.peers:
            raise InvalidDocumentError("unknown-sender")
        self._guard.count("unsigned")
        exported = await small_body(http_request, WIRE.documents_bytes)
        owner = http_request.query.get("to")
        with self._gateway.under_way.one():
            if owner is None:
                await self._take(authority, exported, fetched=False)
            elif AUTHORITY.fullmatch(owner):
                await self._deposits.documents(authority, exported, owner)
            else:
                raise InvalidDocumentError("malformed", "'to' is not an authority's id.")
        return web.Response(status=204)

    async def post_ping(self, http_request: web.Request) -> web.Response:
        """POST /emla/1/ping: a signed, empty round trip."""
        member, answer = await self._ping.answer(await small_body(http_request, PING_BYTES_MAX))
        self._guard.contact(member)
        self._guard.count("ping")
        return web.Response(body=answer, content_type=PING_MEDIA)

    # --- mailboxes: signed calls only ---

    async def get_mailbox(self, http_request: web.Request) -> web.Response:
        """GET /emla/1/mailbox?after=N&wait=S: what the caller's mailbox holds; waits while there is nothing."""
        owner = self._calls.caller(http_request)
        after = _number(http_request.query.get("after", "0"))
        wait = min(WAIT_SECONDS_MAX, _number(http_request.query.get("wait", "0")))
        items = await self._mailbox.items(owner.id, after, 0 if self._incoming.stopping else wait)
        return web.Response(body=form.encode_list(items), content_type=MAILBOX_MEDIA)

    async def get_item(self, http_request: web.Request) -> web.StreamResponse:
        """GET /emla/1/mailbox/{item}: the body as it was deposited, from a place on when `Range` names one."""
        owner = self._calls.caller(http_request)
        body = self._mailbox.collect(owner.id, _number(http_request.match_info["item"]))
        start = _start(http_request)
        if start is not None and start >= body.size:
            return web.Response(status=416, headers={"Content-Range": f"bytes */{body.size}"})
        response = web.StreamResponse(status=200 if start is None else 206)
        response.content_type = _MEDIA[body.kind]
        response.content_length = body.size - (start or 0)
        response.headers["Accept-Ranges"] = "bytes"
        if start is not None:
            response.headers["Content-Range"] = f"bytes {start}-{body.size - 1}/{body.size}"
        async with contextlib.aclosing(_pieces(body, start or 0)) as pieces:
            first = await anext(pieces)  # a payload that cannot be read is a problem, not a cut answer
            await response.prepare(http_request)
            await _write(response, first)
            async for piece in pieces:
                await _write(response, piece)
        await response.write_eof()
        return response

    async def post_release(self, http_request: web.Request) -> web.Response:
        """POST /emla/1/mailbox/release: let items go; the answer tells for each whether it is gone."""
        body = await small_body(http_request, form.RELEASE_BYTES_MAX)
        owner = self._calls.caller(http_request, body)
        try:
            releases = form.decode_releases(body)
        except MalformedError as error:
            raise InvalidPackageError("malformed", error.detail) from error
        with self._gateway.under_way.one():
            outcomes = await self._mailbox.release(owner, releases)
        return web.Response(body=form.encode_outcomes(outcomes), content_type=RELEASED_MEDIA)


async def _write(response: web.StreamResponse, piece: bytes) -> None:
    """A reader that takes nothing for a minute is given up; it goes on from where it was."""
    async with asyncio.timeout(_PIECE_SECONDS):
        await response.write(piece)


async def _pieces(body: Body, start: int) -> AsyncGenerator[bytes, None]:
    """The body from a place on; the first piece may be empty."""
    front = body.front[start:]
    skip = max(0, start - len(body.front))
    if isinstance(body.payload, bytes):
        yield front + body.payload[skip:]
        return
    async with contextlib.aclosing(_file(body.payload, body.size - len(body.front), skip)) as pieces:
        first = await anext(pieces, b"")
        yield front + first
        async for piece in pieces:
            yield piece


async def _file(path: Path, size: int, skip: int) -> AsyncGenerator[bytes, None]:
    try:
        file = await asyncio.to_thread(path.open, "rb", 0)
    except OSError as error:
        raise StoreError("store-failed", f"The payload {path.name} cannot be read.") from error
    with file:
        if os.fstat(file.fileno()).st_size != size:
            raise StoreError("store-failed", f"The payload {path.name} is not as long as it was.")
        file.seek(skip)
        while piece := await asyncio.to_thread(file.read, _PIECE_BYTES):
            yield piece


def _number(text: str) -> int:
    if not _NUMBER.fullmatch(text):
        raise InvalidPackageError("malformed", "A number of the call is none.")
    return int(text)


def _start(http_request: web.Request) -> int | None:
    value = http_request.headers.get("Range")
    if value is None:
        return None
    found = _RANGE.fullmatch(value)
    if found is None:
        raise InvalidPackageError("malformed", "A range names one place to begin from.")
    return int(found[1])
