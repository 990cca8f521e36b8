"""`emla` as a process of its own, forked from the nursery: at a terminal, or with its output kept.

It is the same program, but for what it imports, which is there already; that each family imports what it needs is held by
`tests/unit/cli/test_imports_alone.py`. Among what starts Python itself, as a user does: `tests/integration/test_cli_terminal.py`,
the tutorial, and the demonstration.
"""

import os
import signal
import subprocess
import sys
import termios
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryFile

import pexpect
import ptyprocess  # type: ignore[import-untyped]

from tests.support.nursery import Forked, Order, nursery

ROOT = Path(__file__).resolve().parents[2]
EMLA = "emla.__main__"
QUICK_EMLA = "tests.support.quick_emla"
"""`emla` where a passphrase costs next to nothing to try."""
SCREEN = (60, 100)
"""Lines and columns."""
TERMINAL = {"PATH": os.environ["PATH"], "TERM": "dumb", "NO_COLOR": "1"}
"""The environment of every program at a terminal."""
SECONDS = 60
"""How long a program may take for what is waited for on its screen."""


_PROGRAM = """
import runpy, sys
sys.modules.pop({0!r}, None)  # where it is forked from, it may have been imported
runpy.run_module({0!r}, run_name="__main__", alter_sys=True)
"""


def _order(words: tuple[str, ...], module: str, environment: Mapping[str, str], folder: Path) -> Order:
    program = _PROGRAM.format(module)
    # A gateway has openers, which are forked as well.
    prepared = "server" if words[:1] == ("serve",) else "command"
    return Order(
        program=program, words=words, environment=dict(environment), folder=str(folder), prepared=prepared
    )


def run_emla(
    *words: str,
    module: str = EMLA,
    environment: Mapping[str, str] | None = None,
    folder: Path = ROOT,
    seconds: float = 120,
) -> "subprocess.CompletedProcess[str]":
    """Run a command without a terminal until it has ended; what it printed."""
    order = _order(words, module, os.environ if environment is None else environment, folder)
    with open(os.devnull) as nothing, TemporaryFile() as out, TemporaryFile() as err:  # noqa: PTH123
        child = nursery(ROOT).fork(order, (nothing.fileno(), out.fileno(), err.fileno()))
        try:
            code = child.wait(seconds)
        except BaseException:
            child.send_signal(signal.SIGKILL)
            child.wait()
            raise
        for each in (out, err):
            each.seek(0)
        return subprocess.CompletedProcess(("emla", *words), code, out.read().decode(), err.read().decode())


class _Terminal(ptyprocess.PtyProcess):  # type: ignore[misc]  # it says no types
    """The terminal of a process that is no child of this one."""

    def __init__(self, forked: Forked, descriptor: int) -> None:
        super().__init__(forked.pid, descriptor)
        self._forked = forked
        self.delayafterclose = 0
        self.exitstatus: int | None = None
        self.signalstatus: int | None = None

    def __del__(self) -> None:
        """End what a test left behind, without asking anybody: this may come in the middle of another question."""
        if not self.closed:
            self.fileobj.close()
            self._forked.abandon()

    def isalive(self) -> bool:
        """Whether it runs; notes how it ended."""
        return self._noted(self._forked.poll()) is None

    def wait(self) -> int | None:
        """Wait until it has ended."""
        self._noted(self._forked.wait())
        return self.exitstatus

    def _noted(self, code: int | None) -> int | None:
        if code is not None:
            self.terminated = True
            self.exitstatus, self.signalstatus = (code, None) if code >= 0 else (None, -code)
        return code


class AtTerminal(pexpect.spawn):  # type: ignore[misc]  # it takes no argument when it runs
    """A program at a terminal that is forked, not started."""

    def __init__(self, order: Order) -> None:
        self._order = order
        super().__init__(sys.executable, [], encoding="utf-8", timeout=SECONDS, env=dict(order.environment))
        self.delaybeforesend = None  # a secret is asked for when echo is off already

    def _spawnpty(self, args: object, **more: object) -> _Terminal:
        ours, theirs = os.openpty()
        try:
            termios.tcsetwinsize(theirs, SCREEN)
            how = termios.tcgetattr(theirs)
            how[3] &= ~termios.ECHO
            termios.tcsetattr(theirs, termios.TCSANOW, how)
            forked = nursery(ROOT).fork(self._order, (theirs, theirs, theirs))
        except BaseException:
            os.close(ours)
            raise
        finally:
            os.close(theirs)
        return _Terminal(forked, ours)


def start_emla(
    *words: str, environment: dict[str, str], folder: Path, module: str = EMLA
) -> "pexpect.spawn[str]":
    """Run a command at a terminal of its own; `tests.support.terminals` holds the conversation."""
    return AtTerminal(_order(words, module, TERMINAL | environment, folder))
