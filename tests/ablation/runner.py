"""The process of a workshop: lists of tests come in as lines, what became of them goes out as lines.

It imports once what others wrote and what is ours, and forks for every line, because importing costs more than most tests do.
The child must meet the file that is changed in the copy as it stands there. There are two ways to that:

- `Collected`: where nothing but bodies of functions differs, a child that has every test collected exchanges those (`bodies`) and
  runs the tests. When all fail, that is the answer.
- `Anew`: else a child for which no test was imported forgets what has seen the file (`warm`), and executes them anew.

The first line that goes out says that nothing more is read of the copy: from then on it may change.
"""

import gc
import importlib
import json
import os
import sys
from pathlib import Path
from types import ModuleType
from typing import TextIO

import hypothesis
import hypothesis.strategies
import pytest

from tests.ablation.bodies import Bodies, Exchange, exchange
from tests.ablation.forks import Answer, Asked, Said, aside, forked
from tests.ablation.table import SAFEGUARDS
from tests.ablation.warm import Warm, forget
from tests.ablation.watcher import Watcher

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
"""What many tests need and their process keeps: made before the fork. Where it has seen the file that is changed and all is
executed anew, the module that keeps it is forgotten with it."""
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
_WITH_PROCESSES = ("tests/integration/", "tests/attacks/", "tests/faults/")


def _plugins() -> list[ModuleType]:
    """As modules: what is given by name is looked for among all that is installed, once for each name."""
    return [importlib.import_module(name) for name in _PLUGINS]


def _plant(tests: list[str]) -> None:
    """What these fork is forked from a copy of this process: to import all of it anew costs more than they do."""
    if any(each.startswith(_WITH_PROCESSES) for each in tests):
        importlib.import_module("tests.support.nursery").plant()


class Anew:
    """Runs tests where everything is executed anew that has seen the changed file."""

    def __init__(self, warm: Warm) -> None:
        self._warm = warm

    def judge(self, asked: Asked) -> Said:
        """What became of the tests."""
        stale = self._warm.stale(Path(asked.changed)) if asked.changed else set()

        def run(watcher: Watcher, folder: Path) -> None:
            forget(stale)
            _plant(asked.tests)
            words = [*_OPTIONS, f"--basetemp={folder}/tests", *asked.tests]
            code = pytest.main(words, plugins=[*_plugins(), watcher])
            sys.stdout.flush()
            if code not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.INTERRUPTED):
                watcher.broken = watcher.broken or f"pytest ended with {code!r}"

        return forked(asked.tests, run)


class Collected:
    """A pytest plugin: what was collected is run when it is asked for, each time in a fork of the session."""

    def __init__(self, files: set[str], asked: TextIO, said: TextIO, anew: Answer) -> None:
        self._files = files
        self._asked = asked
        self._said = said
        self._anew = anew

    def pytest_ignore_collect(self, collection_path: Path, config: pytest.Config) -> bool | None:
        """Leave out what holds no safeguard. Given one by one, files would have their folders looked through for each."""
        if collection_path.is_dir():
            return None
        return collection_path.relative_to(config.rootpath).as_posix() not in self._files or None

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Answer line by line until nothing comes in any more."""
        gc.unfreeze()  # what is frozen is not found
        bodies, collected = Bodies(Path.cwd()), _Session(session, _by_name(session.items))
        gc.freeze()  # a child looks for no garbage among what was here before it: looking would copy every page of it
        self._say("ready")
        for line in self._asked:
            asked = Asked(**json.loads(line))
            self._say(json.dumps(self._judge(collected, bodies, asked) | {"number": asked.number}))
        return True

    def _judge(self, collected: "_Session", bodies: Bodies, asked: Asked) -> Said:
        if asked.anew or not collected.has(asked.tests):
            return self._anew(asked)
        if not asked.changed:
            return collected.run(asked.tests, [])
        if found := bodies.exchanged(asked.changed, asked.whole):
            said = collected.run(asked.tests, found)
            if not said["broken"] and said["failed"] == sorted(asked.tests):
                return said
        return self._anew(asked)

    def _say(self, line: str) -> None:
        self._said.write(f"{line}\n")
        self._said.flush()


def _by_name(items: list[pytest.Item]) -> dict[str, list[pytest.Item]]:
    """Tests by their names with and without their cases, and by their files."""
    found: dict[str, list[pytest.Item]] = {}
    for item in items:
        for name in {item.nodeid, item.nodeid.partition("[")[0], item.nodeid.partition("::")[0]}:
            found.setdefault(name, []).append(item)
    return found


class _Session:
    """What was collected, by the names of the tests."""

    def __init__(self, session: pytest.Session, items: dict[str, list[pytest.Item]]) -> None:
        self._session = session
        self._items = items

    def has(self, tests: list[str]) -> bool:
        """Whether all of them were collected."""
        return all(test in self._items for test in tests)

    def run(self, tests: list[str], found: Exchange) -> Said:
        """What becomes of tests in a fork, with other bodies in place."""

        def run(watcher: Watcher, folder: Path) -> None:
            exchange(found)
            _plant(tests)
            config = self._session.config
            if found:  # where they do not fail as they should, all is executed anew, and told
                config.option.tbstyle = "no"
            config._tmp_path_factory._given_basetemp = folder / "tests"  # type: ignore[attr-defined]
            config.pluginmanager.register(watcher)
            watcher.pytest_sessionstart(self._session)
            wanted = list(dict.fromkeys(item for test in tests for item in self._items[test]))
            for item, following in zip(wanted, [*wanted[1:], None], strict=True):
                item.ihook.pytest_runtest_protocol(item=item, nextitem=following)
                if self._session.shouldfail:
                    break
            self._session._setupstate.teardown_exact(None)

        return forked(tests, run)


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
    pytest.main([*_OPTIONS, "-qq", "--collect-only", _NO_TESTS], plugins=_plugins())
    warm = Warm()
    warm.up(Path.cwd())
    for made_once in _MADE_ONCE:
        module, _, name = made_once.rpartition(".")
        getattr(sys.modules[module], name)()
    _draw_once()
    return warm


def main() -> None:
    """Answer line by line until nothing comes in any more."""
    with (
        os.fdopen(os.dup(0)) as asked,
        os.fdopen(os.dup(1), "w") as said,
        Path(os.devnull).open("r+b") as nothing,
    ):
        for stream in (0, 1):  # a test that reads or prints must not reach the lines
            os.dup2(nothing.fileno(), stream)
        warm = _begin()
        gc.freeze()
        anew = aside(Anew(warm).judge)
        files = {test.partition("::")[0] for each in SAFEGUARDS for test in each.held_by}
        pytest.main([*_OPTIONS, "-s", "tests"], plugins=[*_plugins(), Collected(files, asked, said, anew)])


if __name__ == "__main__":
    main()
