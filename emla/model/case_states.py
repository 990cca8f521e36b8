"""Where a request stands, where each of its measures stands, and whatever else has states of its own. Names, no rules.

Here: the states (CL-STATUS, CL-MEASURESTATUS and three more), and who the two sides are. Not here: what leads from one to another
(`request_machine`, `measure_machine`, `special_machines`), and what the transport knows (`leg`): a delivery moves none of these.

Rules of this file:
- Drafting and approval have no state here: what an authority does before it sends is no act towards another.
- A state is computed from acts (`emla.cases`), and never set.
"""

from enum import StrEnum


class Side(StrEnum):
    """One of the two sides, fixed by the message with which it began: who wrote it, and who was addressed."""

    OPENER = "opener"
    """Who asked; of information that nobody asked for, who gave it."""
    ADDRESSEE = "addressee"
    EITHER = "either"


class RequestState(StrEnum):
    """Where a request stands."""

    SUBMITTED = "SUBMITTED"
    RECEIVED = "RECEIVED"
    REFERRED = "REFERRED"
    UNDER_REVIEW = "UNDER_REVIEW"
    AWAITING_SUPPLEMENT = "AWAITING_SUPPLEMENT"
    CONSULTATION = "CONSULTATION"
    AWAITING_CONDITIONS = "AWAITING_CONDITIONS"
    IN_EXECUTION = "IN_EXECUTION"
    POSTPONED = "POSTPONED"
    REFUSED = "REFUSED"
    PARTIALLY_EXECUTED = "PARTIALLY_EXECUTED"
    RESULTS_SENT = "RESULTS_SENT"
    RESULTS_RECEIVED = "RESULTS_RECEIVED"
    WITHDRAWAL_PENDING = "WITHDRAWAL_PENDING"
    WITHDRAWN = "WITHDRAWN"
    CLOSED = "CLOSED"


class MeasureState(StrEnum):
    """Where one measure of a request stands."""

    REQUESTED = "REQUESTED"
    ACCEPTED = "ACCEPTED"
    CONDITIONAL = "CONDITIONAL"
    REFUSED = "REFUSED"
    POSTPONED = "POSTPONED"
    IN_EXECUTION = "IN_EXECUTION"
    EXECUTED = "EXECUTED"
    NOT_EXECUTED = "NOT_EXECUTED"
    WITHDRAWN = "WITHDRAWN"


class PreservationState(StrEnum):
    """Where the preservation of data stands."""

    REQUESTED = "REQUESTED"
    PRESERVED = "PRESERVED"
    EXTENDED = "EXTENDED"
    FOLLOWUP_RECEIVED = "FOLLOWUP_RECEIVED"
    NOT_PRESERVED = "NOT_PRESERVED"
    RELEASED = "RELEASED"
    DISCLOSED = "DISCLOSED"


class ExtraditionState(StrEnum):
    """Where an extradition stands: one for a request for arrest and the request for extradition that follows it."""

    PROVISIONAL_ARREST_REQUESTED = "PROVISIONAL_ARREST_REQUESTED"
    ARRESTED = "ARRESTED"
    FULL_REQUEST_RECEIVED = "FULL_REQUEST_RECEIVED"
    DECIDED = "DECIDED"
    SURRENDER_DATE_SET = "SURRENDER_DATE_SET"
    SURRENDERED = "SURRENDERED"
    RELEASED = "RELEASED"


class InformationState(StrEnum):
    """Where information that nobody asked for stands."""

    OFFERED_WITH_CONDITIONS = "OFFERED_WITH_CONDITIONS"
    CONDITIONS_ACCEPTED = "CONDITIONS_ACCEPTED"
    CONDITIONS_DECLINED = "CONDITIONS_DECLINED"
    TRANSMITTED = "TRANSMITTED"
    ACKNOWLEDGED = "ACKNOWLEDGED"


State = RequestState | MeasureState | PreservationState | ExtraditionState | InformationState

ENDED = frozenset(
    {MeasureState.REFUSED, MeasureState.EXECUTED, MeasureState.NOT_EXECUTED, MeasureState.WITHDRAWN}
)
"""States in which a measure has come to its end."""
GRANTED = frozenset({MeasureState.ACCEPTED, MeasureState.IN_EXECUTION})
"""States in which a measure is to be carried out."""
LIVE = frozenset(
    {
        RequestState.SUBMITTED, RequestState.RECEIVED, RequestState.REFERRED, RequestState.UNDER_REVIEW,
        RequestState.AWAITING_SUPPLEMENT, RequestState.CONSULTATION, RequestState.AWAITING_CONDITIONS,
        RequestState.IN_EXECUTION, RequestState.POSTPONED, RequestState.PARTIALLY_EXECUTED,
    }
)  # fmt: skip
"""States in which somebody still works on a request."""
SETTLED = frozenset({RequestState.REFUSED, RequestState.RESULTS_RECEIVED, RequestState.WITHDRAWN})
"""States from which a case may be closed."""
