"""The commands that pages of docs/how-to print, for tests that do what a reader does.

Rules of this file: a command is taken from its page as it stands; only the words of `PLACEHOLDER` and the paths below
``/media`` are replaced. What a walk passes over is remembered, so that a page can be asked what nobody has done yet.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

HOW_TO = Path(__file__).resolve().parents[2] / "docs" / "how-to"
_BLOCK = re.compile(r"^ *```sh\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
OFFICERS_PAGES = (
    "new-ministry-joins",
    "appoint-key-officers",
    "move-root-to-media",
    "first-exchange",
    "rotate-keys-yearly",
    "lost-key",
    "stolen-key",
    "unlock-at-start",
)
"""The pages that officers print. That of hardware tokens is walked through by those who have one."""
# Programs of systemd and of the system's package manager; a test has neither.
_NOT_HERE = frozenset({"systemd-ask-password"})
PLACEHOLDER = re.compile(r"(?:ROOT-|LOST-)?KID(?:-\d)?|CHANGE(?:-\d)?|\bINSTANT\b")


def commands_of(name: str) -> tuple[str, ...]:
    """The commands of a page, in its order, each on one line."""
    text = (HOW_TO / f"{name}.md").read_text(encoding="utf-8")
    lines = (line for block in _BLOCK.findall(text) for line in block.replace("\\\n", " ").splitlines())
    return tuple(" ".join(line.split()) for line in lines if line.strip())


@dataclass
class Page:
    """A page that people walk through, several times perhaps and each time not all of it."""

    name: str
    commands: tuple[str, ...] = field(init=False)
    done: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.commands = commands_of(self.name)

    @property
    def left(self) -> list[str]:
        """What nobody has done yet, of what can be done by a test."""
        return [
            each
            for number, each in enumerate(self.commands)
            if number not in self.done and each.split()[0] not in _NOT_HERE
        ]


@dataclass
class Library:
    """The pages of one test."""

    pages: dict[str, Page] = field(default_factory=dict)

    def page(self, name: str) -> Page:
        """A page, the same one each time."""
        return self.pages.setdefault(name, Page(name))


def filled(command: str, words: dict[str, str]) -> str:
    """A command with what its reader knows in the place of the placeholders.

    Raises:
        KeyError: it asks for something the reader has not seen on any screen yet.
    """
    return PLACEHOLDER.sub(lambda found: words[found.group()], command)
