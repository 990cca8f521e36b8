"""Blobs as local files: temporary file, fsync, rename to the SHA-256 name, fsync of the folder. Then, and only then, a row.

A crash before the rename leaves a temporary file, swept at the next start; a crash after it leaves a blob without a row,
swept after a day, because an upload may still be on its way to its row.
"""

import contextlib
import errno
import os
import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from emla.model.errors import StoreError

_ORPHAN_SECONDS = 86400
_BLOB_NAME = re.compile(r"[0-9a-f]{64}", re.ASCII)


def store_error(error: OSError) -> StoreError:
    """Say what a failed file operation means."""
    full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    return StoreError("disk-full" if full else "store-failed", error.strerror or "")


class FileBlobWriter:
    """One temporary file on its way to its name."""

    def __init__(self, folder: Path, temporary: Path, count_sync: Callable[[], None]) -> None:
        self._folder = folder
        self._temporary = temporary
        self._count_sync = count_sync
        self._file = temporary.open("xb", buffering=0)

    def write(self, data: bytes | memoryview) -> None:
        """Append bytes."""
        view = memoryview(data)
        try:
            while view:
                view = view[self._file.write(view) :]
        except OSError as error:
            raise store_error(error) from error

    def keep(self, sha256: bytes) -> Path:
        """Make the bytes durable under their name."""
        target = blob_path(self._folder, sha256)
        try:
            os.fsync(self._file.fileno())
            self._file.close()
            target.parent.mkdir(exist_ok=True)
            self._temporary.rename(target)
            for folder in (target.parent, target.parent.parent):
                sync_folder(folder)
        except OSError as error:
            raise store_error(error) from error
        self._count_sync()
        return target

    def drop(self) -> None:
        """Throw the temporary file away; harmless after `keep`."""
        self._file.close()
        with contextlib.suppress(FileNotFoundError):
            self._temporary.unlink()


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def blob_path(folder: Path, sha256: bytes) -> Path:
    """Where the blob of this name lies: two hexadecimal digits, then the whole name."""
    name = sha256.hex()
    return folder / name[:2] / name


class FileBlobs:
    """Implements `emla.ports.blobs.Blobs` on a folder."""

    def __init__(self, data: Path, entropy: Callable[[int], bytes]) -> None:
        self._folder = data / "blobs"
        self._temporary = data / "tmp"
        self._entropy = entropy
        self.kept = 0
        """Blobs made durable; each is three fsyncs."""
        for folder in (self._folder, self._temporary):
            folder.mkdir(mode=0o700, exist_ok=True)
        # What lies in a folder whose own name is lost is lost with it; a start before this one may have ended right here.
        sync_folder(data)

    def begin(self) -> FileBlobWriter:
        """Start a blob."""
        try:
            return FileBlobWriter(self._folder, self._temporary / self._entropy(16).hex(), self._count)
        except OSError as error:
            raise store_error(error) from error

    def _count(self) -> None:
        self.kept += 1

    def path(self, sha256: bytes) -> Path:
        """Where the blob of this name lies."""
        return blob_path(self._folder, sha256)

    def take_away(self, sha256: bytes) -> Path | None:
        """Take a blob's name away at once; return what is left to unlink, None when there is none."""
        temporary = self._temporary / self._entropy(16).hex()
        try:
            blob_path(self._folder, sha256).rename(temporary)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise store_error(error) from error
        return temporary

    def erase(self, sha256: bytes) -> None:
        """Unlink a blob, durably: after a power cut its name does not come back."""
        path = blob_path(self._folder, sha256)
        try:
            path.unlink(missing_ok=True)
            if path.parent.is_dir():
                sync_folder(path.parent)
        except OSError as error:
            raise store_error(error) from error

    def free_bytes(self) -> int:
        """Free space where blobs are written, in bytes."""
        return shutil.disk_usage(self._folder).free

    def total_bytes(self) -> int:
        """Size of the volume where blobs are written, in bytes."""
        return shutil.disk_usage(self._folder).total

    def sweep(self, is_known: Callable[[bytes], bool]) -> int:
        """Remove what crashes left: every temporary file, and day-old blobs that no row points to.

        Args:
            is_known: whether a row points to the blob of this name.

        Returns:
            How many files were removed.
        """
        removed = 0
        for path in self._temporary.iterdir():
            path.unlink()
            removed += 1
        oldest = time.time() - _ORPHAN_SECONDS
        for path in self._folder.glob("??/*"):
            if not _BLOB_NAME.fullmatch(path.name):
                continue  # not ours, and no reason not to start
            if path.stat().st_mtime < oldest and not is_known(bytes.fromhex(path.name)):
                path.unlink()
                removed += 1
        return removed
