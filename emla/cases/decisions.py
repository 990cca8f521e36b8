"""What the requested authority declares about a request: receipt, referral, delay, decisions, results.

Rules of this file: each function hears one kind of act; that the side may say it, and now, has been asked before (`fold`).
"""

from collections import defaultdict
from collections.abc import Mapping

from emla.cases.hearing import Hearing
from emla.cases.judgement import NOT_FINAL, NOT_WITHDRAWN
from emla.cases.standing import SentResult
from emla.model.case_states import ENDED, LIVE, MeasureState, Side
from emla.model.legal_act import AboutMeasure, Reference
from emla.model.transition import Cause

_DECIDED = {
    "ACCEPTED": Cause.GRANTED,
    "PARTIALLY_ACCEPTED": Cause.GRANTED,
    "ACCEPTED_WITH_CONDITIONS": Cause.GRANTED_WITH_CONDITIONS,
    "POSTPONED": Cause.POSTPONED,
    "REFUSED": Cause.REFUSED,
}
_OUTCOMES = {
    "EXECUTED_FULL": Cause.DONE,
    "EXECUTED_NO_RESULT": Cause.DONE,
    "SUBSTITUTED_MEASURE": Cause.DONE,
    "NOT_EXECUTED_IMPOSSIBLE": Cause.NOT_DONE,
    "NOT_EXECUTED_PERSON_NOT_FOUND": Cause.NOT_DONE,
    "NOT_EXECUTED_DATA_NOT_HELD": Cause.NOT_DONE,
    "NOT_EXECUTED_LAPSED": Cause.NOT_DONE,
    "REFERRED": Cause.NOT_DONE,
    "REFUSED": Cause.REFUSED_LATE,
}
_WITHDRAWN_OUTCOMES = ("WITHDRAWN_BEFORE", "WITHDRAWN_DURING")


def receipt(hearing: Hearing) -> None:
    """ReceiptConfirmation."""
    standing = hearing.standing
    hearing.change(
        received=True,
        referred=False,
        reference=hearing.act.requested_reference or standing.reference,
        addressees=standing.addressees | set(hearing.act.named),
    )
    hearing.holds = True


def referral(hearing: Hearing) -> None:
    """ReferralNotice: the other authority may act from now on; what was begun begins anew."""
    addressees = hearing.standing.addressees | set(hearing.act.named)
    hearing.change(referred=True, reviewing=False, received=False, addressees=addressees)
    hearing.holds = True


def begun(hearing: Hearing) -> None:
    """DelayNotice, TimeLimitExtension: somebody is at work on it, and all that was granted is being carried out."""
    concerned = hearing.all_or_named(hearing.act.measures)
    hearing.holds = bool(concerned) or not hearing.act.measures
    if hearing.holds and hearing.standing.request in LIVE:
        hearing.change(reviewing=True, referred=False)
        for each in hearing.standing.measures:
            hearing.move_measure(each, Cause.BEGUN, quietly=True)


def report(hearing: Hearing) -> None:
    """StatusReport: tells, and moves little; a decision is a decision."""
    hearing.holds = True
    if hearing.standing.request not in LIVE:
        return
    hearing.change(received=True, referred=False)
    if hearing.act.code != "RECEIVED":
        hearing.change(reviewing=True)
    for each in hearing.act.says:
        if not hearing.named([each.measure_id]):
            continue
        measure = hearing.standing.measures[each.measure_id]
        if hearing.act.flag and measure.state is MeasureState.POSTPONED and each.code != "POSTPONED":
            hearing.move_measure(each.measure_id, Cause.RESUMED, measure.resumes)
        elif each.code == "IN_EXECUTION":
            hearing.move_measure(each.measure_id, Cause.BEGUN, quietly=True)


def decision(hearing: Hearing) -> None:
    """Decision, measure by measure."""
    conditions = _set_conditions(hearing)
    decided = []
    for each in hearing.act.says:
        if not hearing.named([each.measure_id]):
            continue
        cause = _DECIDED[each.code]
        before = hearing.standing.measures[each.measure_id].state
        if not hearing.move_measure(each.measure_id, cause):
            continue
        decided.append(each.measure_id)
        pending = conditions[each.measure_id] if cause is Cause.GRANTED_WITH_CONDITIONS else frozenset()
        hearing.set_measure(each.measure_id, pending=pending, agreed=frozenset())
        if cause is Cause.POSTPONED and before is not MeasureState.POSTPONED:
            hearing.set_measure(each.measure_id, resumes=before)
    if decided:
        hearing.change(reviewing=True, referred=False)
        hearing.settle(decided)


def _set_conditions(hearing: Hearing) -> Mapping[str, frozenset[Reference]]:
    """The conditions for each measure: those of its own, and those of others that name it."""
    applies: dict[str, set[Reference]] = defaultdict(set)
    limits: dict[Reference, str] = {}
    for each in hearing.act.says:
        for condition in each.conditions:
            key = Reference(message_id=hearing.act.message_id, local_id=condition.condition_id)
            limits[key] = condition.use_limit
            for measure in condition.measures or (each.measure_id,):
                applies[measure].add(key)
    if limits:
        hearing.change(conditions={**hearing.standing.conditions, **limits})
    return defaultdict(frozenset, {key: frozenset(value) for key, value in applies.items()})


def result(hearing: Hearing) -> None:
    """ResultTransmission, and PreservationOutcome where a request asks for preservation among other things."""
    act = hearing.act
    final = act.flag and act.message_type == "ResultTransmission"
    reported = [
        each.measure_id
        for each in act.says
        if hearing.named([each.measure_id]) and _outcome(hearing, each, final=final)
    ]
    if not reported:
        return
    if hearing.standing.request in LIVE:
        hearing.change(reviewing=True, referred=False)
        hearing.settle(reported)
        for key in hearing.standing.measures:
            hearing.move_measure(key, Cause.BEGUN, quietly=True)
    _record(hearing, final=final)


def _outcome(hearing: Hearing, about: AboutMeasure, *, final: bool) -> bool:
    measure = hearing.standing.measures[about.measure_id]
    if measure.state is MeasureState.WITHDRAWN:
        cause = Cause.CROSSED
    elif about.code in _WITHDRAWN_OUTCOMES:
        if not measure.crossing:
            hearing.objects(NOT_WITHDRAWN, about.measure_id)
        return measure.crossing
    elif about.code == "EXECUTED_PARTIAL":
        cause = Cause.DONE if final else Cause.PART_DONE
    else:
        cause = _OUTCOMES[about.code]
    if not hearing.move_measure(about.measure_id, cause):
        return False
    measure = hearing.standing.measures[about.measure_id]
    hearing.set_measure(
        about.measure_id, sent_in=measure.sent_in | {hearing.act.message_id}, pending=frozenset()
    )
    if measure.gone and not _still_wanted(hearing):
        hearing.change(unusable=hearing.standing.unusable | {hearing.act.message_id})
    return True


def _still_wanted(hearing: Hearing) -> bool:
    return all(each.usable for each in hearing.standing.withdrawals)


def _record(hearing: Hearing, *, final: bool) -> None:
    """Conditions that come with results bind who holds them, from the moment they come (BUD 28, UNCAC 46(19))."""
    act, standing = hearing.act, hearing.standing
    open_measures = [key for key, each in standing.measures.items() if each.state not in ENDED]
    if final:
        for each in open_measures:
            hearing.objects(NOT_FINAL, each)
    conditions = {
        Reference(message_id=act.message_id, local_id=each.condition_id): each.use_limit
        for each in act.conditions
    }
    items = {Reference(message_id=act.message_id, local_id=each) for each in act.items_to_return}
    sent = SentResult(
        message_id=act.message_id, final=final and not open_measures, conditions=tuple(conditions)
    )
    hearing.change(
        results=(*standing.results, sent),
        conditions={**standing.conditions, **conditions},
        to_return=standing.to_return | items,
        limits=standing.limits | set(conditions.values()) - {""},
        owner=act.owner or act.sender,
    )


def agreement(hearing: Hearing) -> None:
    """JITAgreement: the team exists when everybody has signed; each party signs for itself alone."""
    act = hearing.act
    known = hearing.named(act.measures)
    if not known:
        return
    hearing.holds = True
    signed = hearing.standing.signed | ({act.sender} & set(act.signed))
    addressees = hearing.standing.addressees | (set(act.named) - {hearing.standing.opening.sender})
    hearing.change(signed=signed, addressees=addressees, reviewing=True, referred=False)
    if signed >= addressees | {hearing.standing.opening.sender}:
        agreed = [each for each in known if hearing.move_measure(each, Cause.TEAM_AGREED, quietly=True)]
        hearing.settle(agreed)


def withdrawal_confirmation(hearing: Hearing) -> None:
    """WithdrawalConfirmation: what was withdrawn is at its end."""
    act = hearing.act
    answered = [each for each in hearing.standing.withdrawals if each.message_id == act.in_reply_to]
    meant = answered or [each for each in hearing.standing.withdrawals if each.unconfirmed]
    withdrawn = {measure for each in meant for measure in each.unconfirmed}
    confirmed = [each for each in hearing.all_or_named(act.measures) if each in withdrawn]
    if not confirmed:
        hearing.objects(NOT_WITHDRAWN)
        return
    hearing.holds = True
    for each in confirmed:
        if hearing.standing.measures[each].crossing:
            hearing.move_measure(each, Cause.WITHDRAWAL_CONFIRMED, quietly=True)
            hearing.set_measure(each, crossing=False)
    ids = {each.message_id for each in meant}
    hearing.change(
        withdrawals=tuple(
            each.less(confirmed) if each.message_id in ids else each for each in hearing.standing.withdrawals
        )
    )


def addressee_consults(hearing: Hearing, concerned: tuple[str, ...]) -> None:
    """A consultation that the requested authority begins shows that it is at work."""
    if hearing.side is Side.ADDRESSEE:
        hearing.change(reviewing=True, referred=False)
        for each in concerned:
            hearing.move_measure(each, Cause.BEGUN, quietly=True)
