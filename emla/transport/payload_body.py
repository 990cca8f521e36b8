"""The body of a call that brings a payload: from memory, or from its file, piece by piece.

Rule of this file: a payload that cannot be read is our own disk's trouble, and never told as one of the line.
"""

import asyncio
import errno
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from io import FileIO
from pathlib import Path

from emla.model.errors import TransportError

_PIECE_BYTES = 256 * 1024
_EXHAUSTED = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM})
"""The system has no descriptor or memory left; nothing is wrong with the file."""


@asynccontextmanager
async def body_of(front: bytes, payload: bytes | Path) -> AsyncIterator[bytes | AsyncIterator[bytes]]:
    """A call's body: what comes before a payload, and the payload, from memory or from its file."""
    if isinstance(payload, bytes):
        yield front + payload
        return
    unread: list[OSError] = []
    try:
        file = await asyncio.to_thread(payload.open, "rb", 0)
    except OSError as error:
        raise _unreadable(error) from error
    with file:  # here and not in the body: a line that breaks leaves that half read, and nobody ends it
        try:
            yield _file_body(front, file, unread)
        except TransportError as error:
            if unread:  # the call broke off because there was nothing to send
                raise _unreadable(unread[0]) from error
            raise


async def _file_body(front: bytes, file: FileIO, unread: list[OSError]) -> AsyncIterator[bytes]:
    yield front
    while True:
        try:
            piece = await asyncio.to_thread(file.read, _PIECE_BYTES)
        except OSError as error:
            unread.append(error)
            raise
        if not piece:
            return
        yield piece


def _unreadable(error: OSError) -> TransportError:
    """Damaged, unless it is the system that has no descriptor or memory left: then it can be tried again soon."""
    code = "internal" if error.errno in _EXHAUSTED else "payload-damaged"
    return TransportError(code, error.strerror or "")
