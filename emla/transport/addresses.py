"""Which addresses a peer's card may lead to: public ones, unless this machine talks to itself on purpose.

The connector connects to exactly the addresses that were vetted, so a name that changes its mind in between (DNS rebinding)
gains nothing.
"""

import ipaddress
import socket

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver
from yarl import URL

from emla.model.errors import TransportError

_PORTS_REFUSED = frozenset({22, 25, 53, 110, 143, 445, 3306, 5432, 6379})


def check_endpoint(url: str, *, allow_loopback: bool) -> URL:
    """Vet an endpoint before anything is resolved.

    Raises:
        TransportError: ``refused-endpoint``.
    """
    parsed = URL(url)
    if parsed.scheme != "https" or parsed.user or parsed.password or parsed.query_string or not parsed.host:
        raise TransportError("refused-endpoint", f"{url} is not a plain https address.")
    if parsed.port in _PORTS_REFUSED:
        raise TransportError("refused-endpoint", f"Port {parsed.port} is not one for gateways.")
    try:
        literal = ipaddress.ip_address(parsed.host)
    except ValueError:
        return parsed
    if not (allow_loopback and _is_near(literal)):
        raise TransportError("refused-endpoint", f"{url} names a number instead of a host.")
    return parsed


def _is_near(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Whether an address is this machine's or its own network's. Link-local ones never count: there live metadata services."""
    return (address.is_loopback or address.is_private) and not address.is_link_local


def _is_inside(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Whether an address is one of the house's network: private, and neither this machine's nor nobody's."""
    no_host = address.is_loopback or address.is_link_local or address.is_unspecified or address.is_multicast
    return address.is_private and not no_host


class VettingResolver(AbstractResolver):
    """Resolves names and lets only acceptable addresses through."""

    def __init__(self, *, allow_loopback: bool, allow_private: bool = False) -> None:
        """Args: whether this machine and its network may be reached; whether its network may, and not the machine."""
        self._resolver = ThreadedResolver()
        self._allow_loopback = allow_loopback
        self._allow_private = allow_private

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Resolve a name; an error when any of its addresses is not acceptable."""
        results = await self._resolver.resolve(host, port, family)
        for result in results:
            address = ipaddress.ip_address(result["host"])
            is_allowed = (self._allow_loopback and _is_near(address)) or (
                self._allow_private and _is_inside(address)
            )
            if not address.is_global and not is_allowed:
                raise OSError(None, f"{host} leads to {address}, which is not a public address")
        return results

    async def close(self) -> None:
        """Nothing to close."""
        await self._resolver.close()
