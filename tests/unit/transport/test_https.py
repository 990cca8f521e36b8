"""The line to a peer: whatever stands at its address, a call ends, with what the peer said or with a code."""

import asyncio
import base64
import errno
import gzip
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from emla.bootstrap.initialise import About, initialise
from emla.keyring.tls import TlsFiles, check_tls, write_tls
from emla.model.documents import Authority
from emla.model.errors import TransportError
from emla.model.settings import PeerSettings
from emla.ports.transport import Refusal
from emla.transport.https import HttpsTransport
from tests.support.evil_peer import (
    Behaviour,
    answering,
    dripping,
    evil_peer,
    hanging_up,
    saying,
    silent,
)
from tests.support.ports import free_port

PID = bytes(32)
SIGNED = b"a signed header"
BUNDLE = "application/vnd.emla.bundle+json"
PROBLEM = "application/problem+json"


class Peer:
    """An authority as documents describe it, and the key of its address."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        made = initialise(
            folder / "de.bfj",
            About(
                authority="de.bfj",
                names=(("en", "Central authority"),),
                endpoint_url=f"https://127.0.0.1:{self.port}",
                country="DE",
                contacts=(("email", "desk@example.org"),),
                languages=("en",),
                time_zone="UTC",
                office_hours="09:00-17:00",
            ),
            now=int(time.time()),
        )
        self.authority: Authority = made.authority
        self.tls: TlsFiles = check_tls(folder / "de.bfj" / "tls")


@pytest.fixture
def peer(tmp_path: Path) -> Peer:
    return Peer(tmp_path)


@pytest.fixture
async def transport() -> AsyncIterator[HttpsTransport]:
    one = HttpsTransport(PeerSettings(allow_loopback_endpoints=True, request_timeout_seconds=1))
    yield one
    await one.close()


async def send(transport: HttpsTransport, peer: Peer, payload: bytes | Path = b"payload") -> bytes | Refusal:
    size = len(payload) if isinstance(payload, bytes) else payload.stat().st_size
    return await transport.send_package(peer.authority, PID, SIGNED, payload, size)


async def failure(transport: HttpsTransport, peer: Peer) -> str:
    with pytest.raises(TransportError) as caught:
        await send(transport, peer)
    return caught.value.code


async def test_the_answer_of_an_honest_peer_comes_back_as_it_is(
    transport: HttpsTransport, peer: Peer
) -> None:
    for status in ("200 OK", "422 Unprocessable"):
        async with evil_peer(peer.tls, answering(status, BUNDLE, b'{"b":1}'), port=peer.port) as there:
            assert await send(transport, peer) == b'{"b":1}'
            head = bytes(there.received).split(b"\r\n\r\n")[0].decode()
            assert head.startswith(f"PUT /emla/1/packages/{PID.hex()} HTTP/1.1")
            assert f"Content-Length: {4 + len(SIGNED) + len(b'payload')}" in head
            assert "Accept-Encoding" not in head


@pytest.mark.parametrize(
    "media", ["a/b;x*", "a/b;x*0*", ";", ";;=", "", "\x80", "a/b;x*=u'", f"{PROBLEM};x*"]
)
async def test_a_media_type_that_cannot_be_read_is_an_answer_without_one(
    transport: HttpsTransport, peer: Peer, media: str
) -> None:
    async with evil_peer(peer.tls, answering("200 OK", media, b"{}"), port=peer.port):
        assert await send(transport, peer) == Refusal(code="http-200")


@pytest.mark.parametrize(
    "odd",
    [
        "Set-Cookie: \x01=\x02; Expires=x*",
        "Link: <http://[>; rel=x*",
        "Content-Disposition: a;x*",
        "Content-Encoding: x*",
        "Location: http://[",
        "Date: x*",
        "Retry-After: " + "9" * 5000,
        "Retry-After: \u00b2",
    ],
)
async def test_a_header_that_cannot_be_read_makes_no_answer_an_error_of_ours(
    transport: HttpsTransport, peer: Peer, odd: str
) -> None:
    async with evil_peer(peer.tls, answering("302 Found", PROBLEM, b'{"code":"busy"}', odd), port=peer.port):
        refusal = await send(transport, peer)
    assert isinstance(refusal, Refusal)
    assert refusal.code == "busy"


@pytest.mark.parametrize("length", ["x", "-1", "+5", "9" * 5000, "1_0", "5, 6", "\u0665"])
async def test_a_length_that_is_none_is_nonsense(transport: HttpsTransport, peer: Peer, length: str) -> None:
    said = f"HTTP/1.1 200 OK\r\nContent-Type: {BUNDLE}\r\nContent-Length: {length}\r\n\r\n12345"
    async with evil_peer(peer.tls, saying(said.encode()), port=peer.port):
        assert await failure(transport, peer) == "peer-nonsense"


@pytest.mark.parametrize(
    ("behaviour", "code"),
    [
        (answering("200 OK", "text/html", b"<html>Welcome to nginx</html>"), "http-200"),
        (answering("200 OK", "application/json", b"{}"), "http-200"),
        (answering("404 Not Found", BUNDLE, b"{}"), "http-404"),
        (answering("302 Found", "text/html", b"", "Location: https://127.0.0.1:1/"), "http-302"),
        (answering("503 Busy", PROBLEM, b'{"code":"busy"}', "Retry-After: 7"), "busy"),
        (answering("503 Busy", PROBLEM, b'{"code":17}', "Retry-After: soon"), "http-503"),
        (answering("503 Busy", PROBLEM, b"[" * 60_000), "http-503"),
        (answering("503 Busy", PROBLEM, b'{"code":"' + b"x" * 200 + b'"}'), "http-503"),
    ],
)
async def test_an_answer_that_is_no_bundle_is_a_refusal_and_redirects_are_not_followed(
    transport: HttpsTransport, peer: Peer, behaviour: Behaviour, code: str
) -> None:
    async with evil_peer(peer.tls, behaviour, port=peer.port) as there:
        answer = await send(transport, peer)
        assert isinstance(answer, Refusal)
        assert answer.code == code
        assert answer.retry_after_seconds == (7.0 if code == "busy" else 0.0)
        assert there.requests == 1


@pytest.mark.parametrize(
    ("behaviour", "code"),
    [
        (answering("200 OK", BUNDLE, b"x" * 10_000_000), "peer-nonsense"),
        (saying(b"SSH-2.0-OpenSSH_9.9\r\n\r\n"), "peer-nonsense"),
        (saying(b"\x00\xff" * 5000 + b"\r\n\r\n"), "peer-nonsense"),
        (saying(b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n"), "peer-nonsense"),
        (saying(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nshort"), "peer-nonsense"),
        (saying(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 20_000 + b"\r\n"), "peer-nonsense"),
        (hanging_up, "peer-unreachable"),
        (silent, "timeout"),
        (dripping(b"HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n\r\n", b"x"), "timeout"),
        (dripping(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"), "timeout"),
        (dripping(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), "timeout"),
    ],
    ids=[
        "too-long",
        "ssh",
        "bytes",
        "negative",
        "cut",
        "headers",
        "hangs-up",
        "silent",
        "drips",
        "drips-headers",
        "continues",
    ],
)
async def test_nonsense_ends_with_a_code(
    transport: HttpsTransport, peer: Peer, behaviour: Behaviour, code: str
) -> None:
    async with evil_peer(peer.tls, behaviour, port=peer.port):
        assert await failure(transport, peer) == code


async def test_an_unreachable_address_is_named_in_words_an_operator_can_use(
    transport: HttpsTransport, peer: Peer
) -> None:
    with pytest.raises(TransportError) as caught:
        await send(transport, peer)
    assert caught.value.detail == f"127.0.0.1:{peer.port}: Connection refused."


async def test_nobody_there_is_unreachable(transport: HttpsTransport, peer: Peer) -> None:
    assert await failure(transport, peer) == "peer-unreachable"


async def test_a_server_with_another_key_is_sent_nothing(
    transport: HttpsTransport, peer: Peer, tmp_path: Path
) -> None:
    other = write_tls(tmp_path / "other", host="127.0.0.1", now=int(time.time()))
    async with evil_peer(other, answering("200 OK", BUNDLE, b"{}"), port=peer.port) as there:
        assert await failure(transport, peer) == "wrong-pin"
        assert (there.requests, bytes(there.received)) == (0, b"")


async def test_a_certificate_nobody_can_read_is_a_wrong_pin_and_nothing_worse(
    transport: HttpsTransport, peer: Peer, tmp_path: Path
) -> None:
    other = write_tls(tmp_path / "other", host="127.0.0.1", now=int(time.time()))
    lines = other.certificate.read_text().splitlines()
    der = base64.b64decode("".join(lines[1:-1])).replace(b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x09", 1)
    text = base64.encodebytes(der).decode()
    other.certificate.write_text(f"{lines[0]}\n{text}{lines[-1]}\n")
    async with evil_peer(other, answering("200 OK", BUNDLE, b"{}"), port=peer.port) as there:
        assert await failure(transport, peer) == "wrong-pin"
        assert bytes(there.received) == b""


async def test_tls_before_1_3_is_refused(transport: HttpsTransport, peer: Peer) -> None:
    async with evil_peer(peer.tls, silent, port=peer.port, tls_1_2_only=True) as there:
        assert await failure(transport, peer) in ("peer-nonsense", "peer-unreachable")
        assert bytes(there.received) == b""


@pytest.mark.parametrize(
    "url",
    [
        "https://[::2]:8443",
        "https://[::1]:8443",
        "https://gateway.example:22",
        "https://user@gateway.example:8443",
        "http://gateway.example:8443",
    ],
)
async def test_a_peer_without_an_acceptable_address_is_not_contacted(peer: Peer, url: str) -> None:
    strict = HttpsTransport(PeerSettings())
    card = peer.authority.card
    endpoint = replace(card.endpoints[0], url=url)
    peer.authority = replace(peer.authority, card=replace(card, endpoints=(endpoint,)))
    assert await failure(strict, peer) == "refused-endpoint"
    await strict.close()


async def test_a_peer_without_any_address_is_unreachable(transport: HttpsTransport, peer: Peer) -> None:
    peer.authority = replace(peer.authority, card=replace(peer.authority.card, endpoints=()))
    assert await failure(transport, peer) == "peer-unreachable"


async def test_an_answer_is_never_unpacked(transport: HttpsTransport, peer: Peer) -> None:
    packed = gzip.compress(b"x" * 10_000_000, mtime=0)
    behaviour = answering("200 OK", BUNDLE, packed, "Content-Encoding: gzip")
    async with evil_peer(peer.tls, behaviour, port=peer.port):
        assert await send(transport, peer) == packed


async def test_silence_has_an_end_and_an_exchange_lasts_no_longer_than_its_size_explains() -> None:
    transport = HttpsTransport(PeerSettings(request_timeout_seconds=7))
    small, large = transport.timeout(0), transport.timeout(64 * 1024**2)
    assert (small.sock_read, small.total) == (7, 21)
    assert (large.sock_read, large.total) == (7, 21 + 64 * 32)


async def test_loopback_is_not_contacted_unless_it_is_allowed(peer: Peer) -> None:
    strict = HttpsTransport(PeerSettings())
    async with evil_peer(peer.tls, silent, port=peer.port) as there:
        assert await failure(strict, peer) == "refused-endpoint"
        assert there.connections == 0
    await strict.close()


async def test_a_large_payload_is_streamed_from_its_file(
    transport: HttpsTransport, peer: Peer, tmp_path: Path
) -> None:
    data = bytes(range(256)) * 12_000
    (tmp_path / "blob").write_bytes(data)
    got = asyncio.Event()

    async def reading(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        size = 4 + len(SIGNED) + len(data)
        body = bytes(there.received).split(b"\r\n\r\n", 1)[1]
        while len(body) < size:
            body += await reader.read(65536)
        assert body == len(SIGNED).to_bytes(4, "big") + SIGNED + data
        got.set()
        await answering("200 OK", BUNDLE, b"{}")(reader, writer)

    async with evil_peer(peer.tls, reading, port=peer.port) as there:
        assert await send(transport, peer, tmp_path / "blob") == b"{}"
        assert got.is_set()


async def test_a_large_payload_whose_file_is_gone_is_our_own_trouble_and_not_the_lines(
    transport: HttpsTransport, peer: Peer, tmp_path: Path
) -> None:
    with pytest.raises(TransportError) as caught:
        await transport.send_package(peer.authority, PID, SIGNED, tmp_path / "gone", 1)
    assert caught.value.code == "payload-damaged"


async def test_a_sector_that_cannot_be_read_while_a_payload_is_sent_is_our_own_trouble_too(
    transport: HttpsTransport, peer: Peer
) -> None:
    unreadable = Path("/proc/self/mem")  # opens, and gives an I/O error at its beginning
    async with evil_peer(
        peer.tls, silent, port=peer.port
    ):  # one that answers is quicker than the disk at times
        with pytest.raises(TransportError) as caught:
            await transport.send_package(peer.authority, PID, SIGNED, unreadable, 1)
    assert caught.value.code == "payload-damaged"


async def test_of_a_peer_with_card_after_card_only_the_last_connections_stay(
    transport: HttpsTransport, peer: Peer
) -> None:
    sessions = []
    for number in range(5):
        peer.authority = replace(peer.authority, card_sha256=bytes([number]) * 32)
        async with evil_peer(peer.tls, answering("200 OK", BUNDLE, b"{}"), port=peer.port):
            assert await send(transport, peer) == b"{}"
        sessions.append(transport.session(peer.authority))
    await asyncio.sleep(0.05)
    assert [each.closed for each in sessions] == [True, True, True, False, False]


async def test_without_a_descriptor_left_a_payload_is_not_damaged(
    transport: HttpsTransport, peer: Peer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def exhausted(*_: object) -> None:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(Path, "open", exhausted)
    with pytest.raises(TransportError) as caught:
        await transport.send_package(peer.authority, PID, SIGNED, tmp_path / "whole", 1)
    assert caught.value.code == "internal"


@pytest.mark.parametrize("url", ["https://169.254.169.254:8443", "https://[fe80::1]:8443"])
async def test_link_local_addresses_are_never_contacted_even_where_loopback_is_allowed(
    transport: HttpsTransport, peer: Peer, url: str
) -> None:
    card = peer.authority.card
    endpoint = replace(card.endpoints[0], url=url)
    peer.authority = replace(peer.authority, card=replace(card, endpoints=(endpoint,)))
    assert await failure(transport, peer) == "refused-endpoint"
