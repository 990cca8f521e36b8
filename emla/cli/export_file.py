"""Writes a file that must not exist yet."""

from pathlib import Path

from emla.model.errors import ConfigurationError


def write_new(path: Path, data: bytes) -> None:
    """Write a new file.

    Raises:
        ConfigurationError: ``unwritable-file``: it exists, or cannot be written.
    """
    try:
        with path.open("xb") as file:
            file.write(data)
    except OSError as error:
        raise ConfigurationError("unwritable-file", f"{path}: {error.strerror}.") from error
