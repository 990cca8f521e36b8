"""Drafts of messages on the disk: one private file each, in the officer's own state folder.

Here: where they are, saving, listing, forgetting. Not here: what is in them (`emla.formats.draft`).

Rules of this file:
- An answer is on the disk before the next question is asked: the file is replaced whole and synced. A crash leaves the draft with
  or without the last answer, never half of it.
- A draft holds personal data: folder 0700, file 0600, and whoever forgets it removes it at once. A folder that others can write
  to is refused.
- One writer at a time: a second one is refused, so that neither undoes the other's answers.
"""

import fcntl
import os
import re
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from emla.formats.draft import DRAFT_BYTES_MAX, Draft, decode_draft, encode_draft
from emla.keyring.private_files import read_private, replace_private, sync_folder
from emla.model.errors import ConfigurationError, MalformedError, NotFoundError

DRAFTS_VARIABLE = "EMLA_DRAFTS"
_ID = re.compile(r"[0-9a-f]{12}")
_SUFFIX = ".draft.json"


def drafts_folder(environment: Mapping[str, str]) -> Path:
    """Where drafts are: ``EMLA_DRAFTS``, else the XDG state folder."""
    if environment.get(DRAFTS_VARIABLE):
        return Path(environment[DRAFTS_VARIABLE]).absolute()
    base = environment.get("XDG_STATE_HOME", "")
    # The XDG specification says that a relative path there is to be ignored.
    above = Path(base) if base.startswith("/") else Path.home() / ".local" / "state"
    return above / "emla" / "drafts"


class Drafts:
    """The drafts of one officer."""

    def __init__(self, folder: Path) -> None:
        """Take the folder; it is made when the first draft is saved."""
        self.folder = folder

    def save(self, draft: Draft) -> None:
        """Save a draft; durable when this returns.

        Raises:
            ConfigurationError: ``unwritable-file``.
        """
        try:
            self._make_folder()
            replace_private(self._path(draft.id), encode_draft(draft))
        except OSError as error:
            raise ConfigurationError(
                "unwritable-file",
                f"The draft {draft.id} could not be saved in {self.folder}: {error.strerror}.",
            ) from error

    def load(self, name: str) -> Draft:
        """Read a draft by its id, or by a beginning of it that is unique.

        Raises:
            NotFoundError: ``not-found``.
            ConfigurationError: ``draft-damaged``, ``unreadable-key`` where others could read it.
        """
        path = self._path(self._whole(name))
        try:
            return decode_draft(read_private(path, DRAFT_BYTES_MAX))
        except MalformedError as error:
            raise ConfigurationError("draft-damaged", f"{path}: {error.detail}") from error

    def all(self) -> list[Draft]:
        """All drafts, the one changed last first. What cannot be read is left out; `load` says why."""
        found = []
        for name in self._ids():
            try:
                found.append(self.load(name))
            except ConfigurationError:
                continue
        return sorted(found, key=lambda each: each.changed, reverse=True)

    def damaged(self) -> list[Path]:
        """Files that are named like drafts and cannot be read."""
        readable = {each.id for each in self.all()}
        return [self._path(each) for each in self._ids() if each not in readable]

    def forget(self, name: str) -> str:
        """Remove a draft for good; returns its id.

        Raises:
            NotFoundError: ``not-found``.
        """
        whole = self._whole(name)
        with self.alone(whole):
            self._path(whole).unlink()
            self._lock(whole).unlink(missing_ok=True)
            sync_folder(self.folder)
        return whole

    @contextmanager
    def alone(self, draft_id: str) -> Iterator[None]:
        """Hold a draft for this process alone.

        Raises:
            ConfigurationError: ``draft-open``: another one has it.
        """
        try:
            self._make_folder()
            held = os.open(self._lock(draft_id), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            raise ConfigurationError("unwritable-file", f"{self.folder}: {error.strerror}.") from error
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(held)
            raise ConfigurationError(
                "draft-open", f"The draft {draft_id} is being written elsewhere."
            ) from None
        try:
            yield
        finally:
            os.close(held)

    def _make_folder(self) -> None:
        """Make the folder, or see that nobody else can put files into the one there, or take them out."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = self.folder.stat()
        if status.st_uid != os.geteuid() or status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            raise ConfigurationError(
                "unwritable-file",
                f"{self.folder} belongs to another user, or others can write to it: drafts kept there could be taken away or"
                f" exchanged. Name a folder of your own with {DRAFTS_VARIABLE}, or run chmod 700 on it.",
            )

    def _whole(self, name: str) -> str:
        found = [each for each in self._ids() if name and each.startswith(name)]
        if len(found) != 1:
            said = "No draft" if not found else "More than one draft"
            raise NotFoundError("not-found", f"{said} has an id that begins with {name[:20]}.")
        return found[0]

    def _ids(self) -> list[str]:
        if not self.folder.is_dir():
            return []
        names = (each.name.removesuffix(_SUFFIX) for each in self.folder.glob(f"*{_SUFFIX}"))
        return sorted(each for each in names if _ID.fullmatch(each))

    def _path(self, draft_id: str) -> Path:
        return self.folder / f"{draft_id}{_SUFFIX}"

    def _lock(self, draft_id: str) -> Path:
        return self.folder / f".{draft_id}.lock"
