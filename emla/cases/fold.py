"""fold: acts, in any order and any number of times -> a docket: each act with what became of it, each request with its state.

Here: which request an act is about, who may say it, and what related requests learn of it. Not here: what an act does
(`decisions`, `answers`, `special`), and time: a limit that passes moves nothing.

Rules of this file:
- The docket is a function of the set of acts. Both sides hold the same acts and therefore have the same docket; what is
  still on the way is named, and what waits for it is shown.
- An act that does not hold is kept, with rule and source. It changes nothing.
- A preservation and the request that follows it, a request for arrest and the request for extradition, know of one another by
  RelatesTo, whichever is read first.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from emla.cases.answers import ask
from emla.cases.causes import (
    INFORMATION_HANDLERS,
    PRESERVATION_HANDLERS,
    REQUEST_HANDLERS,
    cause_of,
    noted,
    writer_of,
)
from emla.cases.derive import request_state
from emla.cases.docket import Docket, find_request, refused
from emla.cases.hearing import Hearing
from emla.cases.judgement import (
    CIRCLE,
    CLOSED,
    NO_PARTY,
    NOT_NOW,
    NOTHING,
    OTHER_CASE,
    OTHER_CONTENT,
    OTHER_SIDE,
    Effect,
    Judgement,
    Move,
)
from emla.cases.order import answered_by, causal_order, opens
from emla.cases.ownership import trespasses
from emla.cases.special import ends_arrest, give, move_extradition, move_preservation, preservation_outcome
from emla.cases.standing import Extradition, Standing
from emla.model.case_states import (
    ENDED,
    ExtraditionState,
    MeasureState,
    RequestState,
    Side,
)
from emla.model.legal_act import Key, LegalAct, state_of
from emla.model.request_machine import REQUEST
from emla.model.special_machines import EXTRADITION, INFORMATION, PRESERVATION
from emla.model.transition import Cause

_FOLLOWS = "FOLLOWS_PRESERVATION"
_EXTRADITION = {
    "ProvisionalArrestRequest": (Cause.ARREST_REQUESTED, ExtraditionState.PROVISIONAL_ARREST_REQUESTED),
    "ExtraditionRequest": (Cause.FULL_REQUEST, ExtraditionState.FULL_REQUEST_RECEIVED),
}


def fold(acts: Iterable[LegalAct]) -> Docket:
    """Put acts in order and let each have its effect. Give it all acts of a case and of the cases related to it."""
    ordered = causal_order(acts)
    folding = _Folding(by_id=ordered.by_id)
    judgements = [folding.hear(act) for act in ordered.acts]
    judgements += [refused(act, CIRCLE) for act in ordered.circular]
    judgements += [refused(act, OTHER_CONTENT) for act in ordered.doubles]
    # Those that wait come last: where they belong is not known yet.
    judgements.sort(key=lambda each: each.effect is Effect.WAITING)
    return Docket(
        judgements=tuple(judgements),
        standings=folding.standings,
        about=folding.about,
        by_id=ordered.by_id,
        begun=folding.begun,
    )


@dataclass(slots=True, kw_only=True)
class _Folding:
    """The work on one set of acts."""

    by_id: Mapping[bytes, tuple[LegalAct, ...]]
    standings: dict[Key, Standing] = field(default_factory=dict)
    about: dict[Key, Key | None] = field(default_factory=dict)
    begun: dict[bytes, list[Key]] = field(default_factory=lambda: defaultdict(list))
    """Case to what was begun in it."""
    following: dict[bytes, list[Key]] = field(default_factory=lambda: defaultdict(list))
    """Case to the requests that follow a preservation in it."""
    extraditions: dict[bytes, list[Key]] = field(default_factory=lambda: defaultdict(list))
    """Case to the requests for arrest or extradition in it, or related to it."""
    followers: dict[Key, list[Key]] = field(default_factory=lambda: defaultdict(list))
    """Preservation to the requests that follow it."""
    followed: dict[Key, list[Key]] = field(default_factory=lambda: defaultdict(list))
    """The other way round."""
    joined: dict[Key, list[Key]] = field(default_factory=lambda: defaultdict(list))
    """Requests of one extradition."""

    def hear(self, act: LegalAct) -> Judgement:
        """Judge one act; those it answers were heard before."""
        if opens(act):
            return self._open(act)
        request, refusal = find_request(act, self)
        if refusal is not None:
            return refusal
        self.about[act.key] = request
        if request is None:  # about a draft: lawful, and it moves nothing
            return Judgement(act=act, effect=Effect.EFFECTIVE)
        standing = self.standings[request]
        if standing.opening.case_id != act.case_id:
            return refused(act, OTHER_CASE, request)
        side = standing.side_of(act.sender)
        if side is None:
            return refused(act, NO_PARTY, request, sender=act.sender)
        return self._judge(act, standing, side)

    # --- beginnings ---

    def _open(self, act: LegalAct) -> Judgement:
        if act.message_type == "DraftForConsultation":
            self.about[act.key] = None
            return Judgement(act=act, effect=Effect.EFFECTIVE)
        standing = Standing(
            opening=act,
            addressees=frozenset({act.recipient, *act.named}) - {act.sender},
            generation=act.generation,
            instruments=act.instruments,
        )
        hearing = Hearing(act=act, side=Side.OPENER, standing=standing, holds=True)
        if act.message_type == "PreservationRequest":
            move_preservation(hearing, Cause.OPENED)
        elif act.message_type == "SpontaneousInformation":
            give(hearing)
        else:
            ask(hearing)
            hearing.note(REQUEST, Cause.OPENED, None, RequestState.SUBMITTED)
            hearing.change(request=RequestState.SUBMITTED)
        self.about[act.key] = act.key
        self.begun[act.case_id].append(act.key)
        self._keep(hearing)
        self._join_extradition(hearing)
        moves = [*hearing.moves, *self._follow(hearing.standing)]
        return Judgement(act=act, effect=Effect.EFFECTIVE, request=act.key, moves=tuple(moves))

    def _follow(self, new: Standing) -> list[Move]:
        """Tie a preservation and the request that follows it together, whichever is new."""
        if new.preservation is not None:
            ties = [(new, self.standings[each]) for each in self.following[new.opening.case_id]]
        else:
            cases = {case for case, relation in new.opening.relates_to if relation == _FOLLOWS}
            for case in cases if new.request is not None else ():
                self.following[case].append(new.opening.key)
            begun = [self.standings[each] for case in sorted(cases) for each in self.begun[case]]
            ties = [(each, new) for each in begun if each.preservation is not None]
        moves: list[Move] = []
        for kept, follower in ties:
            if _states(kept) == _states(follower) and follower.request is not None:
                self.followers[kept.opening.key].append(follower.opening.key)
                self.followed[follower.opening.key].append(kept.opening.key)
                moves += self._move_kept(kept.opening.key, new.opening, Side.OPENER, Cause.FOLLOW_UP)
        return moves

    def _join_extradition(self, hearing: Hearing) -> None:
        act = hearing.act
        if act.message_type not in _EXTRADITION:
            return
        cause, state = _EXTRADITION[act.message_type]
        full = cause is Cause.FULL_REQUEST
        new = hearing.standing
        cases = dict.fromkeys((act.case_id, *(case for case, _ in act.relates_to)))
        relatives = dict.fromkeys(each for case in cases for each in self.extraditions[case])
        partner = next(
            (self.standings[each] for each in relatives if one_extradition(self.standings[each], new)), None
        )
        for case in cases:
            self.extraditions[case].append(act.key)
        if partner is None:
            hearing.note(EXTRADITION, cause, None, state)
            hearing.change(extradition=Extradition(state=state, full_request=full))
        else:
            hearing.change(extradition=partner.extradition)
            group = [*self.joined[partner.opening.key], partner.opening.key]
            for each in group:
                self.joined[each].append(act.key)
            self.joined[act.key] = group
            if full:
                if EXTRADITION.row(_extradition(hearing.standing).state, cause, hearing.side) is not None:
                    move_extradition(hearing, cause)
                hearing.change(extradition=replace(_extradition(hearing.standing), full_request=True))
        extradition = _extradition(hearing.standing)
        hearing.change(
            extradition=replace(
                extradition,
                arrested_on=extradition.arrested_on or act.arrested_on,
                consented=extradition.consented or act.consented,
            )
        )
        self._keep(hearing)

    # --- everything else ---

    def _judge(self, act: LegalAct, standing: Standing, side: Side) -> Judgement:
        request = standing.opening.key
        words = (INFORMATION if standing.information is not None else REQUEST).words
        writer = writer_of(act.message_type, information=standing.information is not None)
        if writer not in (side, Side.EITHER):
            return refused(act, OTHER_SIDE, request, side=words[writer])
        hearing = Hearing(act=act, side=side, standing=standing)
        objections, is_left = trespasses(act, self.by_id)
        hearing.objections.extend(objections)
        if not is_left:
            return Judgement(act=act, effect=Effect.NOT_EFFECTIVE, request=request, objections=objections)
        if standing.request is None:
            self._hear_special(hearing)
        else:
            cause = cause_of(act)
            if REQUEST.row(standing.request, cause, side) is None:
                return self._not_allowed(act, standing, cause)
            REQUEST_HANDLERS.get(act.message_type, noted)(hearing)
            if hearing.holds:
                state = request_state(hearing.standing)
                hearing.note(REQUEST, cause, standing.request, state)
                hearing.change(request=state)
        if not hearing.holds:
            if not hearing.objections:
                hearing.objects(NOTHING)
            return Judgement(
                act=act, effect=Effect.NOT_EFFECTIVE, request=request, objections=tuple(hearing.objections)
            )
        self._keep(hearing)
        moves = [*hearing.moves, *self._tell_kept(hearing), *self._tell_joined(hearing)]
        return Judgement(
            act=act,
            effect=Effect.EFFECTIVE,
            request=request,
            moves=tuple(moves),
            objections=tuple(hearing.objections),
        )

    def _hear_special(self, hearing: Hearing) -> None:
        act = hearing.act
        if hearing.standing.information is not None:
            INFORMATION_HANDLERS.get(act.message_type, noted)(hearing)
        elif act.message_type == "PreservationOutcome":
            asked = answered_by(act, self.by_id)
            extends = asked is not None and asked.message_type == "PreservationExtension"
            preservation_outcome(hearing, extends=extends)
        else:
            PRESERVATION_HANDLERS.get(act.message_type, noted)(hearing)

    def _not_allowed(self, act: LegalAct, standing: Standing, cause: Cause) -> Judgement:
        request, state = standing.opening.key, standing.request
        rows = tuple(REQUEST.allowed(state, cause))
        if rows:
            return refused(act, OTHER_SIDE, request, side=REQUEST.words[rows[0].who])
        if state is RequestState.CLOSED:
            return refused(act, CLOSED, request)
        assert state is not None
        return refused(act, NOT_NOW, request, machine=REQUEST.name, state=state.value)

    def _keep(self, hearing: Hearing) -> None:
        """Write the standing, and the extradition into the other request of it."""
        new = hearing.standing
        self.standings[new.opening.key] = new
        for each in self.joined[new.opening.key]:
            self.standings[each] = replace(self.standings[each], extradition=new.extradition)

    # --- what a preservation learns of the request that follows it ---

    def _tell_kept(self, hearing: Hearing) -> list[Move]:
        moves: list[Move] = []
        for kept in self.followed[hearing.standing.opening.key]:
            followers = [self.standings[each] for each in self.followers[kept]]
            if any(_disclosed(each) for each in followers):
                moves += self._move_kept(kept, hearing.act, hearing.side, Cause.FOLLOW_UP_EXECUTED)
            elif all(_over(each) for each in followers):
                moves += self._move_kept(kept, hearing.act, hearing.side, Cause.FOLLOW_UP_ENDED)
        return moves

    def _tell_joined(self, hearing: Hearing) -> list[Move]:
        moves: list[Move] = []
        for each in self.joined[hearing.standing.opening.key]:
            ended = ends_arrest(hearing, self.standings[each])
            if ended is not None:
                self.standings[each] = ended.standing
                moves += ended.moves
        return moves

    def _move_kept(self, kept: Key, act: LegalAct, side: Side, cause: Cause) -> list[Move]:
        standing = self.standings[kept]
        if PRESERVATION.row(standing.preservation, cause, side) is None:
            return []
        hearing = Hearing(act=act, side=side, standing=standing)
        move_preservation(hearing, cause)
        self.standings[kept] = hearing.standing
        return hearing.moves


def _states(standing: Standing) -> tuple[str, str]:
    """The two States, asking and asked: another authority of the same State may follow up what one has begun."""
    opening = standing.opening
    return state_of(opening.sender), state_of(opening.recipient)


def one_extradition(one: Standing, other: Standing) -> bool:
    """Whether one asks for arrest and the other for extradition, in one case or where one names the case of the other."""
    kinds = {one.opening.message_type, other.opening.message_type}
    if kinds != set(_EXTRADITION) or _states(one) != _states(other):
        return False
    return (
        one.opening.case_id == other.opening.case_id
        or other.opening.case_id in {case for case, _ in one.opening.relates_to}
        or one.opening.case_id in {case for case, _ in other.opening.relates_to}
    )


def _extradition(standing: Standing) -> Extradition:
    assert standing.extradition is not None
    return standing.extradition


def _disclosed(standing: Standing) -> bool:
    """Whether data were sent: by a measure about electronic data, if the request has such measures."""
    electronic = [each for each in standing.measures.values() if each.kind.startswith("ESD_")]
    return any(
        each.state is MeasureState.EXECUTED for each in electronic or tuple(standing.measures.values())
    )


def _over(standing: Standing) -> bool:
    return all(each.state in ENDED for each in standing.measures.values())
