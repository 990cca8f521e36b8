"""ways: statuses, and what follows from them, to a peer by the way that leads there: directly, else through a hub.

A status left with a hub is answered through our mailbox (`flow.member.statuses`). What a peer says it lacks it may have had, and
let go, before it was put back to an earlier state: so acknowledgements are left with a hub *again*, which else holds each once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from emla.flow.line.ways import Ways
from emla.model.documents import Authority
from emla.ports.hub_line import HubLine
from emla.ports.transport import ChannelTransport, Refusal


@dataclass(frozen=True, slots=True)
class ChannelWays:
    """Implements `emla.ports.transport.ChannelTransport` over the direct line, the line to hubs, and what chooses."""

    direct: ChannelTransport
    hub_line: HubLine
    ways: Ways

    async def send_acknowledgement(self, peer: Authority, aid: bytes, bundle: bytes) -> Refusal | None:
        """Push an acknowledgement; None when the peer, or a hub for it, has it durably."""
        went = await self.ways(
            peer,
            lambda: self.direct.send_acknowledgement(peer, aid, bundle),
            lambda hub: self.hub_line.deposit_acknowledgement(hub, aid, bundle),
        )
        return went.answer

    async def exchange_status(self, peer: Authority, signed: bytes) -> bytes | Refusal | None:
        """Send a signed channel status; the signed answer, or None when a hub holds it for the peer."""

        async def direct() -> bytes | Refusal | None:
            return await self.direct.exchange_status(peer, signed)

        async def deposit(hub: Authority) -> bytes | Refusal | None:
            return await self.hub_line.deposit_status(hub, signed)

        return (await self.ways(peer, direct, deposit)).answer

    async def get_documents_of(self, peer: Authority, authority: str) -> bytes | Refusal:
        """Fetch what a peer knows of an authority's documents. Directly only: a hub that is pinned is asked like a peer."""
        return await self.direct.get_documents_of(peer, authority)

    async def send_return(
        self,
        peer: Authority,
        pid: bytes,
        signed: bytes,
        bundles: Sequence[bytes],
        payload: bytes | Path,
        payload_size: int,
    ) -> Refusal | None:
        """Return a package; None when the peer, or a hub for it, has it durably."""
        body = (pid, signed, bundles, payload, payload_size)
        went = await self.ways(
            peer,
            lambda: self.direct.send_return(peer, *body),
            lambda hub: self.hub_line.deposit_return(hub, *body, owner=peer.id),
        )
        return went.answer
