"""Row 52. Content-Encoding gzip/br/deflate bomb on every route.

Expected: 415, constant memory.
"""

import asyncio
import gzip
import re
import zlib
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from aiohttp import UnixConnector, web
from aiohttp.client import ClientSession, ClientTimeout, TCPConnector

from emla.model.settings import LimitSettings
from emla.transport.https import client_context
from emla.web.accesses_api import AccessesApi
from emla.web.acts_api import ActsApi
from emla.web.authority_api import AuthorityApi
from emla.web.backups_api import BackupsApi
from emla.web.cases_api import CasesApi
from emla.web.channel_api import ChannelApi
from emla.web.connections import Connections
from emla.web.drafts_api import DraftsApi
from emla.web.erasure_api import ErasureApi
from emla.web.events_api import EventsApi
from emla.web.guard import Guard
from emla.web.hub_api import HubApi
from emla.web.hub_channel_api import HubChannelApi
from emla.web.hub_desk import HubDesk
from emla.web.incoming import Incoming
from emla.web.keys_api import KeysApi
from emla.web.ledger_api import LedgerApi
from emla.web.legs_api import LegsApi
from emla.web.operations import OperationsApi
from emla.web.peer_accesses import PeerAccesses
from emla.web.peer_api import PeerApi
from emla.web.peers_api import PeersApi
from emla.web.people_api import PeopleApi
from emla.web.profile_api import ProfileApi
from emla.web.quarantine_api import QuarantineApi
from emla.web.rights import Rights
from emla.web.statistics_api import StatisticsApi
from emla.web.webhooks_api import WebhooksApi
from tests.support.attacked import Target, attacked
from tests.support.in_process import TestClock
from tests.support.servers import Server, make_hub, started

UNPACKED = bytes(50 * 1024**2)
BOMBS: dict[str, Callable[[], bytes]] = {
    "gzip": cache(lambda: gzip.compress(UNPACKED, 9, mtime=0)),
    "deflate": cache(lambda: zlib.compress(UNPACKED, 9)),
    "br": lambda: b"\x5b\xff\xff\xff\x00\x00\x00" + bytes(40_000),
    "zstd": lambda: b"\x28\xb5\x2f\xfd" + bytes(40_000),
    "x-unheard-of": lambda: b"x",
    "": lambda: b"x",
}


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    with attacked(tmp_path_factory.mktemp("g")) as one:
        yield one


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with started(make_hub(tmp_path_factory.mktemp("h"), "eu.hub")) as (one,):
        yield one


def gateway_applications() -> tuple[web.Application, ...]:
    """What listens in a gateway whose parts are not needed to know its routes: for peers, on its socket, for operations."""
    nothing = cast(Any, None)
    channel = ChannelApi(nothing, nothing, nothing, nothing, guard())
    incoming = Incoming(nothing, guard(), package=nothing, acknowledgement=nothing)
    home = cast(Any, SimpleNamespace(now=int, clock=TestClock()))
    accesses = PeerAccesses(home, guard(), nothing)
    peer = PeerApi(nothing, incoming, nothing, nothing, nothing, guard(), channel, accesses)
    authority = AuthorityApi(
        nothing,
        listings=nothing,
        submit=nothing,
        hand_over=nothing,
        peers=peers_api(),
        relay=nothing,
        news=nothing,
        status=nothing,
        keys=KeysApi(nothing, nothing, nothing),
        legs=LegsApi(nothing, nothing, nothing),
        quarantine=nothing,
        ledger=LedgerApi(nothing, nothing),
        backups=BackupsApi(nothing),
        profile=ProfileApi(nothing),
        cases=CasesApi(
            nothing,
            nothing,
            nothing,
            nothing,
            nothing,
            nothing,
            nothing,
            ErasureApi(nothing, nothing, nothing),
            ActsApi(nothing, nothing, nothing),
            AccessesApi(nothing),
        ),
        statistics=StatisticsApi(nothing),
        people=PeopleApi(nothing, nothing, nothing, nothing),
        drafts=DraftsApi(nothing, nothing, nothing, nothing),
        events=EventsApi(nothing, nothing, nothing, nothing, nothing),
        webhooks=WebhooksApi(nothing, nothing, nothing),
        rights=Rights(nothing),
        sight=nothing,
        waiting=QuarantineApi(nothing, listings=nothing, hand_over=nothing, scans=nothing, sight=nothing),
    )
    return peer.application(), authority.application(), OperationsApi((), nothing).application()


def hub_applications() -> tuple[web.Application, ...]:
    """What listens in a hub, likewise."""
    nothing, home = cast(Any, None), cast(Any, SimpleNamespace(now=int, clock=TestClock()))
    hub = HubApi(
        home,
        deposits=cast(Any, SimpleNamespace(package=nothing, acknowledgement=print)),
        mailbox=nothing,
        waiting=nothing,
        ping=nothing,
        take=nothing,
        compare=HubChannelApi(nothing, nothing, nothing, guard()),
        guard=guard(),
    )
    desk = HubDesk(
        nothing,
        peers=peers_api(),
        keys=KeysApi(nothing, nothing, nothing),
        ledger=LedgerApi(nothing, nothing),
        profile=ProfileApi(nothing),
        status=nothing,
    )
    return hub.application(), desk.application(), OperationsApi((), nothing).application()


def guard() -> Guard:
    return Guard(Connections(LimitSettings()), lambda: 0, 1)


def peers_api() -> PeersApi:
    nothing = cast(Any, None)
    return PeersApi(
        nothing, listings=nothing, import_peer=nothing, ping=nothing, forget=nothing, contact=nothing
    )


def routes(application: web.Application) -> list[tuple[str, str]]:
    """Every route of an application, from its own table: one that comes later is covered by itself."""
    found = set()
    for route in application.router.routes():
        assert route.resource is not None
        path = re.sub(r"\{\w+\}", "00" * 32, route.resource.canonical)
        found.add(("GET" if route.method == "*" else route.method, path))
    assert found
    return sorted(found)


def peak_memory(server: Server) -> int:
    assert server.process is not None
    status = Path(f"/proc/{server.process.pid}/status").read_text(encoding="ascii")
    line = next(each for each in status.splitlines() if each.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


async def refused(session: ClientSession, url: str, method: str, encoding: str) -> None:
    async with session.request(
        method, url, data=BOMBS[encoding](), headers={"Content-Encoding": encoding}
    ) as answer:
        body = await answer.read()
        assert answer.status == 415, (method, url, encoding, body)
        if method != "HEAD":
            assert (await answer.json(content_type=None))["code"] == "unsupported-encoding"


async def refused_everywhere(
    server: Server, applications: tuple[web.Application, ...], encoding: str
) -> None:
    timeout = ClientTimeout(total=60)
    # Each has an address of its own, because calls that are refused are counted by address.
    source = f"127.0.5.{1 + list(BOMBS).index(encoding)}"
    doors = (
        (f"https://127.0.0.1:{server.port}", TCPConnector(ssl=client_context(), local_addr=(source, 0))),
        ("http://emla", UnixConnector(str(server.data / "emla.sock"))),
        (f"http://127.0.0.1:{server.operations_port}", TCPConnector()),
    )
    memory = peak_memory(server)
    for application, (base, connector) in zip(applications, doors, strict=True):
        async with ClientSession(connector=connector, timeout=timeout, auto_decompress=False) as session:
            for method, path in routes(application):
                await refused(session, base + path, method, encoding)
    assert peak_memory(server) - memory < len(UNPACKED) // 2


@pytest.mark.parametrize("encoding", BOMBS)
async def test_nothing_packed_is_taken_on_any_route_of_a_hub(hub: Server, encoding: str) -> None:
    await refused_everywhere(hub, hub_applications(), encoding)


@pytest.mark.parametrize("encoding", BOMBS)
async def test_nothing_packed_is_taken_on_any_route(target: Target, encoding: str) -> None:
    before = target.contents()
    await refused_everywhere(target.server, gateway_applications(), encoding)
    assert target.contents() == before
    await asyncio.to_thread(target.takes_an_honest_one)
