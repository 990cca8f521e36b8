"""Where passphrases and PINs come from when no program may hold them: options, systemd, settings, a person.

Not here: what a passphrase opens (`wrapping`, `media`, `pkcs11`), and the terminal itself (`emla.cli.unlock` asks).
Rules of this file:
- Sources are asked in one order: what the command line names (a file, then a descriptor), the systemd credential, the file of
  the settings, a person at a terminal. The first that is there counts; one that is there and cannot be read is an error, so
  that nobody is asked for the wrong reason.
- Never an argument and never an environment variable: other users and child processes can see both.
- A passphrase is compared as people read it (Unicode NFC); one line end after it belongs to the file.
"""

import os
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from emla.keyring.private_files import read_private
from emla.model.errors import ConfigurationError

BYTES_MAX = 1024
CHARACTERS_MIN = 12
"""Of a new passphrase. One that is there already is taken as it is."""
_CREDENTIALS_VARIABLE = "CREDENTIALS_DIRECTORY"


@dataclass(frozen=True, slots=True)
class Passphrase:
    """A passphrase or PIN; its representation never shows it."""

    octets: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretKind:
    """What is asked for: its name for people, its systemd credential, and what to do when no source has it."""

    words: str
    credential: str | None
    sources: str


PASSPHRASE = SecretKind(
    words="the passphrase of the private keys",
    credential="emla-passphrase",
    sources="Give --passphrase-file or --passphrase-fd, the systemd credential emla-passphrase, or the setting"
    " keys.passphrase_file; at a terminal emla asks.",
)
TOKEN_PIN = SecretKind(
    words="the PIN of the token",
    credential="emla-token-pin",
    sources="Give --token-pin-file or --token-pin-fd, the systemd credential emla-token-pin, or the setting"
    " keys.token_pin_file; at a terminal emla asks.",
)
MEDIA_PASSPHRASE = SecretKind(
    words="the passphrase of this key file",
    credential=None,
    sources="Give --passphrase-file or --passphrase-fd; at a terminal emla asks.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """The sources of one secret, in the order in which they are asked; what is absent is None."""

    file: Path | None = None
    descriptor: int | None = None
    credentials: Path | None = None
    """The folder of the systemd credentials."""
    setting: Path | None = None
    ask: Callable[[str], str] | None = None
    """Asks a person; only where there is a terminal."""

    def find(self, kind: SecretKind) -> Passphrase:
        """The secret from the first source that is there.

        Raises:
            ConfigurationError: ``key-locked``: there is no source, or it is empty; ``unreadable-key``: others can read the file.
        """
        found = self._octets(kind)
        if found is None:
            raise ConfigurationError("key-locked", f"Nothing gives {kind.words}. {kind.sources}")
        text = _one_line(found, kind)
        return Passphrase(unicodedata.normalize("NFC", text).encode("utf-8"))

    def _octets(self, kind: SecretKind) -> bytes | None:
        if self.file is not None:
            return read_private(self.file, BYTES_MAX)
        if self.descriptor is not None:
            return _read_descriptor(self.descriptor, kind)
        if self.credentials is not None and kind.credential is not None:
            path = self.credentials / kind.credential
            if path.exists():
                return _read_credential(path)
        if self.setting is not None:
            return read_private(self.setting, BYTES_MAX)
        return self.ask(kind.words).encode("utf-8") if self.ask is not None else None


def credentials_folder(environment: Mapping[str, str]) -> Path | None:
    """The folder of the service's systemd credentials, where there is one."""
    folder = environment.get(_CREDENTIALS_VARIABLE, "")
    return Path(folder) if folder.startswith("/") else None


def require_strength(passphrase: Passphrase) -> None:
    """Refuse a new passphrase that is too short to protect anything.

    Raises:
        ConfigurationError: ``weak-passphrase``.
    """
    count = len(passphrase.octets.decode("utf-8"))
    if count < CHARACTERS_MIN:
        raise ConfigurationError(
            "weak-passphrase", f"It has {count} characters; at least {CHARACTERS_MIN} are needed."
        )


def _one_line(octets: bytes, kind: SecretKind) -> str:
    try:
        text = octets.decode("utf-8")
    except UnicodeDecodeError:
        # Without its cause: a decoding error quotes the bytes.
        raise ConfigurationError("key-locked", f"What gives {kind.words} is not a text.") from None
    text = text.removesuffix("\n").removesuffix("\r")
    if not text or len(octets) > BYTES_MAX or "\n" in text or "\0" in text:
        raise ConfigurationError(
            "key-locked", f"What gives {kind.words} must hold it on one line, of at most {BYTES_MAX} bytes."
        )
    return text


def _read_credential(path: Path) -> bytes:
    # systemd itself keeps others away from it, and its owner and mode depend on systemd's version.
    try:
        with path.open("rb") as file:
            return file.read(BYTES_MAX + 1)
    except OSError as error:
        raise ConfigurationError("unreadable-key", f"{path}: {error.strerror}.") from error


def _read_descriptor(descriptor: int, kind: SecretKind) -> bytes:
    try:
        with os.fdopen(descriptor, "rb") as file:
            return file.read(BYTES_MAX + 1)
    except OSError as error:
        raise ConfigurationError(
            "key-locked", f"Descriptor {descriptor} does not give {kind.words}: {error.strerror}."
        ) from error
