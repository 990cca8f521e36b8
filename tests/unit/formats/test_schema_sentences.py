import pytest
from lxml import etree

from emla.formats.schema_index import SchemaIndex, read_index
from emla.formats.schema_sentences import describe
from tests.support.sample_case import SCHEMA_FOLDER

COMMON = "{urn:emla:common:1}"


@pytest.fixture(scope="module")
def index() -> SchemaIndex:
    return read_index(SCHEMA_FOLDER / "1.0", etree.XMLParser(resolve_entities=False, no_network=True))


def element(text: str) -> etree._Element:
    made = etree.Element(COMMON + "Thing")
    made.text = text
    return made


def test_long_values_are_shortened(index: SchemaIndex) -> None:
    _, sentence = describe(element("x" * 5000), COMMON + "Id128Type", "SCHEMAV_CVC_PATTERN_VALID", "", index)
    assert "x" * 60 + "…" in sentence
    assert len(sentence) < 200


def test_short_lists_are_given_whole_and_long_ones_by_their_nearest(index: SchemaIndex) -> None:
    error = "SCHEMAV_CVC_ENUMERATION_VALID"
    assert "F, M, X" in describe(element("W"), COMMON + "SexCode", error, "", index)[1]
    assert (
        "did you mean HEARING_VIDEO"
        in describe(element("VIDEO_HEARING"), COMMON + "MeasureCode", error, "", index)[1]
    )
    assert describe(element("?"), COMMON + "MeasureCode", error, "", index)[1].endswith("codes.")


def test_an_error_nobody_foresaw_is_shown_as_libxml2_says_it_without_namespaces(index: SchemaIndex) -> None:
    raw = "Element '{urn:emla:common:1}Thing': The moon is full."
    rule, sentence = describe(element("x"), None, "SCHEMAV_SOMETHING_NEW", raw, index)
    assert (rule, sentence) == ("XSD-other", "Element 'Thing': The moon is full.")


def test_a_value_of_a_built_in_type_is_explained(index: SchemaIndex) -> None:
    xs = "{http://www.w3.org/2001/XMLSchema}"
    _, sentence = describe(element("perhaps"), xs + "boolean", "SCHEMAV_CVC_DATATYPE_VALID_1_2_1", "", index)
    assert sentence == "“perhaps” in Thing is not yes or no; write true or false."
