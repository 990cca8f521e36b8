"""Where parts are saved: safe names, never over what is there."""

import hashlib
from pathlib import Path

from emla.client.answers import MessagePart
from emla.client.download import safe_name
from emla.model.errors import ConfigurationError

_SAME_NAMES_MAX = 1000


def make_folder(place: Path) -> None:
    """Make a private folder, unless it is there.

    Raises:
        ConfigurationError: ``unwritable-file``.
    """
    try:
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError("unwritable-file", f"{place}: {error.strerror}.") from error


def free_name(place: Path, part: MessagePart) -> tuple[Path, bool]:
    """A name that is free, or the file that already holds exactly this part."""
    first = place / safe_name(part.name, f"part-{part.n}")
    for number in range(1, _SAME_NAMES_MAX):
        path = first if number == 1 else first.with_stem(f"{first.stem} ({number})")
        if not path.exists() and not path.is_symlink():
            return path, False
        if _holds(path, part):
            return path, True
    raise ConfigurationError("unwritable-file", f"{place} has too many files named {first.name}.")


def _holds(path: Path, part: MessagePart) -> bool:
    try:
        if not path.is_file():
            return False  # a pipe that lies in the way would hold us until somebody writes into it
        with path.open("rb") as file:
            if path.stat().st_size != part.size:
                return False
            return hashlib.file_digest(file, "sha256").hexdigest() == part.sha256
    except OSError:
        return False
