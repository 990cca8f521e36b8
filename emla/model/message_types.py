"""The messages authorities send: who may write each, and what the gateway must know of it by its type alone.

Here: the table `MESSAGE_TYPES`, one row per message of ``schemas/``. Not here: what a message contains (its schema), what it
does to a case.

Rules of this file:
- A message is told from others by its row, never by an ``if`` on its name. A test holds the table to the schemas.
"""

from dataclasses import dataclass
from enum import StrEnum


class Writer(StrEnum):
    """Who may write a message. The two sides are fixed for the whole case: who asks, and who is asked."""

    REQUESTING = "requesting authority"
    REQUESTED = "requested authority"
    EITHER = "either authority"


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageType:
    """One kind of message."""

    family: str
    """Last word of its namespace: ``reply`` for ``urn:emla:reply:1``."""
    writer: Writer
    answers: bool = False
    """It must say in InReplyTo which message it is about: a case can hold several requests, and its ids are those of one."""
    urgency: str = "ROUTINE"
    """Code of CL-URGENCY for a message that does not state one: a time limit of hours or days may be running."""


def _asks(family: str, *, answers: bool = False, urgency: str = "ROUTINE") -> MessageType:
    return MessageType(family=family, writer=Writer.REQUESTING, answers=answers, urgency=urgency)


def _replies(family: str, *, answers: bool = True, urgency: str = "ROUTINE") -> MessageType:
    return MessageType(family=family, writer=Writer.REQUESTED, answers=answers, urgency=urgency)


def _both(family: str, *, answers: bool = False) -> MessageType:
    return MessageType(family=family, writer=Writer.EITHER, answers=answers)


MESSAGE_TYPES: dict[str, MessageType] = {
    "MLARequest": _asks("request"),
    "PreservationRequest": _asks("request", urgency="URGENT"),
    "PreservationExtension": _asks("request", urgency="URGENT"),
    "EmergencyDisclosureRequest": _asks("request", urgency="EMERGENCY"),
    "AssetRecoveryRequest": _asks("request"),
    "ServiceRequest": _asks("request"),
    "ProvisionalArrestRequest": _asks("extradition", urgency="URGENT"),
    "ExtraditionRequest": _asks("extradition", urgency="PRIORITY"),
    "ArrestNotice": _replies("extradition", urgency="URGENT"),
    "SurrenderNotice": _replies("extradition", urgency="PRIORITY"),
    "ReleaseNotice": _replies("extradition", urgency="URGENT"),
    "JITProposal": _both("joint-investigation"),
    "JITAgreement": _both("joint-investigation"),
    "SpontaneousInformation": _both("information"),
    "DraftForConsultation": _asks("draft"),
    "ReceiptConfirmation": _replies("reply"),
    "ReferralNotice": _replies("reply"),
    "Decision": _replies("reply"),
    "DelayNotice": _replies("reply"),
    "TimeLimitExtension": _replies("reply"),
    "StatusReport": _replies("reply"),
    "SupplementaryInformationRequest": _replies("dialogue"),
    "SupplementaryInformation": _asks("dialogue", answers=True),
    "Consultation": _both("dialogue"),
    "ConditionResponse": _asks("dialogue", answers=True),
    "StatusInquiry": _asks("dialogue", answers=True),
    "RequestUpdate": _asks("dialogue", answers=True),
    "Withdrawal": _asks("dialogue", answers=True, urgency="PRIORITY"),
    "WithdrawalConfirmation": _replies("dialogue"),
    "CostNotice": _both("dialogue"),
    "ClosureNotice": _both("dialogue"),
    "ResultTransmission": _replies("result"),
    "ResultReceipt": _asks("result", answers=True),
    "ReturnNotice": _both("result"),
    "PreservationOutcome": _replies("result", urgency="URGENT"),
    "UseConsentRequest": _asks("use"),
    "UseConsentDecision": _replies("use"),
    "ExculpatoryDisclosureNotice": _asks("use"),
    "ConfidentialityCannotBeKept": _both("use", answers=True),
    "RestrictionChange": _both("use"),
    "RecallNotice": _both("use"),
    "RecallConfirmation": _both("use", answers=True),
    "InterceptionNotification": _asks("notification", urgency="URGENT"),
}
