"""What the authority API shows of erasure: what was erased and why, what waits for a second person, what is held. No decisions.

Rules of this file:
- That something was erased, and on hold, is told to whoever is told that it is there; by whom and in which words only to who sees
  content.
"""

from emla.model.erasure import Erasure, LegalHold, WantedErasure
from emla.ports.store import Reader
from emla.web.views import Json, instant


def hold_of(read: Reader, case_id: bytes | None, *, in_words: bool = True) -> Json | None:
    """The legal hold of a case; null where there is none."""
    found = read.legal_hold(case_id) if case_id is not None else None
    return _hold(found, read, in_words=in_words) if found else None


def orders_of(read: Reader, case_id: bytes) -> list[Json]:
    """Every order about a case, the oldest first."""
    return [order(each, read) for each in read.erasures(case_id)]


def waiting_of(read: Reader, case_id: bytes, now: int) -> list[Json]:
    """The orders about a case that wait for a second person."""
    return [_waiting(each, read) for each in read.erasures_wanted(case_id, now)]


def add_case(body: Json, read: Reader, case_id: bytes, now: int) -> None:
    """Write into an answer about a case, or its line in a list, what was erased of it, what waits and whether it is held."""
    body["hold"] = hold_of(read, case_id)
    body["erasures"] = orders_of(read, case_id)
    body["erasures_waiting"] = waiting_of(read, case_id, now)


def add_package(body: Json, read: Reader, pid: bytes, case_id: bytes | None, *, in_words: bool) -> Json:
    """A package as it is shown, with whether its content is erased, and its case on hold."""
    found = read.erasure_of(pid)
    body["erased"] = order(found, read, in_words=in_words) if found else None
    body["hold"] = hold_of(read, case_id, in_words=in_words)
    return body


def order(shown: Erasure, read: Reader, *, in_words: bool = True) -> Json:
    """An order that was given."""
    return {
        "state": shown.state.value,
        "why": shown.why.value,
        "by": _name(shown.person, read) if in_words else "",
        "approved_by": _name(shown.approver, read) if in_words else "",
        "reason": shown.reason if in_words else "",
        "ordered_at": instant(shown.ordered_at),
        "erased_at": instant(shown.erased_at),
        "packages": shown.packages,
        "package": shown.pid.hex() if shown.pid else None,
    }


def _hold(shown: LegalHold, read: Reader, *, in_words: bool) -> Json:
    return {
        "at": instant(shown.at),
        "by": _name(shown.person, read) if in_words else "",
        "reason": shown.reason if in_words else "",
    }


def _waiting(shown: WantedErasure, read: Reader) -> Json:
    return {
        "hash": shown.hash.hex(),
        "by": _name(shown.person, read),
        "reason": shown.reason,
        "although_open": shown.although_open,
        "at": instant(shown.at),
        "lapses_at": instant(shown.expires),
        "package": shown.pid.hex() if shown.pid else None,
    }


def _name(person: str, read: Reader) -> str:
    known = read.person(person) if person else None
    return known.name if known else person
