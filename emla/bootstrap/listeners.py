"""The listeners of a gateway: peers over TLS 1.3, the authority's own socket, operations."""

import errno
import os
import ssl
from pathlib import Path

from aiohttp import web

from emla.keyring.tls import TlsFiles
from emla.model.errors import ConfigurationError

_KEEPALIVE_SECONDS = 75
_HANDSHAKE_SECONDS = 10
_BACKLOG = 256
_SOCKET_PATH_MAX = 100


class Listeners:
    """Starts listeners, and stops them all in the order they were started."""

    def __init__(self) -> None:
        self._runners: list[web.AppRunner] = []

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

    async def peers(self, application: web.Application, host: str, port: int, tls: TlsFiles) -> int:
        """Listen for peers; return the port."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        try:
            context.load_cert_chain(tls.certificate, tls.key)
        except (OSError, ssl.SSLError) as error:
            raise ConfigurationError(
                "unreadable-key", f"The TLS key in {tls.key.parent} does not load."
            ) from error
        return await self._tcp(application, host, port, context)

    async def operations(self, application: web.Application, host: str, port: int) -> int:
        """Listen for health checks and metrics; return the port."""
        return await self._tcp(application, host, port, None)

    async def _tcp(
        self, application: web.Application, host: str, port: int, context: ssl.SSLContext | None
    ) -> int:
        runner = await self._runner(application)
        site = web.TCPSite(runner, host, port, ssl_context=context, backlog=_BACKLOG)
        try:
            await site.start()
        except OSError as error:
            taken = error.errno == errno.EADDRINUSE
            raise ConfigurationError(
                "address-in-use" if taken else "bad-setting", f"{host}:{port}: {error.strerror}"
            ) from error
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
        for runner in self._runners:
            await runner.cleanup()
        self._runners.clear()
