"""The line to the targets of webhooks: the only calls of this gateway to where no card, but a person, says it shall call.

Rules of this file (docs/adr/0050, against server-side request forgery):
- Only hosts that the operator has named, each with its port. What stands in an address is compared before anything is resolved.
- A name is resolved once, and the connection goes to the addresses that were looked at.
- Nothing is followed elsewhere; no proxy, cookie or netrc of the environment; of an answer the status counts, and little is read.
- The target's certificate must be good. Without TLS only this machine is called, and only where a setting says so.
"""

import ipaddress
import os
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import aiohttp
from aiohttp import ClientSession, ClientTimeout, TCPConnector
from yarl import URL

from emla.model.errors import ConfigurationError, TransportError
from emla.model.settings import WebhookSettings
from emla.model.webhook import URL_CHARACTERS_MAX
from emla.ports.webhooks import Answered
from emla.transport.addresses import VettingResolver

_ANSWER_BYTES = 4096
"""So much of an answer is taken, so that the connection can be used again; whoever says more loses it."""
_RETRY_AFTER_SECONDS_MAX = 3600.0
_CONNECTIONS = 64
_KEEPALIVE_SECONDS = 15


class HttpTargets:
    """Implements `emla.ports.webhooks.Targets`."""

    def __init__(self, settings: WebhookSettings) -> None:
        """Args: what the operator set.

        Raises:
            ConfigurationError: ``unreadable-file``: there are hosts, and no certificates to judge theirs by.
        """
        self._settings = settings
        self._context = target_context(settings.ca_file) if settings.allowed_hosts else True
        self._hosts = frozenset(each.strip().lower() for each in settings.allowed_hosts.split(","))
        self._session: ClientSession | None = None

    async def close(self) -> None:
        """Close every connection."""
        if self._session is not None:
            await self._session.close()

    def check(self, url: str) -> str:
        """The address as it will be called.

        Raises:
            TransportError: ``refused-target``: it is not one of those that the settings allow.
        """
        if len(url) > URL_CHARACTERS_MAX or not url.isascii() or not url.isprintable() or " " in url:
            raise TransportError("refused-target", "It is too long, or not plain ASCII.")
        try:
            parsed = URL(url)
            host, port = (parsed.raw_host or "").lower(), parsed.port
        except ValueError as error:
            raise TransportError("refused-target", "It is no address.") from error
        if parsed.scheme not in ("https", "http") or parsed.user or parsed.password or "#" in url or not host:
            raise TransportError("refused-target", "It is no plain https address.")
        named = f"[{host}]" if ":" in host else host
        if f"{named}:{port}" not in self._hosts and not (parsed.is_default_port() and named in self._hosts):
            raise TransportError("refused-target", f"webhooks.allowed_hosts does not name {named}:{port}.")
        self._check_loopback(parsed, host)
        return f"{parsed.origin()}{parsed.raw_path_qs}"

    def _check_loopback(self, parsed: URL, host: str) -> None:
        """Numbers, and addresses without TLS, lead to this machine or nowhere."""
        try:
            is_near = ipaddress.ip_address(host).is_loopback
        except ValueError:
            if parsed.scheme == "https":
                return
            is_near = False
        # aiohttp resolves no number, so no resolver looks at it.
        if not (is_near and self._settings.allow_loopback):
            raise TransportError(
                "refused-target", "A number, or an address without TLS, is for tests on one machine only."
            )

    async def post(self, url: str, fields: dict[str, str], body: bytes) -> Answered:
        """Make a call; of what comes back the status counts.

        Raises:
            TransportError: ``refused-target``; ``target-unreachable``.
        """
        target = URL(self.check(url), encoded=True)
        session = self._session_now()
        async with (
            _translated(),
            session.post(target, data=body, headers=fields, allow_redirects=False) as response,
        ):
            await _read_little(response)
            seconds = response.headers.get("Retry-After", "")
            asked = float(seconds) if seconds.isascii() and seconds.isdigit() and len(seconds) < 9 else 0.0
            return Answered(status=response.status, retry_after_seconds=min(asked, _RETRY_AFTER_SECONDS_MAX))

    def _session_now(self) -> ClientSession:
        if self._session is None:
            settings = self._settings
            connector = TCPConnector(
                ssl=self._context,
                limit=_CONNECTIONS,
                keepalive_timeout=_KEEPALIVE_SECONDS,
                use_dns_cache=False,
                resolver=VettingResolver(
                    allow_loopback=settings.allow_loopback, allow_private=settings.allow_private_addresses
                ),
            )
            self._session = ClientSession(
                connector=connector,
                timeout=ClientTimeout(total=settings.timeout_seconds),
                auto_decompress=False,
                trust_env=False,
                cookie_jar=aiohttp.DummyCookieJar(),
                skip_auto_headers=("Accept-Encoding", "User-Agent", "Accept"),
            )
        return self._session


def target_context(ca_file: str) -> ssl.SSLContext:
    """TLS 1.2 or later, certificates by the system's authorities, or by those of one file.

    Raises:
        ConfigurationError: ``unreadable-file``.
    """
    try:
        context = ssl.create_default_context(cafile=ca_file or None)
    except (OSError, ssl.SSLError) as error:
        why = error.strerror or "it holds no certificate"
        raise ConfigurationError("unreadable-file", f"webhooks.ca_file {ca_file}: {why}.") from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


async def _read_little(response: aiohttp.ClientResponse) -> None:
    """Take the rest of a short answer; a long one, or one that breaks off, costs its connection and nothing else."""
    left = _ANSWER_BYTES
    with suppress(aiohttp.ClientError):
        async for piece in response.content.iter_any():
            left -= len(piece)
            if left < 0:
                break
        else:
            return
    response.close()


@asynccontextmanager
async def _translated() -> AsyncIterator[None]:
    """What can go wrong, in our own words. None of them holds a part of the address but its host."""
    try:
        yield
    except TimeoutError as error:
        raise TransportError("target-unreachable", "It did not answer in time.") from error
    except aiohttp.ClientConnectorCertificateError as error:
        reason = getattr(error.certificate_error, "verify_message", "") or "it is not good"
        raise TransportError("target-unreachable", f"Its certificate: {reason}.") from error
    except aiohttp.ClientSSLError as error:
        raise TransportError("target-unreachable", "No TLS connection could be made.") from error
    except aiohttp.ClientConnectorError as error:
        number = error.os_error.errno or 0
        why = os.strerror(number) if number > 0 else error.os_error.strerror or "no connection"
        raise TransportError("target-unreachable", f"{error.host}:{error.port}: {why}.") from error
    except (aiohttp.ClientError, ValueError) as error:
        raise TransportError("target-unreachable", f"It speaks no HTTP: {type(error).__name__}.") from error
    except OSError as error:
        raise TransportError("target-unreachable", "The line broke.") from error
