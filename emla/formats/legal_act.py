"""A valid document to a `LegalAct`: what it means for its case.

Here: reading, one row in `_READERS` for each message that says more than its header. Not here: what follows from it
(`emla.cases`).

Rules of this file:
- Only documents without schema findings are handed in. What the schema allows to be absent may be absent here.
- Names are local: a family that gets a new namespace and keeps an element keeps its meaning.
- A day that the schema's calendar knows and ours does not is read as no day: an act is never lost by a date.
- Nothing is judged. An act that says something impossible is read like any other, and the fold says so.
"""

import hashlib
from collections.abc import Callable, Iterator
from datetime import date

from lxml import etree

from emla.formats.message import read_message
from emla.formats.xml import XmlDocument, text_of
from emla.model.legal_act import (
    AboutMeasure,
    AskedMeasure,
    AskedQuestion,
    LegalAct,
    Reference,
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
    said: Facts = {
        "requesting_reference": message.requesting_reference,
        "requested_reference": message.requested_reference or "",
        "instruments": tuple(_texts(root, "LegalBasis/InstrumentCode")),
        "owner": _text(root, "Handling/OwnerAuthority"),
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
            (bytes.fromhex(_text(each, "CaseId")), _text(each, "Relation"))
            for each in _all(root, "MessageHeader/RelatesTo")
        ),
        **said,  # type: ignore[arg-type]  # the readers below give fields of LegalAct; a test reads every message
    )


def _all(within: etree._Element, path: str) -> Iterator[etree._Element]:
    """Elements by a path of local names."""
    elements = [within]
    for step in path.split("/"):
        elements = [child for each in elements for child in each.iterchildren("{*}" + step)]
    yield from elements


def _texts(within: etree._Element, path: str) -> Iterator[str]:
    return (text_of(each) for each in _all(within, path))


def _text(within: etree._Element, path: str) -> str:
    return next(_texts(within, path), "")


def _says(within: etree._Element, path: str) -> bool:
    return _text(within, path) in ("true", "1")


def _day(within: etree._Element, path: str) -> date | None:
    """The day of a date or an instant, as it is written."""
    try:
        return date.fromisoformat(_text(within, path)[:10])
    except ValueError:
        return None


def _references(within: etree._Element, path: str, *names: str) -> tuple[Reference, ...]:
    return tuple(
        Reference(message_id=bytes.fromhex(_text(each, "InMessage")), local_id=local_id)
        for each in _all(within, path)
        for name in names
        for local_id in _texts(each, name)
    )


def _conditions(within: etree._Element) -> tuple[SetCondition, ...]:
    return tuple(
        SetCondition(
            condition_id=_text(each, "ConditionId"),
            use_limit=_text(each, "UseLimit"),
            measures=tuple(_texts(each, "MeasureId")),
        )
        for each in _all(within, "Condition")
    )


def _restrictions(root: etree._Element) -> tuple[SetCondition, ...]:
    """What the handling of material restricts; its ids are unique beside those of conditions."""
    return tuple(
        SetCondition(
            condition_id=_text(each, "RestrictionId"), use_limit=_text(each, "UseLimit"), measures=()
        )
        for each in _all(root, "Handling/UseRestriction")
    )


def _request(root: etree._Element) -> Facts:
    asked = [
        AskedMeasure(measure_id=_text(each, "MeasureId"), kind=_text(each, "MeasureType"))
        for each in _all(root, "Measure")
    ]
    kind = _KIND_OF.get(etree.QName(root).localname)
    if kind is not None:
        asked.append(AskedMeasure(measure_id=_text(root, "MeasureId"), kind=kind))
    asked += [
        AskedMeasure(measure_id=each, kind="SERVICE_DOCUMENTS")
        for each in _texts(root, "Addressee/MeasureId")
    ]
    return {
        "asked": tuple(asked),
        "named": tuple(_texts(root, "Party/AuthorityId")),
        "arrested_on": _day(root, "ArrestedOn"),
        "consented": _says(root, "ConsentInfo/ConsentGiven"),
    }


def _agreement(root: etree._Element) -> Facts:
    return {
        "measures": (_text(root, "MeasureId"),),
        "named": tuple(_texts(root, "Party/AuthorityId")),
        "signed": tuple(_texts(root, "PartySignature/AuthorityId")),
    }


def _information(root: etree._Element) -> Facts:
    return {"flag": _says(root, "NatureOnly"), "conditions": _conditions(root) + _restrictions(root)}


def _receipt(root: etree._Element) -> Facts:
    others = ("HandlingAuthority", "TransmittedTo")
    return {
        "requested_reference": _text(root, "RequestedReference"),
        "named": tuple(name for other in others for name in _texts(root, f"{other}/AuthorityId")),
    }


def _referral(root: etree._Element) -> Facts:
    return {"named": tuple(_texts(root, "NewAuthority/AuthorityId"))}


def _delay(root: etree._Element) -> Facts:
    return {"measures": tuple(_texts(root, "MeasureId")), "due_on": _day(root, "NewDueDate")}


def _about(root: etree._Element, element: str, code: str) -> tuple[AboutMeasure, ...]:
    return tuple(
        AboutMeasure(
            measure_id=_text(each, "MeasureId"), code=_text(each, code), conditions=_conditions(each)
        )
        for each in _all(root, element)
    )


def _report(root: etree._Element) -> Facts:
    return {
        "says": _about(root, "MeasureStatus", "MeasureState"),
        "code": _text(root, "OverallStatus"),
        "flag": _says(root, "Resumed"),
    }


def _decision(root: etree._Element) -> Facts:
    return {"says": _about(root, "MeasureDecision", "DecisionOutcome")}


def _questions(root: etree._Element) -> Facts:
    questions = tuple(
        AskedQuestion(
            question_id=_text(each, "QuestionId"),
            mandatory=_says(each, "Mandatory"),
            measures=tuple(_texts(each, "MeasureId")),
        )
        for each in _all(root, "Question")
    )
    return {
        "questions": questions,
        "measures": tuple(_texts(root, "MeasureContinuing")),
        "flag": _says(root, "ExecutionSuspended"),
        "due_on": _day(root, "DueBy"),
    }


def _answers(root: etree._Element) -> Facts:
    return {"answered": tuple(_texts(root, "Answer/QuestionId")), "flag": _says(root, "Complete")}


def _consultation(root: etree._Element) -> Facts:
    return {
        "measures": tuple(_texts(root, "MeasureId")),
        "code": _text(root, "Topic"),
        "flag": _says(root, "ConsultationClosed"),
        "due_on": _day(root, "AnswerBy"),
    }


def _condition_response(root: etree._Element) -> Facts:
    answers = tuple(
        (_text(each, "ConditionId"), _text(each, "ConditionResult") == "ACCEPTED")
        for each in _all(root, "ConditionAnswer")
    )
    return {"condition_answers": answers}


def _update(root: etree._Element) -> Facts:
    return _request(root) | {"changes": tuple(_texts(root, "Change/ChangeKind"))}


def _withdrawal(root: etree._Element) -> Facts:
    return {
        "measures": tuple(_texts(root, "MeasureId")),
        "code": _text(root, "Scope"),
        "disposition": _text(root, "MaterialDisposition"),
    }


def _withdrawal_confirmation(root: etree._Element) -> Facts:
    return {
        "measures": tuple(_texts(root, "MeasureId")),
        "disposition": _text(root, "DispositionDone"),
    }


def _closure(root: etree._Element) -> Facts:
    return {"code": _text(root, "ClosureStage")}


def _result(root: etree._Element) -> Facts:
    return {
        "says": _about(root, "MeasureResult", "Outcome"),
        "conditions": _conditions(root) + _restrictions(root),
        "flag": _says(root, "Final"),
        "items_to_return": tuple(
            _text(each, "ItemId") for each in _all(root, "EvidenceItem") if _says(each, "ReturnRequired")
        ),
    }


def _result_receipt(root: etree._Element) -> Facts:
    return {"flag": _says(root, "Verified")}


def _return(root: etree._Element) -> Facts:
    back = _references(root, "Return/ReturnedItem/ReturnedItemRef", "ItemId", "AttachmentId")
    waived = _references(root, "WaiverOfReturn/WaivedItemRef", "ItemId", "AttachmentId")
    return {"references": (*back, *waived), "flag": bool(back)}


def _outcome(root: etree._Element) -> Facts:
    about = AboutMeasure(measure_id=_text(root, "MeasureId"), code=_text(root, "Outcome"))
    return {"says": (about,), "due_on": _day(root, "PreservedUntil")}


def _arrest(root: etree._Element) -> Facts:
    return {
        "measures": (_text(root, "MeasureId"),),
        "arrested_on": _day(root, "ArrestedAt"),
        "consented": _says(root, "ConsentInfo/ConsentGiven"),
        "due_on": _day(root, "FullRequestDueBy"),
    }


def _surrender(root: etree._Element) -> Facts:
    return {
        "measures": (_text(root, "MeasureId"),),
        "code": _text(root, "SurrenderStage"),
        "due_on": _day(root, "SurrenderDate"),
    }


def _release(root: etree._Element) -> Facts:
    return {"measures": (_text(root, "MeasureId"),), "code": _text(root, "ReleaseReason")}


def _consent(root: etree._Element) -> Facts:
    return {
        "code": _text(root, "ConsentDecision"),
        "references": _references(root, "AffectedItem", "ItemId", "AttachmentId"),
        "restrictions": _references(root, "RestrictionRef", "ConditionId", "RestrictionId"),
    }


def _restriction(root: etree._Element) -> Facts:
    return {
        "references": _references(root, "AffectedItem", "ItemId", "AttachmentId"),
        "limits": tuple(_texts(root, "NewHandling/UseRestriction/UseLimit")),
    }


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
    "UseConsentDecision": _consent,
    "RestrictionChange": _restriction,
}
