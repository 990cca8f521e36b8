"""The listeners of a gateway: peers over TLS 1.3, the authority's own socket, operations."""

import asyncio
import errno
import os
import socket
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Protocol

from aiohttp import web

from emla.keyring.tls import TlsFiles
from emla.model.errors import ConfigurationError
from emla.web.connections import Connections
from emla.web.door import Door

_KEEPALIVE_SECONDS = 75
"""Of those who may reach the operations listener and the socket; peers are held to the settings in `[limits]`."""
_BACKLOG = 512
_SOCKET_PATH_MAX = 100


class Closeable(Protocol):
    """Something that lets callers in until it is closed."""

    def close(self) -> None:
        """Let nobody in any more."""
        ...


OpenDoor = Callable[[web.Server, str, int, ssl.SSLContext, Connections], Awaitable[tuple[Closeable, int]]]
"""Lets callers of a server in: at a host and port, with TLS, into a table of connections. Returns the door and its port."""


async def open_machine_door(
    server: web.Server, host: str, port: int, context: ssl.SSLContext, connections: Connections
) -> tuple[Door, int]:
    """Let callers in through sockets of this machine."""
    sockets = await _listen(host, port)
    door = Door(server, sockets, context, connections)
    door.open()
    return door, int(sockets[0].getsockname()[1])


class Listeners:
    """Starts listeners, and stops them all in the order they were started."""

    def __init__(self, open_door: OpenDoor | None = None) -> None:
        """Args: how the door for peers is opened, where it is not one of this machine's."""
        self._open_door = open_door or open_machine_door
        self._runners: list[web.AppRunner] = []
        self._doors: list[Closeable] = []

    async def _runner(self, application: web.Application) -> web.AppRunner:
        runner = web.AppRunner(
            application,
            access_log=None,
            keepalive_timeout=_KEEPALIVE_SECONDS,
            auto_decompress=False,
            handle_signals=False,
            shutdown_timeout=1.0,
        )
        await runner.setup()
        self._runners.append(runner)
        return runner

    async def peers(
        self, application: web.Application, host: str, port: int, tls: TlsFiles, connections: Connections
    ) -> int:
        """Listen for peers, whose connections stand in a table; return the port."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        try:
            context.load_cert_chain(tls.certificate, tls.key)
        except (OSError, ssl.SSLError) as error:
            raise ConfigurationError(
                "unreadable-key", f"The TLS key in {tls.key.parent} does not load."
            ) from error
        runner = await self._runner(application)
        server = runner.server
        assert server is not None
        door, opened = await self._open_door(server, host, port, context, connections)
        self._doors.append(door)
        return opened

    async def operations(self, application: web.Application, host: str, port: int) -> int:
        """Listen for health checks and metrics; return the port."""
        runner = await self._runner(application)
        site = web.TCPSite(runner, host, port, backlog=_BACKLOG)
        try:
            await site.start()
        except OSError as error:
            raise _not_there(error, host, port) from error
        address = runner.addresses[0]
        return int(address[1])

    async def socket(self, application: web.Application, path: Path) -> None:
        """Listen on the Unix socket of the data folder, for its owner only."""
        if len(os.fsencode(path)) > _SOCKET_PATH_MAX:
            raise ConfigurationError(
                "bad-setting", f"The path of the data folder is too long for a socket: {path.parent}"
            )
        path.unlink(missing_ok=True)  # noqa: ASYNC240 (microseconds, before anything is served; the folder's lock says that no other server uses it)
        before = os.umask(0o177)
        try:
            await web.UnixSite(await self._runner(application), path, backlog=_BACKLOG).start()
        finally:
            os.umask(before)

    async def close(self) -> None:
        """Stop listening and end what is under way."""
        for door in self._doors:
            door.close()
        for runner in self._runners:
            await runner.cleanup()
        self._runners.clear()


async def _listen(host: str, port: int) -> list[socket.socket]:
    """A listening socket for each address of a host name, all on one port."""
    sockets: list[socket.socket] = []
    try:
        found = await asyncio.get_running_loop().getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        for family, address in dict.fromkeys((family, address) for family, *_, address in found):
            one = socket.socket(family, socket.SOCK_STREAM)
            sockets.append(one)
            one.setblocking(False)
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            # Where the system chose the first one's port, the others take the same.
            one.bind((address[0], port or sockets[0].getsockname()[1], *address[2:]))
            one.listen(_BACKLOG)
    except OSError as error:
        for each in sockets:
            each.close()
        raise _not_there(error, host, port) from error
    return sockets


def _not_there(error: OSError, host: str, port: int) -> ConfigurationError:
    code = "address-in-use" if error.errno == errno.EADDRINUSE else "bad-setting"
    return ConfigurationError(code, f"{host}:{port}: {error.strerror}")
