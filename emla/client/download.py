"""Parts on their way into files: safe names, nothing overwritten, nothing half-written."""

import asyncio
import contextlib
import hashlib
import os
import secrets
import unicodedata
from collections.abc import AsyncIterator, Callable
from io import BufferedWriter
from pathlib import Path

from emla.model.errors import ConfigurationError, InvalidPackageError

NAME_BYTES_MAX = 120
_UNSAFE = frozenset('/\\:*?"<>|')


def safe_name(name: str, otherwise: str) -> str:
    """A file name made from a part's display name: no folders, no control or direction characters, no leading
    dot.

    Args:
        name: as the sender wrote it.
        otherwise: the name to use when nothing is left.
    """
    # Reduce to the last component first, so that "../../x" becomes "x" and not ".._.._x".
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    shown = unicodedata.normalize("NFC", last)
    kept = "".join(
        "_" if each in _UNSAFE else each
        for each in shown
        if unicodedata.category(each) not in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
    )
    kept = kept.strip(" .")
    stem, dot, ending = kept.rpartition(".")
    while len(kept.encode("utf-8")) > NAME_BYTES_MAX:
        if dot and stem and len(ending.encode("utf-8")) <= 16:
            stem = stem[:-1]
            kept = f"{stem}.{ending}"
        else:
            kept = kept[:-1]
    return kept or otherwise


async def save(
    pieces: AsyncIterator[bytes], sha256: str, path: Path, progress: Callable[[int], None] | None = None
) -> None:
    """Write a part to a file that does not exist yet: temporary file, hash checked, fsync, then its name,
    fsync the folder.

    A crash at any point leaves no file under the final name, or the whole one.

    Raises:
        ConfigurationError: ``unwritable-file``: the file exists, or cannot be written.
        InvalidPackageError: ``part-mismatch``: what arrived is not what the server announced.
    """
    digest = hashlib.sha256()
    temporary = path.parent / f".{secrets.token_hex(8)}.part"
    try:
        file = await asyncio.to_thread(_create, temporary)
        try:
            with file:
                async for piece in pieces:
                    digest.update(piece)
                    await asyncio.to_thread(file.write, piece)
                    if progress:
                        progress(len(piece))
                if digest.hexdigest() != sha256:
                    raise InvalidPackageError("part-mismatch", f"{path.name} did not arrive as announced.")
                file.flush()
                await asyncio.to_thread(os.fsync, file.fileno())
            _give_name(temporary, path)
        finally:
            with contextlib.suppress(FileNotFoundError):
                temporary.unlink()
    except OSError as error:
        raise ConfigurationError("unwritable-file", f"{path}: {error.strerror}.") from error


def _create(path: Path) -> BufferedWriter:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb")


def _give_name(temporary: Path, path: Path) -> None:
    # A hard link refuses to replace a file; a rename would replace it without a word.
    os.link(temporary, path)
    temporary.unlink()
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
