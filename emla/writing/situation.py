"""Where a request stands, as one of its two sides sees it before it says something: the facts from which an act is written.

Here: `Situation`, and how it follows from a docket. Not here: how a client gets one from a server, and what may be said (it is in
`emla.cases.prospects`, and comes in).

Rules of this file: ids are hexadecimal texts, as a document holds them. What is not known is empty: then the officer is asked.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from emla.cases.docket import Docket
from emla.cases.holdings import FILE, ITEM, things_of
from emla.cases.judgement import Effect
from emla.cases.prospects import may_say, turns
from emla.cases.standing import Standing
from emla.model.case_states import ENDED, InformationState, MeasureState, Side
from emla.model.errors import NotFoundError
from emla.model.legal_act import LegalAct


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """A message of the case that has an effect."""

    message_id: str
    message_type: str
    sender: str
    issued_at: datetime
    in_reply_to: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One measure that was asked for."""

    measure_id: str
    kind: str
    """Code of CL-MEASURE."""
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenQuestions:
    """Questions that were asked, with those that are open."""

    message_id: str
    open: tuple[str, ...]
    mandatory: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Within:
    """Something in a message of the case: a condition, an item, a restriction."""

    message_id: str
    local_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """What a message of the case has brought, whatever became of it as an act."""

    message_id: str
    sender: str
    files: tuple[str, ...] = ()
    items: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A result that was sent."""

    message_id: str
    final: bool
    verified: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class NextTurn:
    """Something that somebody is expected to do."""

    ours: bool
    what: str
    source: str
    due_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """One request, preservation or piece of information, seen by one side."""

    case_id: str
    own: str
    """Our authority."""
    other: str
    """To whom we write."""
    side: Side
    opening: Spoken
    states: tuple[str, ...]
    may_say: tuple[str, ...]
    """Types of the messages that our side may write now."""
    information: bool = False
    """Whether it is information that nobody asked for."""
    turns: tuple[NextTurn, ...] = ()
    generation: int = 1
    measures: tuple[Measure, ...] = ()
    acts: tuple[Spoken, ...] = ()
    """Everything about it that holds, in causal order."""
    questions: tuple[OpenQuestions, ...] = ()
    pending: tuple[Within, ...] = ()
    """Conditions that are neither accepted nor declined."""
    results: tuple[Sent, ...] = ()
    withdrawn_in: tuple[str, ...] = ()
    """Withdrawals that are not confirmed."""
    withdrawn: tuple[str, ...] = ()
    """The measures in them."""
    to_return: tuple[Within, ...] = ()
    limits: tuple[str, ...] = ()
    """Use limits that bind who holds the evidence."""
    instruments: tuple[str, ...] = ()
    """What it rests on; codes of CL-INSTRUMENT."""
    proposed: str = ""
    """The proposal to close it, where there is one."""
    talked_in: tuple[str, ...] = ()
    """Messages of consultations that are open."""
    requesting_reference: str = ""
    requested_reference: str = ""
    brought: tuple[Brought, ...] = ()
    """Of every message of the case, in causal order."""
    words: Mapping[str, str] = field(default_factory=dict)
    """Texts of the message that is answered, by the id of what they are of: a question, a condition."""

    @property
    def open_measures(self) -> tuple[Measure, ...]:
        """The measures that have not come to their end."""
        return tuple(each for each in self.measures if each.state not in _ENDED)

    def newest(self, *message_types: str, by_us: bool | None = None) -> str:
        """The id of the newest message of these types; empty where there is none."""
        found = [
            each.message_id
            for each in self.acts
            if each.message_type in message_types and by_us in (None, each.sender == self.own)
        ]
        return found[-1] if found else ""

    def beginning_with(self, typed: str) -> str:
        """The id of the one message that begins so; empty where nothing is typed.

        Raises:
            NotFoundError: ``not-found``: there is none, or more than one.
        """
        if not typed:
            return ""
        found = sorted({each.message_id for each in self.acts if each.message_id.startswith(typed.lower())})
        if len(found) != 1:
            said = typed[:_ID_DIGITS]  # whoever types may type a book
            raise NotFoundError(
                "not-found", f"{said!r} is not the beginning of the id of one message about this request."
            )
        return found[0]


_ENDED = frozenset(each.value for each in ENDED)
_ID_DIGITS = 32


def situations(docket: Docket, case_id: bytes, own: str) -> tuple[Situation, ...]:
    """What was begun in a case, as an authority sees it; without what it has no part in."""
    found = []
    for standing in docket.of_case(case_id):
        side = standing.side_of(own)
        if side is not None:
            found.append(_situation(docket, standing, own, side))
    return tuple(found)


def _situation(docket: Docket, standing: Standing, own: str, side: Side) -> Situation:
    key = standing.opening.key
    heard = [
        each.act
        for each in docket.judgements
        if each.effect is Effect.EFFECTIVE and (each.request == key or docket.about.get(each.act.key) == key)
    ]
    spoke = [each.sender for each in heard if each.sender != own]
    others = spoke[-1:] or [each for each in sorted(standing.addressees) if each != own]
    withdrawals = [each for each in standing.withdrawals if each.unconfirmed]
    return Situation(
        case_id=standing.opening.case_id.hex(),
        own=own,
        other=others[0] if others else standing.opening.recipient,
        side=side,
        opening=_spoken([standing.opening])[0],
        states=standing.states,
        may_say=may_say(standing, side),
        information=standing.information is not None,
        turns=tuple(
            NextTurn(
                ours=each.side in (side, Side.EITHER),
                what=each.what,
                source=each.source,
                due_on=each.due_on,
            )
            for each in turns(standing)
        ),
        generation=standing.generation,
        measures=_measures(standing),
        acts=_spoken(heard),
        questions=_questions(standing),
        pending=_pending(standing),
        results=tuple(
            Sent(message_id=each.message_id.hex(), final=each.final, verified=each.verified)
            for each in standing.results
        ),
        withdrawn_in=tuple(each.message_id.hex() for each in withdrawals),
        withdrawn=tuple(sorted({measure for each in withdrawals for measure in each.unconfirmed})),
        to_return=_sorted(
            Within(message_id=each.message_id.hex(), local_id=each.local_id) for each in standing.to_return
        ),
        limits=tuple(sorted(standing.limits)),
        instruments=tuple(dict.fromkeys(standing.instruments)),
        proposed=standing.proposed.hex() if standing.proposed and not standing.closed else "",
        talked_in=tuple(
            sorted(each.hex() for talk in standing.talks if not talk.closed for each in talk.messages)
        ),
        requesting_reference=standing.opening.requesting_reference,
        requested_reference=standing.reference,
        brought=_brought(docket, standing),
    )


def _brought(docket: Docket, standing: Standing) -> tuple[Brought, ...]:
    of_case = (each.act for each in docket.judgements if each.act.case_id == standing.opening.case_id)
    return tuple(
        Brought(
            message_id=act.message_id.hex(),
            sender=act.sender,
            files=tuple(each.local_id for each in things_of(act) if each.kind == FILE),
            items=tuple(each.local_id for each in things_of(act) if each.kind == ITEM),
        )
        for act in of_case
    )


def _measures(standing: Standing) -> tuple[Measure, ...]:
    """Those of a request; of a preservation the one that it asks for."""
    if standing.measures:
        return tuple(
            Measure(measure_id=key, kind=each.kind, state=each.state.value)
            for key, each in standing.measures.items()
        )
    return tuple(
        Measure(measure_id=each.measure_id, kind=each.kind, state=MeasureState.REQUESTED.value)
        for each in standing.opening.asked
    )


def _spoken(acts: Iterable[LegalAct]) -> tuple[Spoken, ...]:
    return tuple(
        Spoken(
            message_id=each.message_id.hex(),
            message_type=each.message_type,
            sender=each.sender,
            issued_at=each.issued_at,
            in_reply_to=each.in_reply_to.hex() if each.in_reply_to else "",
        )
        for each in acts
    )


def _questions(standing: Standing) -> tuple[OpenQuestions, ...]:
    return tuple(
        OpenQuestions(
            message_id=each.message_id.hex(),
            open=tuple(one for one in each.questions if one in each.unanswered),
            mandatory=each.mandatory,
        )
        for each in standing.inquiries
        if each.unanswered
    )


def _pending(standing: Standing) -> tuple[Within, ...]:
    """Conditions of measures that wait for an answer; of offered information all."""
    asked = {one for each in standing.measures.values() for one in each.pending - each.agreed}
    if standing.information is InformationState.OFFERED_WITH_CONDITIONS:
        asked |= set(standing.conditions)
    return _sorted(Within(message_id=each.message_id.hex(), local_id=each.local_id) for each in asked)


def _sorted(found: Iterable[Within]) -> tuple[Within, ...]:
    return tuple(sorted(found, key=lambda each: (each.message_id, each.local_id)))
