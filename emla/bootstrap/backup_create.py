"""`emla backup create`: one sealed file of everything, made beside a running server.

Order of writes: the backup grows as ``<name>.part``; fsync; rename; fsync of the folder. A crash or a full disk before the rename
leaves no backup and a ``.part``, which the next attempt with the same name replaces; after it the backup is there, whole.
"""

import contextlib
import errno
import fcntl
import hashlib
import os
import secrets
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from emla import __version__
from emla.bootstrap.backup_source import (
    Named,
    Snapshot,
    is_named,
    named_now,
    require_room,
    small_files,
    take_snapshot,
)
from emla.bootstrap.own import DATABASE, lost_ledger, own_authority, own_file, read_own_file
from emla.formats import archive, backup, cc1, h1
from emla.formats.archive import CONTENT, LIST, Member
from emla.formats.backup import BackupContent, BackupHeader
from emla.keyring.media import MediaUse, PublicKeyFile
from emla.keyring.private_files import sync_folder
from emla.model.errors import ConfigurationError, StoreError
from emla.model.settings import Settings
from emla.store.files import blob_path

Advance = Callable[[int], None]
"""Told how many bytes were just sealed."""
Begin = Callable[[int], None]
"""Told about how many bytes there will be: as it looks at the beginning."""

_PIECE_BYTES = 1 << 20
_LIST_MEMORY_BYTES = 8 << 20
_LITTLE_BYTES = 64 << 20
"""So much is read inside the transaction of the snapshot: seconds, for which the write-ahead log is held."""
_ROUNDS_MAX = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class CreatedBackup:
    """A backup that is on the disk."""

    path: Path
    header: BackupHeader
    content: BackupContent
    size: int
    ledger_size: int
    problems: tuple[str, ...]
    """What could not be read; only where somebody insisted."""


def create_backup(
    settings: Settings,
    target: Path,
    recipient: PublicKeyFile,
    *,
    now: int,
    scratch: Path | None = None,
    insist: bool = False,
    begin: Begin = lambda total: None,
    advance: Advance = lambda size: None,
) -> CreatedBackup:
    """Make a backup of a data folder.

    Args:
        settings: of the data folder.
        target: the file; there must be none.
        recipient: the public half of the backup key.
        now: UNIX seconds.
        scratch: where a copy of the database may lie for a while.
        insist: leave out what cannot be read, and say so, instead of making no backup.
        begin: told about how large everything is, once.
        advance: told how far it is.

    Raises:
        ConfigurationError: ``unwritable-file``; ``unreadable-file``; ``unreadable-key``: the recipient is no backup key;
            ``backup-incomplete``.
        StoreError: ``disk-full``, ``store-failed``.
    """
    if recipient.use is not MediaUse.BACKUP:
        raise ConfigurationError(
            "unreadable-key", f"The key of {recipient.name} is of use '{recipient.use}', not 'backup'."
        )
    own = own_authority(settings.data)
    authority, lost = own.id, lost_ledger(settings.data, own)
    if lost and not insist:
        raise ConfigurationError("backup-incomplete", lost[0])
    # Read before the database is copied: a file that is newer than the copy would say that the copy is behind.
    copy = read_own_file(settings.data)
    cek, backup_id = secrets.token_bytes(h1.CEK_BYTES), secrets.token_bytes(backup.ID_BYTES)
    binding = backup.bind(authority=authority, at=now, id=backup_id, kid=recipient.kid)
    header = BackupHeader(
        authority=authority,
        at=now,
        id=backup_id,
        kid=recipient.kid,
        stanza=h1.wrap(recipient.public, cek, binding),
    )
    with _new_file(target) as file, contextlib.ExitStack() as stack:
        out = _SealedFile(file, target, backup.stream_key(cek, binding), advance)
        out.clear(backup.encode_header(header))
        listing = stack.enter_context(tempfile.SpooledTemporaryFile(_LIST_MEMORY_BYTES))
        writer = _ArchiveWriter(out, listing, now)
        payloads = _Payloads(writer, settings.data, insist=insist)
        snapshot = None
        if (database := settings.data / DATABASE).exists():
            require_room(settings, scratch)
            begin(database.stat().st_size + named_now(database).size)
            payloads.bring_most()
            snapshot = take_snapshot(settings, scratch, payloads.bring)
            stack.enter_context(snapshot.file)
        _write_files(writer, settings.data, snapshot, copy)
        problems = [*lost, *payloads.problems]
        content = writer.finish(authority, snapshot.checkpoint if snapshot else "", len(problems))
        size = out.finish()
    return CreatedBackup(
        path=target,
        header=header,
        content=content,
        size=size,
        ledger_size=snapshot.ledger_size if snapshot else 0,
        problems=tuple(problems),
    )


def _write_files(writer: "_ArchiveWriter", data: Path, snapshot: Snapshot | None, copy: bytes | None) -> None:
    """Everything but the payloads; of the own documents the copy that was read before the snapshot."""
    if snapshot:
        snapshot.file.seek(0)
        writer.add(DATABASE, snapshot.size, _pieces(snapshot.file, snapshot.size))
    for name, octets in small_files(data):
        if copy is not None and data / name == own_file(data):
            octets = copy
        writer.add(name, len(octets), iter((octets,)))


class _Payloads:
    """Brings payloads that are files into the archive, each once, while others come and go.

    Raises:
        ConfigurationError: ``backup-incomplete``: the disk has lost or damaged one, and nobody insists.
    """

    def __init__(self, writer: "_ArchiveWriter", data: Path, *, insist: bool) -> None:
        self._writer = writer
        self._data = data
        self._insist = insist
        self._brought: set[bytes] = set()
        self._size = 0
        self.problems: list[str] = []

    def bring_most(self) -> None:
        """Bring what is named now, and what was added meanwhile, until little was. No transaction is open for so long."""
        for _ in range(_ROUNDS_MAX):
            before = self._size
            self.bring(named_now(self._data / DATABASE))
            if self._size - before < _LITTLE_BYTES:
                return

    def bring(self, named: Named) -> bool:
        """Bring what is named and was not brought; False when something of it has gone since, as it may."""
        is_all = True
        for sha256 in named:
            if sha256 not in self._brought:
                is_all &= self._bring_one(sha256)
        return is_all

    def _bring_one(self, sha256: bytes) -> bool:
        path = blob_path(self._data / "blobs", sha256)
        try:
            file = path.open("rb")
        except OSError as error:
            # The row goes before the file does: a row that is still here names a file that the disk has lost.
            if isinstance(error, FileNotFoundError) and not is_named(self._data / DATABASE, sha256):
                return False
            problem = f"{path}: {error.strerror}."
        else:
            with file:
                problem = self._add(path, file, sha256)
        if problem:
            if not self._insist:
                raise ConfigurationError("backup-incomplete", problem)
            self.problems.append(problem)
        self._brought.add(sha256)
        return True

    def _add(self, path: Path, file: IO[bytes], sha256: bytes) -> str:
        """Add a payload; what is wrong with it, empty when nothing is."""
        size = os.fstat(file.fileno()).st_size
        try:
            found = self._writer.add(path.relative_to(self._data).as_posix(), size, _pieces(file, size))
        except _ReadError as error:
            raise ConfigurationError("backup-incomplete", f"{path}: {error}.") from error
        self._size += size
        return "" if found == sha256 else f"{path} is not what its name says: the disk damaged it."


class _ReadError(Exception):
    """A file ended, or could not be read on, in the middle of a member: what was written of it cannot be taken back."""


def _pieces(file: IO[bytes], size: int) -> Iterator[bytes]:
    left = size
    while left:
        try:
            piece = file.read(min(left, _PIECE_BYTES))
        except OSError as error:
            raise _ReadError(error.strerror or str(error)) from error
        if not piece:
            raise _ReadError("It became shorter while it was read")
        left -= len(piece)
        yield piece


class _ArchiveWriter:
    """Writes the archive's members, one after the other, and keeps the list of them."""

    def __init__(self, out: "_SealedFile", listing: IO[bytes], at: int) -> None:
        self._out = out
        self._listing = listing
        self._list_hash = hashlib.sha256()
        self._at = at
        self._files = 0
        self._size = 0

    def add(self, name: str, size: int, pieces: Iterator[bytes]) -> bytes:
        """Add a file of a known size; its SHA-256."""
        member = Member(name=name, size=size)
        digest = self._member(member, pieces)
        line = archive.list_line(member, digest)
        self._listing.write(line)
        self._list_hash.update(line)
        self._files += 1
        self._size += size
        return digest

    def _member(self, member: Member, pieces: Iterator[bytes]) -> bytes:
        digest = hashlib.sha256()
        self._out.seal(archive.encode_block(member, self._at))
        for piece in pieces:
            digest.update(piece)
            self._out.seal(piece)
        self._out.seal(archive.padding(member.size))
        return digest.digest()

    def finish(self, authority: str, checkpoint: str, missing: int) -> BackupContent:
        """Write the list, what the archive holds, and its end."""
        size = self._listing.tell()
        self._listing.seek(0)
        self._member(Member(name=LIST, size=size), _pieces(self._listing, size))
        content = BackupContent(
            authority=authority,
            at=self._at,
            software=f"emla/{__version__}",
            files=self._files,
            size=self._size,
            list_sha256=self._list_hash.digest(),
            checkpoint=checkpoint,
            missing=missing,
        )
        encoded = backup.encode_content(content)
        self._member(Member(name=CONTENT, size=len(encoded)), iter((encoded,)))
        self._out.seal(archive.END)
        return content


class _SealedFile:
    """The file on its way: what is clear, what is sealed, and the end mark over both."""

    def __init__(self, file: IO[bytes], target: Path, key: bytes, advance: Advance) -> None:
        self._file = file
        self._target = target
        self._sealer = cc1.Sealer(key)
        self._hash = hashlib.sha256()
        self._size = 0
        self._advance = advance

    def clear(self, data: bytes) -> None:
        """Write bytes as they are."""
        view = memoryview(data)
        try:
            while view:
                view = view[self._file.write(view) :]
        except OSError as error:
            raise write_error(self._target, error) from error
        self._hash.update(data)
        self._size += len(data)

    def seal(self, data: bytes) -> None:
        """Seal bytes."""
        self.clear(self._sealer.update(data))
        self._advance(len(data))

    def finish(self) -> int:
        """Write the last chunk and the end mark; the size of the whole file."""
        self.clear(self._sealer.finish())
        self.clear(backup.encode_end(self._size, self._hash.digest()))
        return self._size


def write_error(path: Path, error: OSError) -> StoreError | ConfigurationError:
    """What a failed write of a file means."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return StoreError("disk-full", f"{path}: {error.strerror}. Nothing is left of it.")
    return ConfigurationError("unwritable-file", f"{path}: {error.strerror}.")


@contextlib.contextmanager
def _new_file(target: Path) -> Iterator[IO[bytes]]:
    """A file that is there whole, after the block, or not at all."""
    if target.exists():
        raise ConfigurationError("unwritable-file", f"{target} exists already; a backup replaces nothing.")
    part = target.with_name(f"{target.name}.part")
    try:
        descriptor = os.open(part, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise write_error(part, error) from error
    # Not buffered: what could not be written must not be tried again when the file is closed.
    with os.fdopen(descriptor, "wb", buffering=0) as file:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise ConfigurationError(
                "unwritable-file", f"{part} is being written by another backup."
            ) from error
        made = part
        try:
            file.truncate(0)  # what a crash left of an earlier attempt
            yield file
            os.fsync(descriptor)
            made = part.rename(target)
            sync_folder(target.parent)
        except BaseException as error:
            made.unlink(missing_ok=True)
            if isinstance(error, OSError):
                raise write_error(target, error) from error
            raise
