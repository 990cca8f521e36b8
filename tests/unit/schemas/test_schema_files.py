"""The XSD files keep the rules that schemas/README.md states."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from lxml import etree

from tests.support.sample_case import SCHEMA_FOLDER

XS = "{http://www.w3.org/2001/XMLSchema}"
FILES = sorted((SCHEMA_FOLDER / "1.0").glob("*.xsd"))
LINES_MAX = 800


def declarations(path: Path) -> Iterator[etree._Element]:
    wanted = [
        XS + name
        for name in ("element", "simpleType", "complexType", "enumeration", "key", "keyref", "unique")
    ]
    return etree.parse(path).getroot().iter(*wanted)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_everything_is_documented_with_a_source(path: Path) -> None:
    for declaration in declarations(path):
        words = declaration.findtext(f"{XS}annotation/{XS}documentation") or ""
        said = " ".join(words.split())
        where = f"{path.name}:{declaration.sourceline}"
        assert re.fullmatch(r"\S.+\. Source: \S.*\.", said), where
        definition = said.partition(" Source: ")[0]
        assert len(definition) > 3, where


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_element_in_a_type_says_why_it_may_be_absent_or_repeated(path: Path) -> None:
    reasons = re.compile(
        r"Required|Optional|At least one|Any number|any number|Exactly one|One of|One form|At most|One "
    )
    for element in etree.parse(path).getroot().iterfind(f".//{XS}complexType//{XS}element"):
        words = " ".join((element.findtext(f"{XS}annotation/{XS}documentation") or "").split())
        assert reasons.search(words), f"{path.name}:{element.sourceline} {words}"
        optional = element.get("minOccurs") == "0" and element.get("maxOccurs") != "unbounded"
        assert not optional or "Optional" in words, f"{path.name}:{element.sourceline} {words}"


def test_one_element_name_has_one_type() -> None:
    types: dict[str, set[str]] = {}
    for path in FILES:
        for element in etree.parse(path).getroot().iter(XS + "element"):
            if element.get("name"):
                types.setdefault(str(element.get("name")), set()).add(str(element.get("type")))
    assert {name: found for name, found in types.items() if len(found) > 1} == {}


def test_types_are_named_and_values_are_restrictions() -> None:
    for path in FILES:
        root = etree.parse(path).getroot()
        for type_ in root.iter(XS + "simpleType", XS + "complexType"):
            assert type_.get("name"), f"{path.name}:{type_.sourceline}"
        for simple in root.iter(XS + "simpleType"):
            assert simple.find(XS + "restriction") is not None


def test_patterns_never_repeat_a_repetition() -> None:
    """A repeated group that itself repeats is how a pattern takes exponential time."""
    patterns = [p for path in FILES for p in etree.parse(path).getroot().iter(XS + "pattern")]
    assert len(patterns) > 10
    for pattern in patterns:
        value = re.sub(r"\[[^\]]*\]|\\.", "c", str(pattern.get("value")))
        assert not re.search(r"\)[*+?{]", value), pattern.get("value")
        assert not re.search(r"[*+]", value), f"{pattern.get('value')} is not bounded"


def test_every_text_has_a_greatest_length() -> None:
    free = []
    for path in FILES:
        for simple in etree.parse(path).getroot().iter(XS + "simpleType"):
            restriction = simple.find(XS + "restriction")
            assert restriction is not None
            kinds = {str(facet.tag).removeprefix(XS) for facet in restriction}
            bounded = {"pattern", "enumeration", "maxLength", "maxInclusive", "totalDigits"}
            if not kinds & bounded:
                free.append(simple.get("name"))
    assert free == []


def test_files_can_be_read_in_one_sitting_and_stay_at_home() -> None:
    for path in FILES:
        text = path.read_text(encoding="utf-8")
        assert len(text.splitlines()) <= LINES_MAX, path.name
        for location in re.findall(r'schemaLocation="([^"]*)"', text):
            assert (path.parent / location).is_file()
            assert "/" not in location


def test_the_readme_names_every_file() -> None:
    readme = (SCHEMA_FOLDER / "README.md").read_text(encoding="utf-8")
    for path in FILES:
        assert f"`{path.name}`" in readme
