"""The mark that a data folder was restored from a backup: the file ``restored.json``, written by whoever restores.

While it is there, a start signs nothing before every peer has said what it holds of the ledger (docs/spec/channel.md 6). What
stands in it is for people: `v` 1, `at` when it was restored, `backup_at` of when the backup is. That it is there is what counts:
a file that cannot be read is a mark like any other.
"""

import contextlib
import json
import os
from pathlib import Path

from emla.keyring.private_files import sync_folder

NAME = "restored.json"
VERSION = 1


def is_restored(data: Path) -> bool:
    """Whether the folder bears the mark."""
    return (data / NAME).exists()


def mark_restored(data: Path, *, at: int, backup_at: int) -> None:
    """Write the mark, durable when this returns; before anything else of the folder is put in its place.

    A crash before it leaves a folder without a database, or as it was; after it, one that asks before it signs.
    """
    path = data / NAME
    path.write_text(json.dumps({"v": VERSION, "at": at, "backup_at": backup_at}), encoding="utf-8")
    with path.open("rb") as file:
        os.fsync(file.fileno())
    sync_folder(data)


def forget_restored(data: Path) -> None:
    """Remove the mark: every peer has been asked, or a new epoch has begun. A crash before it only asks once more."""
    with contextlib.suppress(FileNotFoundError):
        (data / NAME).unlink()
        sync_folder(data)
