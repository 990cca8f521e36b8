"""The life of a child process: load, confine, then one request after another until the socket ends.

Here: what the opener and the clerk have in common (`opener_child.py`, `clerk_child.py`). Rules of this file:
- Everything is read and tried once before the process is confined, and tried again after: what does not work confined fails at
  the start and not at the first request.
- Whatever is unexpected ends the process. Only the kind of the error and the lines it passed are written, never its words:
  they may quote what a document holds.
"""

import gc
import os
import re
import signal
import socket
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn, Protocol

from emla.formats.schema import Schemas
from emla.model.errors import ConfigurationError
from emla.sandbox.channel import Channel
from emla.sandbox.confine import Measure, allow_processor_seconds, confine, shield
from emla.sandbox.wire import Ready, Start, decode_start, encode_ready

DIED = 70
"""Exit status after an unexpected error (EX_SOFTWARE)."""
WORKING_BYTES_MIN = 16 * 1024 * 1024
"""Memory that must be left when everything is loaded."""


class Work(Protocol):
    """What one kind of child does."""

    frame_bytes_max: int
    """The longest request."""

    def load(self, start: Start, memory: "PeakMemory") -> None:
        """Read everything that is needed, while files can be read."""
        ...

    def attempt(self) -> None:
        """Do the work once, on an example of its own making; raise when it does not succeed."""
        ...

    def serve(self, channel: Channel) -> None:
        """Answer requests until the socket ends."""
        ...


class PeakMemory:
    """Tells whether this process was ever so near its limit that an allocation may have failed; never, until it has a limit."""

    def __init__(self) -> None:
        self._peak_bytes: Callable[[], int] = lambda: 0
        self._most_bytes = 0

    def is_tight(self) -> bool:
        """Whether an allocation may have failed."""
        return self._peak_bytes() > self._most_bytes

    def prepare(self) -> None:
        """Open what tells the peak: none can be opened later. (`getrusage` does not do: its peak begins with the parent's.)"""
        try:
            status = os.open("/proc/self/status", os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return

        def peak_bytes() -> int:
            found = re.search(rb"VmHWM:\s*(\d+) kB", os.pread(status, 8192, 0))
            return int(found[1]) * 1024 if found else 0

        self._most_bytes = 2**62
        self._peak_bytes = peak_bytes

    def limit(self, more_bytes: int) -> None:
        """From now on it is tight when there is so much more than there ever was."""
        self._most_bytes = self._peak_bytes() + more_bytes


def run(descriptor: int, work: Work) -> NoReturn:
    """Serve one socketpair, then end the process."""
    channel = Channel(socket.socket(fileno=descriptor), work.frame_bytes_max)
    try:
        status = _live(channel, work)
    except BrokenPipeError:
        status = 0
    except BaseException as error:  # noqa: BLE001 - whatever it is, it ends the process and says where
        _report(error)
        status = DIED
    # At once, and while the socket is open: to the parent the end of the socket is the end of the process.
    os._exit(status)


def _live(channel: Channel, work: Work) -> int:
    first = channel.receive()
    if first is None:
        return 0
    start = decode_start(first)
    first[:] = bytes(len(first))  # it may hold wrapping keys, and this buffer lives as long as the process
    try:
        measures = _prepare(start, work)
    except ConfigurationError as error:
        channel.send(encode_ready(Ready(code=error.code, detail=error.detail)))
        return 0
    channel.send(encode_ready(Ready(measures=measures)))
    work.serve(channel)
    return 0


def _prepare(start: Start, work: Work) -> tuple[Measure, ...]:
    # Ctrl-C at a terminal is for the parent, which ends us when it has finished.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    shield()
    if os.getppid() != start.parent:
        raise SystemExit(0)  # the parent died before the kernel was asked to tell
    allow_processor_seconds(start.cpu_seconds)
    memory = PeakMemory()
    work.load(start, memory)
    work.attempt()
    gc.collect()
    gc.freeze()
    memory.prepare()
    measures = confine(start.memory_bytes)
    bytearray(WORKING_BYTES_MIN)  # fails here, at the start, where the limit leaves too little to work with
    memory.limit(start.memory_bytes // 4)
    work.attempt()
    return measures


def load_schemas(folder: Path) -> Schemas:
    """Compile every schema now.

    Raises:
        ConfigurationError: ``unreadable-file``.
    """
    try:
        schemas = Schemas(folder)
        schemas.preload()
    except OSError as error:
        raise ConfigurationError("unreadable-file", f"The schemas in {folder} cannot be read.") from error
    return schemas


def _report(error: BaseException) -> None:
    """Say what ended the process and where, without the error's words."""
    places = [
        f"{Path(frame.f_code.co_filename).name}:{line}"
        for frame, line in traceback.walk_tb(error.__traceback__)
    ]
    os.write(2, f"{type(error).__name__} at {' '.join(places)}\n".encode()[-2000:])
