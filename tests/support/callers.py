"""Callers of a gateway who do not keep to HTTP or to anything: raw bytes over real TLS, from any address of loopback."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from emla.transport.https import client_context
from tests.support.servers import Server

SECONDS = 20.0
"""What is so late that nobody waits for it any more fails a test."""


class Caller:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def say(self, data: bytes) -> None:
        """Send something; whoever has been closed on does not get it sent."""
        with contextlib.suppress(OSError):
            self._writer.write(data)
            await self._writer.drain()

    async def drip(self, data: bytes, pause_seconds: float) -> None:
        """Send byte after byte until closed on."""
        for place in range(len(data)):
            if self._writer.is_closing() or self._reader.at_eof():
                return
            await self.say(data[place : place + 1])
            await asyncio.sleep(pause_seconds)

    async def answer(self) -> tuple[int, bytes]:
        """The next answer: its status and its body."""
        async with asyncio.timeout(SECONDS):
            head = await self._reader.readuntil(b"\r\n\r\n")
            length = next(
                (
                    int(line[15:])
                    for line in head.split(b"\r\n")
                    if line.lower().startswith(b"content-length:")
                ),
                0,
            )
            return int(head.split(b" ", 2)[1]), await self._reader.readexactly(length)

    async def some(self) -> bytes:
        """What comes next; nothing when the other side has closed."""
        async with asyncio.timeout(SECONDS):
            with contextlib.suppress(OSError):
                return await self._reader.read(1 << 20)
            return b""

    async def everything(self) -> bytes:
        """What comes until the other side closes."""
        async with asyncio.timeout(SECONDS):
            data = b""
            with contextlib.suppress(OSError):
                while piece := await self._reader.read(1 << 20):
                    data += piece
            return data

    def go(self) -> None:
        """Break the connection."""
        self._writer.transport.abort()


@asynccontextmanager
async def calling(server: Server, source: str = "127.0.0.1", limit: int = 1 << 16) -> AsyncIterator[Caller]:
    """Connect from an address."""
    caller = await call(server, source, limit)
    try:
        yield caller
    finally:
        caller.go()


async def call(server: Server, source: str = "127.0.0.1", limit: int = 1 << 16) -> Caller:
    """Connect from an address, and stay."""
    context: ssl.SSLContext = client_context()
    async with asyncio.timeout(SECONDS):
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", server.port, ssl=context, local_addr=(source, 0), limit=limit
        )
    return Caller(reader, writer)


def head(method: str, path: str, *fields: str) -> bytes:
    """The head of a call."""
    return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: de.bfj", *fields, "", ""]).encode()
