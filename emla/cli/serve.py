"""`emla serve`: the gateway, or a hub."""

import dataclasses
import os
from pathlib import Path

import click

from emla import config
from emla.cli.invocation import common, initialised_data
from emla.cli.lazy import example_text
from emla.cli.unlock import chosen, passphrase_options, token_pin_options
from emla.model.settings import ServeSettings


@common
@click.command(epilog=example_text("emla serve --data /srv/emla"))
@click.option(
    "--role",
    type=click.Choice(["gateway", "hub"]),
    help="What to run: a gateway, or a hub that holds sealed packages for others. Else the setting serve.role.",
)
@passphrase_options
@token_pin_options
def serve(
    *,
    role: str | None,
    passphrase_file: Path | None,
    passphrase_fd: int | None,
    token_pin_file: Path | None,
    token_pin_fd: int | None,
) -> None:
    """Run the gateway, or a hub, until it is stopped.

    SIGTERM or Ctrl-C lets what is under way come to its end first. The log goes to standard error, one JSON
    object for each line.

    Private keys that are locked need their passphrase: from the options, the systemd credential
    emla-passphrase, the setting keys.passphrase_file, or typed at a terminal.
    """
    settings = config.load(initialised_data(), os.environ)
    if role is not None:
        settings = dataclasses.replace(settings, serve=ServeSettings(role=role))
    from emla.bootstrap.serve import serve as serve_gateway

    secrets = chosen(
        passphrase_file=passphrase_file,
        passphrase_fd=passphrase_fd,
        token_pin_file=token_pin_file,
        token_pin_fd=token_pin_fd,
    )
    serve_gateway(settings, environment=os.environ, chosen=secrets)
