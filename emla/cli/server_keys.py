"""The key folder of the server in a command that an officer gives, too: its own passphrase, apart from the officer's."""

import functools
import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from emla.cli.invocation import initialised_data
from emla.cli.unlock import chosen, token_pin_options

if TYPE_CHECKING:
    from emla.bootstrap.new_keys import NewKey
    from emla.bootstrap.unlock import Chosen
    from emla.keyring.folder import FindSecret
    from emla.keyring.pkcs11 import Token
    from emla.model.settings import Settings


def server_passphrase_options(command: Callable[..., object]) -> Callable[..., object]:
    """Add the options that say where the passphrase of the server's private keys comes from."""
    command = click.option(
        "--server-passphrase-fd",
        type=click.IntRange(min=0),
        metavar="N",
        help="Read the passphrase of the server's private keys from open descriptor N.",
    )(command)
    return click.option(
        "--server-passphrase-file",
        type=click.Path(path_type=Path, dir_okay=False),
        help="File (mode 0600) with the passphrase of the server's private keys.",
    )(command)


def token_options(command: Callable[..., object]) -> Callable[..., object]:
    """Add the options that say that new keys are made in a token, and where its PIN comes from."""
    command = click.option("--token-module", metavar="PATH", help="The token's PKCS#11 library.")(
        token_pin_options(command)
    )
    return click.option(
        "--token", metavar="LABEL", help="Make it in this hardware token (sign and ledger only)."
    )(command)


def open_token(settings: "Settings", label: str, module: str | None, pin: "Chosen") -> "Token":
    """The token of a label; its library is the one named, or that of a key which is in it already.

    Raises:
        click.UsageError: neither is known.
        ConfigurationError: what the token answers.
    """
    from emla.bootstrap.listing import token_module
    from emla.bootstrap.own import KEYS
    from emla.bootstrap.unlock import token_pin_sources
    from emla.keyring.passphrase import TOKEN_PIN
    from emla.keyring.pkcs11 import Token, TokenName

    library = module or token_module(settings.data / KEYS, label)
    if library is None:
        raise click.UsageError(f"No key is in a token '{label}' yet: name its library with --token-module.")
    found = token_pin_sources(settings, os.environ, pin).find(TOKEN_PIN)
    return Token(TokenName(module=library, label=label), found)


def make_keys(
    settings: "Settings", uses: Iterable[str], find: "FindSecret", token: "Token | None", authority: str
) -> "list[NewKey]":
    """Make a key for each use: in the token where there is one, and the sealing key always in a file."""
    from emla.bootstrap.new_keys import add_key
    from emla.bootstrap.own import KEYS
    from emla.keyring.files import FileUse

    folder, now = settings.data / KEYS, int(time.time())
    # A person types the passphrase once.
    once = functools.cache(find)
    return [
        add_key(
            folder,
            FileUse(use),
            once,
            token=None if use == "seal" else token,
            authority=authority,
            now=now,
        )
        for use in uses
    ]


def server_settings() -> "Settings":
    """The settings of the data folder."""
    from emla import config

    return config.load(initialised_data(), os.environ)


def find_server_passphrase(settings: "Settings", file: Path | None, descriptor: int | None) -> "FindSecret":
    """Where that passphrase comes from; asked only when the folder is locked."""
    from emla.bootstrap.unlock import passphrase_sources
    from emla.keyring.passphrase import PASSPHRASE

    words = "the passphrase of the server's private keys"
    secrets = chosen(passphrase_file=file, passphrase_fd=descriptor, words=words)
    return lambda: passphrase_sources(settings, os.environ, secrets).find(PASSPHRASE)
