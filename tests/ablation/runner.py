"""The process of a workshop: lists of tests come in as lines, what became of them goes out as lines.

It imports once what others wrote and what is ours, and forks for every line, because importing costs more than most tests do.
The child must meet the file that is changed in the copy as it stands there. Where nothing but bodies of functions differs, it
exchanges those (`bodies`); where more does, or a test passes nevertheless, it forgets what has seen the file and executes that
anew (`warm`). No test is imported before the fork. The first line that goes out says that nothing more is read of the copy: from
then on it may change.

A test that fails because nothing works proves nothing: a failure counts in the test itself, not while it is collected or set
up, and not when a name is missing.
"""

import contextlib
import gc
import importlib
import json
import os
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import hypothesis
import hypothesis.strategies
import pytest

from tests.ablation.bodies import Bodies, exchange
from tests.ablation.warm import Warm, forget

_OTHERS = (
    "aiohttp.web",
    "aiosqlite",
    "click",
    "cryptography.hazmat.primitives.hpke",
    "cryptography.x509",
    "lxml.etree",
    "msgspec.json",
    "nacl.pwhash",
    "nacl.signing",
    "prometheus_client",
    "rich.console",
    "rich.table",
    "sqlite3",
    "uvloop",
)
_MADE_ONCE = ("tests.support.in_process.schemas", "tests.support.new_store.migrated")
"""What many tests need and their process keeps: made before the fork. Where it has seen the file that is changed, the module that
keeps it is forgotten with it."""
_PLUGINS = (
    "_hypothesis_pytestplugin",
    "pytest_aiohttp.plugin",
    "pytest_asyncio.plugin",
    "pytest_timeout",
    "xdist.plugin",
    "tests.support.gates",
    "tests.ablation.report",
)
_OPTIONS = ("-q", "--assert=plain", "--tb=native", "--timeout", "60", "-n", "0", "-p", "no:cacheprovider")
_NO_TESTS = "tests/support"
_NOTHING_WORKS = (NameError, ImportError, SyntaxError)
_OUTPUT_CHARACTERS = 6000


class Watcher:
    """A pytest plugin: notes, for each test asked for, what became of it."""

    def __init__(self, tests: list[str]) -> None:
        self._tests = tests
        self._session: pytest.Session | None = None
        self.seen: dict[str, set[str]] = {"failed": set(), "passed": set(), "skipped": set()}
        self.broken = ""

    def _asked(self, nodeid: str) -> str:
        """The test that was asked for, of which this one is a case."""
        cases = (
            each for each in self._tests if nodeid == each or nodeid.startswith((f"{each}[", f"{each}::"))
        )
        return next(cases, nodeid)

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Remember what to stop."""
        self._session = session

    def pytest_exception_interact(
        self, call: pytest.CallInfo[None], report: pytest.CollectReport | pytest.TestReport
    ) -> None:
        """See whether a failure is one of a promise."""
        in_test = isinstance(report, pytest.TestReport) and report.when == "call"
        error = call.excinfo.type if call.excinfo else Exception
        if not in_test or issubclass(error, _NOTHING_WORKS):
            self.broken = self.broken or f"{report.nodeid}: {error.__name__}"

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count it."""
        if report.when == "call" or report.skipped:
            self.seen[report.outcome].add(self._asked(report.nodeid))

    def pytest_runtest_logfinish(self) -> None:
        """Stop when nothing more can be learned."""
        if self._session and (self.broken or self.seen["failed"] >= set(self._tests)):
            # As pytest stops at the first failure: an interruption would be drawn with the source of each of its own frames.
            self._session.shouldfail = "nothing more can be learned"


def _plugins() -> list[ModuleType]:
    """As modules: what is given by name is looked for among all that is installed, once for each name."""
    return [importlib.import_module(name) for name in _PLUGINS]


def _child(tests: list[str], said: int, output: Path) -> None:
    """Run the tests and say what became of them; never returns."""
    os.setsid()  # what the tests leave running ends with this session
    with output.open("wb") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    watcher = Watcher(tests)
    with tempfile.TemporaryDirectory() as folder:
        tempfile.tempdir = folder  # it ends without ceremony, and what lasts as long as a process would stay
        try:
            code = pytest.main(
                [*_OPTIONS, f"--basetemp={folder}/tests", *tests], plugins=[*_plugins(), watcher]
            )
        except BaseExceptionGroup:  # what failed tests left behind is told when pytest has ended: no verdict
            traceback.print_exc()
            code = pytest.ExitCode.TESTS_FAILED
        sys.stdout.flush()
    if code not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.INTERRUPTED):
        watcher.broken = watcher.broken or f"pytest ended with {code!r}"
    told = {name: sorted(tests) for name, tests in watcher.seen.items()} | {"broken": watcher.broken}
    os.write(said, json.dumps(told).encode())
    os._exit(0)


def _run(tests: list[str], first: Callable[[], None]) -> dict[str, object]:
    """Fork, and read what the child says until it has ended.

    Args:
        first: what the child does before it runs the tests.
    """
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "output"
        theirs, ours = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(theirs)
            try:
                first()
                _child(tests, ours, output)
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
    return {**(json.loads(said) if said else nothing), "tests": tests, "output": text}


@hypothesis.settings(database=None, max_examples=1)
@hypothesis.given(hypothesis.strategies.integers())
def _draw_once(_: int) -> None:
    """Hypothesis reads the source of every module of ours before it draws, for the constants in it."""


def _begin() -> Warm:
    """Do what would be done anew for each line, and is not changed by it."""
    for name in _OTHERS:
        importlib.import_module(name)
    # Looking through what is installed costs more than most tests: plugins are given.
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    with contextlib.redirect_stdout(sys.stderr):
        pytest.main([*_OPTIONS, "-qq", "--collect-only", _NO_TESTS], plugins=_plugins())
    warm = Warm()
    warm.up(Path.cwd())
    for made_once in _MADE_ONCE:
        module, _, name = made_once.rpartition(".")
        getattr(sys.modules[module], name)()
    _draw_once()
    return warm


class Judge:
    """What the tests say of the copy as it stands."""

    def __init__(self, warm: Warm, bodies: Bodies) -> None:
        self._warm = warm
        self._bodies = bodies

    def judge(self, tests: list[str], changed: str, whole: str) -> dict[str, object]:
        """What became of the tests, where a file is not what it was."""
        if not changed:
            return _run(tests, lambda: None)
        file = Path(changed)
        stale = self._warm.stale(file)
        without = file.read_text(encoding="utf-8")
        found = self._bodies.exchanged(changed, whole, without) if file.suffix == ".py" else None
        if found:
            said = _run(tests, lambda: exchange(found))
            if not said["passed"] and not said["broken"]:
                return said
        return _run(tests, lambda: forget(stale))


def main() -> None:
    """Answer line by line until nothing comes in any more."""
    warm = _begin()
    judge = Judge(warm, Bodies(Path.cwd()))
    gc.freeze()  # a child looks for no garbage among what was here before it: looking would copy every page of it
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for line in sys.stdin:
        sys.stdout.write(json.dumps(judge.judge(**json.loads(line))) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
