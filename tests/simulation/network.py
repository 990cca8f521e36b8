"""The network of a simulation: connections in memory between the real protocol objects of aiohttp, and the weather over them.

Rules of this file:
- A connection is two streams of bytes in order; each write of one side arrives at the other side as one piece, later.
- What goes wrong, and how late things are, is asked of the `Weather`, in an order that the seed alone decides.
- A host that is gone takes its ends of all connections with it; the others learn of it by a reset, or never.
- A socket that `sock_connect` was given is only a token: nothing was ever sent through it.
"""

import asyncio
import contextvars
import socket
from collections import deque
from collections.abc import Callable
from contextvars import Context
from dataclasses import dataclass, field
from typing import Any, Protocol, cast

from tests.simulation.loop import LIFE, Life, VirtualLoop

Address = tuple[str, int] | str
Factory = Callable[[], asyncio.BaseProtocol]
_REPLAYED_BYTES_MAX = 1024 * 1024


class Weather(Protocol):
    """What the line between two hosts is like. Hosts are names of nodes; the world outside is ''."""

    def passes_at(self, source: str, target: str, at: float, size: int) -> float:
        """When bytes that are sent at an instant arrive."""
        ...

    def tears(self, source: str, target: str, size: int) -> int | None:
        """After how many of these bytes the connection is reset; None when it holds."""
        ...

    def replays(self, source: str, target: str, at: float) -> float | None:
        """When somebody on the way sends the same request once more; None when nobody does."""
        ...

    def doubles(self, source: str, target: str) -> bool:
        """Whether somebody on the way sends what was asked so far a second time, beside the first."""
        ...

    def refuses(self, source: str, target: str, at: float) -> bool:
        """Whether a connection is not made."""
        ...


class Certificate:
    """What a client sees of the server's TLS: its certificate."""

    def __init__(self, der: bytes) -> None:
        self._der = der

    def getpeercert(self, *, binary_form: bool = False) -> bytes:
        return self._der


@dataclass(eq=False)
class Listener:
    """Somebody who takes connections at an address; what asyncio calls a server, as far as anybody asks."""

    network: "Network"
    address: Address
    factory: Factory
    context: Context
    life: Life | None
    sockets: list["Listener"] = field(default_factory=list)

    def getsockname(self) -> Any:
        """As a socket says it."""
        return self.address

    def close(self) -> None:
        if self.network.listeners.get(self.address) is self:
            del self.network.listeners[self.address]

    async def wait_closed(self) -> None:
        return


class End(asyncio.Transport):
    """One end of a connection: the transport of one protocol."""

    def __init__(self, network: "Network", host: str, context: Context, life: Life | None) -> None:
        super().__init__()
        self.network = network
        self.host = host
        self.context = context
        self.life = life
        self.other: End
        self.protocol: asyncio.Protocol
        self.extra: dict[str, Any] = {}
        self.asked: bytearray | None = None
        """What a client has sent since the last answer."""
        self._incoming: deque[bytes | None] = deque()
        self._arrives_at = 0.0
        self._paused = False
        self._closing = False
        self.lost = False

    # --- what a protocol asks of its transport ---

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self.extra.get(name, default)

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self.protocol = cast(asyncio.Protocol, protocol)

    def get_protocol(self) -> asyncio.BaseProtocol:
        return self.protocol

    def is_closing(self) -> bool:
        return self._closing

    def write(self, data: Any) -> None:
        piece = bytes(data)
        if self._closing or not piece:
            return
        network = self.network
        if self.asked is not None and len(self.asked) < _REPLAYED_BYTES_MAX:
            self.asked += piece
            network.asks(self)
        elif self.other.asked:
            network.answered(self)
        torn = network.weather.tears(self.host, self.other.host, len(piece))
        self._send(piece if torn is None else piece[:torn])
        if torn is not None:
            network.count("torn")
            network.loop.call_later(0.001, self.reset, context=network.outside)

    def writelines(self, list_of_data: Any) -> None:
        self.write(b"".join(list_of_data))

    def can_write_eof(self) -> bool:
        return False

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Everything that is written is on its way at once."""

    def get_write_buffer_size(self) -> int:
        return 0

    def pause_reading(self) -> None:
        self._paused = True

    def resume_reading(self) -> None:
        self._paused = False
        self.network.loop.call_soon(self._read, context=self.context)

    def is_reading(self) -> bool:
        return not self._paused

    def close(self) -> None:
        """The other side learns of it after everything that was written."""
        if not self._closing:
            self._closing = True
            self._send(None)
            self.network.loop.call_soon(self.lose, None, context=self.context)

    def abort(self) -> None:
        if not self.lost:
            self._closing = True
            self.network.loop.call_soon(self.lose, None, context=self.context)
            self.network.loop.call_later(0.001, self.other.fall, context=self.network.outside)

    # --- what comes over the line ---

    def _send(self, item: bytes | None) -> None:
        network, other = self.network, self.other
        at = network.weather.passes_at(self.host, other.host, network.loop.now, len(item or b""))
        self._arrives_at = max(at, self._arrives_at)
        network.loop.call_at(self._arrives_at, other._arrive, item, context=other.context)

    def reset_arrives_at(self) -> float:
        """When the other side learns that this process was killed: after everything that it had written, which its kernel has."""
        return max(self.network.loop.now, self._arrives_at) + 0.001

    def _arrive(self, item: bytes | None) -> None:
        if self.lost:
            self.other.fall()  # nobody is here any more: what a machine answers then is a reset
            return
        self._incoming.append(item)
        self._read()

    def _read(self) -> None:
        while self._incoming and not self._paused and not self.lost and not self._closing:
            item = self._incoming.popleft()
            if item is not None:
                self.protocol.data_received(item)
            elif not self.protocol.eof_received():
                self.close()

    def reset(self) -> None:
        """Break the connection on both sides."""
        self.fall()
        self.other.fall()

    def fall(self) -> None:
        """Learn that the connection broke."""
        if not self.lost and (self.life is None or self.life.alive):
            self._closing = True
            error = ConnectionResetError(104, "Connection reset by peer")
            self.network.loop.call_soon(self.lose, error, context=self.context)

    def lose(self, error: Exception | None) -> None:
        if not self.lost:
            self.lost = True
            self.network.ends.pop(self, None)
            self.protocol.connection_lost(error)


class Sink(asyncio.Protocol):
    """Whoever replays a request does not care for the answer."""


@dataclass
class Network:
    """Who listens where, and every connection there is."""

    loop: VirtualLoop
    weather: Weather
    listeners: dict[Address, Listener] = field(default_factory=dict)
    certificates: dict[Address, bytes] = field(default_factory=dict)
    ends: dict[End, None] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    outside: Context = field(default_factory=contextvars.copy_context)
    silent: set[str] = field(default_factory=set)
    """Hosts whose machine is off: nobody there even refuses."""
    hosts: dict[Address, str] = field(default_factory=dict)
    """Which node lives at an address, whether it is up or not."""
    _tokens: dict[int, Listener] = field(default_factory=dict)

    def count(self, what: str) -> None:
        """Note that something went wrong as it should."""
        self.counts[what] = self.counts.get(what, 0) + 1

    def listen(self, factory: Factory, address: Address) -> Listener:
        """Take connections at an address."""
        if address in self.listeners:
            raise OSError(98, "Address already in use")
        listener = Listener(self, address, factory, contextvars.copy_context(), LIFE.get())
        listener.sockets = [listener]
        self.listeners[address] = listener
        return listener

    async def connect(self, factory: Factory, path: str) -> tuple[End, asyncio.BaseProtocol]:
        """Connect to a socket in a folder: no line, no weather."""
        listener = self.listeners.get(path)
        if listener is None:
            raise ConnectionRefusedError(111, "Connection refused")
        return self._join(factory, listener)

    async def reach(self, token: socket.socket, address: tuple[str, int]) -> None:
        """Connect to a host; a socket stands for the connection until it is made."""
        here, there = self._here(), self._host(address)
        loop, weather = self.loop, self.weather
        if there in self.silent:
            await asyncio.Event().wait()
        arrived = weather.passes_at(here, there, loop.now, 0)
        back = weather.passes_at(there, here, arrived, 0)
        await asyncio.sleep(back - loop.now)
        listener = self.listeners.get(address)
        if listener is None or weather.refuses(here, there, loop.now):
            self.count("refused")
            raise ConnectionRefusedError(111, "Connection refused")
        self._tokens[token.fileno()] = listener

    def connected(self, factory: Factory, token: socket.socket) -> tuple[End, asyncio.BaseProtocol]:
        """Make the connection that a socket stands for."""
        listener = self._tokens.pop(token.fileno())
        token.close()
        if self.listeners.get(listener.address) is not listener:
            raise ConnectionResetError(104, "Connection reset by peer")
        return self._join(factory, listener)

    def _join(self, factory: Factory, listener: Listener) -> tuple[End, asyncio.BaseProtocol]:
        near = End(self, self._here(), contextvars.copy_context(), LIFE.get())
        far = End(self, self._host(listener.address), listener.context.copy(), listener.life)
        near.other, far.other = far, near
        near.protocol = cast(asyncio.Protocol, factory())
        far.protocol = cast(asyncio.Protocol, far.context.run(listener.factory))
        if isinstance(listener.address, tuple):
            near.extra["ssl_object"] = Certificate(self.certificates.get(listener.address, b""))
            near.extra["peername"] = listener.address
            near.asked = bytearray()
            far.extra["peername"] = (near.host or "198.51.100.1", 40000)
            far.extra["sockname"] = listener.address
        self.ends[near] = self.ends[far] = None
        near.protocol.connection_made(near)
        far.context.run(far.protocol.connection_made, far)
        return near, near.protocol

    def asks(self, client: End) -> None:
        """A request, or a part of one, is on its way: it may come twice at once, in whatever order."""
        server = client.other
        if self.weather.doubles(client.host, server.host):
            asked = bytes(client.asked or b"")
            self.loop.call_soon(
                self._send_again, "doubled", server.extra["sockname"], asked, context=self.outside
            )

    def answered(self, server: End) -> None:
        """A request got its answer: somebody on the way may send it once more, later."""
        client = server.other
        asked, client.asked = bytes(client.asked or b""), bytearray()
        at = self.weather.replays(client.host, server.host, self.loop.now)
        if asked and at is not None:
            self.loop.call_at(
                at, self._send_again, "replayed", server.extra["sockname"], asked, context=self.outside
            )

    def _send_again(self, what: str, address: Address, asked: bytes) -> None:
        listener = self.listeners.get(address)
        if listener is not None:
            self.count(what)
            near, _ = self._join(Sink, listener)
            near.asked = None
            near._send(asked)
            self.loop.call_later(60.0, near.close, context=self.outside)

    def drop(self, life: Life, *, silently: bool) -> None:
        """A process is gone: its listeners and connections with it."""
        for listener in [each for each in self.listeners.values() if each.life is life]:
            listener.close()
        for end in [each for each in self.ends if each.life is life]:
            del self.ends[end]
            end.lost = True
            if not silently:
                self.loop.call_at(end.reset_arrives_at(), end.other.fall, context=self.outside)

    def _here(self) -> str:
        life = LIFE.get()
        return "" if life is None else life.node

    def _host(self, address: Address) -> str:
        listener = self.listeners.get(address)
        if listener is not None:
            return "" if listener.life is None else listener.life.node
        return self.hosts.get(address, "") if isinstance(address, tuple) else ""
