"""The docket of a set of acts, and which request an act is about.

Rules of this file:
- An act names what it answers. One that does not is about the only request of its case that one of the two made to the other:
  what a third State began under the same CaseId is none of theirs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from emla.cases.judgement import WHICH_REQUEST, Effect, Ground, Judgement
from emla.cases.order import answered_by, opens
from emla.cases.standing import Standing
from emla.model.case_states import Side
from emla.model.legal_act import Key, LegalAct


class Known(Protocol):
    """What is known when an act is looked at: of a docket, or of one that is being made."""

    @property
    def standings(self) -> Mapping[Key, Standing]:
        """By the message that began it."""
        ...

    @property
    def about(self) -> Mapping[Key, Key | None]:
        """Message to the request it is about; None for a draft and what answers it."""
        ...

    @property
    def by_id(self) -> Mapping[bytes, tuple[LegalAct, ...]]:
        """Messages by their id, one for each sender."""
        ...

    @property
    def begun(self) -> Mapping[bytes, Sequence[Key]]:
        """Case to what was begun in it."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Docket:
    """Everything that follows from a set of acts."""

    judgements: tuple[Judgement, ...]
    """Every act once, in causal order; then those that wait or that no order can hold."""
    standings: Mapping[Key, Standing]
    """By the message that began it, in causal order."""
    about: Mapping[Key, Key | None]
    by_id: Mapping[bytes, tuple[LegalAct, ...]]
    begun: Mapping[bytes, Sequence[Key]]

    def of_case(self, case_id: bytes) -> tuple[Standing, ...]:
        """What was begun in one case."""
        return tuple(self.standings[each] for each in self.begun.get(case_id, ()))

    def request_of(self, act: LegalAct) -> Standing | None:
        """What an act is about that may still be unsent; None where it begins something, or where that is not clear."""
        key = None if opens(act) else find_request(act, self)[0]
        return None if key is None else self.standings[key]


def find_request(act: LegalAct, known: Known) -> tuple[Key | None, Judgement | None]:
    """The request that an act is about, or why there is none."""
    if act.in_reply_to is not None:
        answered = answered_by(act, known.by_id)
        if answered is None or answered.key not in known.about:
            return None, Judgement(act=act, effect=Effect.WAITING, missing=act.in_reply_to)
        return known.about[answered.key], None
    begun = known.begun.get(act.case_id, ())
    meant = [key for key in begun if _between_its_sides(act, known.standings[key])]
    if not meant:
        return None, Judgement(act=act, effect=Effect.WAITING, missing=act.case_id)
    return (None, refused(act, WHICH_REQUEST)) if len(meant) > 1 else (meant[0], None)


def _between_its_sides(act: LegalAct, standing: Standing) -> bool:
    return {standing.side_of(act.sender), standing.side_of(act.recipient)} == {Side.OPENER, Side.ADDRESSEE}


def refused(act: LegalAct, ground: Ground, request: Key | None = None, **values: str) -> Judgement:
    """The judgement on an act that does not hold."""
    return Judgement(
        act=act,
        effect=Effect.NOT_EFFECTIVE,
        request=request,
        objections=(ground.objection(**values),),
    )
