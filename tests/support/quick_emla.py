"""`python -m emla` where a passphrase costs next to nothing to try: for tests that type dozens and whose subject is another."""

from emla.keyring.wrapping import Work
from tests.support.locking import QUICK_DEFAULTS

if __name__ == "__main__":
    Work.__init__.__kwdefaults__ = QUICK_DEFAULTS
    from emla.__main__ import main  # only now: what it imports makes a `Work` of its own

    main()
