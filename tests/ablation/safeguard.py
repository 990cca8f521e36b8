"""One safeguard: where it stands, what the code is without it, and the tests that must fail then.

Rules of this file: `old` occurs exactly once in its file, so that nobody removes something else by accident; `new` is code that
runs, so that a test fails because a promise is broken and not because nothing works.
"""

from dataclasses import dataclass


class StaleSafeguardError(Exception):
    """The code has moved on: the row of the table describes what is no longer there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Safeguard:
    """A row of the table."""

    name: str
    """What it promises, in a few words."""
    row: str
    """The attack it stops (a number of tests/attacks), or the rule it keeps."""
    file: str
    old: str
    new: str
    held_by: tuple[str, ...]
    """Tests, as pytest names them; each of them must fail when the safeguard is gone."""

    def removed_from(self, text: str) -> str:
        """The text of the file without the safeguard.

        Raises:
            StaleSafeguardError: the safeguard is not there exactly once, or the code without it is no Python.
        """
        count = text.count(self.old)
        if count != 1:
            raise StaleSafeguardError(
                f"The text of '{self.name}' occurs {count} times in {self.file}. Bring its row up to date."
            )
        without = text.replace(self.old, self.new)
        try:
            if self.file.endswith(".py"):
                compile(without, self.file, "exec")
        except SyntaxError as error:
            raise StaleSafeguardError(f"Without '{self.name}', {self.file} is no Python: {error}.") from error
        return without
