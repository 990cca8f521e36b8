"""Row 49. Document of 10 GB, slow drip, endless redirects.

Expected: byte and time caps.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from emla.bootstrap.initialise import About, initialise
from emla.keyring.tls import TlsFiles, check_tls
from emla.model.documents import Authority
from emla.model.errors import TransportError
from emla.model.limits import WIRE
from emla.model.settings import PeerSettings
from emla.ports.transport import Refusal
from emla.transport.https import HttpsTransport
from tests.support.evil_peer import Behaviour, answering, dripping, evil_peer, silent
from tests.support.ports import free_port

DOCUMENTS = "application/vnd.emla.documents+json"
TEN_GIGABYTES = 10 * 1024**3
HEAD = f"HTTP/1.1 200 OK\r\nContent-Type: {DOCUMENTS}\r\nContent-Length: {TEN_GIGABYTES}\r\n\r\n".encode()
CHUNKED = f"HTTP/1.1 200 OK\r\nContent-Type: {DOCUMENTS}\r\nTransfer-Encoding: chunked\r\n\r\n".encode()


@pytest.fixture
def peer(tmp_path: Path) -> tuple[Authority, TlsFiles, int]:
    port = free_port()
    made = initialise(
        tmp_path / "de.bfj",
        About(
            authority="de.bfj",
            names=(("en", "Central authority"),),
            endpoint_url=f"https://127.0.0.1:{port}",
            country="DE",
            contacts=(("email", "desk@example.org"),),
            languages=("en",),
            time_zone="UTC",
            office_hours="09:00-17:00",
        ),
        now=int(time.time()),
    )
    return made.authority, check_tls(tmp_path / "de.bfj" / "tls"), port


@pytest.fixture
async def transport() -> AsyncIterator[HttpsTransport]:
    one = HttpsTransport(PeerSettings(allow_loopback_endpoints=True, request_timeout_seconds=1))
    yield one
    await one.close()


class Flood:
    """Sends for ever and counts what was taken."""

    def __init__(self, front: bytes, piece: bytes) -> None:
        self.sent = 0
        self._front, self._piece = front, piece

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(self._front)
        while self.sent < TEN_GIGABYTES:
            writer.write(self._piece)
            await writer.drain()
            self.sent += len(self._piece)


@pytest.mark.parametrize(
    ("front", "piece"),
    [(HEAD, b"x" * 65536), (CHUNKED, b"10000\r\n" + b"x" * 65536 + b"\r\n")],
    ids=["announced", "chunked"],
)
async def test_a_document_of_ten_gigabytes_is_given_up_after_half_a_megabyte(
    transport: HttpsTransport, peer: tuple[Authority, TlsFiles, int], front: bytes, piece: bytes
) -> None:
    authority, tls, port = peer
    flood = Flood(front, piece)
    async with evil_peer(tls, flood, port=port):
        with pytest.raises(TransportError) as caught:
            await transport.get_documents(authority)
    assert caught.value.code == "peer-nonsense"
    assert flood.sent < 32 * WIRE.documents_bytes  # what buffers on the way hold, and no more


@pytest.mark.parametrize(
    "behaviour",
    [
        silent,
        dripping(HEAD, b"x"),
        dripping(CHUNKED, b"1\r\nx\r\n"),
        dripping(b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n"),
    ],
    ids=["silent", "drips", "chunks", "headers"],
)
async def test_a_slow_drip_ends(
    transport: HttpsTransport, peer: tuple[Authority, TlsFiles, int], behaviour: Behaviour
) -> None:
    authority, tls, port = peer
    async with evil_peer(tls, behaviour, port=port):
        with pytest.raises(TransportError) as caught:
            async with asyncio.timeout(60):
                await transport.get_documents(authority)
    assert caught.value.code in ("timeout", "peer-nonsense")


async def test_redirects_are_not_followed(
    transport: HttpsTransport, peer: tuple[Authority, TlsFiles, int]
) -> None:
    authority, tls, port = peer
    location = f"Location: https://127.0.0.1:{port}/emla/1/documents/de.bfj"
    async with evil_peer(tls, answering("302 Found", DOCUMENTS, b"{}", location), port=port) as there:
        answer = await transport.get_documents(authority)
        assert there.requests == 1
    assert answer == Refusal(code="http-302")


async def test_a_push_is_as_bounded(transport: HttpsTransport, peer: tuple[Authority, TlsFiles, int]) -> None:
    authority, tls, port = peer
    async with evil_peer(tls, Flood(HEAD, b"x" * 65536), port=port):
        with pytest.raises(TransportError):
            await transport.put_documents(authority, "at.moj", b"{}")
