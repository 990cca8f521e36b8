"""What comes next, and what may be said now: whose turn it is, by the states alone.

Rules of this file:
- One row for each state in which somebody is expected to act. A state without a row expects nobody.
- A day stands here where a message names it. Time limits of instruments are another matter (`model.deadline`).
- What a turn says is advice: no table asks for it, and an authority may do something else.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date

from emla.cases.causes import causes_of, writer_of
from emla.cases.derive import waits
from emla.cases.order import OPENS
from emla.cases.standing import Standing
from emla.model.case_states import (
    ExtraditionState,
    InformationState,
    PreservationState,
    RequestState,
    Side,
    State,
)
from emla.model.message_types import MESSAGE_TYPES
from emla.model.request_machine import REQUEST


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """Something that somebody is expected to do."""

    side: Side
    what: str
    source: str
    due_on: date | None = None
    """The day that a message names for it."""


def _opener(what: str, source: str) -> Turn:
    return Turn(side=Side.OPENER, what=what, source=source)


def _addressee(what: str, source: str) -> Turn:
    return Turn(side=Side.ADDRESSEE, what=what, source=source)


_R, _P, _E, _I = RequestState, PreservationState, ExtraditionState, InformationState
_CLOSE = _opener("return what has to be returned, and propose to close the case", "ETS30 6(2)")
TURNS: Mapping[State, Turn] = {
    _R.SUBMITTED: _addressee("confirm the receipt of the request", "EIO 16(1), UNCAC 46(24)"),
    _R.RECEIVED: _addressee("review the request", "UNCAC 46(17)"),
    _R.REFERRED: Turn(
        side=Side.EITHER,
        what="confirm the receipt at the authority to which it was referred, or address it there anew",
        source="ETS30 18, BUD 27(9)(c)",
    ),
    _R.UNDER_REVIEW: _addressee("decide on each measure", "UNCAC 46(17), 46(21)-(26)"),
    _R.AWAITING_SUPPLEMENT: _opener("answer the questions that are open", "UNCAC 46(16)"),
    _R.CONSULTATION: Turn(
        side=Side.EITHER, what="answer, or close the consultation", source="UNCAC 46(26), BUD 27(6)"
    ),
    _R.AWAITING_CONDITIONS: _opener("accept the conditions, or say which cannot be met", "BUD 28(3)"),
    _R.IN_EXECUTION: _addressee("carry out what was granted, and send the results", "UNCAC 46(24)"),
    _R.POSTPONED: _addressee("go on when the ground of the postponement is gone", "UNCAC 46(25)"),
    _R.PARTIALLY_EXECUTED: _addressee("send the rest of the results", "BUD 27(7)"),
    _R.RESULTS_SENT: _opener("compare the results with their manifest, and confirm them", "BR-056"),
    _R.WITHDRAWAL_PENDING: _addressee("stop, and confirm the withdrawal", "UNCAC 46(24)"),
    _R.REFUSED: _CLOSE,
    _R.RESULTS_RECEIVED: _CLOSE,
    _R.WITHDRAWN: _CLOSE,
    _P.REQUESTED: _addressee("preserve the data, and say until when", "BUD 29(3), 29(7)"),
    _P.PRESERVED: _opener("send the request that follows, or ask for more time", "BUD 29(2)(f), 29(7)"),
    _P.EXTENDED: _opener("send the request that follows", "BUD 29(2)(f), 29(7)"),
    _E.ARRESTED: _opener("send the request for extradition with its documents", "ETS24 12, 16(4)"),
    _E.SURRENDER_DATE_SET: Turn(
        side=Side.EITHER, what="surrender, and take over, on the day that is set", source="ETS24 18(3)-(4)"
    ),
    _I.OFFERED_WITH_CONDITIONS: _addressee("accept or decline the conditions", "BUD 26(2)"),
    _I.CONDITIONS_ACCEPTED: _opener("send the information", "BUD 26(2)"),
    _I.CONDITIONS_DECLINED: _opener("decide whether to send the information all the same", "BUD 26(2)"),
    _I.TRANSMITTED: _addressee("confirm the receipt of the information", "UNCAC 46(4)"),
}
"""Whose turn it is in a state."""
CONFIRM = _addressee("agree to close the case, or object", "ETS30 6(2)")
"""Instead of the turn of a settled state, once closing was proposed."""


_INFORMS = "SpontaneousInformation"
"""Begins something of its own, unless it is said about information that was offered or given before (BUD 26(2))."""


def turns(standing: Standing) -> tuple[Turn, ...]:
    """Whose turn it is; several where a request is part of an extradition, none where nobody is expected to act."""
    return tuple(_turns(standing))


def _turns(standing: Standing) -> Iterator[Turn]:
    request = TURNS.get(standing.request) if standing.request else None
    if request is not None:
        day = _answer_by(standing) if standing.request is _R.AWAITING_SUPPLEMENT else None
        yield replace(CONFIRM if standing.proposed and request is _CLOSE else request, due_on=day)
    if standing.preservation is not None and standing.preservation in TURNS:
        yield replace(TURNS[standing.preservation], due_on=standing.preserved_until)
    extradition = standing.extradition
    if extradition is not None and extradition.state in TURNS and standing.request is not _R.CLOSED:
        yield replace(TURNS[extradition.state], due_on=extradition.due_on)
    if standing.information is not None and standing.information in TURNS:
        yield TURNS[standing.information]


def _answer_by(standing: Standing) -> date | None:
    days = [each.due_on for each in standing.inquiries if each.due_on and waits(standing, each)]
    return min(days, default=None)


def may_say(standing: Standing, side: Side) -> tuple[str, ...]:
    """The messages that one side may write now, by name. What is in them may still not hold.

    Of what is no request every message that the side may write: nothing there is forbidden by the state alone.
    """
    information = standing.information is not None
    return tuple(
        name
        for name in MESSAGE_TYPES
        if name not in OPENS
        and (name != _INFORMS or information)
        and writer_of(name, information=information) in (side, Side.EITHER)
        and (standing.request is None or _heard(standing.request, name, side))
    )


def _heard(state: RequestState, message_type: str, side: Side) -> bool:
    return any(REQUEST.row(state, cause, side) is not None for cause in causes_of(message_type))
