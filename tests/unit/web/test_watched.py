"""The deadlines of a connection, looked at from instants of the test's choosing: nobody waits."""

import asyncio
from pathlib import Path

import pytest

from emla.model.settings import LimitSettings
from tests.support.house import House, house

LIMITS = LimitSettings(
    header_seconds=10,
    idle_seconds=30,
    body_seconds=30,
    body_bytes_per_second=1000,
    connections_per_address=99,
)
BODY = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 500000\r\n\r\n"


async def connect(here: House, said: bytes) -> asyncio.StreamWriter:
    _, writer = await here.connect()
    writer.write(said)
    await writer.drain()
    return writer


@pytest.mark.parametrize("said", [b"", b"GET / HT"], ids=["nothing", "half"])
async def test_the_first_head_has_its_deadline_from_the_beginning(tmp_path: Path, said: bytes) -> None:
    async with house(tmp_path, LIMITS) as here:
        await connect(here, said)
        watched = await here.watched()
        await here.until(lambda: watched._waiter is not None and watched._received == len(said))
        assert watched.overdue(100.0, LIMITS) is None
        assert watched.overdue(109.0, LIMITS) is None
        assert watched.overdue(110.0, LIMITS) == "header"


async def test_between_calls_there_is_more_time_and_the_next_head_has_its_own(tmp_path: Path) -> None:
    async with house(tmp_path, LIMITS) as here:
        writer = await connect(here, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        watched = await here.watched()
        await here.until(lambda: watched._request_count == 1 and watched._is_waiting())
        assert watched.overdue(100.0, LIMITS) is None
        assert watched.overdue(129.0, LIMITS) is None
        writer.write(b"GET / HT")
        await here.until(lambda: bool(watched._head_bytes))
        assert watched.overdue(129.5, LIMITS) is None, "the head has begun just now"
        assert watched.overdue(139.0, LIMITS) is None
        assert watched.overdue(139.5, LIMITS) == "header"


async def test_who_does_not_use_a_connection_loses_it(tmp_path: Path) -> None:
    async with house(tmp_path, LIMITS) as here:
        await connect(here, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        watched = await here.watched()
        await here.until(lambda: watched._request_count == 1 and watched._is_waiting())
        assert watched.overdue(100.0, LIMITS) is None
        assert watched.overdue(130.0, LIMITS) == "idle"


async def test_a_body_is_measured_over_its_window_and_then_over_the_next(tmp_path: Path) -> None:
    async with house(tmp_path, LIMITS) as here:
        writer = await connect(here, BODY)
        watched = await here.watched()
        await here.until(lambda: watched._current_request is not None)
        assert watched.overdue(100.0, LIMITS) is None
        received = watched._received
        writer.write(bytes(30_000))
        await here.until(lambda: watched._received == received + 30_000)
        assert watched.overdue(129.0, LIMITS) is None
        assert watched.overdue(130.0, LIMITS) is None, "as much as it must bring"
        assert watched.overdue(159.0, LIMITS) is None
        assert watched.overdue(160.0, LIMITS) == "body"


async def test_while_we_do_not_read_the_caller_cannot_be_too_slow(tmp_path: Path) -> None:
    async with house(tmp_path, LIMITS) as here:
        await connect(here, BODY)
        watched = await here.watched()
        await here.until(lambda: watched._current_request is not None)
        watched.pause_reading()
        assert watched.overdue(100.0, LIMITS) is None
        assert watched.overdue(1000.0, LIMITS) is None
        watched.resume_reading()
        assert watched.overdue(1001.0, LIMITS) is None
        assert watched.overdue(1031.0, LIMITS) == "body"


async def test_an_answer_that_stands_has_the_same_time(tmp_path: Path) -> None:
    async with house(tmp_path, LIMITS) as here:
        await connect(here, b"GET /held HTTP/1.1\r\nHost: a\r\n\r\n")
        watched = await here.watched()
        await here.until(lambda: watched._current_request is not None)
        assert watched.overdue(100.0, LIMITS) is None
        assert watched.overdue(1000.0, LIMITS) is None, "it waits for us"
        watched.pause_writing()
        assert watched.overdue(1001.0, LIMITS) is None
        assert watched.overdue(1031.0, LIMITS) == "answer"
        watched.resume_writing()


async def test_half_a_head_that_comes_before_the_answer_has_left_is_held_to_the_deadline_of_heads(
    tmp_path: Path,
) -> None:
    async with house(tmp_path, LIMITS) as here:
        writer = await connect(here, b"GET /held HTTP/1.1\r\nHost: a\r\n\r\n")
        watched = await here.watched()
        await here.until(lambda: watched._current_request is not None)
        before = watched._received
        writer.write(b"GET / HT")
        await here.until(lambda: watched._received == before + 8)
        assert watched._head_bytes == 8
        here.go.set()
        await here.until(watched._is_waiting)
        assert watched.overdue(100.0, LIMITS) is None
        assert watched.overdue(110.0, LIMITS) == "header", "and not the longer one of a connection that rests"


async def test_half_a_head_behind_a_body_that_nobody_read_is_a_head(tmp_path: Path) -> None:
    """The call whose body counts is the last that came; aiohttp forgets the current one before its answer has left."""
    async with house(tmp_path, LIMITS) as here:
        writer = await connect(here, b"POST /held HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n")
        watched = await here.watched()
        await here.until(lambda: watched._current_request is not None)
        for said, head in ((b"bo", 0), (b"dy", 0), (b"GET / HT", 8)):
            before = watched._received
            writer.write(said)
            await here.until(lambda before=before, said=said: watched._received == before + len(said))  # type: ignore[misc]  # mypy cannot infer a lambda with defaults
            assert watched._head_bytes == head


async def test_a_head_behind_an_answer_under_way_is_no_longer_than_any_other(tmp_path: Path) -> None:
    async with house(tmp_path, LIMITS) as here:
        writer = await connect(here, b"GET /held HTTP/1.1\r\nHost: a\r\n\r\n")
        watched = await here.watched()
        await here.until(lambda: watched._current_request is not None)
        writer.write(b"GET / HTTP/1.1\r\n" + b"".join(b"X-%d: %s\r\n" % (n, b"y" * 1000) for n in range(33)))
        await here.until(lambda: here.connections.closed["header"] == 1)


async def test_what_was_closed_and_does_not_take_its_rest_has_a_deadline(tmp_path: Path) -> None:
    async with house(tmp_path, LIMITS) as here:
        await connect(here, b"GET /large HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        watched = await here.watched()
        await here.until(lambda: watched.transport is None or watched.transport.is_closing())
        assert watched.overdue(100.0, LIMITS) is None
        assert watched.overdue(129.0, LIMITS) is None
        assert watched.overdue(130.0, LIMITS) == "farewell"


@pytest.mark.parametrize("expectation", ["100-continue", "100-Continue"])
async def test_who_waits_to_be_told_to_go_on_is_told(tmp_path: Path, expectation: str) -> None:
    async with house(tmp_path, LIMITS) as here:
        reader, writer = await here.connect()
        writer.write(
            f"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: {expectation}\r\n\r\n".encode()
        )
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 100 ")
        writer.write(b"ok")
        assert (await reader.readuntil(b"ok")).startswith(b"HTTP/1.1 200 ")


async def test_who_expects_anything_else_is_closed_on_because_nobody_would_pay_for_the_answer(
    tmp_path: Path,
) -> None:
    async with house(tmp_path, LIMITS) as here:
        await connect(here, b"GET / HTTP/1.1\r\nHost: a\r\nExpect: more\r\n\r\n")
        await here.until(lambda: here.connections.closed["expectation"] == 1)


async def test_a_connection_that_is_over_is_held_by_nothing(tmp_path: Path) -> None:
    """Else its TLS with 256 KiB of buffer stays until the next great collection: offers by the thousand cost a GiB."""
    async with house(tmp_path, LIMITS) as here:
        writer = await connect(here, BODY)
        watched = await here.watched()
        await here.until(lambda: watched._body is not None)
        assert watched.transport is not None
        kept = watched.place.end
        writer.transport.abort()
        await here.until(lambda: watched.place.gone)
        assert watched.place.end is not kept
        assert watched._body is None
        assert not watched.place.is_idle()
