"""A case as the server tells it -> the situations from which acts are written.

Rule of this file: the same as `emla.writing.situation.situations` makes of a docket; a test compares them.
"""

from datetime import date

from emla.cases.holdings import FILE, ITEM
from emla.client.case_answers import ActView, Case, StandingView
from emla.model.case_states import MeasureState, Side
from emla.writing.situation import (
    Brought,
    Measure,
    NextTurn,
    OpenQuestions,
    Sent,
    Situation,
    Spoken,
    Within,
)

_EFFECTIVE = "effective"


def situations_of(case: Case, own: str) -> tuple[Situation, ...]:
    """What was begun in a case, as our authority sees it; without what it has no part in."""
    return tuple(
        _situation(case, each, own)
        for each in case.standings
        if each.own_side in (Side.OPENER.value, Side.ADDRESSEE.value)
    )


def _situation(case: Case, standing: StandingView, own: str) -> Situation:
    opening = standing.opening
    heard = [each for each in case.acts if each.effect == _EFFECTIVE and _is_about(each, standing)]
    spoke = [each.sender for each in heard if each.sender != own]
    others = spoke[-1:] or [each for each in standing.addressees if each != own]
    waiting = [each for each in standing.withdrawals if each.unconfirmed]
    pending = {(each.message_id, each.local_id) for each in standing.conditions_pending}
    states = (standing.request, standing.preservation, standing.extradition, standing.information)
    return Situation(
        case_id=case.case_id,
        own=own,
        other=others[0] if others else standing.opener,
        side=Side(standing.own_side),
        opening=Spoken(
            message_id=opening.message_id,
            message_type=opening.message_type,
            sender=opening.sender,
            issued_at=opening.issued_at,
        ),
        states=tuple(each for each in states if each),
        may_say=standing.may_say,
        information=standing.information is not None,
        turns=tuple(
            NextTurn(
                ours=each.ours,
                what=each.what,
                source=each.source,
                due_on=date.fromisoformat(each.due_on) if each.due_on else None,
            )
            for each in standing.turns
        ),
        generation=standing.generation,
        measures=_measures(standing),
        acts=tuple(
            Spoken(
                message_id=each.message_id,
                message_type=each.message_type,
                sender=each.sender,
                issued_at=each.issued_at,
                in_reply_to=each.in_reply_to or "",
            )
            for each in heard
        ),
        questions=_questions(standing),
        pending=tuple(Within(message_id=message, local_id=local) for message, local in sorted(pending)),
        results=tuple(
            Sent(message_id=each.message_id, final=each.final, verified=each.verified)
            for each in standing.results
        ),
        withdrawn_in=tuple(each.message_id for each in waiting),
        withdrawn=tuple(sorted({measure for each in waiting for measure in each.unconfirmed})),
        to_return=tuple(
            Within(message_id=each.message_id, local_id=each.local_id) for each in standing.to_return
        ),
        limits=standing.use_limits,
        instruments=tuple(dict.fromkeys(standing.instruments)),
        proposed=standing.proposed if standing.proposed and not standing.closed else "",
        talked_in=tuple(sorted(each for talk in standing.talks if not talk.closed for each in talk.messages)),
        requesting_reference=standing.requesting_reference,
        requested_reference=standing.requested_reference,
        brought=tuple(
            Brought(
                message_id=each.message_id,
                sender=each.sender,
                files=tuple(one.id for one in each.things if one.kind == FILE),
                items=tuple(one.id for one in each.things if one.kind == ITEM),
            )
            for each in case.holdings
        ),
    )


def _is_about(act: ActView, standing: StandingView) -> bool:
    key = act.request
    if key is None:
        return False
    return (key.sender, key.message_id) == (standing.opening.sender, standing.opening.message_id)


def _measures(standing: StandingView) -> tuple[Measure, ...]:
    if standing.measures:
        return tuple(
            Measure(measure_id=each.id, kind=each.type, state=each.state) for each in standing.measures
        )
    return tuple(
        Measure(measure_id=each.id, kind=each.type, state=MeasureState.REQUESTED.value)
        for each in standing.asked
    )


def _questions(standing: StandingView) -> tuple[OpenQuestions, ...]:
    return tuple(
        OpenQuestions(
            message_id=each.message_id,
            open=tuple(one.id for one in each.questions if one.open),
            mandatory=any(one.mandatory for one in each.questions),
        )
        for each in standing.inquiries
        if any(one.open for one in each.questions)
    )
