"""A program of the ministry's as `Scanner`: it reads the part from standard input, or a file in memory, and ends with a status.

Rules of this file:
- The part never touches a disk: it goes through a pipe, or lies in memory (`{file}` among the arguments); what the program makes
  of it while it unpacks lies in memory, too, and goes away with it.
- Of the program only its status counts, and that it took every byte; of what it says only the name of what it found.
- It ends in time, with all processes of its group; what its descendants hold open is not waited for.
- It inherits nothing: an environment of its own, three descriptors, and the file.
"""

import array
import asyncio
import contextlib
import fcntl
import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import termios
from collections.abc import AsyncIterator, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Self, cast

from emla.model.scan import UNNAMED, Scanned, ScanVerdict
from emla.sandbox.process import child_environment
from emla.sandbox.scan_child import BEGUN, CANNOT_START
from emla.sandbox.scan_clamd import found_or_limit

FILE = "{file}"
MEMORY = Path("/dev/shm")  # noqa: S108 (a file system in memory, and in it a folder of our own)
_SAID_BYTES_MAX = 4096
_FOUND = re.compile(r"^.*?: (\S.*) FOUND$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How the program ended: its status, what it said, and how many bytes it left."""

    status: int
    said: bytes
    left: int = 0


def sweep(data: Path) -> None:
    """Remove what scans have left in memory that were cut off; call this while the data folder is locked."""
    for each in MEMORY.glob(f"{_prefix(data)}*"):
        shutil.rmtree(each, ignore_errors=True)


def _prefix(data: Path) -> str:
    return f"emla-scan-{hashlib.sha256(os.fsencode(data.resolve())).hexdigest()[:16]}-"


class CommandScanner:
    """Implements `emla.ports.scanner.Scanner`."""

    kind = "command"

    def __init__(self, command: tuple[str, ...], *, found_status: int, seconds: int, closed: Path) -> None:
        """Args: program and arguments; the status for a finding; how long it may take; a folder that it cannot read."""
        self._command = command
        self._found_status = found_status
        self._seconds = seconds
        self._closed = closed

    async def scan(self, pieces: AsyncIterator[bytes], size: int) -> Scanned:
        """Scan a part."""
        way = self._with_file if any(FILE in each for each in self._command) else self._with_pipe
        try:
            async with asyncio.timeout(self._seconds):
                with tempfile.TemporaryDirectory(
                    prefix=_prefix(self._closed), dir=MEMORY, ignore_cleanup_errors=True
                ) as place:
                    return self._read(await way(place, pieces))
        except TimeoutError:
            return _failed(f"The scanner took more than {self._seconds} s.")
        except OSError as error:
            return _failed(f"The scanner cannot be started: {error.strerror or error}.")

    def _read(self, ended: Ended) -> Scanned:
        if not ended.said.startswith(BEGUN) or ended.status == CANNOT_START:
            return _failed("The scanner cannot be started: its program is not there, or not for this user.")
        if ended.status == self._found_status:
            names = _FOUND.findall(ended.said.removeprefix(BEGUN).decode("utf-8", "replace"))
            return found_or_limit(names[0] if names else UNNAMED)
        if ended.status < 0:
            return _failed(f"The scanner was ended by signal {-ended.status}.")
        if ended.status:
            return _failed(f"The scanner ended with status {ended.status}.")
        if ended.left:
            return _failed("The scanner said clean, and has not read the part.")
        return Scanned(verdict=ScanVerdict.CLEAN)

    async def _with_pipe(self, place: str, pieces: AsyncIterator[bytes]) -> Ended:
        reading, writing = os.pipe2(os.O_CLOEXEC)
        # We keep the reading end, too: what is left in it tells whether the program has read everything.
        with os.fdopen(reading, "rb") as ours, contextlib.ExitStack() as stack:
            feeding = stack.enter_context(os.fdopen(writing, "wb", buffering=0))
            with _Running(self._words(place, self._command), ours.fileno(), ()) as running:
                await running.until_ended(_feed(feeding, pieces))
                feeding.close()
                status = await running.status()
                return Ended(status=status, said=running.said(), left=_left_in(ours.fileno()))

    async def _with_file(self, place: str, pieces: AsyncIterator[bytes]) -> Ended:
        file = os.memfd_create("part", os.MFD_CLOEXEC)
        with os.fdopen(file, "wb", buffering=0) as memory:
            async for piece in pieces:
                _write_all(memory, piece)
            words = tuple(each.replace(FILE, f"/proc/self/fd/{file}") for each in self._command)
            with _Running(self._words(place, words), subprocess.DEVNULL, (file,)) as running:
                return Ended(status=await running.status(), said=running.said())

    def _words(self, place: str, command: tuple[str, ...]) -> tuple[str, ...]:
        start = (sys.executable, "-P", "-m", "emla.sandbox.scan_child")
        return (*start, str(self._closed), place, *command)


class _Running:
    """The program while it runs. Ended, with its whole group, when the block is left."""

    def __init__(self, words: tuple[str, ...], given: int, passed: tuple[int, ...]) -> None:
        self._process = subprocess.Popen(
            words,
            stdin=given,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            pass_fds=passed,
            env=child_environment(),
            start_new_session=True,
        )
        self._loop = asyncio.get_running_loop()
        self._ended = asyncio.Event()
        self._output = cast(IO[bytes], self._process.stdout)
        self._said = b""
        os.set_blocking(self._output.fileno(), False)
        self._life = os.pidfd_open(self._process.pid)

    def __enter__(self) -> Self:
        self._loop.add_reader(self._life, self._end)
        self._loop.add_reader(self._output.fileno(), self._hear)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.remove_reader(self._life)
        self._loop.remove_reader(self._output.fileno())
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        os.close(self._life)
        self._output.close()

    def _end(self) -> None:
        self._loop.remove_reader(self._life)
        self._ended.set()

    def _hear(self) -> None:
        """Take what it says; what is too much is taken and forgotten, so that it need not wait for us."""
        try:
            some = os.read(self._output.fileno(), 65536)
        except BlockingIOError:
            return
        self._said = (self._said + some)[:_SAID_BYTES_MAX]
        if not some:
            self._loop.remove_reader(self._output.fileno())

    def said(self) -> bytes:
        """The beginning of what it said."""
        self._hear()
        return self._said

    async def until_ended(self, feeding: Coroutine[None, None, None]) -> None:
        """Feed it; stop when it has ended."""
        feed, end = asyncio.create_task(feeding), asyncio.create_task(self._ended.wait())
        try:
            await asyncio.wait((feed, end), return_when=asyncio.FIRST_COMPLETED)
            if feed.done():
                feed.result()
        finally:
            for task in (feed, end):
                task.cancel()
            await asyncio.gather(feed, end, return_exceptions=True)

    async def status(self) -> int:
        """Wait for its end."""
        await self._ended.wait()
        return self._process.wait()


async def _feed(pipe: IO[bytes], pieces: AsyncIterator[bytes]) -> None:
    """Write the part into a pipe, as fast as it is read."""
    loop, descriptor = asyncio.get_running_loop(), pipe.fileno()
    os.set_blocking(descriptor, False)
    async for piece in pieces:
        view = memoryview(piece)
        while view:
            try:
                view = view[os.write(descriptor, view) :]
            except BlockingIOError:
                room: asyncio.Future[None] = loop.create_future()
                loop.add_writer(descriptor, _there_is, room)
                try:
                    await room
                finally:
                    loop.remove_writer(descriptor)


def _there_is(room: "asyncio.Future[None]") -> None:
    if not room.done():
        room.set_result(None)


def _write_all(file: IO[bytes], piece: bytes) -> None:
    view = memoryview(piece)
    while view:
        view = view[file.write(view) :]


def _left_in(pipe: int) -> int:
    """How many bytes nobody has read."""
    count = array.array("i", [0])
    fcntl.ioctl(pipe, termios.FIONREAD, count)
    return count[0]


def _failed(detail: str) -> Scanned:
    return Scanned(verdict=ScanVerdict.FAILED, detail=detail)
