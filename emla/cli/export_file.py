"""Writes a file that must not exist yet."""

import os
from pathlib import Path

from emla.model.errors import ConfigurationError


def write_new(path: Path, data: bytes, *, private: bool = False) -> None:
    """Write a new file; a private one is for nobody else to read, from its first byte. It is on the disk when this returns.

    Raises:
        ConfigurationError: ``unwritable-file``: it exists, or cannot be written.
    """
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        with os.fdopen(os.open(path, flags, 0o600 if private else 0o666), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise ConfigurationError("unwritable-file", f"{path}: {error.strerror}.") from error
