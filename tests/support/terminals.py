"""A person at a terminal: starts a program, reads what it asks, types the answer. Only words on the screen are waited for.

Here: one conversation (`converse`), Ctrl-C at a question (`interrupt`), and a gateway that was started by hand (`Served`).
Not here: who knows which answer (`tests.support.ministries`).
"""

import os
import re
import signal
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pexpect

from tests.support.commands import SCREEN, SECONDS, TERMINAL

_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")

Answer = Callable[[str], str | None]
"""From what stands on the screen since the last answer to what is typed; None presses Ctrl-C."""


@dataclass(frozen=True, slots=True)
class Talk:
    """What a conversation left: the exit code and the whole screen."""

    code: int
    screen: str


def start(program: Sequence[str], environment: dict[str, str], folder: Path) -> "pexpect.spawn[str]":
    """Start a program that is not ours at a terminal of its own (`tests.support.commands` has ours)."""
    child = pexpect.spawn(
        program[0],
        list(program[1:]),
        encoding="utf-8",
        timeout=SECONDS,
        dimensions=SCREEN,
        env=TERMINAL | environment,
        cwd=str(folder),
        echo=False,
    )
    # A secret is asked for when echo is off already, and what has ended is seen by its end: no need to be slow.
    child.delaybeforesend = None
    child.ptyproc.delayafterclose = 0
    return child


def interrupt(child: "pexpect.spawn[str]", answered: str) -> None:
    """Press Ctrl-C at a question until the program says so.

    Python's `input` misses a signal that comes between its prompt and its waiting; a person presses the keys again.
    """
    for _ in range(5):
        child.sendintr()
        if child.expect([answered, pexpect.TIMEOUT], timeout=SECONDS / 5) == 0:
            return
    raise AssertionError(f"Ctrl-C was not answered by {answered!r}:\n{child.before}")


def converse(child: "pexpect.spawn[str]", questions: Sequence[tuple[str, Answer]]) -> Talk:
    """Answer every question a program asks, until it ends."""
    seen = ""
    patterns = [pexpect.EOF, *(pattern for pattern, _ in questions)]
    while True:
        try:
            found = child.expect(patterns)
        except pexpect.TIMEOUT:
            raise AssertionError(f"it says no more:\n{seen}{child.before}") from None
        since = _CONTROL.sub("", child.before).replace("\r\n", "\n")
        seen += since
        if found == 0:
            child.close()
            return Talk(child.exitstatus if child.exitstatus is not None else -1, seen)
        asked = str(child.after)
        answer = questions[found - 1][1](since + asked)
        seen += asked + "\n"
        if answer is None:
            child.sendintr()
        else:
            child.sendline(answer)


class Served:
    """A gateway at a terminal; its log goes on to a file for as long as it runs."""

    def __init__(
        self, child: "pexpect.spawn[str]", log: Path, questions: Sequence[tuple[str, Answer]]
    ) -> None:
        self._child, self._log = child, log
        patterns = ["serving", pexpect.EOF, *(pattern for pattern, _ in questions)]
        before = ""
        while found := child.expect(patterns):
            before += child.before
            assert found != 1, before
            child.sendline(questions[found - 2][1](before))
        # A terminal nobody reads would stop the gateway at its next line.
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        with self._log.open("ab") as log:
            while True:
                try:
                    data = os.read(self._child.child_fd, 65536)
                except OSError:  # the terminal's way to say that the other end is gone
                    return
                if not data:
                    return
                log.write(data)
                log.flush()

    def stop(self) -> None:
        """Stop it as systemd does, and wait until it has ended."""
        self._child.kill(signal.SIGTERM)
        self._reader.join(30)
        self._child.close()
        assert self._child.exitstatus == 0, self._log.read_text(encoding="utf-8")[-3000:]
