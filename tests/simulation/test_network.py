"""The simulated network: real protocols over it, and every fault it makes looks to them as it would look."""

import asyncio
import contextvars
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import pytest

from tests.simulation.loop import LIFE, Life, VirtualLoop, quietly
from tests.simulation.network import Network

ADDRESS = ("10.0.0.1", 8443)


@dataclass
class Set:
    """A weather that a test sets."""

    seconds: float = 0.5
    torn_at: int | None = None
    replay_after: float | None = None
    doubled: bool = False
    refused: bool = False
    closed: tuple[str, str] | None = None

    def passes_at(self, source: str, target: str, at: float, size: int) -> float:
        return 1e6 if (source, target) == self.closed else at + self.seconds

    def tears(self, source: str, target: str, size: int) -> int | None:
        return self.torn_at

    def replays(self, source: str, target: str, at: float) -> float | None:
        return None if self.replay_after is None else at + self.replay_after

    def doubles(self, source: str, target: str) -> bool:
        return self.doubled

    def refuses(self, source: str, target: str, at: float) -> bool:
        return self.refused


class Server:
    """Answers each line with the same line in capitals, in a life of its own."""

    def __init__(self) -> None:
        self.life = Life("server", 0)
        self.heard: list[bytes] = []

    async def start(self) -> None:
        context = contextvars.copy_context()
        context.run(LIFE.set, self.life)
        loop = asyncio.get_running_loop()
        await loop.create_task(asyncio.start_server(self._serve, *ADDRESS), context=context)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            self.heard.append(line)
            writer.write(line.upper())
        writer.close()


Talk = Callable[[Server], Awaitable[None]]


def talking(weather: Set, talk: Talk) -> Server:
    """Run a talk with a server in a weather."""
    with quietly():
        return _talking(weather, talk)


def _talking(weather: Set, talk: Talk) -> Server:
    loop, server = VirtualLoop(), Server()
    loop.network = Network(loop, weather)
    loop.network.hosts[ADDRESS] = "server"

    async def run() -> None:
        await server.start()
        await talk(server)

    try:
        loop.run_until_complete(run())
    finally:
        server.life.bury()
        loop.bury()
    return server


def the_network() -> Network:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    return loop.network


def test_what_is_written_arrives_in_order_and_later() -> None:
    async def talk(server: Server) -> None:
        loop = asyncio.get_running_loop()
        reader, writer = await asyncio.open_connection(*ADDRESS)
        assert loop.time() == 1.0, "a connection costs a round trip"
        writer.write(b"a\n")
        writer.write(b"b\n")
        assert [await reader.readline(), await reader.readline()] == [b"A\n", b"B\n"]
        assert loop.time() == 2.0
        writer.close()

    assert talking(Set(), talk).heard == [b"a\n", b"b\n"]


def test_a_connection_may_be_torn_in_the_middle_of_what_is_written() -> None:
    async def talk(server: Server) -> None:
        reader, writer = await asyncio.open_connection(*ADDRESS)
        writer.write(b"half a line\n")
        with pytest.raises(ConnectionResetError):
            await reader.readline()

    assert talking(Set(torn_at=4), talk).heard in ([], [b"half"])


def test_a_request_may_be_replayed_when_it_is_long_over() -> None:
    async def talk(server: Server) -> None:
        reader, writer = await asyncio.open_connection(*ADDRESS)
        writer.write(b"once\n")
        assert await reader.readline() == b"ONCE\n"
        writer.close()
        await asyncio.sleep(500)

    assert talking(Set(replay_after=300.0), talk).heard == [b"once\n", b"once\n"]


def test_a_request_may_come_twice_at_once() -> None:
    async def talk(server: Server) -> None:
        reader, writer = await asyncio.open_connection(*ADDRESS)
        writer.write(b"once\n")
        await asyncio.sleep(0.75)
        assert server.heard == [b"once\n", b"once\n"]  # and nobody has heard an answer yet
        assert await reader.readline() == b"ONCE\n"
        writer.close()

    talking(Set(doubled=True), talk)


def test_nobody_there_and_no_place_are_refusals_and_a_machine_that_is_off_says_nothing() -> None:
    async def talk(server: Server) -> None:
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("10.0.0.9", 8443)
        the_network().silent.add("server")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(10):
                await asyncio.open_connection(*ADDRESS)

    talking(Set(), talk)


def test_a_direction_may_be_closed_while_the_other_is_open() -> None:
    async def talk(server: Server) -> None:
        weather = the_network().weather
        assert isinstance(weather, Set)
        reader, writer = await asyncio.open_connection(*ADDRESS)
        weather.closed = ("server", "")
        writer.write(b"heard\n")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(60):
                await reader.readline()

    assert talking(Set(), talk).heard == [b"heard\n"]


def test_whoever_talked_to_a_process_that_is_killed_sees_a_reset_and_the_process_nothing() -> None:
    async def talk(server: Server) -> None:
        reader, writer = await asyncio.open_connection(*ADDRESS)
        server.life.alive = False
        the_network().drop(server.life, silently=False)
        writer.write(b"too late\n")
        with pytest.raises(ConnectionResetError):
            await reader.readline()
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection(*ADDRESS)

    assert talking(Set(), talk).heard == []
