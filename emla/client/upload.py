"""Parts on their way to the server: each file is opened once, its size taken from the open file, then
streamed in pieces.

Rules of this file:
- What was checked is what is sent: hash and upload read the same open file. A file that grows, shrinks or
  changes in between never becomes a complete body: the last piece is held back until size and hash are right.
- At most one piece of `PIECE_BYTES` is in memory for a submission, whatever the size of its parts.
"""

import asyncio
import hashlib
import os
import stat
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from emla.formats import strict_json
from emla.formats.strict_json import Json
from emla.model.errors import EmlaError, InvalidMessageError
from emla.model.findings import Override
from emla.model.package import PartRole, Priority

PIECE_BYTES = 256 * 1024
SUBMISSION_TYPE = "application/vnd.emla.submission"

Progress = Callable[[int], None]
"""Called with the number of bytes just read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartFile:
    """A file that is to become a part. `name` is what the recipient sees; the path stays here."""

    path: Path
    name: str
    media: str
    role: PartRole
    sha256: bytes | None = None
    """The hash the message gives; the server compares it too."""


class OpenPart:
    """A part's file, held open from the check to the last byte sent. Use it as a context manager."""

    def __init__(self, part: PartFile) -> None:
        """Open the file.

        Raises:
            InvalidMessageError: ``unreadable-file``.
        """
        self.part = part
        try:
            # Without O_NONBLOCK a named pipe would hold us until somebody writes into it.
            self._file = os.open(part.path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        except OSError as error:
            raise InvalidMessageError("unreadable-file", f"{part.path}: {error.strerror}.") from error
        standing = os.fstat(self._file)
        if not stat.S_ISREG(standing.st_mode):
            self.close()
            raise InvalidMessageError("unreadable-file", f"{part.path} is not a file.")
        self.size = standing.st_size

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def read(self, size_bytes_max: int) -> bytes:
        """The whole file, for parts that are to be looked into (the main part).

        Raises:
            InvalidMessageError: ``too-large``, or ``unreadable-file``.
        """
        if self.size > size_bytes_max:
            raise InvalidMessageError("too-large", f"{self.part.path} has {self.size} bytes.")
        pieces = []
        at = 0
        while piece := self._piece(at):
            pieces.append(piece)
            at += len(piece)
        return b"".join(pieces)

    def hash(self, progress: Progress | None = None) -> bytes:
        """SHA-256 of the file as it is now."""
        digest = hashlib.sha256()
        at = 0
        while at < self.size and (piece := self._piece(at)):
            digest.update(piece)
            at += len(piece)
            if progress:
                progress(len(piece))
        return digest.digest()

    async def pieces(self, progress: Progress | None = None) -> AsyncIterator[bytes]:
        """The file's bytes, read in a thread.

        Raises:
            InvalidMessageError: ``attachment-changed``, before the last piece, when the file is not what it
            was or should be.
        """
        digest = hashlib.sha256()
        at = 0
        while at < self.size:
            piece = await asyncio.to_thread(self._piece, at)
            at += len(piece)
            digest.update(piece)
            if not piece or at > self.size:
                raise self._changed("its size changed while it was being sent")
            if at == self.size:
                self._check_end(digest.digest())
            if progress:
                progress(len(piece))
            yield piece
        if self.size == 0:
            self._check_end(digest.digest())

    def _check_end(self, sha256: bytes) -> None:
        if os.fstat(self._file).st_size != self.size:
            raise self._changed("its size changed while it was being sent")
        if self.part.sha256 is not None and sha256 != self.part.sha256:
            raise self._changed("its SHA-256 is not the one it had when it was checked")

    def _changed(self, how: str) -> InvalidMessageError:
        return InvalidMessageError("attachment-changed", f"{self.part.path}: {how}.")

    def _piece(self, at: int) -> bytes:
        try:
            return os.pread(self._file, PIECE_BYTES, at)
        except OSError as error:
            raise InvalidMessageError("unreadable-file", f"{self.part.path}: {error.strerror}.") from error


class Submission:
    """The body of POST /v1/messages and POST /v1/drafts: length, table of parts, then their bytes."""

    def __init__(
        self,
        parts: Sequence[OpenPart],
        *,
        recipient: str | None,
        prio: Priority | None,
        expires_in_days: int | None,
        overrides: Sequence[Override],
        case_etag: str | None,
        progress: Progress | None,
        emergency: str | None = None,
    ) -> None:
        table: dict[str, Json] = {"parts": [_describe(part) for part in parts]}
        if recipient is not None:
            table["recipient"] = recipient
        if prio is not None:
            table["prio"] = prio.value
        if expires_in_days is not None:
            table["expires_in_days"] = expires_in_days
        if case_etag is not None:
            table["case_etag"] = case_etag
        if emergency is not None:
            table["emergency"] = emergency
        if overrides:
            table["overrides"] = [{"rule": each.rule, "reason": each.reason} for each in overrides]
        encoded = strict_json.encode(table)
        self._head = len(encoded).to_bytes(4, "big") + encoded
        self._parts = parts
        self._progress = progress
        self.size = len(self._head) + sum(part.size for part in parts)
        self.failure: EmlaError | None = None
        """Why the body ended before its end. The HTTP client only reports that it did."""

    async def body(self) -> AsyncIterator[bytes]:
        """The body, piece by piece."""
        yield self._head
        try:
            for part in self._parts:
                async for piece in part.pieces(self._progress):
                    yield piece
        except EmlaError as error:
            self.failure = error
            raise


def _describe(part: OpenPart) -> dict[str, Json]:
    description: dict[str, Json] = {
        "name": part.part.name,
        "media": part.part.media,
        "role": part.part.role.value,
        "size": part.size,
    }
    if part.part.sha256 is not None:
        description["sha256"] = part.part.sha256.hex()
    return description
