"""leaves: a leaf of the ledger -> what a case system is told of it, or nothing. Two tables; pure.

Rules of this file:
- An acknowledgement is told by its event and by whose package it is about; an event by its kind. What has no row is not told.
- Of the facts of an event only those named here go out: ids, codes and numbers. Never one that a person wrote.
- What cannot be read, because it was erased or is of a later release, is nothing. The feed never stops at a leaf.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from emla.flow import events
from emla.formats.event import Facts, decode
from emla.ledger.leaf import LeafKind
from emla.model.acknowledgement import Event
from emla.model.errors import MalformedError
from emla.model.happening import MARK_BYTES, Happening, HappeningType, Place
from emla.ports.happenings import LeafRow

_ISSUED, _RECEIVED = LeafKind.ACKNOWLEDGEMENT_ISSUED, LeafKind.ACKNOWLEDGEMENT_RECEIVED

_ACKNOWLEDGEMENTS: Mapping[tuple[LeafKind, bool, str], HappeningType] = {
    (_ISSUED, False, Event.SUBMISSION_ACCEPTANCE): HappeningType.SENT_SUBMITTED,
    (_ISSUED, False, Event.RELAY_FAILURE): HappeningType.SENT_FAILED,
    (_RECEIVED, False, Event.HUB_ACCEPTANCE): HappeningType.SENT_HELD_BY_HUB,
    (_RECEIVED, False, Event.HUB_REJECTION): HappeningType.SENT_REFUSED_BY_HUB,
    (_RECEIVED, False, Event.RELAY_ACCEPTANCE): HappeningType.SENT_DELIVERED,
    (_RECEIVED, False, Event.RELAY_REJECTION): HappeningType.SENT_REJECTED,
    (_RECEIVED, False, Event.CONTENT_CONSIGNMENT): HappeningType.SENT_CONSIGNED,
    (_RECEIVED, False, Event.CONTENT_CONSIGNMENT_FAILURE): HappeningType.SENT_NOT_OPENED,
    (_RECEIVED, False, Event.CONTENT_HANDOVER): HappeningType.SENT_HANDED_OVER,
    (_ISSUED, True, Event.RELAY_ACCEPTANCE): HappeningType.RECEIVED_ACCEPTED,
    (_ISSUED, True, Event.CONTENT_CONSIGNMENT): HappeningType.RECEIVED_CONSIGNED,
    (_ISSUED, True, Event.CONTENT_CONSIGNMENT_FAILURE): HappeningType.RECEIVED_QUARANTINED,
    (_ISSUED, True, Event.CONTENT_HANDOVER): HappeningType.RECEIVED_HANDED_OVER,
}
"""Who issued it, whether the package is a peer's, and what it says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """How an event is told: as what, which fact is the package's id or the case's, which others go out, and under which name."""

    type: HappeningType
    pid: str = ""
    case: str = ""
    some_pid: str = ""
    """A fact that is there where it is about one package."""
    person: str = ""
    only: tuple[str, str] | None = None
    """A fact and the value it must have."""
    facts: tuple[tuple[str, str], ...] = ()


_PACKAGE_LEG = ("kind", "package")
_CODE = (("code", "code"),)
_PART = (("part", "part"),)
_DRAFT = (("draft", "draft"),)
_EVENTS: Mapping[str, _Told] = {
    events.LEG_HELD: _Told(type=HappeningType.SENT_PUT_ASIDE, pid="ref", only=_PACKAGE_LEG, facts=_CODE),
    events.LEG_RELEASED: _Told(type=HappeningType.SENT_RELEASED, pid="ref", only=_PACKAGE_LEG),
    events.PACKAGE_RELEASED: _Told(type=HappeningType.RECEIVED_RELEASED, pid="pid"),
    events.MALWARE_FOUND: _Told(type=HappeningType.RECEIVED_SUSPECT, pid="pid", facts=_PART),
    events.PART_RELEASED: _Told(type=HappeningType.RECEIVED_PART_RELEASED, pid="pid", facts=_PART),
    events.DRAFT_HANDED_IN: _Told(type=HappeningType.DRAFT_WAITING, person="by", facts=_DRAFT),
    events.DRAFT_APPROVED: _Told(type=HappeningType.DRAFT_APPROVED, person="drafter", facts=_DRAFT),
    events.DRAFT_RETURNED: _Told(type=HappeningType.DRAFT_RETURNED, person="drafter", facts=_DRAFT),
    events.DRAFT_WITHDRAWN: _Told(type=HappeningType.DRAFT_WITHDRAWN, person="by", facts=_DRAFT),
    events.DRAFT_LAPSED: _Told(type=HappeningType.DRAFT_LAPSED, person="drafter", facts=_DRAFT),
    events.CASE_HELD: _Told(type=HappeningType.CASE_HELD, case="case"),
    events.CASE_UNHELD: _Told(type=HappeningType.CASE_UNHELD, case="case"),
    events.ERASURE_WANTED: _Told(type=HappeningType.CASE_ERASURE_WAITING, case="case", some_pid="pid"),
    events.ERASURE_CANCELLED: _Told(type=HappeningType.CASE_ERASURE_CANCELLED, case="case", some_pid="pid"),
    events.ERASURE_ORDERED: _Told(type=HappeningType.CASE_ERASURE_ORDERED, case="case", some_pid="pid"),
    events.PACKAGE_ERASED: _Told(type=HappeningType.CASE_PACKAGE_ERASED, pid="pid", case="case"),
    events.CONTENT_ERASED: _Told(type=HappeningType.CASE_PACKAGE_ERASED, pid="pid", case="case"),
    events.CASE_REMINDER: _Told(
        type=HappeningType.CASE_REMINDER, case="case", facts=(("kind", "kind"), ("days", "days"))
    ),
    events.CASE_NAMED: _Told(type=HappeningType.CASE_NAMED, case="case", person="person"),
    events.CASE_UNNAMED: _Told(type=HappeningType.CASE_UNNAMED, case="case", person="person"),
    events.LEDGER_CLOSED: _Told(type=HappeningType.LEDGER_CLOSED, facts=_CODE),
    events.LEDGER_OPENED: _Told(type=HappeningType.LEDGER_OPENED),
    events.LEDGER_RECOVERED: _Told(type=HappeningType.LEDGER_RECOVERED),
}
"""Kinds of recorded events."""


def place_of(epoch: int, row: LeafRow) -> Place:
    """The place of a leaf."""
    return Place(epoch=epoch, index=row.index, mark=row.digest[:MARK_BYTES])


def happening_of(epoch: int, row: LeafRow) -> Happening | None:
    """What is told of a leaf; None where nothing is."""
    if row.name is None or row.at is None:
        return None
    place = place_of(epoch, row)
    if row.kind == LeafKind.EVENT:
        return _of_event(place, row)
    if row.kind not in (_ISSUED, _RECEIVED) or row.pid is None:
        return None
    found = _ACKNOWLEDGEMENTS.get((LeafKind(row.kind), row.incoming, row.name))
    if found is None:
        return None
    facts = {"code": row.code} if row.code is not None else {}
    return Happening(place=place, type=found, at=row.at, pid=row.pid, case_id=row.case_id, facts=facts)


def _of_event(place: Place, row: LeafRow) -> Happening | None:
    told = _EVENTS.get(row.name or "")
    if told is None or row.body is None or row.at is None:
        return None
    try:
        said = decode(row.body).facts
        pid, case_id = _octets(said, told.pid), _octets(said, told.case)
        if told.some_pid in said:
            pid = _octets(said, told.some_pid)
    except (MalformedError, ValueError, KeyError):
        return None
    if told.only is not None and said.get(told.only[0]) != told.only[1]:
        return None
    return Happening(
        place=place,
        type=told.type,
        at=row.at,
        pid=pid,
        case_id=case_id,
        facts={name: said[fact] for fact, name in told.facts if fact in said},
        person=str(said.get(told.person, "")) or None,
    )


def _octets(said: Facts, name: str) -> bytes | None:
    return bytes.fromhex(str(said[name])) if name else None
