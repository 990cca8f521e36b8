"""Writes docs/reference/cli.md from the commands, and docs/reference/settings.md from the table of settings.

Run it with `make docs`, or by itself. `tests/documentation/test_cli_pages.py` checks that both are fresh.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import click

from emla.cli.app import emla
from emla.cli.invocation import common_options
from emla.cli.lazy import LazyGroup
from emla.config import reference_page

REFERENCE = Path(__file__).parent / "reference"
_COMMON = {option.name for option in common_options()}

_HEAD = """# Command line

One grammar: noun, then verb. Results go to standard output, notes and progress to standard error. With
`--json` a command writes exactly one JSON document to standard output, `{"error": {...}}` when it fails.
Without a terminal nothing is ever asked. `NO_COLOR` is respected.

These options stand before or after the name of every command:

| Option | Meaning |
|---|---|
"""

_EXIT_CODES = """
| Exit code | Meaning |
|---|---|
| 0 | done |
| 1 | failed |
| 2 | the command line or a setting is wrong |
| 3 | refused by a rule or by the peer; trying again will not help |
| 4 | a key is locked or unreadable |
| 5 | the server or a peer cannot be reached; trying again may help |
| 6 | integrity alarm: stop and telephone |
| 130 | interrupted |

Completion: `eval "$(_EMLA_COMPLETE=bash_source emla)"` in bash, `zsh_source` and `fish_source` likewise.
"""


def commands(group: LazyGroup, words: str) -> Iterator[tuple[str, click.Command]]:
    """Every command with its full name, in the order of the tables; aliases once."""
    seen: set[str] = set()
    for name, entry in group.table.items():
        command = group.get_command(click.Context(group), name)
        if command is None or entry.target in seen:
            continue
        seen.add(entry.target)
        if isinstance(command, LazyGroup):
            yield from commands(command, f"{words} {name}")
        else:
            yield f"{words} {name}", command


def page() -> str:
    """docs/reference/cli.md."""
    text = _HEAD + "".join(f"| `{_names(each)}` | {each.help} |\n" for each in common_options()) + _EXIT_CODES
    for words, command in commands(emla, "emla"):
        usage = " ".join(command.collect_usage_pieces(click.Context(command)))
        text += f"\n## {words}\n\n```\n{words} {usage}\n```\n\n{_paragraphs(command.help or '')}\n"
        own = [each for each in command.params if isinstance(each, click.Option) and each.name not in _COMMON]
        if own:
            text += "\n| Option | Meaning |\n|---|---|\n"
            text += "".join(f"| `{_names(each)}` | {each.help or _choices(each)} |\n" for each in own)
        example = (command.epilog or "").split("\n", 2)[-1].strip()
        text += f"\n```sh\n{example}\n```\n"
    return text


def _names(option: click.Option) -> str:
    names = ", ".join(option.opts)
    return (
        names if option.is_flag else f"{names} {option.make_metavar(click.Context(emla))}".replace("|", "\\|")
    )


def _choices(option: click.Option) -> str:
    return f"Default: `{option.default}`."


def _paragraphs(text: str) -> str:
    return "\n".join(line.strip() for line in text.strip().splitlines())


def pages() -> dict[Path, str]:
    """Every page this file writes."""
    return {REFERENCE / "cli.md": page(), REFERENCE / "settings.md": reference_page()}


def main() -> int:
    """Write the pages that are not fresh and name them."""
    for path, text in pages().items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            print(f"wrote {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
