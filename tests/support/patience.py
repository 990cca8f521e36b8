"""How long a test waits for what must come, before it says that it did not."""

import os

PATIENCE_SECONDS = float(os.environ.get("TEST_PATIENCE_SECONDS") or 30)
"""Long, for a busy machine must not fail a test. Short where a safeguard was removed: there waiting in vain is the rule."""
