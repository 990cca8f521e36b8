"""Row 53. CL+TE, two CL, TE: chunked with junk, 10^6 tiny chunks, giant trailers, pipelined 10^4 requests, h2c/websocket upgrade.

Expected: 400 or closed, CPU bound.
"""

import asyncio
from collections.abc import Iterator

import pytest

from tests.attacks.test_row_52 import peak_memory
from tests.bench.drive import process_cpu
from tests.support.attacked import Target, attacked
from tests.support.callers import Caller, calling, head
from tests.support.calls import metrics

pytestmark = pytest.mark.xdist_group("flood")
PACKAGE = f"/emla/1/packages/{'00' * 32}"
TOGETHER = "/emla/1/packages"
DOCUMENTS = "/emla/1/documents/de.bfj"
CHUNKED = "Transfer-Encoding: chunked"
CPU_SECONDS_MAX = 3.0
MEMORY_BYTES_MAX = 24 * 1024**2


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    with attacked(tmp_path_factory.mktemp("g")) as one:
        one.takes_an_honest_one()
        yield one


@pytest.fixture(autouse=True)
def nothing_left(target: Target) -> Iterator[None]:
    """Nothing is stored, little is spent, and an honest package is taken as ever."""
    assert target.server.process is not None
    pid = target.server.process.pid
    before, spent, memory = target.contents(), process_cpu(pid), peak_memory(target.server)
    yield
    assert target.contents() == before
    assert process_cpu(pid) - spent < CPU_SECONDS_MAX
    assert peak_memory(target.server) - memory < MEMORY_BYTES_MAX
    target.takes_an_honest_one()


async def refused(caller: Caller) -> bool:
    """Whether a connection is answered 400, once, and closed; or closed without a word."""
    answer = await caller.some()
    if answer and answer[7:13] not in (b"1 400 ", b"0 400 "):
        return False
    answer += await caller.everything()
    return answer.count(b"HTTP/1.") <= 1


TWO_WAYS: tuple[tuple[str, ...], ...] = (
    ("Content-Length: 4", CHUNKED),
    (CHUNKED, "Content-Length: 4"),
    ("Content-Length: 4", "Content-Length: 4"),
    ("Content-Length: 4", "Content-Length: 40"),
    ("Content-Length: 4, 4",),
    ("Content-Length: +4",),
    ("Content-Length: 0x4",),
    ("Content-Length: -4",),
    ("Content-Length : 4",),
    ("Content-Length: 18446744073709551620",),
    ("Transfer-Encoding: chunked, identity",),
    ("Transfer-Encoding: identity",),
    ("Transfer-Encoding: xchunked",),
    ("Transfer-Encoding: \x0bchunked",),
    (CHUNKED, "Transfer-Encoding: identity"),
    ("Transfer-Encoding : chunked",),
    (CHUNKED,),
    ("Host: other", "Content-Length: 4"),
    ("X: a\r\n folded", "Content-Length: 4"),
    ("X: a\rb", "Content-Length: 4"),
    ("X: a\0b", "Content-Length: 4"),
)


@pytest.mark.parametrize(
    "call", [("PUT", PACKAGE), ("POST", TOGETHER), ("GET", DOCUMENTS)], ids=lambda c: c[0]
)
async def test_a_body_whose_length_can_be_read_in_two_ways_ends_the_connection(
    target: Target, call: tuple[str, str]
) -> None:
    for fields in TWO_WAYS:
        async with calling(target.server) as caller:
            await caller.say(head(*call, *fields) + b"0\r\n\r\n" + head("GET", DOCUMENTS))
            assert await refused(caller), fields


@pytest.mark.parametrize("call", [("POST", TOGETHER), ("GET", DOCUMENTS)], ids=lambda c: c[0])
async def test_a_million_tiny_chunks_are_not_read(target: Target, call: tuple[str, str]) -> None:
    async with calling(target.server) as caller:
        await caller.say(head(*call, CHUNKED))
        for _ in range(100):
            await caller.say(b"1\r\nx\r\n" * 10_000)
        assert await refused(caller)


@pytest.mark.parametrize("call", [("POST", TOGETHER), ("GET", DOCUMENTS)], ids=lambda c: c[0])
async def test_giant_trailers_are_not_read(target: Target, call: tuple[str, str]) -> None:
    async with calling(target.server) as caller:
        await caller.say(head(*call, CHUNKED) + b"0\r\n")
        for _ in range(100):
            await caller.say(b"X-Trailer: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n" * 1000)
        assert await refused(caller)


async def test_ten_thousand_calls_in_advance_end_the_connection(target: Target) -> None:
    async with calling(target.server) as caller:
        await caller.say(head("GET", "/emla/1/nothing") * 10_000)
        answers = b""
        while (some := await caller.some()) and answers.count(b"HTTP/1.1 ") < 32:
            answers += some
    assert answers.count(b"HTTP/1.1 ") < 32
    assert (await metrics(target.server))['emla_connections_closed_total{reason="pipelined"}'] >= 1


@pytest.mark.parametrize(
    "fields",
    [
        (
            "Connection: Upgrade",
            "Upgrade: websocket",
            "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Key: " + "A" * 24,
        ),
        ("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAAP__"),
        ("Connection: Upgrade", "Upgrade: tcp"),
    ],
    ids=["websocket", "h2c", "tcp"],
)
async def test_the_connection_stays_http_1_1(target: Target, fields: tuple[str, ...]) -> None:
    async with calling(target.server) as caller:
        await caller.say(head("GET", DOCUMENTS, *fields) + head("GET", DOCUMENTS))
        assert await refused(caller)


@pytest.mark.parametrize(
    "said", [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n" + b"x" * 99]
)
async def test_what_is_no_call_at_all_is_refused(target: Target, said: bytes) -> None:
    async with calling(target.server) as caller:
        await caller.say(said)
        answer = await caller.everything()
        assert answer[9:12] in (b"400", b"404")
        assert answer.count(b"HTTP/1.") <= 2  # the second one, to what came behind, is 400


async def test_a_head_is_bounded_by_line_and_as_a_whole(target: Target) -> None:
    for fields in (
        ("X: " + "y" * 8191,),
        tuple(f"X-{number}: {'y' * 1000}" for number in range(60)),
        tuple(f"X-{number}: y" for number in range(65)),
    ):
        async with calling(target.server) as caller:
            await caller.say(head("GET", DOCUMENTS, *fields))
            assert await refused(caller)
    async with calling(target.server) as caller:
        for number in range(60):  # piece by piece, each of them small
            await caller.say(
                f"{'GET / HTTP/1.1' if not number else f'X-{number}: ' + 'y' * 1000}\r\n".encode()
            )
            await asyncio.sleep(0.005)
        assert await refused(caller)
    async with calling(target.server) as caller:
        fields = tuple(f"X-{number}: {'y' * 500}" for number in range(60))
        await caller.say(head("GET", DOCUMENTS, *fields))
        assert (await caller.answer())[0] == 200
