"""Passwords at the command line: typed unseen at a terminal, or read from an open descriptor; never an argument."""

import os

import click

_BYTES_MAX = 1024


def secret(words: str, descriptor: int | None) -> str:
    """A password.

    Raises:
        click.UsageError: nobody can be asked, and no descriptor is given.
    """
    if descriptor is not None:
        return _read(descriptor)
    _require_terminal()
    return str(click.prompt(words, hide_input=True, err=True))


def new_secret(words: str, descriptor: int | None) -> str:
    """A new password; typed twice."""
    if descriptor is not None:
        return _read(descriptor)
    _require_terminal()
    return str(click.prompt(words, hide_input=True, err=True, confirmation_prompt=True))


def _require_terminal() -> None:
    from emla.cli.invocation import at_terminal

    if not at_terminal():
        raise click.UsageError("A password is typed at a terminal, or comes through a descriptor.")


def _read(descriptor: int) -> str:
    try:
        with os.fdopen(os.dup(descriptor), "rb") as file:
            return file.read(_BYTES_MAX).split(b"\n", 1)[0].decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise click.UsageError(f"Descriptor {descriptor} gives no password.") from error
