"""retention: how long what is held may be kept, by the labels in force; what has outlived its time, and what is to be looked at.

Rules of this file:
- It binds who holds it and is not its owner. One's own copy is kept as one's own settings say.
- A day of a label is its last one: what may be kept until the 3rd is over on the 4th, in UTC like every day of a label.
- A message is erased as one: it is erasable when everything that it brought has outlived its time, and its owner said DELETE.
  RETURN and silence are for people to decide; what stays in a court's file is not over.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from emla.cases.docket import Docket
from emla.cases.holdings import Holding, holdings
from emla.model.restriction import DELETE, IN_COURT_FILE

RETENTION, REVIEW = "retention", "review"


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedDay:
    """A day that the label of something held names."""

    kind: str
    """`RETENTION`: the last day for which it may be kept; `REVIEW`: on it the need to keep it is reviewed."""
    on: date


def held_for_others(docket: Docket, own: str, case_id: bytes) -> Iterator[Holding]:
    """What an authority holds by messages of a case, and what belongs to another one."""
    for each in holdings(docket):
        if each.act.case_id == case_id and each.holder == own != each.owner:
            yield each


def named_days(holding: Holding, at: datetime) -> tuple[NamedDay, ...]:
    """The days that the labels in force name for what a message has brought, in order."""
    found: set[tuple[date, str]] = set()
    for thing in holding.things:
        label = holding.label(thing, at)
        if label.kept_until is not None and label.disposition != IN_COURT_FILE:
            found.add((label.kept_until, RETENTION))
        if label.review_on is not None:
            found.add((label.review_on, REVIEW))
    return tuple(NamedDay(kind=kind, on=on) for on, kind in sorted(found))


def erasable_since(holding: Holding, at: datetime) -> date | None:
    """The last day for which any of it might be kept, where all of it has outlived its time and is to be erased; else None."""
    days: list[date] = []
    for thing in holding.things:
        label = holding.label(thing, at)
        outlived = label.outlived(at.date())
        if outlived is None or label.disposition != DELETE:
            return None
        days.append(outlived)
    return max(days, default=None)
