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
    WHICH_REQUEST,
    Effect,
    Ground,
    Judgement,
    Move,
)
from emla.cases.order import causal_order, opens
from emla.cases.special import ends_arrest, give, move_extradition, move_preservation, preservation_outcome
from emla.cases.standing import Extradition, Standing
from emla.model.case_states import (
    ENDED,
    ExtraditionState,
    MeasureState,
    RequestState,
    Side,
)
from emla.model.legal_act import LegalAct
from emla.model.request_machine import REQUEST
from emla.model.special_machines import EXTRADITION, INFORMATION, PRESERVATION
from emla.model.transition import Cause

_FOLLOWS = "FOLLOWS_PRESERVATION"
_EXTRADITION = {
    "ProvisionalArrestRequest": (Cause.ARREST_REQUESTED, ExtraditionState.PROVISIONAL_ARREST_REQUESTED),
    "ExtraditionRequest": (Cause.FULL_REQUEST, ExtraditionState.FULL_REQUEST_RECEIVED),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Docket:
    """Everything that follows from a set of acts."""

    judgements: tuple[Judgement, ...]
    """Every act once, in causal order; then those that wait or that no order can hold."""
    standings: Mapping[bytes, Standing]
    """By the message id that began it, in causal order."""

    def of_case(self, case_id: bytes) -> tuple[Standing, ...]:
        """What was begun in one case."""
        return tuple(each for each in self.standings.values() if each.opening.case_id == case_id)

    def about(self, message_id: bytes) -> bytes | None:
        """The request that a message is about; None where it is about none, is not here, or waits."""
        found = (each for each in self.judgements if each.act.message_id == message_id)
        return next((each.request for each in found if each.request is not None), None)


def fold(acts: Iterable[LegalAct]) -> Docket:
    """Put acts in order and let each have its effect. Give it all acts of a case and of the cases related to it."""
    ordered = causal_order(acts)
    folding = _Folding()
    judgements = [folding.hear(act) for act in ordered.acts]
    judgements += [_refused(act, CIRCLE) for act in ordered.circular]
    judgements += [_refused(act, OTHER_CONTENT) for act in ordered.doubles]
    # Those that wait come last: where they belong is not known yet.
    judgements.sort(key=lambda each: each.effect is Effect.WAITING)
    return Docket(judgements=tuple(judgements), standings=folding.standings)


def _refused(act: LegalAct, ground: Ground, request: bytes | None = None, **values: str) -> Judgement:
    return Judgement(
        act=act,
        effect=Effect.NOT_EFFECTIVE,
        request=request,
        objections=(ground.objection(**values),),
    )


@dataclass(slots=True)
class _Folding:
    """The work on one set of acts."""

    standings: dict[bytes, Standing] = field(default_factory=dict)
    about: dict[bytes, bytes | None] = field(default_factory=dict)
    """Message id to the request it is about; None for a draft and what answers it."""
    by_case: dict[bytes, list[bytes]] = field(default_factory=lambda: defaultdict(list))
    types: dict[bytes, str] = field(default_factory=dict)
    followers: dict[bytes, list[bytes]] = field(default_factory=lambda: defaultdict(list))
    """Preservation to the requests that follow it."""
    followed: dict[bytes, list[bytes]] = field(default_factory=lambda: defaultdict(list))
    """The other way round."""
    joined: dict[bytes, list[bytes]] = field(default_factory=lambda: defaultdict(list))
    """Requests of one extradition."""

    def hear(self, act: LegalAct) -> Judgement:
        """Judge one act; those it answers were heard before."""
        self.types[act.message_id] = act.message_type
        if opens(act):
            return self._open(act)
        request, refusal = self._request_of(act)
        if refusal is not None:
            return refusal
        self.about[act.message_id] = request
        if request is None:  # about a draft: lawful, and it moves nothing
            return Judgement(act=act, effect=Effect.EFFECTIVE)
        standing = self.standings[request]
        if standing.opening.case_id != act.case_id:
            return _refused(act, OTHER_CASE, request)
        side = standing.side_of(act.sender)
        if side is None:
            return _refused(act, NO_PARTY, request, sender=act.sender)
        return self._judge(act, standing, side)

    # --- which request ---

    def _request_of(self, act: LegalAct) -> tuple[bytes | None, Judgement | None]:
        if act.in_reply_to is not None:
            if act.in_reply_to in self.about:
                return self.about[act.in_reply_to], None
            return None, Judgement(act=act, effect=Effect.WAITING, missing=act.in_reply_to)
        known = self.by_case[act.case_id]
        if not known:
            return None, Judgement(act=act, effect=Effect.WAITING, missing=act.case_id)
        own = [each for each in known if self.standings[each].side_of(act.sender) is not None] or known
        if len(own) > 1:
            return None, _refused(act, WHICH_REQUEST)
        return own[0], None

    # --- beginnings ---

    def _open(self, act: LegalAct) -> Judgement:
        if act.message_type == "DraftForConsultation":
            self.about[act.message_id] = None
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
        self.about[act.message_id] = act.message_id
        self.by_case[act.case_id].append(act.message_id)
        self._keep(hearing)
        self._join_extradition(hearing)
        moves = [*hearing.moves, *self._follow(hearing.standing)]
        return Judgement(act=act, effect=Effect.EFFECTIVE, request=act.message_id, moves=tuple(moves))

    def _related(self, one: Standing, other: Standing, relation: str | None = None) -> bool:
        """Whether one names the case of the other, between the same two States."""
        named = {case for case, code in one.opening.relates_to if relation in (None, code)}
        return other.opening.case_id in named and _states(one) == _states(other)

    def _follow(self, new: Standing) -> list[Move]:
        """Tie a preservation and the request that follows it together, whichever is new."""
        moves: list[Move] = []
        for other in tuple(self.standings.values()):
            for kept, follower in ((new, other), (other, new)):
                if (
                    kept.preservation is not None
                    and follower.request is not None
                    and self._related(follower, kept, _FOLLOWS)
                ):
                    self.followers[kept.opening.message_id].append(follower.opening.message_id)
                    self.followed[follower.opening.message_id].append(kept.opening.message_id)
                    moves += self._move_kept(
                        kept.opening.message_id, new.opening, Side.OPENER, Cause.FOLLOW_UP
                    )
        return moves

    def _join_extradition(self, hearing: Hearing) -> None:
        act = hearing.act
        if act.message_type not in _EXTRADITION:
            return
        cause, state = _EXTRADITION[act.message_type]
        full = cause is Cause.FULL_REQUEST
        new = hearing.standing
        partner = next(
            (
                each
                for each in self.standings.values()
                if each.extradition is not None
                and each.opening.message_type != act.message_type
                and (
                    self._related(new, each)
                    or self._related(each, new)
                    or (each.opening.case_id == act.case_id and _states(each) == _states(new))
                )
            ),
            None,
        )
        if partner is None:
            hearing.note(EXTRADITION, cause, None, state)
            hearing.change(extradition=Extradition(state=state, full_request=full))
        else:
            hearing.change(extradition=partner.extradition)
            group = [*self.joined[partner.opening.message_id], partner.opening.message_id]
            for each in group:
                self.joined[each].append(act.message_id)
            self.joined[act.message_id] = group
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
        request = standing.opening.message_id
        words = (INFORMATION if standing.information is not None else REQUEST).words
        writer = writer_of(act, information=standing.information is not None)
        if writer not in (side, Side.EITHER):
            return _refused(act, OTHER_SIDE, request, side=words[writer])
        hearing = Hearing(act=act, side=side, standing=standing)
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
            asked = self.types.get(act.in_reply_to or b"", "")
            preservation_outcome(hearing, extends=asked == "PreservationExtension")
        else:
            PRESERVATION_HANDLERS.get(act.message_type, noted)(hearing)

    def _not_allowed(self, act: LegalAct, standing: Standing, cause: Cause) -> Judgement:
        request, state = standing.opening.message_id, standing.request
        rows = tuple(REQUEST.allowed(state, cause))
        if rows:
            return _refused(act, OTHER_SIDE, request, side=REQUEST.words[rows[0].who])
        if state is RequestState.CLOSED:
            return _refused(act, CLOSED, request)
        assert state is not None
        return _refused(act, NOT_NOW, request, machine=REQUEST.name, state=state.value)

    def _keep(self, hearing: Hearing) -> None:
        """Write the standing, and the extradition into the other request of it."""
        new = hearing.standing
        self.standings[new.opening.message_id] = new
        for each in self.joined[new.opening.message_id]:
            self.standings[each] = replace(self.standings[each], extradition=new.extradition)

    # --- what a preservation learns of the request that follows it ---

    def _tell_kept(self, hearing: Hearing) -> list[Move]:
        moves: list[Move] = []
        for kept in self.followed[hearing.standing.opening.message_id]:
            followers = [self.standings[each] for each in self.followers[kept]]
            if any(_disclosed(each) for each in followers):
                moves += self._move_kept(kept, hearing.act, hearing.side, Cause.FOLLOW_UP_EXECUTED)
            elif all(_over(each) for each in followers):
                moves += self._move_kept(kept, hearing.act, hearing.side, Cause.FOLLOW_UP_ENDED)
        return moves

    def _tell_joined(self, hearing: Hearing) -> list[Move]:
        moves: list[Move] = []
        for each in self.joined[hearing.standing.opening.message_id]:
            ended = ends_arrest(hearing, self.standings[each])
            if ended is not None:
                self.standings[each] = ended.standing
                moves += ended.moves
        return moves

    def _move_kept(self, kept: bytes, act: LegalAct, side: Side, cause: Cause) -> list[Move]:
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
    return opening.sender.partition(".")[0], opening.recipient.partition(".")[0]


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
