"""A connection of aiohttp's server that is held to deadlines: for the head of a call, its body, the answer, and the time between.

aiohttp 3.14 has none of them: a half-sent head, a stalled body and an answer nobody reads stay open for ever. Here each read adds
a few operations to aiohttp's own work and starts no timer; twice a second `overdue` looks at every connection.

Which phase a connection is in is read off aiohttp's own state (`_waiter`, `_current_request`, `_messages`);
tests/attacks/test_row_51.py fails when a release of aiohttp changes what that means.
"""

import asyncio
from enum import Enum, auto
from typing import cast

from aiohttp import StreamReader, web
from aiohttp.http import RawRequestMessage
from aiohttp.web_protocol import RequestHandler

from emla.model.limits import HTTP
from emla.model.settings import LimitSettings
from emla.web.connections import Connections, Place
from emla.web.records import is_wasteful, taken_bytes

_NEVER_SECONDS = 1e6
_LINGER_SECONDS = 2.0
"""How long a body that nobody wants is read on, so that its sender gets to see the answer."""


class Phase(Enum):
    """What a connection is waiting for."""

    HEAD = auto()
    """The rest of a head; on a new connection all of it."""
    IDLE = auto()
    BODY = auto()
    WORK = auto()
    """Us."""
    ANSWER = auto()
    """The caller takes the answer too slowly to be sent more of it."""
    FAREWELL = auto()
    """It is being closed, and what is still to be sent is not taken: asyncio then waits for ever."""


class Watched(RequestHandler):
    """One connection. Its `place` says whose it is."""

    __slots__ = (
        "_begun_at",
        "_body",
        "_connections",
        "_head_bytes",
        "_made",
        "_mark",
        "_phase",
        "_received",
        "_seen",
        "place",
    )

    def __init__(self, server: web.Server, connections: Connections, place: Place) -> None:
        """Args: aiohttp's server, the table this connection stands in, and its place there."""
        super().__init__(
            server,
            loop=asyncio.get_running_loop(),
            keepalive_timeout=_NEVER_SECONDS,
            access_log=None,  # type: ignore[arg-type]  # aiohttp's own runner passes None for no log
            max_line_size=HTTP.line_bytes,
            max_field_size=HTTP.line_bytes,
            max_headers=HTTP.headers,
            lingering_time=_LINGER_SECONDS,
            auto_decompress=False,
        )
        self.place = place
        self._connections = connections
        self._received = 0
        self._head_bytes = 0
        self._made = False
        self._phase = Phase.WORK
        self._seen = -1
        self._begun_at = 0.0
        self._body: StreamReader | None = None
        """Of the last call that came."""
        self._mark = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The handshake is over."""
        self.place.end = cast(asyncio.Transport, transport).abort
        self.place.is_idle = self._is_waiting
        self._made = True
        super().connection_made(transport)

    def connection_lost(self, exc: BaseException | None) -> None:
        """It is over."""
        self._connections.leave(self.place)
        # A place that still named its transport would keep TLS with its 256 KiB of buffer until the next great collection.
        self.place.release()
        self._body = None
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Count what arrives; a head that is too long ends the connection."""
        size, calls = len(data), self._request_count
        # What comes first, or behind a body that is complete, begins a head, even while an answer is still on its way.
        behind = self._body is None or self._body.is_eof()
        self._received += size
        super().data_received(data)
        if self._request_count > calls and self._messages:
            self._body = self._messages[-1][1]
            if any(_expects_more(message) for message, _ in self._messages):
                # aiohttp would answer 417 before the guard sees the call, which nobody would pay for.
                self._connections.close(self.place, "expectation")
        if self._is_waiting():
            self._head_bytes += size
            if self._head_bytes > HTTP.head_bytes:
                self._connections.close(self.place, "header")
            return
        # A head in one piece with its body, or with other heads, or one that lay in aiohttp's parser while we did not
        # read (then nothing comes now): only aiohttp knows where it ended.
        if (
            (not size or self._head_bytes + size > HTTP.head_bytes)
            and self._request_count > calls
            and any(_head_bytes(message) > HTTP.head_bytes for message, _ in self._messages)
        ):
            self._connections.close(self.place, "header")
        elif len(self._messages) > HTTP.pipelined:
            self._connections.close(self.place, "pipelined")
        self._head_bytes = self._head_bytes + size if behind and self._request_count == calls else 0
        if self._head_bytes > HTTP.head_bytes:
            self._connections.close(self.place, "header")

    @property
    def is_made(self) -> bool:
        """Whether the handshake is over: before, its own deadline holds."""
        return self._made

    @property
    def is_wasteful(self) -> bool:
        """Whether what comes over it is TLS that says nothing."""
        taken = taken_bytes(self.transport) if self.transport is not None else None
        return taken is not None and is_wasteful(taken, self._received)

    def _is_waiting(self) -> bool:
        """Whether no call is under way: none has arrived, or the head of the next one is not all here."""
        waiter = self._waiter
        return waiter is not None and not waiter.done()

    def close_now(self) -> None:
        """After the answer under way: read nothing more, not even to be polite."""
        self._lingering_time = 0.0
        self.close()

    def overdue(self, now: float, limits: LimitSettings) -> str | None:
        """Look at the connection; the deadline it has missed, if it has."""
        phase = self._phase_now()
        seconds = now - self._begun_at
        if phase is not self._phase or self._request_count != self._seen:
            self._begin(phase, now)
        elif phase is Phase.HEAD and seconds >= limits.header_seconds:
            return "header"
        elif phase is Phase.IDLE and seconds >= limits.idle_seconds:
            return "idle"
        elif phase is Phase.ANSWER and seconds >= limits.body_seconds:
            return "answer"
        elif phase is Phase.FAREWELL and seconds >= limits.body_seconds:
            return "farewell"
        elif phase is Phase.BODY and seconds >= limits.body_seconds:
            if self._received - self._mark < limits.body_bytes_per_second * seconds:
                return "body"
            self._begin(phase, now)
        return None

    def _begin(self, phase: Phase, now: float) -> None:
        self._phase, self._seen = phase, self._request_count
        self._begun_at, self._mark = now, self._received

    def _phase_now(self) -> Phase:
        # aiohttp forgets the transport when it breaks off; the connection is there until `connection_lost`.
        if self._made and (self.transport is None or self.transport.is_closing()):
            return Phase.FAREWELL
        if self._is_waiting():
            return Phase.HEAD if self._head_bytes or not self._request_count else Phase.IDLE
        if self.writing_paused:
            return Phase.ANSWER
        request = self._current_request
        # While we do not read, the caller cannot be too slow.
        if request is None or request.content.is_eof() or self._reading_paused:
            return Phase.WORK
        return Phase.BODY


def _expects_more(message: object) -> bool:
    """Whether a call expects something else than to be told that it may go on."""
    if not isinstance(message, RawRequestMessage):
        return False
    return message.headers.get("Expect", "100-continue").lower() not in {"", "100-continue"}


def _head_bytes(message: object) -> int:
    if not isinstance(message, RawRequestMessage):
        return 0  # aiohttp found it malformed and answers 400
    return len(message.path) + sum(len(name) + len(value) + 4 for name, value in message.raw_headers)
