"""What is asked of the acts of a case, and when: the table beside `plan.py`, under the same rules.

Rules of this file:
- What the case knows stands in the script (`act_script`): here is only how each element is asked for.
- A rule of ``schemas/rules`` or a treaty that stands behind a row stands beside it.
"""

from emla.writing.answers import NO, YES, Answers, at, gate, number_of, parent_of
from emla.writing.conditions import Condition, fixed, given, has_files, sibling, unless
from emla.writing.plan import RULES, Ask, Rule


def _refused_any(answers: Answers, _: str) -> bool:
    """A measure is refused: then a consultation is expected before (BR-038)."""
    return any(path.endswith("/DecisionOutcome") and value == "REFUSED" for path, value in answers.items())


def _no_consultation(answers: Answers, path: str) -> bool:
    return _refused_any(answers, path) and answers.get(at(path, "Held")) == NO


def _changes(kind: str) -> Condition:
    """The update brings something new of this kind."""
    return lambda answers, _: any(
        path.endswith("/ChangeKind") and value == kind for path, value in answers.items()
    )


def _has_items(answers: Answers, path: str) -> bool:
    """There is an item that needs its record of custody (BR-057): the one of the same number."""
    return answers.get(gate(f"EvidenceItem[{number_of(path) if path else 1}]")) == YES


def _no_condition(answers: Answers, _: str) -> bool:
    """Nothing is said of how it may be used: then it is said outright that there is no condition (BR-042)."""
    return answers.get(gate("Condition[1]")) != YES


def _of_its_decision(answers: Answers, path: str) -> str:
    """The measure in whose decision a condition stands."""
    return answers.get(at(parent_of(path), "MeasureId"), "") if path.startswith("MeasureDecision[") else ""


def _all_files(answers: Answers, path: str) -> str:
    """Every file: of the only item they are usually all part."""
    if not path.startswith("EvidenceItem[1]"):
        return ""
    named = [
        f"A{number}"
        for number in range(1, 201)
        if answers.get(gate(f"Attachment[{number}]")) == YES
        and answers.get(f"Attachment[{number}]/DocumentType") != "CUSTODY_RECORD"
    ]
    return "; ".join(named)


def _its_item(_: Answers, path: str) -> str:
    return f"I{number_of(path)}"


_COMPUTED, _OFFER, _MORE = Rule(ask=Ask.COMPUTED), Rule(ask=Ask.OFFER), Rule(ask=Ask.MORE)
_QUIETLY, _MUST, _AGAIN = Rule(ask=Ask.QUIETLY), Rule(ask=Ask.MUST), Rule(again=True)
_OFFER_AGAIN, _NO = Rule(ask=Ask.OFFER, again=True), Rule(default=fixed(NO))
_DECISION = "DecisionOutcome"
_NOT_DONE = (
    "NOT_EXECUTED_IMPOSSIBLE", "NOT_EXECUTED_PERSON_NOT_FOUND", "NOT_EXECUTED_DATA_NOT_HELD", "NOT_EXECUTED_LAPSED",
    "REFUSED", "SUBSTITUTED_MEASURE", "REFERRED",
)  # fmt: skip
_KEPT = ("EXECUTED_FULL", "EXECUTED_PARTIAL")


def _must_when(name: str, *values: str, otherwise: Ask = Ask.MORE) -> Rule:
    return Rule(ask=Ask.MUST, when=sibling(name, *values), otherwise=otherwise)


def _in(type_name: str, **rules: Rule) -> dict[tuple[str, str], Rule]:
    return {(type_name, element): rule for element, rule in rules.items()}


_EVERY_ACT = {
    ("", "Attachment"): Rule(ask=Ask.OFFER, again=True, said="a file to send along"),
    **_in(
        "MessageHeaderType",
        InReplyTo=_COMPUTED,
        RequestingReference=Rule(ask=Ask.QUIETLY, said="Reference of the requesting authority"),
        RequestedReference=_QUIETLY,
        Language=Rule(ask=Ask.QUIETLY, said="Language in which you write"),
        CopyTo=_MORE,
        RelatesTo=_MORE,
    ),
    ("ContactType", "PersonName"): _MORE,
    ("HandlingType", "ConfidentialityRequested"): Rule(said="Do you ask for confidentiality"),
    ("HandlingType", "UseRestriction"): Rule(
        ask=Ask.OFFER, when=lambda _, path: path == "NewHandling", otherwise=Ask.MORE, again=True
    ),
    **_in(
        "ConditionType",
        ConditionId=_COMPUTED,
        UseLimit=_OFFER,
        ConditionText=_MUST,
        MeasureId=Rule(ask=Ask.QUIETLY, default=_of_its_decision),
    ),
    **_in("ItemRefType", InMessage=Rule(said="MessageId of the message in which it came")),
}

_REPLIES = {
    **_in(
        "ReceiptConfirmationType",
        RequestedReference=Rule(said="Your own reference of this request (file number)"),
        MissingItem=_OFFER_AGAIN,
        OtherInformation=Rule(ask=Ask.MUST, when=given("TransmittedTo/AuthorityId"), otherwise=Ask.MORE),
    ),
    **_in("ReferralNoticeType", TransmittedAt=_OFFER),
    **_in("DecisionType", MeasureDecision=_AGAIN, LegalRemedyAvailable=_MORE),
    **_in(
        "MeasureDecisionType",
        GroundCode=_must_when(_DECISION, "REFUSED"),
        PostponementGround=_must_when(_DECISION, "POSTPONED", otherwise=Ask.NEVER),
        # BR-037: reasons are mandatory
        ReasonText=_must_when(_DECISION, "REFUSED", "POSTPONED"),
        Condition=Rule(
            ask=Ask.MUST,
            when=sibling(_DECISION, "ACCEPTED_WITH_CONDITIONS"),
            otherwise=Ask.NEVER,
            again=True,
        ),
        AcceptedPart=_must_when(_DECISION, "PARTIALLY_ACCEPTED", otherwise=Ask.NEVER),
        # BR-039: until when, or that it is not known
        ExpectedBy=_must_when(_DECISION, "POSTPONED", otherwise=Ask.NEVER),
    ),
    **_in(
        "ConsultationHeldType",
        Held=Rule(
            ask=Ask.MUST,
            when=_refused_any,
            otherwise=Ask.QUIETLY,
            default=fixed(NO),
            said="Was there a consultation before",
        ),
        # BR-038
        ReasonIfNot=Rule(
            ask=Ask.MUST, when=_no_consultation, otherwise=Ask.NEVER, said="Why there was no consultation"
        ),
    ),
    **_in(
        "DelayNoticeType",
        MeasureId=_OFFER,
        ReasonText=_must_when("DelayReason", "OTHER", otherwise=Ask.OFFER),
        NewDueDate=_OFFER,
        ConsultationOffered=_NO,
    ),
    **_in(
        "TimeLimitExtensionType",
        MeasureId=_OFFER,
        DeadlineId=_OFFER,
        ReasonText=_must_when("DelayReason", "OTHER", otherwise=Ask.OFFER),
        ConsultationOffered=_NO,
    ),
    **_in("StatusReportType", MeasureStatus=_AGAIN, Resumed=_QUIETLY, ExpectedCompletion=_OFFER),
}

_DIALOGUE = {
    **_in("SupplementaryInformationRequestType", Question=_AGAIN, DueBy=_OFFER, ExecutionSuspended=_NO),
    **_in("QuestionType", QuestionId=_COMPUTED, MeasureId=_OFFER, Mandatory=Rule(default=fixed(YES))),
    **_in("SupplementaryInformationType", Answer=_AGAIN, Complete=Rule(default=fixed(YES))),
    **_in("AnswerType", Text=_MUST, AnswerAttachment=Rule(ask=Ask.OFFER, when=has_files)),
    **_in(
        "ConsultationType",
        MeasureId=_OFFER,
        GroundCode=Rule(ask=Ask.OFFER, when=sibling("Topic", "REFUSAL_CONSIDERED"), otherwise=Ask.MORE),
        Proposal=_OFFER,
        AnswerBy=_OFFER,
        ConsultationClosed=_QUIETLY,
    ),
    **_in("ConditionResponseType", ConditionAnswer=_AGAIN),
    **_in("ConditionAnswerType", Reason=_must_when("ConditionResult", "NOT_ACCEPTED")),
    **_in("StatusInquiryType", MeasureId=_OFFER, ReasonForInquiry=_OFFER),
    **_in(
        "RequestUpdateType",
        Change=_AGAIN,
        Person=Rule(ask=Ask.MUST, when=_changes("NEW_PERSON"), otherwise=Ask.MORE, again=True),
        Measure=Rule(ask=Ask.MUST, when=_changes("NEW_MEASURE"), otherwise=Ask.NEVER, again=True),
    ),
    **_in("ChangeType", OldValue=_OFFER, NewValue=_OFFER),
    **_in(
        "WithdrawalType",
        MeasureId=_must_when("Scope", "MEASURES", otherwise=Ask.NEVER),
        ReasonText=_must_when("WithdrawalReason", "OTHER", otherwise=Ask.OFFER),
    ),
    **_in(
        "WithdrawalConfirmationType",
        MeasureId=_QUIETLY,
        # BR-059a: what was obtained is listed, unless nothing was
        MaterialObtained=_OFFER_AGAIN,
        ReasonText=_OFFER,
    ),
    **_in("MaterialObtainedType", MeasureId=_OFFER, ItemId=_OFFER),
    **_in("CostNoticeType", Cost=_AGAIN, ConsultationRequired=_NO, ExecutionSuspended=_NO, CostText=_OFFER),
    **_in("CostType", MeasureId=_OFFER, Description=_OFFER),
    **_in(
        "ClosureNoticeType",
        OutstandingItem=Rule(ask=Ask.MORE, again=True),
        ReasonText=_must_when("ClosureStage", "OBJECTED"),
    ),
}

_RESULTS = {
    **_in(
        "ResultTransmissionType",
        MeasureResult=_AGAIN,
        EvidenceItem=_OFFER_AGAIN,
        ChainOfCustody=Rule(
            ask=Ask.MUST, when=_has_items, otherwise=Ask.NEVER, again=True, wanted=_has_items
        ),
        Condition=Rule(ask=Ask.OFFER, again=True, said="a condition for the use of what is sent"),
        Final=Rule(default=fixed(NO), said="Is this the last result"),
    ),
    **_in(
        "MeasureResultType",
        ExecutedOn=_OFFER,
        ExecutedAtPlace=_OFFER,
        RecordAttachment=Rule(ask=Ask.OFFER, when=has_files, otherwise=Ask.NEVER),
        ExplanatoryNote=_must_when("Outcome", *_NOT_DONE, otherwise=Ask.OFFER),
    ),
    **_in(
        "EvidenceItemType",
        ItemId=_COMPUTED,
        MeasureId=_OFFER,
        ItemAttachment=Rule(ask=Ask.MUST, when=has_files, otherwise=Ask.NEVER, default=_all_files),
        IsOriginal=_NO,
        ReturnRequired=Rule(ask=Ask.OFFER, when=sibling("IsOriginal", YES), otherwise=Ask.MORE),
        ReturnBy=Rule(ask=Ask.OFFER, when=sibling("ReturnRequired", YES), otherwise=Ask.NEVER),
    ),
    **_in("ChainOfCustodyType", ItemId=Rule(ask=Ask.QUIETLY, default=_its_item), CustodyStep=_AGAIN),
    **_in("CustodyStepType", Place=_OFFER, MethodOrTool=_OFFER),
    # The files that go along are entered by the program; what is fetched elsewhere is asked of whoever wants more.
    **_in(
        "HashManifestType", HashEntry=Rule(ask=Ask.MORE, again=True, said="a file that is fetched elsewhere")
    ),
    **_in("HashEntryType", Retrieval=_MUST),
    **_in(
        "ResultReceiptType",
        HashFailure=Rule(ask=Ask.MUST, when=sibling("Verified", NO), otherwise=Ask.NEVER, again=True),
        MissingItemId=Rule(ask=Ask.OFFER, when=sibling("Verified", NO)),
        ReceivedItemId=_MORE,
        ReasonText=Rule(ask=Ask.OFFER, when=sibling("Verified", NO), otherwise=Ask.MORE),
    ),
    **_in("ReturnType", ReturnedItem=_AGAIN),
    **_in("WaiverOfReturnType", WaivedItemRef=_AGAIN, Reason=_OFFER),
    **_in(
        "PreservationOutcomeType",
        GroundCode=_must_when("Outcome", "REFUSED", otherwise=Ask.NEVER),
        ReasonText=_must_when("Outcome", *_NOT_DONE),
        PreservationReference=_must_when("Outcome", *_KEPT, otherwise=Ask.NEVER),
        ProviderReference=Rule(ask=Ask.OFFER, when=sibling("Outcome", *_KEPT)),
        # BUD 29(7)
        PreservedUntil=_must_when("Outcome", *_KEPT, otherwise=Ask.NEVER),
        AvailabilityRisk=_OFFER,
    ),
}

_USE = {
    **_in(
        "UseConsentRequestType",
        RestrictionRef=_OFFER_AGAIN,
        AffectedItem=_AGAIN,
        ExculpatoryOnly=_NO,
        AnswerBy=_OFFER,
    ),
    **_in(
        "UseConsentDecisionType",
        RestrictionRef=_OFFER_AGAIN,
        AffectedItem=_OFFER_AGAIN,
        ConsentScope=_must_when("ConsentDecision", "GRANTED_IN_PART", otherwise=Ask.MORE),
        Until=Rule(ask=Ask.OFFER, when=unless(sibling("ConsentDecision", "REFUSED"))),
        ReasonText=_must_when("ConsentDecision", "REFUSED", otherwise=Ask.OFFER),
    ),
    **_in("ExculpatoryDisclosureNoticeType", AffectedItem=_AGAIN, AdvanceNotGivenReason=_OFFER),
    **_in("ConfidentialityCannotBeKeptType", MeasureId=_OFFER),
    **_in("RestrictionChangeType", AffectedItem=_AGAIN, Reason=_OFFER),
    **_in("RecallNoticeType", RecalledItem=_AGAIN, DueBy=_OFFER, ReasonText=_OFFER),
    **_in("RecallConfirmationType", RecallOutcome=_AGAIN),
    **_in("RecallOutcomeType", Reason=_must_when("RecallResult", "CANNOT", otherwise=Ask.OFFER)),
}

_OTHERS = {
    **_in(
        "SpontaneousInformationType",
        LegalBasis=_AGAIN,
        Person=_OFFER_AGAIN,
        Offence=Rule(ask=Ask.MORE, again=True),
        Condition=Rule(ask=Ask.OFFER, again=True, said="a condition for the use of the information"),
        NoConditions=Rule(
            ask=Ask.MUST, when=_no_condition, otherwise=Ask.NEVER, said="Is it given without any condition"
        ),
        InviteRequest=_OFFER,
    ),
    **_in("ArrestNoticeType", CustodyPlace=_OFFER, FullRequestDueBy=_OFFER, ConsentInfo=_OFFER),
    **_in("SurrenderNoticeType", ReasonText=_must_when("SurrenderStage", "POSTPONED", otherwise=Ask.OFFER)),
    **_in("ReleaseNoticeType", ReleasePlace=_OFFER),
    **_in("JITAgreementType", LegalBasis=_AGAIN, Party=_AGAIN, Leader=_AGAIN, PartySignature=_AGAIN),
    **_in("PreservationExtensionType", LegalBasis=_AGAIN, FollowUpIntended=Rule(default=fixed(YES))),
}

ACT_RULES: dict[tuple[str, str], Rule] = {
    **RULES,
    **_EVERY_ACT,
    **_REPLIES,
    **_DIALOGUE,
    **_RESULTS,
    **_USE,
    **_OTHERS,
}
"""The rules of the acts; for what they share with requests those of requests."""

ACT_SECTIONS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Who writes to whom", ("MessageHeader",)),
    ("Files sent along", ("Attachment",)),
    ("What is said", ("",)),
    ("Confidentiality and handling", ("Handling",)),
    ("Signature", ("SigningOfficer",)),
)
"""The order. Files come first, because what is said may name them."""

ELSEWHERE = frozenset(
    {
        "MeasureId", "MeasureContinuing", "QuestionId", "ConditionId", "RestrictionId", "ItemId", "AttachmentId",
        "ReceivedItemId", "MissingItemId",
    }
)  # fmt: skip
"""Elements that name something in another message of the case."""
