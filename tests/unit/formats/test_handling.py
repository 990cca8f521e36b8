"""The handling of a message is read whole: every element of the schema has its place in a label."""

from dataclasses import fields
from datetime import date

from lxml import etree

from emla.bootstrap.schema_folder import schema_folder
from emla.formats.handling import label_in, read_label
from emla.model.restriction import Label, UseLimit

_XSD = "{http://www.w3.org/2001/XMLSchema}"
_SAID = {
    "ConfidentialityLevel": "CONFIDENTIAL",
    "ConfidentialityRequested": "true",
    "SealedFromSubject": "1",
    "OwnerAuthority": "jp.moj",
    "NotReleasableTo": "XX",
    "ReleasableTo": "nl.om",
    "ReleasableToCountry": "NL",
    "OnwardTransfer": "NONE",
    "Disposition": "DELETE",
    "AnalyticsConsent": "AGGREGATE_ONLY",
    "SensitiveFlag": "LAWYER",
}
_NOT_KEPT = {"ConfidentialityReason"}
"""Words for people, which stand in the message."""


def elements() -> list[str]:
    tree = etree.parse(schema_folder() / "1.0" / "handling.xsd")
    (kind,) = (each for each in tree.iter(f"{_XSD}complexType") if each.get("name") == "HandlingType")
    return [each.get("name", "") for each in kind.iter(f"{_XSD}element")]


def handling(*names: str) -> etree._Element:
    root = etree.Element("{urn:x}Handling")
    for name in names:
        child = etree.SubElement(root, "{urn:x}" + name)
        if name == "UseRestriction":
            for member, text in (
                ("RestrictionId", "R1"),
                ("UseLimit", "TIME_LIMITED"),
                ("Until", "2026-06-01"),
            ):
                etree.SubElement(child, "{urn:x}" + member).text = text
        else:
            child.text = _SAID.get(name, "2026-05-04")
    return root


def test_every_element_of_the_schema_changes_the_label() -> None:
    for name in elements():
        assert (read_label(handling(name)) == Label()) == (name in _NOT_KEPT), name
    whole = read_label(handling(*elements()))
    assert all(getattr(whole, each.name) != each.default for each in fields(Label))
    assert whole.limits == (UseLimit(limit="TIME_LIMITED", restriction_id="R1", until=date(2026, 6, 1)),)


def test_what_can_be_there_often_is_all_read_and_a_day_that_is_none_loses_nothing() -> None:
    root = handling("ReleasableTo", "ReleasableTo", "UseRestriction", "RetentionUntil")
    root[1].text = "kr.moj"
    root[2][2].text = root[3].text = "2026-02-30"
    root.append(etree.Comment("a word"))
    label = read_label(root)
    assert label.releasable_to == ("nl.om", "kr.moj")
    assert label.limits[0].until is label.kept_until is None


def test_a_message_without_handling_has_no_label() -> None:
    assert label_in(etree.Element("x")) is None
