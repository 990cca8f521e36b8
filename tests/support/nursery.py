"""Processes of servers, forked from one that has imported what they run: importing it costs more than most tests of them do.

Here: the nursery, one for each process that tests run in, and `Forked`, which is asked as a `subprocess.Popen` is. A server that
is forked runs the same program as one that is not, in a process of its own; its opener and its clerk are forked as well
(`seedbed`). What differs: its command line and environment, as /proc shows them, are those of the nursery.
"""

import atexit
import contextlib
import gc
import importlib
import json
import os
import select
import signal
import subprocess
import sys
import threading
import warnings
from collections.abc import Mapping
from pathlib import Path

from tests.support import seedbed

IMPORTED = ("emla.bootstrap.serve", "tests.support.described")


class NurseryGoneError(ImportError):
    """There is no nursery any more. For ablation nothing works then, and no promise was broken: hence its kind."""


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
                f"the server {self.pid} is still running", ResourceWarning, source=self, stacklevel=1
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
            raise subprocess.TimeoutExpired("a forked server", timeout or 0.0)
        return code

    def send_signal(self, number: int) -> None:
        """Send it a signal, unless it has ended."""
        with self._lock:
            if self.returncode is None:
                signal.pidfd_send_signal(self._ended, number)

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

    def __init__(self, root: Path) -> None:
        self.owner = os.getpid()
        self._lock = threading.Lock()
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__],
            cwd=root,
            env=os.environ | {"PYTHONPATH": str(root)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def fork(self, program: str, argument: str, *, log: Path, environment: dict[str, str]) -> Forked:
        """Run a program with one argument; what it prints is added to a file."""
        wanted = {"program": program, "argument": argument, "log": str(log), "environment": environment}
        return Forked(self, self.ask(wanted))

    def ask(self, what: Mapping[str, object]) -> int:
        """One line there, one line back.

        Raises:
            NurseryGoneError: it has ended; nothing that it forked can be waited for.
        """
        assert self._process.stdin
        assert self._process.stdout
        with self._lock:
            try:
                self._process.stdin.write(json.dumps(what) + "\n")
                self._process.stdin.flush()
                return int(self._process.stdout.readline())
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
            with contextlib.suppress(BrokenPipeError):
                self._process.communicate()


_kept: list[Nursery] = []


def nursery(root: Path) -> Nursery:
    """The nursery of this process, which ends with it."""
    if not _kept or _kept[-1].owner != os.getpid() or not _kept[-1].lives():
        _kept.append(Nursery(root))
        atexit.register(_kept[-1].close)
    return _kept[-1]


def _attend() -> dict[str, object]:
    """Answer until nothing comes in any more. Returns in a child alone: what it has to run."""
    for line in sys.stdin:
        asked = json.loads(line)
        if "ended" in asked:
            _, status = os.waitpid(asked["ended"], 0)
            answer = os.waitstatus_to_exitcode(status)
        else:
            seedbed.prepare()
            answer = os.fork()
            if answer == 0:
                return dict(asked)
        sys.stdout.write(f"{answer}\n")
        sys.stdout.flush()
    sys.exit()


def _become(log: str, environment: dict[str, str]) -> None:
    """Give this child a life of its own: streams, environment, signals, children. In what it got nothing looks for garbage."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    written = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
    for source, target in ((nothing, 0), (written, 1), (written, 2)):
        os.dup2(source, target)
    os.close(nothing)
    os.close(written)
    os.environ.clear()
    os.environ.update(environment)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    seedbed.sow()


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for each in IMPORTED:
        importlib.import_module(each)
    gc.freeze()
    order = _attend()
    _become(str(order["log"]), dict(order["environment"]))  # type: ignore[call-overload]  # it came as such
    sys.argv = ["-c", str(order["argument"])]
    exec(str(order["program"]), {"__name__": "__main__"})
