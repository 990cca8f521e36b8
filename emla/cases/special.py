"""Acts about preservation, extradition and spontaneous information.

Rules of this file: as in `decisions`. The extradition is written into the standing of the request that is heard; `fold`
carries it to the other one.
"""

from dataclasses import replace

from emla.cases.answers import bind
from emla.cases.hearing import Hearing
from emla.cases.judgement import NOT_NOW
from emla.cases.standing import SentResult, Standing
from emla.model.case_states import ExtraditionState, InformationState, PreservationState, RequestState, State
from emla.model.legal_act import Reference
from emla.model.request_machine import REQUEST
from emla.model.special_machines import EXTRADITION, INFORMATION, PRESERVATION
from emla.model.transition import Cause, Machine

_DONE = ("EXECUTED", "SUBSTITUTED")
_ENDS_EXTRADITION = frozenset(
    {"NO_REQUEST_IN_TIME", "NOT_TAKEN_OVER", "EXTRADITION_REFUSED", "REQUEST_WITHDRAWN"}
)
"""A release for another reason does not end a request for extradition (ETS24 16(5))."""


def _target(hearing: Hearing, machine: Machine, state: State | None, cause: Cause) -> State | None:
    """Where a cause leads for this side; None, with an objection, where it may not be."""
    row = machine.row(state, cause, hearing.side)
    if row is None:
        hearing.objects(NOT_NOW, machine=machine.name, state=state.value if state else "not there")
        return None
    hearing.holds = True
    return row.to[0] if row.to else state


# --- preservation ---


def move_preservation(hearing: Hearing, cause: Cause, to: PreservationState | None = None) -> None:
    """Move a preservation, if its table has a row for that."""
    before = hearing.standing.preservation
    target = _target(hearing, PRESERVATION, before, cause)
    if target is not None:
        after = PreservationState(to or target)
        hearing.note(PRESERVATION, cause, before, after)
        hearing.change(preservation=after)


def preservation_outcome(hearing: Hearing, *, extends: bool) -> None:
    """PreservationOutcome: the data are kept until a day, or are not."""
    about = hearing.act.says[0]
    if not about.code.startswith(_DONE):
        move_preservation(hearing, Cause.NOT_PRESERVED)
        return
    before = hearing.standing.preservation
    kept = before in (PreservationState.PRESERVED, PreservationState.EXTENDED)
    again = PreservationState.EXTENDED if extends else before
    move_preservation(hearing, Cause.PRESERVED, again if kept else None)
    if hearing.holds:
        hearing.change(preserved_until=hearing.act.due_on or hearing.standing.preserved_until)


def preservation_decision(hearing: Hearing) -> None:
    """Decision on a preservation: only a refusal moves it; the outcome does the rest."""
    if any(each.code == "REFUSED" for each in hearing.act.says):
        move_preservation(hearing, Cause.NOT_PRESERVED)
    else:
        hearing.holds = True


# --- extradition ---


def move_extradition(hearing: Hearing, cause: Cause) -> bool:
    """Move an extradition, if its table has a row for that."""
    extradition = hearing.standing.extradition
    if extradition is None:
        hearing.objects(NOT_NOW, machine="request", state="for no extradition")
        return False
    row = EXTRADITION.row(extradition.state, cause, hearing.side)
    if row is None:
        hearing.objects(NOT_NOW, machine=EXTRADITION.name, state=extradition.state.value)
        return False
    target = ExtraditionState(row.to[0] if row.to else extradition.state)
    hearing.note(EXTRADITION, cause, extradition.state, target)
    hearing.change(extradition=replace(extradition, state=target))
    return True


def arrest(hearing: Hearing) -> None:
    """ArrestNotice; a second one tells of consent."""
    act = hearing.act
    known = hearing.named(act.measures)
    if not known or not move_extradition(hearing, Cause.ARREST):
        return
    hearing.holds = True
    for each in known:
        hearing.move_measure(each, Cause.ARREST, quietly=True)
    extradition = hearing.standing.extradition
    assert extradition is not None
    hearing.change(
        reviewing=True,
        referred=False,
        extradition=replace(
            extradition,
            arrested_on=act.arrested_on,
            due_on=act.due_on or extradition.due_on,
            consented=extradition.consented or act.consented,
        ),
    )


def decided(hearing: Hearing) -> None:
    """Decision on extradition; on a request for arrest only where the person consents to simplified extradition (CETS209)."""
    extradition = hearing.standing.extradition
    if extradition is None or all(each.code == "POSTPONED" for each in hearing.act.says):
        return
    full = hearing.standing.opening.message_type == "ExtraditionRequest"
    if full or (extradition.consented and extradition.state is ExtraditionState.ARRESTED):
        move_extradition(hearing, Cause.DECISION)


def surrender(hearing: Hearing) -> None:
    """SurrenderNotice: a day is set or changed, or the person was surrendered."""
    act = hearing.act
    cause = Cause.SURRENDERED if act.code == "SURRENDERED" else Cause.DATE_SET
    known = hearing.named(act.measures)
    if not known or not move_extradition(hearing, cause):
        return
    hearing.holds = True
    hearing.change(reviewing=True, referred=False)
    for each in known:
        hearing.move_measure(each, cause, quietly=True)
    if cause is Cause.SURRENDERED:
        sent = SentResult(message_id=act.message_id, final=True)
        hearing.change(results=(*hearing.standing.results, sent))
        hearing.settle(known)


def ends_arrest(hearing: Hearing, arrest_request: Standing) -> Hearing | None:
    """Surrender, or a release that ends the request for extradition, ends the request for arrest as well.

    Returns:
        The hearing of the request for arrest; None where nothing ends.
    """
    act = hearing.act
    surrendered = act.message_type == "SurrenderNotice" and act.code == "SURRENDERED"
    released = act.message_type == "ReleaseNotice" and hearing.standing.closed
    cause = Cause.SURRENDER if surrendered else Cause.RELEASE
    if (
        not (surrendered or released)
        or arrest_request.opening.message_type != "ProvisionalArrestRequest"
        or arrest_request.request is RequestState.CLOSED
        or REQUEST.row(arrest_request.request, cause, hearing.side) is None
    ):
        return None
    other = Hearing(act=act, side=hearing.side, standing=arrest_request, holds=True)
    for each in arrest_request.measures:
        other.move_measure(each, Cause.SURRENDERED if surrendered else cause, quietly=True)
    other.note(REQUEST, cause, arrest_request.request, RequestState.CLOSED)
    other.change(closed=True, request=RequestState.CLOSED)
    return other


def release(hearing: Hearing) -> None:
    """ReleaseNotice: it ends a request for arrest always, one for extradition only for some reasons."""
    act = hearing.act
    known = hearing.named(act.measures)
    if not known or not move_extradition(hearing, Cause.RELEASE):
        return
    hearing.holds = True
    if hearing.standing.opening.message_type == "ProvisionalArrestRequest" or act.code in _ENDS_EXTRADITION:
        for each in known:
            hearing.move_measure(each, Cause.RELEASE, quietly=True)
        hearing.change(closed=True)


# --- information ---


def _move_information(hearing: Hearing, cause: Cause) -> bool:
    before = hearing.standing.information
    target = _target(hearing, INFORMATION, before, cause)
    if target is None:
        return False
    hearing.note(INFORMATION, cause, before, target)
    hearing.change(information=InformationState(target))
    return True


def give(hearing: Hearing) -> None:
    """SpontaneousInformation: its nature alone, or all of it."""
    act = hearing.act
    if not _move_information(hearing, Cause.OFFERED if act.flag else Cause.TRANSMITTED):
        return
    set_now = {
        Reference(message_id=act.message_id, local_id=each.condition_id): each.use_limit
        for each in act.conditions
    }
    hearing.change(
        conditions={**hearing.standing.conditions, **set_now}, owner=act.owner or hearing.standing.owner
    )
    if not act.flag:  # what is sent with conditions is received with them (UNCAC 46(5), UNTOC 18(5))
        bind(hearing, set_now)


def accept_or_decline(hearing: Hearing) -> None:
    """ConditionResponse to information: one condition that is not accepted declines the offer."""
    act = hearing.act
    accepted = all(yes for _, yes in act.condition_answers)
    cause = Cause.CONDITIONS_ACCEPTED if accepted else Cause.CONDITIONS_NOT_ACCEPTED
    if _move_information(hearing, cause) and accepted:
        said = {
            Reference(message_id=act.in_reply_to or b"", local_id=key) for key, _ in act.condition_answers
        }
        bind(hearing, said)


def acknowledge(hearing: Hearing) -> None:
    """ReceiptConfirmation of information."""
    _move_information(hearing, Cause.RECEIPT)
