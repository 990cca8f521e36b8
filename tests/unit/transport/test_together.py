"""Acknowledgements that are pushed in one turn travel in one call, and each gets its own outcome."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from emla.formats import bundles, package_row
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
    one = HttpsTransport(PeerSettings(allow_loopback_endpoints=True, request_timeout_seconds=30))
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


# --- packages ---

PACKAGE_OUTCOMES = "application/vnd.emla.package-outcomes"


async def offer(transport: HttpsTransport, peer: Peer, count: int, size_bytes: int = 7) -> list[object]:
    calls = (
        transport.send_package(
            peer.authority, bytes([number]) * 32, b"header %d" % number, b"p" * size_bytes, size_bytes
        )
        for number in range(count)
    )
    return await asyncio.gather(*calls, return_exceptions=True)


async def test_two_packages_in_one_turn_make_one_call_with_an_answer_each(
    transport: HttpsTransport, peer: Peer
) -> None:
    answer = package_row.encode_answer([b"a bundle", "clock-skew"])
    async with evil_peer(peer.tls, answering("200 OK", PACKAGE_OUTCOMES, answer), port=peer.port) as there:
        assert await offer(transport, peer, 2) == [b"a bundle", Refusal(code="clock-skew")]
        received = bytes(there.received)
    assert received.startswith(b"POST /emla/1/packages HTTP/1.1")
    row = ((b"header 0", b"p" * 7), (b"header 1", b"p" * 7))
    assert package_row.decode(received.split(b"\r\n\r\n", 1)[1]) == row


async def test_packages_too_large_for_one_call_are_put_alone(transport: HttpsTransport, peer: Peer) -> None:
    bundle = answering("200 OK", "application/vnd.emla.bundle+json", b"a bundle")
    async with evil_peer(peer.tls, bundle, port=peer.port) as there:
        assert await offer(transport, peer, 2, WIRE.packages_bytes - 100) == [b"a bundle"] * 2
        assert bytes(there.received).count(b"PUT /emla/1/packages/") == 2


@pytest.mark.parametrize("answer", [b"", package_row.encode_answer([b"a bundle"]), b"nonsense"])
async def test_an_answer_without_an_outcome_for_each_package_is_nonsense(
    transport: HttpsTransport, peer: Peer, answer: bytes
) -> None:
    async with evil_peer(peer.tls, answering("200 OK", PACKAGE_OUTCOMES, answer), port=peer.port):
        found = await offer(transport, peer, 2)
    assert [each.code for each in found if isinstance(each, TransportError)] == ["peer-nonsense"] * 2


async def test_whoever_gives_up_ends_nobody_elses_call(transport: HttpsTransport, peer: Peer) -> None:
    answer = package_row.encode_answer([b"a bundle", b"another"])
    async with evil_peer(peer.tls, answering("200 OK", PACKAGE_OUTCOMES, answer), port=peer.port):
        impatient, patient = (
            asyncio.create_task(transport.send_package(peer.authority, bytes(32), each, b"payload", 7))
            for each in (b"one", b"two")
        )
        await asyncio.sleep(0)
        impatient.cancel()
        assert await patient == b"another"
