"""Messages about what is held: consent to another use, restriction, recall. Part of `legal_act`, with the same rules."""

from lxml import etree

from emla.formats.handling import read_label
from emla.formats.xml_paths import day, elements, instant, meant, references, says, text, texts

Facts = dict[str, object]
"""Fields of a `LegalAct`."""


def consent_asked(root: etree._Element) -> Facts:
    """UseConsentRequest."""
    return {
        "references": meant(root, "AffectedItem"),
        "restrictions": references(root, "RestrictionRef", "ConditionId", "RestrictionId"),
        "recipients": tuple(texts(root, "IntendedRecipient")),
        "flag": says(root, "ExculpatoryOnly"),
        "due_on": day(root, "AnswerBy"),
    }


def consent(root: etree._Element) -> Facts:
    """UseConsentDecision."""
    return {
        "code": text(root, "ConsentDecision"),
        "references": meant(root, "AffectedItem"),
        "restrictions": references(root, "RestrictionRef", "ConditionId", "RestrictionId"),
        "last_on": day(root, "Until"),
    }


def disclosure(root: etree._Element) -> Facts:
    """ExculpatoryDisclosureNotice."""
    return {
        "references": meant(root, "AffectedItem"),
        "last_on": day(root, "PlannedOn"),
        "flag": bool(elements(root, "AdvanceNotGivenReason")),
    }


def restriction(root: etree._Element) -> Facts:
    """RestrictionChange."""
    return {
        "references": meant(root, "AffectedItem"),
        "limits": tuple(texts(root, "NewHandling/UseRestriction/UseLimit")),
        "new_label": next(map(read_label, elements(root, "NewHandling")), None),
        "effective_from": instant(root, "EffectiveFrom"),
    }


def recall(root: etree._Element) -> Facts:
    """RecallNotice."""
    return {
        "references": meant(root, "RecalledItem"),
        "code": text(root, "RecallReason"),
        "disposition": text(root, "RecallAction"),
        "due_on": day(root, "DueBy"),
    }


def recall_confirmation(root: etree._Element) -> Facts:
    """RecallConfirmation."""
    return {
        "outcomes": tuple(
            (each, text(outcome, "RecallResult"))
            for outcome in elements(root, "RecallOutcome")
            for each in meant(outcome, "RecalledItem")
        )
    }
