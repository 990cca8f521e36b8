"""One act before one standing: what it may do is asked of the tables, what it does is noted.

Rules of this file:
- No state moves but by a row of its table, for the side that the row names.
- A `Hearing` is used for one act and thrown away. What does not hold leaves the standing as it was.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from emla.cases.judgement import MEASURE_NOT_NOW, NO_MEASURE, Ground, Move, Objection
from emla.cases.standing import MeasureStanding, Standing
from emla.model.case_states import MeasureState, Side, State
from emla.model.legal_act import LegalAct
from emla.model.measure_machine import MEASURE
from emla.model.transition import Cause, Machine


@dataclass(slots=True, kw_only=True)
class Hearing:
    """The work on one act."""

    act: LegalAct
    side: Side
    standing: Standing
    holds: bool = False
    """Whether the act, or a part of it, holds."""
    moves: list[Move] = field(default_factory=list)
    objections: list[Objection] = field(default_factory=list)
    _measures: dict[str, MeasureStanding] = field(default_factory=dict)

    def change(self, **fields: Any) -> None:  # fields of Standing; mypy knows no narrower word for them
        """Make the standing another one."""
        self.standing = replace(self.standing, **fields)

    def objects(self, ground: Ground, measure: str = "", **values: str) -> None:
        """Note why the act, or a part of it, does not hold."""
        self.objections.append(ground.objection(measure, **values))

    def note(
        self, machine: Machine, cause: Cause, before: State | None, after: State, subject: str = ""
    ) -> None:
        """Note a move, if it is one."""
        if before is not after:
            self.moves.append(
                Move(
                    request=self.standing.opening.key,
                    machine=machine.name,
                    subject=subject,
                    cause=cause,
                    side=self.side,
                    before=before,
                    after=after,
                )
            )

    def named(self, measures: Iterable[str]) -> tuple[str, ...]:
        """Of some measures those that the request has; an objection for each of the others."""
        known = []
        for each in dict.fromkeys(measures):
            if each in self.standing.measures:
                known.append(each)
            else:
                self.objects(NO_MEASURE, each)
        return tuple(known)

    def all_or_named(self, measures: tuple[str, ...]) -> tuple[str, ...]:
        """The measures that an act names, or all of them where it names none."""
        return self.named(measures) if measures else tuple(self.standing.measures)

    def move_measure(
        self, measure_id: str, cause: Cause, to: MeasureState | None = None, *, quietly: bool = False
    ) -> bool:
        """Move one measure, if its table has a row for that.

        Args:
            measure_id: a measure that the request has.
            cause: what moves it.
            to: where to, for a row that leads to several states.
            quietly: it is no objection if there is no row.

        Returns:
            Whether there is a row: then the act holds for this measure.
        """
        measure = self.standing.measures[measure_id]
        row = MEASURE.row(measure.state, cause, self.side)
        if row is None:
            if not quietly:
                self.objects(MEASURE_NOT_NOW, measure_id, state=measure.state.value)
            return False
        target = to or (row.to[0] if row.to else measure.state)
        assert isinstance(target, MeasureState)
        self.note(MEASURE, cause, measure.state, target, measure_id)
        self.set_measure(measure_id, state=target)
        self.holds = True
        return True

    def set_measure(self, measure_id: str, **fields: Any) -> None:  # fields of MeasureStanding
        """Write facts about one measure."""
        self.own_measures()[measure_id] = replace(self.standing.measures[measure_id], **fields)

    def own_measures(self) -> dict[str, MeasureStanding]:
        """The measures, to be written to: copied once for each act, because one act may be about thousands."""
        if self._measures is not self.standing.measures:
            self._measures = dict(self.standing.measures)
            self.change(measures=self._measures)
        return self._measures

    def settle(self, measures: Iterable[str]) -> None:
        """What was decided or executed waits for no answer and no consultation any more."""
        settled = frozenset(measures)
        self.change(
            inquiries=tuple(
                replace(each, waits_for=each.waits_for - settled) for each in self.standing.inquiries
            ),
            talks=tuple(replace(each, measures=each.measures - settled) for each in self.standing.talks),
        )
