"""A sender, a recipient that cannot be reached, and a hub: three real processes, acquainted; and what the sender has sealed."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from emla.store.files import blob_path
from tests.support.gateways import select
from tests.support.servers import Server, introduce, make_hub, make_server, started

AT, DE, HUB = "at.moj", "de.bfj", "eu.hub"
JP = "jp.moj"


@contextmanager
def three(folder: Path) -> Iterator[tuple[Server, Server, Server]]:
    """Sender, recipient and hub, acquainted; the recipient cannot be reached."""
    at, de, hub = make_server(folder, AT), make_server(folder, DE), make_hub(folder, HUB)
    try:
        for each in (at, de, hub):
            each.start()
        for each in (at, de, hub):
            each.wait_ready()
        asyncio.run(introduce(at, de, hub))
        de.stop()
        yield at, de, hub
    finally:
        for each in (at, de, hub):
            if each.process is not None and each.process.poll() is None:
                each.kill()


@contextmanager
def hub_members(folder: Path, *, sender_listens: bool = True) -> Iterator[tuple[Server, Server, Server]]:
    """Sender, hub, and a recipient that listens for nobody, acquainted; the cards of both members name the hub."""
    sender, hub = make_server(folder, AT, hubs=(HUB,), endpoint=sender_listens), make_hub(folder, HUB)
    recipient = make_server(folder, JP, hubs=(HUB,), endpoint=False)
    with started(sender, hub, recipient):
        yield sender, hub, recipient


def package_of(server: Server, pid: bytes) -> tuple[bytes, bytes | Path, int]:
    """Header and payload of a package that a gateway has sealed and cannot deliver."""
    ((signed, sha256, size, body),) = select(
        server.data,
        "SELECT s.signed, s.payload_sha256, s.payload_size, p.body FROM sent s"
        " JOIN payload p ON p.sha256 = s.payload_sha256 WHERE s.pid = ?",
        pid,
    )
    assert isinstance(signed, bytes)
    assert isinstance(sha256, bytes)
    assert isinstance(size, int)
    assert body is None or isinstance(body, bytes)
    return signed, body if body is not None else blob_path(server.data / "blobs", sha256), size
