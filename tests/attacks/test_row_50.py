"""Row 50. Endpoint https://169.254.169.254, [::1], 0x7f.1, user@host, port 22, rebinding DNS.

Expected: refused before connect.
"""

import socket
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from emla.bootstrap.initialise import About, initialise
from emla.formats import documents as form
from emla.keyring.tls import check_tls
from emla.model.documents import Authority
from emla.model.errors import MalformedError, TransportError
from emla.model.settings import PeerSettings
from emla.transport import addresses
from emla.transport.https import HttpsTransport
from tests.support.evil_peer import EvilPeer, evil_peer, silent
from tests.support.ports import free_port

PUBLIC = "93.184.216.34"
NUMBERS = (
    "169.254.169.254",
    "[::1]",
    "[::ffff:169.254.169.254]",
    "10.0.0.1",
    "127.0.0.1",
    "0.0.0.0",
    "[64:ff9b::7f00:1]",
)
REFUSED = [
    *(f"https://{number}:8443" for number in NUMBERS),
    "https://gateway.example:22",
    "https://gateway.example:25",
    "https://user@gateway.example:8443",
    "https://user:word@gateway.example:8443",
    "http://gateway.example:8443",
]
LEADS_HOME = ("0x7f.1", "0x7f000001", "2130706433", "127.1", "0177.0.0.1", "localhost")
"""Names that no rule of writing refuses; what they lead to is."""


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    made = initialise(
        tmp_path / "de.bfj",
        About(
            authority="de.bfj",
            names=(("en", "Central authority"),),
            endpoint_url="https://gateway.example:8443",
            country="DE",
            contacts=(("email", "desk@example.org"),),
            languages=("en",),
            time_zone="UTC",
            office_hours="09:00-17:00",
        ),
        now=int(time.time()),
    )
    return made.authority


@pytest.fixture
async def listening(authority: Authority, tmp_path: Path) -> AsyncIterator[EvilPeer]:
    """What an attacker wants us to reach on this machine; it holds the pinned key, so that only the address is in the way."""
    async with evil_peer(check_tls(tmp_path / "de.bfj" / "tls"), silent, port=free_port()) as there:
        yield there


@pytest.fixture
async def transport() -> AsyncIterator[HttpsTransport]:
    one = HttpsTransport(PeerSettings(request_timeout_seconds=2))
    yield one
    await one.close()


def at(authority: Authority, url: str) -> Authority:
    endpoint = replace(authority.card.endpoints[0], url=url)
    return replace(authority, card=replace(authority.card, endpoints=(endpoint,)))


async def failures(transport: HttpsTransport, peer: Authority) -> set[str]:
    """What comes of each call that a gateway makes by itself."""
    found = set()
    for call in (
        lambda: transport.get_documents(peer),
        lambda: transport.put_documents(peer, "at.moj", b"{}"),
        lambda: transport.ping(peer, b"{}"),
        lambda: transport.send_package(peer, bytes(32), b"{}", b"x", 1),
    ):
        with pytest.raises(TransportError) as caught:
            await call()
        found.add(caught.value.code)
    return found


@pytest.mark.parametrize("url", REFUSED)
async def test_an_address_that_is_none_is_refused_before_anything_is_resolved(
    transport: HttpsTransport, authority: Authority, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: pytest.fail("resolved"))
    assert await failures(transport, at(authority, url)) == {"refused-endpoint"}


@pytest.mark.parametrize(
    "url", ["https://user@gateway.example", "https://gateway.example?x=1", "file:///etc/passwd"]
)
def test_a_card_does_not_even_carry_what_is_no_plain_address(authority: Authority, url: str) -> None:
    with pytest.raises(MalformedError):
        form.decode_card(form.encode_card(at(authority, url).card))


@pytest.mark.parametrize("name", LEADS_HOME)
async def test_a_name_that_leads_to_this_machine_is_not_contacted(
    transport: HttpsTransport, authority: Authority, listening: EvilPeer, name: str
) -> None:
    peer = at(authority, f"https://{name}:{listening.port}")
    assert await failures(transport, peer) <= {"refused-endpoint", "peer-unreachable", "peer-nonsense"}
    assert listening.connections == 0


class Rebinding(AbstractResolver):
    """A name server that answers something else each time."""

    def __init__(self, *answers: tuple[str, ...]) -> None:
        self._answers = list(answers)
        self.asked = 0

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = self._answers[min(self.asked, len(self._answers) - 1)]
        self.asked += 1
        return [
            ResolveResult(
                hostname=host,
                host=each,
                port=port,
                family=socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for each in found
        ]

    async def close(self) -> None:
        """Nothing to close."""


@pytest.mark.parametrize(
    "answers",
    [
        (("127.0.0.1",),),
        ((PUBLIC, "127.0.0.1"),),
        (("169.254.169.254",),),
        (("10.0.0.1",), ("127.0.0.1",)),
        (("::ffff:127.0.0.1",),),
        (("64:ff9b::7f00:1",),),
        (("64:ff9b::a9fe:a9fe",),),
        (("2002:7f00:1::",),),
        (("240.0.0.1",),),
    ],
    ids=["home", "both", "metadata", "changing", "mapped", "nat64", "nat64-metadata", "6to4", "reserved"],
)
async def test_dns_that_leads_home_is_refused_before_a_connection_is_made(
    authority: Authority,
    listening: EvilPeer,
    monkeypatch: pytest.MonkeyPatch,
    answers: tuple[tuple[str, ...], ...],
) -> None:
    names = Rebinding(*answers)
    monkeypatch.setattr(addresses, "ThreadedResolver", lambda: names)
    transport = HttpsTransport(PeerSettings(request_timeout_seconds=2))
    try:
        peer = at(authority, f"https://gateway.example:{listening.port}")
        assert await failures(transport, peer) == {"peer-unreachable"}
        assert listening.connections == 0
    finally:
        await transport.close()


async def test_the_addresses_that_were_vetted_are_those_that_are_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """DNS rebinding changes its mind between the check and the connection: there is no second question."""
    names = Rebinding((PUBLIC,), ("127.0.0.1",))
    monkeypatch.setattr(addresses, "ThreadedResolver", lambda: names)
    resolver = addresses.VettingResolver(allow_loopback=False)
    found = await resolver.resolve("gateway.example", 8443)
    assert ([each["host"] for each in found], names.asked) == ([PUBLIC], 1)
    with pytest.raises(OSError, match=r"127\.0\.0\.1"):
        await resolver.resolve("gateway.example", 8443)
