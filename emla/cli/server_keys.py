"""The key folder of the server in a command that an officer gives, too: its own passphrase, apart from the officer's."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from emla.cli.invocation import initialised_data
from emla.cli.unlock import chosen

if TYPE_CHECKING:
    from emla.keyring.folder import FindSecret
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
