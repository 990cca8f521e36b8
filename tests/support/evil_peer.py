"""A server at a peer's address that speaks TLS and then does what a test tells it; it notes every byte it was sent."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from emla.keyring.tls import TlsFiles

Behaviour = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
"""What is done after the head of a request was read."""


@dataclass
class EvilPeer:
    """What came in."""

    port: int = 0
    connections: int = 0
    requests: int = 0
    received: bytearray = field(default_factory=bytearray)


def saying(data: bytes) -> Behaviour:
    """Answer these bytes."""

    async def behaviour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        await writer.drain()

    return behaviour


def answering(status: str, media: str, body: bytes, *headers: str) -> Behaviour:
    """Answer an HTTP response."""
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {media}", f"Content-Length: {len(body)}", *headers, "", ""]
    return saying("\r\n".join(lines).encode() + body)


def dripping(front: bytes, drop: bytes, pause_seconds: float = 0.05) -> Behaviour:
    """Answer something, and then drop after drop, for ever."""

    async def behaviour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(front)
        while True:
            writer.write(drop)
            await writer.drain()
            await asyncio.sleep(pause_seconds)

    return behaviour


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Say nothing, for ever."""
    await asyncio.Event().wait()


async def hanging_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Say nothing and go away."""


@asynccontextmanager
async def evil_peer(
    tls: TlsFiles, behaviour: Behaviour, *, port: int = 0, tls_1_2_only: bool = False
) -> AsyncIterator[EvilPeer]:
    """Stand at a port with this key; end every connection at the end."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tls.certificate, tls.key)
    if tls_1_2_only:
        context.maximum_version = ssl.TLSVersion.TLSv1_2
    evil = EvilPeer()
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        evil.connections += 1
        head = b""
        with contextlib.suppress(OSError, asyncio.CancelledError):
            while b"\r\n\r\n" not in head and (data := await reader.read(65536)):
                head += data
                evil.received += data
            if b"\r\n\r\n" in head:
                evil.requests += 1
                await behaviour(reader, writer)
                writer.close()
                await writer.wait_closed()
        with contextlib.suppress(OSError):
            writer.transport.abort()
        tasks.discard(task)

    server = await asyncio.start_server(serve, "127.0.0.1", port, ssl=context)
    evil.port = server.sockets[0].getsockname()[1]
    try:
        yield evil
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
