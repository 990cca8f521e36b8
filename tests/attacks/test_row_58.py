"""Row 58. TLS 1.2 only, wrong pin, expired certificate.

Expected: refused, operator message. But for the date in a certificate: names, dates and issuers prove nothing and are not
looked at (docs/spec/wire.md 1.3); what ends a key is the card that no longer names it.
"""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

from emla.keyring.tls import TlsFiles, write_tls
from emla.model.errors import TransportError
from emla.model.settings import PeerSettings
from emla.transport.https import HttpsTransport
from tests.support.attacked import attacked
from tests.support.evil_peer import EvilPeer, answering, evil_peer
from tests.support.far_peer import FarPeer, far_peer

BUNDLE = "application/vnd.emla.bundle+json"
HONEST = answering("200 OK", BUNDLE, b"{}")


@pytest.fixture
def peer(tmp_path: Path) -> FarPeer:
    return far_peer(tmp_path)


@pytest.fixture
async def transport() -> AsyncIterator[HttpsTransport]:
    one = HttpsTransport(PeerSettings(allow_loopback_endpoints=True, request_timeout_seconds=2))
    yield one
    await one.close()


async def refused(transport: HttpsTransport, peer: FarPeer, there: EvilPeer) -> TransportError:
    """What an operator reads; not a byte of the package was sent."""
    with pytest.raises(TransportError) as caught:
        await transport.send_package(peer.authority, bytes(32), b"a header", b"payload", 7)
    assert (there.requests, bytes(there.received)) == (0, b"")
    assert caught.value.entry.meaning
    assert caught.value.entry.remedy
    return caught.value


async def test_a_server_that_has_only_tls_1_2_is_sent_nothing(
    transport: HttpsTransport, peer: FarPeer
) -> None:
    async with evil_peer(peer.tls, HONEST, port=peer.port, tls_1_2_only=True) as there:
        error = await refused(transport, peer, there)
    assert error.code in ("peer-unreachable", "peer-nonsense")  # it hangs up, or says in TLS that it cannot
    assert "TLS 1.3" in error.detail


async def test_a_server_with_another_key_is_sent_nothing(
    transport: HttpsTransport, peer: FarPeer, tmp_path: Path
) -> None:
    other = write_tls(tmp_path / "other", host="127.0.0.1", now=int(time.time()))
    async with evil_peer(other, HONEST, port=peer.port) as there:
        error = await refused(transport, peer, there)
    assert error.code == "wrong-pin"
    assert error.detail == f"127.0.0.1:{peer.port} holds another key."


def of_the_same_key(tls: TlsFiles, folder: Path, begin: int, end: int) -> TlsFiles:
    """Another certificate for the key that is pinned, valid at other times and for another name."""
    key = load_pem_private_key(tls.key.read_bytes(), None)
    old = x509.load_pem_x509_certificate(tls.certificate.read_bytes())
    name = x509.Name.from_rfc4514_string("CN=somebody else")
    now = old.not_valid_before_utc
    certificate = (
        x509.CertificateBuilder(name, name, old.public_key(), x509.random_serial_number())
        .not_valid_before(now.replace(year=begin))
        .not_valid_after(now.replace(year=end))
        .sign(key, hashes.SHA256())  # type: ignore[arg-type]  # it is the P-256 key that `write_tls` made
    )
    path = folder / "other.pem"
    path.write_bytes(certificate.public_bytes(Encoding.PEM))
    return replace(tls, certificate=path)


@pytest.mark.parametrize(("begin", "end"), [(2001, 2002), (2098, 2099)], ids=["expired", "not-yet"])
async def test_the_dates_of_a_certificate_neither_open_nor_close_a_line(
    transport: HttpsTransport, peer: FarPeer, tmp_path: Path, begin: int, end: int
) -> None:
    """A gateway whose operator forgot a renewal that proves nothing goes on."""
    tls = of_the_same_key(peer.tls, tmp_path, begin, end)
    async with evil_peer(tls, HONEST, port=peer.port):
        assert await transport.send_package(peer.authority, bytes(32), b"a header", b"payload", 7) == b"{}"


async def test_a_key_that_the_card_no_longer_names_is_refused_however_valid_its_certificate(
    transport: HttpsTransport, peer: FarPeer
) -> None:
    endpoint = replace(peer.authority.card.endpoints[0], spki_sha256=bytes(32))
    card = replace(peer.authority.card, endpoints=(endpoint,))
    newer = replace(peer, authority=replace(peer.authority, card=card, card_sha256=bytes(32)))
    async with evil_peer(peer.tls, HONEST, port=peer.port) as there:
        assert (await refused(transport, newer, there)).code == "wrong-pin"


def test_our_own_gateway_speaks_tls_1_3_only(tmp_path: Path) -> None:
    with attacked(tmp_path) as target:
        port = target.server.port

        async def versions(newest: ssl.TLSVersion) -> str | None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            context.maximum_version = newest
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
            except OSError:
                return None
            found = writer.get_extra_info("ssl_object").version()
            writer.transport.abort()
            return str(found)

        assert asyncio.run(versions(ssl.TLSVersion.TLSv1_2)) is None
        assert asyncio.run(versions(ssl.TLSVersion.TLSv1_3)) == "TLSv1.3"
        target.takes_an_honest_one()
