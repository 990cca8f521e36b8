"""The state of a request, from its measures, its open questions and what was sent. Pure; the table says whether it may be so.

Source: docs/spec/cases.md 4.3.

Rules of this file:
- The steps are asked in order, and the first that fits is the answer.
- What the requesting authority must do comes before what is done meanwhile: questions, a consultation, conditions.
"""

from emla.cases.standing import Inquiry, Standing, Talk
from emla.model.case_states import ENDED, GRANTED, MeasureState, RequestState

_CARRIED_OUT = GRANTED | {MeasureState.EXECUTED, MeasureState.NOT_EXECUTED}


def request_state(standing: Standing) -> RequestState:
    """Where a request stands."""
    if standing.closed:
        return RequestState.CLOSED
    return _withdrawn(standing) or _ended(standing) or _waiting(standing) or _under_way(standing)


def waits(standing: Standing, inquiry: Inquiry) -> bool:
    """Whether something still waits for the answers to an inquiry."""
    return bool(inquiry.unanswered) and _open(standing, inquiry.waits_for)


def talks(standing: Standing, talk: Talk) -> bool:
    """Whether a consultation goes on."""
    return not talk.closed and _open(standing, talk.measures)


def _open(standing: Standing, measures: frozenset[str]) -> bool:
    return any(standing.measures[each].state not in ENDED for each in measures)


def _withdrawn(standing: Standing) -> RequestState | None:
    measures = standing.measures.values()
    unconfirmed = any(each.unconfirmed for each in standing.withdrawals)
    whole = any(each.whole for each in standing.withdrawals)
    left = [each for each in measures if not each.gone]
    if whole or (
        standing.withdrawals and all(each.state is MeasureState.REFUSED for each in left) and unconfirmed
    ):
        return RequestState.WITHDRAWAL_PENDING if unconfirmed else RequestState.WITHDRAWN
    return None if left or not standing.withdrawals else RequestState.WITHDRAWN


def _ended(standing: Standing) -> RequestState | None:
    if standing.referred:
        return RequestState.REFERRED
    states = {each.state for each in standing.measures.values()}
    if MeasureState.REFUSED in states and states <= {MeasureState.REFUSED, MeasureState.WITHDRAWN}:
        return RequestState.REFUSED
    finals = [each for each in standing.results if each.final]
    if finals and states <= ENDED:
        return RequestState.RESULTS_RECEIVED if finals[-1].verified else RequestState.RESULTS_SENT
    return None


def _waiting(standing: Standing) -> RequestState | None:
    if any(waits(standing, each) for each in standing.inquiries):
        return RequestState.AWAITING_SUPPLEMENT
    if any(talks(standing, each) for each in standing.talks):
        return RequestState.CONSULTATION
    if any(each.state is MeasureState.CONDITIONAL for each in standing.measures.values()):
        return RequestState.AWAITING_CONDITIONS
    return None


def _under_way(standing: Standing) -> RequestState:
    states = {each.state for each in standing.measures.values()}
    if states & _CARRIED_OUT:
        return RequestState.PARTIALLY_EXECUTED if standing.results else RequestState.IN_EXECUTION
    if MeasureState.POSTPONED in states:
        return RequestState.POSTPONED
    if standing.reviewing:
        return RequestState.UNDER_REVIEW
    return RequestState.RECEIVED if standing.received else RequestState.SUBMITTED
