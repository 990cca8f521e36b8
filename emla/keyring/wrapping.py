"""How private keys are locked at rest: a secret under a passphrase (Argon2id), and a key under a wrapping key.

``<data>/keys/wrap.json`` holds a random master secret under the operator's passphrase. Each use of keys has a wrapping key of
its own, derived from the master; each key file holds its key under the wrapping key of its use. So one costly derivation
opens a folder, and a process that is given one wrapping key can open the files of that use and no others.

Rules of this file:
- What a passphrase costs stands in the file, because machines grow. It is capped on reading: a hostile file must not take the
  machine's memory. It has no floor there: a file that was made weak stays weak, and `emla doctor` says so.
- XChaCha20-Poly1305 binds each box to what it is for: a box of one file does not open in another.
- No secret appears in a representation or an error. A wrong passphrase and a changed box look the same, and cannot be told
  apart by anybody.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from nacl import bindings, exceptions
from nacl.pwhash import argon2id

from emla.formats import strict_json
from emla.formats.binding import labelled_key
from emla.formats.strict_json import Json, Members, encode_octets
from emla.keyring.passphrase import Passphrase
from emla.keyring.private_files import read_private, refusal, replace_private, write_private
from emla.model.errors import ConfigurationError, MalformedError

FILE_NAME = "wrap.json"
VERSION = 1
KEY_BYTES = 32
SALT_BYTES = argon2id.SALTBYTES
NONCE_BYTES = bindings.crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
TAG_BYTES = bindings.crypto_aead_xchacha20poly1305_ietf_ABYTES
BOX_BYTES = NONCE_BYTES + KEY_BYTES + TAG_BYTES
_KDF = "argon2id"
_OPS_MAX = 16
_MEMORY_BYTES_MAX = 1024**3
_FILE_BYTES_MAX = 4096
_LABEL = b"emla/1 wrap.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What one try of a passphrase costs: passes over so many bytes of memory."""

    ops: int = argon2id.OPSLIMIT_MODERATE
    memory_bytes: int = argon2id.MEMLIMIT_MODERATE

    @property
    def is_weak(self) -> bool:
        """Whether a thief would try passphrases quickly."""
        return self.ops < argon2id.OPSLIMIT_INTERACTIVE or self.memory_bytes < argon2id.MEMLIMIT_INTERACTIVE


@dataclass(frozen=True, slots=True, kw_only=True)
class Locked:
    """A 32-byte secret under a passphrase, with what is needed to try one."""

    work: Work
    salt: bytes
    box: bytes


def lock(passphrase: Passphrase, secret: bytes, label: bytes, *, work: Work, fresh: bytes) -> Locked:
    """Lock a secret under a passphrase.

    Args:
        secret: 32 bytes.
        label: what the secret is; needed to open it again.
        fresh: SALT_BYTES + NONCE_BYTES fresh random bytes.
    """
    salt, nonce = fresh[:SALT_BYTES], fresh[SALT_BYTES:]
    box = seal_key(_derive(passphrase, work, salt), secret, label, nonce)
    return Locked(work=work, salt=salt, box=box)


def unlock(passphrase: Passphrase, locked: Locked, label: bytes) -> bytes | None:
    """The secret; None when the passphrase is wrong or the file was changed."""
    return open_key(_derive(passphrase, locked.work, locked.salt), locked.box, label)


def _derive(passphrase: Passphrase, work: Work, salt: bytes) -> bytes:
    try:
        return argon2id.kdf(KEY_BYTES, passphrase.octets, salt, opslimit=work.ops, memlimit=work.memory_bytes)
    except (exceptions.CryptoError, MemoryError):
        need = work.memory_bytes // 1024**2
        raise ConfigurationError(
            "unreadable-key",
            f"Trying a passphrase needs {need} MiB of memory, which this machine did not give.",
        ) from None


def encode_locked(locked: Locked) -> dict[str, Json]:
    """The members of a file that say how to try a passphrase."""
    return {
        "kdf": _KDF,
        "ops": locked.work.ops,
        "memory": locked.work.memory_bytes,
        "salt": encode_octets(locked.salt),
        "box": encode_octets(locked.box),
    }


def decode_locked(members: Members) -> Locked:
    """Take those members; what would cost too much is refused before it costs anything.

    Raises:
        MalformedError: not in this form.
    """
    if members.text("kdf") != _KDF:
        raise MalformedError("key file names an unknown derivation.")
    return Locked(
        work=Work(
            ops=members.integer("ops", argon2id.OPSLIMIT_MIN, _OPS_MAX),
            memory_bytes=members.integer("memory", argon2id.MEMLIMIT_MIN, _MEMORY_BYTES_MAX),
        ),
        salt=members.octets("salt", SALT_BYTES),
        box=members.octets("box", BOX_BYTES),
    )


def seal_key(wrapping_key: bytes, key: bytes, label: bytes, nonce: bytes) -> bytes:
    """Seal a 32-byte key under another: nonce and box, bound to the label."""
    return nonce + bindings.crypto_aead_xchacha20poly1305_ietf_encrypt(key, label, nonce, wrapping_key)


def open_key(wrapping_key: bytes, box: bytes, label: bytes) -> bytes | None:
    """Open such a box; None when key, label or bytes do not fit."""
    nonce, sealed = box[:NONCE_BYTES], box[NONCE_BYTES:]
    if len(box) != BOX_BYTES:  # the binding would ask for an array of negative length
        return None
    try:
        return bindings.crypto_aead_xchacha20poly1305_ietf_decrypt(sealed, label, nonce, wrapping_key)
    except (exceptions.CryptoError, exceptions.ValueError):
        return None


@dataclass(frozen=True, slots=True)
class WrappingKeys:
    """The wrapping keys one process may hold, by the name of their use."""

    by_use: Mapping[str, bytes] = field(repr=False)

    def of(self, use: str) -> bytes | None:
        """The wrapping key of a use, where this process holds it."""
        return self.by_use.get(use)

    def only(self, uses: Iterable[str]) -> "WrappingKeys":
        """Those of some uses, for a process that may hold no others."""
        return WrappingKeys({use: key for use in uses if (key := self.by_use.get(use)) is not None})


def wrapping_keys(master: bytes, uses: Iterable[str]) -> WrappingKeys:
    """Derive the wrapping keys of some uses; the caller forgets the master."""
    return WrappingKeys({use: labelled_key(master, "emla/1 wrap", use.encode("ascii")) for use in uses})


def is_wrapped(folder: Path) -> bool:
    """Whether the keys of a folder are locked under a passphrase."""
    return (folder / FILE_NAME).exists()


def write_wrap(folder: Path, passphrase: Passphrase, master: bytes, *, work: Work, fresh: bytes) -> None:
    """Write ``wrap.json`` into a folder that has none; durable when this returns."""
    write_private(folder / FILE_NAME, _encode(lock(passphrase, master, _LABEL, work=work, fresh=fresh)))


def rewrite_wrap(folder: Path, passphrase: Passphrase, master: bytes, *, work: Work, fresh: bytes) -> None:
    """Lock the same master under another passphrase; the old one opens nothing from now on, but old copies of the file."""
    replace_private(folder / FILE_NAME, _encode(lock(passphrase, master, _LABEL, work=work, fresh=fresh)))


def read_work(folder: Path) -> Work:
    """What a try of the folder's passphrase costs.

    Raises:
        ConfigurationError: ``unreadable-key``.
    """
    return _read(folder).work


def read_master(folder: Path, passphrase: Passphrase) -> bytes:
    """Open a folder's master secret.

    Raises:
        ConfigurationError: ``wrong-passphrase``; ``unreadable-key`` when the file is missing, open to others or damaged.
    """
    master = unlock(passphrase, _read(folder), _LABEL)
    if master is None:
        raise ConfigurationError(
            "wrong-passphrase", f"It does not open {folder / FILE_NAME}, or that file was changed."
        )
    return master


def _encode(locked: Locked) -> bytes:
    return strict_json.encode({"v": VERSION, **encode_locked(locked)})


def _read(folder: Path) -> Locked:
    path = folder / FILE_NAME
    try:
        members = Members(
            strict_json.decode(read_private(path, _FILE_BYTES_MAX), _FILE_BYTES_MAX), "wrap file"
        )
        members.integer("v", VERSION, VERSION)
        locked = decode_locked(members)
        members.finish()
    except MalformedError:
        raise refusal(path, "is damaged", "Restore it from its backup.") from None
    return locked
