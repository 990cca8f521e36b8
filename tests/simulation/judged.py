"""What becomes of messages between honest authorities: each is delivered and opened, unless what was decided says why not.

The oracle of `tests.support.invariants` believes any ending that is signed by whom it should be. A run knows more: what it asked
for. Rules of this file: an ending that nothing in the options explains is a message that was lost, however well it is signed.
"""

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from emla.model.acknowledgement import Acknowledgement, Event
from tests.simulation.key_officers import KeyOfficers
from tests.simulation.officers import Officers
from tests.simulation.options import Options
from tests.support.books import Books, SentPackage
from tests.support.violation import short

_DELIVERED = ("CONSIGNED", "HANDED")


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """What a run decided, and what it came to."""

    options: Options
    ended: float
    """When it ended, in UNIX seconds of a clock that was never wrong."""
    restarted: AbstractSet[str]
    """Authorities whose process was started more than once."""


def ends_unexplained(books: Mapping[str, Books], course: Course) -> list[str]:
    """Packages that came to another end than delivery, and no fault of the run that explains it.

    Args:
        books: those of the honest gateways.
        course: the run.
    """
    return [
        f"[30] {short(package.pid)} of {ours.id} to {theirs.id}: {problem}"
        for ours in books.values()
        for package in ours.sent.values()
        if (theirs := books.get(package.other)) and (problem := _problem(ours, theirs, package, course))
    ]


def _problem(ours: Books, theirs: Books, package: SentPackage, course: Course) -> str:
    received = theirs.received.get(package.pid)
    if received is None:
        explained = _is_replaced(ours, package) or _is_there_already(ours, theirs, package)
        return "" if explained else _undelivered(ours, package, course)
    if received.state in _DELIVERED:
        return ""
    said = _said(theirs, package.pid, Event.CONTENT_CONSIGNMENT_FAILURE)
    reason = said.reason if said else None
    if (received.state, reason) == ("QUARANTINED", "three-strikes") and course.options.opener_deaths:
        return ""
    return f"{received.state}, {reason}; it was sealed as it should be, and nothing opened it"


def _undelivered(ours: Books, package: SentPackage, course: Course) -> str:
    """Why a package may have no place at its recipient: it lived its whole life and nobody took it."""
    assert package.header is not None
    for event in (Event.RELAY_FAILURE, Event.RELAY_REJECTION):
        said = _said(ours, package.pid, event)
        if said is None:
            continue
        expires = package.header.expires
        if said.reason == "expired" and said.at >= expires and _may_be_over(expires, said.by, course):
            return ""
        return f"{event.value} says '{said.reason}' {expires - said.at} s before its expiry"
    return "nobody has it, and nobody signed why"


def _may_be_over(expires: int, by: str, course: Course) -> bool:
    """Whether it was, or whoever says so was started with a clock set forward: one that only runs believes no jump (row 60)."""
    set_forward = any(each.node == by and each.seconds > 0 for each in course.options.jumps)
    return course.ended >= expires or (set_forward and by in course.restarted)


def _is_replaced(ours: Books, package: SentPackage) -> bool:
    return any(each.replaces == package.pid for each in ours.sent.values())


def _is_there_already(ours: Books, theirs: Books, package: SentPackage) -> bool:
    """Whether it took the place of one that turned out to have arrived, and was refused for that."""
    said = _said(ours, package.pid, Event.RELAY_REJECTION)
    before: SentPackage | None = package
    while said and said.reason == "already-held" and before and before.replaces:
        if before.replaces in theirs.received:
            return True
        before = ours.sent.get(before.replaces)
    return False


def _said(books: Books, pid: bytes, event: Event) -> Acknowledgement | None:
    stored = books.of(pid, event)
    return stored.claim.acknowledgement if stored and stored.claim else None


def officers_unserved(books: Mapping[str, Books], options: Options, officers: Officers) -> Iterator[str]:
    """Every message that was taken is there once; what was read is handed over, by a leaf that says so (25)."""
    sent: dict[bytes, bytes] = {}
    first: dict[bytes, bytes] = {}
    """Of a package that took another one's place, that one: whoever hands a message in again is shown the newest."""
    for each in books.values():
        for pid, package in each.sent.items():
            if package.replaces is None:
                sent[package.message_id] = pid
            else:
                first[pid] = first.get(package.replaces, package.replaces)
    if sent != {message: first.get(pid, pid) for message, pid in officers.accepted.items()}:
        yield f"{len(officers.accepted)} messages were taken, {len(sent)} are stored"
    if len(sent) != len(options.planned):
        yield f"{len(options.planned)} messages were handed in, {len(sent)} are stored"
    for pid in officers.read:
        handed = [
            each.id
            for each in books.values()
            if pid in each.received
            and each.received[pid].state == "HANDED"
            and _said(each, pid, Event.CONTENT_HANDOVER)
        ]
        if not handed:
            yield f"[25] {short(pid)} was read by an officer, and nothing says that it was handed over"


def changes_undone(books: Mapping[str, Books], officers: KeyOfficers) -> Iterator[str]:
    """What key officers were told is published stands there."""
    for name, kid in officers.published:
        if kid not in {each.kid for each in books[name].authority.card.keys}:
            yield f"[16] {name} published the key {kid}, and its card does not list it"
    for name, kid in officers.revoked:
        if books[name].authority.revoked(kid) is None:
            yield f"[16] {name} revoked the key {kid}, and nothing says so"
