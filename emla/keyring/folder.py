"""A key folder that was unlocked for one process: its keys can be read again whenever a file was added.

Rules of this file: the master secret is forgotten as soon as the wrapping keys of this process are derived; what is kept is no
more than reading its own files again takes, and what it must hand to the opener whenever that is started.
"""

from collections.abc import Callable
from pathlib import Path

from emla.keyring.files import GATEWAY_USES, OPENER_USES, FileUse, Keyring, read_keys
from emla.keyring.key_file import TokenKey
from emla.keyring.passphrase import Passphrase
from emla.keyring.pkcs11 import Token, TokenName, signer_of
from emla.keyring.wrapping import WrappingKeys, is_wrapped, read_master, wrapping_keys
from emla.model.signed import Signer
from emla.ports.signing import SlowSigners

FindSecret = Callable[[], Passphrase]


class Tokens:
    """The tokens a process has opened; each asks for the PIN once."""

    def __init__(self, find_pin: FindSecret) -> None:
        self._find_pin = find_pin
        self._open: dict[TokenName, Token] = {}

    def token(self, name: TokenName) -> Token:
        """A token; it is reached when it is first used."""
        known = self._open.get(name)
        if known is None:
            known = self._open[name] = Token(name, self._find_pin())
        return known

    def close(self) -> None:
        """End every session."""
        for token in self._open.values():
            token.close()


class KeyFolder:
    """``<data>/keys``, unlocked. Make it with `unlock_folder`."""

    def __init__(self, folder: Path, wrapping: WrappingKeys | None, tokens: Tokens) -> None:
        self.folder = folder
        self.tokens = tokens
        self.slow = SlowSigners()
        """The signers of keys in tokens, for the store's batches."""
        self._wrapping = wrapping

    def read(self, uses: frozenset[FileUse] = GATEWAY_USES) -> Keyring:
        """Read the keys that stand in the folder now.

        Raises:
            ConfigurationError: as `read_keys`; the keyring read before stays usable.
        """
        return read_keys(self.folder, uses, self._wrapping, self._open_token)

    def wrapping(self, uses: frozenset[FileUse]) -> WrappingKeys | None:
        """The wrapping keys of some uses, to hand to the process that may hold them; None where nothing is locked."""
        return self._wrapping.only(uses) if self._wrapping else None

    def _open_token(self, key: TokenKey) -> Signer:
        token = self.tokens.token(TokenName(module=key.module, label=key.token))
        return self.slow.wrap(signer_of(key, token))

    def __repr__(self) -> str:
        return f"KeyFolder({self.folder}, {'locked at rest' if self._wrapping else 'not locked'})"


def unlock_folder(
    folder: Path,
    find_passphrase: FindSecret,
    find_pin: FindSecret,
    uses: frozenset[FileUse] = GATEWAY_USES | OPENER_USES,
) -> KeyFolder:
    """Unlock a key folder. Where it is locked this takes a second and 256 MiB, once.

    Args:
        folder: ``<data>/keys``.
        find_passphrase: asked only when the folder is locked.
        find_pin: asked only when a key is in a token.
        uses: whose wrapping keys are kept.

    Raises:
        ConfigurationError: ``key-locked``, ``wrong-passphrase`` or ``unreadable-key``.
    """
    wrapping = None
    if is_wrapped(folder):
        wrapping = wrapping_keys(read_master(folder, find_passphrase()), uses)
    return KeyFolder(folder, wrapping, Tokens(find_pin))
