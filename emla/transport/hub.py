"""The line to a hub over HTTPS: deposits, and our own mailbox. The connection and its pin are those of `emla.transport.https`.

A call about our mailbox is no signed object, so it bears a signature of its own (docs/spec/hub.md); a new one for each try. What
is fetched goes on where a broken line stopped, as long as it gets on at all, and all its exchanges together take no longer than
one may: a hub that breaks off after each byte would keep a place for ever.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path

import aiohttp
from aiohttp import ClientResponse
from yarl import URL

from emla.formats import mailbox as form
from emla.model.call import Call
from emla.model.documents import Authority
from emla.model.errors import InvalidPackageError, MalformedError, TransportError
from emla.model.limits import WIRE
from emla.model.mailbox import Listing, Release
from emla.ports.transport import Refusal
from emla.transport.https import BUNDLE, CHANNEL, DOCUMENTS, HttpsTransport, media_of, read_answer, refusal_of

_MAILBOX = "application/vnd.emla.mailbox+json"
_RELEASE = "application/vnd.emla.release+json"
_OUTCOMES = "application/vnd.emla.mailbox-outcomes+json"
_PATH = "/emla/1/mailbox"
_PIECE_BYTES = 256 * 1024
_RANGE = re.compile(r"bytes (?P<start>[0-9]{1,16})-[0-9]{1,16}/(?P<whole>[0-9]{1,16})", re.ASCII)

SignCall = Callable[[Call], Awaitable[dict[str, str]]]
"""Signs a call; the header fields to send with it."""


class HttpsHubLine:
    """Implements `emla.ports.hub_line.HubLine`."""

    def __init__(self, transport: HttpsTransport, owner: str, sign: SignCall) -> None:
        """Args: the connections, our own id, and what signs our calls."""
        self._transport = transport
        self._owner = owner
        self._sign = sign

    async def deposit_package(
        self, hub: Authority, pid: bytes, signed: bytes, payload: bytes | Path, payload_size: int
    ) -> bytes | Refusal:
        """Offer a package for its recipient's mailbox; the bundle of the answer, unverified."""
        return await self._transport.send_package(hub, pid, signed, payload, payload_size)

    async def deposit_documents(
        self, hub: Authority, authority: str, exported: bytes, *, owner: str
    ) -> Refusal | None:
        """Leave our documents in a member's mailbox; None when the hub has them durably."""
        return await self._deposit(hub, "PUT", f"documents/{authority}?to={owner}", DOCUMENTS, exported)

    async def deposit_acknowledgement(self, hub: Authority, aid: bytes, bundle: bytes) -> Refusal | None:
        """Leave an acknowledgement in a member's mailbox again; None when the hub has it durably."""
        return await self._deposit(hub, "PUT", f"acknowledgements/{aid.hex()}?again=1", BUNDLE, bundle)

    async def deposit_status(self, hub: Authority, signed: bytes) -> Refusal | None:
        """Leave a channel status in the mailbox of the member that it is for; None when the hub has it durably."""
        return await self._deposit(hub, "POST", "channel", CHANNEL, signed)

    async def _deposit(
        self, hub: Authority, method: str, path: str, media: str, body: bytes
    ) -> Refusal | None:
        headers = {"Content-Type": media, "Content-Length": str(len(body))}
        timeout = self._transport.timeout(len(body))
        async with self._transport.exchange(
            hub, method, f"/emla/1/{path}", body, headers, timeout
        ) as response:
            return None if response.status == 204 else await _refusal(response)

    async def deposit_return(
        self,
        hub: Authority,
        pid: bytes,
        signed: bytes,
        bundles: Sequence[bytes],
        payload: bytes | Path,
        payload_size: int,
        *,
        owner: str,
    ) -> Refusal | None:
        """Leave a package that a member lost in its mailbox; None when the hub has it durably."""
        return await self._transport.send_return(
            hub, pid, signed, bundles, payload, payload_size, owner=owner
        )

    async def items(self, hub: Authority, after: int, wait_seconds: int) -> Sequence[Listing] | Refusal:
        """List our mailbox; waits for the first item when there is none."""
        query = f"after={after}&wait={wait_seconds}"
        async with self._call(hub, "GET", _PATH, query, patience_seconds=wait_seconds) as response:
            if response.status != 200 or media_of(response) != _MAILBOX:
                return await _refusal(response)
            with _expected():
                items = form.decode_list(await read_answer(response, form.LIST_BYTES_MAX))
        if items and items[0].item <= after:
            # Whoever followed such a list would go in circles.
            raise TransportError(
                "peer-nonsense", "The hub lists items from before where it was asked to begin."
            )
        return items

    @asynccontextmanager
    async def fetch(self, hub: Authority, item: Listing) -> AsyncIterator["ResumedSource"]:
        """Read an item's body."""

        def opened(start: int) -> AbstractAsyncContextManager[ClientResponse]:
            return self._call(hub, "GET", f"{_PATH}/{item.item}", "", length=item.size, start=start)

        async with AsyncExitStack() as stack:
            source = ResumedSource(opened, stack, self._transport.seconds_most(item.size))
            await source.begin()
            yield source

    async def release(self, hub: Authority, releases: Sequence[Release]) -> Sequence[str] | Refusal:
        """Say that we have items; for each an outcome."""
        body = form.encode_releases(releases)
        async with self._call(hub, "POST", f"{_PATH}/release", "", body, length=len(body)) as response:
            if response.status != 200 or media_of(response) != _OUTCOMES:
                return await _refusal(response)
            with _expected():
                answer = await read_answer(response, form.OUTCOMES_BYTES_MAX)
                return form.decode_outcomes(answer, len(releases))

    @asynccontextmanager
    async def _call(
        self,
        hub: Authority,
        method: str,
        path: str,
        query: str,
        body: bytes | None = None,
        *,
        length: int = 0,
        start: int = 0,
        patience_seconds: float = 0.0,
    ) -> AsyncIterator[ClientResponse]:
        """A signed call; `length` is how much goes over the line, `start` where an answer is to begin."""
        # The signature covers the path of the request line: that of the endpoint with ours behind it.
        front = URL(hub.card.endpoints[0].url).raw_path.rstrip("/") if hub.card.endpoints else ""
        headers = await self._sign(
            Call(
                method=method,
                path=front + path,
                query=query,
                sender=self._owner,
                recipient=hub.id,
                body=body,
            )
        )
        if body is not None:
            headers |= {"Content-Type": _RELEASE, "Content-Length": str(len(body))}
        if start:
            headers["Range"] = f"bytes={start}-"
        whole = f"{path}?{query}" if query else path
        timeout = self._transport.timeout(length, patience_seconds)
        async with self._transport.exchange(hub, method, whole, body, headers, timeout) as response:
            yield response


class ResumedSource:
    """Implements `emla.ports.hub_line.ItemSource`: reads on with a range when the line breaks, while it gets on at all."""

    def __init__(
        self,
        opened: Callable[[int], AbstractAsyncContextManager[ClientResponse]],
        stack: AsyncExitStack,
        seconds_most: float,
    ) -> None:
        """Args: what opens the body from a place on, what closes it, and how long it may take in all, from now on."""
        self._opened = opened
        self._stack = stack
        self._ends_at = asyncio.get_running_loop().time() + seconds_most
        self._held = bytearray()
        self._place = 0
        """How much came over the line."""
        self._begun_at = 0
        self._whole = 0
        self.size = 0
        """What is left to be read."""

    async def begin(self) -> None:
        """Make the connection; from here on the size is known."""
        response = await self._stack.enter_async_context(self._opened(self._place))
        whole = _whole_size(response, self._place)
        if whole is None:
            found = await _refusal(response)
            raise TransportError("peer-nonsense", f"The hub answered '{found.code}'.")
        if self._place and whole != self._whole:
            raise TransportError("peer-nonsense", "The item has another length now.")
        if not self._place:
            self.size = whole
        self._response, self._whole, self._begun_at = response, whole, self._place

    async def read_exactly(self, size: int) -> bytes:
        """Read so many bytes."""
        if size > self.size:
            raise InvalidPackageError("digest-mismatch", "The item ends before.")
        try:
            async with asyncio.timeout_at(self._ends_at):
                while len(self._held) < size:
                    await self._read_some()
        except TimeoutError as error:
            raise TransportError("timeout", "The item comes too slowly.") from error
        data = bytes(self._held[:size])
        del self._held[:size]
        self.size -= size
        return data

    async def _read_some(self) -> None:
        try:
            piece = await self._response.content.read(min(_PIECE_BYTES, self._whole - self._place))
        except (aiohttp.ClientError, OSError, TimeoutError):
            piece = b""
        self._place += len(piece)
        self._held += piece
        if piece:
            return
        if self._place == self._begun_at:
            raise TransportError("peer-unreachable", "The line broke, and did not get on.")
        await self._stack.aclose()
        await self.begin()


def _whole_size(response: ClientResponse, start: int) -> int | None:
    """How long the whole item is; None when the answer does not begin where it was asked to."""
    if not start:
        return response.content_length if response.status == 200 else None
    found = _RANGE.fullmatch(response.headers.get("Content-Range", ""))
    if response.status != 206 or found is None or int(found["start"]) != start:
        return None
    return int(found["whole"])


async def _refusal(response: ClientResponse) -> Refusal:
    body = await read_answer(response, WIRE.bundle_bytes)
    return refusal_of(response.status, media_of(response), body, response.headers.get("Retry-After", ""))


@contextmanager
def _expected() -> Iterator[None]:
    """An answer of another form is the hub's nonsense, not a damaged package."""
    try:
        yield
    except MalformedError as error:
        raise TransportError("peer-nonsense", error.detail) from error
