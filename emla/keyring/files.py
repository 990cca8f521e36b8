"""Private keys as files: one file for each key, in ``<data>/keys/``, and the `Keyring` a process makes of those it may hold.

Not here: passphrase wrapping and tokens (the format keeps the member ``wrapped`` free for them), and which key is in force
(the card says that).
Rules of this file:
- The folder has mode 0700, a file 0600 or stricter, both belong to the user who runs emla; anything else is refused, and so
  are symbolic links. A key that others could read counts as stolen, so nothing is repaired silently.
- A process names the uses it needs and opens no other file: the gateway never reads a sealing key.
- A file's name, its members and the key in it must agree: the key id is computed again on every read, so a damaged seed is
  noticed before it signs anything.
- No secret appears in a representation or an error.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from emla.formats import at_rest, ed1, h1, patterns, strict_json
from emla.formats.binding import key_id, labelled_key
from emla.formats.strict_json import Members, encode_octets
from emla.keyring.private_files import check_folder, read_private, refusal, write_private
from emla.model.errors import ConfigurationError, MalformedError

VERSION = 1
CONTENT_ALG = "xchacha20"
SEED_BYTES = 32
_FILE_BYTES_MAX = 4096
_NAME = re.compile(r"(sign|ledger|seal|content|root)-([0-9a-f]{32})\.json", re.ASCII)


class FileUse(StrEnum):
    """What the key in a file is for. The first three are the card's; content keys never leave the house."""

    SIGN = "sign"
    LEDGER = "ledger"
    SEAL = "seal"
    CONTENT = "content"
    ROOT = "root"


GATEWAY_USES = frozenset({FileUse.SIGN, FileUse.LEDGER, FileUse.CONTENT})
"""What `emla serve` holds: gateway and desk share that process."""
OPENER_USES = frozenset({FileUse.SEAL, FileUse.CONTENT})
"""What the opener holds."""

_ALG = {
    FileUse.SIGN: ed1.NAME,
    FileUse.LEDGER: ed1.NAME,
    FileUse.ROOT: ed1.NAME,
    FileUse.SEAL: h1.NAME,
    FileUse.CONTENT: CONTENT_ALG,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredKey:
    """One private key: its use, its id, the 32 bytes it grows from, and when it was made (UNIX seconds)."""

    use: FileUse
    kid: str
    seed: bytes = field(repr=False)
    created: int

    @property
    def alg(self) -> str:
        """The suite the key belongs to."""
        return _ALG[self.use]


def make_key(use: FileUse, *, seed: bytes, created: int) -> StoredKey:
    """Make a key from 32 fresh random bytes."""
    if len(seed) != SEED_BYTES:
        raise ValueError("A key grows from 32 bytes.")
    return StoredKey(use=use, kid=_kid(_ALG[use], seed), seed=seed, created=created)


def public_of(key: StoredKey) -> bytes:
    """The public half of an ed1 or h1 key; a content key has none."""
    if key.alg == ed1.NAME:
        return ed1.SigningKey(key.seed, key.kid).public
    if key.alg == h1.NAME:
        return h1.SealingKey(key.seed, key.kid).public
    raise ValueError("A content key has no public half.")


def _kid(alg: str, seed: bytes) -> str:
    if alg == ed1.NAME:
        return key_id(alg, ed1.SigningKey(seed, "").public)
    if alg == h1.NAME:
        return key_id(alg, h1.SealingKey(seed).public)
    return labelled_key(seed, "emla/1 content kid", b"")[:16].hex()


class Keyring:
    """The private keys one process holds in memory."""

    __slots__ = ("_content", "_sealing", "_signing")

    def __init__(self, keys: Iterable[StoredKey]) -> None:
        self._signing: dict[tuple[FileUse, str], ed1.SigningKey] = {}
        self._sealing: dict[str, h1.SealingKey] = {}
        self._content: bytes | None = None
        for key in keys:
            if key.alg == ed1.NAME:
                self._signing[key.use, key.kid] = ed1.SigningKey(key.seed, key.kid)
            elif key.alg == h1.NAME:
                self._sealing[key.kid] = h1.SealingKey(key.seed, key.kid)
            elif self._content is None:
                self._content = key.seed
            else:
                raise ConfigurationError(
                    "unreadable-key",
                    "There are two content keys; leave only the one the records are sealed under.",
                )

    def signer(self, use: FileUse, kid: str) -> ed1.SigningKey:
        """The signing key of this use and id.

        Raises:
            ConfigurationError: ``unreadable-key``: the card names a key that is not among the files.
        """
        try:
            return self._signing[use, kid]
        except KeyError:
            raise ConfigurationError(
                "unreadable-key", f"The {use} key {kid} that the card names is not there."
            ) from None

    def sealing_key(self, kid: str) -> h1.SealingKey | None:
        """The sealing key of this id; None where this process does not hold it."""
        return self._sealing.get(kid)

    @property
    def sealing_kids(self) -> frozenset[str]:
        """The sealing keys this process holds."""
        return frozenset(self._sealing)

    @property
    def content_key(self) -> bytes:
        """The 32-byte key that records are sealed under.

        Raises:
            ConfigurationError: ``unreadable-key``: this keyring was read without it.
        """
        if self._content is None:
            raise ConfigurationError("unreadable-key", "The content key was not read in this process.")
        return self._content

    def __repr__(self) -> str:
        names = sorted(
            [f"{use}:{kid}" for use, kid in self._signing] + [f"seal:{kid}" for kid in self._sealing]
        )
        return f"Keyring({', '.join(names)}, content={'yes' if self._content else 'no'})"


def read_keys(folder: Path, uses: frozenset[FileUse]) -> Keyring:
    """Read the keys of the uses named; files of other uses are not opened.

    Raises:
        ConfigurationError: ``unreadable-key``, with the file and what to do about it.
    """
    check_folder(folder)
    found: list[StoredKey] = []
    for path in sorted(folder.iterdir()):
        match = _NAME.fullmatch(path.name)
        if match and FileUse(match[1]) in uses:
            found.append(read_key(path))
    for use in sorted(uses - {key.use for key in found}):
        raise refusal(folder / f"{use}-*.json", "is missing", "Restore it from its backup.")
    return Keyring(found)


def held_keys(folder: Path) -> list[tuple[FileUse, str, str]]:
    """The use, id and place (``file``) of every key whose file is in a folder; no file is opened."""
    matches = (_NAME.fullmatch(path.name) for path in sorted(folder.iterdir()))
    return [(FileUse(match[1]), match[2], "file") for match in matches if match]


def read_key(path: Path) -> StoredKey:
    """Read one key file; its name must be the one `write_key` gave it."""
    match = _NAME.fullmatch(path.name)
    if not match:
        raise refusal(path, "does not have the name of a key file", "Give it back the name it had.")
    try:
        key = _decode(read_private(path, _FILE_BYTES_MAX))
    except (MalformedError, ValueError) as error:
        raise refusal(path, "is damaged", "Restore it from its backup.") from error
    if (key.use, key.kid) != (match[1], match[2]) or key.kid != _kid(key.alg, key.seed):
        raise refusal(path, "holds another key than its name says", "Restore it from its backup.")
    return key


def write_key(folder: Path, key: StoredKey) -> Path:
    """Write one key file, durable when this returns; the folder is made where it is missing. Never overwrites.

    Raises:
        ConfigurationError: ``unreadable-key`` where the file exists or the folder is open to others.
    """
    folder.mkdir(mode=0o700, exist_ok=True)
    check_folder(folder)
    path = folder / f"{key.use}-{key.kid}.json"
    write_private(path, _encode(key))
    return path


def _encode(key: StoredKey) -> bytes:
    return strict_json.encode(
        {
            "v": VERSION,
            "use": key.use.value,
            "alg": key.alg,
            "kid": key.kid,
            "seed": encode_octets(key.seed),
            "created": key.created,
        }
    )


def _decode(data: bytes) -> StoredKey:
    members = Members(strict_json.decode(data, _FILE_BYTES_MAX), "key file")
    members.integer("v", VERSION, VERSION)
    key = StoredKey(
        use=FileUse(members.text("use")),
        kid=members.text("kid", patterns.KID),
        seed=members.octets("seed", at_rest.KEY_BYTES),
        created=members.integer("created"),
    )
    alg = members.text("alg")
    members.finish()
    if alg != key.alg:
        raise MalformedError("key file names the wrong suite for its use.")
    return key
