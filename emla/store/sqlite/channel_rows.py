"""Channels, checkpoints seen elsewhere, and the end of a ledger: the statements, and from rows to values.

Part of `SqliteTransaction` and `SqliteReader`; apart from them, because those speak about packages.
"""

import sqlite3
from collections.abc import Callable, Sequence

from emla.model.channel import NumberRange
from emla.model.leg import DUE, LegState
from emla.ports.channel import AskedRow, ClosedRow, PlacedLeg, SeenRow, StatusRow, VoidedRow
from emla.store.sqlite import rows

_SEEN = "SELECT origin, authority, epoch, size, note, at FROM seen WHERE authority = ? ORDER BY epoch DESC"
_LOOKED_AT_MAX = 4096
"""How many legs to either side of a place are looked at for packages that were judged."""
_RECEIVED_NUMBERS = """
SELECT seq FROM received WHERE sender = ?1 AND epoch = ?2 AND seq > ?3
UNION SELECT seq FROM voided WHERE sender = ?1 AND epoch = ?2 AND seq > ?3
ORDER BY seq LIMIT ?4
"""
_PLACED = """
SELECT s.pid, s.epoch, s.seq, l.state,
       (SELECT a.reason FROM acknowledgement a WHERE a.package = s.id * 2 AND a.reason IS NOT NULL ORDER BY a.id LIMIT 1)
FROM leg l JOIN sent s ON s.id = l.package / 2
"""
_VOIDED_LEGS = (
    _PLACED + " WHERE l.peer = ? AND l.kind = 'package' AND l.state IN ('REJECTED', 'EXPIRED', 'REPLACED')"
    " ORDER BY l.id DESC LIMIT ?"
)
_IN_RANGE = """
SELECT s.pid, s.epoch, s.seq, l.state,
       (SELECT a.reason FROM acknowledgement a WHERE a.package = s.id * 2 AND a.reason IS NOT NULL ORDER BY a.id LIMIT 1)
FROM sent s JOIN leg l ON l.package = s.id * 2 AND l.kind = 'package' AND l.peer = s.recipient
WHERE s.recipient = ? AND s.epoch = ? AND s.seq BETWEEN ? AND ? ORDER BY s.seq LIMIT ?
"""


def closed_code(connection: sqlite3.Connection) -> str | None:
    """The code for which the ledger is closed."""
    row = connection.execute("SELECT code FROM closed").fetchone()
    return row[0] if row else None


class ChannelStatements:
    """Implements the part of `emla.ports.channel.ChannelTransaction` that touches no leaf."""

    _execute: Callable[..., sqlite3.Cursor]

    def see_checkpoint(self, row: SeenRow) -> None:
        """Keep a verified checkpoint if it is the largest of its ledger."""
        self._execute(
            "INSERT INTO seen VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET size = excluded.size,"
            " note = excluded.note, at = excluded.at WHERE excluded.size > size",
            (row.origin, row.authority, row.epoch, row.size, row.note, row.at),
        )

    def put_status(self, row: StatusRow) -> None:
        """Keep a peer's channel status, unless a later one is here."""
        self._execute(
            "INSERT INTO channel_status VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET at = excluded.at,"
            " signed = excluded.signed WHERE excluded.at >= at",
            (row.authority, row.at, row.signed),
        )

    def put_whole(self, direction: str, peer: str, epoch: int, seq: int) -> None:
        """Remember up to which number a channel is whole."""
        self._execute(
            "INSERT INTO whole VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET seq = excluded.seq"
            " WHERE excluded.seq > seq",
            (direction, peer, epoch, seq),
        )

    def put_voided(self, row: VoidedRow) -> None:
        """Keep that a number will never come; the first word about it counts."""
        self._execute(
            "INSERT INTO voided VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (row.sender, row.epoch, row.seq, row.pid, row.reason, row.at),
        )

    def put_unanswered(self, pid: bytes, peer: str) -> None:
        """Remember that a package was given up without the recipient's answer."""
        self._execute("INSERT OR IGNORE INTO unanswered VALUES (?, ?)", (pid, peer))

    def drop_unanswered(self, pid: bytes) -> None:
        """The answer has come."""
        self._execute("DELETE FROM unanswered WHERE pid = ?", (pid,))

    def put_asked(self, row: AskedRow) -> None:
        """Remember that a peer has answered, or is gone."""
        self._execute("INSERT OR REPLACE INTO asked VALUES (?, ?, ?)", (row.authority, row.at, row.gone))

    def forget_answers(self) -> None:
        """Nobody has answered; who is said to be gone stays so."""
        self._execute("DELETE FROM asked WHERE NOT gone")

    def close_ledger(self, row: ClosedRow) -> bool:
        """Write why the ledger is closed; False when it is closed for that reason already."""
        # A proof is never replaced by another one, and never by a mere suspicion.
        cursor = self._execute(
            "INSERT INTO closed VALUES (1, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET code = excluded.code,"
            " since = excluded.since, peer = excluded.peer, proof = excluded.proof"
            " WHERE proof IS NULL AND excluded.proof IS NOT NULL",
            (row.code, row.since, row.peer, row.proof),
        )
        return cursor.rowcount == 1


class ChannelReads:
    """Implements `emla.ports.channel.ChannelReader`."""

    _execute: Callable[..., sqlite3.Cursor]

    def closed(self) -> ClosedRow | None:
        """Why the ledger is closed; None while it is open."""
        row = self._execute("SELECT code, since, peer, proof FROM closed").fetchone()
        return ClosedRow(code=row[0], since=row[1], peer=row[2], proof=row[3]) if row else None

    def asked(self) -> Sequence[AskedRow]:
        """Who has answered since it was closed."""
        sql = "SELECT authority, at, gone FROM asked ORDER BY authority"
        return [AskedRow(authority=row[0], at=row[1], gone=bool(row[2])) for row in self._execute(sql)]

    def seen(self, authority: str) -> Sequence[SeenRow]:
        """For each ledger of an authority, the largest checkpoint seen outside it; the newest ledger first."""
        return [
            SeenRow(origin=row[0], authority=row[1], epoch=row[2], size=row[3], note=row[4], at=row[5])
            for row in self._execute(_SEEN, (authority,))
        ]

    def own_checkpoint(self, size: int) -> bytes | None:
        """The checkpoint of our ledger at a size."""
        row = self._execute("SELECT note FROM checkpoint WHERE size = ?", (size,)).fetchone()
        return row[0] if row else None

    def status_of(self, authority: str) -> StatusRow | None:
        """A peer's last channel status."""
        sql = "SELECT authority, at, signed FROM channel_status WHERE authority = ?"
        row = self._execute(sql, (authority,)).fetchone()
        return StatusRow(authority=row[0], at=row[1], signed=row[2]) if row else None

    def sent_epochs(self, peer: str) -> Sequence[tuple[int, int]]:
        """Epochs in which something was sent to a peer, with the last number used; the newest first."""
        sql = "SELECT epoch, seq FROM channel WHERE recipient = ? ORDER BY epoch DESC"
        return [(row[0], row[1]) for row in self._execute(sql, (peer,))]

    def received_epochs(self, peer: str, limit: int) -> Sequence[int]:
        """The newest epochs in which something came from a peer or was voided by it; the newest first."""
        # The index on (sender, epoch, seq) is asked for one epoch after the other: never for every row. The peer names its epochs
        # itself, so their number is bounded here.
        found: list[int] = []
        sql = (
            "SELECT max(epoch) FROM (SELECT max(epoch) AS epoch FROM received WHERE sender = ?1 AND epoch < ?2"
            " UNION ALL SELECT max(epoch) FROM voided WHERE sender = ?1 AND epoch < ?2)"
        )
        epoch = 2**62
        while len(found) < limit:
            (epoch,) = self._execute(sql, (peer, epoch)).fetchone()
            if epoch is None:
                break
            found.append(epoch)
        return found

    def whole(self, direction: str, peer: str, epoch: int) -> int:
        """Up to which number a channel is known to be whole; 0 while nobody has counted."""
        sql = "SELECT seq FROM whole WHERE direction = ? AND peer = ? AND epoch = ?"
        row = self._execute(sql, (direction, peer, epoch)).fetchone()
        return row[0] if row else 0

    def sent_numbers(self, peer: str, epoch: int, above: int, limit: int) -> Sequence[int]:
        """Numbers of packages of ours above one, rising."""
        sql = "SELECT seq FROM sent WHERE recipient = ? AND epoch = ? AND seq > ? ORDER BY seq LIMIT ?"
        return [row[0] for row in self._execute(sql, (peer, epoch, above, limit))]

    def received_numbers(self, peer: str, epoch: int, above: int, limit: int) -> Sequence[int]:
        """Numbers of a peer's packages above one that are here or voided, rising."""
        return [row[0] for row in self._execute(_RECEIVED_NUMBERS, (peer, epoch, above, limit))]

    def newest_from(self, peer: str, epoch: int) -> tuple[int, bytes] | None:
        """The peer's package with the highest number in an epoch: number and signed header."""
        sql = "SELECT seq, signed FROM received WHERE sender = ? AND epoch = ? ORDER BY seq DESC LIMIT 1"
        row = self._execute(sql, (peer, epoch)).fetchone()
        return (row[0], row[1]) if row else None

    def placed(self, peer: str, epoch: int, numbers: NumberRange, limit: int) -> Sequence[PlacedLeg]:
        """Packages of ours to a peer within a range of numbers, rising."""
        return [_placed(row) for row in self._execute(_IN_RANGE, (peer, epoch, *numbers, limit))]

    def voided_legs(self, peer: str, limit: int) -> Sequence[PlacedLeg]:
        """Packages of ours to a peer that will never come, the newest first."""
        return [_placed(row) for row in self._execute(_VOIDED_LEGS, (peer, limit))]

    def received_in(self, peer: str, epoch: int, numbers: NumberRange, limit: int) -> Sequence[bytes]:
        """Ids of a peer's packages within a range of numbers, rising."""
        sql = (
            "SELECT pid FROM received WHERE sender = ? AND epoch = ? AND seq BETWEEN ? AND ?"
            " ORDER BY seq LIMIT ?"
        )
        return [row[0] for row in self._execute(sql, (peer, epoch, *numbers, limit))]

    def waiting(self, peer: str, state: LegState, limit: int) -> Sequence[bytes]:
        """Ids of packages of ours to a peer whose legs are in a state (READY: those that still ask), the oldest first."""
        # A literal, so that the index on it is taken; the states are those of an enumeration.
        which = rows.DUE if state in DUE else f"state = '{state.value}'"
        sql = f"SELECT ref FROM leg WHERE peer = ? AND kind = 'package' AND {which} ORDER BY id LIMIT ?"  # noqa: S608 (states of ours, no text from outside)
        return [row[0] for row in self._execute(sql, (peer, limit))]

    def unanswered(self, peer: str, start: bytes, limit: int) -> Sequence[bytes]:
        """Packages to a peer that were given up without its answer, by id, from an id on and round from the front."""
        sql = "SELECT pid FROM unanswered WHERE peer = ? AND pid {} ? ORDER BY pid LIMIT ?"
        found = [row[0] for row in self._execute(sql.format(">="), (peer, start, limit))]
        left = limit - len(found)
        return found + [row[0] for row in self._execute(sql.format("<"), (peer, start, left))]

    def judged(self, peer: str, place: float, limit: int) -> Sequence[bytes]:
        """Some packages of ours whose content a peer has judged, and not handed over: from a place on (0 to 1) and round.

        Of a long table only a part is looked at: who asks again, asks from elsewhere.
        """
        sql = (
            "SELECT ref FROM leg NOT INDEXED WHERE id > ? AND id <= ? AND peer = ? AND kind = 'package'"
            " AND state IN ('CONSIGNED', 'CONSIGNMENT_FAILED') ORDER BY id LIMIT ?"
        )
        last = self._execute("SELECT coalesce(max(id), 0) FROM leg").fetchone()[0]
        above = int(place * last)
        parts = ((above, above + _LOOKED_AT_MAX), (max(0, above - _LOOKED_AT_MAX), above))
        found = [row[0] for low, high in parts for row in self._execute(sql, (low, high, peer, limit))]
        return found[:limit]

    def payload_size(self, sha256: bytes) -> int | None:
        """How long a stored payload is."""
        row = self._execute("SELECT size FROM payload WHERE sha256 = ?", (sha256,)).fetchone()
        return row[0] if row else None


def _placed(row: sqlite3.Row) -> PlacedLeg:
    return PlacedLeg(pid=row[0], epoch=row[1], seq=row[2], state=LegState(row[3]), reason=row[4])
