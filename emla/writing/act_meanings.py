"""What each option of an act means in each message: the table behind `act_flags`.

Rules of this file:
- An option has one meaning over all acts: ``measure`` is a measure with what is said of it, ``reason`` is why.
- What has no option here is said by place.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class One:
    """One value at one place."""

    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Many:
    """Several values at one place."""

    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Each:
    """Something said of entries of a list that are known by an id."""

    entries: str
    key: str
    member: str
    more: str = ""
    """A second member, behind a colon: ``M2=REFUSED:DUAL_CRIMINALITY``."""

    @property
    def members(self) -> tuple[str, ...]:
        """All that it answers."""
        return (self.member, self.more) if self.more else (self.member,)


@dataclass(frozen=True, slots=True, kw_only=True)
class New:
    """A new entry of a list for each value."""

    entries: str
    member: str
    before: str = ""
    """A member before the value: ``DATA=...``."""

    @property
    def members(self) -> tuple[str, ...]:
        """All that it answers."""
        return (self.member, self.before) if self.before else (self.member,)


Meaning = One | Many | Each | New


def _measures(entries: str, member: str, more: str = "") -> Each:
    return Each(entries=entries, key="MeasureId", member=member, more=more)


def _item(entries: str, inner: str = "") -> Mapping[str, Meaning]:
    return {"item": New(entries=entries, member=f"{inner}ItemId")}


_NAMED = Many(place="MeasureId")
_REASON, _DUE = One(place="ReasonText"), One(place="NewDueDate")
_DECIDE: Mapping[str, Meaning] = {
    "measure": _measures("MeasureDecision", "DecisionOutcome", "GroundCode"),
    "ground": _measures("MeasureDecision", "GroundCode"),
    "reason": _measures("MeasureDecision", "ReasonText"),
    "condition": _measures("MeasureDecision", "Condition[1]/ConditionText", "Condition[1]/UseLimit"),
    "part": _measures("MeasureDecision", "AcceptedPart"),
    "until": _measures("MeasureDecision", "ExpectedBy"),
    "remedy": One(place="LegalRemedyAvailable"),
    "no-consultation": One(place="ConsultationHeld/ReasonIfNot"),
}
MEANINGS: Mapping[str, Mapping[str, Meaning]] = {
    "ReceiptConfirmation": {
        "reference": One(place="RequestedReference"),
        "received": One(place="ReceivedAt"),
        "missing": New(entries="MissingItem", member="Text"),
        "text": One(place="OtherInformation"),
    },
    "ReferralNotice": {
        "to": One(place="NewAuthority/AuthorityId"),
        "reason": One(place="Reason"),
        "passed-on": One(place="TransmittedAt"),
    },
    "Decision": _DECIDE,
    "DelayNotice": {"measure": _NAMED, "ground": One(place="DelayReason"), "reason": _REASON, "until": _DUE},
    "TimeLimitExtension": {
        "measure": _NAMED,
        "ground": One(place="DelayReason"),
        "reason": _REASON,
        "from": One(place="PreviousDueDate"),
        "until": _DUE,
    },
    "StatusReport": {
        "measure": _measures("MeasureStatus", "MeasureState"),
        "state": One(place="OverallStatus"),
        "text": One(place="Narrative/Paragraph[1]"),
        "until": One(place="ExpectedCompletion"),
    },
    "SupplementaryInformationRequest": {
        "question": New(entries="Question", member="Text"),
        "ground": Each(entries="Question", key="", member="QuestionReason"),
        "measure": Each(entries="Question", key="", member="MeasureId"),
        "due": One(place="DueBy"),
        "suspended": One(place="ExecutionSuspended"),
    },
    "SupplementaryInformation": {
        "question": Each(entries="Answer", key="QuestionId", member="Text"),
        "file": Each(entries="Answer", key="QuestionId", member="AnswerAttachment"),
        "incomplete": One(place="Complete"),
    },
    "Consultation": {
        "topic": One(place="Topic"),
        "measure": _NAMED,
        "ground": Many(place="GroundCode"),
        "text": One(place="ConsultationText/Paragraph[1]"),
        "proposal": One(place="Proposal"),
        "due": One(place="AnswerBy"),
    },
    "ConditionResponse": {
        "condition": Each(entries="ConditionAnswer", key="ConditionId", member="ConditionResult"),
        "reason": Each(entries="ConditionAnswer", key="ConditionId", member="Reason"),
    },
    "StatusInquiry": {"measure": _NAMED, "reason": One(place="ReasonForInquiry")},
    "Withdrawal": {
        "scope": One(place="Scope"),
        "measure": _NAMED,
        "ground": One(place="WithdrawalReason"),
        "reason": _REASON,
        "material": One(place="MaterialDisposition"),
    },
    "WithdrawalConfirmation": {
        "stopped": One(place="StoppedAt"),
        "measure": _NAMED,
        "item": New(entries="MaterialObtained", member="Description"),
        "material": One(place="DispositionDone"),
        "reason": _REASON,
    },
    "CostNotice": {
        "cost": New(entries="Cost", member="CostEstimate/Amount", before="CostKind"),
        "currency": Each(entries="Cost", key="", member="CostEstimate/Currency"),
        "text": One(place="CostText"),
    },
    "ClosureNotice": {"reason": _REASON, "item": New(entries="OutstandingItem", member="Description")},
    "ResultTransmission": {
        "measure": _measures("MeasureResult", "Outcome"),
        "executed": _measures("MeasureResult", "ExecutedOn"),
        "note": _measures("MeasureResult", "ExplanatoryNote"),
        "item": New(entries="EvidenceItem", member="Description", before="ItemType"),
        "holder": Each(entries="EvidenceItem", key="", member="CurrentHolder"),
        "condition": New(entries="Condition", member="ConditionText"),
        "final": One(place="Final"),
    },
    "ResultReceipt": {
        "verified": One(place="Verified"),
        "failed": New(entries="HashFailure", member="FileName"),
        "reason": _REASON,
    },
    "ReturnNotice": {"reason": One(place="WaiverOfReturn/Reason")},
    "PreservationOutcome": {
        "outcome": One(place="Outcome"),
        "reference": One(place="PreservationReference"),
        "until": One(place="PreservedUntil"),
        "ground": Many(place="GroundCode"),
        "reason": _REASON,
    },
    "PreservationExtension": {
        "reference": One(place="PreservationReference"),
        "until": One(place="RequestedUntil"),
        "reason": One(place="Reason"),
    },
    "UseConsentRequest": {
        **_item("AffectedItem"),
        "purpose": One(place="NewPurpose"),
        "proceedings": One(place="ProceedingsConcerned"),
        "to": Many(place="IntendedRecipient"),
        "due": One(place="AnswerBy"),
    },
    "UseConsentDecision": {
        "decision": One(place="ConsentDecision"),
        **_item("AffectedItem"),
        "part": One(place="ConsentScope"),
        "until": One(place="Until"),
        "reason": _REASON,
    },
    "ExculpatoryDisclosureNotice": {
        **_item("AffectedItem"),
        "court": One(place="Court"),
        "on": One(place="PlannedOn"),
        "reason": _REASON,
    },
    "ConfidentialityCannotBeKept": {
        "measure": _NAMED,
        "reason": One(place="Reason"),
        "decision": One(place="ConfidentialityAnswer"),
    },
    "RestrictionChange": {**_item("AffectedItem"), "reason": One(place="Reason")},
    "RecallNotice": {
        **_item("RecalledItem"),
        "ground": One(place="RecallReason"),
        "action": One(place="RecallAction"),
        "due": One(place="DueBy"),
        "reason": _REASON,
    },
    "RecallConfirmation": {
        **_item("RecallOutcome", "RecalledItem/"),
        "outcome": Each(entries="RecallOutcome", key="", member="RecallResult"),
        "reason": Each(entries="RecallOutcome", key="", member="Reason"),
    },
    "RequestUpdate": {
        "change": New(entries="Change", member="NewValue", before="ElementPath"),
        "ground": Each(entries="Change", key="", member="ChangeKind"),
        "text": One(place="LegalImpactStatement"),
    },
    "SurrenderNotice": {
        "state": One(place="SurrenderStage"),
        "on": One(place="SurrenderDate"),
        "place": One(place="SurrenderPlace"),
        "reason": _REASON,
    },
    "ReleaseNotice": {
        "on": One(place="ReleasedAt"),
        "place": One(place="ReleasePlace"),
        "ground": One(place="ReleaseReason"),
        "reason": _REASON,
    },
    "ArrestNotice": {
        "on": One(place="ArrestedAt"),
        "place": One(place="ArrestPlace"),
        "due": One(place="FullRequestDueBy"),
        "reason": _REASON,
    },
    "JITAgreement": {},
    "SpontaneousInformation": {
        "topic": One(place="Subject"),
        "text": One(place="Information/Paragraph[1]"),
        "condition": New(entries="Condition", member="ConditionText", before="UseLimit"),
        "no-conditions": One(place="NoConditions"),
    },
}
"""What each option means in a message. The options that every act takes are `EVERY`."""

EVERY: Mapping[str, Meaning] = {
    "confidentiality": One(place="Handling/ConfidentialityLevel"),
    "signed-by": One(place="SigningOfficer/Name"),
    "post": One(place="SigningOfficer/Post"),
    "at": One(place="SigningOfficer/SigningPlace"),
    "language": One(place="MessageHeader/Language"),
}
