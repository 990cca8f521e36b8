"""The state machines of preservation, extradition and spontaneous information (domain 3.2).

Rules of this file:
- A preservation goes on while the request that follows it is undecided (BUD 29(7)); its end is that request's.
- An extradition is one matter: the request for arrest and the request for extradition move one state. The notice on which a
  person was found is no act between the two authorities, so it has no state here; the request names it.
- Of information, the opener gives it and the addressee answers. Who cannot accept the conditions says so; the giver then decides
  whether to give it all the same (BUD 26(2)).
"""

from emla.model.case_states import ExtraditionState, InformationState, PreservationState, Side
from emla.model.request_machine import REQUEST
from emla.model.transition import Cause, Machine, Row, states

_P, _E, _I = PreservationState, ExtraditionState, InformationState
_OPENER, _ADDRESSEE = Side.OPENER, Side.ADDRESSEE

PRESERVATION = Machine(
    name="preservation",
    words=REQUEST.words,
    states=tuple(PreservationState),
    terminal=states(_P.NOT_PRESERVED, _P.RELEASED, _P.DISCLOSED),
    rows=(
        Row(Cause.OPENED, _OPENER, states(), (_P.REQUESTED,), "BUD 29(1)-(2)"),
        Row(Cause.PRESERVED, _ADDRESSEE, states(_P.REQUESTED), (_P.PRESERVED,), "BUD 29(3), 29(7)"),
        Row(Cause.PRESERVED, _ADDRESSEE, states(_P.PRESERVED), (_P.EXTENDED, _P.PRESERVED), "BUD 29(7)"),
        Row(Cause.PRESERVED, _ADDRESSEE, states(_P.EXTENDED), (), "BUD 29(7)"),
        Row(Cause.PRESERVED, _ADDRESSEE, states(_P.FOLLOWUP_RECEIVED), (), "BUD 29(7)"),
        Row(
            Cause.NOT_PRESERVED,
            _ADDRESSEE,
            states(_P.REQUESTED, _P.FOLLOWUP_RECEIVED),
            (_P.NOT_PRESERVED,),
            "BUD 29(5)-(6)",
        ),
        Row(Cause.NOT_PRESERVED, _ADDRESSEE, states(_P.PRESERVED, _P.EXTENDED), (), "BUD 29(5)"),
        Row(
            Cause.FOLLOW_UP,
            _OPENER,
            states(_P.REQUESTED, _P.PRESERVED, _P.EXTENDED),
            (_P.FOLLOWUP_RECEIVED,),
            "BUD 29(7)",
        ),
        Row(Cause.FOLLOW_UP_EXECUTED, _ADDRESSEE, states(_P.FOLLOWUP_RECEIVED), (_P.DISCLOSED,), "BUD 31"),
        Row(Cause.FOLLOW_UP_ENDED, Side.EITHER, states(_P.FOLLOWUP_RECEIVED), (_P.RELEASED,), "BUD 29(7)"),
        Row(
            Cause.WITHDRAWAL,
            _OPENER,
            states(_P.REQUESTED, _P.PRESERVED, _P.EXTENDED, _P.FOLLOWUP_RECEIVED),
            (_P.RELEASED,),
            "UNCAC 46(24), BUD 29",
        ),
    ),
)
"""Preservation of stored data."""

EXTRADITION = Machine(
    name="extradition",
    words=REQUEST.words,
    states=tuple(ExtraditionState),
    terminal=states(_E.SURRENDERED),
    rows=(
        Row(Cause.ARREST_REQUESTED, _OPENER, states(), (_E.PROVISIONAL_ARREST_REQUESTED,), "ETS24 16(1)-(2)"),
        Row(Cause.FULL_REQUEST, _OPENER, states(), (_E.FULL_REQUEST_RECEIVED,), "ETS24 12"),
        Row(
            Cause.FULL_REQUEST,
            _OPENER,
            states(_E.PROVISIONAL_ARREST_REQUESTED, _E.ARRESTED, _E.RELEASED),
            (_E.FULL_REQUEST_RECEIVED,),
            "ETS24 12, 16(4)-(5)",
        ),
        Row(
            Cause.ARREST,
            _ADDRESSEE,
            states(_E.PROVISIONAL_ARREST_REQUESTED, _E.ARRESTED, _E.RELEASED),
            (_E.ARRESTED,),
            "ETS24 16(3), 16(5)",
        ),
        Row(
            Cause.ARREST,
            _ADDRESSEE,
            states(_E.FULL_REQUEST_RECEIVED, _E.DECIDED, _E.SURRENDER_DATE_SET),
            (),
            "ETS24 16(3)",
        ),
        Row(
            Cause.DECISION,
            _ADDRESSEE,
            states(_E.ARRESTED, _E.FULL_REQUEST_RECEIVED, _E.DECIDED, _E.RELEASED),
            (_E.DECIDED,),
            "ETS24 18(1)-(2), CETS209",
        ),
        Row(
            Cause.DATE_SET,
            _ADDRESSEE,
            states(_E.ARRESTED, _E.FULL_REQUEST_RECEIVED, _E.DECIDED, _E.SURRENDER_DATE_SET, _E.RELEASED),
            (_E.SURRENDER_DATE_SET,),
            "ETS24 18(3), CETS209",
        ),
        Row(
            Cause.SURRENDERED,
            _ADDRESSEE,
            states(_E.ARRESTED, _E.FULL_REQUEST_RECEIVED, _E.DECIDED, _E.SURRENDER_DATE_SET, _E.RELEASED),
            (_E.SURRENDERED,),
            "ETS24 18, CETS209",
        ),
        Row(
            Cause.RELEASE,
            _ADDRESSEE,
            frozenset(ExtraditionState) - {_E.SURRENDERED},
            (_E.RELEASED,),
            "ETS24 16(4), 18(4)",
        ),
    ),
)
"""Extradition."""

INFORMATION = Machine(
    name="spontaneous information",
    words={_OPENER: "giver", _ADDRESSEE: "receiver", Side.EITHER: "either"},
    states=tuple(InformationState),
    terminal=states(_I.ACKNOWLEDGED),
    rows=(
        Row(Cause.OFFERED, _OPENER, states(), (_I.OFFERED_WITH_CONDITIONS,), "BUD 26(2), ETS182 11(4)"),
        Row(Cause.TRANSMITTED, _OPENER, states(), (_I.TRANSMITTED,), "UNCAC 46(4), UNTOC 18(4)"),
        Row(
            Cause.CONDITIONS_ACCEPTED,
            _ADDRESSEE,
            states(_I.OFFERED_WITH_CONDITIONS, _I.CONDITIONS_DECLINED),
            (_I.CONDITIONS_ACCEPTED,),
            "BUD 26(2), ETS182 11(2)",
        ),
        Row(
            Cause.CONDITIONS_NOT_ACCEPTED,
            _ADDRESSEE,
            states(_I.OFFERED_WITH_CONDITIONS, _I.CONDITIONS_ACCEPTED),
            (_I.CONDITIONS_DECLINED,),
            "BUD 26(2)",
        ),
        Row(
            Cause.TRANSMITTED,
            _OPENER,
            states(_I.OFFERED_WITH_CONDITIONS, _I.CONDITIONS_ACCEPTED, _I.CONDITIONS_DECLINED),
            (_I.TRANSMITTED,),
            "UNCAC 46(5), BUD 26(2)",
        ),
        Row(Cause.TRANSMITTED, _OPENER, states(_I.TRANSMITTED, _I.ACKNOWLEDGED), (), "UNCAC 46(4)"),
        Row(
            Cause.CONDITIONS_ACCEPTED, _ADDRESSEE, states(_I.TRANSMITTED, _I.ACKNOWLEDGED), (), "UNCAC 46(5)"
        ),
        Row(
            Cause.CONDITIONS_NOT_ACCEPTED,
            _ADDRESSEE,
            states(_I.TRANSMITTED, _I.ACKNOWLEDGED),
            (),
            "BUD 26(2)",
        ),
        Row(Cause.RECEIPT, _ADDRESSEE, states(_I.TRANSMITTED), (_I.ACKNOWLEDGED,), "UNCAC 46(4)"),
        Row(
            Cause.RECEIPT,
            _ADDRESSEE,
            frozenset(InformationState) - {_I.TRANSMITTED},
            (),
            "UNCAC 46(4)",
        ),
    ),
)
"""Information that nobody asked for."""
