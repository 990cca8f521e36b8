"""payload: a member's payload is read. A small one is bytes that go into its item's batch; a large one becomes a durable file.

Order of writes: H1. A crash before the file has its name leaves a temporary one; after it, a file without a row. The start sweeps
both.
"""

import asyncio
import hashlib
from collections.abc import Callable

from emla.flow.gateway import Gateway
from emla.flow.line.accept import PayloadSource
from emla.flow.reservations import Reservation
from emla.model.errors import InvalidPackageError
from emla.model.limits import WIRE

_HOP_BYTES = 1024 * 1024


async def read_payload(
    gateway: Gateway,
    depositor: str,
    sha256: bytes,
    size: int,
    source: PayloadSource,
    come: Callable[[], None],
) -> bytes | None:
    """Read a member's payload; a large one has its space promised, becomes a durable file, and None is returned.

    Args:
        gateway: where it is kept.
        depositor: whose it is.
        sha256: its hash.
        size: its bytes.
        source: where it comes from.
        come: called when it has come whole, before it is kept (`HubQuota.room`).

    Raises:
        InvalidPackageError: ``digest-mismatch``.
        TransportError: ``quota``: the member has too much on its way from this address; ``mailbox-full``.
        StoreError: the storage is full or failed.
    """
    gateway.require_space(size)
    if size > WIRE.inline_payload_bytes:
        with gateway.reservations.hold(depositor, size) as place:
            await _receive_blob(gateway, sha256, size, source, place, come)
        return None
    payload = await source.read_exactly(size)
    _check(sha256, hashlib.sha256(payload).digest())
    come()
    return payload


async def _receive_blob(
    gateway: Gateway,
    sha256: bytes,
    size: int,
    source: PayloadSource,
    place: Reservation,
    come: Callable[[], None],
) -> None:
    """H1: stream into a temporary file, then make it durable under its hash."""
    blob = gateway.blobs.begin()
    digest = hashlib.sha256()

    def work(data: bytes) -> None:
        digest.update(data)
        blob.write(data)

    try:
        left = size
        while left:
            data = await source.read_exactly(min(left, _HOP_BYTES))
            left -= len(data)
            await asyncio.to_thread(work, data)
            place.arrived(len(data))
        _check(sha256, digest.digest())
        come()
        await asyncio.to_thread(blob.keep, sha256)
    finally:
        blob.drop()


def _check(expected: bytes, digest: bytes) -> None:
    if digest != expected:
        raise InvalidPackageError("digest-mismatch")
