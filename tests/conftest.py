"""What every test here lives under: the plugins below, one hypothesis profile, and an order."""

import gc
import signal

import hypothesis
import pytest

pytest_plugins = ("tests.support.remembered", "tests.support.gates", "tests.ablation.report")

# No deadline: this machine may be busy, and a slow example is not a wrong one.
hypothesis.settings.register_profile("emla", deadline=None, print_blob=True)
hypothesis.settings.load_profile("emla")

# A shell without job control starts what runs in its background with Ctrl-C ignored, and programs that tests type into would be
# born so, too.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

_LONGEST = (
    "tests/simulation/test_campaign.py",
    "tests/integration/test_ceremony.py",
)
"""They begin first: one of them left to the end keeps one process busy for minutes while the others have nothing to do."""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Order what is left to chance (pytest-randomly) by length as well."""
    items.sort(key=lambda item: not item.nodeid.startswith(_LONGEST))


def pytest_collection_finish() -> None:
    """What was loaded so far stays to the end: thousands of collections need not look at it again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 10, 25)
