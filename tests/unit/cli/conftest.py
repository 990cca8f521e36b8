"""What every test of commands lives under."""

import pytest

from emla.keyring.wrapping import Work
from tests.support.locking import QUICK_DEFAULTS


@pytest.fixture(autouse=True)
def tries_are_quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A passphrase that a command sets costs next to nothing to try; what it costs a thief is tested where keys are locked."""
    monkeypatch.setattr(Work.__init__, "__kwdefaults__", QUICK_DEFAULTS)
