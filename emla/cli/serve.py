"""`emla serve`: the gateway."""

import os

import click

from emla import config
from emla.cli.invocation import common, initialised_data
from emla.cli.lazy import example_text


@common
@click.command(epilog=example_text("emla serve --data /srv/emla"))
def serve() -> None:
    """Run the gateway until it is stopped.

    SIGTERM or Ctrl-C lets what is under way come to its end first. The log goes to standard error, one JSON
    object for each line.
    """
    settings = config.load(initialised_data(), os.environ)
    from emla.bootstrap.serve import serve as serve_gateway

    serve_gateway(settings)
