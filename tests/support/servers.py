"""Real gateways as real processes on loopback, for integration tests, faults and bench."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from emla.bootstrap.first_keys import Protection
from emla.bootstrap.initialise import About, Initialised, initialise
from tests.support.nursery import Forked, Order, nursery
from tests.support.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
Json = dict[str, object]

ROOMY: Json = {
    "connections_per_address": 512,
    "connections_per_minute": 1_000_000,
    "unsigned_per_minute": 1_000_000,
    "refused_per_minute": 1_000_000,
}
"""All tests come from one address, and many are refused on purpose: limits that are not the subject are out of the way."""

_PROGRAM = """
import json, sys
from pathlib import Path
from emla.bootstrap.serve import serve
from emla.model.errors import EmlaError
from emla.model.settings import (HubSettings, KeySettings, LimitSettings, MessageSettings, OpenerSettings, OperationsSettings,
                                 PeerSettings, ScannerSettings, ServeSettings, Settings, StoreSettings,
                                 WebhookSettings)
from tests.support.copies import copy_often
from tests.support.described import hold
hold()
given = json.loads(sys.argv[1])
if given["copied_after_bytes"]:
    copy_often(given["copied_after_bytes"])
try:
    serve(Settings(data=Path(given["data"]), peer=PeerSettings(**given["peer"]),
                   operations=OperationsSettings(**given["operations"]), store=StoreSettings(**given["store"]),
                   opener=OpenerSettings(**given["opener"]), message=MessageSettings(),
                   keys=KeySettings(**given["keys"]), serve=ServeSettings(role=given["role"]),
                   hub=HubSettings(**given["hub"]), limits=LimitSettings(**given["limits"]),
                   scanner=ScannerSettings(**given["scanner"]), webhooks=WebhookSettings(**given["webhooks"])))
except EmlaError as error:
    print(error.code, error.detail, file=sys.stderr)
    sys.exit(error.entry.exit_code)
"""


@dataclass
class Server:
    """One authority's gateway: its folder and its process."""

    data: Path
    made: Initialised
    port: int
    operations_port: int
    store: Json = field(default_factory=dict)
    opener: Json = field(default_factory=dict)
    keys: Json = field(default_factory=dict)
    role: str = "gateway"
    hub: Json = field(default_factory=dict)
    limits: Json = field(default_factory=dict)
    scanner: Json = field(default_factory=dict)
    webhooks: Json = field(default_factory=dict)
    copied_after_bytes: int = 0
    """How much is written before the WAL is copied back; 0: as always (tests/support/copies.py)."""
    plain: bool = False
    """Whether it is a program of its own, and its opener and clerk are: not forked out of the nursery.

    So that it is known which processes are whose, and what each takes and shows in /proc is its own.
    """
    first: str = ""
    """Python that runs in its process before anything else."""
    process: "subprocess.Popen[bytes] | Forked | None" = None

    @property
    def id(self) -> str:
        return self.made.authority.id

    @property
    def log(self) -> Path:
        return self.data.with_suffix(".log")

    def start(self) -> None:
        given = {
            "data": str(self.data),
            "peer": {"listen_port": self.port, "allow_loopback_endpoints": True},
            "operations": {"listen_port": self.operations_port, "log_level": "info"},
            "store": {"disk_floor_bytes": 0, "disk_floor_percent": 0} | self.store,
            "opener": self.opener,
            "keys": self.keys,
            "role": self.role,
            "hub": self.hub,
            "limits": ROOMY | self.limits,
            "scanner": self.scanner,
            "webhooks": self.webhooks,
            "copied_after_bytes": self.copied_after_bytes,
        }
        (self.data / "emla.sock").unlink(missing_ok=True)
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        with self.log.open("ab") as log, open(os.devnull) as nothing:  # noqa: PTH123
            # Tests start hundreds. One that is measured, or in whose process something is done before anything else, is a program
            # of its own.
            if "PYTEST_VERSION" in os.environ and not (self.plain or self.first):
                order = Order(
                    program=_PROGRAM, words=(json.dumps(given),), environment=environment, prepared="server"
                )
                streams = (nothing.fileno(), log.fileno(), log.fileno())
                self.process = nursery(ROOT).fork(order, streams)
            else:
                self.process = subprocess.Popen(
                    [sys.executable, "-c", f"{self.first}\n{_PROGRAM}", json.dumps(given)],
                    cwd=ROOT,
                    stdin=nothing,
                    stdout=log,
                    stderr=log,
                    env=environment,
                )

    def wait_ready(self, seconds: float = 30) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.process is not None and self.process.poll() is not None:
                raise AssertionError(
                    f"{self.id} ended with {self.process.returncode}: {self.log.read_text()[-2000:]}"
                )
            try:
                with socket.socket(socket.AF_UNIX) as probe:
                    probe.connect(str(self.data / "emla.sock"))
                    return
            except OSError:
                time.sleep(0.02)
        raise AssertionError(f"{self.id} did not start: {self.log.read_text()[-2000:]}")

    def kill(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> int:
        if self.process is None:
            return 0
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)

    def client(self) -> aiohttp.ClientSession:
        """A session on the authority API."""
        return aiohttp.ClientSession(
            "http://emla",
            connector=aiohttp.UnixConnector(str(self.data / "emla.sock"), limit=0),
            timeout=aiohttp.ClientTimeout(total=120),
        )

    def process_ids(self) -> list[int]:
        """The process ids of the gateway, its opener and its clerk."""
        assert isinstance(self.process, subprocess.Popen), "only of a plain one it is known whose they are"
        own = self.process.pid
        children = Path(f"/proc/{own}/task/{own}/children").read_text().split()
        return [own, *map(int, children)]


def make_server(
    folder: Path,
    authority: str,
    protection: Protection | None = None,
    keys: Json | None = None,
    *,
    hubs: tuple[str, ...] = (),
    endpoint: bool = True,
) -> Server:
    """Initialise an authority on free ports of loopback; `keys` are the settings that unlock what `protection` locks."""
    port = free_port()
    made = initialise(
        folder / authority,
        About(
            authority=authority,
            names=(("en", f"Central authority {authority}"),),
            endpoint_url=f"https://127.0.0.1:{port}" if endpoint else "",
            hubs=hubs,
            country=authority[:2].upper(),
            contacts=(("email", f"desk@{authority}.example.org"),),
            languages=("en",),
            time_zone="UTC",
            office_hours="09:00-17:00",
        ),
        now=int(time.time()),
        protection=protection,
    )
    return Server(data=folder / authority, made=made, port=port, operations_port=free_port(), keys=keys or {})


def make_hub(folder: Path, authority: str) -> Server:
    """Initialise a hub on free ports of loopback."""
    server = make_server(folder, authority)
    server.role = "hub"
    return server


async def introduce(*servers: Server) -> None:
    """Pin every server at every other one."""
    for here in servers:
        for there in servers:
            if there is not here:
                await pin(here, there)


async def pin(here: Server, there: Server) -> None:
    """Pin a server, which need not run, at another one."""
    async with here.client() as client:
        answer = await client.post(
            "/v1/peers",
            params={"fingerprint": there.made.fingerprint},
            data=there.made.documents.read_bytes(),
        )
        assert answer.status == 201, await answer.text()


@contextmanager
def running(folder: Path, *authorities: str, plain: bool = False) -> Iterator[tuple[Server, ...]]:
    """Servers of these authorities, started, introduced to each other, and stopped at the end."""
    made = [make_server(folder, authority) for authority in authorities]
    for each in made:
        each.plain = plain
    with started(*made) as servers:
        yield servers


@contextmanager
def started(*servers: Server) -> Iterator[tuple[Server, ...]]:
    """Servers that are made already, started, introduced to each other, and stopped at the end."""
    try:
        for server in servers:
            server.start()
        for server in servers:
            server.wait_ready()
        asyncio.run(introduce(*servers))
        yield servers
    finally:
        for server in servers:
            if server.process is not None and server.process.poll() is None:
                server.stop()


def submission(main: bytes, attachments: list[tuple[str, bytes]], **extra: object) -> bytes:
    """The body of POST /v1/messages."""
    parts = [{"name": "request.xml", "media": "application/xml", "role": "main", "size": len(main)}]
    parts += [
        {"name": name, "media": "application/octet-stream", "role": "annex", "size": len(data)}
        for name, data in attachments
    ]
    declaration = json.dumps({"parts": parts, **extra}).encode()
    return b"".join(
        [len(declaration).to_bytes(4, "big"), declaration, main, *(data for _, data in attachments)]
    )
