"""A transport in memory that does what a test tells it: answers, refuses, hangs. It implements the port and counts."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from emla.flow.gateway import subject_of
from emla.model.acknowledgement import Event
from emla.model.documents import Authority
from emla.model.errors import TransportError
from emla.ports.transport import Refusal
from tests.support.authorities import Party
from tests.support.gateways import answer_of

Script = Callable[[str, bytes], Awaitable[Refusal | None]]
"""Given the peer and the id sent: waits as it likes, and returns a refusal, raises, or lets the peer accept."""


async def accepting(peer: str, ref: bytes) -> Refusal | None:
    """The script of an honest, quick peer."""
    return None


@dataclass
class ScriptedTransport:
    """Implements `emla.ports.transport.Transport`."""

    parties: dict[str, Party]
    script: Script = accepting
    calls: list[tuple[str, bytes]] = field(default_factory=list)
    under_way: Counter[tuple[str, bytes]] = field(default_factory=Counter)
    most_at_once: Counter[str] = field(default_factory=Counter)
    twice_at_once: list[bytes] = field(default_factory=list)
    """Ids that were on their way twice at the same time."""

    async def _run(self, peer: str, ref: bytes) -> Refusal | None:
        self.calls.append((peer, ref))
        if self.under_way[peer, ref]:
            self.twice_at_once.append(ref)
        self.under_way[peer, ref] += 1
        now = sum(count for (each, _), count in self.under_way.items() if each == peer)
        self.most_at_once[peer] = max(self.most_at_once[peer], now)
        try:
            await asyncio.sleep(0)
            return await self.script(peer, ref)
        finally:
            self.under_way[peer, ref] -= 1

    async def send_package(
        self, peer: Authority, pid: bytes, signed: bytes, payload: bytes | Path, payload_size: int
    ) -> bytes | Refusal:
        """Offer a package."""
        refusal = await self._run(peer.id, pid)
        return refusal or answer_of(self.parties[peer.id], subject_of(signed), Event.RELAY_ACCEPTANCE)

    async def send_acknowledgement(self, peer: Authority, aid: bytes, bundle: bytes) -> Refusal | None:
        """Push an acknowledgement."""
        return await self._run(peer.id, aid)

    async def get_documents(self, peer: Authority) -> bytes | Refusal:
        """No peer here gives documents."""
        raise TransportError("peer-unreachable")

    async def put_documents(self, peer: Authority, authority: str, exported: bytes) -> Refusal | None:
        """No peer here takes documents."""
        raise TransportError("peer-unreachable")

    async def ping(self, peer: Authority, signed: bytes) -> bytes | Refusal:
        """No peer here answers pings."""
        raise TransportError("peer-unreachable")
