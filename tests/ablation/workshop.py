"""A copy of the project in which one safeguard at a time is removed, and a process that runs tests there.

The process (`runner`) and the programs that its tests start import emla and the tests from the copy (PYTHONPATH).
What the interpreter has compiled is copied with its source, and nothing compiled is written in the copy: a file without its
safeguard bears another second than what was compiled of it, and when it is whole again, the one it had.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.ablation.forks import Asked
from tests.ablation.safeguard import Safeguard

ROOT = Path(__file__).parents[2]
_COPIED = ("emla", "tests", "schemas", "keys", "docs", "pyproject.toml")
_NOT_COPIED = shutil.ignore_patterns("node_modules", ".*")
_ANOTHER_SECOND = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of the named tests."""

    failed: frozenset[str]
    """Those that failed as a test should: they ran, and what they promise did not hold."""
    passed: frozenset[str]
    skipped: frozenset[str]
    broken: str
    """What else went wrong; empty when nothing did."""
    output: str
    seconds: float


class Workshop:
    """One copy and its process. Not for two threads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._asked = 0
        for name in _COPIED:
            source = ROOT / name
            if source.is_dir():
                shutil.copytree(source, folder / name, ignore=_NOT_COPIED)
            else:
                shutil.copy(source, folder / name)
        ours = ("EMLA_", "PYTEST_", "COV_")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.ablation.runner"],
            cwd=folder,
            env=kept
            | {"PYTHONPATH": str(folder), "TEST_PATIENCE_SECONDS": "4", "PYTHONDONTWRITEBYTECODE": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout
        assert self._process.stdout.readline() == "ready\n", "the process of the workshop did not start"

    def close(self) -> None:
        """End the process."""
        self._process.communicate()

    def without(self, safeguard: Safeguard, *, anew: bool = False) -> Outcome:
        """Run the tests that hold a safeguard where it is gone.

        Args:
            safeguard: what is taken away.
            anew: execute everything anew, whatever differs.

        Raises:
            StaleSafeguardError: it is not where the table says.
        """
        path = self._folder / safeguard.file
        whole, was = path.read_text(encoding="utf-8"), path.stat()
        without = safeguard.removed_from(whole)
        try:
            path.write_text(without, encoding="utf-8")
            os.utime(path, (was.st_atime, was.st_mtime + _ANOTHER_SECOND))
            return self.run(safeguard.held_by, changed=safeguard.file, whole=whole, anew=anew)
        finally:
            path.write_text(whole, encoding="utf-8")
            os.utime(path, ns=(was.st_atime_ns, was.st_mtime_ns))

    def run(
        self, tests: tuple[str, ...], *, changed: str = "", whole: str = "", anew: bool = False
    ) -> Outcome:
        """Run tests in the copy as it stands; end as soon as all have failed.

        Args:
            changed: the file that is not as it was when the copy was made.
            whole: what it was.
            anew: execute everything anew, whatever differs.
        """
        assert self._process.stdin
        assert self._process.stdout
        begun = time.monotonic()
        self._asked += 1
        asked = Asked(number=self._asked, tests=list(tests), changed=changed, whole=whole, anew=anew)
        self._process.stdin.write(json.dumps(asdict(asked)) + "\n")
        self._process.stdin.flush()
        said = json.loads(self._process.stdout.readline())
        while said["number"] != self._asked:
            # Nobody waited for this answer: the test that asked was stopped by its time-out.
            said = json.loads(self._process.stdout.readline())
        return Outcome(
            failed=frozenset(said["failed"]),
            passed=frozenset(said["passed"]),
            skipped=frozenset(said["skipped"]),
            broken=said["broken"],
            output=said["output"],
            seconds=time.monotonic() - begun,
        )
