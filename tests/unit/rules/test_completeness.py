"""The score counts what is there: honest, for this request alone, and never a condition of sending."""

import pytest
from lxml import etree

from emla.formats.message import read_message
from emla.formats.xml import XmlDocument, parse_xml
from emla.model.limits import XmlLimits
from emla.model.terms import SENDING
from emla.rules.completeness import ITEMS, Completeness, completeness
from emla.rules.context import Context
from tests.support.sample_case import changed, s01


def counted(data: bytes) -> Completeness | None:
    message = read_message(parse_xml(s01(), XmlLimits()))
    document = XmlDocument(root=etree.fromstring(data), size_bytes=len(data))
    return completeness(Context(document=document, message=message, terms=SENDING))


def test_a_full_request_has_every_required_item_and_says_what_else_helps() -> None:
    full = counted(s01())
    assert full is not None
    assert (full.required, full.required_there, full.percent) == (22, 22, 100)
    assert [(each.what, each.path) for each in full.missing] == [
        ("place of the offence", "/MLARequest/Offence[2]"),
        ("legal remedies, or that there are none", "/MLARequest"),
    ]


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("r:Purpose>", "r:Other>", "purpose for which the evidence is sought"),
        ("<Nationality>JP</Nationality>", "", "nationality, or that it is unknown"),
        ("ElectronicDataBlock>", "Other>", "particulars of this kind of measure"),
    ],
)
def test_what_is_taken_out_is_missed_once_with_its_place(old: str, new: str, what: str) -> None:
    found = counted(changed(old, new, 2))
    assert found is not None
    assert (found.required_there, found.required, found.percent) == (21, 22, 95)
    assert (found.missing[0].what, found.missing[0].required) == (what, True)
    assert found.missing[0].line
    assert found.missing[0].source


def test_what_does_not_apply_is_not_counted() -> None:
    """A request that is not coercive needs no text of the law."""
    mild = s01().replace(b"<Coercive>true", b"<Coercive>false")
    found = counted(mild.replace(b"<ProvisionTextAttachment>A-ORDER-EN</ProvisionTextAttachment>", b""))
    assert found is not None
    assert found.percent == 100
    assert found.required == 22 - 2 - 2  # neither the law of two offences nor that two measures exist at home


def test_a_message_that_asks_for_nothing_has_no_score() -> None:
    assert counted(b"<Decision xmlns='urn:emla:reply:1'/>") is None


def test_every_item_has_a_source() -> None:
    assert all(len(each.source) > 5 for each in ITEMS)
