"""feed: parts of any size -> a file of sealed bytes, with the memory of one hop."""

import asyncio
from collections.abc import Sequence

from emla.flow.line.submission import ByteSource
from emla.model.package import DeclaredPart, Part
from emla.ports.blobs import BlobWriter
from emla.steps.seal import PayloadSealer

_HOP_BYTES = 1024 * 1024


async def feed(
    sealer: PayloadSealer,
    declared_parts: Sequence[DeclaredPart],
    source: ByteSource,
    main: bytes,
    blob: BlobWriter,
) -> list[tuple[str, Part]]:
    """Feed parts of any size: the event loop reads, a thread hashes, seals and writes, 1 MiB a hop."""

    def work(data: bytes) -> None:
        blob.write(sealer.update(data))

    parts: list[tuple[str, Part]] = []
    for number, declared in enumerate(declared_parts):
        sealer.begin_part(declared.role, declared.media, declared.name)
        left = declared.size
        while left:
            size = min(left, _HOP_BYTES)
            data = main if number == 0 else await source.read_exactly(size)
            await asyncio.to_thread(work, data)
            left -= len(data)
        part = sealer.end_part()
        if number:
            parts.append((declared.name, part))
    return parts
