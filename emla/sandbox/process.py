"""One running opener process as the parent holds it: its socket, what is not yet sent, what has come, and how it ended."""

import os
import signal
import socket
import subprocess
import sys
import sysconfig
from array import array
from collections import deque
from pathlib import Path

import emla
from emla.sandbox.wire import ANSWER_BYTES_MAX, LENGTH, Start, WireError, encode_start

_READ_BYTES = 256 * 1024
_REPORT_BYTES_MAX = 4096


class Child:
    """A child process, started by making this, ended by `end`. The socket does not block."""

    def __init__(self, start: Start) -> None:
        self.socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.setblocking(False)
        self.unsent: deque[tuple[memoryview, int | None]] = deque()
        """What the socket did not take: bytes, and the descriptor that goes with their first."""
        self._received = bytearray()
        with theirs:
            self.process = subprocess.Popen(
                (sys.executable, "-P", "-m", "emla.sandbox.child", str(theirs.fileno())),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                pass_fds=(theirs.fileno(),),
                env=_environment(),
                start_new_session=True,
            )
        self.send((encode_start(start),), None)

    def send(self, buffers: tuple[bytes, ...], descriptor: int | None) -> None:
        """Send in one gathered write; what the socket does not take waits for `flush`. Closes the descriptor when it is sent."""
        sent = 0 if self.unsent else self._send(buffers, descriptor)
        if sent:
            _close(descriptor)
            descriptor = None
        if sent < sum(map(len, buffers)):
            self.unsent.append((memoryview(b"".join(buffers))[sent:], descriptor))

    def flush(self) -> None:
        """Send what waits, as far as the socket takes it."""
        while self.unsent:
            view, descriptor = self.unsent[0]
            sent = self._send((view,), descriptor)
            if not sent:
                return
            _close(descriptor)
            if sent < len(view):
                self.unsent[0] = (view[sent:], None)
            else:
                self.unsent.popleft()

    def _send(self, buffers: tuple[bytes | memoryview, ...], descriptor: int | None) -> int:
        ancillary = (
            [] if descriptor is None else [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array("i", [descriptor]))]
        )
        try:
            return self.socket.sendmsg(buffers, ancillary)
        except OSError:
            # The socket is full, or the child is gone; the second shows as the end of what can be read.
            return 0

    def receive(self) -> bool:
        """Take what has come; false when the child has closed its end."""
        try:
            data = self.socket.recv(_READ_BYTES)
        except BlockingIOError:
            return True
        except OSError:
            return False
        self._received += data
        return bool(data)

    def frames(self) -> list[memoryview]:
        """Every whole frame that has come; the rest is kept."""
        found: list[memoryview] = []
        held, place = self._received, 0
        while len(held) - place >= LENGTH.size:
            length: int = LENGTH.unpack_from(held, place)[0]
            if length > ANSWER_BYTES_MAX:
                raise WireError("frame too long")
            begin = place + LENGTH.size
            if len(held) < begin + length:
                break
            found.append(memoryview(held[begin : begin + length]))
            place = begin + length
        del held[:place]
        return found

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


def _close(descriptor: int | None) -> None:
    if descriptor is not None:
        os.close(descriptor)


def _environment() -> dict[str, str]:
    """What the child inherits: nothing but where to find this very code."""
    own = str(Path(emla.__file__).resolve().parent.parent)
    installed = own in (sysconfig.get_path("purelib"), sysconfig.get_path("platlib"))
    folders = ([] if installed else [own]) + [each for each in (os.environ.get("PYTHONPATH"),) if each]
    return {"PYTHONPATH": os.pathsep.join(folders)} if folders else {}
