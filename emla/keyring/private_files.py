"""Files nobody else may read: written whole or not at all, and read only when mode and owner are right.

Rules of this file: modes are checked on the open descriptor, symbolic links are not followed, nothing is overwritten, and a
wrong mode is refused instead of mended, because what others could read counts as read.
"""

import contextlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from emla.model.errors import ConfigurationError

_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def write_private(path: Path, data: bytes) -> None:
    """Write a new file of mode 0600 that is there whole or not at all. Never overwrites.

    A crash before the link leaves a file ``.<name>.new``, which nobody reads and the next attempt replaces. A crash behind it
    leaves the data under two names; `second_names` finds the other one.
    """
    temporary = _write_beside(path, data)
    try:
        # A link, not a rename: a rename would silently replace a key that is already there.
        os.link(temporary, path)
    except FileExistsError:
        raise refusal(
            path, "exists already", "Nothing was changed; move it away if it is not needed."
        ) from None
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(path.parent)


def replace_private(path: Path, data: bytes) -> None:
    """Put a file in the place of one that is there. A crash leaves the old one or the new one, whole."""
    _write_beside(path, data).replace(path)
    sync_folder(path.parent)


def remove_private(path: Path) -> None:
    """Remove a file for good, and before it what a crash has left under its other name: nobody looks for that afterwards."""
    _beside(path).unlink(missing_ok=True)
    path.unlink()
    sync_folder(path.parent)


def second_names(folder: Path) -> Iterator[Path]:
    """Names ``.<name>.new`` under which the data of a file stand a second time.

    That of a file which somebody writes just now is among them for a moment, and whoever writes it removes it himself. One
    without its file, or with other data, is not: it may be half written.
    """
    for temporary in folder.glob(".*.new"):
        path = folder / temporary.name.removeprefix(".").removesuffix(".new")
        with contextlib.suppress(FileNotFoundError):
            if path.read_bytes() == temporary.read_bytes():
                yield temporary


def _beside(path: Path) -> Path:
    return path.with_name(f".{path.name}.new")


def _write_beside(path: Path, data: bytes) -> Path:
    temporary = _beside(path)
    temporary.unlink(missing_ok=True)
    descriptor = os.open(
        temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600
    )
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(descriptor)
    return temporary


def sync_folder(folder: Path) -> None:
    """Make a folder's entries durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def check_folder(folder: Path) -> None:
    """Refuse a folder that others could enter.

    Raises:
        ConfigurationError: ``unreadable-key``.
    """
    try:
        status = folder.lstat()
    except OSError as error:
        raise refusal(folder, "cannot be read", "Restore the folder, or name the right --data.") from error
    if not stat.S_ISDIR(status.st_mode):
        raise refusal(folder, "is not a folder", "Restore the folder from its backup.")
    _check_access(folder, status, "0700")


def read_private(path: Path, size_bytes_max: int) -> bytes:
    """Read a private file; at most one byte more than `size_bytes_max`, which the caller's decoder then refuses.

    Raises:
        ConfigurationError: ``unreadable-key``.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        raise refusal(
            path, "cannot be read", "Restore it from its backup; links are not followed."
        ) from error
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise refusal(path, "is not a file", "Restore it from its backup.")
        # Checked on the open descriptor, so that nobody can exchange the file between check and read.
        _check_access(path, status, "0600")
        return file.read(size_bytes_max + 1)


def _check_access(path: Path, status: os.stat_result, mode: str) -> None:
    if status.st_uid != os.geteuid():
        raise refusal(path, "belongs to another user", f"Give it to the user who runs emla: chown {path}.")
    if status.st_mode & _OTHERS:
        raise refusal(
            path,
            "can be reached by other users",
            f"Run `chmod {mode} {path}`, and if anybody else had access, replace the key.",
        )


def refusal(path: Path, what: str, remedy: str) -> ConfigurationError:
    """The error for a private file: which one, what is wrong, what to do."""
    return ConfigurationError("unreadable-key", f"{path} {what}. {remedy}")
