"""Every file of schemas/samples is what its name says, and two schema processors agree about it."""

import pytest
from lxml import etree

from emla.formats.schema_index import SchemaIndex
from emla.formats.xml import qualified_name
from tests.support.sample_case import S01, refusal, s01, schemas
from tests.support.second_opinions import verdicts, xmllint_accepts

PROMISES = {
    "comment-in-identifier": ("malformed-xml", "XML-comment-in-value", "/MLARequest/MessageHeader/MessageId"),
    "dtd-entity": ("malformed-xml", "XML-doctype", ""),
    "duplicate-attachment-id": ("invalid-message", "BR-056", "/MLARequest/Attachment[3]/AttachmentId"),
    "duplicate-person-id": ("invalid-message", "XSD-reference", "/MLARequest/Person[2]"),
    "file-name-with-folder": ("invalid-message", "BR-056", "/MLARequest/Attachment[2]/FileName"),
    "local-time": ("invalid-message", "XSD-pattern", "/MLARequest/MessageHeader/IssuedAt"),
    "malformed": ("malformed-xml", "XML-not-well-formed", ""),
    "missing-purpose": ("invalid-message", "XSD-missing-element", "/MLARequest"),
    "unknown-measure-code": ("invalid-message", "XSD-enumeration", "/MLARequest/Measure[2]/MeasureType"),
    "unknown-version": ("invalid-message", "XSD-unknown-message", "/MLARequest"),
    "wrong-date": ("invalid-message", "XSD-datatype", "/MLARequest/Offence[1]/CommittedFrom"),
}
FILES = sorted(path.name for path in S01.glob("*.xml"))


@pytest.mark.parametrize("name", FILES)
def test_every_sample_is_what_its_name_promises(name: str) -> None:
    code, findings = refusal((S01 / name).read_bytes())
    if name.startswith("not-valid."):
        promised = PROMISES[name.removeprefix("not-valid.").removesuffix(".xml")]
        assert [(code, finding.rule, finding.path) for finding in findings] == [promised]
    else:
        assert (code, findings) == ("", ())


def test_every_promise_has_its_file() -> None:
    assert sorted(["mla-request.xml", *(f"not-valid.{name}.xml" for name in PROMISES)]) == FILES


def test_both_processors_agree_on_every_sample() -> None:
    compared = 0
    for name in FILES:
        data = (S01 / name).read_bytes()
        if refusal(data)[0] == "malformed-xml":
            continue
        first, second = verdicts(data)
        assert first == second, name
        compared += 1
    assert compared >= 8


@pytest.mark.needs("xmllint")
def test_xmllint_agrees_on_every_sample() -> None:
    well_formed = [name for name in FILES if refusal((S01 / name).read_bytes())[0] != "malformed-xml"]
    ours = {S01 / name: verdicts((S01 / name).read_bytes())[0] for name in well_formed}
    assert xmllint_accepts(ours) == ours


def test_both_processors_agree_when_any_one_element_is_taken_out_or_doubled() -> None:
    count = len(list(etree.fromstring(s01()).iter("*")))
    accepted = 0
    for number in range(1, count):
        without = etree.fromstring(s01())
        element = list(without.iter("*"))[number]
        parent = element.getparent()
        assert parent is not None
        parent.remove(element)
        first = verdicts(etree.tostring(without))
        doubled = etree.fromstring(s01())
        element = list(doubled.iter("*"))[number]
        element.addnext(etree.fromstring(etree.tostring(element, with_tail=False)))
        second = verdicts(etree.tostring(doubled))
        assert first[0] == first[1], f"without {qualified_name(element)} on line {element.sourceline}"
        assert second[0] == second[1], f"with two of {qualified_name(element)} on line {element.sourceline}"
        accepted += first[0] + second[0]
    assert accepted > 30


VALUES = (
    "",
    " ",
    "x",
    "0",
    "-1",
    "1e3",
    "true",
    "1",
    "2026-02-29",
    "2026-06-22T24:00:00Z",
    "JP",
    "é" * 9000,
    "a\tb",
    "٣",
)


def test_both_processors_agree_on_odd_values_anywhere() -> None:
    index: SchemaIndex = schemas().index_of("{urn:emla:request:1}MLARequest")
    seen: set[str | None] = set()
    for number, leaf in enumerate(etree.fromstring(s01()).iter("*")):
        type_name = index.type_of(leaf)
        if len(leaf) or type_name in seen:
            continue
        seen.add(type_name)
        for value in VALUES:
            root = etree.fromstring(s01())
            list(root.iter("*"))[number].text = value
            found = verdicts(etree.tostring(root))
            assert found[0] == found[1], f"{value!r} in {qualified_name(leaf)}"
    assert len(seen) > 25
