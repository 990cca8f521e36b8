"""What happened to one request and when: the acts that hold, the moves of its measures, when it was received.

Here: `History`, read off a docket. Not here: what follows from it for time limits (`clocks`, `named_days`).

Rules of this file:
- When an act was made is its IssuedAt, which is signed. When it arrived is the instant of the ContentConsignment, which the
  recipient's gateway signs and both sides know. What has not arrived yet, as far as is known, has no such instant.
- A request is received when the requested authority says so (ReceivedAt); failing that, when it was consigned (domain 3.3).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from emla.cases.docket import Docket
from emla.cases.fold import one_extradition
from emla.cases.judgement import Effect, Move
from emla.cases.standing import Standing
from emla.model.case_states import ENDED, State
from emla.model.legal_act import AboutMeasure, Key, LegalAct
from emla.model.measure_machine import MEASURE

Arrivals = Mapping[Key, datetime]
"""Message to the instant of its ContentConsignment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """One request, over time."""

    standing: Standing
    acts: tuple[LegalAct, ...]
    """Those that hold, with the one that began it, in causal order."""
    moves: tuple[tuple[LegalAct, Move], ...]
    """Everything that moved a state of it."""
    arrivals: Arrivals
    extradition: tuple[LegalAct, ...] = ()
    """Of an extradition the acts about both its requests; none at the second of them, so that nothing is counted twice."""
    instruments: frozenset[str] = frozenset()
    """What it rests on; of an extradition, what either request rests on."""

    @property
    def opening(self) -> LegalAct:
        """The message that began it."""
        return self.standing.opening

    @property
    def confirmed_at(self) -> datetime | None:
        """When the requested authority says that it received it; after a referral, the authority that has it now."""
        return next((each.received_at for each in reversed(self.acts) if each.received_at is not None), None)

    @property
    def consigned_at(self) -> datetime | None:
        """When the gateway of the requested authority delivered it: no acceptance."""
        return self.arrivals.get(self.opening.key)

    @property
    def received_at(self) -> datetime | None:
        """From when limits run that run from receipt."""
        return self.confirmed_at or self.consigned_at

    def of_type(self, *message_types: str) -> Iterator[LegalAct]:
        """The acts of some types, in causal order."""
        return (each for each in self.acts if each.message_type in message_types)

    def answer_to(self, act: LegalAct, *message_types: str) -> LegalAct | None:
        """The first act of some types that answers one."""
        return next(
            (each for each in self.of_type(*message_types) if each.in_reply_to == act.message_id), None
        )

    def said_of(self, measure: str, *message_types: str) -> Iterator[tuple[LegalAct, AboutMeasure]]:
        """What acts of some types say of a measure."""
        for act in self.of_type(*message_types):
            yield from ((act, each) for each in act.says if each.measure_id == measure)

    def groups(self) -> Iterator[tuple[LegalAct, tuple[str, ...]]]:
        """The measures, by the act that asked for them first."""
        seen: set[str] = set()
        for act in (self.opening, *self.of_type("RequestUpdate")):
            new = tuple(
                each.measure_id
                for each in act.asked
                if each.measure_id not in seen and each.measure_id in self.standing.measures
            )
            seen.update(new)
            if new:
                yield act, new

    def asked_at(self, act: LegalAct) -> datetime | None:
        """When the requested authority received what an act asks for."""
        return self.received_at if act.key == self.opening.key else self.arrivals.get(act.key)

    def entered(self, measure: str, states: frozenset[State]) -> LegalAct | None:
        """The act that first brought a measure into one of some states."""
        return next((act for act, move in self._of(measure) if move.after in states), None)

    def ended(self, measure: str) -> LegalAct | None:
        """The act by which a measure came to the end that it has."""
        if self.standing.measures[measure].state not in ENDED:
            return None
        return next((act for act, move in reversed(tuple(self._of(measure))) if move.after in ENDED), None)

    def _of(self, measure: str) -> Iterator[tuple[LegalAct, Move]]:
        return (
            (act, move) for act, move in self.moves if (move.machine, move.subject) == (MEASURE.name, measure)
        )


def histories(docket: Docket, arrivals: Arrivals) -> dict[Key, History]:
    """The history of everything that was begun, by the message that began it."""
    acts: dict[Key, list[LegalAct]] = {each: [] for each in docket.standings}
    moves: dict[Key, list[tuple[LegalAct, Move]]] = {each: [] for each in docket.standings}
    for judgement in docket.judgements:
        if judgement.effect is Effect.EFFECTIVE and judgement.request is not None:
            acts[judgement.request].append(judgement.act)
        for move in judgement.moves:
            moves[move.request].append((judgement.act, move))
    found: dict[Key, History] = {}
    seen: set[Key] = set()
    for key, standing in docket.standings.items():
        group = _one_matter(docket, standing)
        found[key] = History(
            standing=standing,
            acts=tuple(acts[key]),
            moves=tuple(moves[key]),
            arrivals=arrivals,
            extradition=() if key in seen else _together(docket, group),
            instruments=frozenset(
                name for each in group or (key,) for name in docket.standings[each].instruments
            ),
        )
        seen.update(group)
    return found


def _one_matter(docket: Docket, standing: Standing) -> tuple[Key, ...]:
    """The requests of the extradition that a request is part of, with itself; none where it is part of none."""
    if standing.extradition is None:
        return ()
    return tuple(
        key
        for key, each in docket.standings.items()
        if each.opening.key == standing.opening.key or one_extradition(each, standing)
    )


def _together(docket: Docket, group: tuple[Key, ...]) -> tuple[LegalAct, ...]:
    """All acts about some requests, in causal order."""
    return tuple(
        each.act for each in docket.judgements if each.request in group and each.effect is Effect.EFFECTIVE
    )
