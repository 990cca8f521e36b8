"""A small application behind a real door: TLS on loopback, in the test's own process."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import cast

from aiohttp import web

from emla.bootstrap.listeners import Listeners
from emla.keyring.tls import write_tls
from emla.model.settings import LimitSettings
from emla.transport.https import client_context
from emla.web.connections import Connections
from emla.web.door import Door
from emla.web.guard import Guard
from emla.web.problems import problem_middleware
from emla.web.watched import Watched
from tests.support.patience import PATIENCE_SECONDS

LARGE = 32 * 1024**2


class House:
    """An application behind a door."""

    def __init__(self, port: int, guard: Guard, listeners: Listeners, go: asyncio.Event) -> None:
        self.port = port
        self.guard = guard
        self.go = go
        """Lets the answers of `/held` go."""
        self.connections = guard.connections
        self._listeners = listeners
        self._writers: list[asyncio.StreamWriter] = []

    @property
    def door(self) -> Door:
        """The only door."""
        (opened,) = self._listeners._doors
        return cast(Door, opened)

    async def watched(self) -> Watched:
        """The only connection, once its handshake is over. From now on the test looks at it, and the door does not."""
        door = self.door
        await self.until(lambda: [each.is_made for each in door._watched] == [True])
        (one,) = door._watched
        assert door._next_look is not None
        door._next_look.cancel()
        one._seen = -1  # as if nobody had looked before
        return one

    async def connect(self, limit: int = 1024) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection that is broken off at the end of the test."""
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", self.port, ssl=client_context(), limit=limit
        )
        self._writers.append(writer)
        return reader, writer

    async def call(self, path: str = "/") -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection with a call."""
        reader, writer = await self.connect()
        writer.write(f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
        return reader, writer

    def end(self) -> None:
        """Break off every connection."""
        for writer in self._writers:
            writer.transport.abort()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until something is so; what is so late that nobody waits for it any more fails the test."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not condition():
                await asyncio.sleep(0.01)


@asynccontextmanager
async def house(
    folder: Path, limits: LimitSettings, host: str = "127.0.0.1", waiting: Callable[[], int] = lambda: 0
) -> AsyncIterator[House]:
    """Listen; `waiting` says how many writes wait for the disk, of which there may be ten."""

    async def large(request: web.Request) -> web.Response:
        return web.Response(body=bytes(LARGE))

    async def small(request: web.Request) -> web.Response:
        return web.Response(body=b"small")

    async def slow(request: web.Request) -> web.Response:
        await asyncio.sleep(3)
        return web.Response(body=b"at last")

    async def held(request: web.Request) -> web.Response:
        await go.wait()
        return web.Response(body=b"at last")

    async def echo(request: web.Request) -> web.Response:
        return web.Response(body=await request.content.read())

    go = asyncio.Event()
    guard = Guard(Connections(limits), waiting, 10)
    problems = problem_middleware(lambda: "00", to_peer=True)
    application = web.Application(middlewares=[problems, guard.middleware])
    application.router.add_post("/", echo)
    application.router.add_get("/", small)
    application.router.add_get("/large", large)
    application.router.add_get("/slow", slow)
    application.router.add_route("*", "/held", held)
    listeners = Listeners()
    tls = write_tls(folder / "tls", host="127.0.0.1", now=int(time.time()))
    try:
        port = await listeners.peers(application, host, 0, tls, guard.connections)
        one = House(port, guard, listeners, go)
        try:
            yield one
        finally:
            go.set()
            one.end()
    finally:
        await listeners.close()
