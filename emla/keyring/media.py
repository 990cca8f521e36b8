"""One key on removable media: a root key, a key officer's personal key or the key of backups, under a passphrase of its own.

Beside it lies ``<name>.pub.json``, its public half, which is what others are given.
Rules of this file:
- The file is locked by its passphrase and not by its mode: a memory stick often knows no modes, and a copy made by hand must
  still open. A root key that is not locked (a start without a passphrase) is taken only when nobody else can read it.
- Writing overwrites nothing and uses nothing that such media do not have (no links, no renames).
- These keys are opened for one command and never by the server.
"""

import os
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from emla.formats import ed1, h1, patterns, strict_json
from emla.formats.binding import key_id
from emla.formats.strict_json import Json, Members, check_line, encode_octets
from emla.keyring.files import read_key
from emla.keyring.key_file import FILE_BYTES_MAX, VERSION
from emla.keyring.passphrase import Passphrase
from emla.keyring.private_files import read_private, refusal
from emla.keyring.wrapping import Locked, Work, decode_locked, encode_locked, lock, unlock
from emla.model.errors import ConfigurationError, MalformedError

PUBLIC_SUFFIX = ".pub.json"
_NAME_CHARACTERS_MAX = 100


class MediaUse(StrEnum):
    """What a key on removable media is for."""

    ROOT = "root"
    OFFICER = "officer"
    BACKUP = "backup"
    """Opens backups. The server has its public half only."""

    @property
    def alg(self) -> str:
        """The suite of its keys: backups are sealed to a key, the others sign."""
        return h1.NAME if self is MediaUse.BACKUP else ed1.NAME

    def public_of(self, seed: bytes) -> bytes:
        """The public half of the key that grows from a seed."""
        return h1.SealingKey(seed).public if self is MediaUse.BACKUP else ed1.SigningKey(seed, "").public

    def is_valid_public(self, public: bytes) -> bool:
        """Whether the bytes are the public half of a key of its suite."""
        return h1.is_valid_public(public) if self is MediaUse.BACKUP else ed1.is_valid_public(public)


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicKeyFile:
    """The public half, as it is given to others."""

    use: MediaUse
    kid: str
    public: bytes
    name: str
    """The officer's name, or what people call the root key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaKey:
    """A locked key file: what can be read without its passphrase."""

    about: PublicKeyFile
    locked: Locked
    created: int


def public_path(path: Path) -> Path:
    """Where the public half of a key file lies."""
    return path.with_name(path.name.removesuffix(".json") + PUBLIC_SUFFIX)


def make_media_key(
    use: MediaUse,
    *,
    seed: bytes,
    name: str,
    passphrase: Passphrase,
    created: int,
    work: Work,
    fresh: bytes,
) -> MediaKey:
    """Lock a key that grows from 32 fresh random bytes under a passphrase.

    Raises:
        MalformedError: the name is not a line that can be shown.
    """
    check_line("The name", name, _NAME_CHARACTERS_MAX)
    public = use.public_of(seed)
    about = PublicKeyFile(use=use, kid=key_id(use.alg, public), public=public, name=name)
    locked = lock(passphrase, seed, _label(about), work=work, fresh=fresh)
    return MediaKey(about=about, locked=locked, created=created)


def write_media_key(path: Path, key: MediaKey) -> None:
    """Write the key file and its public half, durable when this returns.

    Raises:
        ConfigurationError: ``unwritable-file``: one of them exists, or cannot be written; nothing is left behind.
    """
    _write_new(path, _encode(key))
    try:
        _write_new(public_path(path), encode_public(key.about))
    except ConfigurationError:
        path.unlink()
        raise


def read_media_key(path: Path) -> MediaKey | None:
    """What a key file says of itself; None when it is not locked.

    Raises:
        ConfigurationError: ``unreadable-file``, or ``unreadable-key`` when it is damaged.
    """
    try:
        members = Members(strict_json.decode(_read(path), FILE_BYTES_MAX), "key file")
        if members.has("seed"):
            return None
        about = _take_about(members)
        key = MediaKey(about=about, locked=decode_locked(members), created=members.integer("created"))
        members.finish()
    except (MalformedError, ValueError):
        raise refusal(path, "is not a whole key file", "Use its second copy.") from None
    return key


def open_media_key(path: Path, key: MediaKey, passphrase: Passphrase) -> ed1.SigningKey:
    """Open the file of a key that signs.

    Raises:
        ConfigurationError: ``wrong-passphrase``; ``unreadable-key``: it is the key of backups.
    """
    if key.about.use is MediaUse.BACKUP:
        raise refusal(path, "is a key of backups, which signs nothing", "Use the key that is meant.")
    return ed1.SigningKey(seed_of(path, key, passphrase), key.about.kid)


def open_backup_key(path: Path, key: MediaKey, passphrase: Passphrase) -> h1.SealingKey:
    """Open the file of a key of backups.

    Raises:
        ConfigurationError: ``wrong-passphrase``; ``unreadable-key``: it is another key.
    """
    if key.about.use is not MediaUse.BACKUP:
        raise refusal(path, f"is a key of use '{key.about.use}', not 'backup'", "Use the key of backups.")
    return h1.SealingKey(seed_of(path, key, passphrase), key.about.kid)


def seed_of(path: Path, key: MediaKey, passphrase: Passphrase) -> bytes:
    """What the key grows from, to lock it under another passphrase.

    Raises:
        ConfigurationError: ``wrong-passphrase``.
    """
    seed = unlock(passphrase, key.locked, _label(key.about))
    if seed is None:
        raise ConfigurationError("wrong-passphrase", f"It does not open {path}, or that file was changed.")
    return seed


def open_plain_root(path: Path) -> ed1.SigningKey:
    """Open a root key that was made without a passphrase; its name and mode must be those it was given.

    Raises:
        ConfigurationError: ``unreadable-key``.
    """
    key = read_key(path)
    return ed1.SigningKey(key.seed, key.kid)


def encode_public(about: PublicKeyFile) -> bytes:
    """Encode the file with the public half."""
    return strict_json.encode(_about(about))


def read_public(path: Path) -> PublicKeyFile:
    """Read such a file.

    Raises:
        ConfigurationError: ``unreadable-file``, or ``unreadable-key`` when it is damaged.
    """
    try:
        members = Members(strict_json.decode(_read(path), FILE_BYTES_MAX), "public key file")
        about = _take_about(members)
        members.finish()
    except (MalformedError, ValueError):
        raise refusal(path, "is not a whole public key file", "Ask its owner for it again.") from None
    return about


def _label(about: PublicKeyFile) -> bytes:
    # The name is bound in: nobody can give an officer's key another officer's name.
    return f"emla/1 media key\0{about.use.value}\0{about.kid}\0{about.name}".encode()


def _about(about: PublicKeyFile) -> dict[str, Json]:
    return {
        "v": VERSION,
        "use": about.use.value,
        "alg": about.use.alg,
        "kid": about.kid,
        "public": encode_octets(about.public),
        "name": about.name,
    }


def _take_about(members: Members) -> PublicKeyFile:
    members.integer("v", VERSION, VERSION)
    about = PublicKeyFile(
        use=MediaUse(members.text("use")),
        kid=members.text("kid", patterns.KID),
        public=members.octets("public", longest=h1.PUBLIC_BYTES),
        name=members.line("name", _NAME_CHARACTERS_MAX),
    )
    use, alg = about.use, members.text("alg")
    if alg != use.alg or not use.is_valid_public(about.public) or about.kid != key_id(alg, about.public):
        raise MalformedError("public key file names another key than it holds.")
    return about


def _encode(key: MediaKey) -> bytes:
    return strict_json.encode({**_about(key.about), "created": key.created, **encode_locked(key.locked)})


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(FILE_BYTES_MAX + 1)
    except OSError as error:
        raise ConfigurationError("unreadable-file", f"{path}: {error.strerror}.") from error
    if b'"seed"' in data:
        return read_private(path, FILE_BYTES_MAX)
    return data


def _write_new(path: Path, data: bytes) -> None:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise ConfigurationError("unwritable-file", f"{path}: {error.strerror}.") from error
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(descriptor)
    except OSError as error:
        path.unlink(missing_ok=True)
        raise ConfigurationError("unwritable-file", f"{path}: {error.strerror}.") from error
