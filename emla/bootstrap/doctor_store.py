"""What `emla doctor` says about SQLite, about payload files that were put aside, and about backups.

Rules of this file: as of `doctor`.
"""

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from emla.bootstrap.backup_note import read_note
from emla.bootstrap.checkup import Check, fail, of_error, ok, warn
from emla.bootstrap.own import DATABASE, filed_authority, lost_ledger, own_authority
from emla.bootstrap.restored import MARKER
from emla.flow.channel.ledger_watch import is_behind
from emla.flow.channel.recall_own import shown_in
from emla.keyring.media import MediaUse, read_public
from emla.model.documents import Authority
from emla.model.errors import EmlaError
from emla.model.settings import Settings
from emla.store.files import ASIDE, ASIDE_DAYS, blobs_aside
from emla.store.sqlite.reader import SqliteReader
from emla.store.sqlite.schema import connect_reader

BACKUP_DAYS_MAX = 7
_DAY = 86400
_WAL_RESET_FIRST = (3, 7, 0)
_WAL_RESET_FIXED = (3, 51, 3)
_WAL_RESET_BACKPORTS = ((3, 50, 7), (3, 44, 6))


def has_wal_reset_bug(version: tuple[int, ...]) -> bool:
    """Whether two connections that write or checkpoint at the same moment can damage a database of this version.

    SQLite 3.7.0 to 3.51.2, but for the branches into which the repair was taken back.
    """
    if not _WAL_RESET_FIRST <= version < _WAL_RESET_FIXED:
        return False
    return not any(version[:2] == fixed[:2] and version >= fixed for fixed in _WAL_RESET_BACKPORTS)


def check_sqlite(version: tuple[int, ...] = sqlite3.sqlite_version_info) -> Check:
    """The version of SQLite, and why it is safe here."""
    words = ".".join(map(str, version))
    if has_wal_reset_bug(version):
        # One connection writes in emla and the folder's lock keeps a second process out, so the bug has nothing to work on; a
        # second program that writes would be one.
        words += (
            ": has the WAL-reset bug, which needs two writers; here one connection writes and checkpoints,"
            " all others are read-only. Let no other program write to emla.db"
        )
    return ok("sqlite", words)


def check_aside(data: Path) -> Iterator[Check]:
    """Payload files that the database does not name, which a start put aside."""
    try:
        count = blobs_aside(data)
    except OSError as error:
        yield fail("payload files", f"{data / ASIDE}: {error.strerror}", "Look at the disk.")
        return
    if count:
        yield warn(
            "payload files",
            f"{count} that emla.db does not name lie in {data / ASIDE}, each for {ASIDE_DAYS} days",
            "Make sure that this is the newest emla.db. Where it is not, stop the server and put the right one in its place: the"
            " next start takes back what it names.",
        )


def check_database(data: Path) -> Iterator[Check]:
    """Whether the database knows what the copy of the own documents shows of its ledger: it is written before the copy is."""
    filed = filed_authority(data)
    if filed is None or filed.status is None:
        return
    remedy = "See docs/how-to/recover-a-restored-ledger.md; put nothing else in its place."
    if lost := lost_ledger(data, filed):
        yield fail("database", lost[0], remedy)
    elif _lags(data, filed):
        yield fail(
            "database",
            f"{DATABASE} is older than documents/own.json: it was put back, or somebody put it there",
            remedy,
        )


def _lags(data: Path, filed: Authority) -> bool:
    try:
        own = own_authority(data)
        if filed.status and (own.status is None or own.status.at < filed.status.at):
            return True
        row = shown_in(filed)
        if not row.size:
            return row.epoch > own.card.epoch
        with contextlib.closing(connect_reader(data / DATABASE)) as connection:
            return is_behind(own.card, SqliteReader(connection), row)
    except (EmlaError, sqlite3.Error):
        return False  # said elsewhere


def check_backup(settings: Settings, now: int) -> Iterator[Check]:
    """When the last backup was made, whether the next can be, and whether this folder is one that was restored."""
    if (settings.data / MARKER).exists():
        yield fail(
            "restored folder",
            f"{settings.data} was restored from a backup, and not every peer has been asked yet",
            "See docs/how-to/recover-a-restored-ledger.md.",
        )
    if settings.backup.recipient:
        try:
            key = read_public(settings.data / settings.backup.recipient)
        except EmlaError as error:
            yield of_error("backup key", error)
        else:
            if key.use is MediaUse.BACKUP:
                yield ok("backup key", f"{key.kid} ({key.name})")
            else:
                yield fail(
                    "backup key", f"the key of {key.name} is of use {key.use}", "Name a key of backups."
                )
    last = read_note(settings.data)
    remedy = "Run `emla backup create`, best every night."
    if last is None:
        yield warn("backup", "none was made from this folder", remedy)
        return
    days = (now - last.at) // _DAY
    found = f"the last was made {days} days ago, with {last.ledger_size} leaves, for the key {last.kid}"
    yield warn("backup", found, remedy) if days >= BACKUP_DAYS_MAX else ok("backup", found)
