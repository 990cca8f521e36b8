"""feed: parts of any size -> a file of sealed bytes, with the memory of one hop."""

import asyncio
from collections.abc import Sequence

from emla.flow.gateway import Gateway
from emla.flow.line.submission import ByteSource, Submission
from emla.model.message import Message
from emla.model.package import DeclaredPart, Part, SealedPayload
from emla.ports.blobs import BlobWriter
from emla.steps.seal import Envelope, PayloadSealer, plan_for
from emla.steps.validate import require_parts

_HOP_BYTES = 1024 * 1024


async def seal_file(
    gateway: Gateway, envelope: Envelope, submission: Submission, main: bytes, message: Message
) -> SealedPayload:
    """Seal a message and its parts into a durable file.

    Raises:
        InvalidMessageError: the parts are not those that the message names; nothing was kept.
    """
    sealer = PayloadSealer(plan_for(envelope, message))
    blob = gateway.blobs.begin()
    try:
        # Before anything is kept: what is refused leaves no file behind.
        parts = await feed(sealer, submission.parts, submission.source, main, blob)
        require_parts(message, [(name, part.size, part.sha256) for name, part in parts])
        await asyncio.to_thread(lambda: blob.write(sealer.finish()))
        sealed = sealer.sealed(None)
        # O1: durable before the row that points to it. A crash here leaves an orphan, swept after a day.
        await asyncio.to_thread(blob.keep, sealed.draft.payload.sha256)
    finally:
        blob.drop()
    return sealed


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
