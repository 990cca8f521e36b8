"""The machine's clock, chance and locks, behind the ports."""

import fcntl
import os
import time
from pathlib import Path
from typing import IO

from emla.model.errors import ConfigurationError


class SystemClock:
    """Implements `emla.ports.clock.Clock`."""

    def now(self) -> float:
        """UNIX seconds."""
        return time.time()

    def steady(self) -> float:
        """Seconds that only go forward."""
        return time.monotonic()


def system_entropy(count: int) -> bytes:
    """Fresh bytes from the operating system."""
    return os.urandom(count)


def lock_folder(data: Path) -> IO[bytes]:
    """Take the data folder for this process; the lock ends with the process, however it ends.

    Raises:
        ConfigurationError: ``server-running``.
    """
    file = (data / "lock").open("wb")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.close()
        raise ConfigurationError("server-running", f"{data} is in use.") from error
    return file
