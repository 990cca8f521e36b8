"""Request bodies as sources: exactly so many bytes, within a time, or a clear error."""

import asyncio
from collections.abc import Callable
from functools import partial

import msgspec
from aiohttp import StreamReader, web

from emla.model.errors import EmlaError, InvalidMessageError, InvalidPackageError, TransportError

_READ_SECONDS = 60
_WHOLE_BYTES_MAX = 512 * 1024
_GONE = (asyncio.IncompleteReadError, ConnectionError, RuntimeError)
"""What reading a body raises when the caller has gone; aiohttp says so with a bare RuntimeError if that was before it is read."""


class BodySource:
    """Reads a request body piece by piece; `size` is what is left of it by its own Content-Length."""

    def __init__(self, content: StreamReader, size: int, short: Callable[[], EmlaError]) -> None:
        """Args: the body, its length, and what makes the error for a body that ends early."""
        # Not the error itself: once raised it would hold the frames that hold this, and they what was received.
        self._content = content
        self._short = short
        self._held = b""
        self._place = 0
        self.size = size

    async def read_exactly(self, size: int) -> bytes:
        """Read so many bytes. A small body is taken whole with the first of them: one wait instead of several."""
        if not self._held and self.size <= _WHOLE_BYTES_MAX:
            self._held = await self._read(self.size)
        self.size -= size
        if self._held:
            data = self._held[self._place : self._place + size]
            self._place += size
            if len(data) < size:
                raise self._short()
            return data
        return await self._read(size)

    async def _read(self, size: int) -> bytes:
        try:
            if self._content.is_eof():  # it is here to its end: nothing to wait for
                return await self._content.readexactly(size)
            async with asyncio.timeout(_READ_SECONDS):
                return await self._content.readexactly(size)
        except _GONE as error:
            raise self._short() from error
        except TimeoutError as error:
            raise TransportError("timeout") from error


class HeldPayload:
    """A payload that is in memory already, as a source."""

    def __init__(self, payload: bytes) -> None:
        self._payload = payload
        self.size = len(payload)

    async def read_exactly(self, size: int) -> bytes:
        """The payload; whoever reads it has compared its size before."""
        return self._payload


async def small_body(http_request: web.Request, size_bytes_max: int) -> bytes:
    """Read a whole body of at most so many bytes.

    Raises:
        InvalidPackageError: ``malformed``: it has no acceptable length, or ends before it.
    """
    length = http_request.content_length
    if length is None or not 0 < length <= size_bytes_max:
        raise InvalidPackageError("malformed", "The body has no acceptable length.")
    short = partial(InvalidPackageError, "malformed", "The body ended before its length.")
    return await BodySource(http_request.content, length, short).read_exactly(length)


async def whole_body(http_request: web.Request) -> bytes:
    """Read what our own people's calls carry; the application has a limit for it.

    Raises:
        InvalidMessageError: ``bad-request``: it ended in the middle.
    """
    try:
        return await http_request.read()
    except _GONE as error:
        raise InvalidMessageError("bad-request", "The body ended before its length.") from error


async def json_body(http_request: web.Request) -> dict[str, object]:
    """Read the JSON object that our own people's calls carry.

    Raises:
        InvalidMessageError: ``bad-request``.
    """
    try:
        # Not the reader of the standard library: it takes halves of characters, which no database and no file takes.
        body = msgspec.json.decode(await whole_body(http_request))
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise InvalidMessageError("bad-request", "The body is not JSON.") from error
    if not isinstance(body, dict):
        raise InvalidMessageError("bad-request", "The body is not an object.")
    return body
