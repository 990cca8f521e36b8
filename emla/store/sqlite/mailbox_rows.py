"""Mailboxes at a hub: the statements, and from rows to values. Part of `SqliteTransaction` and `SqliteReader`."""

import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence

from emla.model.errors import IllegalTransitionError
from emla.model.mailbox import ItemKind, ItemState, Listing, MailboxItem, MailboxUse
from emla.ports.mailbox import ITEM_ENDED, Deposit, Held
from emla.ports.store import DuplicateError
from emla.store.sqlite import rows

_ITEM = (
    "SELECT item, owner, depositor, kind, ref, size, at, expires, state, ended_at, proof, payload_sha256"
    " FROM mailbox_item"
)
_AFTER = (
    "SELECT item, kind, ref, size, at, expires FROM mailbox_item"
    " WHERE owner = ? AND state = 'HELD' AND item > ? ORDER BY item LIMIT ?"
)
_HELD = """
SELECT (SELECT coalesce(sum(items), 0) FROM mailbox_use WHERE owner = ?1),
       (SELECT coalesce(sum(bytes), 0) FROM mailbox_use WHERE owner = ?1),
       (SELECT coalesce(sum(items), 0) FROM mailbox_use WHERE depositor = ?2),
       (SELECT coalesce(sum(bytes), 0) FROM mailbox_use WHERE depositor = ?2)
"""
_USES = """
SELECT u.owner, sum(u.items), sum(u.bytes),
       (SELECT m.at FROM mailbox_item m WHERE m.owner = u.owner AND m.state = 'HELD' ORDER BY m.item LIMIT 1)
FROM mailbox_use u GROUP BY u.owner HAVING sum(u.items) > 0 ORDER BY u.owner
"""
_ANY = """
SELECT EXISTS (SELECT 1 FROM sent) OR EXISTS (SELECT 1 FROM received), EXISTS (SELECT 1 FROM mailbox_item)
"""


class MailboxStatements(ABC):
    """Implements `emla.ports.mailbox.MailboxTransaction`."""

    _execute: Callable[..., sqlite3.Cursor]

    @abstractmethod
    def _insert(self, sql: str, values: tuple[object, ...]) -> sqlite3.Cursor:
        """Insert a row; a unique index that is hit raises DuplicateError."""

    @abstractmethod
    def _insert_payload(self, sha256: bytes, size: int, body: bytes | None) -> None:
        """Keep a payload under its hash."""

    def insert_item(self, deposit: Deposit) -> int:
        """Hold something for its owner; return its number."""
        if deposit.payload_sha256 is not None:
            self._insert_payload(deposit.payload_sha256, deposit.payload_size, deposit.payload)
        cursor = self._insert(
            "INSERT INTO mailbox_item (owner, depositor, kind, ref, size, at, expires, state, payload_sha256)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, 'HELD', ?)",
            (
                deposit.owner,
                deposit.depositor,
                deposit.kind.value,
                deposit.ref,
                deposit.size,
                deposit.at,
                deposit.expires,
                deposit.payload_sha256,
            ),
        )
        item = cursor.lastrowid
        if item is None:
            raise IllegalTransitionError("An insert without a row id.")
        self._execute("INSERT INTO mailbox_body VALUES (?, ?)", (item, deposit.front))
        self._execute(
            "INSERT INTO mailbox_use VALUES (?, ?, 1, ?)"
            " ON CONFLICT DO UPDATE SET items = items + 1, bytes = bytes + excluded.bytes",
            (deposit.owner, deposit.depositor, deposit.size),
        )
        return item

    def end_item(self, item: int, state: ItemState, at: int, proof: bytes | None = None) -> bytes | None:
        """Let a HELD item go and delete its bytes; the payload's hash when its blob is to be removed after the commit."""
        row = self._execute(
            "UPDATE mailbox_item SET state = ?, ended_at = ?, proof = ? WHERE item = ? AND state = 'HELD'"
            " RETURNING owner, depositor, size, payload_sha256",
            (state.value, at, proof, item),
        ).fetchone()
        if row is None:
            raise DuplicateError(ITEM_ENDED)
        owner, depositor, size, payload_sha256 = row
        self._execute("DELETE FROM mailbox_body WHERE item = ?", (item,))
        self._execute(
            "UPDATE mailbox_use SET items = items - 1, bytes = bytes - ? WHERE owner = ? AND depositor = ?",
            (size, owner, depositor),
        )
        return None if payload_sha256 is None else self._drop_payload(payload_sha256)

    def _drop_payload(self, sha256: bytes) -> bytes | None:
        """Two packages may carry one payload: it goes with the last of them."""
        if self._execute(
            "SELECT 1 FROM mailbox_item WHERE payload_sha256 = ? AND state = 'HELD'", (sha256,)
        ).fetchone():
            return None
        row = self._execute("SELECT body IS NULL FROM payload WHERE sha256 = ?", (sha256,)).fetchone()
        self._execute("DELETE FROM payload WHERE sha256 = ?", (sha256,))
        return sha256 if row and row[0] else None

    def make_way(self, owner: str, depositor: str, expires: int) -> bool:
        """Remove the channel status of a depositor for an owner, unless it expires later than the one that is to follow."""
        row = self._execute(
            "SELECT item, expires, state FROM mailbox_item"
            " WHERE owner = ? AND depositor = ? AND kind = 'channel'",
            (owner, depositor),
        ).fetchone()
        if row is None:
            return True
        item, known, state = row
        if known > expires:
            return False
        if state == ItemState.HELD:
            self.end_item(item, ItemState.REPLACED, 0)
        self._execute("DELETE FROM mailbox_item WHERE item = ?", (item,))
        return True

    def forget_ended(self, owner: str, kind: ItemKind, ref: bytes) -> None:
        """Forget an item that is not HELD any more."""
        self._execute(
            "DELETE FROM mailbox_item WHERE owner = ? AND kind = ? AND ref = ? AND state <> 'HELD'",
            (owner, kind.value, ref),
        )

    def forget_expired(self, owner: str, kind: ItemKind, ref: bytes) -> None:
        """Forget an item that is EXPIRED."""
        self._execute(
            "DELETE FROM mailbox_item WHERE owner = ? AND kind = ? AND ref = ? AND state = 'EXPIRED'",
            (owner, kind.value, ref),
        )

    def replace_documents(self, owner: str, depositor: str, at: int) -> None:
        """End the documents of a depositor that are HELD for an owner."""
        found = self._execute(
            "SELECT item FROM mailbox_item"
            " WHERE owner = ? AND depositor = ? AND kind = 'documents' AND state = 'HELD'",
            (owner, depositor),
        ).fetchall()
        for (item,) in found:
            self.end_item(item, ItemState.REPLACED, at)


class MailboxReads:
    """Implements `emla.ports.mailbox.MailboxReader`."""

    _execute: Callable[..., sqlite3.Cursor]

    def mailbox_after(self, owner: str, after: int, limit: int) -> Sequence[Listing]:
        """The HELD items of an owner with larger numbers, ascending."""
        return [
            Listing(item=row[0], kind=ItemKind(row[1]), ref=row[2], size=row[3], at=row[4], expires=row[5])
            for row in self._execute(_AFTER, (owner, after, limit))
        ]

    def mailbox_item(self, item: int) -> MailboxItem | None:
        """One item, in whatever state."""
        return rows.one(self._execute(_ITEM + " WHERE item = ?", (item,)), _item)

    def mailbox_find(self, owner: str, kind: ItemKind, ref: bytes) -> MailboxItem | None:
        """The item of an owner that holds, or held, an object."""
        where = " WHERE owner = ? AND kind = ? AND ref = ?"
        return rows.one(self._execute(_ITEM + where, (owner, kind.value, ref)), _item)

    def mailbox_status(self, owner: str, depositor: str) -> MailboxItem | None:
        """The item that holds, or held last, the channel status of a depositor for an owner."""
        where = " WHERE owner = ? AND depositor = ? AND kind = 'channel'"
        return rows.one(self._execute(_ITEM + where, (owner, depositor)), _item)

    def mailbox_front(self, item: int) -> bytes | None:
        """The signed header of a package that is HELD, else the whole body."""
        row = self._execute("SELECT front FROM mailbox_body WHERE item = ?", (item,)).fetchone()
        return bytes(row[0]) if row else None

    def mailbox_held(self, owner: str, depositor: str) -> Held:
        """How much is held for an owner, and from a depositor."""
        row = self._execute(_HELD, (owner, depositor)).fetchone()
        return Held(owner_items=row[0], owner_bytes=row[1], depositor_items=row[2], depositor_bytes=row[3])

    def mailbox_given(self, owner: str, one: str, other: str) -> int:
        """How many items are held for an owner from either of two depositors."""
        sql = "SELECT coalesce(sum(items), 0) FROM mailbox_use WHERE owner = ? AND depositor IN (?, ?)"
        return int(self._execute(sql, (owner, one, other)).fetchone()[0])

    def mailbox_expired(self, before: int, limit: int) -> Sequence[MailboxItem]:
        """HELD items that expired before an instant, oldest first."""
        where = " WHERE state = 'HELD' AND expires < ? ORDER BY expires LIMIT ?"
        return [_item(row) for row in self._execute(_ITEM + where, (before, limit))]

    def mailbox_uses(self) -> Sequence[MailboxUse]:
        """Every mailbox that holds something."""
        return [
            MailboxUse(owner=row[0], items=row[1], size=row[2], oldest_at=row[3])
            for row in self._execute(_USES)
        ]

    def knows_payload(self, sha256: bytes) -> bool:
        """Whether a row points to the payload of this hash, which is not erased."""
        sql = "SELECT 1 FROM payload WHERE sha256 = ? AND (body IS NULL OR length(body) > 0)"
        return self._execute(sql, (sha256,)).fetchone() is not None

    def lines_and_mailboxes(self) -> tuple[bool, bool]:
        """Whether packages were ever sent or received here, and whether anything was ever held for others."""
        row = self._execute(_ANY).fetchone()
        return bool(row[0]), bool(row[1])


def _item(row: sqlite3.Row) -> MailboxItem:
    return MailboxItem(
        item=row[0],
        owner=row[1],
        depositor=row[2],
        kind=ItemKind(row[3]),
        ref=row[4],
        size=row[5],
        at=row[6],
        expires=row[7],
        state=ItemState(row[8]),
        ended_at=row[9],
        proof=row[10],
        payload_sha256=row[11],
    )
