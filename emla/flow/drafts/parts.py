"""parts: the parts of a draft -> one sealed stream, in a row or in a file, and back.

Sealed under a key of the draft's own (`cc1`), so that large parts are never in memory, damage is seen at each chunk, and what is
forgotten with the key stays forgotten.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from emla.flow.gateway import Gateway
from emla.flow.line.submission import Submission
from emla.formats import cc1
from emla.model.draft import DraftPart
from emla.model.errors import StoreError
from emla.model.limits import WIRE
from emla.model.message import Message
from emla.ports.blobs import BlobWriter
from emla.steps.validate import require_parts

_HOP_BYTES = 16 * cc1.CHUNK_BYTES


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptBytes:
    """Sealed parts: durable when they are a file (`body` None), else on their way into a row."""

    sha256: bytes
    size: int
    body: bytes | None
    parts: tuple[DraftPart, ...]


class _Keeping:
    """One stream on its way: in memory, or into a file."""

    def __init__(self, key: bytes, blob: BlobWriter | None) -> None:
        self._sealer = cc1.Sealer(key)
        self._digest = hashlib.sha256()
        self._blob = blob
        self._pieces: list[bytes] = []
        self.size = 0

    def take(self, data: bytes) -> None:
        self._keep(self._sealer.update(data))

    def finish(self) -> tuple[bytes, bytes | None]:
        """The hash, and the body of what is in memory."""
        self._keep(self._sealer.finish())
        return self._digest.digest(), b"".join(self._pieces) if self._blob is None else None

    def _keep(self, sealed: bytes) -> None:
        self._digest.update(sealed)
        self.size += len(sealed)
        if self._blob is None:
            self._pieces.append(sealed)
        else:
            self._blob.write(sealed)


async def keep_bytes(
    gateway: Gateway, submission: Submission, main: bytes, message: Message, key: bytes
) -> KeptBytes:
    """Read what is left of a submission, and seal all of it.

    Raises:
        InvalidMessageError: it ended before its length, or its parts are not those that the message names; nothing was kept.
        StoreError: the storage is full or failed.
    """
    total = sum(part.size for part in submission.parts)
    small = cc1.sealed_size(total) <= WIRE.inline_payload_bytes
    blob = None if small else gateway.blobs.begin()
    try:
        keeping = _Keeping(key, blob)
        parts: list[DraftPart] = []
        for number, declared in enumerate(submission.parts):
            digest, left = hashlib.sha256(), declared.size
            while left:
                size = min(left, _HOP_BYTES)
                data = main if number == 0 else await submission.source.read_exactly(size)
                digest.update(data)
                await asyncio.to_thread(keeping.take, data)
                left -= len(data)
            parts.append(
                DraftPart(
                    name=declared.name,
                    media=declared.media,
                    role=declared.role,
                    size=declared.size,
                    sha256=digest.digest(),
                )
            )
        require_parts(message, [(part.name, part.size, part.sha256) for part in parts[1:]])
        sha256, body = await asyncio.to_thread(keeping.finish)
        if blob is not None:
            # P5: durable before the row that points to it. A crash here leaves an orphan, swept after a day.
            await asyncio.to_thread(blob.keep, sha256)
    finally:
        if blob is not None:
            blob.drop()
    return KeptBytes(sha256=sha256, size=keeping.size, body=body, parts=tuple(parts))


class DraftBytes:
    """The stream of a kept draft, read in order or by place: a `ByteSource` of exactly what was handed in."""

    def __init__(self, gateway: Gateway, sha256: bytes, key: bytes) -> None:
        """Find it.

        Raises:
            StoreError: ``payload-damaged``.
        """
        self._payload: bytes | Path = gateway.store.read.payload(sha256) or gateway.blobs.path(sha256)
        self._size = len(self._payload) if isinstance(self._payload, bytes) else _file_size(self._payload)
        if cc1.stream_size(self._size) is None:
            raise damaged()
        self._opener = cc1.Opener(key, self._size)
        self._place = 0

    async def read_exactly(self, size: int) -> bytes:
        """The next bytes."""
        start, self._place = self._place, self._place + size
        return await self.slice(start, start + size)

    async def slice(self, start: int, end: int) -> bytes:
        """The bytes from a place up to another.

        Raises:
            StoreError: ``payload-damaged``.
        """
        return await asyncio.to_thread(self._open, start, end) if end > start else b""

    async def pieces(self, start: int, end: int) -> AsyncIterator[bytes]:
        """The same, about a megabyte at a time."""
        while start < end:
            stop = min(end, (start // _HOP_BYTES + 1) * _HOP_BYTES)
            yield await self.slice(start, stop)
            start = stop

    def _open(self, start: int, end: int) -> bytes:
        first, last = start // cc1.CHUNK_BYTES, (end - 1) // cc1.CHUNK_BYTES
        low, high = cc1.chunk_range(first, self._size)[0], cc1.chunk_range(last, self._size)[1]
        sealed, opened = memoryview(self._read(low, high)), []
        for number in range(first, last + 1):
            begin, stop = cc1.chunk_range(number, self._size)
            plain = self._opener.open(number, sealed[begin - low : stop - low])
            if plain is None:
                raise damaged()
            opened.append(plain)
        skip = start - first * cc1.CHUNK_BYTES
        return b"".join(opened)[skip : skip + end - start]

    def _read(self, start: int, end: int) -> bytes:
        if isinstance(self._payload, bytes):
            return self._payload[start:end]
        try:
            with self._payload.open("rb", buffering=0) as file:
                file.seek(start)
                return file.read(end - start)
        except OSError as error:
            raise damaged(error.strerror or "") from error


def damaged(why: str = "it is not what was handed in") -> StoreError:
    """The error for parts of a draft that cannot be given back."""
    return StoreError(
        "payload-damaged", f"Of a draft: {why}. Have its drafter withdraw it and hand the message in again."
    )


def _file_size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError as error:
        raise damaged(error.strerror or "") from error
