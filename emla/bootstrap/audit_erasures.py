"""The part of `emla ledger verify` that is about what was erased: content may be gone only where the ledger says so.

Rules of this file:
- What the ledger says is what counts, not the table of orders: whoever can delete content can change that table, too.
- Both ways: content that is gone without a leaf was deleted by somebody; content still here behind its leaf was not erased.
- A database from before there was erasure, in an old backup, is audited as it is.
"""

import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from emla.flow.events import CONTENT_ERASED, EVENT_ERASED, PACKAGE_ERASED
from emla.formats.event import decode
from emla.model.errors import MalformedError

_NONCE = 24
"""What is sealed begins with a random nonce of so many bytes: zeros there were put there."""


@dataclass(frozen=True, slots=True)
class Erasures:
    """What was erased, as the ledger says."""

    packages: frozenset[bytes]
    contents: frozenset[bytes]
    """Packages of which the content was erased, with their acts or without."""
    events: frozenset[bytes]
    """Digests of events whose words were overwritten."""


def recorded_erasures(connection: sqlite3.Connection) -> Erasures:
    """Read what the ledger says was erased. That these events are as their leaves say is checked with all others."""
    found: dict[str, set[bytes]] = {kind: set() for kind in _FACT}
    sql = f"SELECT kind, body FROM event WHERE kind IN ({', '.join('?' * len(_FACT))})"  # noqa: S608 (constants only)
    for kind, body in connection.execute(sql, tuple(_FACT)):
        try:
            found[kind].add(bytes.fromhex(str(decode(body).facts[_FACT[kind]])))
        except (MalformedError, KeyError, ValueError):
            continue  # its leaf says that it is not what it was
    packages = frozenset(found[PACKAGE_ERASED])
    return Erasures(packages, packages | found[CONTENT_ERASED], frozenset(found[EVENT_ERASED]))


_FACT = {PACKAGE_ERASED: "pid", CONTENT_ERASED: "pid", EVENT_ERASED: "event"}
"""What each kind of event is about."""
_SEALED = {
    "record": """
        SELECT s.pid, substr(s.record, 1, 24) FROM sent s WHERE length(s.record) > 0
        UNION ALL SELECT r.pid, substr(c.sealed, 1, 24) FROM record c JOIN received r ON r.id = c.received""",
    "act": """
        SELECT coalesce(s.pid, r.pid), substr(a.sealed, 1, 24) FROM legal_act a
        LEFT JOIN sent s ON a.package & 1 = 0 AND s.id = a.package / 2
        LEFT JOIN received r ON a.package & 1 = 1 AND r.id = a.package / 2""",
}


def erasure_problems(connection: sqlite3.Connection, erasures: Erasures) -> Iterator[str]:
    """Say where something sealed is gone without a word in the ledger, or is still here behind one."""
    if not connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'erased_package'").fetchone():
        return
    for what, sql in _SEALED.items():
        for pid, nonce in connection.execute(sql):
            name = pid.hex()[:16] if pid else "unknown"
            recorded = erasures.packages if what == "act" else erasures.contents
            is_gone, is_recorded = nonce == bytes(_NONCE), pid in recorded
            if is_gone and not is_recorded:
                yield f"The {what} of {name} is overwritten, and no erasure is recorded."
            elif is_recorded and not is_gone:
                yield f"The package {name} is recorded as erased, but its {what} is still stored."


_PACKAGES_OF = "SELECT pid FROM sent WHERE payload_sha256 = ?1 UNION ALL SELECT pid FROM received WHERE payload_sha256 = ?1"
_IS_UNDER_WAY = """
SELECT 1 FROM erasure e JOIN erased_package p ON p.erasure = e.id WHERE e.state = 'ERASING' AND p.package = coalesce(
    (SELECT id * 2 FROM sent WHERE payload_sha256 = ?1), (SELECT id * 2 + 1 FROM received WHERE payload_sha256 = ?1))
"""
_IS_CONTENT_UNDER_WAY = """
SELECT 1 FROM erasure e JOIN erased_content p ON p.erasure = e.id WHERE e.state = 'ERASING'
AND p.package = (SELECT id * 2 + 1 FROM received WHERE payload_sha256 = ?1)
"""


def payload_problem(
    connection: sqlite3.Connection, erasures: Erasures, sha256: bytes, file_hash: Callable[[], bytes | None]
) -> str | None:
    """What is wrong with a payload whose row says that it is erased; None when nothing is.

    Args:
        connection: the database.
        erasures: what was erased.
        sha256: the payload's name.
        file_hash: the hash of what lies in the file of that name.
    """
    pids = [row[0] for row in connection.execute(_PACKAGES_OF, (sha256,))]
    if not erasures.contents.intersection(pids):
        return f"The payload {sha256.hex()[:16]} is gone, and no erasure is recorded."
    # A file is unlinked behind the commit that erased its row; until the order is carried out it may be there.
    if any(connection.execute(sql, (sha256,)).fetchone() for sql in _ways(connection)):
        return None
    if file_hash() is None:
        return None
    return f"The payload {sha256.hex()[:16]} is recorded as erased, but its file is still there."


def _ways(connection: sqlite3.Connection) -> tuple[str, ...]:
    """How a payload may be under way, in a database of this release or an older one."""
    sql = "SELECT 1 FROM sqlite_schema WHERE name = 'erased_content'"
    is_new = connection.execute(sql).fetchone() is not None
    return (_IS_UNDER_WAY, _IS_CONTENT_UNDER_WAY) if is_new else (_IS_UNDER_WAY,)
