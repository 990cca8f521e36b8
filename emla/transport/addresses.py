"""Which addresses a peer's card may lead to: public ones, unless this machine talks to itself on purpose.

The connector connects to exactly the addresses that were vetted, so a name that changes its mind in between (DNS rebinding)
gains nothing. An address is judged by where a packet to it ends: `::ffff:127.0.0.1` is this machine, and so is 6to4's and NAT64's
way of writing it.
"""

import ipaddress
import socket

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver
from yarl import URL

from emla.model.errors import TransportError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_PORTS_REFUSED = frozenset({22, 25, 53, 110, 143, 445, 3306, 5432, 6379})
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_NAT64_LOCAL = ipaddress.ip_network("64:ff9b:1::/48")
"""A house's own translation: where in an address the one of IPv4 stands, only the house knows."""
_METADATA = frozenset(map(ipaddress.ip_address, ("fd00:ec2::254", "fd20:ce::254", "192.0.0.192")))
"""Metadata services that are not link-local."""


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


def _behind(address: Address) -> Address:
    """The address that a packet ends at: one of IPv4 that is written as one of IPv6, or that a relay unwraps, is what it is."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address


def _is_no_host(address: Address) -> bool:
    """Whether nobody's server has this address. Link-local ones never count: there live metadata services."""
    if address.is_loopback:
        return False
    if isinstance(address, ipaddress.IPv6Address) and (address.teredo or address.is_site_local):
        return True
    return (
        address.is_link_local
        or address.is_unspecified
        or address.is_multicast
        or address.is_reserved
        or address in _NAT64_LOCAL
        or address in _METADATA
    )


def _is_near(address: Address) -> bool:
    """Whether an address is this machine's or its own network's."""
    found = _behind(address)
    return (found.is_loopback or found.is_private) and not _is_no_host(found)


def _is_inside(address: Address) -> bool:
    """Whether an address is one of the house's network: private, and neither this machine's nor nobody's."""
    return _is_near(address) and not _behind(address).is_loopback


def _is_public(address: Address) -> bool:
    found = _behind(address)
    return found.is_global and not _is_no_host(found)


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
            if not _is_public(address) and not is_allowed:
                raise OSError(None, f"{host} leads to {address}, which is not a public address")
        return results

    async def close(self) -> None:
        """Nothing to close."""
        await self._resolver.close()
