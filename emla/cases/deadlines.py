"""deadlines: a docket, what arrived when, the calendar of the requested authority, an instant -> each limit and how it stands.

Here: `time_limits`. Not here: what is counted (`clocks`, `runs`, `named_days`), and how long the limits of instruments are
(CL-DEADLINE).

Rules of this file:
- The docket does not know the time: a limit that passes moves nothing. What is said here is for people.
- Days end at 24:00 where the requested authority is; hours run in UTC. Working days pass over its days of rest and its holidays,
  and where these are not known that is said.
- A day so far away that no calendar has it is no limit: bad dates in a message lose nothing else.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

from emla.cases.clocks import CLOCKS, Clock
from emla.cases.docket import Docket
from emla.cases.history import Arrivals, History, histories
from emla.cases.named_days import KINDS, Kind, NamedDay
from emla.cases.runs import Run
from emla.model.case_states import Side
from emla.model.deadline import Deadline, Unit, due
from emla.model.legal_act import Key, LegalAct
from emla.model.time_limit import Course, TimeLimit, WorkCalendar

_TICK = timedelta(microseconds=1)
_MOVES_LIMITS = ("TimeLimitExtension", "DelayNotice")


@dataclass(frozen=True, slots=True, kw_only=True)
class Counting:
    """By what limits are counted."""

    limits: Mapping[str, Deadline]
    """CL-DEADLINE."""
    calendars: Mapping[str, WorkCalendar]
    """By authority, as far as its profile is here."""

    def calendar_of(self, authority: str) -> WorkCalendar:
        """The calendar of one authority; where its profile is not here, days of UTC."""
        return self.calendars.get(authority, _UNKNOWN)


_UNKNOWN = WorkCalendar()


def time_limits(
    docket: Docket, arrivals: Arrivals, counting: Counting, now: datetime
) -> dict[Key, tuple[TimeLimit, ...]]:
    """Every time limit of every request, by the message that began it; the one that ends first comes first.

    Args:
        docket: a case, with those related to it.
        arrivals: message to the instant of its ContentConsignment, as far as known.
        counting: the data.
        now: the instant at which it is asked, aware.
    """
    return {key: limits_of(each, counting, now) for key, each in histories(docket, arrivals).items()}


def limits_of(history: History, counting: Counting, now: datetime) -> tuple[TimeLimit, ...]:
    """The time limits of one request; arguments as for `time_limits`."""
    calendar = counting.calendar_of(history.opening.recipient)
    found = [*_of_instruments(history, counting.limits, calendar), *_named(history, calendar)]
    placed = [replace(limit, course=_course(limit, run, now)) for limit, run in found]
    return tuple(sorted(placed, key=lambda each: (each.due_at, each.code, each.measures)))


def _course(limit: TimeLimit, run: Run, now: datetime) -> Course:
    if run.met_at is not None:
        return Course.MET if run.met_at < limit.due_at else Course.MET_LATE
    if run.over:
        return Course.OVER
    if run.suspended:
        return Course.SUSPENDED
    return Course.OVERDUE if now >= limit.due_at else Course.RUNNING


_Found = tuple[TimeLimit, Run]


def _of_instruments(
    history: History, limits: Mapping[str, Deadline], calendar: WorkCalendar
) -> Iterator[_Found]:
    for clock in CLOCKS:
        limit = limits.get(clock.code)
        if (
            limit is None
            or history.opening.message_type not in clock.begun_by
            or not _applies(clock, limit, history)
        ):
            continue
        for run in clock.runs(history):
            try:
                yield _counted(clock, limit, run, history, limits, calendar), run
            except OverflowError:
                continue


def _applies(clock: Clock, limit: Deadline, history: History) -> bool:
    if clock.applies is not None:
        return clock.applies(history)
    return limit.instrument in history.instruments


def _counted(
    clock: Clock,
    limit: Deadline,
    run: Run,
    history: History,
    limits: Mapping[str, Deadline],
    calendar: WorkCalendar,
) -> TimeLimit:
    start = _instant(run.start, calendar)
    due_at = due(limit, start, calendar.zone, calendar.holidays, weekend=calendar.rest_days)
    by = None
    if clock.extended:
        extension = _extension(clock, run, start, history)
        if extension is not None and extension.due_on is not None:
            moved = _end_of(extension.due_on, calendar)
            longest = limits.get(clock.most)
            if longest is not None:  # no longer than the instrument allows, whatever was written
                moved = min(
                    moved, _end_of(_last_day(due_at, calendar) + timedelta(days=longest.value), calendar)
                )
            if moved > due_at:
                due_at, by = moved, extension.key
    hours = limit.unit is Unit.HOURS and by is None
    return TimeLimit(
        code=limit.code,
        what=limit.what,
        side=clock.side,
        source=limit.source,
        verified=limit.verified,
        firm=clock.firm,
        unit=limit.unit,
        measures=run.measures,
        started_at=start,
        started_by=run.by,
        due_at=due_at,
        due_on=None if hours else _last_day(due_at, calendar),
        course=Course.RUNNING,
        met_at=run.met_at,
        extended_by=by,
        doubts=() if hours else tuple(_doubts(limit.unit, start, due_at, calendar)),
    )


def _extension(clock: Clock, run: Run, start: datetime, history: History) -> LegalAct | None:
    """The last word on a limit: one that names it, or one that names none and came while it ran."""
    found = None
    for act in history.of_type(*_MOVES_LIMITS):
        named = act.code == clock.code
        meant = (
            not act.code and start <= act.issued_at and (run.met_at is None or act.issued_at <= run.met_at)
        )
        about = not act.measures or not run.measures or set(act.measures) & set(run.measures)
        if act.due_on is not None and (named or meant) and about:
            found = act
    return found


def _named(history: History, calendar: WorkCalendar) -> Iterator[_Found]:
    for kind in KINDS:
        for named in kind.days(history):
            try:
                yield _of_day(kind, named, calendar), named.run
            except OverflowError:
                continue


def _of_day(kind: Kind, named: NamedDay, calendar: WorkCalendar) -> TimeLimit:
    start, due_at = _instant(named.run.start, calendar), _end_of(named.day, calendar)
    return TimeLimit(
        code=kind.code,
        what=kind.what,
        side=named.side,
        source=kind.source,
        verified=True,
        firm=kind.firm,
        unit=Unit.CALENDAR_DAYS,
        measures=named.run.measures,
        started_at=start,
        started_by=named.run.by,
        due_at=due_at,
        due_on=named.day,
        course=Course.RUNNING,
        met_at=named.run.met_at,
        doubts=tuple(_doubts(Unit.CALENDAR_DAYS, start, due_at, calendar)),
    )


def _doubts(unit: Unit, start: datetime, due_at: datetime, calendar: WorkCalendar) -> Iterator[str]:
    if not calendar.zone_known:
        yield "The time zone of the requested authority is not known: its days are counted in UTC."
    first, last = start.astimezone(calendar.zone).date(), _last_day(due_at, calendar)
    if unit is Unit.WORKING_DAYS and not calendar.knows(first, last):
        yield "The holidays of the requested authority are not known for all of this time: the limit may end later."


def _instant(start: datetime | date, calendar: WorkCalendar) -> datetime:
    """Of a day, its noon: the day of the event is not counted, whatever its hour."""
    if isinstance(start, datetime):
        return start.astimezone(UTC)
    return datetime.combine(start, time(12), tzinfo=calendar.zone).astimezone(UTC)


def _end_of(day: date, calendar: WorkCalendar) -> datetime:
    """24:00 of a day, in UTC."""
    return datetime.combine(day + timedelta(days=1), time(0), tzinfo=calendar.zone).astimezone(UTC)


def _last_day(due_at: datetime, calendar: WorkCalendar) -> date:
    """The day at whose end a limit ends."""
    return (due_at - _TICK).astimezone(calendar.zone).date()


def next_ones(limits: tuple[TimeLimit, ...], side: Side | None = None) -> tuple[TimeLimit, ...]:
    """Of some limits those on which somebody has still to act, or one side."""
    return tuple(
        each
        for each in limits
        if each.course in (Course.RUNNING, Course.OVERDUE) and side in (None, each.side)
    )
