"""The authority that lives in a data folder: its documents and its keys.

Once the gateway has run, the database is the truth about the documents, and ``documents/own.json`` a copy of it.
"""

import contextlib
import os
import sqlite3
from pathlib import Path

from emla.bootstrap.own_keys import OwnKeys
from emla.bootstrap.restored import is_half_restored
from emla.flow.documents.own import identity_at, ledger_key_at
from emla.flow.gateway import Identity
from emla.formats.export import decode_export
from emla.keyring.files import GATEWAY_USES, Keyring, read_keys
from emla.keyring.private_files import sync_folder
from emla.ledger.batch import LedgerKey
from emla.model.documents import Authority, KeyUse
from emla.model.errors import ConfigurationError, InvalidDocumentError, MalformedError, StoreError
from emla.steps.trust import trust_documents
from emla.store.sqlite.schema import connect_reader

DATABASE = "emla.db"
SOCKET = "emla.sock"
KEYS = "keys"
_HAS_OWN = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'own'"


def own_authority(data: Path) -> Authority:
    """Read and check the authority's own documents: those published last.

    Raises:
        ConfigurationError: ``not-initialised`` or ``unreadable-file``.
        InvalidDocumentError: the documents do not hold together.
    """
    path = own_file(data)
    if is_half_restored(data):
        raise ConfigurationError(
            "not-initialised",
            f"A restore into {data} did not come to its end. Empty the folder and restore again.",
        )
    try:
        documents = decode_export(_published(data / DATABASE) or path.read_bytes())
        return trust_documents(documents, known=documents)
    except FileNotFoundError as error:
        raise ConfigurationError("not-initialised", f"{data} holds no authority.") from error
    except OSError as error:
        raise ConfigurationError("unreadable-file", f"{path}: {error.strerror}") from error
    except MalformedError as error:
        raise ConfigurationError("unreadable-file", f"{path}: {error.detail}") from error


def own_file(data: Path) -> Path:
    """Where the copy of the own documents lies."""
    return data / "documents" / "own.json"


def read_own_file(data: Path) -> bytes | None:
    """The copy of the own documents as it lies there; None where there is none, or it cannot be read."""
    try:
        return own_file(data).read_bytes()
    except OSError:
        return None


def filed_authority(data: Path) -> Authority | None:
    """The authority as the copy of its documents says; None where it says nothing, or does not hold together."""
    try:
        documents = decode_export(read_own_file(data) or b"")
        return trust_documents(documents, known=documents)
    except (InvalidDocumentError, MalformedError):
        return None


def lost_ledger(data: Path, own: Authority) -> tuple[str, ...]:
    """Say that the database is gone where a status says that there was one; nothing where the server has never run."""
    if own.status is None or (data / DATABASE).exists():
        return ()
    return (f"{DATABASE} is gone: the own documents bear the status of a ledger that is not here.",)


def _published(database: Path) -> bytes | None:
    """The documents in the database; None where there is no database, or one from before it kept them."""
    if not database.exists():
        return None
    try:
        with contextlib.closing(connect_reader(database)) as connection:
            if connection.execute(_HAS_OWN).fetchone() is None:
                return None
            row = connection.execute("SELECT documents FROM own").fetchone()
            return bytes(row[0]) if row else None
    except sqlite3.Error as error:
        raise StoreError("store-failed", f"{database.name}: {error}") from error


def write_own_file(data: Path, export: bytes) -> None:
    """Write the copy of the own documents, whole or not at all; durable when this returns.

    A crash before the rename leaves a file ``.own.json.new`` that nobody reads, and the copy as it was.
    """
    path = own_file(data)
    with contextlib.suppress(OSError):
        if path.read_bytes() == export:
            return
    path.parent.mkdir(mode=0o700, exist_ok=True)
    temporary = path.with_name(f".{path.name}.new")
    with temporary.open("wb") as file:
        file.write(export)
        file.flush()
        os.fsync(file.fileno())
    temporary.chmod(0o600)
    temporary.rename(path)
    sync_folder(path.parent)


def gateway_keys(data: Path) -> Keyring:
    """Read the keys that gateway and desk hold, where they are not locked; never the sealing key."""
    return read_keys(data / KEYS, GATEWAY_USES)


def identity_of(authority: Authority, keys: Keyring, now: int) -> Identity:
    """Put documents and keys together; the newest valid sign key of the card signs."""
    return identity_at(authority, OwnKeys(keys), now)


def ledger_key_of(authority: Authority, keys: Keyring, now: int) -> LedgerKey:
    """The key that signs checkpoints."""
    return ledger_key_at(authority, OwnKeys(keys), now)


def ledger_publics(authority: Authority) -> tuple[bytes, ...]:
    """The public keys of the authority's ledger, the one that took effect last first."""
    keys = sorted(authority.keys(KeyUse.LEDGER), key=lambda key: key.not_before, reverse=True)
    return tuple(key.public for key in keys)
