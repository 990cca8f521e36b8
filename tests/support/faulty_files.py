"""Files that fail at the k-th call: a journey is told once that the disk is full or broken, or that a sync failed.

Every call that changes something below a folder counts: opening for writing, each write, fsync (of files and folders), link,
rename, mkdir. With no fault chosen they are only counted, so that a test can try each of them in turn. `Fault.SYNC` strikes fsync
alone, after which nobody knows what the disk holds.
"""

import errno
import io
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum
from pathlib import Path
from typing import Any
from unittest import mock


class Fault(Enum):
    """What the failing call says."""

    FULL = errno.ENOSPC
    BROKEN = errno.EIO
    SYNC = -errno.EIO


class FaultyFiles:
    """Counts calls, and lets one of them fail."""

    def __init__(self, folder: Path, fault: Fault, at: int | None) -> None:
        self._folder = folder.resolve()
        self._fault = fault
        self._at = at
        self.calls: list[str] = []

    @property
    def struck(self) -> bool:
        """Whether the call that was to fail came."""
        return self._at is not None and len(self.calls) > self._at

    def strike(self, name: str, place: object) -> None:
        """Count a call below the folder; fail if it is the one."""
        if not self._is_below(place) or (self._fault is Fault.SYNC and name != "fsync"):
            return
        self.calls.append(name)
        if len(self.calls) - 1 == self._at:
            number = abs(self._fault.value)
            raise OSError(number, os.strerror(number))

    def _is_below(self, place: object) -> bool:
        if isinstance(place, int):
            try:
                place = str(Path(f"/proc/self/fd/{place}").readlink()).removesuffix(" (deleted)")
            except OSError:
                return False
        if not isinstance(place, str | os.PathLike):
            return False
        return Path(os.path.abspath(place)).is_relative_to(self._folder)  # noqa: PTH100 (no link is followed)


class _Watched(io.FileIO):
    """A raw file whose writes are counted."""

    faults: FaultyFiles

    def write(self, data: Any) -> int:
        self.faults.strike("write", self.fileno())
        return super().write(data)


@contextmanager
def faulty_files(folder: Path, fault: Fault, at: int | None = None) -> Iterator[FaultyFiles]:
    """Let call number `at` (from 0) below a folder fail, in this block."""
    faults = FaultyFiles(folder, fault, at)
    opened, io_opened = os.open, io.open

    def struck(name: str, real: Callable[..., Any], place_of: int = 0) -> Callable[..., Any]:
        def call(*words: Any, **named: Any) -> Any:
            faults.strike(name, words[place_of])
            return real(*words, **named)

        return call

    def open_descriptor(path: Any, flags: int, *words: Any, **named: Any) -> int:
        if flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            faults.strike("open", path)
        return opened(path, flags, *words, **named)

    def open_file(file: Any, mode: str = "r", buffering: int = -1, *words: Any, **named: Any) -> Any:
        if not set(mode) & set("wax+"):
            return io_opened(file, mode, buffering, *words, **named)
        if not isinstance(file, int):
            faults.strike("open", file)
        if "b" not in mode or "+" in mode:
            return io_opened(file, mode, buffering, *words, **named)
        raw = _Watched(file, mode.replace("b", ""))
        raw.faults = faults
        return raw if buffering == 0 else io.BufferedWriter(raw)

    with (
        mock.patch("os.open", open_descriptor),
        mock.patch("io.open", open_file),
        mock.patch("os.fsync", struck("fsync", os.fsync)),
        mock.patch("os.link", struck("link", os.link, 1)),
        mock.patch("os.rename", struck("rename", os.rename, 1)),
        mock.patch("os.replace", struck("replace", os.replace, 1)),
        mock.patch("os.mkdir", struck("mkdir", os.mkdir)),
    ):
        yield faults


def each_call(
    folder: Path, fault: Fault, prepare: Callable[[], None], attempt: Callable[[], None], most: int = 400
) -> Iterator[int]:
    """Run an attempt once for each of its calls, which fails; until one comes through without meeting its fault.

    What it begins with is prepared each time, without faults.
    """
    for at in range(most):
        prepare()
        with faulty_files(folder, fault, at) as faults:
            attempt()
        if not faults.struck:
            return
        yield at
    raise AssertionError(f"more than {most} calls")
