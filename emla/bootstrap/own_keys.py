"""The private keys of a data folder, behind the port: what this process holds, and the names of all that are there."""

import asyncio
import logging
import os
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from emla.keyring.files import FileUse, Keyring, kept_keys
from emla.keyring.key_file import TokenKey
from emla.keyring.private_files import remove_private, second_names, sync_folder
from emla.model.documents import KeyUse
from emla.model.signed import Signer
from emla.ports.keys import HeldKey

logger = logging.getLogger("emla.keys")


def sweep_second_names(folder: Path) -> None:
    """Remove the second names of key files that crashes left, at a start: a key that is destroyed must be gone under each.

    One that cannot be removed ends no start; the end of its key removes it, or fails.
    """
    try:
        found = list(second_names(folder))
        for path in found:
            path.unlink(missing_ok=True)
        if found:
            sync_folder(folder)
    except OSError as error:
        detail = f"{folder.name}: {error.strerror}"
        logger.error("key file not swept", extra={"code": "store-failed", "detail": detail})


def held_in(folder: Path) -> tuple[HeldKey, ...]:
    """Every private key of the card's uses in a key folder, locked or not.

    Raises:
        ConfigurationError: ``unreadable-key``: a file is none.
    """
    uses = frozenset(FileUse(each.value) for each in KeyUse)
    return tuple(
        HeldKey(
            use=KeyUse(key.use.value), kid=key.kid, place="token" if isinstance(key, TokenKey) else "file"
        )
        for _, key in kept_keys(folder, uses)
    )


_SETTLED_SECONDS = 1.0
"""File systems count time in steps: of two changes so close together the second might not be seen."""

_Marks = tuple[tuple[str, int, int], ...]


def _marks(folder: Path) -> _Marks:
    """What changes with a folder, its files, and the rights of either: name, inode, and nanosecond of the last change of each."""
    found = [(".", folder.lstat())]
    found += [(each.name, each.stat(follow_symlinks=False)) for each in os.scandir(folder)]
    return tuple(sorted((name, status.st_ino, status.st_ctime_ns) for name, status in found))


def _settled(marks: _Marks) -> bool:
    return time.time_ns() - max(changed for _, _, changed in marks) > _SETTLED_SECONDS * 1e9


async def _no_opener() -> None:
    """There is no opener to tell."""


class OwnKeys:
    """Implements `emla.ports.keys.PrivateKeys`."""

    def __init__(
        self,
        keys: Keyring,
        folder: Path | None = None,
        *,
        read: Callable[[], Keyring] | None = None,
        reload_opener: Callable[[], Awaitable[None]] = _no_opener,
    ) -> None:
        """Args: the keys read at start, their folder, how to read it again, how to give the opener what is there now."""
        self._keys = keys
        self._folder = folder
        self._read = read
        self.reload_opener = reload_opener
        self._held: tuple[HeldKey, ...] = ()
        self._held_at: _Marks | None = None

    @property
    def content_key(self) -> bytes:
        """The key that records are sealed under."""
        return self._keys.content_key

    def signer(self, use: KeyUse, kid: str) -> Signer:
        """What signs with a sign or ledger key."""
        return self._keys.signer(FileUse(use.value), kid)

    def held(self) -> Sequence[HeldKey]:
        """Every private key of the card's uses that is here, the sealing keys too.

        Asked each minute, and a folder of keys changes a few times a year: it is read when it has.
        """
        if self._folder is None:
            return ()
        try:
            marks = _marks(self._folder)
        except OSError:  # whoever reads it says what is wrong
            return held_in(self._folder)
        if marks != self._held_at:
            self._held = held_in(self._folder)
            self._held_at = marks if _settled(marks) else None
        return self._held

    async def reload(self) -> None:
        """Read the folder again, and let the opener have the keys that are there now."""
        if self._read is not None:
            self._keys = await asyncio.to_thread(self._read)
        await self.reload_opener()

    def destroy(self, use: KeyUse, kid: str) -> bool:
        """Remove a private key's file for good. Copies on backups are for people to remove."""
        if self._folder is None:
            return False
        path = self._folder / f"{use.value}-{kid}.json"
        if not path.exists():
            return False
        remove_private(path)
        return True
