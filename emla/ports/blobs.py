"""Blobs: sealed payloads too large for a row. A blob's name is the SHA-256 of its bytes.

Contract: when `keep` returns, the bytes and their name survive a power cut. A row may point to a blob only after that. Blobs
that no row points to are orphans: a start puts them aside after a grace period, and removes them after a longer one.
"""

from pathlib import Path
from typing import Protocol


class BlobWriter(Protocol):
    """One blob being written. Used from one thread at a time; not yet visible to anybody."""

    def write(self, data: bytes | memoryview) -> None:
        """Append bytes.

        Raises:
            StoreError: ``disk-full`` or ``store-failed``.
        """
        ...

    def keep(self, sha256: bytes) -> Path:
        """Make it durable under its name; return where it lies. Keeping the same name twice is harmless."""
        ...

    def drop(self) -> None:
        """Throw it away. Harmless after `keep`."""
        ...


class Blobs(Protocol):
    """Where blobs live."""

    def begin(self) -> BlobWriter:
        """Start a blob."""
        ...

    def path(self, sha256: bytes) -> Path:
        """Where the blob of this name lies."""
        ...

    def take_away(self, sha256: bytes) -> Path | None:
        """Take a blob's name away at once, when no row points to it any more; return what is left to unlink, which may take
        its time. A crash before that leaves a temporary file, which the next start sweeps.
        """
        ...

    def erase(self, sha256: bytes) -> None:
        """Unlink a blob that no row points to any more, durably, also where it was put aside; harmless when there is none.

        Raises:
            StoreError: ``store-failed``.
        """
        ...

    def free_bytes(self) -> int:
        """Free space, in bytes, where blobs are written."""
        ...

    def total_bytes(self) -> int:
        """Size, in bytes, of the volume where blobs are written."""
        ...
