"""Row 51. Half header, idle, 1 byte/10 s body, 600 connections.

Expected: closed at deadlines, honest peers still served.
"""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from emla.formats.header import package_id
from tests.support.attacked import Target, attacked
from tests.support.callers import Caller, call, calling, head
from tests.support.calls import eventually, metrics
from tests.support.servers import Json

pytestmark = pytest.mark.xdist_group("flood")
SHORT: Json = {
    "handshake_seconds": 1,
    "header_seconds": 1,
    "idle_seconds": 3,
    "body_seconds": 1,
    "body_bytes_per_second": 1024,
}
DOCUMENTS = "/emla/1/documents/de.bfj"
PACKAGE = f"/emla/1/packages/{'00' * 32}"


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    with attacked(tmp_path_factory.mktemp("g"), SHORT) as one:
        yield one


@pytest.fixture(autouse=True)
def honest_afterwards(target: Target) -> Iterator[None]:
    yield
    target.takes_an_honest_one()


async def closed(target: Target, reason: str) -> float:
    return (await metrics(target.server)).get(f'emla_connections_closed_total{{reason="{reason}"}}', 0.0)


async def test_who_begins_no_tls_is_closed_on(target: Target) -> None:
    before = await closed(target, "handshake")
    reader, writer = await asyncio.open_connection("127.0.0.1", target.server.port)
    async with asyncio.timeout(60):
        assert await reader.read() == b""
    assert await closed(target, "handshake") == before + 1
    writer.close()


@pytest.mark.parametrize("said", [b"", b"GET /emla", b"GET / HTTP/1.1\r\nHost: a\r\nX-Y: "])
async def test_a_head_that_does_not_come_is_not_waited_for(target: Target, said: bytes) -> None:
    before = await closed(target, "header")
    async with calling(target.server) as caller:
        await caller.say(said)
        assert await caller.everything() == b""
    assert await closed(target, "header") == before + 1


async def test_a_head_that_drips_is_not_waited_for_though_each_byte_is_progress(target: Target) -> None:
    before = await closed(target, "header")
    async with calling(target.server) as caller:
        async with asyncio.timeout(60):
            await caller.drip(b"GET / HTTP/1.1\r\nX: " + b"y" * 10_000, 0.05)
        assert await caller.everything() == b""
    assert await closed(target, "header") == before + 1


async def test_the_second_head_on_a_connection_has_the_same_deadline(target: Target) -> None:
    before = await closed(target, "header")
    async with calling(target.server) as caller:
        await caller.say(head("GET", DOCUMENTS))
        assert (await caller.answer())[0] == 200
        await caller.say(b"GET /emla")
        assert await caller.everything() == b""
    assert await closed(target, "header") == before + 1


async def test_a_connection_that_nobody_uses_is_closed(target: Target) -> None:
    before = await closed(target, "idle")
    async with calling(target.server) as caller:
        await caller.say(head("GET", DOCUMENTS))
        assert (await caller.answer())[0] == 200
        assert await caller.everything() == b""
    assert await closed(target, "idle") == before + 1


@pytest.mark.parametrize("size", [5000, 900_000], ids=["row", "file"])
async def test_a_body_that_drips_is_given_up_and_leaves_nothing(target: Target, size: int) -> None:
    package = target.honest_of(size)
    before = await closed(target, "body"), target.contents()
    async with calling(target.server) as caller:
        body = len(package.signed).to_bytes(4, "big") + package.signed + package.payload
        path = f"/emla/1/packages/{package_id(package.header_bytes).hex()}"
        await caller.say(head("PUT", path, f"Content-Length: {len(body)}") + body[:-4000])
        async with asyncio.timeout(60):
            await caller.drip(body[-4000:], 0.05)
        assert await caller.everything() == b""
    assert await closed(target, "body") == before[0] + 1
    await target.settled(before[1])


@pytest.fixture
def patient(tmp_path: Path) -> Iterator[Target]:
    """Waits longer than a machine that is busy elsewhere makes the caller wait."""
    with attacked(tmp_path, SHORT | {"body_seconds": 4}) as one:
        yield one


async def test_a_body_that_comes_slowly_and_steadily_is_taken(patient: Target) -> None:
    package = patient.honest_of(300_000)
    body = len(package.signed).to_bytes(4, "big") + package.signed + package.payload
    path = f"/emla/1/packages/{package_id(package.header_bytes).hex()}"
    async with calling(patient.server) as caller:
        await caller.say(head("PUT", path, f"Content-Length: {len(body)}"))
        for place in range(0, len(body), 16_384):
            await caller.say(body[place : place + 16_384])
            await asyncio.sleep(0.4)  # eight seconds in all: twice what it may stand still
        assert (await caller.answer())[0] == 200


# --- many ---


@pytest.fixture(scope="module")
def besieged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """With the deadlines of every gateway: within them, nothing that hangs is closed because it is late."""
    limits: Json = {"connections": 128, "connections_per_address": 16}
    with attacked(tmp_path_factory.mktemp("b"), limits) as one:
        yield one


async def hang(target: Target, source: str) -> Caller | None:
    """Connect and hang in the middle of a head; None when not let in."""
    try:
        caller = await call(target.server, source)
    except OSError:
        return None
    await caller.say(b"GET /emla/1/documents/de.b")
    return caller


async def test_600_connections_of_many_addresses_hang_and_honest_peers_are_served(besieged: Target) -> None:
    sources = [f"127.0.1.{number}" for number in range(1, 76)]
    callers = []
    for _ in range(8):
        callers += await asyncio.gather(*(hang(besieged, source) for source in sources))
        await asyncio.to_thread(besieged.takes_an_honest_one)
    figures = await metrics(besieged.server)
    assert figures['emla_connections{of="strangers"}'] + figures['emla_connections{of="peers"}'] <= 128
    displaced = figures['emla_connections_closed_total{reason="displaced"}']
    refused = figures.get('emla_connections_refused_total{reason="total"}', 0.0)
    late = sum(  # on a machine that is slow, the first ones are late before the last ones come
        figures.get(f'emla_connections_closed_total{{reason="{reason}"}}', 0.0)
        for reason in ("header", "handshake")
    )
    assert displaced + refused + late >= 600 - 128
    assert displaced > 0
    for caller in callers:
        if caller is not None:
            caller.go()


async def test_600_connections_of_one_address_take_only_its_places(besieged: Target) -> None:
    callers = [await hang(besieged, "127.0.2.1") for _ in range(600)]
    await asyncio.to_thread(besieged.takes_an_honest_one)
    figures = await metrics(besieged.server)
    assert figures['emla_connections{of="strangers"}'] <= 17
    for caller in callers:
        if caller is not None:
            caller.go()


async def test_what_was_turned_away_displaced_or_broken_off_is_closed(besieged: Target) -> None:
    assert besieged.server.process is not None
    descriptors = Path(f"/proc/{besieged.server.process.pid}/fd")
    before = len(list(descriptors.iterdir()))
    callers = [await hang(besieged, f"127.0.3.{number}") for number in range(1, 200)]
    for caller in callers:
        if caller is not None:
            caller.go()
    await eventually(lambda: len(list(descriptors.iterdir())) <= before)
