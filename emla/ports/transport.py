"""The line to other gateways.

Contract: a call either returns what the peer's gateway answered or raises `TransportError`. Nothing a call returns is believed
before it is verified; an HTTP status decides nothing but when to try again. The server's key is checked against the pin in
the peer's card before a byte is sent.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from emla.model.documents import Authority


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A peer's unsigned answer that is not success: its code (or ``peer-nonsense``) and how long it asks us to wait.

    `held`: not the peer but we ourselves say so, and nothing was sent. Such a wait is no failure of the line.
    """

    code: str
    retry_after_seconds: float = 0.0
    held: bool = False


class Transport(Protocol):
    """Sends to one peer's gateway at a time; any number of calls may run at once."""

    async def send_package(
        self, peer: Authority, pid: bytes, signed: bytes, payload: bytes | Path, payload_size: int
    ) -> bytes | Refusal:
        """Offer a package; return the bundle of the peer's RelayAcceptance or RelayRejection, unverified.

        Raises:
            TransportError: ``peer-unreachable``, ``wrong-pin``, ``timeout``, ``peer-nonsense`` or ``refused-endpoint``; where the
                trouble is our own: ``payload-damaged``, or ``internal`` when it can be tried again soon.
        """
        ...

    async def send_acknowledgement(self, peer: Authority, aid: bytes, bundle: bytes) -> Refusal | None:
        """Push an acknowledgement; None when the peer has it durably."""
        ...

    async def get_documents(self, peer: Authority) -> bytes | Refusal:
        """Fetch a peer's documents; the export's bytes, unverified."""
        ...

    async def put_documents(self, peer: Authority, authority: str, exported: bytes) -> Refusal | None:
        """Push our own documents (of `authority`); None when the peer has taken them."""
        ...

    async def ping(self, peer: Authority, signed: bytes) -> bytes | Refusal:
        """Send a signed ping; return the signed answer, unverified."""
        ...


class ChannelTransport(Protocol):
    """What comparing channels with a peer takes; the same contract."""

    async def send_acknowledgement(self, peer: Authority, aid: bytes, bundle: bytes) -> Refusal | None:
        """Push an acknowledgement; None when the peer has it durably."""
        ...

    async def get_documents_of(self, peer: Authority, authority: str) -> bytes | Refusal:
        """Fetch what a peer knows of an authority's documents; the export's bytes, unverified."""
        ...

    async def exchange_status(self, peer: Authority, signed: bytes) -> bytes | Refusal | None:
        """Send a signed channel status; return the signed answer, unverified. None: a hub holds it for the peer, whose answer
        comes out of our mailbox.
        """
        ...

    async def send_return(
        self,
        peer: Authority,
        pid: bytes,
        signed: bytes,
        bundles: Sequence[bytes],
        payload: bytes | Path,
        payload_size: int,
    ) -> Refusal | None:
        """Return a package to a peer that lost it, with the recipient's acknowledgements; None when it has it durably."""
        ...
