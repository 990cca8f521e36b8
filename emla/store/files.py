"""Blobs as local files: temporary file, fsync, rename to the SHA-256 name, fsync of the folder. Then, and only then, a row.

A crash before the rename leaves a temporary file, swept at the next start; a crash after it leaves a blob without a row, put
aside by a start once it is a day old, and removed when it has lain there for thirty. For a blob that no row names may be all
there is of a payload: somebody may have put an older database beside it.
"""

import contextlib
import errno
import logging
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from emla.model.errors import StoreError

logger = logging.getLogger("emla.files")

ASIDE = "blobs-aside"
"""Where in a data folder a start puts the blobs that no row points to."""
ASIDE_DAYS = 30
_ORPHAN_SECONDS = 86400
_BLOB_NAME = re.compile(r"[0-9a-f]{64}", re.ASCII)
_FOLDER_NAME = re.compile(r"[0-9a-f]{2}", re.ASCII)


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


def blobs_aside(data: Path) -> int:
    """How many blobs lie aside in a data folder.

    Raises:
        OSError: the folder is there and cannot be read.
    """
    folder = data / ASIDE
    return sum(bool(_BLOB_NAME.fullmatch(path.name)) for path in folder.iterdir()) if folder.is_dir() else 0


class _OnePath:
    """What a disk says of one path ends no start: it is told, and the sweep goes on with the next one."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        """Nothing is to be got ready."""

    def __exit__(self, kind: object, error: object, trace: object) -> bool:
        # What is not there went meanwhile: a backup that is being made takes the name of its copy away itself.
        if isinstance(error, OSError) and not isinstance(error, FileNotFoundError):
            detail = f"{self._path.parent.name}: {error.strerror}"
            logger.error("file not swept", extra={"code": store_error(error).code, "detail": detail})
        return isinstance(error, OSError)


def _files_in(folder: Path) -> list[Path]:
    with _OnePath(folder):
        return list(folder.iterdir())
    return []


def _blobs_in(folder: Path) -> Iterator[tuple[Path, bytes]]:
    """The blobs of a folder and their names. Whatever else lies there is not ours, and no reason not to start."""
    for path in _files_in(folder):
        if _BLOB_NAME.fullmatch(path.name):
            yield path, bytes.fromhex(path.name)


class FileBlobs:
    """Implements `emla.ports.blobs.Blobs` on a folder."""

    def __init__(self, data: Path, entropy: Callable[[int], bytes]) -> None:
        self._folder = data / "blobs"
        self._temporary = data / "tmp"
        self._aside = data / ASIDE
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
        """Unlink a blob, durably, wherever it lies: after a power cut its name does not come back."""
        try:
            for path in (blob_path(self._folder, sha256), self._aside / sha256.hex()):
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

    def sweep(self, is_known: Callable[[bytes], bool], is_erased: Callable[[bytes], bool]) -> int:
        """Tidy up what crashes left: temporary files go, day-old blobs that no row points to are put aside.

        What was put aside comes back when a row points to it: an older database was put here, and now the right one is. It goes
        when nobody has missed it for thirty days. What was erased goes at once, wherever it lies.

        Args:
            is_known: whether a row points to the blob of this name.
            is_erased: whether a row says that the blob of this name was erased.

        Returns:
            How many files were removed.
        """
        moved: set[Path] = set()
        removed = sum(self._removed(path) for path in _files_in(self._temporary))
        now = time.time()
        for path, sha256 in _blobs_in(self._aside):
            if is_known(sha256):
                self._move(path, blob_path(self._folder, sha256), moved)
            elif is_erased(sha256) or self._is_older(path, now - ASIDE_DAYS * 86400):
                removed += self._removed(path)
        for folder in _files_in(self._folder):
            for path, sha256 in _blobs_in(folder) if _FOLDER_NAME.fullmatch(folder.name) else ():
                if is_known(sha256):
                    continue
                if is_erased(sha256):
                    removed += self._removed(path)
                elif self._is_older(path, now - _ORPHAN_SECONDS):
                    self._move(path, self._aside / path.name, moved)
        for changed in moved:
            with _OnePath(changed):
                sync_folder(changed)
        if aside := sum(1 for _ in _blobs_in(self._aside)):
            logger.warning("payloads aside", extra={"count": aside})
        return removed

    @staticmethod
    def _removed(path: Path) -> bool:
        with _OnePath(path):
            path.unlink()
            return True
        return False

    @staticmethod
    def _is_older(path: Path, instant: float) -> bool:
        with _OnePath(path):
            return path.stat().st_mtime < instant
        return False

    @staticmethod
    def _move(path: Path, target: Path, moved: set[Path]) -> None:
        """Move a blob to another folder, where its days are counted from now on."""
        with _OnePath(path):
            target.parent.mkdir(mode=0o700, exist_ok=True)
            # Before the rename: a crash in between leaves it where it was for a day more, and not aside with its days over.
            os.utime(path)
            path.rename(target)
            moved.update((path.parent, target.parent, target.parent.parent))
