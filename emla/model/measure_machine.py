"""The state machine of one measure of a request (domain 3.2, CL-DECISION, CL-OUTCOME).

Rules of this file:
- A refusal, an outcome and a withdrawal are ends. A measure that was not executed may still be; one that was refused is asked for
  anew in another request.
- A condition that cannot be met gives the question back to the requested authority, which decides again.
"""

from emla.model.case_states import MeasureState, Side
from emla.model.request_machine import REQUEST
from emla.model.transition import Cause, Machine, Row, states

_M = MeasureState
_OPENER, _ADDRESSEE = Side.OPENER, Side.ADDRESSEE
_OPEN = states(_M.REQUESTED, _M.ACCEPTED, _M.CONDITIONAL, _M.POSTPONED, _M.IN_EXECUTION)
_OUTCOME = "BUD 27(7)"

MEASURE = Machine(
    name="measure",
    words=REQUEST.words,
    states=tuple(MeasureState),
    terminal=states(_M.REFUSED, _M.WITHDRAWN),
    groups=(("open", _OPEN),),
    rows=(
        Row(Cause.ASKED, _OPENER, states(), (_M.REQUESTED,), "UNCAC 46(15)"),
        Row(Cause.GRANTED, _ADDRESSEE, _OPEN - {_M.IN_EXECUTION}, (_M.ACCEPTED,), "UNCAC 46(17)"),
        Row(Cause.GRANTED, _ADDRESSEE, states(_M.IN_EXECUTION), (), "UNCAC 46(17)"),
        Row(
            Cause.GRANTED_WITH_CONDITIONS, _ADDRESSEE, _OPEN, (_M.CONDITIONAL,), "UNCAC 46(26), BUD 27(6), 28"
        ),
        Row(Cause.POSTPONED, _ADDRESSEE, _OPEN, (_M.POSTPONED,), "UNCAC 46(25), BUD 27(5)"),
        Row(Cause.REFUSED, _ADDRESSEE, _OPEN, (_M.REFUSED,), "UNCAC 46(21)-(23), BUD 27(4)"),
        Row(
            Cause.CONDITIONS_ACCEPTED,
            _OPENER,
            states(_M.CONDITIONAL),
            (_M.ACCEPTED,),
            "UNCAC 46(26), BUD 28(3)",
        ),
        Row(Cause.CONDITIONS_NOT_ACCEPTED, _OPENER, states(_M.CONDITIONAL), (_M.REQUESTED,), "BUD 28(3)"),
        Row(
            Cause.RESUMED,
            _ADDRESSEE,
            states(_M.POSTPONED),
            (_M.REQUESTED, _M.ACCEPTED, _M.CONDITIONAL, _M.IN_EXECUTION),
            "UNCAC 46(25)",
        ),
        Row(Cause.BEGUN, _ADDRESSEE, states(_M.ACCEPTED), (_M.IN_EXECUTION,), "UNCAC 46(17), BUD 27(7)"),
        Row(Cause.DONE, _ADDRESSEE, _OPEN | {_M.EXECUTED, _M.NOT_EXECUTED}, (_M.EXECUTED,), _OUTCOME),
        Row(Cause.PART_DONE, _ADDRESSEE, _OPEN, (_M.IN_EXECUTION,), _OUTCOME),
        Row(Cause.PART_DONE, _ADDRESSEE, states(_M.EXECUTED), (), _OUTCOME),
        Row(Cause.NOT_DONE, _ADDRESSEE, _OPEN | {_M.NOT_EXECUTED}, (_M.NOT_EXECUTED,), _OUTCOME),
        Row(Cause.REFUSED_LATE, _ADDRESSEE, _OPEN | {_M.REFUSED}, (_M.REFUSED,), "BUD 27(7), UNCAC 46(23)"),
        Row(Cause.CROSSED, _ADDRESSEE, states(_M.WITHDRAWN), (), "UNCAC 46(24)"),
        Row(Cause.WITHDRAWAL, _OPENER, _OPEN, (_M.WITHDRAWN,), "UNCAC 46(24), UNTOC 18(24)"),
        Row(Cause.WITHDRAWAL, _OPENER, states(_M.EXECUTED), (), "UNCAC 46(24)"),
        Row(Cause.WITHDRAWAL_CONFIRMED, _ADDRESSEE, states(_M.EXECUTED), (_M.WITHDRAWN,), "UNCAC 46(24)"),
        Row(Cause.TEAM_AGREED, Side.EITHER, states(_M.REQUESTED), (_M.ACCEPTED,), "ETS182 20, UNCAC 49"),
        Row(Cause.ARREST, _ADDRESSEE, states(_M.REQUESTED, _M.ACCEPTED), (_M.IN_EXECUTION,), "ETS24 16(3)"),
        Row(Cause.DATE_SET, _ADDRESSEE, states(_M.REQUESTED, _M.ACCEPTED), (_M.IN_EXECUTION,), "ETS24 18(3)"),
        Row(Cause.SURRENDERED, _ADDRESSEE, _OPEN, (_M.EXECUTED,), "ETS24 18(1)"),
        Row(Cause.RELEASE, _ADDRESSEE, _OPEN, (_M.NOT_EXECUTED,), "ETS24 16(4), 18(4)"),
    ),
)
"""A measure."""
