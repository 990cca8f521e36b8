"""The door: accepts connections of peers, before and apart from everything that reads what they say.

A connection gets its place (`web.connections`) before its TLS handshake, which costs a thousand times what turning it away
costs. Twice a second every connection is held to its deadlines, and its TLS to what it said with it (`web.records`).
"""

import asyncio
import errno
import logging
import socket
import ssl
from collections.abc import Iterable

from aiohttp import web

from emla.model.settings import LimitSettings
from emla.web.connections import Connections, Place
from emla.web.watched import Watched

logger = logging.getLogger("emla.door")

_ACCEPTS_A_TURN = 64
_GOODBYE_SECONDS = 2.0
"""How long a caller may take to answer the end of TLS."""
_LOOK_SECONDS = 0.5
_REST_SECONDS = 1.0
"""How long nobody is accepted when the system has no descriptor or memory for one."""
_TELL_SECONDS = 60.0
_TOLD_AT_ONCE = 8
_EXHAUSTED = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})


class Door:
    """One listener for peers."""

    def __init__(
        self,
        server: web.Server,
        sockets: Iterable[socket.socket],
        context: ssl.SSLContext,
        connections: Connections,
    ) -> None:
        """Args: aiohttp's server; sockets that listen and do not block; what TLS needs; the table of connections."""
        self._server = server
        self._sockets = tuple(sockets)
        self._context = context
        self._connections = connections
        self._limits: LimitSettings = connections.limits
        self._loop = asyncio.get_running_loop()
        self._greeting: set[asyncio.Task[None]] = set()
        self._watched: set[Watched] = set()
        self._next_look: asyncio.TimerHandle | None = None
        self._closed = False
        self._told_at = -_TELL_SECONDS

    def open(self) -> None:
        """Let callers in."""
        for each in self._sockets:
            self._loop.add_reader(each.fileno(), self._accept, each)
        self._look()

    def close(self) -> None:
        """Let nobody in any more; connections that are there stay."""
        self._closed = True
        for each in self._sockets:
            self._loop.remove_reader(each.fileno())
            each.close()
        if self._next_look is not None:
            self._next_look.cancel()
        for task in self._greeting:
            task.cancel()

    def _accept(self, listening: socket.socket) -> None:
        for _ in range(_ACCEPTS_A_TURN):
            try:
                accepted, address = listening.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                if error.errno not in _EXHAUSTED:
                    raise
                self._rest(listening, error)
                return
            place = self._connections.admit(str(address[0]), self._loop.time())
            if place is None:
                accepted.close()
                continue
            accepted.setblocking(False)
            task = self._loop.create_task(self._greet(accepted, place))
            self._greeting.add(task)
            task.add_done_callback(self._greeting.discard)
            place.end = task.cancel

    async def _greet(self, accepted: socket.socket, place: Place) -> None:
        def watched() -> Watched:
            one = Watched(self._server, self._connections, place)
            self._watched.add(one)
            return one

        try:
            await self._loop.connect_accepted_socket(
                watched,
                accepted,
                ssl=self._context,
                ssl_handshake_timeout=self._limits.handshake_seconds,
                ssl_shutdown_timeout=_GOODBYE_SECONDS,
            )
        except (OSError, asyncio.CancelledError):  # ssl.SSLError and TimeoutError are among them
            # What cannot begin TLS 1.3 in time is closed without a word: there is no language to say it in.
            if not place.gone:
                self._connections.close(place, "handshake")

    def _rest(self, listening: socket.socket, error: OSError) -> None:
        logger.error("no more connections", extra={"detail": error.strerror})
        self._loop.remove_reader(listening.fileno())
        self._loop.call_later(_REST_SECONDS, self._rested, listening)

    def _rested(self, listening: socket.socket) -> None:
        if not self._closed:
            self._loop.add_reader(listening.fileno(), self._accept, listening)

    def _look(self) -> None:
        """Hold every connection to its deadlines."""
        now = self._loop.time()
        for each in list(self._watched):
            if each.place.gone:
                self._watched.discard(each)
            elif each.is_made and each.is_wasteful:
                self._connections.shut_out(each.place, "records", now)
            elif each.is_made and (missed := each.overdue(now, self._limits)):
                self._connections.close(each.place, missed)
        if self._connections.turned_away and now - self._told_at >= _TELL_SECONDS:
            self._told_at = now
            self._tell()
        self._next_look = self._loop.call_later(_LOOK_SECONDS, self._look)

    def _tell(self) -> None:
        """Once a minute, about those who were turned away most: a stranger must not be able to fill the disk."""
        for (address, reason), count in self._connections.turned_away.most_common(_TOLD_AT_ONCE):
            logger.warning("turned away", extra={"address": address, "reason": reason, "count": count})
        self._connections.turned_away.clear()
