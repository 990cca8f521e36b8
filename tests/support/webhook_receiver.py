"""A case system that events are posted to: a real server on loopback, with TLS where that is the subject. It verifies as
docs/spec/webhooks.md says, with another library than the gateway's, and answers what the test tells it to.
"""

import asyncio
import base64
import hashlib
import json
import re
import ssl
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_public_key,
)
from cryptography.x509.oid import NameOID

from tests.support.patience import PATIENCE_SECONDS

_COVERED = '("@method" "@target-uri" "content-digest" "content-type" "emla-webhook")'
_INPUT = re.compile(
    rf"emla=({re.escape(_COVERED)};created=(\d+);expires=(\d+)"
    r';nonce="([A-Za-z0-9_-]{22})";keyid="([0-9a-f]{32})";alg="ed25519";tag="emla-webhook/1")'
)


def verified(url: str, headers: Mapping[str, str], body: bytes, pem: str) -> tuple[int, int, str]:
    """Verify a call as its receiver does.

    Returns:
        When it was made, when it ends, and its nonce.

    Raises:
        AssertionError: not of the form.
        InvalidSignature: not by this key.
    """
    found = _INPUT.fullmatch(headers["Signature-Input"])
    assert found, headers["Signature-Input"]
    digest = f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"
    assert headers["Content-Digest"] == digest
    assert headers["Content-Type"] == "application/json"
    base = "\n".join(
        (
            '"@method": POST',
            f'"@target-uri": {url}',
            f'"content-digest": {digest}',
            '"content-type": application/json',
            f'"emla-webhook": {headers["Emla-Webhook"]}',
            f'"@signature-params": {found[1]}',
        )
    )
    sig = base64.b64decode(headers["Signature"].removeprefix("emla=:").removesuffix(":"))
    key = load_pem_public_key(pem.encode())
    assert isinstance(key, Ed25519PublicKey)
    key.verify(sig, base.encode())
    return int(found[2]), int(found[3]), found[4]


@dataclass
class Receiver:
    """What was posted, and what is answered: `answers` in turn, 200 when there are none. `hold` keeps it from answering."""

    port: int = 0
    scheme: str = "http"
    bodies: list[bytes] = field(default_factory=list)
    headers: list[Mapping[str, str]] = field(default_factory=list)
    answers: deque[web.Response] = field(default_factory=deque)
    hold: asyncio.Event | None = None
    _came: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def host(self) -> str:
        """As the operator writes it."""
        return f"{'localhost' if self.scheme == 'https' else '127.0.0.1'}:{self.port}"

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.host}/events?for=emla"

    @property
    def events(self) -> list[dict[str, object]]:
        """What was posted, as JSON."""
        return [json.loads(each) for each in self.bodies]

    async def calls(self, count: int) -> None:
        """Wait until so many calls have come."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while len(self.bodies) < count:
                self._came.clear()
                await self._came.wait()

    async def answer(self, http_request: web.Request) -> web.StreamResponse:
        self.bodies.append(await http_request.read())
        self.headers.append(http_request.headers)
        self._came.set()
        if self.hold is not None:
            await self.hold.wait()
        return self.answers.popleft() if self.answers else web.Response()


@asynccontextmanager
async def receiving(tls: ssl.SSLContext | None = None, port: int = 0) -> AsyncIterator[Receiver]:
    """A receiver that listens, on a port that is free or on this one."""
    receiver = Receiver(scheme="https" if tls else "http")
    application = web.Application()
    application.router.add_route("*", "/{any:.*}", receiver.answer)
    runner = web.AppRunner(application, shutdown_timeout=0.1, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port, ssl_context=tls).start()
        receiver.port = runner.addresses[0][1]
        yield receiver
    finally:
        if receiver.hold is not None:
            receiver.hold.set()
        await runner.cleanup()


def make_authority(folder: Path) -> tuple[Path, ssl.SSLContext]:
    """A certificate authority and a server of its: the authority's certificate as a file, and the server's side of TLS."""
    folder.mkdir()
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(2)]
    top, leaf = (x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]) for name in ("top", "leaf"))
    now = datetime.now(UTC)

    def builder(subject: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
        begun = x509.CertificateBuilder().subject_name(subject).issuer_name(top).public_key(key.public_key())
        begun = begun.serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(days=1))
        own = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
        above = x509.AuthorityKeyIdentifier.from_issuer_public_key(keys[0].public_key())
        begun = begun.not_valid_after(now + timedelta(days=30)).add_extension(own, critical=False)
        return begun.add_extension(above, critical=False)

    usage = x509.KeyUsage(
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )
    ca = builder(top, keys[0]).add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    ca_certificate = ca.add_extension(usage, critical=True).sign(keys[0], hashes.SHA256())
    names = x509.SubjectAlternativeName([x509.DNSName("localhost")])
    certificate = builder(leaf, keys[1]).add_extension(names, critical=False).sign(keys[0], hashes.SHA256())
    (folder / "ca.pem").write_bytes(ca_certificate.public_bytes(Encoding.PEM))
    (folder / "leaf.pem").write_bytes(
        certificate.public_bytes(Encoding.PEM)
        + keys[1].private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "leaf.pem")
    return folder / "ca.pem", context
