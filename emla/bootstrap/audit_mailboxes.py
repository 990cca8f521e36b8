"""The hub's share in `emla ledger verify`: what the hub said it holds is held, or went for a reason that is recorded.

What is checked: each HubAcceptance of ours has an item; a package that is HELD has its header and payload (whose hash the audit
of payloads recomputes); one that was released has the owner's own RelayAcceptance or RelayRejection; one that expired ended after
its grace, and the ledger has the event.
"""

import sqlite3
from collections.abc import Iterator

from emla.flow.events import MAILBOX_EXPIRED
from emla.formats.event import decode as decode_event
from emla.formats.header import decode_signed, package_id
from emla.model.errors import MalformedError
from emla.model.mailbox import EXPIRY_GRACE_SECONDS

_PROMISED = """
SELECT a.pid, m.item FROM acknowledgement a LEFT JOIN mailbox_item m ON m.kind = 'package' AND m.ref = a.pid
WHERE a.event = 'HubAcceptance' AND a.by = ? AND m.item IS NULL
"""
_HELD = """
SELECT m.ref, b.front, p.sha256 FROM mailbox_item m LEFT JOIN mailbox_body b ON b.item = m.item
LEFT JOIN payload p ON p.sha256 = m.payload_sha256 WHERE m.kind = 'package' AND m.state = 'HELD'
"""
_UNPROVED = """
SELECT m.ref FROM mailbox_item m LEFT JOIN acknowledgement a ON a.aid = m.proof AND a.pid = m.ref AND a.by = m.owner
    AND a.event IN ('RelayAcceptance', 'RelayRejection')
WHERE m.kind = 'package' AND m.state = 'RELEASED' AND a.aid IS NULL
"""
_EXPIRED = (
    "SELECT item, ref, expires, ended_at FROM mailbox_item WHERE kind = 'package' AND state = 'EXPIRED'"
)


def mailbox_problems(connection: sqlite3.Connection, hub: str) -> Iterator[str]:
    """Everything that is wrong with a hub's mailboxes; a gateway has none."""
    for pid, _ in connection.execute(_PROMISED, (hub,)):
        yield f"The package {_short(pid)} was acknowledged as held, and there is no item for it."
    for ref, front, payload in connection.execute(_HELD):
        if front is None or payload is None:
            yield f"The package {_short(ref)} is held, and its bytes are gone."
        elif _pid_of(front) != ref:
            yield f"The package {_short(ref)} is held with another header."
    for (ref,) in connection.execute(_UNPROVED):
        yield f"The package {_short(ref)} was released without its owner's acknowledgement."
    recorded = _recorded(connection)
    for item, ref, expires, ended_at in connection.execute(_EXPIRED):
        if item not in recorded:
            yield f"The package {_short(ref)} was given up, and the ledger does not say so."
        elif ended_at is None or ended_at < expires + EXPIRY_GRACE_SECONDS:
            yield f"The package {_short(ref)} was given up before its time."


def _recorded(connection: sqlite3.Connection) -> set[object]:
    found = connection.execute("SELECT body FROM event WHERE kind = ?", (MAILBOX_EXPIRED,))
    return {decode_event(body).facts.get("item") for (body,) in found}


def _pid_of(front: bytes) -> bytes | None:
    try:
        return package_id(decode_signed(front).payload)
    except MalformedError:
        return None


def _short(octets: bytes) -> str:
    return octets.hex()[:16]
