"""reservations: payloads on their way, and what of the disk is promised to them. Rung 13, before a byte of them is kept.

Only what becomes a file is counted; smaller payloads live in memory, which the door bounds (`web.guard`). A reservation lives as
long as the transfer it is for, and a transfer that brings too little for too long is ended (`web.bodies`, `web.watched`): nothing
is promised to anybody who does not send.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from emla.model.errors import TransportError
from emla.model.settings import LimitSettings

CALLER: ContextVar[str] = ContextVar("caller", default="")
"""From which address the journey under way was asked for; set where calls come in.

Whoever holds a copy of a peer's signed header can play it back. So what a peer may have under way is counted for each address it
comes from: another one who plays its headers back uses up nothing of the peer's.
"""


@dataclass(slots=True, eq=False)
class Reservation:
    """What one payload still has to bring."""

    left_bytes: int

    def arrived(self, size: int) -> None:
        """So many bytes are in a file: the disk has less free, and that much less is promised."""
        self.left_bytes -= size


@dataclass(slots=True)
class Reservations:
    """All payloads on their way."""

    limits: LimitSettings
    refused: Counter[str] = field(default_factory=Counter)
    """How often a peer was refused for what it has under way, for metrics."""
    _open: set[Reservation] = field(default_factory=set)
    _uploads: Counter[tuple[str, str]] = field(default_factory=Counter)
    _bytes: Counter[tuple[str, str]] = field(default_factory=Counter)

    @property
    def count(self) -> int:
        """How many payloads are on their way."""
        return len(self._open)

    @property
    def promised_bytes(self) -> int:
        """What is promised to payloads and not in their files yet."""
        return sum(each.left_bytes for each in self._open)

    @contextmanager
    def hold(self, peer: str, size: int) -> Iterator[Reservation]:
        """Reserve a place for a payload while it comes.

        Raises:
            TransportError: ``quota``: this peer has as many payloads or bytes on their way as it may; a single one may be of any
                size.
        """
        key = (peer, CALLER.get())
        uploads, held = self._uploads[key], self._bytes[key]
        if uploads >= self.limits.uploads_per_peer or (
            uploads and held + size > self.limits.reserved_bytes_per_peer
        ):
            self.refused[peer] += 1
            raise TransportError("quota", f"{peer} has {uploads} payloads of {held} bytes on their way.")
        reservation = Reservation(size)
        self._open.add(reservation)
        self._uploads[key] += 1
        self._bytes[key] += size
        try:
            yield reservation
        finally:
            self._open.discard(reservation)
            self._uploads[key] -= 1
            self._bytes[key] -= size
            if not self._uploads[key]:
                del self._uploads[key], self._bytes[key]
