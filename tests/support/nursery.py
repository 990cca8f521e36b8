"""Processes of servers and commands, forked from one that has imported what they run: importing it costs more than most tests do.

Here: the nursery, one for each process that tests run in, as it is seen from there, and `Forked`, which is asked as a
`subprocess.Popen` is. What is forked runs the same program as one that is not, in a process of its own, with streams, terminal,
environment and folder of its own (`nursery_process`); openers and clerks of a server are forked as well (`seedbed`). What
differs: modules are imported already, hashes of texts are the nursery's, and so are command line and environment as /proc shows
them.
"""

import atexit
import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.support import nursery_process


class NurseryGoneError(ImportError):
    """There is no nursery any more. For ablation nothing works then, and no promise was broken: hence its kind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a process is to be."""

    program: str
    """Python, run as the main module."""
    words: Sequence[str] = ()
    """What follows its name in `sys.argv`."""
    environment: dict[str, str]
    folder: str = ""
    """Where it starts; empty: where the nursery is, the root of the project."""
    prepared: str
    """What is imported before the first of its kind is forked (`nursery_process.PREPARED`)."""


class Forked:
    """A process that the nursery forked."""

    def __init__(self, nursery: "Nursery", pid: int) -> None:
        self._nursery = nursery
        self._ended = os.pidfd_open(pid)
        self._lock = threading.Lock()
        self.pid = pid
        self.returncode: int | None = None

    def __del__(self) -> None:
        """Say that a test left it running, as `subprocess` does."""
        os.close(self._ended)
        if self.returncode is None:
            warnings.warn(
                f"the process {self.pid} is still running", ResourceWarning, source=self, stacklevel=1
            )

    def poll(self) -> int | None:
        """What it ended with, below 0 the signal; None while it runs."""
        return self._end(0)

    def wait(self, timeout: float | None = None) -> int:
        """Wait until it has ended.

        Raises:
            subprocess.TimeoutExpired: it runs still.
        """
        code = self._end(timeout)
        if code is None:
            raise subprocess.TimeoutExpired("a forked process", timeout or 0.0)
        return code

    def send_signal(self, number: int) -> None:
        """Send it a signal, unless it has ended."""
        with self._lock:
            if self.returncode is None:
                signal.pidfd_send_signal(self._ended, number)

    def abandon(self) -> None:
        """End it without asking the nursery, which may be asked just now; nobody hears what it ended with."""
        if self.returncode is None:
            with contextlib.suppress(ProcessLookupError):  # it has ended by itself
                signal.pidfd_send_signal(self._ended, signal.SIGKILL)
            self.returncode = -signal.SIGKILL

    def _has_ended(self, seconds: float | None) -> bool:
        asked = select.poll()
        asked.register(self._ended, select.POLLIN)
        return bool(asked.poll(None if seconds is None else seconds * 1000))

    def _end(self, seconds: float | None) -> int | None:
        """What it ended with, when it has within so many seconds: asked once, whoever waits."""
        if self.returncode is None and self._has_ended(seconds):
            with self._lock:
                if self.returncode is None:
                    self.returncode = self._nursery.ask({"ended": self.pid})
        return self.returncode


class Nursery:
    """The process that forks, seen from the one that tests run in. Asked by one thread at a time."""

    def __init__(self, line: socket.socket, process: "subprocess.Popen[bytes] | _Copy") -> None:
        self.owner = os.getpid()
        self._lock = threading.Lock()
        self._line = line
        self._process = process

    @classmethod
    def started(cls, root: Path) -> "Nursery":
        """A program of its own."""
        line, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            process = subprocess.Popen(
                [sys.executable, "-m", nursery_process.__name__, str(theirs.fileno())],
                cwd=root,
                env=os.environ | {"PYTHONPATH": str(root)},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
            )
        return cls(line, process)

    @classmethod
    def copied(cls) -> "Nursery":
        """A copy of this process as it is now, which must have one thread: what is imported here is there."""
        line, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            pid = os.fork()
            if pid == 0:
                nursery_process.live_here(theirs)
        return cls(line, _Copy(pid))

    def fork(self, order: Order, streams: tuple[int, int, int]) -> Forked:
        """Run a program.

        Args:
            order: what it is to be.
            streams: descriptors of its input, output and errors. A terminal becomes its own.
        """
        return Forked(self, self.ask(asdict(order), streams))

    def ask(self, what: Mapping[str, object], descriptors: Sequence[int] = ()) -> int:
        """One question there, one number back.

        Raises:
            NurseryGoneError: it has ended; nothing that it forked can be waited for.
        """
        line = json.dumps(what).encode()
        with self._lock:
            try:
                socket.send_fds(self._line, [line], descriptors)
                return int(self._line.recv(32))
            except (OSError, ValueError) as error:
                raise NurseryGoneError from error
            except BaseException:
                self._process.kill()  # the test was stopped: an answer that nobody took would be taken for the next one
                raise

    def lives(self) -> bool:
        """Whether it can be asked."""
        return self._process.poll() is None

    def close(self) -> None:
        """End it, if it is ours. What it forked goes on, as children of nobody here."""
        if self.owner == os.getpid():
            self._line.close()
            self._process.wait()


@dataclass(slots=True)
class _Copy:
    """A child of this process, asked as a `subprocess.Popen` is."""

    pid: int
    returncode: int | None = None

    def poll(self) -> int | None:
        """What it ended with; None while it runs."""
        return self._taken(os.WNOHANG)

    def wait(self) -> int | None:
        """Wait until it has ended."""
        return self._taken(0)

    def kill(self) -> None:
        """End it."""
        if self.returncode is None:
            os.kill(self.pid, signal.SIGKILL)

    def _taken(self, how: int) -> int | None:
        if self.returncode is None:
            pid, status = os.waitpid(self.pid, how)
            self.returncode = os.waitstatus_to_exitcode(status) if pid else None
        return self.returncode


_kept: list[Nursery] = []


def nursery(root: Path) -> Nursery:
    """The nursery of this process, which ends with it."""
    if not _kept or _kept[-1].owner != os.getpid() or not _kept[-1].lives():
        _keep(Nursery.started(root))
    return _kept[-1]


def plant() -> None:
    """From now on the nursery of this process, which must have one thread, is a copy of it."""
    _keep(Nursery.copied())


def _keep(one: Nursery) -> None:
    _kept.append(one)
    atexit.register(one.close)
