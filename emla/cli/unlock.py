"""How a command gets the passphrase of private keys and the PIN of a token: the options, and the questions at a terminal.

Rules of this file: nothing secret is ever an argument, echoed, or shown.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from emla.cli.invocation import at_terminal

if TYPE_CHECKING:
    from emla.bootstrap.unlock import Chosen
    from emla.keyring.passphrase import Passphrase

_FILE = click.Path(path_type=Path, dir_okay=False)


def passphrase_options(command: Callable[..., object]) -> Callable[..., object]:
    """Add the options that say where the passphrase comes from."""
    command = click.option(
        "--passphrase-fd",
        type=click.IntRange(min=0),
        metavar="N",
        help="Read the passphrase from open descriptor N.",
    )(command)
    return click.option("--passphrase-file", type=_FILE, help="File (mode 0600) with the passphrase.")(
        command
    )


def token_pin_options(command: Callable[..., object]) -> Callable[..., object]:
    """Add the options that say where the token's PIN comes from."""
    command = click.option(
        "--token-pin-fd",
        type=click.IntRange(min=0),
        metavar="N",
        help="Read the token's PIN from open descriptor N.",
    )(command)
    return click.option("--token-pin-file", type=_FILE, help="File (mode 0600) with the token's PIN.")(
        command
    )


def chosen(
    *,
    passphrase_file: Path | None = None,
    passphrase_fd: int | None = None,
    token_pin_file: Path | None = None,
    token_pin_fd: int | None = None,
    words: str | None = None,
) -> "Chosen":
    """What the options say; a person is asked where there is a terminal, in these words where there are any."""
    from emla.bootstrap.unlock import Chosen

    return Chosen(
        passphrase_file=passphrase_file,
        passphrase_descriptor=passphrase_fd,
        token_pin_file=token_pin_file,
        token_pin_descriptor=token_pin_fd,
        ask=(lambda default: ask(words or default)) if at_terminal() else None,
    )


def ask(words: str) -> str:
    """Ask a person at the terminal for a secret; what is typed is not shown."""
    return str(click.prompt(f"Type {words}", hide_input=True, err=True, prompt_suffix=": "))


def new_passphrase(words: str, file: Path | None, descriptor: int | None) -> "Passphrase":
    """A passphrase that is being chosen: from the options, or typed twice at a terminal.

    Raises:
        ConfigurationError: ``key-locked`` without any source, ``weak-passphrase``.
    """
    from emla.keyring.passphrase import MEDIA_PASSPHRASE, Sources, require_strength

    def ask_twice(_: str) -> str:
        return str(
            click.prompt(
                f"Choose {words}",
                hide_input=True,
                confirmation_prompt="Type it again",
                err=True,
                prompt_suffix=": ",
            )
        )

    sources = Sources(file=file, descriptor=descriptor, ask=ask_twice if at_terminal() else None)
    found = sources.find(MEDIA_PASSPHRASE)
    require_strength(found)
    return found
