"""stored: whether a stored payload is still what was committed. A disk may forget, and that is nobody's fault but ours.

Asked only where something did not verify: before the opener's death on a package counts against the package, and before a peer's
complaint is taken for trouble on the line. Large files are hashed on another thread. `remove_file` ends what nobody needs.
"""

import asyncio
import hashlib
import logging
from pathlib import Path

from emla.flow.gateway import Gateway
from emla.model.errors import StoreError

logger = logging.getLogger("emla.stored")


async def is_whole(gateway: Gateway, sha256: bytes) -> bool:
    """Whether the payload of this name is here and unchanged."""
    payload = gateway.store.read.payload(sha256)
    if payload is not None:
        return hashlib.sha256(payload).digest() == sha256
    return await asyncio.to_thread(_file_hash, gateway.blobs.path(sha256)) == sha256


def has_size(payload: bytes | Path, size: int) -> bool:
    """Whether a payload is there in its whole length: what can be seen without reading it."""
    if isinstance(payload, bytes):
        return len(payload) == size
    try:
        return payload.stat().st_size == size
    except OSError:
        return False


def _file_hash(path: Path) -> bytes | None:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").digest()
    except OSError:
        return None


async def remove_file(gateway: Gateway, sha256: bytes) -> None:
    """Remove the file of a payload that no row points to any more, which the caller has just looked for.

    Nothing is awaited before the rename. What came before is durable, whatever becomes of the file: one that cannot be removed is
    told, and is as one that a crash left.
    """
    try:
        left = gateway.blobs.take_away(sha256)
        if left is not None:
            await asyncio.to_thread(left.unlink, missing_ok=True)
    except (StoreError, OSError) as error:
        code = error.code if isinstance(error, StoreError) else "store-failed"
        logger.error("file not removed", extra={"code": code})
