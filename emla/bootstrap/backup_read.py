"""Reading a backup: what it says of itself, whether the copy is whole, and, with its key, file after file.

Rules of this file:
- Memory is a few chunks, whatever the size of the file.
- Nothing of a chunk is used before its tag was verified, and nothing is believed to be all before the last one was.
- What is inside is taken as hostile: anybody who has the public half of the key can make a backup. Names come from a short
  grammar, and what proves itself is the ledger, which the caller audits.
"""

import contextlib
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from emla.formats import archive, backup, cc1, h1
from emla.formats.archive import CONTENT, LIST, Member
from emla.formats.backup import BackupContent, BackupHeader
from emla.model.errors import ConfigurationError, MalformedError

Take = Callable[[Member, Iterator[bytes]], None]
"""Is handed each file with its bytes."""
Advance = Callable[[int], None]

_START_BYTES = len(backup.MAGIC) + 4 + backup.HEADER_BYTES_MAX
_PIECE_BYTES = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenBackup:
    """An open backup file. `start` and `end`: where the sealed stream lies."""

    path: Path
    file: IO[bytes]
    header: BackupHeader
    start: int
    end: int

    @property
    def size(self) -> int:
        """Bytes of the whole file."""
        return self.end + backup.END_BYTES

    def read(self, size: int) -> bytes:
        """The next bytes of the file.

        Raises:
            ConfigurationError: ``unreadable-file``: the medium does not give them.
        """
        try:
            return self.file.read(size)
        except OSError as error:
            raise ConfigurationError("unreadable-file", f"{self.path}: {error.strerror}.") from error


@contextlib.contextmanager
def open_backup(path: Path) -> Iterator[OpenBackup]:
    """Open a backup and check its form, without a key.

    Raises:
        ConfigurationError: ``unreadable-file``; ``backup-damaged``: it is none, it was cut, or what is inside has another form.
    """
    try:
        with path.open("rb") as file:
            yield _opened(path, file)
    except MalformedError as error:
        raise ConfigurationError("backup-damaged", f"{path}: {error.detail}") from error
    except OSError as error:
        raise ConfigurationError("unreadable-file", f"{path}: {error.strerror}.") from error


def _opened(path: Path, file: IO[bytes]) -> OpenBackup:
    header, start = backup.decode_header(file.read(_START_BYTES))
    size = file.seek(0, 2)
    file.seek(max(0, size - backup.END_BYTES))
    end, _ = backup.decode_end(file.read(backup.END_BYTES))
    if end != size - backup.END_BYTES or cc1.stream_size(end - start) is None:
        raise MalformedError(f"The file has {size} bytes, which is not what its end mark says.")
    return OpenBackup(path=path, file=file, header=header, start=start, end=end)


def check_whole(opened: OpenBackup, advance: Advance = lambda size: None) -> None:
    """Hash the whole file and hold it against its end mark: a copy is whole, or a medium has damaged it. Needs no key.

    Raises:
        MalformedError: it is not what was written.
    """
    opened.file.seek(0)
    digest, left = hashlib.sha256(), opened.end
    while left:
        piece = opened.read(min(left, _PIECE_BYTES))
        if not piece:
            raise MalformedError("The file became shorter while it was read.")
        digest.update(piece)
        left -= len(piece)
        advance(len(piece))
    _, expected = backup.decode_end(opened.read(backup.END_BYTES))
    if digest.digest() != expected:
        raise MalformedError("The file is not what was written: its medium or a transfer has damaged it.")


def read_archive(
    opened: OpenBackup, key: h1.SealingKey, take: Take, advance: Advance = lambda size: None
) -> BackupContent:
    """Unseal a backup and hand over file after file; when this returns, it was whole.

    Args:
        opened: the backup.
        key: the backup key.
        take: is handed each file; it reads all bytes it is offered.
        advance: told how many bytes were unsealed.

    Raises:
        ConfigurationError: ``wrong-backup-key``.
        MalformedError: it is damaged; what was taken so far must not be used.
    """
    header = opened.header
    binding = backup.binding_of(header)
    cek = key.unwrap(header.stanza, binding)
    if cek is None:
        raise ConfigurationError(
            "wrong-backup-key", f"It was made for the key {header.kid}; the key given is {key.kid}."
        )
    return _Archive(_Plain(opened, backup.stream_key(cek, binding), advance), header).read(take)


class _Plain:
    """The stream without its seal, in pieces of any length."""

    def __init__(self, opened: OpenBackup, key: bytes, advance: Advance) -> None:
        self._opened = opened
        self._size = opened.end - opened.start
        self._opener = cc1.Opener(key, self._size)
        self._chunk = 0
        self._rest = b""
        self._advance = advance
        opened.file.seek(opened.start)

    def read(self, most: int) -> bytes:
        """The next bytes, at most so many; empty at the end."""
        if not self._rest and self._chunk < self._opener.chunks:
            start, end = cc1.chunk_range(self._chunk, self._size)
            plain = self._opener.open(self._chunk, self._opened.read(end - start))
            if plain is None:
                raise MalformedError(f"Chunk {self._chunk} of {self._opener.chunks} is damaged.")
            self._advance(end - start)
            self._chunk += 1
            self._rest = plain
        piece, self._rest = self._rest[:most], self._rest[most:]
        return piece

    def exactly(self, size: int) -> bytes:
        """So many bytes.

        Raises:
            MalformedError: the stream ends before.
        """
        data = bytearray()
        while len(data) < size:
            piece = self.read(size - len(data))
            if not piece:
                raise MalformedError("The archive ends too early.")
            data += piece
        return bytes(data)


class _Archive:
    """The archive's members: files, then the list of them, then what it holds, then its end."""

    def __init__(self, plain: _Plain, header: BackupHeader) -> None:
        self._plain = plain
        self._header = header
        self._list = hashlib.sha256()
        self._list_size = 0
        self._files = 0
        self._size = 0

    def read(self, take: Take) -> BackupContent:
        """Hand over every file, then check list, content and end."""
        while (member := self._next()).name not in (LIST, CONTENT):
            digest = hashlib.sha256()
            take(member, self._pieces(member, digest))
            line = archive.list_line(member, digest.digest())
            self._list.update(line)
            self._list_size += len(line)
            self._files += 1
            self._size += member.size
        if member != Member(name=LIST, size=self._list_size):
            raise MalformedError("The archive has not the list of its files behind them.")
        digest = hashlib.sha256()
        for _ in self._pieces(member, digest):
            pass
        if digest.digest() != self._list.digest():
            raise MalformedError("The files of the archive are not those of its list.")
        content = self._content(self._next())
        if self._plain.exactly(len(archive.END)) != archive.END or self._plain.read(1):
            raise MalformedError("The archive does not end where it should.")
        return content

    def _next(self) -> Member:
        return archive.decode_block(self._plain.exactly(archive.BLOCK_BYTES), self._header.at)

    def _pieces(self, member: Member, digest: "hashlib._Hash") -> Iterator[bytes]:
        left = member.size
        while left:
            piece = self._plain.read(left)
            if not piece:
                raise MalformedError("The archive ends too early.")
            digest.update(piece)
            left -= len(piece)
            yield piece
        padding = archive.padding(member.size)
        if self._plain.exactly(len(padding)) != padding:
            raise MalformedError("The archive has something between two files.")

    def _content(self, member: Member) -> BackupContent:
        if member.name != CONTENT or member.size > backup.CONTENT_BYTES_MAX:
            raise MalformedError("The archive does not say what it holds.")
        content = backup.decode_content(b"".join(self._pieces(member, hashlib.sha256())))
        said = (content.authority, content.at, content.files, content.size, content.list_sha256)
        header = self._header
        if said != (header.authority, header.at, self._files, self._size, self._list.digest()):
            raise MalformedError("The archive holds something else than it says.")
        return content
