"""From rows to values: one SELECT list and one reader for each kind, so that columns and members stand side by side."""

import sqlite3
from collections.abc import Callable
from typing import TypeVar

from emla.model.acknowledgement import Event
from emla.model.leg import Hold, InboxState, Leg, LegKind, LegState
from emla.ports.documents import PeerRow
from emla.ports.listings import Listed, ListedLeg
from emla.ports.store import AcknowledgementRow, InboxRow, SentRow

T = TypeVar("T")

LEG = (
    "SELECT id, kind, ref, peer, urgent, state, attempts, next_at, last_code, created, expires, refusals,"
    " refused_since FROM leg"
)
LISTED_LEG = """
SELECT l.id, l.kind, l.ref, l.peer, l.urgent, l.state, l.attempts, l.next_at, l.last_code, l.created, l.expires, l.refusals,
       l.refused_since, h.at, h.code, h.reason,
       (SELECT a.reason FROM acknowledgement a WHERE a.package = l.package AND a.event = CASE l.state
          WHEN 'REJECTED' THEN 'RelayRejection' WHEN 'EXPIRED' THEN 'RelayFailure'
          WHEN 'CONSIGNMENT_FAILED' THEN 'ContentConsignmentFailure' END)
FROM leg l LEFT JOIN hold h ON h.leg = l.id
"""
SENT = (
    "SELECT pid, signed, msg, recipient, epoch, seq, message_id, message_sha256, payload_id, payload_sha256,"
    " payload_size, record, urgent, created, expires, replaces FROM sent"
)
# Not `IS NOT NULL`: that reads the whole body to say so.
INBOX = (
    "SELECT r.pid, r.signed, r.signature_sha256, r.sender, r.payload_sha256, r.payload_size, typeof(p.body) <> 'null',"
    " i.state, i.strikes, i.code, r.created, r.accepted_at"
    " FROM received r JOIN inbox i ON i.received = r.id JOIN payload p ON p.sha256 = r.payload_sha256"
)
DUE = "state IN ('READY', 'HUB_HELD')"
"""As `emla.model.leg.DUE`, in exactly the words of the index `leg_due`."""
ACKNOWLEDGEMENT = "SELECT aid, pid, event, by, at, reason, bundle FROM acknowledgement"
PEER = "SELECT authority, documents, pin_version, pin_sha256, fingerprint, pinned_at, held FROM peer"

_LATE = """EXISTS (SELECT 1 FROM acknowledgement a WHERE a.package = s.id * 2 AND a.event = 'RelayFailure')
       AND l.state NOT IN ('READY', 'HUB_HELD', 'EXPIRED')"""
_ERASED = (
    "EXISTS (SELECT 1 FROM erased_package e WHERE e.package = {number})"
    " OR EXISTS (SELECT 1 FROM erased_content c WHERE c.package = {number}) AS erased"
)
OUT = f"""
SELECT 0 AS incoming, s.pid, s.signed, s.recipient AS peer, l.state, {_LATE} AS late, s.urgent, s.created, s.expires,
       s.payload_size, s.message_id, NULL AS code, s.id AS place, {_ERASED.format(number="s.id * 2")}
FROM sent s JOIN leg l ON l.package = s.id * 2 AND l.kind = 'package' AND l.peer = s.recipient
"""  # noqa: S608 (constants only)
IN = f"""
SELECT 1 AS incoming, r.pid, r.signed, r.sender AS peer, i.state, 0 AS late, r.urgent, r.created, r.expires,
       r.payload_size, NULL AS message_id, i.code, r.id AS place, {_ERASED.format(number="r.id * 2 + 1")}
FROM received r JOIN inbox i ON i.received = r.id
"""  # noqa: S608 (constants only)


INDEXES = {
    "sent.pid": "sent_pid",
    "sent.message_id": "sent_message_id",
    "sent.replaces": "sent_replaces",
    "sent.recipient, sent.epoch, sent.seq": "sent_place",
    "received.pid": "received_pid",
    "received.sender, received.msg": "received_msg",
    "received.sender, received.payload_id": "received_payload",
    "received.sender, received.epoch, received.seq": "received_place",
    "acknowledgement.package, acknowledgement.event, acknowledgement.by": "acknowledgement_event",
    "acknowledgement.pid, acknowledgement.event, acknowledgement.by": "acknowledgement_event",
    "mailbox_item.owner, mailbox_item.kind, mailbox_item.ref": "mailbox_item_ref",
    "mailbox_item.owner, mailbox_item.depositor": "mailbox_item_status",
}
"""The name of a unique index, by the columns that SQLite names when it is hit."""
PAYLOAD_HELD = """
SELECT pid, payload_sha256, 1 FROM received WHERE payload_sha256 = ?1 AND sender = ?2 AND pid <> ?3
UNION ALL SELECT x'', sha256, 1 FROM payload WHERE sha256 = ?1 AND length(body) = 0
"""
"""What stands in the way of a payload of a peer's: another package of the same peer that carries it, or that it was erased here.
Not the package of somebody else: whoever has the bytes, such as a hub, could send them first and have their owner refused."""


def one(cursor: sqlite3.Cursor, read: "Callable[[sqlite3.Row], T]") -> T | None:
    """Read the first row, if any."""
    row = cursor.fetchone()
    return None if row is None else read(row)


def leg(row: sqlite3.Row) -> Leg:
    """A leg."""
    return Leg(
        id=row[0],
        kind=LegKind(row[1]),
        ref=row[2],
        peer=row[3],
        urgent=bool(row[4]),
        state=LegState(row[5]),
        attempts=row[6],
        next_at=row[7],
        last_code=row[8],
        created=row[9],
        expires=row[10],
        refusals=row[11],
        refused_since=row[12],
    )


def hold(row: sqlite3.Row) -> Hold:
    """Why a leg was put aside."""
    return Hold(leg=row[0], at=row[1], code=row[2], reason=row[3])


def sent(row: sqlite3.Row) -> SentRow:
    """A package of ours, without its payload."""
    return SentRow(
        pid=row[0],
        signed=row[1],
        msg=row[2],
        recipient=row[3],
        epoch=row[4],
        seq=row[5],
        message_id=row[6],
        message_sha256=row[7],
        payload_id=row[8],
        payload_sha256=row[9],
        payload_size=row[10],
        payload=None,
        record=row[11],
        urgent=bool(row[12]),
        created=row[13],
        expires=row[14],
        replaces=row[15],
    )


def inbox(row: sqlite3.Row) -> InboxRow:
    """A received package as it stands."""
    return InboxRow(
        pid=row[0],
        signed=row[1],
        signature_sha256=row[2],
        sender=row[3],
        payload_sha256=row[4],
        payload_size=row[5],
        inline=bool(row[6]),
        state=InboxState(row[7]),
        strikes=row[8],
        code=row[9],
        created=row[10],
        accepted_at=row[11],
    )


def acknowledgement(row: sqlite3.Row) -> AcknowledgementRow:
    """A stored acknowledgement."""
    return AcknowledgementRow(
        aid=row[0], pid=row[1], event=Event(row[2]), by=row[3], at=row[4], reason=row[5], bundle=row[6]
    )


def peer(row: sqlite3.Row) -> PeerRow:
    """A pinned peer."""
    return PeerRow(
        authority=row[0],
        documents=row[1],
        pin_version=row[2],
        pin_sha256=row[3],
        fingerprint=row[4],
        pinned_at=row[5],
        held=row[6],
    )


def listed(row: sqlite3.Row) -> Listed:
    """A package in a list."""
    return Listed(
        incoming=bool(row[0]),
        pid=row[1],
        signed=row[2],
        peer=row[3],
        state=row[4],
        late=bool(row[5]),
        urgent=bool(row[6]),
        created=row[7],
        expires=row[8],
        size=row[9],
        message_id=row[10],
        code=row[11],
        erased=bool(row[13]),
    )


def listed_leg(row: sqlite3.Row) -> ListedLeg:
    """A leg in a list."""
    shown = leg(row)
    held = Hold(leg=shown.id, at=row[13], code=row[14], reason=row[15]) if row[13] is not None else None
    return ListedLeg(leg=shown, hold=held if shown.state is LegState.HELD else None, ended_by=row[16])
