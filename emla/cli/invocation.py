"""What every command knows: the data folder, whether one JSON document is wanted, whether a person can be
asked.

`--data`, `--json` and `--debug` may stand before or after the command's name; the last one given counts.
"""

import os
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from emla.config import DATA_VARIABLE, data_folder
from emla.model.errors import ConfigurationError

if TYPE_CHECKING:
    from emla.client.client import Client

SOCKET_NAME = "emla.sock"
OWN_DOCUMENTS = Path("documents") / "own.json"
_DATABASE = "emla.db"
"""Once a gateway has run, its own documents are in here, and the file is a copy."""

_DATA, _JSON, _DEBUG = "emla.data", "emla.json", "emla.debug"

Result = TypeVar("Result")


def _keep(name: str) -> Callable[[click.Context, click.Parameter, object], None]:
    def keep(ctx: click.Context, _: click.Parameter, value: object) -> None:
        # `meta` is shared by all contexts of one invocation; one not given must not undo one given earlier.
        if value:
            ctx.meta[name] = value

    return keep


def common_options() -> list[click.Option]:
    """The options that every command and group takes."""
    return [
        click.Option(
            ["--data"],
            type=click.Path(path_type=Path, file_okay=False),
            metavar="FOLDER",
            expose_value=False,
            callback=_keep(_DATA),
            help=f"Data folder of the authority (else {DATA_VARIABLE}, else ~/.local/share/emla).",
        ),
        click.Option(
            ["--json"],
            is_flag=True,
            expose_value=False,
            callback=_keep(_JSON),
            help="Write one JSON document to standard output.",
        ),
        click.Option(
            ["--debug"],
            is_flag=True,
            expose_value=False,
            callback=_keep(_DEBUG),
            help="Show where an unexpected error came from.",
        ),
    ]


def common(command: click.Command) -> click.Command:
    """Give a command the common options, after its own."""
    command.params.extend(common_options())
    return command


def data() -> Path:
    """The data folder of this invocation."""
    chosen = click.get_current_context().meta.get(_DATA)
    return data_folder(chosen if isinstance(chosen, Path) else None, os.environ)


def initialised_data() -> Path:
    """The data folder, with an authority in it.

    Raises:
        ConfigurationError: ``not-initialised``.
    """
    folder = data()
    if not any((folder / each).exists() for each in (OWN_DOCUMENTS, _DATABASE)):
        raise ConfigurationError("not-initialised", f"{folder} is empty or not an emla data folder.")
    return folder


def wants_json() -> bool:
    """Whether one JSON document is wanted on standard output."""
    return bool(click.get_current_context().meta.get(_JSON))


def at_terminal() -> bool:
    """Whether a person can be asked: both what is typed and what is shown go through a terminal."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def with_client(work: "Callable[[Client], Coroutine[None, None, Result]]") -> Result:
    """Connect to the server of the data folder, do the work, and return its result."""
    import asyncio

    from emla.bootstrap.own_token import own_token
    from emla.client.client import Client

    socket_path = data() / SOCKET_NAME

    async def connected() -> Result:
        async with Client(socket_path, own_token()) as client:
            return await work(client)

    return asyncio.run(connected())
