"""A valid document to a `LegalAct`: what it means for its case.

Here: reading, one row in `_READERS` for each message that says more than its header. Not here: what follows from it
(`emla.cases`).

Rules of this file:
- Only documents without schema findings are handed in. What the schema allows to be absent may be absent here.
- A day that the schema's calendar knows and ours does not is read as no day (`xml_paths`): an act is never lost by a date.
- Nothing is judged. An act that says something impossible is read like any other, and the fold says so.
"""

import hashlib
from collections.abc import Callable
from datetime import date

from lxml import etree

from emla.formats import legal_act_held
from emla.formats.handling import label_in
from emla.formats.message import read_message
from emla.formats.xml import XmlDocument
from emla.formats.xml_paths import day, elements, instant, references, says, text, texts
from emla.model.legal_act import (
    AboutMeasure,
    AskedMeasure,
    AskedQuestion,
    LegalAct,
    SentFile,
    SetCondition,
)
from emla.model.message import Message

Facts = dict[str, object]
"""Fields of a `LegalAct`."""

_KIND_OF = {
    "PreservationRequest": "ESD_PRESERVE",
    "EmergencyDisclosureRequest": "ESD_EMERGENCY",
    "ProvisionalArrestRequest": "PROVISIONAL_ARREST",
    "ExtraditionRequest": "EXTRADITION",
    "JITProposal": "JIT_SETUP",
    "InterceptionNotification": "RT_CONTENT",
}
"""Requests with one measure of their own, which is given by its id alone."""


def read_legal_act(data: bytes, document: XmlDocument, message: Message | None = None) -> LegalAct:
    """Map a schema-valid document to its act.

    Args:
        data: the bytes that were signed.
        document: the same, for which ``Schemas.validate`` had no findings.
        message: what `read_message` made of it, where that was asked before.

    Raises:
        KeyError: the document was not valid after all (a programmer's error).
        ValueError: IssuedAt is valid in the schema's calendar but not in Python's; `validate` refuses such a message.
    """
    root = document.root
    message = message or read_message(document)
    reader = _READERS.get(message.message_type)
    label = label_in(root)
    said: Facts = {
        "requesting_reference": message.requesting_reference,
        "requested_reference": message.requested_reference or "",
        "instruments": tuple(texts(root, "LegalBasis/InstrumentCode")),
        "owner": label.owner if label else "",
        "label": label,
        "copies": message.copy_to,
        "files": tuple(
            SentFile(attachment_id=each.attachment_id, sha256=each.sha256) for each in message.attachments
        ),
    }
    if reader is not None:
        said |= reader(root)
    return LegalAct(
        message_id=message.message_id,
        case_id=message.case_id,
        digest=hashlib.sha256(data).digest(),
        message_type=message.message_type,
        generation=message.generation,
        issued_at=message.issued_at,
        sender=message.sender,
        recipient=message.recipient,
        in_reply_to=message.in_reply_to,
        relates_to=tuple(
            (bytes.fromhex(text(each, "CaseId")), text(each, "Relation"))
            for each in elements(root, "MessageHeader/RelatesTo")
        ),
        **said,  # type: ignore[arg-type]  # the readers below give fields of LegalAct; a test reads every message
    )


def _conditions(within: etree._Element) -> tuple[SetCondition, ...]:
    return tuple(
        SetCondition(
            condition_id=text(each, "ConditionId"),
            use_limit=text(each, "UseLimit"),
            measures=tuple(texts(each, "MeasureId")),
        )
        for each in elements(within, "Condition")
    )


def _restrictions(root: etree._Element) -> tuple[SetCondition, ...]:
    """What the handling of material restricts; its ids are unique beside those of conditions."""
    return tuple(
        SetCondition(condition_id=text(each, "RestrictionId"), use_limit=text(each, "UseLimit"), measures=())
        for each in elements(root, "Handling/UseRestriction")
    )


def _request(root: etree._Element) -> Facts:
    asked = [
        AskedMeasure(
            measure_id=text(each, "MeasureId"), kind=text(each, "MeasureType"), wanted_on=_wanted_on(each)
        )
        for each in elements(root, "Measure")
    ]
    kind = _KIND_OF.get(etree.QName(root).localname)
    if kind is not None:
        asked.append(AskedMeasure(measure_id=text(root, "MeasureId"), kind=kind, wanted_on=_wanted_on(root)))
    asked += [
        AskedMeasure(measure_id=each, kind="SERVICE_DOCUMENTS", wanted_on=_wanted_on(root))
        for each in texts(root, "Addressee/MeasureId")
    ]
    return {
        "asked": tuple(asked),
        "named": tuple(texts(root, "Party/AuthorityId")),
        "arrested_on": day(root, "ArrestedOn"),
        "urgency": text(root, "Urgency/UrgencyLevel"),
        **_consent_of_person(root),
    }


def _wanted_on(within: etree._Element) -> date | None:
    return day(within, "DeadlineRequested/Date")


def _consent_of_person(root: etree._Element) -> Facts:
    return {
        "consented": says(root, "ConsentInfo/ConsentGiven"),
        "consent_told": bool(elements(root, "ConsentInfo")),
        "consent_on": day(root, "ConsentInfo/ConsentDate"),
    }


def _agreement(root: etree._Element) -> Facts:
    return {
        "measures": (text(root, "MeasureId"),),
        "named": tuple(texts(root, "Party/AuthorityId")),
        "signed": tuple(texts(root, "PartySignature/AuthorityId")),
    }


def _information(root: etree._Element) -> Facts:
    return {"flag": says(root, "NatureOnly"), "conditions": _conditions(root) + _restrictions(root)}


def _receipt(root: etree._Element) -> Facts:
    others = ("HandlingAuthority", "TransmittedTo")
    return {
        "requested_reference": text(root, "RequestedReference"),
        "received_at": instant(root, "ReceivedAt"),
        "named": tuple(name for other in others for name in texts(root, f"{other}/AuthorityId")),
    }


def _referral(root: etree._Element) -> Facts:
    return {"named": tuple(texts(root, "NewAuthority/AuthorityId"))}


def _delay(root: etree._Element) -> Facts:
    return {
        "measures": tuple(texts(root, "MeasureId")),
        "code": text(root, "DeadlineId"),
        "due_on": day(root, "NewDueDate"),
    }


def _about(root: etree._Element, element: str, code: str) -> tuple[AboutMeasure, ...]:
    return tuple(
        AboutMeasure(
            measure_id=text(each, "MeasureId"),
            code=text(each, code),
            conditions=_conditions(each),
            due_on=day(each, "ExpectedBy"),
        )
        for each in elements(root, element)
    )


def _report(root: etree._Element) -> Facts:
    return {
        "says": _about(root, "MeasureStatus", "MeasureState"),
        "code": text(root, "OverallStatus"),
        "flag": says(root, "Resumed"),
        "due_on": day(root, "NextReportBy"),
        "expected_on": day(root, "ExpectedCompletion"),
    }


def _decision(root: etree._Element) -> Facts:
    return {"says": _about(root, "MeasureDecision", "DecisionOutcome")}


def _questions(root: etree._Element) -> Facts:
    questions = tuple(
        AskedQuestion(
            question_id=text(each, "QuestionId"),
            mandatory=says(each, "Mandatory"),
            measures=tuple(texts(each, "MeasureId")),
        )
        for each in elements(root, "Question")
    )
    return {
        "questions": questions,
        "measures": tuple(texts(root, "MeasureContinuing")),
        "flag": says(root, "ExecutionSuspended"),
        "due_on": day(root, "DueBy"),
    }


def _answers(root: etree._Element) -> Facts:
    return {"answered": tuple(texts(root, "Answer/QuestionId")), "flag": says(root, "Complete")}


def _consultation(root: etree._Element) -> Facts:
    return {
        "measures": tuple(texts(root, "MeasureId")),
        "code": text(root, "Topic"),
        "flag": says(root, "ConsultationClosed"),
        "due_on": day(root, "AnswerBy"),
    }


def _condition_response(root: etree._Element) -> Facts:
    answers = tuple(
        (text(each, "ConditionId"), text(each, "ConditionResult") == "ACCEPTED")
        for each in elements(root, "ConditionAnswer")
    )
    return {"condition_answers": answers}


def _update(root: etree._Element) -> Facts:
    changes = elements(root, "Change")
    days = [day(each, "NewValue") for each in changes if text(each, "ChangeKind") == "DEADLINE_CHANGE"]
    return _request(root) | {
        "changes": tuple(text(each, "ChangeKind") for each in changes),
        "due_on": max((each for each in days if each is not None), default=None),
    }


def _withdrawal(root: etree._Element) -> Facts:
    return {
        "measures": tuple(texts(root, "MeasureId")),
        "code": text(root, "Scope"),
        "disposition": text(root, "MaterialDisposition"),
    }


def _withdrawal_confirmation(root: etree._Element) -> Facts:
    return {
        "measures": tuple(texts(root, "MeasureId")),
        "disposition": text(root, "DispositionDone"),
    }


def _closure(root: etree._Element) -> Facts:
    return {"code": text(root, "ClosureStage")}


def _result(root: etree._Element) -> Facts:
    return {
        "says": _about(root, "MeasureResult", "Outcome"),
        "conditions": _conditions(root) + _restrictions(root),
        "flag": says(root, "Final"),
        "items_to_return": tuple(
            text(each, "ItemId") for each in elements(root, "EvidenceItem") if says(each, "ReturnRequired")
        ),
        "items": tuple(
            (text(each, "ItemId"), tuple(texts(each, "ItemAttachment")))
            for each in elements(root, "EvidenceItem")
        ),
    }


def _result_receipt(root: etree._Element) -> Facts:
    return {"flag": says(root, "Verified")}


def _return(root: etree._Element) -> Facts:
    back = references(root, "Return/ReturnedItem/ReturnedItemRef", "ItemId", "AttachmentId")
    waived = references(root, "WaiverOfReturn/WaivedItemRef", "ItemId", "AttachmentId")
    return {"references": (*back, *waived), "flag": bool(back)}


def _outcome(root: etree._Element) -> Facts:
    about = AboutMeasure(measure_id=text(root, "MeasureId"), code=text(root, "Outcome"))
    return {"says": (about,), "due_on": day(root, "PreservedUntil")}


def _arrest(root: etree._Element) -> Facts:
    return {
        "measures": (text(root, "MeasureId"),),
        "arrested_on": day(root, "ArrestedAt"),
        "arrested_at": instant(root, "ArrestedAt"),
        "due_on": day(root, "FullRequestDueBy"),
        **_consent_of_person(root),
    }


def _surrender(root: etree._Element) -> Facts:
    return {
        "measures": (text(root, "MeasureId"),),
        "code": text(root, "SurrenderStage"),
        "due_on": day(root, "SurrenderDate"),
    }


def _release(root: etree._Element) -> Facts:
    return {"measures": (text(root, "MeasureId"),), "code": text(root, "ReleaseReason")}


_READERS: dict[str, Callable[[etree._Element], Facts]] = {
    "MLARequest": _request,
    "PreservationRequest": _request,
    "EmergencyDisclosureRequest": _request,
    "AssetRecoveryRequest": _request,
    "ServiceRequest": _request,
    "ProvisionalArrestRequest": _request,
    "ExtraditionRequest": _request,
    "JITProposal": _request,
    "InterceptionNotification": _request,
    "JITAgreement": _agreement,
    "SpontaneousInformation": _information,
    "ReceiptConfirmation": _receipt,
    "ReferralNotice": _referral,
    "Decision": _decision,
    "DelayNotice": _delay,
    "TimeLimitExtension": _delay,
    "StatusReport": _report,
    "SupplementaryInformationRequest": _questions,
    "SupplementaryInformation": _answers,
    "Consultation": _consultation,
    "ConditionResponse": _condition_response,
    "RequestUpdate": _update,
    "Withdrawal": _withdrawal,
    "WithdrawalConfirmation": _withdrawal_confirmation,
    "ClosureNotice": _closure,
    "ResultTransmission": _result,
    "ResultReceipt": _result_receipt,
    "ReturnNotice": _return,
    "PreservationOutcome": _outcome,
    "ArrestNotice": _arrest,
    "SurrenderNotice": _surrender,
    "ReleaseNotice": _release,
    "UseConsentRequest": legal_act_held.consent_asked,
    "UseConsentDecision": legal_act_held.consent,
    "ExculpatoryDisclosureNotice": legal_act_held.disclosure,
    "RecallNotice": legal_act_held.recall,
    "RecallConfirmation": legal_act_held.recall_confirmation,
    "RestrictionChange": legal_act_held.restriction,
}
