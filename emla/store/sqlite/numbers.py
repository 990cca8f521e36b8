"""The number of a package: what belongs to it is filed under it, and not under its id, which is as random as a hash.

A number only grows, so a new acknowledgement, leg, inbox row or record goes to the end of its table and indexes, however many
there are (docs/adr/0027). It is twice `sent.id`, or twice `received.id` and one; none for a package that is neither ours nor
accepted: one that was refused, or that a hub holds for others. What is said about those is filed under their ids.
Nothing of this leaves the store: whoever asks, asks by id.
"""

import sqlite3
from collections.abc import Callable

from emla.model.leg import Leg, LegKind
from emla.store.sqlite import rows


def _either(sql: str) -> tuple[str, str]:
    """A statement about what is filed under an id, and the same about a number."""
    return sql.format(filed="package IS NULL AND pid = ?1"), sql.format(filed="package = ?1")


NUMBER = (
    "coalesce((SELECT id * 2 FROM sent WHERE pid = ?1), (SELECT id * 2 + 1 FROM received WHERE pid = ?1))"
)
OF_PACKAGE = f"(package = {NUMBER} OR (package IS NULL AND pid = ?1))"
"""Acknowledgements of a package, from its id."""
RECEIVED = "(SELECT id FROM received WHERE pid = ?)"
"""What rows about received packages alone are filed under."""
KEPT = (
    "NOT EXISTS (SELECT 1 FROM erased_package e WHERE e.package = {number})"
    " AND NOT EXISTS (SELECT 1 FROM erased_content c WHERE c.package = {number})"
)
"""Of a package that nobody has ordered to be erased, not even its content alone."""
LEG_OF = f"{rows.LEG} WHERE (package = {NUMBER} OR package IS NULL) AND kind = ?2 AND ref = ?3"
"""The leg that carries something: the id of the package it is, or is about; its kind; its own id."""
_LEG = {kind: f"{rows.LEG} WHERE package = ? AND kind = '{kind.value}' AND ref = ?" for kind in LegKind}
"""The same, where the number of the package is known. A kind that were bound would be compared with what the partial indexes of
legs say about it, and SQLite would make the statement anew each time (docs/adr/0039)."""
CARRIED = f"""
{rows.ACKNOWLEDGEMENT} WHERE id = (
    SELECT coalesce((SELECT a.id FROM acknowledgement a WHERE a.package = l.package AND a.aid = l.ref),
                    (SELECT a.id FROM acknowledgement a WHERE a.package IS NULL AND a.aid = l.ref))
    FROM leg l WHERE l.id = ? AND l.kind = 'acknowledgement')
"""  # noqa: S608 (constants only)
"""The acknowledgement that a leg carries."""
RECORD = "INSERT OR REPLACE INTO record (received, sealed) SELECT id, ?2 FROM received WHERE pid = ?1"
HAND_OVER = f"INSERT INTO hand_over VALUES ({RECEIVED}, ?, ?) ON CONFLICT DO NOTHING"  # noqa: S608 (constants only)
MOVE = f"UPDATE inbox SET state = ?, code = ? WHERE received = {RECEIVED} AND state = ?"  # noqa: S608 (constants only)
STRIKE = (
    f"UPDATE inbox SET strikes = strikes + 1 WHERE received = {RECEIVED} AND state = 'ACCEPTED'"  # noqa: S608 (constants only)
    " RETURNING strikes"
)
EVENTS = _either("SELECT event FROM acknowledgement WHERE {filed}")
EVENT = _either("SELECT 1 FROM acknowledgement WHERE {filed} AND event IN (?2, ?3) AND by = ?4")
KNOWN = _either("SELECT 1 FROM acknowledgement WHERE {filed} AND aid = ?2")
_ADOPT = "UPDATE acknowledgement SET package = ? WHERE package IS NULL AND pid = ? RETURNING aid"
_ADOPT_LEG = "UPDATE leg SET package = ? WHERE package IS NULL AND kind = 'acknowledgement' AND ref = ?"


class Numbers:
    """The numbers of the packages that one batch meets."""

    def __init__(self, execute: Callable[..., sqlite3.Cursor]) -> None:
        self._execute = execute
        self._known: dict[bytes, int] = {}

    def of(self, pid: bytes) -> int | None:
        """The number of a package; None where it is neither ours nor accepted."""
        number = self._known.get(pid)
        if number is None:
            (number,) = self._execute(f"SELECT {NUMBER}", (pid,)).fetchone()
            if number is not None:
                self._known[pid] = number
        return number

    def ask(self, either: tuple[str, str], pid: bytes, *values: object) -> sqlite3.Cursor:
        """Ask for what is filed under a package: under its number, else under its id."""
        number = self.of(pid)
        if number is None:
            return self._execute(either[0], (pid, *values))
        return self._execute(either[1], (number, *values))

    def leg(self, pid: bytes, kind: LegKind, ref: bytes) -> Leg | None:
        """The leg that carries something; by the number where there is one, which is half the work of asking for either."""
        number = self.of(pid)
        filed = None if number is None else rows.one(self._execute(_LEG[kind], (number, ref)), rows.leg)
        return filed or rows.one(self._execute(LEG_OF, (pid, kind.value, ref)), rows.leg)

    def file(self, pid: bytes, number: int) -> None:
        """A package is here now: what was said about it before belongs to it."""
        self._known[pid] = number
        for (aid,) in self._execute(_ADOPT, (number, pid)).fetchall():
            self._execute(_ADOPT_LEG, (number, aid))

    def forget(self) -> None:
        """An operation was undone, and perhaps a package with it."""
        self._known.clear()
