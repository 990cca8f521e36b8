"""Which acts are possible now, and why the others are not: asked of the tables of the cases, never judged anew here."""

from collections.abc import Mapping

from emla.cases.causes import INFORMATION_HANDLERS, LATE, writer_of
from emla.cases.judgement import CLOSED, NOT_NOW, NOT_RETURNED, OTHER_SIDE, Objection
from emla.model.case_states import ExtraditionState, RequestState, Side
from emla.model.request_machine import REQUEST
from emla.model.special_machines import EXTRADITION, INFORMATION, PRESERVATION
from emla.model.transition import Cause
from emla.writing.acts import ACTS, KEPT, STAGE, Act
from emla.writing.situation import Situation


def objection_to(act: Act, situation: Situation) -> Objection | None:
    """Why an act is not possible now, with rule and source; None where it is."""
    if not _concerns(act, situation):
        return NOT_NOW.objection(machine=_machine(situation), state=f"a {situation.opening.message_type}")
    writer = writer_of(act.message, information=situation.information)
    writer = act.only if writer is Side.EITHER else writer
    if writer not in (situation.side, Side.EITHER):
        words = INFORMATION.words if situation.information else REQUEST.words
        return OTHER_SIDE.objection(side=words[writer])
    if RequestState.CLOSED.value in situation.states and act.message not in situation.may_say:
        return CLOSED.objection()
    if act.message not in situation.may_say:
        return NOT_NOW.objection(machine=_machine(situation), state=", ".join(situation.states))
    if act.message in _OF_EXTRADITION and not _arrest_allows(act, situation):
        return NOT_NOW.objection(machine=EXTRADITION.name, state=", ".join(situation.states))
    if act.message == "ClosureNotice" and act.fixed.get(STAGE) != "OBJECTED" and situation.to_return:
        return NOT_RETURNED.objection(item=situation.to_return[0].local_id)
    if act.kind and all(each.kind != act.kind for each in situation.measures):
        return _nothing_to_answer(f"no measure is {act.kind}")
    if act.if_state and all(each.state != act.if_state for each in situation.measures):
        return _nothing_to_answer(f"no measure is {act.if_state}")
    return None if act.answers(situation) else _nothing_to_answer(act.missing)


def _concerns(act: Act, situation: Situation) -> bool:
    """Whether it can be about what was begun."""
    if act.about:
        return situation.opening.message_type in act.about
    return not situation.information or act.message in INFORMATION_HANDLERS or act.message in LATE


_OF_EXTRADITION: Mapping[str, tuple[Cause, ...]] = {
    "ArrestNotice": (Cause.ARREST,),
    "SurrenderNotice": (Cause.DATE_SET, Cause.SURRENDERED),
    "ReleaseNotice": (Cause.RELEASE,),
}
"""Messages that move an extradition, with what they are to it."""


def _arrest_allows(act: Act, situation: Situation) -> bool:
    state = next((each for each in ExtraditionState if each.value in situation.states), None)
    return state is not None and any(
        EXTRADITION.row(state, cause, situation.side) is not None for cause in _OF_EXTRADITION[act.message]
    )


def _nothing_to_answer(missing: str) -> Objection:
    return Objection(
        rule="CA-013",
        sentence=f"It would answer nothing: {missing}.",
        source="emla/1 CA-013",
        remedy="Look at what was said so far (emla case show); name another message with --reply-to.",
    )


def possible(situation: Situation) -> tuple[tuple[Act, Objection | None], ...]:
    """Every act that this kind of matter knows, with why it is not possible now."""
    return tuple((each, objection_to(each, situation)) for each in ACTS)


def _machine(situation: Situation) -> str:
    if situation.information:
        return INFORMATION.name
    return PRESERVATION.name if situation.opening.message_type in KEPT else REQUEST.name
