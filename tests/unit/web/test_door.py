"""The door with real TLS on loopback: what it does about callers is also in tests/attacks (rows 51 to 54)."""

import asyncio
import contextlib
import errno
import json
import socket
import ssl
import time
from pathlib import Path

import pytest
from aiohttp import web

from emla.bootstrap.listeners import Listeners
from emla.bootstrap.logs import JsonLines
from emla.keyring.tls import write_tls
from emla.model.errors import ConfigurationError
from emla.model.settings import LimitSettings
from emla.transport.https import client_context
from emla.web.connections import Connections
from tests.support.house import LARGE, house
from tests.support.ports import free_port

LIMITS = LimitSettings(body_seconds=1, header_seconds=1, idle_seconds=1)


async def test_an_answer_that_nobody_takes_is_given_up(tmp_path: Path) -> None:
    async with house(tmp_path, LIMITS) as here:
        _, writer = await here.call("/large")
        # The first one is in buffers on the way, which is all that TLS lets us see; the second one stands.
        writer.write(b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n")
        await here.until(lambda: here.connections.closed["answer"] == 1)
        writer.transport.abort()
        assert here.connections.strangers == 0


async def test_an_answer_that_is_taken_arrives_whole(tmp_path: Path) -> None:
    async with house(tmp_path, LIMITS) as here:
        reader, writer = await here.call("/large")
        await reader.readuntil(b"\r\n\r\n")
        assert len(await reader.readexactly(LARGE)) == LARGE
        writer.close()
        assert not here.connections.closed


async def test_who_waits_for_us_is_not_late(tmp_path: Path) -> None:
    async with house(tmp_path, LIMITS) as here:
        reader, writer = await here.call("/slow")
        assert (await reader.readuntil(b"at last")).startswith(b"HTTP/1.1 200")
        writer.close()


async def test_who_goes_in_the_middle_of_the_handshake_leaves_no_place_taken(tmp_path: Path) -> None:
    async with house(tmp_path, LIMITS) as here:
        for said in (b"", b"\x16\x03\x01", b"GET / HTTP/1.1\r\n\r\n", bytes(100)):
            _, writer = await asyncio.open_connection("127.0.0.1", here.port)
            writer.write(said)
            await writer.drain()
            writer.close()
        await here.until(lambda: here.connections.closed["handshake"] == 4)
        assert here.connections.strangers == 0


async def test_a_place_is_free_again_when_the_connection_is_over(tmp_path: Path) -> None:
    async with house(tmp_path, LIMITS) as here:
        _, writer = await here.call()
        await here.until(lambda: here.connections.strangers == 1)
        writer.transport.abort()
        await here.until(lambda: here.connections.strangers == 0)


async def test_without_descriptors_the_door_rests_and_opens_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    real = socket.socket.accept
    left = [3]

    def accept(self: socket.socket) -> tuple[socket.socket, object]:
        if left[0]:
            left[0] -= 1
            raise OSError(errno.EMFILE, "Too many open files")
        return real(self)

    monkeypatch.setattr(socket.socket, "accept", accept)
    async with house(tmp_path, LIMITS) as here:
        reader, writer = await here.call()
        assert (await reader.readuntil(b"small")).startswith(b"HTTP/1.1 200")
        writer.close()
    assert [each.message for each in caplog.records if each.name == "emla.door"] == [
        "no more connections"
    ] * 3


async def test_the_log_names_those_who_were_turned_away_most_once_a_minute(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with house(tmp_path, LIMITS) as here:
        for number in range(1000):
            for _ in range(number % 20 + 1):
                here.connections.turn_away(f"192.0.2.{number}", "rate")
        await here.until(lambda: not here.connections.turned_away)
        for _ in range(100):
            here.connections.turn_away("192.0.2.1", "rate")
        await asyncio.sleep(0.6)
        assert here.connections.turned_away, "told before the minute is over"
    lines = [json.loads(JsonLines().format(each)) for each in caplog.records if each.name == "emla.door"]
    assert len(lines) == 8
    assert lines[0]["count"] >= lines[-1]["count"]
    assert {"message", "address", "reason", "count"} <= set(lines[0])


async def test_a_name_with_two_addresses_is_listened_on_under_one_port(tmp_path: Path) -> None:
    async with house(tmp_path, LIMITS, "localhost") as here:
        for each in {str(address[4][0]) for address in socket.getaddrinfo("localhost", here.port)}:
            _, writer = await asyncio.open_connection(each, here.port, ssl=client_context())
            writer.close()


async def test_an_address_that_is_taken_or_none_is_said(tmp_path: Path) -> None:
    tls = write_tls(tmp_path / "tls", host="127.0.0.1", now=int(time.time()))
    port = free_port()
    with socket.socket() as other:
        other.bind(("127.0.0.1", port))
        other.listen()
        listeners = Listeners()
        for host, code in (("127.0.0.1", "address-in-use"), ("192.0.2.1", "bad-setting")):
            with pytest.raises(ConfigurationError) as caught:
                await listeners.peers(web.Application(), host, port, tls, Connections(LIMITS))
            assert caught.value.code == code
        await listeners.close()


def closing_and_taking_nothing(port: int) -> ssl.SSLSocket:
    """Ask for much, end TLS properly, and read nothing more: asyncio then waits for its buffer to empty, however long."""
    caller = client_context().wrap_socket(socket.create_connection(("127.0.0.1", port)))
    caller.sendall(b"GET /large HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    caller.recv(1)  # the answer has begun
    caller.settimeout(0.2)
    with contextlib.suppress(OSError):  # the end is said; what comes instead of its answer is not taken
        caller.unwrap()
    return caller


async def test_who_ends_tls_and_takes_nothing_more_is_broken_off(tmp_path: Path) -> None:
    async with house(tmp_path, LIMITS) as here:
        caller = await asyncio.to_thread(closing_and_taking_nothing, here.port)
        await here.until(lambda: here.connections.closed["farewell"] == 1)
        assert here.connections.strangers == 0
        caller.close()


async def test_a_record_for_each_byte_is_not_borne_for_long_nor_again_at_once(tmp_path: Path) -> None:
    async with house(tmp_path, LimitSettings()) as here:
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = client_context().wrap_bio(incoming, outgoing)
        reader, writer = await asyncio.open_connection("127.0.0.1", here.port)
        while True:
            try:
                tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                writer.write(outgoing.read())
                incoming.write(await reader.read(65536))
        tls.write(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999\r\n\r\n")
        for _ in range(60_000):
            tls.write(b"x")
        writer.write(outgoing.read())
        await here.until(lambda: here.connections.closed["records"] == 1)
        with contextlib.suppress(ConnectionError):
            assert await reader.read(-1) is not None
        writer.close()
        late, again = await asyncio.open_connection("127.0.0.1", here.port)
        with contextlib.suppress(ConnectionError):
            assert await late.read() == b""
        again.close()
        assert here.connections.refused["rate"] == 1
