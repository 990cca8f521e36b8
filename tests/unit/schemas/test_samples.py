"""Two schema processors agree about the request of S01, however it is changed."""

from lxml import etree

from emla.formats.schema_index import SchemaIndex
from emla.formats.xml import qualified_name
from tests.support.sample_case import s01, schemas
from tests.support.second_opinions import verdicts


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
