"""The line to a hub, beyond what a gateway answers (`emla.ports.transport`): our mailbox there, and deposits for others.

Contract: a call either returns what the hub answered or raises `TransportError`. A hub is not trusted: nothing it lists or hands
out is believed before it is verified, and nothing it says counts as delivery. It may repeat, withhold, reorder and lie.
"""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Protocol

from emla.model.documents import Authority
from emla.model.mailbox import Listing, Release
from emla.ports.transport import Refusal


class ItemSource(Protocol):
    """An item's body as it comes. `size` is what is left of it."""

    size: int

    async def read_exactly(self, size: int) -> bytes:
        """Read so many bytes; a line that breaks is made anew, and reading goes on where it stopped.

        Raises:
            TransportError: it does not go on.
        """
        ...


class HubLine(Protocol):
    """Calls one hub at a time; any number of calls may run at once."""

    async def deposit_package(
        self, hub: Authority, pid: bytes, signed: bytes, payload: bytes | Path, payload_size: int
    ) -> bytes | Refusal:
        """Offer a package for its recipient's mailbox; the bundle of the answer, unverified.

        Raises:
            TransportError: as `emla.ports.transport.Transport.send_package`.
        """
        ...

    async def deposit_documents(
        self, hub: Authority, authority: str, exported: bytes, *, owner: str
    ) -> Refusal | None:
        """Leave our documents (of `authority`) in a member's mailbox; None when the hub has them durably."""
        ...

    async def deposit_acknowledgement(self, hub: Authority, aid: bytes, bundle: bytes) -> Refusal | None:
        """Leave an acknowledgement in a member's mailbox again, though it let it go before; None when the hub has it durably."""
        ...

    async def deposit_status(self, hub: Authority, signed: bytes) -> Refusal | None:
        """Leave a channel status in the mailbox of the member that it is for; None when the hub has it durably."""
        ...

    async def deposit_return(
        self,
        hub: Authority,
        pid: bytes,
        signed: bytes,
        bundles: Sequence[bytes],
        payload: bytes | Path,
        payload_size: int,
        *,
        owner: str,
    ) -> Refusal | None:
        """Leave a package that a member lost in its mailbox, with the recipient's acknowledgements; None when the hub has it."""
        ...

    async def items(self, hub: Authority, after: int, wait_seconds: int) -> Sequence[Listing] | Refusal:
        """List our mailbox: items with numbers above `after`, ascending; waits for the first one when there is none."""
        ...

    def fetch(self, hub: Authority, item: Listing) -> AbstractAsyncContextManager[ItemSource]:
        """Read an item's body.

        Raises:
            TransportError: also when the hub refuses (``peer-nonsense``).
        """
        ...

    async def release(self, hub: Authority, releases: Sequence[Release]) -> Sequence[str] | Refusal:
        """Say that we have items, at most 32; for each an outcome: ``ok`` or a code."""
        ...
