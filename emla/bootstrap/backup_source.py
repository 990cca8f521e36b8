"""What belongs into a backup: the database as it is at one instant, the small files, the payloads that its rows name.

Rules of this file:
- The small files are read after the snapshot: a key is in the folder before a card that names it is published.
- The payloads are read before it, because they go, too: one that is released at a hub, erased, or a draft's that has ended is
  deleted behind the batch that takes its row. So an instant counts only when all that its rows name was read already
  (docs/adr/0059).
- The writer is never held up: the copy is made through a read-only connection, in steps, inside one read transaction.
- ``wrap.json`` is read after the key files: a folder that is being locked meanwhile is copied so that it opens.
- Not in a backup: what is being received (``tmp``), the lock, the socket, and anything that is hidden.
"""

import contextlib
import os
import secrets
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from emla import config
from emla.bootstrap.own import DATABASE, KEYS
from emla.formats.archive import NAME
from emla.ledger.leaf import DIGEST_BYTES
from emla.model.errors import ConfigurationError, StoreError
from emla.model.settings import Settings
from emla.store.sqlite.schema import connect_reader

_PAGES_A_STEP = 2048
_FOLDERS = ("documents", KEYS, "root", "tls")
_LAST = "wrap.json"
_SMALL_FILE_BYTES_MAX = 1 << 20
_ROLLBACK_MODE = b"\x01\x01"
_MODE_PLACE = 18
"""Where a database says how it is written (file format, 1.3): 1, 1 is a file that needs no other beside it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The database at one instant: a file without a name, and what it says about the rest."""

    file: IO[bytes]
    size: int
    checkpoint: str
    ledger_size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """The payloads that are files, as rows name them at one instant."""

    names: bytes
    """Their SHA-256, sorted, one behind the other."""
    size: int
    """Their bytes together."""

    def __iter__(self) -> Iterator[bytes]:
        return (self.names[place : place + DIGEST_BYTES] for place in range(0, len(self.names), DIGEST_BYTES))


Bring = Callable[[Named], bool]
"""Sees to it that what is named was read; False when something of it was gone already."""

_NAMED = "SELECT sha256, size FROM payload WHERE body IS NULL ORDER BY sha256"
_IS_NAMED = "SELECT 1 FROM payload WHERE sha256 = ? AND body IS NULL"


def named_now(database: Path) -> Named:
    """What the rows of a database name now.

    Raises:
        StoreError: ``store-failed``.
    """
    with _store_errors(database), contextlib.closing(connect_reader(database)) as reader:
        return _named(reader)


def is_named(database: Path, sha256: bytes) -> bool:
    """Whether a row names a payload now.

    Raises:
        StoreError: ``store-failed``.
    """
    with _store_errors(database), contextlib.closing(connect_reader(database)) as reader:
        return reader.execute(_IS_NAMED, (sha256,)).fetchone() is not None


def _named(connection: sqlite3.Connection) -> Named:
    names, total = bytearray(), 0
    for sha256, size in connection.execute(_NAMED):
        names += sha256
        total += size
    return Named(names=bytes(names), size=total)


@contextlib.contextmanager
def _store_errors(database: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        full = getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL
        raise StoreError("disk-full" if full else "store-failed", f"{database.name}: {error}") from error


def take_snapshot(settings: Settings, scratch: Path | None, bring: Bring) -> Snapshot:
    """Copy the database as it is now. Whoever calls closes the file.

    Args:
        settings: of the data folder.
        scratch: a folder with room for the copy; the data folder's own ``tmp``, where absent.
        bring: reads the payloads that are named at the instant of the copy and were not read yet; when one of them is gone,
            another instant is taken.

    Raises:
        StoreError: ``disk-full`` when there is no room for the copy; ``store-failed``.
        ConfigurationError: ``unwritable-file``.
    """
    path, folder = settings.data / DATABASE, require_room(settings, scratch)
    try:
        with _store_errors(path):
            try:
                return _copy(path, _place_in(folder), bring)
            except _SweptError:  # a server starts once, and not for each copy
                return _copy(path, _place_in(folder), bring)
    except OSError as error:
        raise ConfigurationError("unwritable-file", f"{folder}: {error.strerror}.") from error


def _place_in(folder: Path) -> Path:
    return folder / f"backup-{secrets.token_hex(8)}.db"


def require_room(settings: Settings, scratch: Path | None) -> Path:
    """The folder where the copy of the database will lie, once it is sure that it has room.

    Raises:
        StoreError: ``disk-full``.
        ConfigurationError: ``unwritable-file``.
    """
    folder = scratch or settings.data / "tmp"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        _refuse_without_room(settings, settings.data / DATABASE, folder, own=scratch is None)
    except OSError as error:
        raise ConfigurationError("unwritable-file", f"{folder}: {error.strerror}.") from error
    return folder


def _refuse_without_room(settings: Settings, path: Path, folder: Path, *, own: bool) -> None:
    log = path.with_name(f"{path.name}-wal")
    need = path.stat().st_size + (log.stat().st_size if log.exists() else 0)
    usage = shutil.disk_usage(folder)
    floor = 0
    if own:
        # The copy lies where packages arrive: it must not take the space below which they are refused.
        floor = max(settings.store.disk_floor_bytes, usage.total * settings.store.disk_floor_percent // 100)
    if usage.free - need < floor:
        raise StoreError(
            "disk-full",
            f"The copy of the database needs {need} bytes in {folder}. Name a folder with room with --scratch.",
        )


class _SweptError(StoreError):
    """A server that starts has swept the copy's name away while the copy was being opened."""


def _take_name_away(place: Path, file: IO[bytes]) -> None:
    """Take away the name by which a copy was opened twice: as a file, and by SQLite.

    Raises:
        _SweptError: it was swept in between, and SQLite has made another file under it.
    """
    with contextlib.suppress(FileNotFoundError):
        is_ours = os.path.samestat(place.stat(), os.fstat(file.fileno()))
        place.unlink()
        if is_ours:
            return
    raise _SweptError(
        "store-failed", f"{place} was removed while it was being opened. Make the backup once more."
    )


def _require_whole(file: IO[bytes], source: sqlite3.Connection) -> None:
    pages, size = (source.execute(f"PRAGMA {pragma}").fetchone()[0] for pragma in ("page_count", "page_size"))
    found = os.fstat(file.fileno()).st_size
    if found != pages * size:
        raise StoreError(
            "store-failed", f"The copy of the database has {found} bytes and not {pages * size}."
        )


def _copy(path: Path, place: Path, bring: Bring) -> Snapshot:
    with contextlib.ExitStack() as stack:
        file = stack.enter_context(place.open("xb+"))
        os.fchmod(file.fileno(), 0o600)
        with contextlib.closing(sqlite3.connect(place, isolation_level=None)) as copy:
            for pragma in ("journal_mode=OFF", "synchronous=OFF"):
                copy.execute(f"PRAGMA {pragma}").close()
            # From here on the copy has no name: a crash leaves nothing, and no sweep can take it away.
            _take_name_away(place, file)
            with contextlib.closing(connect_reader(path)) as source:
                # It ends: what is new since the last look would have to go within milliseconds, each time.
                while True:
                    # One read transaction: the step that copies the last page sees the same instant as these names.
                    source.execute("BEGIN")
                    if bring(_named(source)):
                        break
                    source.rollback()
                note = source.execute("SELECT note FROM checkpoint ORDER BY size DESC LIMIT 1").fetchone()
                leaves = source.execute("SELECT max(idx) + 1 FROM leaf").fetchone()[0]
                source.backup(copy, pages=_PAGES_A_STEP)
                _require_whole(file, source)
        os.pwrite(file.fileno(), _ROLLBACK_MODE, _MODE_PLACE)
        stack.pop_all()
    return Snapshot(
        file=file,
        size=os.fstat(file.fileno()).st_size,
        checkpoint=note[0].decode() if note else "",
        ledger_size=leaves or 0,
    )


def small_files(data: Path) -> Iterator[tuple[str, bytes]]:
    """Settings, documents, keys and TLS keys: name below the data folder and bytes.

    Raises:
        ConfigurationError: ``unreadable-file``.
    """
    yield from _file(data, config.FILE_NAME)
    for folder in _FOLDERS:
        try:
            found = sorted((data / folder).iterdir(), key=lambda each: (each.name == _LAST, each.name))
        except FileNotFoundError:
            continue
        except OSError as error:
            raise ConfigurationError("unreadable-file", f"{data / folder}: {error.strerror}.") from error
        for path in found:
            if not path.name.startswith("."):
                yield from _file(data, f"{folder}/{path.name}")


def _file(data: Path, name: str) -> Iterator[tuple[str, bytes]]:
    path = data / name
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as file:
            octets = file.read(_SMALL_FILE_BYTES_MAX + 1)
    except FileNotFoundError:
        return  # there is none, or it was destroyed meanwhile, as its event in the ledger says
    except OSError as error:
        raise ConfigurationError("unreadable-file", f"{path}: {error.strerror}.") from error
    if len(octets) > _SMALL_FILE_BYTES_MAX or not NAME.fullmatch(name):
        raise ConfigurationError("unreadable-file", f"{path} is not a file of emla's. Move it elsewhere.")
    yield name, octets
