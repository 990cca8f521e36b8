"""Hardware tokens in software (SoftHSM), in folders of the test; other processes find them by `SOFTHSM2_CONF`."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pkcs11

from emla.keyring.passphrase import Passphrase
from emla.keyring.pkcs11 import Token, TokenName

PIN = Passphrase(b"734029")
WRONG_PIN = Passphrase(b"111111")
_MODULES = (
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib64/pkcs11/libsofthsm2.so",
    "/usr/local/lib/softhsm/libsofthsm2.so",
)


def softhsm_module() -> str:
    """The library, where this system has it."""
    return next(path for path in _MODULES if Path(path).exists())


@dataclass(frozen=True)
class TokenBox:
    """A place with tokens."""

    folder: Path

    def make(self, label: str) -> TokenName:
        """A new token."""
        subprocess.run(
            f"softhsm2-util --init-token --free --label {label} --pin {PIN.octets.decode()} --so-pin 000000".split(),
            check=True,
            capture_output=True,
        )
        start_library_again()
        return TokenName(module=softhsm_module(), label=label)

    def open(self, label: str) -> Token:
        """A new token, to be used."""
        return Token(self.make(label), PIN)

    def pull_out(self) -> None:
        """All tokens are gone, as when a cable is pulled."""
        self.tokens.rename(self.folder / "aside")
        self.tokens.mkdir()
        start_library_again()

    def plug_in(self) -> None:
        """They are back; the library is not told."""
        self.tokens.rmdir()
        (self.folder / "aside").rename(self.tokens)

    @property
    def tokens(self) -> Path:
        """Where SoftHSM keeps them."""
        return self.folder / "tokens"


def start_library_again() -> None:
    """Every session of this process is lost, and the configuration is read anew."""
    with suppress(pkcs11.PKCS11Error):
        pkcs11.lib(softhsm_module()).reinitialize()


@contextmanager
def token_box(folder: Path) -> Iterator[TokenBox]:
    """A place for tokens, for as long as the block lasts."""
    (folder / "tokens").mkdir(parents=True)
    configuration = folder / "softhsm2.conf"
    configuration.write_text(f"directories.tokendir = {folder / 'tokens'}\nobjectstore.backend = file\n")
    before = os.environ.get("SOFTHSM2_CONF")
    os.environ["SOFTHSM2_CONF"] = str(configuration)
    try:
        yield TokenBox(folder)
    finally:
        if before is None:
            del os.environ["SOFTHSM2_CONF"]
        else:
            os.environ["SOFTHSM2_CONF"] = before
