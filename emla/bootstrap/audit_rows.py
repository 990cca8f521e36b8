"""The part of `emla ledger verify` that is about rows: that they are all here, and say what the signed bytes beside them say.

The ledger proves the bytes; but the journeys act on columns and states, and whoever can write into the database can change those.

Rules of this file:
- A row is held against what it was made of, never against another row that could be changed with it, where there is such a thing.
- What is under way is no problem: a state that the stored acknowledgements allow is right.
- A database from before packages had numbers, in an old backup, is audited without this: it gets them when a server opens it.
"""

import sqlite3
from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet

from emla.flow.gateway import subject_of
from emla.formats.acknowledgement import decode, decode_bundle, decode_signed
from emla.formats.event import decode as decode_event
from emla.model.acknowledgement import Event
from emla.model.errors import EmlaError, MalformedError
from emla.model.leg import DUE, InboxState, LegState, delivered_state, leg_state
from emla.model.package import Priority
from emla.steps.acknowledge import Subject

_DAMAGES_MAX = 20
"""So many of SQLite's own findings are listed; it looks no further."""


def row_problems(connection: sqlite3.Connection) -> Iterator[str]:
    """Say where rows are missing or say something else than what they were made of."""
    if is_numbered(connection):
        for check in _CHECKS:
            yield from check(connection)


def is_numbered(connection: sqlite3.Connection) -> bool:
    """Whether packages have numbers in this database, under which everything about them is filed."""
    return "package" in {row[1] for row in connection.execute("PRAGMA table_info(acknowledgement)")}


def damage_problems(connection: sqlite3.Connection) -> Iterator[str]:
    """What SQLite itself finds: a page or an index that rotted, a row that refers to none. It reads the whole file."""
    for (found,) in connection.execute(f"PRAGMA integrity_check({_DAMAGES_MAX})"):
        if found != "ok":
            yield f"The database is damaged: {found}."
    for number, (table, row, parent, _) in enumerate(connection.execute("PRAGMA foreign_key_check")):
        if number < _DAMAGES_MAX:
            yield f"The row {row} of '{table}' refers to a row of '{parent}' that is not here."


# --- what must be here ---

_UNNAMED = """
SELECT pid FROM sent WHERE payload_sha256 NOT IN (SELECT sha256 FROM payload)
UNION ALL SELECT pid FROM received WHERE payload_sha256 NOT IN (SELECT sha256 FROM payload)
"""
# A package of ours that a peer returned has no record, and no SubmissionAcceptance: that was lost with the record.
_UNRECORDED = """
SELECT s.pid FROM sent s JOIN acknowledgement a ON a.package = s.id * 2 AND a.event = 'SubmissionAcceptance'
WHERE length(s.record) = 0
UNION ALL SELECT r.pid FROM inbox i JOIN received r ON r.id = i.received LEFT JOIN record c ON c.received = i.received
WHERE i.state IN ('CONSIGNED', 'HANDED') AND (c.sealed IS NULL OR length(c.sealed) = 0)
"""


def _payload_rows(connection: sqlite3.Connection) -> Iterator[str]:
    for (pid,) in connection.execute(_UNNAMED):
        yield f"The payload of {_short(pid)} is not here, and no erasure takes its row."


def _records(connection: sqlite3.Connection) -> Iterator[str]:
    for (pid,) in connection.execute(_UNRECORDED):
        yield f"The record of {_short(pid)} is not here, and no erasure takes its row."


# --- columns ---

_SENT = (
    "SELECT signed, pid, msg, recipient, epoch, seq, payload_id, payload_sha256, payload_size, urgent, created, expires, replaces"
    " FROM sent"
)
_RECEIVED = (
    "SELECT signed, pid, msg, sender, epoch, seq, payload_id, payload_sha256, payload_size, urgent, created, expires,"
    " signature_sha256 FROM received"
)


def _sent_columns(connection: sqlite3.Connection) -> Iterator[str]:
    for signed, *columns in connection.execute(_SENT):
        subject = _subject(signed)
        if subject and columns != [*_places(subject, subject.header.recipient), subject.header.replaces]:
            yield f"The row of {_short(subject.pid)}, which was sent, is not what its header says."


def _received_columns(connection: sqlite3.Connection) -> Iterator[str]:
    for signed, *columns in connection.execute(_RECEIVED):
        subject = _subject(signed)
        if subject and columns != [*_places(subject, subject.header.sender), subject.signature_sha256]:
            yield f"The row of {_short(subject.pid)}, which was received, is not what its header says."


def _subject(signed: bytes) -> Subject | None:
    try:
        return subject_of(signed)
    except EmlaError:
        return None  # its leaf says that it is not what it was


def _places(subject: Subject, peer: str) -> list[object]:
    """What the rows of both kinds take from a header, in the order of their columns."""
    header, payload = subject.header, subject.header.payload
    return [
        *(subject.pid, header.msg, peer, header.epoch, header.seq, payload.id, payload.sha256, payload.size),
        *(header.prio is Priority.URGENT, header.created, header.expires),
    ]


def _acknowledgement_columns(connection: sqlite3.Connection) -> Iterator[str]:
    for bundle, *columns in connection.execute(
        "SELECT bundle, pid, event, by, at, reason FROM acknowledgement"
    ):
        try:
            said = decode(decode_signed(decode_bundle(bundle).signed).payload)
        except MalformedError:
            continue  # its leaf says that it is not what it was
        if columns != [said.pid, said.event, said.by, said.at, said.reason]:
            yield f"The row of {said.event} of {_short(said.pid)} is not what its bytes say."


def _event_columns(connection: sqlite3.Connection) -> Iterator[str]:
    for sha256, kind, at, body in connection.execute("SELECT sha256, kind, at, body FROM event"):
        try:
            said = decode_event(body)
        except MalformedError:
            continue  # it was erased, or its leaf says that it is not what it was
        if (kind, at) != (said.kind, said.at):
            yield f"The row of the event {_short(sha256)} is not what its bytes say."


_ACCEPTED_WHEN = """
SELECT r.pid FROM received r WHERE NOT EXISTS (
    SELECT 1 FROM acknowledgement a WHERE a.package = r.id * 2 + 1 AND a.at = r.accepted_at)
"""


def _accepted_when(connection: sqlite3.Connection) -> Iterator[str]:
    for (pid,) in connection.execute(_ACCEPTED_WHEN):
        yield f"The row of {_short(pid)} says another instant of acceptance than its acknowledgements."


# --- states ---

_LEGS = """
SELECT s.pid, l.state, group_concat(a.event) FROM sent s LEFT JOIN leg l ON l.package = s.id * 2 AND l.kind = 'package'
LEFT JOIN acknowledgement a ON a.package = s.id * 2 GROUP BY s.id
"""
_INBOX = """
SELECT r.pid, i.state, group_concat(a.event) FROM received r LEFT JOIN inbox i ON i.received = r.id
LEFT JOIN acknowledgement a ON a.package = r.id * 2 + 1 GROUP BY r.id
"""


def _legs(connection: sqlite3.Connection) -> Iterator[str]:
    for pid, state, names in connection.execute(_LEGS):
        if state not in _states_of(_events(names)):
            yield f"The leg of {_short(pid)} is {state or 'gone'}, which its acknowledgements do not say."


def _states_of(events: AbstractSet[Event]) -> AbstractSet[LegState]:
    """The states in which a leg may be, by what is acknowledged (`next_state`)."""
    state, delivered = leg_state(events), delivered_state(events)
    if state not in DUE:
        return {state}
    # It asks, or people put it aside, or another package took its place; or it ended with proof that the peer has the content.
    return DUE | {LegState.HELD, LegState.REPLACED} | ({delivered} if delivered else set())


_SAID_OF = {
    InboxState.ACCEPTED: {Event.RELAY_ACCEPTANCE},
    InboxState.CONSIGNED: {Event.CONTENT_CONSIGNMENT},
    InboxState.HANDED: {Event.CONTENT_HANDOVER},
    InboxState.QUARANTINED: {Event.CONTENT_CONSIGNMENT_FAILURE, Event.CONTENT_CONSIGNMENT},
    InboxState.CLOSED: {Event.CONTENT_CONSIGNMENT_FAILURE, Event.CONTENT_CONSIGNMENT},
}
"""One of these we have said before a package stands there. More may be said: one that came back is opened again."""


def _inbox(connection: sqlite3.Connection) -> Iterator[str]:
    for pid, state, names in connection.execute(_INBOX):
        if not _events(names) & _SAID_OF.get(state, set()):
            yield f"The package {_short(pid)} is {state or 'in no inbox'}, which we have not acknowledged."


def _events(names: str | None) -> AbstractSet[Event]:
    found = (names or "").split(",")
    return {event for event in Event if event in found}


_CHANNELS = """
SELECT s.recipient, s.epoch, s.seq FROM (SELECT recipient, epoch, max(seq) AS seq FROM sent GROUP BY recipient, epoch) s
LEFT JOIN channel c ON c.recipient = s.recipient AND c.epoch = s.epoch
LEFT JOIN sent p ON p.pid = c.pid AND p.recipient = s.recipient AND p.epoch = s.epoch AND p.seq = s.seq
WHERE c.seq IS NOT s.seq OR p.pid IS NULL
"""


def _channels(connection: sqlite3.Connection) -> Iterator[str]:
    for recipient, epoch, seq in connection.execute(_CHANNELS):
        yield f"The channel to {recipient} in epoch {epoch} does not stand at its last number, {seq}."


_CHECKS: tuple[Callable[[sqlite3.Connection], Iterator[str]], ...] = (
    _payload_rows,
    _records,
    _sent_columns,
    _received_columns,
    _acknowledgement_columns,
    _event_columns,
    _accepted_when,
    _legs,
    _inbox,
    _channels,
)


def _short(octets: bytes) -> str:
    return octets.hex()[:16]
