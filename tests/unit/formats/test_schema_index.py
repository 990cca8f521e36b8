import re

import pytest
from lxml import etree

from emla.formats.schema_index import Child, Documentation, SchemaIndex, read_index
from emla.formats.xml import parse_xml
from emla.model.limits import XmlLimits
from tests.support.sample_case import SCHEMA_FOLDER, s01

COMMON = "{urn:emla:common:1}"
REQUEST = "{urn:emla:request:1}"


@pytest.fixture(scope="module")
def index() -> SchemaIndex:
    return read_index(SCHEMA_FOLDER / "1.0", etree.XMLParser(resolve_entities=False, no_network=True))


def children_of(index: SchemaIndex, type_name: str) -> dict[str, Child]:
    return index.complex_types[type_name]


def test_messages_are_the_elements_that_begin_with_a_header(index: SchemaIndex) -> None:
    roots = list(index.message_roots())
    assert len(roots) == len(set(roots)) == 43
    assert REQUEST + "MLARequest" in roots
    assert COMMON + "Handling" not in roots


def test_definition_and_source_are_read_apart(index: SchemaIndex) -> None:
    purpose = children_of(index, REQUEST + "MLARequestType")[REQUEST + "Purpose"]
    assert purpose.documentation == Documentation(
        text="The purpose for which evidence, information or action is sought. Required.",
        source="UNCAC 46(15)(f), BR-009",
    )
    assert purpose.documentation.definition.endswith("is sought")


def test_a_reference_takes_its_definition_from_the_element_referred_to(index: SchemaIndex) -> None:
    measure = children_of(index, REQUEST + "MLARequestType")[COMMON + "Measure"]
    assert measure.type_name == COMMON + "MeasureType"
    assert measure.documentation.text.startswith("One thing that is asked for. At least one:")
    assert (measure.required, measure.repeatable, measure.in_choice) == (True, True, False)


def test_members_of_a_choice_are_known_as_such(index: SchemaIndex) -> None:
    target = children_of(index, COMMON + "TargetType")
    assert {child.in_choice for child in target.values()} == {True}


def test_forms_codes_and_facets_of_values_are_read(index: SchemaIndex) -> None:
    assert index.simple_types[COMMON + "Id128Type"].form == "32 characters, each 0-9 or a-f"
    assert index.simple_types[COMMON + "UrgencyCode"].codes == ("ROUTINE", "PRIORITY", "URGENT", "EMERGENCY")
    assert index.simple_types[COMMON + "NameType"].facets["maxLength"] == "200"


def test_the_type_of_an_element_follows_from_its_place(index: SchemaIndex) -> None:
    root = parse_xml(s01(), XmlLimits()).root
    for element in root.iter("*"):
        type_name = index.type_of(element)
        assert type_name is not None
        assert index.child_of(element) is not None
        is_leaf = not re.search(r"<\w", etree.tostring(element, encoding="unicode")[1:])
        assert (type_name in index.complex_types) is not is_leaf
    assert index.type_of(etree.Element("Letter")) is None
    assert index.child_of(etree.SubElement(root, "Letter")) is None
