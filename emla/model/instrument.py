"""Legal instruments as dated data: between whom they are in force, and since when.

Here: the values, and `in_force`, a pure function with its reason. Not here: the files (`formats.instruments`), and
what follows from the answer (a rule decides that).

Rules of this file:
- What is not recorded is never guessed: a State about which the record is not complete gives UNKNOWN, not NO.
- NO is stronger than UNKNOWN: one State that is surely not bound is enough.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class InstrumentKind(StrEnum):
    """What an instrument is."""

    CONVENTION = "CONVENTION"
    PROTOCOL = "PROTOCOL"
    AGREEMENT = "AGREEMENT"
    BILATERAL = "BILATERAL"
    EU_ACT = "EU_ACT"
    SCHEME = "SCHEME"
    NO_TREATY = "NO_TREATY"


@dataclass(frozen=True, slots=True, kw_only=True)
class DatedFact:
    """A day, and whether it is certain."""

    day: date
    verified: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """One State, and from when to when an instrument binds it."""

    state: str
    since: date
    until: date | None
    side: str
    """In an agreement with two sides, the side; else empty."""
    territories: Mapping[str, DatedFact]
    verified: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """A declaration or reservation of one State, as a value a rule can read."""

    state: str
    article: str
    subject: str
    value: str
    verified: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument:
    """One instrument."""

    code: str
    kind: InstrumentKind
    title: str
    source: str
    note: str
    opened_for_signature: DatedFact | None
    entry_into_force: DatedFact | None
    covers: frozenset[str] | None
    """The States about which the record is complete; None: all."""
    parties: tuple[Party, ...]
    declarations: tuple[Declaration, ...]
    articles: Mapping[str, str]
    """Subject by article number."""

    def declared(self, state: str, subject: str) -> tuple[Declaration, ...]:
        """What one State declared on one subject."""
        return tuple(each for each in self.declarations if (each.state, each.subject) == (state, subject))


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A State, or a territory of it with authorities of its own; both as ISO 3166-1 codes."""

    state: str
    territory: str = ""

    def __str__(self) -> str:
        return f"{self.territory} ({self.state})" if self.territory else self.state


class Answer(StrEnum):
    """Whether an instrument is in force between two places."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"
    NOT_A_TREATY = "not-a-treaty"
    """Reciprocity, domestic law, a treaty without a code: the authorities say themselves whether it applies."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InForce:
    """The answer with its reason."""

    answer: Answer
    reason: str
    """One sentence."""
    since: date | None = None
    """Since when, where the answer is YES."""
    verified: bool = False
    """Whether every date the answer rests on is certain."""


def in_force(instrument: Instrument, one: Place, other: Place, on: date) -> InForce:
    """Say whether an instrument is in force between two places on a day.

    Source: BR-005, VCLT 24 and 29.
    """
    code = instrument.code
    if instrument.kind is InstrumentKind.NO_TREATY:
        return InForce(answer=Answer.NOT_A_TREATY, reason=f"{code} has no dates of its own.")
    general = instrument.entry_into_force
    if general is None:
        return InForce(answer=Answer.NO, reason=f"{code} has not entered into force.")
    if one.state == other.state:
        return InForce(answer=Answer.NO, reason=f"{one} and {other} are one State; {code} binds States.")
    if on < general.day:
        reason = f"{code} entered into force on {general.day} only."
        return InForce(answer=Answer.NO, reason=reason, verified=general.verified)
    standings = (_standing(instrument, one, on), _standing(instrument, other, on))
    for wanted in (Answer.NO, Answer.UNKNOWN):
        for standing in standings:
            if standing.answer is wanted:
                return standing.as_answer()
    first, second = standings
    verified = general.verified and first.verified and second.verified
    if first.side and first.side == second.side:
        reason = f"{code} binds {one} and {other} on one side; it is not in force between them."
        return InForce(answer=Answer.NO, reason=reason, verified=verified)
    since = max(general.day, first.since, second.since)
    what = "applies" if instrument.kind is InstrumentKind.SCHEME else "is in force"
    addition = "; it is a scheme, not a treaty" if instrument.kind is InstrumentKind.SCHEME else ""
    return InForce(
        answer=Answer.YES,
        reason=f"{code} {what} between {one} and {other} since {since}{addition}.",
        since=since,
        verified=verified,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Standing:
    """How one place stands to an instrument on a day."""

    answer: Answer
    reason: str = ""
    since: date = date.min
    side: str = ""
    verified: bool = False

    def as_answer(self) -> InForce:
        return InForce(answer=self.answer, reason=self.reason, verified=self.verified)


def _standing(instrument: Instrument, place: Place, on: date) -> _Standing:
    code, state = instrument.code, place.state
    periods = [each for each in instrument.parties if each.state == state]
    if not periods:
        if instrument.covers is None or state in instrument.covers:
            return _Standing(answer=Answer.NO, reason=f"{state} is not a party to {code}.")
        return _Standing(
            answer=Answer.UNKNOWN, reason=f"Whether {state} is a party to {code} is not recorded."
        )
    party = max((each for each in periods if each.since <= on), key=lambda each: each.since, default=None)
    if party is None:
        first = min(periods, key=lambda each: each.since)
        reason = f"{code} binds {state} from {first.since} only."
        return _Standing(answer=Answer.NO, reason=reason, verified=first.verified)
    if party.until is not None and party.until < on:
        reason = f"{code} bound {state} until {party.until}."
        return _Standing(answer=Answer.NO, reason=reason, verified=party.verified)
    if not place.territory:
        return _Standing(answer=Answer.YES, since=party.since, side=party.side, verified=party.verified)
    extended = party.territories.get(place.territory)
    if extended is None:
        reason = f"Whether {code} extends to {place} is not recorded."
        return _Standing(answer=Answer.UNKNOWN, reason=reason)
    if on < extended.day:
        reason = f"{code} extends to {place} from {extended.day} only."
        return _Standing(answer=Answer.NO, reason=reason, verified=extended.verified)
    return _Standing(
        answer=Answer.YES,
        since=max(party.since, extended.day),
        side=party.side,
        verified=party.verified and extended.verified,
    )
