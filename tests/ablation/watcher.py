"""What becomes of the tests of one removal, as a pytest plugin.

A test that fails because nothing works proves nothing: a failure counts in the test itself, not while it is collected or set
up, and not when a name is missing.
"""

import pytest

_NOTHING_WORKS = (NameError, ImportError, SyntaxError)


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
        """Count it, and say why it failed: a session that ends in a fork says nothing itself."""
        if report.failed:
            print(report.longreprtext, flush=True)
        if report.when == "call" or report.skipped:
            self.seen[report.outcome].add(self._asked(report.nodeid))

    def pytest_runtest_logfinish(self) -> None:
        """Stop when nothing more can be learned."""
        if self._session and (self.broken or self.seen["failed"] >= set(self._tests)):
            # As pytest stops at the first failure: an interruption would be drawn with the source of each of its own frames.
            self._session.shouldfail = "nothing more can be learned"
