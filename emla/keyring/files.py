"""Private keys as files: one file for each key, in ``<data>/keys/``, and the `Keyring` a process makes of those it may hold.

Not here: the form of one file (`key_file`), how it is locked (`wrapping`), keys on removable media (`media`), tokens
(`pkcs11`), and which key is in force (the card says that).
Rules of this file:
- The folder has mode 0700, a file 0600 or stricter, both belong to the user who runs emla; anything else is refused, and so
  are symbolic links. A key that others could read counts as stolen, so nothing is repaired silently.
- A process names the uses it needs and opens no other file: the gateway never reads a sealing key.
- A file's name, its members and the key in it must agree: the key id is computed again on every read, so a damaged seed is
  noticed before it signs anything.
- No secret appears in a representation or an error.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from emla.formats import ed1, h1
from emla.keyring.key_file import (
    FILE_BYTES_MAX,
    SEED_BYTES,
    FileUse,
    KeptKey,
    StoredKey,
    TokenKey,
    WrappedKey,
    decode_key,
    encode_key,
    is_whole,
    make_key,
    public_of,
)
from emla.keyring.private_files import check_folder, read_private, refusal, write_private
from emla.keyring.wrapping import WrappingKeys
from emla.model.errors import ConfigurationError, MalformedError
from emla.model.signed import Signer

__all__ = [
    "GATEWAY_USES",
    "OPENER_USES",
    "SEED_BYTES",
    "FileUse",
    "Keyring",
    "StoredKey",
    "kept_keys",
    "make_key",
    "public_of",
    "read_key",
    "read_keys",
    "write_key",
]

_NAME = re.compile(r"(sign|ledger|seal|content|root)-([0-9a-f]{32})\.json", re.ASCII)

GATEWAY_USES = frozenset({FileUse.SIGN, FileUse.LEDGER, FileUse.CONTENT})
"""What `emla serve` holds: gateway and desk share that process."""
OPENER_USES = frozenset({FileUse.SEAL, FileUse.CONTENT})
"""What the opener holds."""

OpenToken = Callable[[TokenKey], Signer]
"""Makes a signer of a key that is in a token."""


class Keyring:
    """The private keys one process holds in memory, and those it reaches in tokens."""

    __slots__ = ("_content", "_sealing", "_signing")

    def __init__(
        self, keys: Iterable[StoredKey], tokens: Mapping[tuple[FileUse, str], Signer] | None = None
    ) -> None:
        self._signing: dict[tuple[FileUse, str], Signer] = dict(tokens or {})
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

    def signer(self, use: FileUse, kid: str) -> Signer:
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


def read_keys(
    folder: Path,
    uses: frozenset[FileUse],
    wrapping: WrappingKeys | None = None,
    open_token: OpenToken | None = None,
) -> Keyring:
    """Read the keys of the uses named; files of other uses are not opened.

    Args:
        folder: ``<data>/keys``.
        uses: what this process may hold.
        wrapping: the wrapping keys of these uses, where the folder is locked.
        open_token: makes signers of the keys that are in tokens.

    Raises:
        ConfigurationError: ``unreadable-key``, with the file and what to do about it; ``key-locked``: a file is locked, or its
            key in a token, and the means to open it were not given.
    """
    stored: list[StoredKey] = []
    tokens: dict[tuple[FileUse, str], Signer] = {}
    found: set[FileUse] = set()
    for path, key in kept_keys(folder, uses):
        found.add(key.use)
        if isinstance(key, TokenKey):
            if open_token is None:
                raise _locked(path, "names a key in a token, and no token was opened")
            tokens[key.use, key.kid] = open_token(key)
        else:
            stored.append(_opened(path, key, wrapping))
    for use in sorted(uses - found):
        raise refusal(folder / f"{use}-*.json", "is missing", "Restore it from its backup.")
    return Keyring(stored, tokens)


def kept_keys(folder: Path, uses: frozenset[FileUse]) -> Iterator[tuple[Path, KeptKey]]:
    """The key files of some uses as they stand, nothing unlocked."""
    check_folder(folder)
    for path in sorted(folder.iterdir()):
        match = _NAME.fullmatch(path.name)
        if match and FileUse(match[1]) in uses:
            yield path, _kept(path)


def read_key(path: Path, wrapping: WrappingKeys | None = None) -> StoredKey:
    """Read one key file that holds its key; its name must be the one `write_key` gave it."""
    key = _kept(path)
    if isinstance(key, TokenKey):
        raise refusal(path, "names a key in a token", "Use it through the token.")
    return _opened(path, key, wrapping)


def _kept(path: Path) -> KeptKey:
    match = _NAME.fullmatch(path.name)
    if not match:
        raise refusal(path, "does not have the name of a key file", "Give it back the name it had.")
    try:
        key = decode_key(read_private(path, FILE_BYTES_MAX))
    except (MalformedError, ValueError) as error:
        raise refusal(path, "is damaged", "Restore it from its backup.") from error
    if (key.use, key.kid) != (match[1], match[2]):
        raise refusal(path, "holds another key than its name says", "Restore it from its backup.")
    return key


def _opened(path: Path, key: StoredKey | WrappedKey, wrapping: WrappingKeys | None) -> StoredKey:
    if isinstance(key, WrappedKey):
        wrapping_key = wrapping.of(key.use) if wrapping else None
        if wrapping_key is None:
            raise _locked(path, "is locked under a passphrase, which was not given")
        opened = key.open(wrapping_key)
        if opened is None:
            raise refusal(
                path,
                "does not open with the passphrase that opens wrap.json",
                "It was damaged, or comes from another folder: restore both from one backup.",
            )
        key = opened
    if not is_whole(key):
        raise refusal(path, "holds another key than its name says", "Restore it from its backup.")
    return key


def _locked(path: Path, what: str) -> ConfigurationError:
    return ConfigurationError("key-locked", f"{path} {what}.")


def write_key(folder: Path, key: KeptKey) -> Path:
    """Write one key file, durable when this returns; the folder is made where it is missing. Never overwrites.

    Raises:
        ConfigurationError: ``unreadable-key`` where the file exists or the folder is open to others.
    """
    folder.mkdir(mode=0o700, exist_ok=True)
    check_folder(folder)
    path = folder / f"{key.use}-{key.kid}.json"
    write_private(path, encode_key(key))
    return path
