"""Copies of this process: one that runs tests, says what became of them and ends with all that they left running, and one that
stays as it is and does so whenever it is asked.
"""

import contextlib
import json
import os
import signal
import tempfile
import traceback
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.ablation.watcher import Watcher

Said = dict[str, object]
"""What became of tests: ``failed``, ``passed`` and ``skipped`` with their names, ``broken`` and ``output``."""
Answer = Callable[["Asked"], Said]
_OUTPUT_CHARACTERS = 6000


@dataclass(frozen=True, slots=True)
class Asked:
    """One line that came in."""

    number: int
    """Of the answer that is waited for."""
    tests: list[str]
    changed: str
    """The file that is not as it was when the copy was made, by its path there; empty: none."""
    whole: str
    """What it was."""
    anew: bool
    """Whether everything is to be executed anew, whatever differs."""


def forked(tests: list[str], run: Callable[[Watcher, Path], None]) -> Said:
    """Fork, and read what the child says until it has ended.

    Args:
        tests: those asked for.
        run: what the child does; it is given who watches, and a folder for all that tests write.
    """
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "output"
        theirs, ours = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(theirs)
            try:
                _live(tests, run, ours, output)
            except BaseException:  # noqa: BLE001 - the copy of this process ends here, whatever happened
                traceback.print_exc()
            os._exit(1)
        os.close(ours)
        with open(theirs, "rb") as pipe:  # noqa: PTH123 - a descriptor
            said = pipe.read()
        os.waitpid(child, 0)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)
        text = output.read_text(encoding="utf-8", errors="replace")[-_OUTPUT_CHARACTERS:]
    nothing = {"failed": [], "passed": [], "skipped": [], "broken": "The tests did not come to an end."}
    return {**(json.loads(said) if said else nothing), "output": text}


def _live(tests: list[str], run: Callable[[Watcher, Path], None], said: int, output: Path) -> None:
    """Run the tests and say what became of them; never returns."""
    os.setsid()  # what the tests leave running ends with this session
    with output.open("wb") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    watcher = Watcher(tests)
    with tempfile.TemporaryDirectory() as folder:
        tempfile.tempdir = folder  # it ends without ceremony, and what lasts as long as a process would stay
        try:
            run(watcher, Path(folder))
        except BaseExceptionGroup:  # what failed tests left behind is told when pytest has ended: no verdict
            traceback.print_exc()
    told = {name: sorted(tests) for name, tests in watcher.seen.items()} | {"broken": watcher.broken}
    os.write(said, json.dumps(told).encode())
    os._exit(0)


def aside(answer: Answer) -> Answer:
    """What answers in a copy of this process as it is now, which ends with this one."""
    asked_there, asked_here = os.pipe()
    said_here, said_there = os.pipe()
    if os.fork() == 0:
        os.close(asked_here)
        os.close(said_here)
        with os.fdopen(asked_there) as questions, os.fdopen(said_there, "w") as answers:
            for line in questions:
                answers.write(json.dumps(answer(Asked(**json.loads(line)))) + "\n")
                answers.flush()
        os._exit(0)
    os.close(asked_there)
    os.close(said_there)
    questions, answers = os.fdopen(asked_here, "w"), os.fdopen(said_here)

    def ask(asked: Asked) -> Said:
        questions.write(json.dumps(asdict(asked)) + "\n")
        questions.flush()
        return dict(json.loads(answers.readline()))

    return ask
