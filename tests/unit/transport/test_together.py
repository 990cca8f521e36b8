"""Acknowledgements that are pushed in one turn travel in one call, and each gets its own outcome."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from emla.formats import bundles
from emla.model.errors import TransportError
from emla.model.limits import WIRE
from emla.model.settings import PeerSettings
from emla.ports.transport import Refusal
from emla.transport.https import HttpsTransport
from tests.support.evil_peer import answering, evil_peer
from tests.unit.transport.test_https import Peer

OUTCOMES = "application/vnd.emla.outcomes+json"


@pytest.fixture
def peer(tmp_path: Path) -> Peer:
    return Peer(tmp_path)


@pytest.fixture
async def transport() -> AsyncIterator[HttpsTransport]:
    one = HttpsTransport(PeerSettings(allow_loopback_endpoints=True, request_timeout_seconds=1))
    yield one
    await one.close()


async def push(transport: HttpsTransport, peer: Peer, count: int) -> list[Refusal | BaseException | None]:
    calls = (
        transport.send_acknowledgement(peer.authority, bytes([number]) * 32, b"bundle %d" % number)
        for number in range(count)
    )
    return await asyncio.gather(*calls, return_exceptions=True)


async def test_two_in_one_turn_make_one_call_with_an_outcome_each(
    transport: HttpsTransport, peer: Peer
) -> None:
    answer = bundles.encode_outcomes(["ok", "bad-signature"])
    async with evil_peer(peer.tls, answering("200 OK", OUTCOMES, answer), port=peer.port) as there:
        assert await push(transport, peer, 2) == [None, Refusal(code="bad-signature")]
        received = bytes(there.received)
    assert received.count(b"HTTP/1.1\r\n") == 1
    assert received.startswith(b"POST /emla/1/acknowledgements HTTP/1.1")
    assert bundles.decode(received.split(b"\r\n\r\n", 1)[1]) == (b"bundle 0", b"bundle 1")


async def test_one_alone_is_put_under_its_id(transport: HttpsTransport, peer: Peer) -> None:
    async with evil_peer(peer.tls, answering("204 No Content", "text/plain", b""), port=peer.port) as there:
        assert await push(transport, peer, 1) == [None]
        assert bytes(there.received).startswith(f"PUT /emla/1/acknowledgements/{bytes(32).hex()}".encode())


async def test_more_than_one_call_holds_travel_in_the_next(transport: HttpsTransport, peer: Peer) -> None:
    answer = bundles.encode_outcomes(["ok"] * WIRE.bundles)
    async with evil_peer(peer.tls, answering("200 OK", OUTCOMES, answer), port=peer.port) as there:
        assert await push(transport, peer, WIRE.bundles * 2) == [None] * WIRE.bundles * 2
        assert bytes(there.received).count(b"POST /emla/1/acknowledgements") == 2


@pytest.mark.parametrize("answer", [b"", b'{"outcomes":["ok"],"v":1}', b"nonsense"])
async def test_an_answer_without_an_outcome_for_each_is_nonsense(
    transport: HttpsTransport, peer: Peer, answer: bytes
) -> None:
    async with evil_peer(peer.tls, answering("200 OK", OUTCOMES, answer), port=peer.port):
        found = await push(transport, peer, 2)
    assert [each.code for each in found if isinstance(each, TransportError)] == ["peer-nonsense"] * 2


async def test_a_refusal_of_the_call_is_a_refusal_of_each(transport: HttpsTransport, peer: Peer) -> None:
    problem = answering("503 Busy", "application/problem+json", b'{"code":"stopping"}')
    async with evil_peer(peer.tls, problem, port=peer.port):
        assert await push(transport, peer, 2) == [Refusal(code="stopping")] * 2
