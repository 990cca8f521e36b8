"""The disk of a simulation: what a power cut leaves of files that were written and not synced, and a disk that fails.

SQLite runs on APSW with a VFS that notes each write until the next sync of its file; a power cut undoes them all and does some of
them again, whole or torn at a sector. For other files `os.fsync` and `os.rename` are noted: a file that was never synced loses
its end, a name that was moved, replaced or linked, or a new folder, is gone where its folder was never synced.

Rules of this file:
- The files are real and in their place: whoever reads the folder reads what the disk holds.
- The power is asked before each write, sync and new name: where it goes in the middle of a job, no more of these happen.
"""

import errno
import os
import random
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

import apsw

from emla.store import files
from emla.store.sqlite import schema, wal
from tests.simulation.apsw_connection import connect_reader, connect_writer
from tests.simulation.options import AS_ASKED

_RENAME = os.rename
_SECTOR_BYTES = 512
_WAL_BYTES_MAX = 300_000
"""So small that the WAL is copied back several times in a run."""
DISK_FULL, DISK_FAILED = apsw.FullError, apsw.IOError


@dataclass(slots=True)
class Write:
    """One write that no sync has followed yet; `data` is None for a file that was cut."""

    offset: int
    before: bytes
    size_before: int
    data: bytes | None


Fault = Callable[[str, str], type[Exception] | None]
"""Asked before each write and sync with the path and the call; the error it fails with, or None."""


def no_fault(path: str, call: str) -> None:
    """A disk that does what it is told."""


def stays_on(name: str) -> bool:
    """A machine that stays on."""
    return True


@dataclass(eq=False)
class Disk:
    """Every file below a folder, and what of it is not synced."""

    folder: Path
    chance: random.Random
    fault: Fault = no_fault
    has_power: Callable[[str], bool] = stays_on
    """Asked before each write, sync and new name, with the folder of whose disk it is."""
    dark: set[str] = field(default_factory=set)
    """Folders whose power is gone: nothing is written there until the cut has been made."""
    unsynced: dict[str, list[Write]] = field(default_factory=dict)
    synced_bytes: dict[int, int] = field(default_factory=dict)
    """How much of a file (by inode) was there at its last sync; SQLite's files are not in here."""
    named: list["Name"] = field(default_factory=list)
    """Names given since the last sync of their folder."""

    def cut(self, below: Path) -> list[str]:
        """The power is cut: undo what was not synced below a folder, and do some of it again.

        Returns:
            The names of SQLite's files that lost something.
        """
        prefix = f"{below}/"
        self.dark.discard(below.name)
        cut = [each for each in self.unsynced if each.startswith(prefix)]
        lost = [Path(path).name for path in cut if self._cut_file(path, self.unsynced.pop(path))]
        for file in _plain_files(below):
            found = file.stat()
            certain = self.synced_bytes.get(found.st_ino, 0)
            if found.st_size > certain:
                os.truncate(file, self.chance.randint(certain, found.st_size))
        for name in [each for each in reversed(self.named) if str(each.path).startswith(prefix)]:
            if self.chance.random() < 0.5:
                name.undo()
        self.named = [each for each in self.named if not str(each.path).startswith(prefix)]
        self._is_on_disk(below)
        for file in below.glob("*-shm"):
            file.unlink()
        return lost

    def _is_on_disk(self, below: Path) -> None:
        """What is there now is there for good."""
        for file in _plain_files(below):
            found = file.stat()
            # What a temporary name was left to will be written anew, from its first byte.
            self.synced_bytes[found.st_ino] = 0 if file.name.startswith(".") else found.st_size

    def _cut_file(self, path: str, writes: list[Write]) -> int:
        """How many writes were lost."""
        if not Path(path).exists():
            return 0
        lost = 0
        with Path(path).open("r+b") as file:
            for write in reversed(writes):
                file.seek(write.offset)
                file.write(write.before)
                file.truncate(write.size_before)
            kept = self.chance.choice((0.0, 0.0, 0.5, 0.9))
            for write in writes:
                if write.data is None or self.chance.random() >= kept:
                    lost += 1
                    continue
                end = len(write.data)
                if self.chance.random() < 0.2:
                    end = self.chance.randrange(0, end + 1) // _SECTOR_BYTES * _SECTOR_BYTES
                file.seek(write.offset)
                file.write(write.data[:end])
        return lost

    def needs_power(self, path: str | Path, error: Callable[[], Exception]) -> None:
        """Fail with an error where the power is gone, or goes now."""
        name = self._folder_of(path)
        if not name or (name not in self.dark and self.has_power(name)):
            return
        self.dark.add(name)
        raise error()

    def _folder_of(self, path: str | Path) -> str:
        """The folder of whose disk a file is; empty for what lies elsewhere."""
        above, place = f"{self.folder}/", str(path)
        return place.removeprefix(above).partition("/")[0] if place.startswith(above) else ""

    def write_came(self, path: str, write: Write) -> None:
        """Note a write of SQLite's."""
        self.unsynced.setdefault(path, []).append(write)

    def sync_came(self, path: str) -> None:
        """Note a sync of SQLite's."""
        self.unsynced.pop(path, None)

    # --- other files ---

    def fsync(self, descriptor: int) -> None:
        """What stands in the place of `os.fsync`."""
        found = os.fstat(descriptor)
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        self.needs_power(path, _dark)
        if str(path) in self.unsynced and self.fault(str(path), "sync"):
            raise OSError(errno.EIO, AS_ASKED)
        self.sync_came(str(path))
        self.synced_bytes[found.st_ino] = found.st_size
        self.named = [each for each in self.named if each.path.parent != path]

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Put this disk under everything that runs; what is there by now is there for good."""
        self._is_on_disk(self.folder)
        vfs = _Vfs(self)
        try:
            with (
                patch.object(os, "fsync", self.fsync),
                patch.object(os, "rename", self._noting(os.rename, _moved)),
                patch.object(os, "replace", self._noting(os.replace, _moved)),
                patch.object(os, "link", self._noting(os.link, _linked)),
                patch.object(os, "unlink", self._refusing(os.unlink)),
                patch.object(os, "mkdir", self._noting(os.mkdir, _made)),
                patch.object(wal, "_WAL_BYTES_MAX", _WAL_BYTES_MAX),
                # What no row points to is put aside at each start, not after a day: a row that is overlooked is found at once.
                patch.object(files, "_ORPHAN_SECONDS", -60),
                patch.object(
                    schema, "connect_writer", lambda path, **how: connect_writer(path, vfs.name, **how)
                ),
                patch.object(schema, "connect_reader", lambda path, **_: connect_reader(path, vfs.name)),
            ):
                yield
        finally:
            vfs.unregister()

    def _noting(self, call: Callable[..., None], undoing: Callable[..., "Name"]) -> Callable[..., None]:
        """A call that gives a name, in whose place another one also notes how the name goes away again."""

        def noted(*given: Any, **options: Any) -> None:
            name = undoing(*map(_path, given[:2]))
            self.needs_power(name.path, _dark)
            call(*given, **options)
            self.named.append(name)

        return noted

    def _refusing(self, call: Callable[..., None]) -> Callable[..., None]:
        """A call that does nothing where the power is gone: nobody tidies up there."""

        def refused(path: Any, **options: Any) -> None:
            if not options.get("dir_fd") and self._folder_of(path) in self.dark:
                raise _dark()
            call(path, **options)

        return refused


@dataclass(frozen=True, slots=True)
class Name:
    """A name that was given, and how it goes away where its folder was not synced."""

    path: Path
    undo: Callable[[], object]


def _path(given: Any) -> Any:
    return Path(given) if isinstance(given, str | os.PathLike) else given


def _moved(source: Path, target: Path) -> Name:
    before = target.read_bytes() if target.is_file() else None

    def undo() -> None:
        if target.exists():
            _RENAME(target, source)
        if before is not None:
            target.write_bytes(before)

    return Name(target, undo)


def _linked(source: Path, target: Path) -> Name:
    return Name(target, lambda: target.unlink(missing_ok=True))


def _made(path: Path, *_: object) -> Name:
    return Name(path, lambda: shutil.rmtree(path, ignore_errors=True))


def _plain_files(below: Path) -> list[Path]:
    """Every file that is none of SQLite's."""
    return sorted(each for each in below.rglob("*") if each.is_file() and ".db" not in each.name)


def _dark() -> OSError:
    return OSError(errno.EIO, AS_ASKED)


class _File(apsw.VFSFile):
    """A file of SQLite's, on the real file system."""

    def __init__(self, disk: Disk, name: Any, flags: list[int]) -> None:
        self._disk = disk
        self._path = name.filename() if isinstance(name, apsw.URIFilename) else str(name)
        super().__init__("", name, flags)

    def _may_fail(self, call: str) -> None:
        self._disk.needs_power(self._path, lambda: DISK_FAILED(AS_ASKED))
        error = self._disk.fault(self._path, call)
        if error is not None:
            raise error(AS_ASKED)

    def xWrite(self, data: Any, offset: int) -> None:  # noqa: N802 (APSW calls it so)
        self._may_fail("write")
        size = self.xFileSize()
        before = self.xRead(min(len(data), size - offset), offset) if offset < size else b""
        self._disk.write_came(self._path, Write(offset, bytes(before), size, bytes(data)))
        super().xWrite(data, offset)

    def xTruncate(self, newsize: int) -> None:  # noqa: N802 (APSW calls it so)
        self._disk.needs_power(self._path, lambda: DISK_FAILED(AS_ASKED))
        size = self.xFileSize()
        before = self.xRead(size - newsize, newsize) if newsize < size else b""
        self._disk.write_came(self._path, Write(newsize, bytes(before), size, None))
        super().xTruncate(newsize)

    def xSync(self, flags: int) -> None:  # noqa: N802 (APSW calls it so)
        self._may_fail("sync")
        super().xSync(flags)
        self._disk.sync_came(self._path)


class _Vfs(apsw.VFS):
    """The file system of one disk."""

    _count = 0

    def __init__(self, disk: Disk) -> None:
        _Vfs._count += 1
        self.name = f"emla-simulation-{_Vfs._count}"
        self._disk = disk
        super().__init__(self.name, "")

    def xOpen(self, name: Any, flags: list[int]) -> _File:  # noqa: N802 (APSW calls it so)
        return _File(self._disk, name, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: FBT001, N802 (APSW calls it so)
        self._disk.needs_power(filename, lambda: DISK_FAILED(AS_ASKED))
        self._disk.sync_came(filename)
        super().xDelete(filename, syncdir)
