"""Row 59. Response of 10 GB, slow response, redirect to internal host.

Expected: capped, not followed. (Documents alone: row 49.)
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from emla.model.errors import TransportError
from emla.model.limits import WIRE
from emla.model.settings import LimitSettings, PeerSettings
from emla.ports.transport import Refusal
from emla.transport.https import HttpsTransport
from tests.attacks.test_row_49 import Flood
from tests.support.evil_peer import Behaviour, answering, dripping, evil_peer, silent
from tests.support.far_peer import FarPeer, far_peer
from tests.support.patience import PATIENCE_SECONDS

TEN_GIGABYTES = 10 * 1024**3
HEAD = (
    f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {TEN_GIGABYTES}\r\n\r\n".encode()
)
CHUNKED = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
ENDLESS = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n"
TAKEN_BYTES_MAX = 32 * WIRE.documents_bytes
"""What buffers on the way hold, and no more."""

Call = Callable[[HttpsTransport, FarPeer], Awaitable[object]]
CALLS: dict[str, Call] = {
    "package": lambda line, peer: line.send_package(peer.authority, bytes(32), b"a header", b"x", 1),
    "packages": lambda line, peer: asyncio.gather(
        *(line.send_package(peer.authority, bytes([n] * 32), b"a header", b"x", 1) for n in range(3))
    ),
    "acknowledgement": lambda line, peer: line.send_acknowledgement(peer.authority, bytes(32), b"{}"),
    "acknowledgements": lambda line, peer: asyncio.gather(
        *(line.send_acknowledgement(peer.authority, bytes([n] * 32), b"{}") for n in range(3))
    ),
    "documents": lambda line, peer: line.get_documents(peer.authority),
    "push": lambda line, peer: line.put_documents(peer.authority, "at.moj", b"{}"),
    "ping": lambda line, peer: line.ping(peer.authority, b"{}"),
}


@pytest.fixture
def peer(tmp_path: Path) -> FarPeer:
    return far_peer(tmp_path)


@pytest.fixture
async def transport() -> AsyncIterator[HttpsTransport]:
    one = HttpsTransport(PeerSettings(allow_loopback_endpoints=True, request_timeout_seconds=1))
    yield one
    await one.close()


async def failure(call: Call, transport: HttpsTransport, peer: FarPeer) -> str:
    with pytest.raises(TransportError) as caught:
        async with asyncio.timeout(2 * PATIENCE_SECONDS):
            await call(transport, peer)
    return caught.value.code


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
@pytest.mark.parametrize(
    ("front", "piece"),
    [(HEAD, b"x" * 65536), (CHUNKED, b"10000\r\n" + b"x" * 65536 + b"\r\n"), (ENDLESS, b"x" * 65536)],
    ids=["announced", "chunked", "endless"],
)
async def test_an_answer_of_ten_gigabytes_is_given_up_at_once(
    transport: HttpsTransport, peer: FarPeer, call: Call, front: bytes, piece: bytes
) -> None:
    flood = Flood(front, piece)
    async with evil_peer(peer.tls, flood, port=peer.port):
        assert await failure(call, transport, peer) == "peer-nonsense"
    assert flood.sent < TAKEN_BYTES_MAX


@pytest.mark.parametrize("behaviour", [silent, dripping(HEAD, b"x")], ids=["silent", "drips"])
async def test_a_slow_answer_ends_and_the_calls_wait_for_nobody_else(
    transport: HttpsTransport, peer: FarPeer, behaviour: Behaviour
) -> None:
    async with evil_peer(peer.tls, behaviour, port=peer.port):
        codes = await asyncio.gather(*(failure(call, transport, peer) for call in CALLS.values()))
    assert set(codes) == {"timeout"}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
async def test_a_redirect_to_an_internal_host_is_not_followed(
    transport: HttpsTransport, peer: FarPeer, tmp_path: Path, call: Call
) -> None:
    """The peer holds the pinned key, and what it leads to holds it, too: only the rule is in the way."""
    async with evil_peer(peer.tls, silent) as inside:
        for status in ("301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"):
            location = f"Location: https://127.0.0.1:{inside.port}/emla/1/ping"
            async with evil_peer(
                peer.tls, answering(status, "application/json", b"{}", location), port=peer.port
            ) as there:
                answer = await call(transport, peer)
                assert there.requests == 1
            found = answer if isinstance(answer, list) else [answer]
            assert found == [Refusal(code=f"http-{status[:3]}")] * len(found)
        assert inside.connections == 0


async def test_a_peer_is_never_offered_more_files_at_once_than_it_takes(
    peer: FarPeer, tmp_path: Path
) -> None:
    """And the connections that are left are there for what is small."""
    (tmp_path / "blob").write_bytes(b"x" * 300_000)
    limits = LimitSettings(uploads_per_peer=2, connections_per_peer=3)
    transport = HttpsTransport(PeerSettings(allow_loopback_endpoints=True), limits)
    small = asyncio.Event()
    uploads = 0

    async def behaviour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal uploads
        if small.is_set():
            uploads += 1
            await asyncio.Event().wait()
        small.set()
        await answering("204 No Content", "application/json", b"")(reader, writer)

    offers: list[asyncio.Task[bytes | Refusal]] = []
    try:
        async with (
            evil_peer(peer.tls, behaviour, port=peer.port) as there,
            asyncio.timeout(2 * PATIENCE_SECONDS),
        ):
            assert await transport.send_acknowledgement(peer.authority, bytes(32), b"{}") is None
            offers += [
                asyncio.create_task(
                    transport.send_package(peer.authority, bytes([n] * 32), b"h", tmp_path / "blob", 300_000)
                )
                for n in range(6)
            ]
            while uploads < 2:
                await asyncio.sleep(0.01)
            small.clear()
            assert await transport.send_acknowledgement(peer.authority, bytes(32), b"{}") is None
            assert (uploads, there.requests) == (2, 4)
    finally:
        for offer in offers:
            offer.cancel()
        await asyncio.gather(*offers, return_exceptions=True)
        await transport.close()
