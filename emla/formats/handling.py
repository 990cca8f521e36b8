"""The handling of a message to a `Label`: one row for each element of HandlingType.

Rules of this file:
- It is read for every message that comes or goes, so its children are walked once.
- An element that a later minor version adds, or a code that this one does not know, changes nothing else.
"""

from datetime import date

from lxml import etree

from emla.formats.xml import text_of
from emla.model.restriction import Label, UseLimit

_TEXTS = {
    "ConfidentialityLevel": "level",
    "OwnerAuthority": "owner",
    "OnwardTransfer": "onward",
    "Disposition": "disposition",
    "AnalyticsConsent": "analytics",
}
_TRUTHS = {"ConfidentialityRequested": "confidential", "SealedFromSubject": "sealed"}
_DAYS = {
    "SealedUntil": "sealed_until",
    "NonDisclosureUntil": "undisclosed_until",
    "RetentionUntil": "kept_until",
    "ReviewDate": "review_on",
}
_LISTS = {
    "ReleasableTo": "releasable_to",
    "ReleasableToCountry": "releasable_to_countries",
    "NotReleasableTo": "not_releasable_to",
    "SensitiveFlag": "sensitive",
}


def label_in(root: etree._Element) -> Label | None:
    """The label of a message; None where it says nothing of handling."""
    return next(map(read_label, root.iterchildren("{*}Handling")), None)


def read_label(handling: etree._Element) -> Label:
    """The label that an element of HandlingType is."""
    said: dict[str, object] = {}
    for each in handling:
        name = str(each.tag).rpartition("}")[2]  # a comment has no name that stands in the tables
        if name in _TEXTS:
            said[_TEXTS[name]] = text_of(each)
        elif name in _TRUTHS:
            said[_TRUTHS[name]] = text_of(each) in ("true", "1")
        elif name in _LISTS:
            said[_LISTS[name]] = (*said.get(_LISTS[name], ()), text_of(each))  # type: ignore[misc]  # a tuple of texts
        elif name in _DAYS:
            said[_DAYS[name]] = _day(text_of(each))
        elif name == "UseRestriction":
            said["limits"] = (*said.get("limits", ()), _limit(each))  # type: ignore[misc]  # a tuple of limits
    return Label(**said)  # type: ignore[arg-type]  # the tables above give fields of Label; a test reads every element


def _limit(restriction: etree._Element) -> UseLimit:
    said = {str(each.tag).rpartition("}")[2]: text_of(each) for each in restriction}
    return UseLimit(
        limit=said.get("UseLimit", ""),
        restriction_id=said.get("RestrictionId", ""),
        until=_day(said.get("Until", "")),
    )


def _day(said: str) -> date | None:
    try:
        return date.fromisoformat(said[:10]) if said else None
    except ValueError:
        return None
