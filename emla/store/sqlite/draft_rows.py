"""Drafts, and messages that went without a second person: the statements, and from rows to values.

Part of `SqliteTransaction` and `SqliteReader`.

Rules of this file:
- What a draft says, and what people wrote about a message, stands in rows that are only added at the end, and goes by being
  overwritten there (docs/adr/0044). Nothing of it is ever in the rows that are found by a random id.
"""

import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence

from emla.model.draft import KEPT, DraftState
from emla.ports.drafts import AloneRow, DraftRow
from emla.ports.store import DuplicateError
from emla.store.sqlite import rows

_DRAFT = (
    "SELECT id, drafter, case_id, message_id, state, at, expires, decided_at, decided_by, payload_sha256,"
    " (SELECT c.sealed FROM draft_content c WHERE c.id = draft.content) FROM draft"
)
_ALONE_ERASED = (
    "SELECT 1 FROM sent_alone s JOIN alone_words w ON w.id = s.reason"
    " WHERE s.message_id = ? AND substr(w.words, 1, 1) = x'00'"
)
_KEPT = "state IN ('WAITING', 'RETURNED')"
_OVER = f"""
{_DRAFT} WHERE {_KEPT} AND (expires <= ?1 OR EXISTS (SELECT 1 FROM sent s WHERE s.message_id = draft.message_id)) LIMIT ?2
"""  # noqa: S608 (constants only)
_ALONE = (
    "SELECT message_id, person, at, urgency, (SELECT w.words FROM alone_words w WHERE w.id = sent_alone.reason),"
    " reviewed_at, reviewed_by, agrees, (SELECT w.words FROM alone_words w WHERE w.id = sent_alone.words)"
    " FROM sent_alone"
)
_APPROVER = "SELECT 1 FROM person WHERE ' ' || roles || ' ' LIKE '% approver %' LIMIT 1"
_OVERWRITTEN = (
    "UPDATE draft_content SET sealed = zeroblob(length(sealed))"
    " WHERE id = (SELECT content FROM draft WHERE id = ?)"
)
_COUNTS = (
    "SELECT (SELECT count(*) FROM draft WHERE state = 'WAITING'),"
    " (SELECT count(*) FROM sent_alone WHERE reviewed_at IS NULL)"
)


class DraftStatements(ABC):
    """Implements `emla.ports.drafts.DraftTransaction`."""

    _execute: Callable[..., sqlite3.Cursor]

    @abstractmethod
    def _insert_payload(self, sha256: bytes, size: int, body: bytes | None) -> None:
        """Keep a payload under its hash."""

    def insert_draft(self, row: DraftRow, *, size: int, body: bytes | None) -> None:
        """Keep a new draft with its payload."""
        if row.payload_sha256 is not None:
            self._insert_payload(row.payload_sha256, size, body)
        content = self._keep(row.id, row.sealed) if row.sealed is not None else None
        done = self._execute(
            "INSERT INTO draft VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (
                row.id,
                row.drafter,
                row.case_id,
                row.message_id,
                row.state.value,
                row.at,
                row.expires,
                row.decided_at,
                row.decided_by,
                row.payload_sha256,
                content,
            ),
        )
        if done.rowcount != 1:
            raise DuplicateError("draft_message")

    def return_draft(self, draft: bytes, by: str, at: int, sealed: bytes) -> bool:
        """Give a waiting draft back to its drafter."""
        if (
            self._execute("SELECT 1 FROM draft WHERE id = ? AND state = 'WAITING'", (draft,)).fetchone()
            is None
        ):
            return False
        self._execute(_OVERWRITTEN, (draft,))
        sql = "UPDATE draft SET state = 'RETURNED', decided_at = ?, decided_by = ?, content = ? WHERE id = ?"
        return self._execute(sql, (at, by, self._keep(draft, sealed), draft)).rowcount == 1

    def end_draft(
        self, draft: bytes, state: DraftState, by: str | None, at: int, *, of: Sequence[DraftState]
    ) -> bool:
        """End a draft that is in one of some states, and let its content go."""
        row = self._execute("SELECT state, payload_sha256 FROM draft WHERE id = ?", (draft,)).fetchone()
        if row is None or DraftState(row[0]) not in of:
            return False
        self._execute(_OVERWRITTEN, (draft,))
        sql = (
            "UPDATE draft SET state = ?, decided_at = ?, decided_by = ?, payload_sha256 = NULL, content = NULL"
            " WHERE id = ?"
        )
        self._execute(sql, (state.value, at, by, draft))
        # Sealed under a key of this draft's own, so no other row can need it. The key is gone with the content.
        self._execute(
            "UPDATE payload SET body = zeroblob(length(body)) WHERE sha256 = ? AND body IS NOT NULL",
            (row[1],),
        )
        self._execute("DELETE FROM payload WHERE sha256 = ?", (row[1],))
        return True

    def erase_drafts(self, case_id: bytes, erasure: int, by: str | None, at: int) -> Sequence[bytes]:
        """End every draft of a case whose content is here."""
        sql = f"SELECT id, payload_sha256 FROM draft WHERE case_id = ? AND {_KEPT} ORDER BY id"  # noqa: S608 (constants only)
        kept = self._execute(sql, (case_id,)).fetchall()
        for draft, sha256 in kept:
            self.end_draft(draft, DraftState.LAPSED, by, at, of=tuple(KEPT))
            self._execute("INSERT INTO erased_draft VALUES (?, ?, ?)", (draft, erasure, sha256))
        return [draft for draft, _ in kept]

    def _keep(self, draft: bytes, sealed: bytes) -> int | None:
        """Add what a draft says at the end; where it stands."""
        sql = "INSERT INTO draft_content (draft, sealed) VALUES (?, ?)"
        return self._execute(sql, (draft, sealed)).lastrowid

    def any_approver(self) -> bool:
        """Whether anybody on record is an approver, active or not."""
        return self._execute(_APPROVER).fetchone() is not None

    def insert_alone(self, row: AloneRow) -> None:
        """Note that a message went without a second person."""
        self._execute(
            "INSERT INTO sent_alone (message_id, person, at, urgency, reason) VALUES (?, ?, ?, ?, ?)",
            (row.message_id, row.person, row.at, row.urgency, self._say(row.message_id, row.reason)),
        )

    def review_alone(self, message_id: bytes, by: str, at: int, *, agrees: bool, words: str) -> bool:
        """Note what a second person says of it."""
        sql = (
            "UPDATE sent_alone SET reviewed_at = ?, reviewed_by = ?, agrees = ?"
            " WHERE message_id = ? AND reviewed_at IS NULL"
        )
        if self._execute(sql, (at, by, agrees, message_id)).rowcount != 1:
            return False
        # What is said of a message that is erased already is not kept: it would outlive its case.
        if words and not self._execute(_ALONE_ERASED, (message_id,)).fetchone():
            sql = "UPDATE sent_alone SET words = ? WHERE message_id = ?"
            self._execute(sql, (self._say(message_id, words), message_id))
        return True

    def _say(self, message_id: bytes, words: str) -> int | None:
        """Add words about a message at the end; where they stand."""
        sql = "INSERT INTO alone_words (message_id, words) VALUES (?, ?)"
        return self._execute(sql, (message_id, words.encode())).lastrowid


class DraftReads:
    """Implements `emla.ports.drafts.DraftReader`."""

    _execute: Callable[..., sqlite3.Cursor]

    def any_approver(self) -> bool:
        """Whether anybody on record is an approver, active or not."""
        return self._execute(_APPROVER).fetchone() is not None

    def draft(self, draft: bytes) -> DraftRow | None:
        """One draft."""
        return rows.one(self._execute(_DRAFT + " WHERE id = ?", (draft,)), _draft)

    def drafts(self, *, state: DraftState | None, drafter: str | None, limit: int) -> Sequence[DraftRow]:
        """Drafts of a state, of a drafter, or all; the newest first."""
        wanted = [(f"{name} = ?", value) for name, value in (("state", state), ("drafter", drafter)) if value]
        where = f" WHERE {' AND '.join(words for words, _ in wanted)}" if wanted else ""
        values = (*(str(value) for _, value in wanted), limit)
        cursor = self._execute(f"{_DRAFT}{where} ORDER BY at DESC, id LIMIT ?", values)
        return [_draft(row) for row in cursor]

    def drafts_beginning(self, low: bytes, high: bytes, limit: int) -> Sequence[DraftRow]:
        """Drafts whose ids lie between two."""
        cursor = self._execute(_DRAFT + " WHERE id BETWEEN ? AND ? ORDER BY id LIMIT ?", (low, high, limit))
        return [_draft(row) for row in cursor]

    def draft_of_message(self, message_id: bytes) -> DraftRow | None:
        """The newest draft of a message whose content is still here."""
        sql = f"{_DRAFT} WHERE message_id = ? AND {_KEPT} ORDER BY at DESC, state = 'WAITING' DESC LIMIT 1"
        return rows.one(self._execute(sql, (message_id,)), _draft)

    def drafts_of_case(self, case_id: bytes) -> Sequence[bytes]:
        """Ids of the drafts of a case whose content is here."""
        sql = f"SELECT id FROM draft WHERE case_id = ? AND {_KEPT} ORDER BY id"  # noqa: S608 (constants only)
        return [row[0] for row in self._execute(sql, (case_id,))]

    def drafts_over(self, now: int, limit: int) -> Sequence[DraftRow]:
        """Drafts whose content is still here and whose time is over, or whose message went another way."""
        return [_draft(row) for row in self._execute(_OVER, (now, limit))]

    def draft_counts(self) -> tuple[int, int]:
        """How many drafts wait; how many messages went alone and nobody has looked at them since."""
        waiting, unseen = self._execute(_COUNTS).fetchone()
        return waiting, unseen

    def alone(self, message_id: bytes) -> AloneRow | None:
        """A message that went alone."""
        return rows.one(self._execute(_ALONE + " WHERE message_id = ?", (message_id,)), _alone)

    def alone_ones(self, *, open_only: bool, limit: int) -> Sequence[AloneRow]:
        """Messages that went alone, the newest first."""
        where = " WHERE reviewed_at IS NULL" if open_only else ""
        return [
            _alone(row)
            for row in self._execute(f"{_ALONE}{where} ORDER BY at DESC, message_id LIMIT ?", (limit,))
        ]


def _draft(row: sqlite3.Row) -> DraftRow:
    return DraftRow(
        id=row[0],
        drafter=row[1],
        case_id=row[2],
        message_id=row[3],
        state=DraftState(row[4]),
        at=row[5],
        expires=row[6],
        decided_at=row[7],
        decided_by=row[8],
        payload_sha256=row[9],
        sealed=row[10],
    )


def _alone(row: sqlite3.Row) -> AloneRow:
    return AloneRow(
        message_id=row[0],
        person=row[1],
        at=row[2],
        urgency=row[3],
        reason=_words(row[4]),
        erased=row[4][:1] == b"\0",
        reviewed_at=row[5],
        reviewed_by=row[6],
        agrees=None if row[7] is None else bool(row[7]),
        words=_words(row[8] or b""),
    )


def _words(kept: bytes) -> str:
    """Words as they were written; none where they were overwritten."""
    return "" if kept[:1] == b"\0" else kept.decode()
