"""reads: every read of content leaves a leaf before the first byte goes out, and the auditor finds them again.

A leaf names the reader by an id that only this authority can resolve. P4 the leaf is in a commit of its own or in that of the
hand-over; a crash behind it, before the bytes went out, leaves the leaf: a read too many is told, never one too few.
"""

from collections.abc import Callable
from datetime import UTC, datetime

from emla.flow.events import CONTENT_READ, CONTENT_REFUSED, event
from emla.flow.gateway import Gateway
from emla.formats.event import decode
from emla.model.person import Caller
from emla.ports.documents import DocumentTransaction

READS_MAX = 1000
_LOOKED_AT = 5000
"""Of each kind, where only those of one person or about one thing are wanted."""


def told_read(
    gateway: Gateway,
    caller: Caller,
    *,
    what: str,
    id_: str,
    part: int | None = None,
    role: str,
    scan: str | None = None,
    about: bytes | None = None,
) -> Callable[[DocumentTransaction], None]:
    """The operation that records a read.

    Args:
        gateway: where.
        caller: who reads.
        what: what is read: ``part``, ``case`` or ``draft``.
        id_: its id.
        part: which part.
        role: the role in which it is read.
        scan: what was known of a peer's part that is handed over.
        about: the package under which the read is found again, for its owner's access report (`flow.accesses`).
    """
    facts: dict[str, str | int] = {"person": caller.id, "role": role, "what": what, "id": id_}
    if part is not None:
        facts["part"] = part
    if scan is not None:
        facts["scan"] = scan
    return event(gateway, CONTENT_READ, facts, about=about)


class Reads:
    """What the ledger says about reads."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    async def record_case(self, caller: Caller, case_id: bytes, *, role: str) -> None:
        """Record that a case was looked at; returns when the leaf is durable. It is filed under the first package of the case."""
        first = next(iter(self._gateway.store.read.acts_of_case(case_id, 1)), None)
        told = told_read(
            self._gateway,
            caller,
            what="case",
            id_=case_id.hex(),
            role=role,
            about=first.pid if first else None,
        )
        await self._gateway.store.write(told)

    def newest(
        self, *, person: str | None, package: str | None, limit: int
    ) -> list[dict[str, str | int | bool | None]]:
        """Reads, and what was asked for in vain, the newest first; of one person, of one package or case."""
        read = self._gateway.store.read
        rows = [
            (row.at, kind == CONTENT_READ, decode(row.body).facts)
            for kind in (CONTENT_READ, CONTENT_REFUSED)
            for row in read.events(kind, limit if person is package is None else _LOOKED_AT)
        ]
        rows.sort(key=lambda each: -each[0])
        found: list[dict[str, str | int | bool | None]] = []
        for at, allowed, facts in rows:
            if person is not None and facts["person"] != person:
                continue
            if package is not None and not str(facts["id"]).startswith(package):
                continue
            found.append(
                {
                    "at": _instant(at),
                    "person": facts["person"],
                    "role": facts.get("role"),
                    "what": facts["what"],
                    "id": facts["id"],
                    "part": facts.get("part"),
                    "scan": facts.get("scan"),
                    "allowed": allowed,
                    "why": facts.get("why"),
                }
            )
            if len(found) == limit:
                break
        return found


def _instant(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
