"""The days that messages name: answer by, preserved until, wanted by, expected by. One row each.

Rules of this file:
- The newest word counts: a day that was named again is the last one that was named.
- What was asked for with reasons, and what the requested authority expects of itself, are no duties (`firm` is False): they
  are shown and reminded of, and nobody is said to have broken anything.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from itertools import zip_longest

from emla.cases.derive import waits
from emla.cases.history import History
from emla.cases.runs import Run, full_request_run, preservation_run
from emla.model.case_states import ENDED, MeasureState, Side
from emla.model.legal_act import LegalAct


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedDay:
    """A day that a message names, before it is counted: its run starts on the day of that message."""

    day: date
    side: Side
    run: Run


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of named day."""

    code: str
    what: str
    source: str
    firm: bool
    days: Callable[[History], Iterator[NamedDay]]


def _other(history: History, act: LegalAct) -> Side:
    return Side.ADDRESSEE if history.standing.side_of(act.sender) is Side.OPENER else Side.OPENER


def _run(act: LegalAct, met: LegalAct | None, *measures: str, over: bool = False) -> Run:
    return Run(
        start=act.issued_at,
        by=act.key,
        measures=measures,
        met_at=met.issued_at if met is not None else None,
        over=over,
    )


def _answers(history: History) -> Iterator[NamedDay]:
    for asked in history.of_type("SupplementaryInformationRequest"):
        inquiry = next(
            (each for each in history.standing.inquiries if each.message_id == asked.message_id), None
        )
        if asked.due_on is None or inquiry is None:
            continue
        replies = [
            each
            for each in history.of_type("SupplementaryInformation")
            if each.in_reply_to == asked.message_id
        ]
        met = replies[-1] if replies and not inquiry.unanswered else None
        run = _run(asked, met, over=not waits(history.standing, inquiry))
        yield NamedDay(day=asked.due_on, side=_other(history, asked), run=run)


def _consultations(history: History) -> Iterator[NamedDay]:
    for asked in history.of_type("Consultation"):
        talk = next((each for each in history.standing.talks if asked.message_id in each.messages), None)
        if asked.due_on is None or asked.flag:
            continue
        met = next(
            (
                each
                for each in history.of_type("Consultation", "RequestUpdate")
                if each.in_reply_to == asked.message_id and each.sender != asked.sender
            ),
            None,
        )
        over = talk is None or talk.closed or not _live(history, talk.measures)
        yield NamedDay(day=asked.due_on, side=_other(history, asked), run=_run(asked, met, over=over))


def _replies(asks: str, answers: str) -> Callable[[History], Iterator[NamedDay]]:
    def days(history: History) -> Iterator[NamedDay]:
        for asked in history.of_type(asks):
            if asked.due_on is not None:
                run = _run(asked, history.answer_to(asked, answers))
                yield NamedDay(day=asked.due_on, side=_other(history, asked), run=run)

    return days


def _kept(history: History) -> Iterator[NamedDay]:
    day = history.standing.preserved_until
    said = [each for each in history.of_type("PreservationOutcome") if each.due_on is not None]
    if day is not None and said:
        run = preservation_run(history, said[-1].issued_at, said[-1])
        yield NamedDay(day=day, side=Side.OPENER, run=run)


def _full_request(history: History) -> Iterator[NamedDay]:
    said = [
        each
        for each in history.extradition
        if each.message_type == "ArrestNotice" and each.due_on is not None
    ]
    if said and said[-1].due_on is not None:
        run = full_request_run(history, said[-1].issued_at, said[-1])
        yield NamedDay(day=said[-1].due_on, side=Side.OPENER, run=run)


def _wanted(history: History) -> Iterator[NamedDay]:
    for key in history.standing.measures:
        said: tuple[LegalAct, date] | None = None
        for act in (history.opening, *history.of_type("RequestUpdate")):
            day = next((each.wanted_on for each in act.asked if each.measure_id == key), None)
            if act.message_type == "RequestUpdate" and said is not None:
                day = (
                    act.due_on or day
                )  # a changed deadline stands in a change, which names no measure by its id
            said = (act, day) if day is not None else said
        if said is not None:
            yield NamedDay(day=said[1], side=Side.ADDRESSEE, run=_of_measure(history, said[0], key))


def _expected(history: History) -> Iterator[NamedDay]:
    """By when the requested authority expects to be done: of decisions, delays and reports the last word on each measure."""
    for key in history.standing.measures:
        said: tuple[LegalAct, date] | None = None
        for act in history.of_type("Decision", "DelayNotice", "TimeLimitExtension", "StatusReport"):
            day = _expects(act, key)
            said = (act, day) if day is not None else said
        if said is not None:
            yield NamedDay(day=said[1], side=Side.ADDRESSEE, run=_of_measure(history, said[0], key))


def _expects(act: LegalAct, key: str) -> date | None:
    if act.message_type == "Decision":
        return next((each.due_on for each in act.says if each.measure_id == key), None)
    if act.message_type == "StatusReport":
        return act.expected_on
    return act.due_on if not act.code and (not act.measures or key in act.measures) else None


def _of_measure(history: History, act: LegalAct, key: str) -> Run:
    state = history.standing.measures[key].state
    ended = history.ended(key)
    done = state in (MeasureState.EXECUTED, MeasureState.NOT_EXECUTED)
    run = _run(act, ended if done else None, key, over=state in ENDED or history.standing.closed)
    if run.met_at is not None and run.met_at < act.issued_at:
        return replace(run, met_at=None)  # named after the fact: it was not met by what came before
    return run


def _reports(history: History) -> Iterator[NamedDay]:
    reports = list(history.of_type("StatusReport"))
    for report, following in zip_longest(reports, reports[1:]):
        if report.due_on is not None:
            run = _run(report, following, over=not _live(history, frozenset(history.standing.measures)))
            yield NamedDay(day=report.due_on, side=Side.ADDRESSEE, run=run)


def _live(history: History, measures: frozenset[str]) -> bool:
    standing = history.standing
    return not standing.closed and any(standing.measures[each].state not in ENDED for each in measures)


KINDS = (
    Kind(
        "ANSWERS-DUE",
        "Answer the questions that are open",
        "UNCAC 46(16), ETS24 13, CETS198 38",
        True,
        _answers,
    ),
    Kind("CONSULTATION-ANSWER", "Answer the consultation", "UNCAC 46(26), BUD 27(6)", True, _consultations),
    Kind(
        "CONSENT-ANSWER",
        "Decide whether the evidence may be used for another purpose",
        "UNCAC 46(19)",
        True,
        _replies("UseConsentRequest", "UseConsentDecision"),
    ),
    Kind(
        "RECALL-DUE",
        "Carry out the recall, and confirm it",
        "RPD 51",
        True,
        _replies("RecallNotice", "RecallConfirmation"),
    ),
    Kind(
        "PRESERVED-UNTIL",
        "Send the request that follows, or ask for more time: the data are kept until then",
        "BUD 29(2)(f), 29(7)",
        True,
        _kept,
    ),
    Kind(
        "FULL-REQUEST-DUE",
        "Send the request for extradition with its documents",
        "ETS24 16(4)",
        True,
        _full_request,
    ),
    Kind(
        "REQUESTED-DATE", "Carry out the measure: the day that was asked for", "UNCAC 46(24)", False, _wanted
    ),
    Kind(
        "EXPECTED",
        "Carry out the measure: the day that the requested authority expects",
        "UNCAC 46(24), EIO 16(3)",
        False,
        _expected,
    ),
    Kind("NEXT-REPORT", "Report on where the request stands", "UNCAC 46(24)", False, _reports),
)
"""Kinds of named days."""
