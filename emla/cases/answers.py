"""What the requesting authority says of its request, and what both say to each other: questions, conditions, withdrawal, closure.

Rules of this file: as in `decisions`.
"""

from collections.abc import Iterable
from dataclasses import replace

from emla.cases.decisions import addressee_consults
from emla.cases.hearing import Hearing
from emla.cases.judgement import (
    ALREADY_FINAL,
    GENERATION,
    NO_CONDITION,
    NO_RESULT,
    NOT_PROPOSED,
    NOT_RETURNED,
    NOTHING_LEFT,
    OTHER_SIDE,
)
from emla.cases.standing import Inquiry, MeasureStanding, Talk, Withdrawal
from emla.model.case_states import ENDED, GRANTED, LIVE, MeasureState, Side
from emla.model.legal_act import Reference
from emla.model.measure_machine import MEASURE
from emla.model.request_machine import REQUEST
from emla.model.transition import Cause

_SUBSTANCE = frozenset({"NEW_MEASURE", "NEW_PERSON"})
"""Changes that are reviewed anew."""


def questions(hearing: Hearing) -> None:
    """SupplementaryInformationRequest: measures that are undecided wait, those in execution only where it is suspended."""
    act = hearing.act
    about_all = any(not each.measures for each in act.questions)
    mentioned = [measure for each in act.questions for measure in each.measures]
    named = {*hearing.named(mentioned), *(hearing.standing.measures if about_all else ())}
    going_on = set(act.measures)
    if not act.flag:
        going_on |= {key for key, each in hearing.standing.measures.items() if each.state in GRANTED}
    mandatory = tuple(each.question_id for each in act.questions if each.mandatory)
    asked = mandatory or tuple(each.question_id for each in act.questions)
    inquiry = Inquiry(
        message_id=act.message_id,
        questions=asked,
        mandatory=bool(mandatory),
        unanswered=frozenset(asked),
        waits_for=frozenset(named - going_on),
        due_on=act.due_on,
    )
    hearing.change(inquiries=(*hearing.standing.inquiries, inquiry), reviewing=True, referred=False)
    hearing.holds = True


def answers(hearing: Hearing) -> None:
    """SupplementaryInformation: what it leaves open stays open, whatever it says of itself."""
    act = hearing.act

    def answered(inquiry: Inquiry) -> Inquiry:
        if inquiry.message_id != act.in_reply_to:
            return inquiry
        left = inquiry.unanswered - set(act.answered)
        return replace(inquiry, unanswered=left if inquiry.mandatory or not act.flag else frozenset())

    hearing.change(inquiries=tuple(answered(each) for each in hearing.standing.inquiries))
    hearing.holds = True


def consultation(hearing: Hearing) -> None:
    """Consultation: begins a talk, goes on with one, or closes it."""
    act, standing = hearing.act, hearing.standing
    hearing.holds = True
    known = any(act.in_reply_to in each.messages for each in standing.talks)
    if known or act.flag:
        hearing.change(
            talks=tuple(
                replace(each, messages=each.messages | {act.message_id}, closed=each.closed or act.flag)
                if act.in_reply_to in each.messages or not known
                else each
                for each in standing.talks
            )
        )
    concerned = hearing.all_or_named(act.measures)
    if standing.request in LIVE and not known:
        addressee_consults(hearing, concerned)
    if not known:
        talk = Talk(messages=frozenset({act.message_id}), measures=frozenset(concerned), closed=act.flag)
        hearing.change(talks=(*hearing.standing.talks, talk))


def conditions(hearing: Hearing) -> None:
    """ConditionResponse to a decision, or to results that bear conditions (which bind already)."""
    act = hearing.act
    said = {
        Reference(message_id=act.in_reply_to or b"", local_id=key): accepted
        for key, accepted in act.condition_answers
    }
    for key, measure in tuple(hearing.standing.measures.items()):
        if measure.state is MeasureState.CONDITIONAL and (
            not measure.pending or measure.pending & said.keys()
        ):
            _answer(hearing, key, measure, said)
    sent = {each for result in hearing.standing.results for each in result.conditions}
    if sent & said.keys():
        hearing.holds = True
    if not hearing.holds:
        hearing.objects(NO_CONDITION)


def _answer(hearing: Hearing, key: str, measure: MeasureStanding, said: dict[Reference, bool]) -> None:
    """One measure: a condition that is not accepted gives it back, and then none of the others binds."""
    replies = [said.get(each, True) for each in measure.pending] or list(said.values())
    if not all(replies):
        hearing.move_measure(key, Cause.CONDITIONS_NOT_ACCEPTED)
        hearing.set_measure(key, pending=frozenset(), agreed=frozenset())
        return
    left = measure.pending - said.keys()
    agreed = measure.agreed | (measure.pending & said.keys())
    hearing.set_measure(key, pending=left, agreed=agreed)
    hearing.holds = True
    if not left:
        hearing.move_measure(key, Cause.CONDITIONS_ACCEPTED)
        bind(hearing, agreed)


def bind(hearing: Hearing, accepted: Iterable[Reference]) -> None:
    """Conditions bind the holder."""
    limits = {hearing.standing.conditions.get(each, "") for each in accepted} - {""}
    hearing.change(limits=hearing.standing.limits | limits)


def update(hearing: Hearing) -> None:
    """RequestUpdate: one generation after the other; new measures are asked for like the first."""
    act, standing = hearing.act, hearing.standing
    if act.generation != standing.generation + 1:
        hearing.objects(GENERATION, found=str(act.generation), expected=str(standing.generation + 1))
        return
    hearing.holds = True
    hearing.change(
        generation=act.generation,
        instruments=tuple(dict.fromkeys((*standing.instruments, *act.instruments))),
        talks=tuple(
            replace(each, closed=each.closed or act.in_reply_to in each.messages) for each in standing.talks
        ),
        reviewing=standing.reviewing or (standing.received and bool(_SUBSTANCE & set(act.changes))),
    )
    ask(hearing)


def ask(hearing: Hearing) -> None:
    """The measures that an act asks for and that the request has not yet."""
    for each in hearing.act.asked:
        if each.measure_id not in hearing.standing.measures:
            asked = MeasureStanding(kind=each.kind)
            hearing.own_measures()[each.measure_id] = asked
            hearing.note(MEASURE, Cause.ASKED, None, asked.state, each.measure_id)


def withdrawal(hearing: Hearing) -> None:
    """Withdrawal of all that is left, or of some measures. A result that was not confirmed may have crossed it."""
    act = hearing.act
    whole = act.code == "ALL"
    named = tuple(hearing.standing.measures) if whole else hearing.named(act.measures)
    withdrawn = []
    for key in named:
        measure = hearing.standing.measures[key]
        if measure.state is MeasureState.EXECUTED:
            if measure.crossing or _confirmed(hearing, measure):
                _too_late(hearing, key, measure, whole=whole)
                continue
            hearing.set_measure(key, crossing=True)
            if act.disposition != "RETAIN_IF_OBTAINED":
                hearing.change(unusable=hearing.standing.unusable | measure.sent_in)
        elif measure.state in ENDED:
            _too_late(hearing, key, measure, whole=whole)
            continue
        hearing.move_measure(key, Cause.WITHDRAWAL)
        withdrawn.append(key)
    if not withdrawn:
        if whole:
            hearing.objects(NOTHING_LEFT)
        return
    usable = act.disposition == "RETAIN_IF_OBTAINED"
    new = Withdrawal(message_id=act.message_id, whole=whole, unconfirmed=frozenset(withdrawn), usable=usable)
    hearing.change(withdrawals=(*hearing.standing.withdrawals, new))


def _confirmed(hearing: Hearing, measure: MeasureStanding) -> bool:
    verified = {each.message_id for each in hearing.standing.results if each.verified}
    return bool(measure.sent_in & verified)


def _too_late(hearing: Hearing, key: str, measure: MeasureStanding, *, whole: bool) -> None:
    if not whole:
        hearing.objects(ALREADY_FINAL, key, state=measure.state.value)


def result_receipt(hearing: Hearing) -> None:
    """ResultReceipt: only one that verifies moves anything."""
    act = hearing.act
    results = hearing.standing.results
    meant = [each for each in results if each.message_id == act.in_reply_to]
    if not meant:
        hearing.objects(NO_RESULT)
        return
    hearing.holds = True
    if act.flag:
        hearing.change(
            results=tuple(replace(each, verified=True) if each in meant else each for each in results)
        )


def closure(hearing: Hearing) -> None:
    """ClosureNotice: proposed by who asked, confirmed by who was asked, and not while items are to be returned."""
    act, standing = hearing.act, hearing.standing
    if act.code != "OBJECTED" and standing.to_return:
        for each in sorted(standing.to_return, key=lambda item: (item.message_id, item.local_id)):
            hearing.objects(NOT_RETURNED, item=each.local_id)
        return
    if act.code == "PROPOSED":
        hearing.change(proposed=act.message_id)
    elif standing.proposed is None:
        hearing.objects(NOT_PROPOSED)
        return
    elif act.code == "CONFIRMED":
        hearing.change(closed=True)
    else:
        hearing.change(proposed=None)
    hearing.holds = True


def returned(hearing: Hearing) -> None:
    """ReturnNotice: the holder returns, the owner waives."""
    act, standing = hearing.act, hearing.standing
    meant = standing.to_return & set(act.references)
    right = Side.OPENER if act.flag else Side.ADDRESSEE
    if meant and hearing.side is not right:
        hearing.objects(OTHER_SIDE, side=REQUEST.words[right])
        return
    back = {each.message_id for each in act.references}
    hearing.change(to_return=standing.to_return - meant, unusable=standing.unusable - back)
    hearing.holds = True


def consent(hearing: Hearing) -> None:
    """UseConsentDecision of the owner: a consent in full frees from the restrictions that it names."""
    act, standing = hearing.act, hearing.standing
    hearing.holds = True
    if act.code == "REFUSED" or hearing.side is holder(hearing):
        return
    freed = {each.message_id for each in act.references}
    hearing.change(unusable=standing.unusable - freed)
    if act.code == "GRANTED":
        codes = {standing.conditions.get(each, "") for each in act.restrictions} - {""}
        hearing.change(consented=standing.consented | codes)


def restriction(hearing: Hearing) -> None:
    """RestrictionChange: the owner sets anew, the holder can only add."""
    act, standing = hearing.act, hearing.standing
    hearing.holds = True
    if hearing.side is holder(hearing):
        hearing.change(limits=standing.limits | set(act.limits))
    else:
        hearing.change(limits=frozenset(act.limits), consented=standing.consented & set(act.limits))


def holder(hearing: Hearing) -> Side:
    """The side that holds what the other one sent."""
    return Side.ADDRESSEE if hearing.standing.information is not None else Side.OPENER
