"""One line from a person at a terminal: as it was typed, or as it was pasted.

Here: `Lines`. Not here: what an answer is (`emla.writing`), what is asked (`writer_talk.py`).

Rules of this file:
- What was pasted never answers a question that was not asked yet: several lines that come at once are one answer or none.
- Nothing is cut off unseen: where the terminal hands on only the beginning of a long line, that line is refused.
- A question may hold what a peer says of itself, so it is shown like every text from outside.
"""

import importlib
import os
import select
import sys
from collections.abc import Callable

import click

from emla.cli.wording import plain

LINE_BYTES_MAX = 4095
"""So much of a line a terminal hands on by itself (N_TTY_BUF_SIZE of Linux); the rest is gone."""
_PASTE_BYTES_MAX = 1024 * 1024
_PASTE_SECONDS = 0.005
"""A terminal that was given several lines at once has the next one ready within this time."""

Prompt = Callable[[str], str]


class NotTakenError(Exception):
    """What came cannot be an answer; says why and what to do."""


def edit_lines() -> bool:
    """Arrows and earlier answers at the prompt, where terminal and Python can; whether they can.

    Bracketed paste makes a text of several lines one answer; Python turns it off where nobody asks for it.
    """
    if os.environ.get("TERM") in (None, "dumb"):
        return False
    try:
        readline = importlib.import_module("readline")
    except ImportError:
        return False
    readline.parse_and_bind("set enable-bracketed-paste on")
    return True


class Lines:
    """Reads answers from standard input, which is a terminal."""

    def __init__(self, *, edited: bool, prompt: Prompt | None = None, descriptor: int = 0) -> None:
        """Take how lines are read.

        Args:
            edited: whether `edit_lines` could.
            prompt: shows the words and reads a line; None for the terminal.
            descriptor: the terminal.
        """
        self._edited, self._descriptor = edited, descriptor
        self._prompt = prompt or _prompt

    def ask(self, words: str) -> list[str]:
        """Ask, and return the line typed, or the lines pasted.

        Raises:
            NotTakenError: it came before it was asked for, or is longer than the terminal hands on.
            click.Abort: Ctrl-C, Ctrl-D, or the end of the terminal.
        """
        try:
            if early := _waiting(self._descriptor, 0):
                raise NotTakenError(f"This came before the question and is not taken: {early[0][:60]}")
            first = self._prompt(plain(words))
            lines = [
                *first.split("\n"),
                *([] if self._edited else _waiting(self._descriptor, _PASTE_SECONDS)),
            ]
        except KeyboardInterrupt:
            raise click.Abort from None
        if not self._edited and any(len(os.fsencode(each)) >= LINE_BYTES_MAX for each in lines):
            raise NotTakenError(
                "This terminal hands on only the beginning of so long a line, so nothing was taken. Put the text into a"
                " file and answer @FILE."
            )
        return lines


def _prompt(words: str) -> str:
    # Python edits lines only where they are asked for on standard output.
    return str(
        click.prompt(words, default="", show_default=False, prompt_suffix="\n> ", err=not sys.stdout.isatty())
    )


def _waiting(descriptor: int, seconds: float) -> list[str]:
    """The lines that are there already."""
    found = b""
    while len(found) < _PASTE_BYTES_MAX and select.select([descriptor], [], [], seconds)[0]:
        try:
            piece = os.read(descriptor, LINE_BYTES_MAX + 1)
        except OSError:  # the terminal is gone; who reads next is told
            break
        if not piece:
            break
        found += piece
    return os.fsdecode(found).rstrip("\n").split("\n") if found else []
