"""The state machine of a request (domain 3.2).

Rules of this file:
- Only the requested authority moves a request towards a decision or a result, only the requesting authority withdraws it.
- What the requested authority declares holds from every state in which the request lives: a decision need not wait for an answer
  that is on its way, and two clocks that differ a little make no lawful act unlawful.
- A withdrawal and a result may cross. Both count: the request ends WITHDRAWN, and what was sent may not be used.
"""

from emla.model.case_states import LIVE, SETTLED, RequestState, Side, State
from emla.model.transition import Cause, Machine, Row, states

_R = RequestState
_OPENER, _ADDRESSEE, _EITHER = Side.OPENER, Side.ADDRESSEE, Side.EITHER
_NEW = states(_R.SUBMITTED, _R.RECEIVED, _R.REFERRED)
_RESULTS = states(_R.RESULTS_SENT, _R.RESULTS_RECEIVED)
_WITHDRAWING = states(_R.WITHDRAWAL_PENDING, _R.WITHDRAWN)
_CLOSABLE = SETTLED | {_R.REFERRED}
"""A request that was referred and addressed anew lives on in another case."""
_OPEN: frozenset[State] = frozenset(RequestState) - {_R.CLOSED}

REQUEST = Machine(
    name="request",
    words={_OPENER: "requesting authority", _ADDRESSEE: "requested authority", _EITHER: "either authority"},
    states=tuple(RequestState),
    terminal=states(_R.CLOSED),
    groups=(("under way", LIVE), ("settled", SETTLED)),
    rows=(
        Row(Cause.OPENED, _OPENER, states(), (_R.SUBMITTED,), "UNCAC 46(13)-(14)"),
        Row(Cause.RECEIPT, _ADDRESSEE, states(_R.SUBMITTED), (_R.RECEIVED,), "EIO 16(1), UNCAC 46(24)"),
        Row(Cause.RECEIPT, _ADDRESSEE, states(_R.REFERRED), (_R.RECEIVED,), "ETS30 18", follows=True),
        Row(Cause.RECEIPT, _ADDRESSEE, _OPEN - {_R.SUBMITTED, _R.REFERRED}, (), "EIO 16(1)"),
        Row(
            Cause.REFERRAL,
            _ADDRESSEE,
            states(_R.SUBMITTED, _R.RECEIVED, _R.UNDER_REVIEW),
            (_R.REFERRED,),
            "ETS30 18, BUD 27(9)(c)",
        ),
        Row(Cause.REPORT, _ADDRESSEE, _NEW, (_R.UNDER_REVIEW, _R.RECEIVED), "UNCAC 46(24)", follows=True),
        Row(Cause.REPORT, _ADDRESSEE, frozenset(RequestState) - _NEW, (), "UNCAC 46(24)"),
        Row(
            Cause.RESUMED,
            _ADDRESSEE,
            LIVE,
            (_R.UNDER_REVIEW, _R.IN_EXECUTION),
            "UNCAC 46(25), BUD 27(5)",
            follows=True,
        ),
        Row(Cause.DELAY, _ADDRESSEE, _NEW, (_R.UNDER_REVIEW,), "EIO 12(5)-(6), BUD 27(7)", follows=True),
        Row(Cause.DELAY, _ADDRESSEE, (LIVE - _NEW) | {_R.WITHDRAWAL_PENDING}, (), "EIO 12(5)-(6), BUD 27(7)"),
        Row(
            Cause.QUESTIONS,
            _ADDRESSEE,
            LIVE,
            (_R.AWAITING_SUPPLEMENT,),
            "UNCAC 46(16), CETS198 38",
            follows=True,
        ),
        Row(
            Cause.ANSWERS,
            _OPENER,
            LIVE,
            (_R.UNDER_REVIEW, _R.AWAITING_SUPPLEMENT),
            "UNCAC 46(16)",
            follows=True,
        ),
        Row(Cause.ANSWERS, _OPENER, _OPEN - LIVE, (), "UNCAC 46(16)"),
        Row(
            Cause.CONSULTS,
            _EITHER,
            LIVE,
            (_R.CONSULTATION,),
            "UNCAC 46(26), BUD 27(6), UNCAC 55(8)",
            follows=True,
        ),
        Row(Cause.CONSULTS, _EITHER, _OPEN - LIVE, (), "UNCAC 46(26)"),
        Row(
            Cause.CONSULTED,
            _EITHER,
            LIVE,
            (_R.UNDER_REVIEW, _R.IN_EXECUTION),
            "UNCAC 46(26), BUD 27(6)",
            follows=True,
        ),
        Row(Cause.CONSULTED, _EITHER, _OPEN - LIVE, (), "UNCAC 46(26)"),
        Row(
            Cause.DECISION,
            _ADDRESSEE,
            LIVE,
            (_R.IN_EXECUTION, _R.AWAITING_CONDITIONS, _R.POSTPONED, _R.REFUSED),
            "UNCAC 46(21)-(26), BUD 27-28, EIO 9-11",
            follows=True,
        ),
        Row(
            Cause.CONDITIONS,
            _OPENER,
            LIVE,
            (_R.IN_EXECUTION, _R.UNDER_REVIEW),
            "UNCAC 46(26), BUD 28(3)",
            follows=True,
        ),
        Row(Cause.CONDITIONS, _OPENER, _RESULTS, (), "BUD 28(3)"),
        Row(
            Cause.RESULT,
            _ADDRESSEE,
            LIVE,
            (_R.PARTIALLY_EXECUTED, _R.RESULTS_SENT),
            "BUD 27(7), UNCAC 46(3)",
            follows=True,
        ),
        Row(Cause.RESULT, _ADDRESSEE, _RESULTS, (_R.RESULTS_SENT,), "BUD 27(7)", follows=True),
        Row(Cause.RESULT, _ADDRESSEE, _WITHDRAWING, (), "UNCAC 46(24)"),
        Row(
            Cause.RESULT_RECEIPT,
            _OPENER,
            states(_R.RESULTS_SENT),
            (_R.RESULTS_RECEIVED, _R.RESULTS_SENT),
            "BR-056",
        ),
        Row(Cause.RESULT_RECEIPT, _OPENER, _OPEN - {_R.RESULTS_SENT}, (), "BR-056"),
        Row(
            Cause.WITHDRAWAL,
            _OPENER,
            LIVE | {_R.RESULTS_SENT},
            (_R.WITHDRAWAL_PENDING,),
            "UNCAC 46(24), UNTOC 18(24)",
            follows=True,
        ),
        Row(
            Cause.WITHDRAWAL_CONFIRMED,
            _ADDRESSEE,
            states(_R.WITHDRAWAL_PENDING),
            (_R.WITHDRAWN,),
            "UNCAC 46(24)",
            follows=True,
        ),
        Row(
            Cause.WITHDRAWAL_CONFIRMED,
            _ADDRESSEE,
            LIVE | _RESULTS,
            (_R.WITHDRAWN,),
            "UNCAC 46(24)",
            follows=True,
        ),
        Row(Cause.UPDATE, _OPENER, LIVE, (_R.UNDER_REVIEW,), "UNCAC 46(16), ETSI TS 103 120", follows=True),
        Row(
            Cause.AGREEMENT, _EITHER, LIVE, (_R.IN_EXECUTION,), "ETS182 20, UNCAC 49, UNTOC 19", follows=True
        ),
        Row(Cause.ARREST, _ADDRESSEE, LIVE, (_R.IN_EXECUTION,), "ETS24 16(3)", follows=True),
        Row(
            Cause.SURRENDER,
            _ADDRESSEE,
            LIVE,
            (_R.IN_EXECUTION, _R.RESULTS_SENT, _R.CLOSED),
            "ETS24 18",
            follows=True,
        ),
        Row(Cause.RELEASE, _ADDRESSEE, _OPEN, (_R.CLOSED,), "ETS24 16(4), 18(4)", follows=True),
        Row(Cause.CLOSURE_PROPOSED, _OPENER, _CLOSABLE, (), "ETS30 6(2)"),
        Row(Cause.CLOSURE_CONFIRMED, _ADDRESSEE, _CLOSABLE, (_R.CLOSED,), "ETS30 6(2)"),
        Row(Cause.CLOSURE_OBJECTED, _ADDRESSEE, _CLOSABLE, (), "ETS30 6(2)"),
        Row(Cause.NOTED, _EITHER, _OPEN, (), "UNCAC 46(24), 46(28)"),
        Row(Cause.LATE, _EITHER, frozenset(RequestState), (), "UNCAC 46(19), 46(24), ETS30 6(2), RPD"),
    ),
)
"""A request."""
