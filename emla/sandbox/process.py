"""One running child process as the parent holds it: its socket, what is not yet sent, what has come, and how it ended."""

import os
import signal
import socket
import subprocess
import sys
import sysconfig
from array import array
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path

import emla
from emla.sandbox.frames import Frames
from emla.sandbox.wire import ANSWER_BYTES_MAX, Start, encode_start

Buffers = Sequence[bytes | memoryview]

_REPORT_BYTES_MAX = 4096
_ANSWERS_BYTES = 1024 * 1024
"""So much the child may say before it is read, as far as the system allows."""


class Child:
    """A child process, started by making this, ended by `end`. The socket does not block."""

    def __init__(self, program: str, start: Start) -> None:
        """Start it.

        Args:
            program: the module to run.
            start: its first frame.
        """
        self.socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.setblocking(False)
        # Else a child with answers to several requests waits until the first of them are read.
        theirs.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _ANSWERS_BYTES)
        self.unsent: deque[tuple[list[memoryview], int | None]] = deque()
        """What the socket did not take: bytes, and the descriptor that goes with their first."""
        self._frames = Frames(ANSWER_BYTES_MAX)
        with theirs:
            self.process = start_program(program, theirs.fileno())
        self.send((encode_start(start),), None)

    def send(self, buffers: Buffers, descriptor: int | None) -> None:
        """Send in one gathered write; what the socket does not take waits for `flush`. Closes the descriptor when it is sent."""
        self.unsent.append(([memoryview(each) for each in buffers], descriptor))
        if len(self.unsent) == 1:
            self.flush()

    def flush(self) -> None:
        """Send what waits, as far as the socket takes it."""
        while self.unsent:
            views, descriptor = self.unsent[0]
            sent = self._send(views, descriptor)
            if not sent:
                return
            _close(descriptor)
            self.unsent.popleft()
            if left := _after(views, sent):
                self.unsent.appendleft((left, None))

    def _send(self, buffers: list[memoryview], descriptor: int | None) -> int:
        ancillary = (
            [] if descriptor is None else [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array("i", [descriptor]))]
        )
        try:
            return self.socket.sendmsg(buffers, ancillary)
        except OSError:
            # The socket is full, or the child is gone; the second shows as the end of what can be read.
            return 0

    def receive(self) -> bool:
        """Take what has come; false when the child has closed its end. Bodies from `frames` end here."""
        try:
            count = self.socket.recv_into(self._frames.room())
        except BlockingIOError:
            return True
        except OSError:
            return False
        self._frames.came(count)
        return count > 0

    def frames(self) -> Iterator[memoryview]:
        """Every whole frame that has come; the rest is kept."""
        while (body := self._frames.take()) is not None:
            yield body

    def end(self) -> str:
        """Kill, reap and say how it ended. Blocks until the kernel has taken the process away: milliseconds."""
        self.socket.close()
        for _, descriptor in self.unsent:
            _close(descriptor)
        self.unsent.clear()
        self.process.kill()
        status = self.process.wait()
        said = b""
        if self.process.stderr:
            with self.process.stderr as stderr:
                said = os.read(stderr.fileno(), _REPORT_BYTES_MAX)
        if status == -signal.SIGXCPU:
            return "used up its processor time"
        if status < 0:
            return f"was ended by {signal.Signals(-status).name}"
        return f"ended with status {status} {said.decode('ascii', 'replace').strip()}".rstrip()


def start_program(program: str, descriptor: int) -> "subprocess.Popen[bytes]":
    """Start a module of ours in a process that has this descriptor and nothing else of us."""
    return subprocess.Popen(
        (sys.executable, "-P", "-m", program, str(descriptor)),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        pass_fds=(descriptor,),
        env=child_environment(),
        start_new_session=True,
    )


def _after(views: list[memoryview], sent: int) -> list[memoryview]:
    """What is left of these when so many bytes of them are gone."""
    for place, view in enumerate(views):
        if sent < len(view):
            return [view[sent:], *views[place + 1 :]]
        sent -= len(view)
    return []


def _close(descriptor: int | None) -> None:
    if descriptor is not None:
        os.close(descriptor)


def child_environment() -> dict[str, str]:
    """What a child inherits: nothing but where to find this very code."""
    own = str(Path(emla.__file__).resolve().parent.parent)
    installed = own in (sysconfig.get_path("purelib"), sysconfig.get_path("platlib"))
    folders = ([] if installed else [own]) + [each for each in (os.environ.get("PYTHONPATH"),) if each]
    return {"PYTHONPATH": os.pathsep.join(folders)} if folders else {}
