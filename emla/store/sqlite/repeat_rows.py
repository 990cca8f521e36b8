"""Answers kept for calls that are repeated: the statements.

Part of `SqliteTransaction` and `SqliteReader`; apart from them, because those speak about packages.
"""

import sqlite3
from collections.abc import Callable

from emla.ports.repeats import KeptAnswerRow


class RepeatStatements:
    """Implements `emla.ports.repeats.RepeatTransaction`."""

    _execute: Callable[..., sqlite3.Cursor]

    def keep_answer(self, row: KeptAnswerRow) -> None:
        """Keep an answer, in the place of an older one under the same id."""
        self._execute(
            "INSERT OR REPLACE INTO kept_answer VALUES (?, ?, ?, ?)",
            (row.id, row.fingerprint, row.sealed, row.at),
        )

    def drop_answers(self, until: int) -> None:
        """Let go of those that were given at that instant or earlier."""
        self._execute("DELETE FROM kept_answer WHERE at <= ?", (until,))


class RepeatReads:
    """Implements `emla.ports.repeats.RepeatReader`."""

    _execute: Callable[..., sqlite3.Cursor]

    def kept_answer(self, id_: bytes) -> KeptAnswerRow | None:
        """The answer under an id."""
        row = self._execute(
            "SELECT id, fingerprint, sealed, at FROM kept_answer WHERE id = ?", (id_,)
        ).fetchone()
        return KeptAnswerRow(id=row[0], fingerprint=row[1], sealed=row[2], at=row[3]) if row else None

    def oldest_answer(self) -> int | None:
        """When the oldest one was given."""
        (at,) = self._execute("SELECT min(at) FROM kept_answer").fetchone()
        return None if at is None else int(at)
