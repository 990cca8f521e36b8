"""The line over HTTPS: TLS 1.3, the server's key checked against the pin in the peer's card before a byte is sent.

Answers are capped, never followed elsewhere, never decompressed. What they mean is decided by whoever verifies them.
"""

import asyncio
import json
import os
import ssl
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
from aiohttp import ClientResponse, ClientSession, ClientTimeout, Fingerprint, TCPConnector
from cryptography import x509
from yarl import URL

from emla.formats import bundles as bundles_form
from emla.formats import package_row
from emla.formats import returned as return_form
from emla.formats.spki import spki_sha256
from emla.model.documents import Authority
from emla.model.errors import MalformedError, TransportError
from emla.model.limits import WIRE
from emla.model.settings import LimitSettings, PeerSettings
from emla.ports.transport import Refusal
from emla.transport.addresses import VettingResolver, check_endpoint
from emla.transport.payload_body import body_of
from emla.transport.together import Together

_PACKAGE = "application/vnd.emla.package"
_PACKAGES = "application/vnd.emla.packages"
_PACKAGE_OUTCOMES = "application/vnd.emla.package-outcomes"
BUNDLE = "application/vnd.emla.bundle+json"
_BUNDLES = "application/vnd.emla.bundles"
CHANNEL = "application/vnd.emla.channel+json"
DOCUMENTS = "application/vnd.emla.documents+json"
_OUTCOMES = "application/vnd.emla.outcomes+json"
_PROBLEM = "application/problem+json"
_CONNECT_SECONDS = 10
_CODE_LENGTH_MAX = 40
_KEEPALIVE_SECONDS = 20
"""Shorter than a gateway keeps it (docs/spec/wire.md 5.3): who might use a connection once more is the one who ends it."""
_BYTES_PER_SECOND_LEAST = 32 * 1024
"""Below this a transfer is given up: a peer that reads or answers by drips holds a place, and nothing ends it otherwise."""


class KeyPin(Fingerprint):
    """Accepts a connection only when the server's key is one of those pinned; checked before anything is sent."""

    def __init__(self, pins: frozenset[bytes]) -> None:
        super().__init__(next(iter(pins)))
        self._pins = pins

    def check(self, transport: asyncio.Transport) -> None:
        """Compare the peer's key with the pins."""
        certificate = transport.get_extra_info("ssl_object").getpeercert(binary_form=True)
        try:
            got = spki_sha256(x509.load_der_x509_certificate(certificate))
        except Exception:  # noqa: BLE001 (whatever a stranger's certificate does to the parser, it is not the one pinned)
            got = b""
        if got not in self._pins:
            host, port, *_ = transport.get_extra_info("peername")
            raise aiohttp.ServerFingerprintMismatch(next(iter(self._pins)), got, host, port)


def client_context() -> ssl.SSLContext:
    """TLS 1.3 only. Certificates prove nothing here: the pin does."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


@dataclass(frozen=True, slots=True)
class _Offer:
    """A package whose payload is in memory."""

    pid: bytes
    signed: bytes
    payload: bytes


class HttpsTransport:
    """Implements `emla.ports.transport.Transport`; one connection pool for each peer and card."""

    def __init__(self, settings: PeerSettings, limits: LimitSettings | None = None) -> None:
        """Args: what the operator set; without `limits`, the defaults, which are every gateway's."""
        self._settings = settings
        self._limits = limits or LimitSettings()
        self._uploads: dict[str, asyncio.Semaphore] = {}
        self._context = client_context()
        self._sessions: dict[tuple[str, bytes], ClientSession] = {}
        self._ending: set[asyncio.Task[None]] = set()
        self._acknowledgements = Together(
            self._send_acknowledgements,
            count_max=WIRE.bundles,
            size_bytes_max=WIRE.bundles * WIRE.bundle_bytes,
        )
        self._packages = Together(
            self._send_packages, count_max=WIRE.packages, size_bytes_max=WIRE.packages_bytes
        )

    async def close(self) -> None:
        """Close every connection."""
        for session in self._sessions.values():
            await session.close()
        self._sessions.clear()
        await asyncio.gather(*self._ending)

    def session(self, peer: Authority) -> ClientSession:
        """The connections to a peer under its present card."""
        key = (peer.id, peer.card_sha256)
        if key not in self._sessions:
            self._end_former(peer.id)
            connector = TCPConnector(
                ssl=KeyPin(frozenset(each.spki_sha256 for each in peer.card.endpoints)),
                limit=min(self._settings.transfers_per_peer, self._limits.connections_per_peer),
                keepalive_timeout=_KEEPALIVE_SECONDS,
                resolver=VettingResolver(allow_loopback=self._settings.allow_loopback_endpoints),
            )
            self._sessions[key] = ClientSession(
                connector=connector,
                auto_decompress=False,
                trust_env=False,
                cookie_jar=aiohttp.DummyCookieJar(),
                skip_auto_headers=("Accept-Encoding", "User-Agent", "Accept"),
            )
        return self._sessions[key]

    def _end_former(self, peer: str) -> None:
        """End the connections under cards before the last one; what is under way under that one comes to its end."""
        former = [key for key in self._sessions if key[0] == peer]
        for key in former[:-1]:
            ending = asyncio.create_task(self._sessions.pop(key).close(), name="connections of a former card")
            self._ending.add(ending)
            ending.add_done_callback(self._ending.discard)

    def timeout(self, length: int, patience_seconds: float = 0.0) -> ClientTimeout:
        """No silence longer than the setting, and no exchange longer than its size, or what was agreed, explains."""
        silence = self._settings.request_timeout_seconds + patience_seconds
        total = self.seconds_most(length, patience_seconds)
        return ClientTimeout(total=total, sock_connect=_CONNECT_SECONDS, sock_read=silence)

    def seconds_most(self, length: int, patience_seconds: float = 0.0) -> float:
        """How long so many bytes may be on their way in all."""
        silence = self._settings.request_timeout_seconds + patience_seconds
        return 3 * silence + length / _BYTES_PER_SECOND_LEAST

    async def _call(
        self,
        peer: Authority,
        method: str,
        path: str,
        data: bytes | AsyncIterator[bytes] | None,
        media: str,
        length: int,
        answer_bytes_max: int,
    ) -> tuple[int, str, bytes, str]:
        """One exchange; status, media type, body, Retry-After."""
        headers = {} if data is None else {"Content-Type": media, "Content-Length": str(length)}
        timeout = self.timeout(length)
        async with self.exchange(peer, method, path, data, headers, timeout) as response:
            body = await read_answer(response, answer_bytes_max)
            return response.status, media_of(response), body, response.headers.get("Retry-After", "")

    @asynccontextmanager
    async def exchange(
        self,
        peer: Authority,
        method: str,
        path: str,
        data: bytes | AsyncIterator[bytes] | None,
        headers: Mapping[str, str],
        timeout: ClientTimeout,  # noqa: ASYNC109 (aiohttp's own, of which it keeps several kinds)
    ) -> AsyncIterator[ClientResponse]:
        """One exchange with the peer's first endpoint, while its answer is read.

        Raises:
            TransportError: ``peer-unreachable``, ``wrong-pin``, ``timeout``, ``peer-nonsense`` or ``refused-endpoint``.
        """
        if not peer.card.endpoints:
            raise TransportError("peer-unreachable", f"{peer.id} publishes no endpoint.")
        base = check_endpoint(
            peer.card.endpoints[0].url, allow_loopback=self._settings.allow_loopback_endpoints
        )
        url = URL(f"{str(base).rstrip('/')}{path}", encoded=True)
        with _translated(base):
            async with self.session(peer).request(
                method,
                url,
                data=data,
                headers=headers,
                allow_redirects=False,
                ssl=self._context,
                timeout=timeout,
            ) as response:
                yield response

    async def send_package(
        self, peer: Authority, pid: bytes, signed: bytes, payload: bytes | Path, payload_size: int
    ) -> bytes | Refusal:
        """Offer a package; return the bundle of the peer's answer, unverified."""
        if isinstance(payload, bytes):
            return await self._packages(
                peer, _Offer(pid, signed, payload), package_row.FRAME_BYTES + len(signed) + len(payload)
            )
        # The peer takes so many at once and no more; and the connections that are left are for what is small.
        uploads = self._uploads.setdefault(peer.id, asyncio.Semaphore(self._limits.uploads_per_peer))
        async with uploads:
            return await self._put_package(peer, pid, signed, payload, payload_size)

    async def _put_package(
        self, peer: Authority, pid: bytes, signed: bytes, payload: bytes | Path, payload_size: int
    ) -> bytes | Refusal:
        """Offer a package in a call of its own."""
        front = len(signed).to_bytes(4, "big") + signed
        async with body_of(front, payload) as body:
            return await self._put(peer, pid, body, len(front) + payload_size)

    async def _put(
        self, peer: Authority, pid: bytes, body: bytes | AsyncIterator[bytes], length: int
    ) -> bytes | Refusal:
        status, media, answer, retry_after = await self._call(
            peer, "PUT", f"/emla/1/packages/{pid.hex()}", body, _PACKAGE, length, WIRE.bundle_bytes
        )
        if media == BUNDLE and status in (200, 422):
            return answer
        return refusal_of(status, media, answer, retry_after)

    async def _send_packages(self, peer: Authority, offers: list[_Offer]) -> Sequence[bytes | Refusal]:
        if len(offers) == 1:
            one = offers[0]
            return [await self._put_package(peer, one.pid, one.signed, one.payload, len(one.payload))]
        body = package_row.encode([(each.signed, each.payload) for each in offers])
        status, media, answer, retry_after = await self._call(
            peer, "POST", "/emla/1/packages", body, _PACKAGES, len(body), package_row.ANSWER_BYTES_MAX
        )
        if status != 200 or media != _PACKAGE_OUTCOMES:
            return [refusal_of(status, media, answer, retry_after)] * len(offers)
        try:
            outcomes = package_row.decode_answer(answer, len(offers))
        except MalformedError as error:
            raise TransportError("peer-nonsense", error.detail) from error
        return [each if isinstance(each, bytes) else Refusal(code=each) for each in outcomes]

    async def send_acknowledgement(self, peer: Authority, aid: bytes, bundle: bytes) -> Refusal | None:
        """Push an acknowledgement; None when the peer has it durably."""
        return await self._acknowledgements(peer, (aid, bundle), len(bundle))

    async def _send_acknowledgements(
        self, peer: Authority, pushed: list[tuple[bytes, bytes]]
    ) -> Sequence[Refusal | None]:
        if len(pushed) == 1:
            return [await self._send_one(peer, *pushed[0])]
        body = bundles_form.encode([bundle for _, bundle in pushed])
        status, media, answer, retry_after = await self._call(
            peer, "POST", "/emla/1/acknowledgements", body, _BUNDLES, len(body), WIRE.bundle_bytes
        )
        if status != 200 or media != _OUTCOMES:
            return [refusal_of(status, media, answer, retry_after)] * len(pushed)
        try:
            outcomes = bundles_form.decode_outcomes(answer, len(pushed))
        except MalformedError as error:
            raise TransportError("peer-nonsense", error.detail) from error
        return [None if each == bundles_form.OK else Refusal(code=each) for each in outcomes]

    async def _send_one(self, peer: Authority, aid: bytes, bundle: bytes) -> Refusal | None:
        path = f"/emla/1/acknowledgements/{aid.hex()}"
        status, media, answer, retry_after = await self._call(
            peer, "PUT", path, bundle, BUNDLE, len(bundle), WIRE.bundle_bytes
        )
        return None if status == 204 else refusal_of(status, media, answer, retry_after)

    async def get_documents(self, peer: Authority) -> bytes | Refusal:
        """Fetch a peer's documents; the export's bytes, unverified."""
        return await self.get_documents_of(peer, peer.id)

    async def get_documents_of(self, peer: Authority, authority: str) -> bytes | Refusal:
        """Fetch what a peer knows of an authority's documents; the export's bytes, unverified."""
        path = f"/emla/1/documents/{authority}"
        status, media, answer, retry_after = await self._call(
            peer, "GET", path, None, "", 0, WIRE.documents_bytes
        )
        return (
            answer if status == 200 and media == DOCUMENTS else refusal_of(status, media, answer, retry_after)
        )

    async def put_documents(self, peer: Authority, authority: str, exported: bytes) -> Refusal | None:
        """Push our own documents; None when the peer has taken them."""
        path = f"/emla/1/documents/{authority}"
        status, media, answer, retry_after = await self._call(
            peer, "PUT", path, exported, DOCUMENTS, len(exported), WIRE.bundle_bytes
        )
        return None if status == 204 else refusal_of(status, media, answer, retry_after)

    async def ping(self, peer: Authority, signed: bytes) -> bytes | Refusal:
        """Send a signed ping; return the signed answer, unverified."""
        media = "application/vnd.emla.ping+json"
        status, found, answer, retry_after = await self._call(
            peer, "POST", "/emla/1/ping", signed, media, len(signed), WIRE.bundle_bytes
        )
        return answer if status == 200 and found == media else refusal_of(status, found, answer, retry_after)

    async def exchange_status(self, peer: Authority, signed: bytes) -> bytes | Refusal:
        """Send a signed channel status; return the signed answer, unverified."""
        status, found, answer, retry_after = await self._call(
            peer, "POST", "/emla/1/channel", signed, CHANNEL, len(signed), WIRE.channel_bytes
        )
        return (
            answer if status == 200 and found == CHANNEL else refusal_of(status, found, answer, retry_after)
        )

    async def send_return(
        self,
        peer: Authority,
        pid: bytes,
        signed: bytes,
        bundles: Sequence[bytes],
        payload: bytes | Path,
        payload_size: int,
        *,
        owner: str | None = None,
    ) -> Refusal | None:
        """Return a package, at a hub for the owner of a mailbox; None when it is there durably."""
        front = return_form.encode_front(signed, bundles)
        async with body_of(front, payload) as body:
            status, media, answer, retry_after = await self._call(
                peer,
                "PUT",
                f"/emla/1/returns/{pid.hex()}" + (f"?to={owner}" if owner else ""),
                body,
                "application/vnd.emla.return",
                len(front) + payload_size,
                WIRE.bundle_bytes,
            )
        return None if status == 204 else refusal_of(status, media, answer, retry_after)


@contextmanager
def _translated(base: URL) -> Iterator[None]:
    """What can go wrong on a line, in our own words."""
    try:
        yield
    except aiohttp.ServerFingerprintMismatch as error:
        raise TransportError("wrong-pin", f"{error.host}:{error.port} holds another key.") from error
    except TimeoutError as error:
        raise TransportError("timeout") from error
    except aiohttp.ClientSSLError as error:
        raise TransportError("peer-nonsense", "No TLS 1.3 connection could be made.") from error
    except (aiohttp.ClientResponseError, aiohttp.ClientPayloadError, aiohttp.InvalidURL) as error:
        raise TransportError("peer-nonsense", type(error).__name__) from error
    except aiohttp.ClientConnectorError as error:
        number = error.os_error.errno or 0
        # A server without TLS 1.3, and one that is full, both hang up: there is no more to be known from here.
        why = os.strerror(number) if number > 0 else error.os_error.strerror or str(error.os_error)
        why = why or "closed before TLS 1.3 was agreed; it has no TLS 1.3, or takes no more connections"
        raise TransportError("peer-unreachable", f"{error.host}:{error.port}: {why}.") from error
    except (aiohttp.ClientError, OSError) as error:
        raise TransportError("peer-unreachable", f"{base.host}:{base.port}: the line broke.") from error


async def read_answer(response: ClientResponse, size_bytes_max: int) -> bytes:
    """Read an answer that may be as long as it likes, but is not believed beyond a size."""
    body = b""
    async for piece in response.content.iter_any():
        body += piece
        if len(body) > size_bytes_max:
            raise TransportError("peer-nonsense", "The answer is too long.")
    return body


def media_of(response: ClientResponse) -> str:
    """The media type of a stranger's answer, without its parameters; empty when it names none.

    Not `response.content_type`: it reads the parameters, too, when it is asked for, and some make it raise what no line raises.
    """
    return response.headers.get("Content-Type", "").partition(";")[0].strip().lower()


def refusal_of(status: int, media: str, body: bytes, retry_after: str) -> Refusal:
    """What an answer that is not success says."""
    code = f"http-{status}"
    if media == _PROBLEM:
        try:
            found = json.loads(body)["code"]
        except (ValueError, KeyError, TypeError, RecursionError):
            found = None
        if isinstance(found, str) and found.isascii() and len(found) <= _CODE_LENGTH_MAX:
            code = found
    seconds = float(retry_after) if retry_after.isascii() and retry_after.isdigit() else 0.0
    return Refusal(code=code, retry_after_seconds=seconds)
