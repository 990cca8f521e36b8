"""Runs: from when a time limit runs in one request, and what ends it. One function for each way of counting.

Here: functions `History -> Run`s, for the table in `clocks`. Not here: which instrument has which limit, and when one is due.

Rules of this file:
- A run that cannot start yet, because what starts it has not happened or has not arrived, is no run.
- What meets a limit is an act. One that had to be done counts from its issue; one that had to *arrive* counts from arrival.
- A postponed measure has no running limit (EIO 15, UNCAC 46(25)); nor has one whose conditions are not answered.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime

from emla.cases.history import History
from emla.model.case_states import (
    ENDED,
    ExtraditionState,
    MeasureState,
    PreservationState,
    RequestState,
)
from emla.model.legal_act import Key, LegalAct, state_of

_M = MeasureState
_DECIDED = frozenset({_M.ACCEPTED, _M.CONDITIONAL, _M.IN_EXECUTION, _M.REFUSED, _M.EXECUTED, _M.NOT_EXECUTED})
_TAKEN_ON = frozenset({_M.ACCEPTED, _M.CONDITIONAL, _M.IN_EXECUTION})
_WAITING = frozenset({_M.POSTPONED, _M.CONDITIONAL})
_DROPPED = frozenset({RequestState.WITHDRAWN, RequestState.CLOSED, RequestState.REFERRED})
_URGENT = frozenset({"URGENT", "EMERGENCY"})
_E, _P = ExtraditionState, PreservationState
_PRESERVES = frozenset({_P.PRESERVED, _P.EXTENDED, _P.FOLLOWUP_RECEIVED, _P.DISCLOSED, _P.RELEASED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A limit that began to run."""

    start: datetime | date
    by: Key
    """The message from which it runs."""
    measures: tuple[str, ...] = ()
    met_at: datetime | None = None
    suspended: bool = False
    over: bool = False
    """Nobody has to keep it any more; what met it before stays met."""


Runs = Callable[[History], Iterator[Run]]
_Wanted = Callable[[History, str], bool]


def any_measure(history: History, measure: str) -> bool:
    """Every measure of a request."""
    return True


def of_kind(*kinds: str) -> _Wanted:
    """Measures of some types."""
    return lambda history, measure: history.standing.measures[measure].kind in kinds


def urgent_of_kind(*kinds: str) -> _Wanted:
    """The same where the request is urgent."""
    of = of_kind(*kinds)
    return lambda history, measure: history.opening.urgency in _URGENT and of(history, measure)


def data(*, emergency: bool) -> _Wanted:
    """Measures that ask for stored data, in an emergency or not."""

    def wanted(history: History, measure: str) -> bool:
        kind = history.standing.measures[measure].kind
        urgent = kind == "ESD_EMERGENCY" or history.opening.urgency == "EMERGENCY"
        return kind.startswith("ESD_") and kind != "ESD_PRESERVE" and urgent is emergency

    return wanted


def confirmed(history: History) -> Iterator[Run]:
    """From receipt until the receipt is confirmed."""
    start = history.received_at
    if start is not None:
        receipt = next(history.of_type("ReceiptConfirmation"), None)
        yield _run(history, start, history.opening, receipt)


def decided(wanted: _Wanted = any_measure) -> Runs:
    """From receipt until each of the measures that were asked for together is decided."""

    def runs(history: History) -> Iterator[Run]:
        for asked, measures in history.groups():
            start = history.asked_at(asked)
            meant = [each for each in measures if wanted(history, each)]
            if start is None or not meant:
                continue
            acts = {each: history.entered(each, _DECIDED) for each in meant}
            states = {each: history.standing.measures[each].state for each in meant}
            open_ = [each for each, act in acts.items() if act is None and states[each] not in ENDED]
            last = max((act.issued_at for act in acts.values() if act is not None), default=None)
            yield Run(
                start=start,
                by=asked.key,
                measures=()
                if asked.key == history.opening.key and len(meant) == len(states)
                else tuple(meant),
                met_at=None if open_ else last,
                suspended=bool(open_) and all(states[each] is _M.POSTPONED for each in open_),
                over=not open_ or _dropped(history),
            )

    return runs


def executed(wanted: _Wanted = any_measure) -> Runs:
    """From the decision that takes a measure on until it is carried out, or cannot be."""

    def runs(history: History) -> Iterator[Run]:
        for key in history.standing.measures:
            taken = history.entered(key, _TAKEN_ON) if wanted(history, key) else None
            if taken is not None:
                yield _of_measure(history, key, taken.issued_at, taken)

    return runs


def produced(wanted: _Wanted) -> Runs:
    """From receipt until a measure is carried out, whatever was decided on the way."""

    def runs(history: History) -> Iterator[Run]:
        for asked, measures in history.groups():
            start = history.asked_at(asked)
            if start is not None:
                for key in (each for each in measures if wanted(history, each)):
                    yield _of_measure(history, key, start, asked)

    return runs


def passed_on(history: History) -> Iterator[Run]:
    """From receipt until the request is sent on to be executed; only what the receipt or the measures say of it is known."""
    start = history.received_at
    if start is not None:
        receipt = next((each for each in history.of_type("ReceiptConfirmation") if each.named), None)
        begun = (history.entered(each, _DECIDED) for each in history.standing.measures)
        yield _run(history, start, history.opening, receipt, *begun)


def preserved(history: History) -> Iterator[Run]:
    """From the word that data are kept, where no day is named; a request that follows makes it stand still (BUD 29(7))."""
    kept = next((each for each in history.of_type("PreservationOutcome")), None)
    state = history.standing.preservation
    if kept is None or history.standing.preserved_until is not None or state not in _PRESERVES:
        return
    yield preservation_run(history, kept.issued_at, kept)


def preservation_run(history: History, start: datetime | date, by: LegalAct) -> Run:
    """How a limit on keeping data stands: met by what follows, over where nothing is kept any more."""
    state = history.standing.preservation
    disclosed = next((act for act, move in history.moves if move.after is _P.DISCLOSED), None)
    return Run(
        start=start,
        by=by.key,
        met_at=disclosed.issued_at if disclosed is not None else None,
        suspended=state is _P.FOLLOWUP_RECEIVED,
        over=state in (_P.RELEASED, _P.NOT_PRESERVED),
    )


# --- extradition: one for both requests, counted at the one that came first ---


def full_request(history: History) -> Iterator[Run]:
    """From arrest until the request for extradition has arrived (ETS24 16(4))."""
    notice = _arrest(history)
    if notice is None or notice.arrested_at is None:
        return
    yield full_request_run(history, notice.arrested_at, notice)


def full_request_run(history: History, start: datetime | date, by: LegalAct) -> Run:
    """Met when the request for extradition arrives; over once the person is released, surrendered or simply handed over."""
    requests = [each for each in history.extradition if each.message_type == "ExtraditionRequest"]
    arrived = [history.arrivals[each.key] for each in requests if each.key in history.arrivals]
    return Run(
        start=start,
        by=by.key,
        met_at=min(arrived, default=None),
        over=_extradition(history) in (_E.DECIDED, _E.SURRENDER_DATE_SET, _E.SURRENDERED, _E.RELEASED),
    )


def consent_told(history: History) -> Iterator[Run]:
    """From arrest until the requested authority says whether the person consents."""
    notice = _arrest(history)
    if notice is not None and notice.arrested_at is not None:
        told = next((each for each in _of_extradition(history, "ArrestNotice") if each.consent_told), None)
        yield _of_custody(history, notice.arrested_at, notice, told)


def extradition_decided(*, consent: bool) -> Runs:
    """From consent, or without one from arrest, until the decision."""

    def runs(history: History) -> Iterator[Run]:
        given = next((each for each in history.extradition if each.consented and each.consent_on), None)
        began = given if given is not None or consent else _arrest(history)
        if began is None or (given is not None and not consent):
            return
        start = began.consent_on if consent else began.arrested_at
        if start is not None:
            yield _of_custody(history, start, began, _final(history, granted=False))

    return runs


def surrendered(*, consent: bool) -> Runs:
    """From the decision that grants it until the surrender."""

    def runs(history: History) -> Iterator[Run]:
        decision = _final(history, granted=True)
        if decision is not None and (_consented(history) or not consent):
            yield _of_custody(history, decision.issued_at, decision, _surrender(history))

    return runs


def taken_over(history: History) -> Iterator[Run]:
    """From the day that is set for the surrender until the person is taken over."""
    dates = [each for each in _of_extradition(history, "SurrenderNotice") if each.code != "SURRENDERED"]
    if dates and dates[-1].due_on is not None:
        yield _of_custody(history, dates[-1].due_on, dates[-1], _surrender(history))


def _of_custody(history: History, start: datetime | date, by: LegalAct, met: LegalAct | None) -> Run:
    return Run(
        start=start,
        by=by.key,
        met_at=met.issued_at if met is not None else None,
        over=_extradition(history) in (_E.SURRENDERED, _E.RELEASED) or _dropped(history),
    )


def _extradition(history: History) -> ExtraditionState | None:
    return history.standing.extradition.state if history.standing.extradition is not None else None


def _consented(history: History) -> bool:
    return history.standing.extradition is not None and history.standing.extradition.consented


def _of_extradition(history: History, message_type: str) -> Iterator[LegalAct]:
    return (each for each in history.extradition if each.message_type == message_type)


def _arrest(history: History) -> LegalAct | None:
    """The first word of the last arrest: a second notice of the same arrest tells of consent."""
    notices = list(_of_extradition(history, "ArrestNotice"))
    return next((each for each in notices if each.arrested_at == notices[-1].arrested_at), None)


def _final(history: History, *, granted: bool) -> LegalAct | None:
    codes = ("ACCEPTED", "PARTIALLY_ACCEPTED", "ACCEPTED_WITH_CONDITIONS") + (() if granted else ("REFUSED",))
    return next(
        (
            each
            for each in _of_extradition(history, "Decision")
            if any(about.code in codes for about in each.says)
        ),
        None,
    )


def _surrender(history: History) -> LegalAct | None:
    return next(
        (each for each in _of_extradition(history, "SurrenderNotice") if each.code == "SURRENDERED"), None
    )


# --- all of them ---


def _run(history: History, start: datetime, by: LegalAct, *met: LegalAct | None) -> Run:
    done = [each.issued_at for each in met if each is not None]
    return Run(start=start, by=by.key, met_at=min(done, default=None), over=_dropped(history))


def _of_measure(history: History, key: str, start: datetime, by: LegalAct) -> Run:
    state = history.standing.measures[key].state
    ended = history.ended(key)
    done = state in (_M.EXECUTED, _M.NOT_EXECUTED)
    return Run(
        start=start,
        by=by.key,
        measures=(key,),
        met_at=ended.issued_at if ended is not None and done else None,
        suspended=state in _WAITING,
        over=state in ENDED or _dropped(history),
    )


def _dropped(history: History) -> bool:
    return history.standing.request in _DROPPED


def asked_of(state: str) -> Callable[[History], bool]:
    """Whether a request went to an authority of one State."""
    return lambda history: state_of(history.opening.recipient) == state
