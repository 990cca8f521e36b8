"""tally: cases -> counts by country, instrument, measure, outcome and duration. No names, no texts, no ids.

Here: what a request counts as. Not here: what of it may leave the gateway (`disclosure`).

Rules of this file:
- A request counts in the year of its IssuedAt, for ever; what became of it counts as it stood at an instant. So a statistic of
  one instant is the same whenever it is asked for, but for what arrived late.
- Each thing counts once in each table: of several instruments the first one that the request names.
- The instant is the end of a quarter: two statistics of one year differ by three months of work, and not by one case.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from emla.cases.fold import fold
from emla.cases.history import History, histories
from emla.model.case_states import (
    ENDED,
    ExtraditionState,
    MeasureState,
    PreservationState,
    RequestState,
)
from emla.model.legal_act import LegalAct, state_of
from emla.model.statistics import Counted

NO_INSTRUMENT = "NONE"
_M, _P, _R = MeasureState, PreservationState, RequestState
_DURATIONS = ((30, "UP-TO-30-DAYS"), (90, "31-90-DAYS"), (180, "91-180-DAYS"), (365, "181-365-DAYS"))
_LONGER, _NOT_ENDED = "OVER-365-DAYS", "NOT-ENDED"
DURATIONS = (*(name for _, name in _DURATIONS), _LONGER, _NOT_ENDED)
NO_ANSWER, OPEN, EXECUTED, PARTLY, NOT_EXECUTED = (
    "NO-ANSWER",
    "UNDER-WAY",
    "EXECUTED",
    "PARTLY-EXECUTED",
    "NOT-EXECUTED",
)
REFUSED, WITHDRAWN, REFERRED = "REFUSED", "WITHDRAWN", "REFERRED"
OUTCOMES = (NO_ANSWER, OPEN, EXECUTED, PARTLY, NOT_EXECUTED, REFUSED, WITHDRAWN, REFERRED)
_OF_REQUEST = {
    _R.SUBMITTED: NO_ANSWER,
    _R.REFUSED: REFUSED,
    _R.WITHDRAWN: WITHDRAWN,
    _R.REFERRED: REFERRED,
}
_OF_PRESERVATION = {_P.REQUESTED: NO_ANSWER, _P.NOT_PRESERVED: NOT_EXECUTED}
_OF_MEASURE = {
    _M.EXECUTED: EXECUTED,
    _M.NOT_EXECUTED: NOT_EXECUTED,
    _M.REFUSED: REFUSED,
    _M.WITHDRAWN: WITHDRAWN,
}
_OVER = frozenset({_R.RESULTS_SENT, _R.RESULTS_RECEIVED, _R.CLOSED})
_SENT, _RECEIVED = "sent", "received"
GROUPS = tuple(f"{what}-{way}" for way in (_SENT, _RECEIVED) for what in ("requests", "measures"))


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedRequest:
    """One request, as it counts."""

    way: str
    country: str
    instrument: str
    outcome: str
    duration: str
    measures: tuple[tuple[str, str], ...]
    """Type and outcome."""


def as_of(now: datetime) -> datetime:
    """The end of the last quarter that is over, in UTC."""
    month = (now.astimezone(UTC).month - 1) // 3 * 3 + 1
    return datetime(now.astimezone(UTC).year, month, 1, tzinfo=UTC)


def tally(requests: Iterable[CountedRequest]) -> tuple[Counted, ...]:
    """Sort what was counted into groups and tables."""
    every = tuple(requests)
    return tuple(_counted(what, way, [each for each in every if each.way == way]) for way, what in _groups())


def _groups() -> Iterator[tuple[str, str]]:
    return ((way, what) for way in (_SENT, _RECEIVED) for what in ("requests", "measures"))


def _counted(what: str, way: str, cases: list[CountedRequest]) -> Counted:
    if what == "requests":
        tables: Mapping[str, Counter[str]] = {
            "country": Counter(each.country for each in cases),
            "instrument": Counter(each.instrument for each in cases),
            "outcome": Counter(each.outcome for each in cases),
            "duration": Counter(each.duration for each in cases),
        }
        return Counted(name=f"{what}-{way}", total=len(cases), tables=tables)
    measures = [each for case in cases for each in case.measures]
    tables = {
        "measure": Counter(kind for kind, _ in measures),
        "outcome": Counter(outcome for _, outcome in measures),
    }
    return Counted(name=f"{what}-{way}", total=len(measures), tables=tables)


def requests_of(
    case_id: bytes, acts: Iterable[LegalAct], authority: str, year: int, until: datetime
) -> Iterator[CountedRequest]:
    """What was begun in one case in a year, as it stood at an instant.

    Args:
        case_id: the case. What was begun in the cases that it was read with counts there.
        acts: its acts, with those of the cases related to it.
        authority: ours.
        year: of the IssuedAt of what was begun.
        until: what was issued at this instant or later does not count; the end of a quarter (`as_of`).
    """
    docket = fold(each for each in acts if each.issued_at < until)
    for history in histories(docket, {}).values():
        standing = history.standing
        if history.opening.case_id != case_id:
            continue
        way = _way(history, authority)
        if way is None or history.opening.issued_at.year != year or standing.information is not None:
            continue
        other = history.opening.recipient if way == _SENT else history.opening.sender
        yield CountedRequest(
            way=way,
            country=state_of(other).upper(),
            instrument=next(iter(standing.instruments), NO_INSTRUMENT),
            outcome=_outcome(history),
            duration=_duration(history),
            measures=tuple(_measures(history)),
        )


def _way(history: History, authority: str) -> str | None:
    if history.opening.sender == authority:
        return _SENT
    return _RECEIVED if authority in history.standing.addressees else None


def _outcome(history: History) -> str:
    standing = history.standing
    if standing.request is None:
        return (
            EXECUTED
            if standing.preservation is None
            else _OF_PRESERVATION.get(standing.preservation, EXECUTED)
        )
    if standing.extradition is not None and standing.extradition.state is ExtraditionState.SURRENDERED:
        return EXECUTED
    if standing.request not in _OVER:
        return _OF_REQUEST.get(standing.request, OPEN)
    found = {_OF_MEASURE.get(each.state, OPEN) for each in standing.measures.values()}
    if found == {EXECUTED}:
        return EXECUTED
    if EXECUTED in found:
        return PARTLY
    return next((each for each in (NOT_EXECUTED, REFUSED, WITHDRAWN) if each in found), NOT_EXECUTED)


def _duration(history: History) -> str:
    """From the request to the act that ended the last of it."""
    measures = history.standing.measures
    if history.standing.request is None:
        ends = [act.issued_at for act in history.of_type("PreservationOutcome", "Decision")][:1]
    elif measures and all(each.state in ENDED for each in measures.values()):
        ends = [act.issued_at for act in map(history.ended, measures) if act is not None]
    else:
        ends = []
    if not ends:
        return _NOT_ENDED
    days = (max(ends) - history.opening.issued_at).days
    return next((name for most, name in _DURATIONS if days <= most), _LONGER)


def _measures(history: History) -> Iterator[tuple[str, str]]:
    if history.standing.request is None:
        yield "ESD_PRESERVE", _outcome(history)
    for each in history.standing.measures.values():
        yield each.kind, _OF_MEASURE.get(each.state, OPEN)
