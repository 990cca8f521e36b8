"""Where this process finds the passphrase of its key folder and the PIN of its token, and the folder unlocked with them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from emla.bootstrap.own import KEYS
from emla.keyring.files import GATEWAY_USES, OPENER_USES
from emla.keyring.folder import KeyFolder, unlock_folder
from emla.keyring.passphrase import PASSPHRASE, TOKEN_PIN, Passphrase, Sources, credentials_folder
from emla.model.settings import Settings

Ask = Callable[[str], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What the command line says about secrets: files and descriptors, and how to ask a person where there is one."""

    passphrase_file: Path | None = None
    passphrase_descriptor: int | None = None
    token_pin_file: Path | None = None
    token_pin_descriptor: int | None = None
    ask: Ask | None = None


def passphrase_sources(settings: Settings, environment: Mapping[str, str], chosen: Chosen) -> Sources:
    """The sources of the passphrase of a data folder's private keys."""
    return Sources(
        file=chosen.passphrase_file,
        descriptor=chosen.passphrase_descriptor,
        credentials=credentials_folder(environment),
        setting=_below(settings.data, settings.keys.passphrase_file),
        ask=chosen.ask,
    )


def token_pin_sources(settings: Settings, environment: Mapping[str, str], chosen: Chosen) -> Sources:
    """The sources of the token's PIN."""
    return Sources(
        file=chosen.token_pin_file,
        descriptor=chosen.token_pin_descriptor,
        credentials=credentials_folder(environment),
        setting=_below(settings.data, settings.keys.token_pin_file),
        ask=chosen.ask,
    )


def unlock_keys(settings: Settings, environment: Mapping[str, str], chosen: Chosen) -> KeyFolder:
    """Unlock the key folder of the settings' data folder for the gateway and the opener it starts.

    Raises:
        ConfigurationError: ``key-locked``, ``wrong-passphrase`` or ``unreadable-key``.
    """

    def find_passphrase() -> Passphrase:
        return passphrase_sources(settings, environment, chosen).find(PASSPHRASE)

    def find_pin() -> Passphrase:
        return token_pin_sources(settings, environment, chosen).find(TOKEN_PIN)

    return unlock_folder(settings.data / KEYS, find_passphrase, find_pin, GATEWAY_USES | OPENER_USES)


def _below(data: Path, name: str) -> Path | None:
    return data / name if name else None
