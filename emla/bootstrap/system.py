"""The machine's clock, chance and locks, behind the ports."""

import ctypes
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


_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
"""mallopt(3)."""
_LARGE_BYTES = 256 * 1024
"""What TLS takes for a connection."""
_KEPT_BYTES = 16 * 1024 * 1024
"""What is free at the end of the heap is kept up to this: the payloads of the next batch will want it."""


def give_large_blocks_back() -> None:
    """Let memory of this size and more come from the system alone, and go back to it when it is freed.

    glibc begins so and stops once such a block was freed. TLS takes 256 KiB for a connection: ten thousand that come and go then
    leave a heap of holes of hundreds of MiB. Another C library has no such call, and nothing happens.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        # Having been told one of them, glibc no longer learns the other: it would give back 128 KiB, and take them again.
        for parameter, size_bytes in ((_M_MMAP_THRESHOLD, _LARGE_BYTES), (_M_TRIM_THRESHOLD, _KEPT_BYTES)):
            mallopt(parameter, size_bytes)


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
