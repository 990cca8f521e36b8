"""`emla backup verify` and `emla backup restore`: a backup read to its end, and audited as a data folder is.

Order of writes of a restore: everything is written and synced in ``<data>/.restoring``, audited there, and moved up: the marker
first (`restored`), database and documents last, each of the two after a sync of what came before it. A crash before the first
move leaves only ``.restoring``, which the next attempt removes; between two moves a folder in which nothing starts, because
``.restoring`` still holds something (`own`); after the last a whole, marked folder.
"""

import contextlib
import hashlib
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from emla.bootstrap.audit import HashPayload, LedgerAudit, verify_ledger
from emla.bootstrap.backup_create import write_error
from emla.bootstrap.backup_read import Advance, OpenBackup, check_whole, open_backup, read_archive
from emla.bootstrap.backup_source import named_now
from emla.bootstrap.own import DATABASE, lost_ledger, own_authority
from emla.bootstrap.restored import BUILDING, MARKER, Restored, write_marker
from emla.formats import h1
from emla.formats.archive import Member
from emla.formats.backup import BackupContent, BackupHeader
from emla.keyring.private_files import sync_folder
from emla.model.documents import Authority
from emla.model.errors import ConfigurationError, MalformedError

FindKey = Callable[[BackupHeader], h1.SealingKey]
"""Opens the backup key, once it is known which one is asked for."""

_DOCUMENTS = "documents"
_LAST = (DATABASE, _DOCUMENTS)
"""What makes a folder an authority's. The database has the documents, too."""
_BLOBS = "blobs/"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadBackup:
    """What was found in a backup. Without a key only the header is known."""

    header: BackupHeader
    size: int
    content: BackupContent | None = None
    authority: Authority | None = None
    audit: LedgerAudit | None = None
    """None also where the server had never run when the backup was made."""
    problems: tuple[str, ...] = ()


def verify_backup(
    path: Path,
    find_key: FindKey | None,
    *,
    scratch: Path | None = None,
    begin: Callable[[int], None] = lambda total: None,
    advance: Advance = lambda size: None,
) -> ReadBackup:
    """Verify a backup; nothing of it comes to lie in a data folder.

    Args:
        path: the backup.
        find_key: opens the backup key; None: only what can be seen without it.
        scratch: where its database may lie for a while; the system's folder for temporary files, where absent.
        begin: told how many bytes will be read.
        advance: told how many were.

    Raises:
        ConfigurationError: ``unreadable-file``, ``backup-damaged``, ``wrong-backup-key``, ``unwritable-file``.
    """
    with open_backup(path) as opened:
        key = find_key(opened.header) if find_key else None
        begin(opened.end * (2 if key else 1))
        check_whole(opened, advance)
        if key is None:
            return ReadBackup(header=opened.header, size=opened.size)
        with _scratch(scratch) as folder:
            inspector = _Inspector(folder)
            content = read_archive(opened, key, inspector.take, advance)
            inspector.forget_but(_named(folder))
            return _audited(opened, content, folder, inspector.hash_payload)


def restore_backup(
    path: Path,
    data: Path,
    find_key: FindKey,
    *,
    now: int,
    insist: bool = False,
    begin: Callable[[int], None] = lambda total: None,
    advance: Advance = lambda size: None,
) -> ReadBackup:
    """Restore a backup into an empty folder, audited and marked as restored.

    Args:
        path: the backup.
        data: the folder; it is empty or absent.
        find_key: opens the backup key.
        now: UNIX seconds.
        insist: restore also what does not pass the audit.
        begin: told how many bytes will be read.
        advance: told how many were.

    Returns:
        What was found. With problems, and without `insist`, nothing was restored.

    Raises:
        ConfigurationError: ``already-initialised``: the folder is not empty; ``unreadable-file``, ``backup-damaged``,
            ``wrong-backup-key``, ``unwritable-file``.
        StoreError: ``disk-full``. Nothing is left in the folder.
    """
    data = data.absolute()
    with open_backup(path) as opened:
        refuse_what_is_there(data)
        key = find_key(opened.header)
        begin(opened.end)
        with _building(data) as building:
            content = read_archive(opened, key, lambda each, pieces: _write(building, each, pieces), advance)
            _remove_but(building, _named(building))
            found = _audited(opened, content, building, None)
            if found.problems and not insist:
                return found
            _forget_answers(building / DATABASE)
            marker = Restored(at=now, backup_at=content.at, checkpoint=content.checkpoint)
            write_marker(building, marker)
            _sync(building)
            _put_in_place(building, data)
    return found


def _named(folder: Path) -> frozenset[bytes]:
    """The payloads that rows name. The archive may hold others: they were released or erased while it was made."""
    return frozenset(named_now(folder / DATABASE) if (folder / DATABASE).exists() else ())


def _remove_but(building: Path, named: frozenset[bytes]) -> None:
    for path in (building / _BLOBS).glob("??/*"):
        if bytes.fromhex(path.name) not in named:
            path.unlink()


def refuse_what_is_there(data: Path) -> None:
    """Refuse a folder that holds anything but what an interrupted restore left.

    Raises:
        ConfigurationError: ``already-initialised``.
    """
    if data.exists() and (not data.is_dir() or any(each.name != BUILDING for each in data.iterdir())):
        raise ConfigurationError("already-initialised", f"{data} is not an empty folder.")


def _audited(
    opened: OpenBackup, content: BackupContent, folder: Path, hash_payload: HashPayload | None
) -> ReadBackup:
    try:
        authority = own_authority(folder)
    except ConfigurationError as error:
        raise MalformedError(f"The archive holds no authority: {error.detail}") from error
    if authority.id != content.authority:
        raise MalformedError(f"The archive holds {authority.id}, not {content.authority}.")
    audit = verify_ledger(folder, hash_payload) if (folder / DATABASE).exists() else None
    return ReadBackup(
        header=opened.header,
        size=opened.size,
        content=content,
        authority=authority,
        audit=audit,
        problems=audit.problems if audit else lost_ledger(folder, authority),
    )


@contextlib.contextmanager
def _building(data: Path) -> Iterator[Path]:
    """A folder below the data folder, gone after the block; with it goes a data folder that was made and stayed empty."""
    building, was_there = data / BUILDING, data.exists()
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        shutil.rmtree(building, ignore_errors=True)  # what a crash left of an earlier attempt
        data.chmod(0o700)
        building.mkdir(mode=0o700)
        yield building
    except OSError as error:
        raise write_error(data, error) from error
    finally:
        shutil.rmtree(building, ignore_errors=True)
        if not was_there:
            with contextlib.suppress(OSError):
                data.rmdir()  # only when it is empty


def _write(building: Path, member: Member, pieces: Iterator[bytes]) -> None:
    path = building / member.name
    for folder in reversed(Path(member.name).parents[:-1]):
        (building / folder).mkdir(mode=0o700, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb", buffering=0) as file:
        for piece in pieces:
            view = memoryview(piece)
            while view:
                view = view[file.write(view) :]
        os.fsync(descriptor)


def _sync(folder: Path) -> None:
    """Make the names in a folder and all below it durable."""
    for name, _, _ in os.walk(folder):
        sync_folder(Path(name))


def _forget_answers(database: Path) -> None:
    """Who had answered when the backup was made, had answered to the ledger of that day, and may hold more of it since."""
    if not database.exists():
        return
    with contextlib.closing(sqlite3.connect(database, isolation_level=None)) as connection:
        if connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'asked'").fetchone():
            connection.execute("DELETE FROM asked")


def _put_in_place(building: Path, data: Path) -> None:
    names = {each.name for each in building.iterdir()}
    for name in (MARKER, *sorted(names - {MARKER, *_LAST}), *(each for each in _LAST if each in names)):
        if name in _LAST:
            # Everything before is durable under its name first.
            sync_folder(data)
        (building / name).rename(data / name)
    sync_folder(data)


@contextlib.contextmanager
def _scratch(folder: Path | None) -> Iterator[Path]:
    try:
        with tempfile.TemporaryDirectory(prefix="emla-verify-", dir=folder) as name:
            yield Path(name)
    except OSError as error:
        raise write_error(folder or Path(tempfile.gettempdir()), error) from error


class _Inspector:
    """Takes files for an audit: database and documents come to lie on the disk, payloads are only hashed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._is_whole: dict[bytes, bool] = {}

    def take(self, member: Member, pieces: Iterator[bytes]) -> None:
        """Take one file."""
        if member.name == DATABASE or member.name.startswith(f"{_DOCUMENTS}/"):
            _write(self._folder, member, pieces)
            return
        digest = hashlib.sha256()
        for piece in pieces:
            digest.update(piece)
        if member.name.startswith(_BLOBS):
            name = bytes.fromhex(member.name.rpartition("/")[2])
            if name in self._is_whole:
                raise MalformedError("The archive holds a payload twice.")
            self._is_whole[name] = digest.digest() == name

    def forget_but(self, named: frozenset[bytes]) -> None:
        """Forget payloads that a restore would not keep."""
        self._is_whole = {name: self._is_whole.get(name, False) for name in named}

    def hash_payload(self, sha256: bytes) -> bytes | None:
        """The hash of a payload, for the audit; None when the archive has it not, or damaged."""
        return sha256 if self._is_whole.get(sha256) else None
