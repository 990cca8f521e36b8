"""Groups whose commands are imported only when they are used, so that `emla --help` is quick.

A group's table says for each name where its command is and its one-line help; a test compares that line with
the command's own.
"""

import difflib
import importlib
from collections.abc import Mapping
from dataclasses import dataclass

import click

from emla.cli.invocation import common_options


@dataclass(frozen=True, slots=True)
class Entry:
    """A command that is not imported yet: ``module:name`` under `emla.cli`, and its one-line help."""

    target: str
    short_help: str


class LazyGroup(click.Group):
    """A group that imports a command when it is asked for it, not before."""

    def __init__(self, name: str, *, table: Mapping[str, Entry], text: str, example: str) -> None:
        super().__init__(name=name, help=text, epilog=example_text(example))
        self.table = table
        for option in common_options():
            self.params.append(option)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names in the order of the table, which is the order of use."""
        return list(self.table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command."""
        entry = self.table.get(cmd_name)
        if entry is None:
            return None
        module, name = entry.target.split(":")
        command = getattr(importlib.import_module(f"emla.cli.{module}"), name)
        if not isinstance(command, click.Command):
            raise TypeError(f"{entry.target} is not a command.")
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; a name that is nearly right is suggested."""
        if args and args[0] not in self.table and not args[0].startswith("-"):
            close = difflib.get_close_matches(args[0], self.table, n=1)
            suggestion = f" Did you mean '{close[0]}'?" if close else ""
            ctx.fail(f"No such command '{args[0]}'.{suggestion}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands from the table alone."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.short_help) for name, entry in self.table.items()])


def example_text(line: str) -> str:
    """The example at the end of a help page; the backspace keeps click from filling its lines."""
    return f"\b\nExample:\n  {line}"
