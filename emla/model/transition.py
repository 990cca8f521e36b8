"""A state machine as a table: rows of (states, cause, side) -> states. What has no row is not allowed.

Here: `Cause`, `Row` and `Machine`. Not here: the tables (`request_machine`, `measure_machine`, `special_machines`).

Rules of this file:
- A cause is an act: a message type, with the code in it that matters where there is one. No clock and no delivery is a cause.
- A row with ``follows`` leads where the measures and open questions say; ``to`` then names the usual states alone.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from emla.model.case_states import Side, State


class Cause(StrEnum):
    """What moves a state: a message, in words for people."""

    OPENED = "the request itself"
    RECEIPT = "ReceiptConfirmation"
    REFERRAL = "ReferralNotice"
    REPORT = "StatusReport"
    RESUMED = "StatusReport, Resumed"
    DELAY = "DelayNotice, TimeLimitExtension"
    QUESTIONS = "SupplementaryInformationRequest"
    ANSWERS = "SupplementaryInformation"
    CONSULTS = "Consultation"
    CONSULTED = "Consultation, ConsultationClosed"
    DECISION = "Decision"
    CONDITIONS = "ConditionResponse"
    RESULT = "ResultTransmission"
    RESULT_RECEIPT = "ResultReceipt"
    WITHDRAWAL = "Withdrawal"
    WITHDRAWAL_CONFIRMED = "WithdrawalConfirmation"
    UPDATE = "RequestUpdate"
    CLOSURE_PROPOSED = "ClosureNotice PROPOSED"
    CLOSURE_CONFIRMED = "ClosureNotice CONFIRMED"
    CLOSURE_OBJECTED = "ClosureNotice OBJECTED"
    AGREEMENT = "JITAgreement"
    ARREST = "ArrestNotice"
    SURRENDER = "SurrenderNotice"
    RELEASE = "ReleaseNotice"
    NOTED = "any other message"
    LATE = "message about what is held"

    ASKED = "request, RequestUpdate with a new measure"
    GRANTED = "Decision ACCEPTED, PARTIALLY_ACCEPTED"
    GRANTED_WITH_CONDITIONS = "Decision ACCEPTED_WITH_CONDITIONS"
    POSTPONED = "Decision POSTPONED"
    REFUSED = "Decision REFUSED"
    CONDITIONS_ACCEPTED = "ConditionResponse, all ACCEPTED"
    CONDITIONS_NOT_ACCEPTED = "ConditionResponse, one NOT_ACCEPTED"
    BEGUN = "DelayNotice, StatusReport, Consultation, part of the results"
    DONE = "ResultTransmission, executed"
    PART_DONE = "ResultTransmission EXECUTED_PARTIAL, not final"
    NOT_DONE = "ResultTransmission, not executed"
    REFUSED_LATE = "ResultTransmission REFUSED"
    CROSSED = "ResultTransmission that crosses the withdrawal"
    TEAM_AGREED = "JITAgreement signed by all"

    PRESERVED = "PreservationOutcome, executed"
    NOT_PRESERVED = "PreservationOutcome, not executed; Decision REFUSED"
    FOLLOW_UP = "request that relates to it (FOLLOWS_PRESERVATION)"
    FOLLOW_UP_EXECUTED = "ResultTransmission to the request that follows"
    FOLLOW_UP_ENDED = "Decision, Withdrawal or result that ends the request that follows without data"

    ARREST_REQUESTED = "ProvisionalArrestRequest"
    FULL_REQUEST = "ExtraditionRequest"
    DATE_SET = "SurrenderNotice DATE_SET, POSTPONED"
    SURRENDERED = "SurrenderNotice SURRENDERED"

    OFFERED = "SpontaneousInformation, NatureOnly"
    TRANSMITTED = "SpontaneousInformation"


@dataclass(frozen=True, slots=True)
class Row:
    """One transition, from each of some states."""

    cause: Cause
    who: Side
    before: frozenset[State]
    """From where; empty: nothing was there before."""
    to: tuple[State, ...]
    """Where it usually leads; empty: the state stays."""
    source: str
    follows: bool = False
    """It may also lead wherever the measures and open questions say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """One table."""

    name: str
    words: dict[Side, str]
    """What its two sides are called."""
    states: tuple[State, ...]
    terminal: frozenset[State]
    """States that no row leaves for another."""
    rows: tuple[Row, ...]
    groups: tuple[tuple[str, frozenset[State]], ...] = ()
    """Names for sets of states that rows share, for tables and diagrams."""

    def allowed(self, state: State | None, cause: Cause) -> Iterator[Row]:
        """The rows by which something may happen in a state, whoever does it."""
        for row in self.rows:
            if row.cause is cause and (state in row.before if state is not None else not row.before):
                yield row

    def row(self, state: State | None, cause: Cause, side: Side) -> Row | None:
        """The row by which a side may do something in a state; None where it may not."""
        return next((row for row in self.allowed(state, cause) if row.who in (side, Side.EITHER)), None)

    def may_lead(self, row: Row, before: State | None, after: State | None) -> bool:
        """Whether a row explains a move."""
        if row.follows:
            return after in self.states
        return after in row.to or (not row.to and after == before)


def states(*members: State) -> frozenset[State]:
    """The states of a row."""
    return frozenset(members)
