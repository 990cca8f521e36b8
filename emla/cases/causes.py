"""Which cause an act is, and who hears it. Tables; a test holds them to the types of messages and to the state machines.

Rules of this file:
- A message of any type has a cause for a request. What moves nothing is NOTED; what speaks of what is held is LATE, and
  holds even after the case was closed.
"""

from collections.abc import Callable

from emla.cases import answers, decisions, special
from emla.cases.hearing import Hearing
from emla.model.case_states import Side
from emla.model.legal_act import LegalAct
from emla.model.message_types import MESSAGE_TYPES, Writer
from emla.model.transition import Cause

Handler = Callable[[Hearing], None]

_SIDE = {Writer.REQUESTING: Side.OPENER, Writer.REQUESTED: Side.ADDRESSEE, Writer.EITHER: Side.EITHER}
LATE = frozenset(
    {
        "ReturnNotice", "UseConsentRequest", "UseConsentDecision", "ExculpatoryDisclosureNotice", "RestrictionChange",
        "RecallNotice", "RecallConfirmation", "StatusInquiry",
    }
)  # fmt: skip
"""Messages that speak of what is held."""
_CAUSES: dict[str, Cause] = {
    **dict.fromkeys(LATE, Cause.LATE),
    "ReceiptConfirmation": Cause.RECEIPT,
    "ReferralNotice": Cause.REFERRAL,
    "DelayNotice": Cause.DELAY,
    "TimeLimitExtension": Cause.DELAY,
    "SupplementaryInformationRequest": Cause.QUESTIONS,
    "SupplementaryInformation": Cause.ANSWERS,
    "Decision": Cause.DECISION,
    "ConditionResponse": Cause.CONDITIONS,
    "ResultTransmission": Cause.RESULT,
    "PreservationOutcome": Cause.RESULT,
    "ResultReceipt": Cause.RESULT_RECEIPT,
    "Withdrawal": Cause.WITHDRAWAL,
    "WithdrawalConfirmation": Cause.WITHDRAWAL_CONFIRMED,
    "RequestUpdate": Cause.UPDATE,
    "JITAgreement": Cause.AGREEMENT,
    "ArrestNotice": Cause.ARREST,
    "SurrenderNotice": Cause.SURRENDER,
    "ReleaseNotice": Cause.RELEASE,
}
_CLOSURE = {
    "PROPOSED": Cause.CLOSURE_PROPOSED,
    "CONFIRMED": Cause.CLOSURE_CONFIRMED,
    "OBJECTED": Cause.CLOSURE_OBJECTED,
}


_FLAGGED = {
    "StatusReport": (Cause.REPORT, Cause.RESUMED),
    "Consultation": (Cause.CONSULTS, Cause.CONSULTED),
}
"""Messages that are another cause when they answer yes to what their type asks."""


def cause_of(act: LegalAct) -> Cause:
    """What an act is to a request."""
    if act.message_type in _FLAGGED:
        return _FLAGGED[act.message_type][act.flag]
    if act.message_type == "ClosureNotice":
        return _CLOSURE[act.code]
    return _CAUSES.get(act.message_type, Cause.NOTED)


def causes_of(message_type: str) -> tuple[Cause, ...]:
    """What a message of one type can be to a request."""
    if message_type == "ClosureNotice":
        return tuple(_CLOSURE.values())
    return _FLAGGED.get(message_type, (_CAUSES.get(message_type, Cause.NOTED),))


def writer_of(message_type: str, *, information: bool) -> Side:
    """The side that may write a message by its type alone."""
    if information:
        return _INFORMATION_WRITERS.get(message_type, Side.EITHER)
    return _SIDE[MESSAGE_TYPES[message_type].writer]


def noted(hearing: Hearing) -> None:
    """An act that moves nothing."""
    hearing.holds = True


def _decision(hearing: Hearing) -> None:
    decisions.decision(hearing)
    if hearing.holds:
        special.decided(hearing)


_OF_WHAT_IS_HELD: dict[str, Handler] = {
    "SupplementaryInformationRequest": answers.questions,
    "SupplementaryInformation": answers.answers,
    "ReturnNotice": answers.returned,
    "UseConsentDecision": answers.consent,
    "RestrictionChange": answers.restriction,
}
REQUEST_HANDLERS: dict[str, Handler] = {
    **_OF_WHAT_IS_HELD,
    "ReceiptConfirmation": decisions.receipt,
    "ReferralNotice": decisions.referral,
    "DelayNotice": decisions.begun,
    "TimeLimitExtension": decisions.begun,
    "StatusReport": decisions.report,
    "Decision": _decision,
    "ResultTransmission": decisions.result,
    "PreservationOutcome": decisions.result,
    "WithdrawalConfirmation": decisions.withdrawal_confirmation,
    "JITAgreement": decisions.agreement,
    "Consultation": answers.consultation,
    "ConditionResponse": answers.conditions,
    "RequestUpdate": answers.update,
    "Withdrawal": answers.withdrawal,
    "ResultReceipt": answers.result_receipt,
    "ClosureNotice": answers.closure,
    "ArrestNotice": special.arrest,
    "SurrenderNotice": special.surrender,
    "ReleaseNotice": special.release,
}
"""Who hears an act about a request."""

PRESERVATION_HANDLERS: dict[str, Handler] = {
    **_OF_WHAT_IS_HELD,
    "Decision": special.preservation_decision,
    "Withdrawal": lambda hearing: special.move_preservation(hearing, Cause.WITHDRAWAL),
}
"""Who hears an act about a preservation; `fold` hears the outcome, because it knows what it answers."""

INFORMATION_HANDLERS: dict[str, Handler] = {
    "SpontaneousInformation": special.give,
    "ConditionResponse": special.accept_or_decline,
    "ReceiptConfirmation": special.acknowledge,
    "UseConsentDecision": answers.consent,
    "RestrictionChange": answers.restriction,
}
"""Who hears an act about information that nobody asked for."""

_INFORMATION_WRITERS = {
    "SpontaneousInformation": Side.OPENER,
    "ConditionResponse": Side.ADDRESSEE,
    "ReceiptConfirmation": Side.ADDRESSEE,
    "UseConsentRequest": Side.ADDRESSEE,
    "UseConsentDecision": Side.OPENER,
    "ExculpatoryDisclosureNotice": Side.ADDRESSEE,
}
