"""The marker of a data folder that was restored from a backup: ``<data>/restored.json``.

Such a folder may not know what was signed after the backup was made. It is whole, it can be read and audited; while the marker is
there, a start signs nothing before every peer has said what it holds of the ledger (docs/spec/channel.md 6).

Rules of this file:
- The marker is in the folder before the authority's documents are, so no restored folder is ever without it.
- A folder in which a restore has not come to its end is no authority's: what it still holds in ``.restoring`` is missing.
- That it is there is what counts: one that cannot be read is a marker like any other.
"""

import contextlib
from dataclasses import dataclass
from pathlib import Path

from emla.formats import strict_json
from emla.formats.strict_json import Json, Members
from emla.keyring.private_files import replace_private, sync_folder
from emla.model.errors import ConfigurationError, MalformedError

MARKER = "restored.json"
BUILDING = ".restoring"
"""Where a restore puts a folder together, and moves it up from."""
_VERSION = 1
_BYTES_MAX = 256 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """When a folder was restored, and how old the backup was. UNIX seconds."""

    at: int
    backup_at: int
    checkpoint: str
    """The last checkpoint the backup knows, with its signatures; empty where the ledger had none."""


def write_marker(data: Path, restored: Restored) -> None:
    """Mark a folder as restored; durable when this returns."""
    members: dict[str, Json] = {
        "v": _VERSION,
        "at": restored.at,
        "backup_at": restored.backup_at,
        "checkpoint": restored.checkpoint,
    }
    replace_private(data / MARKER, strict_json.encode(members))


def read_marker(data: Path) -> Restored | None:
    """What the marker says; None where there is none.

    Raises:
        ConfigurationError: ``unreadable-file``. A marker that cannot be read is a marker all the same.
    """
    path = data / MARKER
    try:
        octets = path.read_bytes()
        members = Members(strict_json.decode(octets, _BYTES_MAX), "marker of a restored folder")
        members.integer("v", _VERSION, _VERSION)
        restored = Restored(
            at=members.instant("at"),
            backup_at=members.instant("backup_at"),
            checkpoint=members.text("checkpoint", longest=_BYTES_MAX),
        )
        members.finish()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ConfigurationError("unreadable-file", f"{path}: {error.strerror}.") from error
    except MalformedError as error:
        raise ConfigurationError("unreadable-file", f"{path}: {error.detail}") from error
    return restored


def is_restored(data: Path) -> bool:
    """Whether the folder bears the marker."""
    return (data / MARKER).exists()


def is_half_restored(data: Path) -> bool:
    """Whether a restore was cut while it moved things up."""
    try:
        return any((data / BUILDING).iterdir())
    except OSError:
        return False


def forget_restored(data: Path) -> None:
    """Remove the marker: every peer has been asked, or a new epoch has begun. A crash before it only asks once more."""
    with contextlib.suppress(FileNotFoundError):
        (data / MARKER).unlink()
        sync_folder(data)
