"""The two ways out: results on standard output (tables, or one JSON document), notes and progress on standard
error.

Rules of this file:
- Texts from outside go through `wording.plain`; nothing is ever read as markup.
- Colour and progress only on a terminal, never with NO_COLOR; a pipe gets lines wide enough not to be cut, whatever COLUMNS says:
  libraries set it for their children by accident.
"""

import dataclasses
import json
import re
import sys
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import IO

from rich import box
from rich.console import Console, RenderableType
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.table import Table
from rich.text import Text

from emla.cli.wording import is_plain, plain

PIPE_COLUMNS = 200
_GAP, _FOLDED_MIN = 2, 8
"""Between two columns, and what a column keeps that gives way."""

_BEYOND_ASCII = re.compile("[^\\x00-\\x7e]")
"""What JSON leaves as it is, and may be more than a letter."""

Advance = Callable[[int], None]
"""Called with the number of bytes just moved."""


def _console(stream: IO[str]) -> Console:
    width = None if stream.isatty() else PIPE_COLUMNS
    return Console(file=stream, markup=False, emoji=False, highlight=False, width=width)


def _print(stream: IO[str], what: RenderableType) -> None:
    console = _console(stream)
    if console.is_terminal:
        console.print(what)
        return
    with console.capture() as captured:
        # A sentence or path in a file or pipe stays on its line: whoever reads it there may search for it.
        console.print(what, soft_wrap=isinstance(what, Text))
    # Tables are filled with blanks to their full width; in a file those are only in the way.
    stream.write("".join(f"{line.rstrip()}\n" for line in captured.get().splitlines()))


def columns() -> int:
    """How many characters a line of the result holds."""
    return _console(sys.stdout).width


def note(text: str, style: str = "") -> None:
    """Say something beside the result, on standard error."""
    _print(sys.stderr, Text(plain(text), style=style))


def say(text: str, style: str = "") -> None:
    """A line of the result."""
    _print(sys.stdout, Text(plain(text), style=style))


def table(
    columns: Sequence[str],
    rows: Sequence[Sequence[str | Text]],
    *,
    title: str = "",
    fold: Sequence[str] = (),
    on_error: bool = False,
) -> None:
    """A table. Columns in `fold` give way when the terminal is narrow, the others when that is not enough; nothing is cut off."""
    stream = sys.stderr if on_error else sys.stdout
    made = Table(
        box=box.SIMPLE_HEAD, title=title or None, title_justify="left", pad_edge=False, padding=(0, 1, 0, 0)
    )
    cells = [[each if isinstance(each, Text) else Text(plain(each)) for each in row] for row in rows]
    stiff = sum(
        max(len(name), *(row[place].cell_len for row in cells)) if cells else len(name)
        for place, name in enumerate(columns)
        if name not in fold
    )
    is_tight = stiff + _GAP * len(columns) + _FOLDED_MIN * len(fold) > _console(stream).width
    for column in columns:
        made.add_column(column, no_wrap=not is_tight and column not in fold, overflow="fold")
    for row in cells:
        made.add_row(*row)
    _print(stream, made)


def facts(rows: Sequence[tuple[str, str]]) -> None:
    """Names and values under each other."""
    made = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    made.add_column(no_wrap=True, style="bold")
    made.add_column(overflow="fold")
    for name, value in rows:
        made.add_row(Text(name), Text(plain(value)))
    _print(sys.stdout, made)


def emit_json(value: object) -> None:
    """Write the one JSON document of this command to standard output.

    It may be a terminal all the same: what moves the cursor or turns text is written by its number, which JSON reads as itself.
    """
    text = json.dumps(as_json(value), ensure_ascii=False, indent=2)
    sys.stdout.write(_BEYOND_ASCII.sub(_numbered, text) + "\n")


def emit_line(value: object) -> None:
    """Write one of many JSON documents, on a line of its own, at once: whoever reads them reads as they come."""
    text = json.dumps(as_json(value), ensure_ascii=False, separators=(",", ":"))
    sys.stdout.write(_BEYOND_ASCII.sub(_numbered, text) + "\n")
    sys.stdout.flush()


def _numbered(found: re.Match[str]) -> str:
    return found[0] if is_plain(found[0]) else json.dumps(found[0])[1:-1]


def as_json(value: object) -> object:
    """A value as JSON: instants in RFC 3339, bytes in base64, dataclasses by their field names."""
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    if isinstance(value, bytes):
        return b64encode(value).decode("ascii")
    if dataclasses.is_dataclass(value):
        return {each.name: as_json(getattr(value, each.name)) for each in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(name): as_json(member) for name, member in value.items()}
    if isinstance(value, list | tuple):
        return [as_json(item) for item in value]
    return str(value) if isinstance(value, str) else value


@contextmanager
def progress(what: str, total_bytes: int) -> Iterator[Advance]:
    """A bar with bytes, rate and remaining time on standard error; nothing where that is no terminal."""
    with growing(what) as (begin, advance):
        begin(total_bytes)
        yield advance


@contextmanager
def growing(what: str) -> Iterator[tuple[Advance, Advance]]:
    """The same where the total is known later: the first function is told it, the second each step."""
    console = _console(sys.stderr)
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=30),
        DownloadColumn(binary_units=True),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
        transient=True,
    )
    with bar:
        task = bar.add_task(what, total=None)
        yield (
            lambda total_bytes: bar.update(task, total=total_bytes),
            lambda size_bytes: bar.advance(task, size_bytes),
        )


def utc(seconds: int) -> datetime:
    """A UNIX instant as aware UTC."""
    return datetime.fromtimestamp(seconds, UTC)
