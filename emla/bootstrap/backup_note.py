"""``<data>/last-backup.json``: when the last backup was made and what it was, for `emla doctor`. Nothing rests on it."""

from dataclasses import dataclass
from pathlib import Path

from emla.formats import strict_json
from emla.formats.patterns import KID
from emla.formats.strict_json import Members
from emla.keyring.private_files import replace_private
from emla.model.errors import MalformedError

NOTE = "last-backup.json"
_VERSION = 1
_BYTES_MAX = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupNote:
    """The last backup. `at` is UNIX seconds."""

    id: str
    at: int
    kid: str
    size: int
    ledger_size: int


def write_note(data: Path, note: BackupNote) -> None:
    """Replace the note.

    Raises:
        OSError: it cannot be written.
    """
    replace_private(
        data / NOTE,
        strict_json.encode(
            {
                "v": _VERSION,
                "id": note.id,
                "at": note.at,
                "kid": note.kid,
                "size": note.size,
                "ledger_size": note.ledger_size,
            }
        ),
    )


def read_note(data: Path) -> BackupNote | None:
    """The note; None where there is none that can be read."""
    try:
        members = Members(strict_json.decode((data / NOTE).read_bytes(), _BYTES_MAX), "note of a backup")
        members.integer("v", _VERSION, _VERSION)
        note = BackupNote(
            id=members.text("id", KID),
            at=members.instant("at"),
            kid=members.text("kid", KID),
            size=members.integer("size"),
            ledger_size=members.integer("ledger_size"),
        )
        members.finish()
    except (OSError, MalformedError):
        return None
    return note
