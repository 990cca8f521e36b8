"""The guard: what is full says so before a body is read, and what is given back can be taken again."""

import asyncio
from pathlib import Path

from emla.model.settings import LimitSettings
from tests.support.house import House, house

MEBIBYTE = 1024**2
LIMITS = LimitSettings(body_memory_bytes=4 * MEBIBYTE, connections_per_address=99)


class Call:
    """A call that may stop in the middle of its body."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, size: int) -> None:
        self.reader, self.writer, self.size = reader, writer, size

    async def status(self) -> tuple[int, bytes]:
        async with asyncio.timeout(20):
            head = await self.reader.readuntil(b"\r\n\r\n")
        return int(head[9:12]), head

    async def end(self) -> None:
        self.writer.write(bytes(self.size))
        assert (await self.status())[0] == 200


async def begin(here: House, size: int) -> Call:
    reader, writer = await here.connect(4 * MEBIBYTE)
    writer.write(f"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {size}\r\n\r\n".encode())
    return Call(reader, writer, size)


async def test_bodies_of_strangers_fill_half_of_the_memory_and_the_next_is_not_read(tmp_path: Path) -> None:
    async with house(tmp_path, LIMITS) as here:
        calls = [await begin(here, MEBIBYTE) for _ in range(2)]
        await here.until(lambda: here.guard._memory == 2 * MEBIBYTE)
        third = await begin(here, 1)
        third.writer.write(b"x")
        status, head = await third.status()
        assert (status, b"Retry-After: 5\r\n" in head) == (503, True)
        assert here.guard.busy == {"memory": 1}
        for call in calls:
            await call.end()
        assert (here.guard._memory, here.guard._memory_of_strangers) == (0, 0)
        await (await begin(here, MEBIBYTE)).end()


async def test_peers_have_the_other_half(tmp_path: Path) -> None:
    async with house(tmp_path, LIMITS) as here:
        calls = [await begin(here, MEBIBYTE) for _ in range(2)]
        await here.until(lambda: here.guard._memory == 2 * MEBIBYTE)
        peer = await begin(here, 1)
        assert (await peer.status())[0] == 503
        reader, writer = await here.call()
        await reader.readuntil(b"small")
        here.connections.mark(next(reversed(here.connections._strangers)), "at.moj", 0.0)
        writer.write(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx")
        assert (await Call(reader, writer, 1).status())[0] == 200
        for call in calls:
            await call.end()


async def test_when_too_many_writes_wait_nothing_more_is_read(tmp_path: Path) -> None:
    waiting = 10
    async with house(tmp_path, LIMITS, waiting=lambda: waiting) as here:
        call = await begin(here, 1000)
        call.writer.write(bytes(1000))
        assert (await call.status())[0] == 503
        assert here.guard.busy == {"writer": 1}
        waiting = 9
        await (await begin(here, 1000)).end()


async def test_a_long_body_holds_what_is_in_memory_of_it(tmp_path: Path) -> None:
    async with house(tmp_path, LIMITS) as here:
        call = await begin(here, 3 * MEBIBYTE)
        await here.until(lambda: here.guard._memory == MEBIBYTE)
        await call.end()


async def test_who_was_known_here_before_has_the_other_half_from_the_first_call_on(tmp_path: Path) -> None:
    """A peer's signature stands behind the body it signs: its first call must not wait for room among strangers."""
    async with house(tmp_path, LIMITS) as here:
        calls = [await begin(here, MEBIBYTE) for _ in range(2)]
        await here.until(lambda: here.guard._memory_of_strangers == 2 * MEBIBYTE)
        assert (await (await begin(here, 1)).status())[0] == 503
        here.connections._known["127.0.0.1"] = asyncio.get_running_loop().time()
        await (await begin(here, MEBIBYTE)).end()
        for call in calls:
            await call.end()


async def test_a_call_that_is_packed_is_refused_and_counted(tmp_path: Path) -> None:
    async with house(tmp_path, LIMITS) as here:
        reader, writer = await here.connect()
        writer.write(b"GET / HTTP/1.1\r\nHost: a\r\nContent-Encoding: gzip\r\n\r\n")
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 415 ")
        now = asyncio.get_running_loop().time()
        assert here.guard._unsigned.left("127.0.0.1", now) < LIMITS.unsigned_per_minute
