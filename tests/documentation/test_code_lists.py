"""The code lists as other states' implementers get them: complete, in six languages, and equal to the schema."""

import re
from datetime import date
from functools import cache
from itertools import pairwise

import pytest
from lxml import etree

from emla.formats.genericode import COLUMNS, NAMESPACE, CodeLists
from emla.formats.schema_index import read_index
from emla.model.codelist import LANGUAGES, CodeList
from tests.support.sample_case import SCHEMA_FOLDER

XS = "{http://www.w3.org/2001/XMLSchema}"
FILES = sorted((SCHEMA_FOLDER / "codes").glob("*.gc"))
NAMED = re.compile(r"Code list: (CL-[A-Z]+)\.")
SCRIPTS = {
    "ar": re.compile(r"[\u0621-\u064a]{2}"),
    "ru": re.compile(r"[\u0400-\u04ff]{2}"),
    "zh": re.compile(r"[\u4e00-\u9fff]"),
}
LATIN_ONLY = re.compile(r"[\u0400-\u04ff\u0600-\u06ff\u4e00-\u9fff]")


@cache
def lists() -> CodeLists:
    return CodeLists(SCHEMA_FOLDER)


@cache
def code_types() -> dict[str, tuple[str, set[str]]]:
    """Of each simple type that names a list: the list, and the codes the schema itself allows."""
    found: dict[str, tuple[str, set[str]]] = {}
    for path in sorted((SCHEMA_FOLDER / "1.0").glob("*.xsd")):
        for type_ in etree.parse(path).getroot().iter(XS + "simpleType"):
            words = " ".join(
                "".join(each.itertext()) for each in type_.iterfind(f"{XS}annotation/{XS}documentation")
            )
            named = NAMED.search(" ".join(words.split()))
            codes = {each.get("value", "") for each in type_.iter(XS + "enumeration")}
            if named or codes:
                found[type_.get("name", "")] = (named[1] if named else "", codes)
    return found


def test_every_list_is_named_as_its_file_and_by_its_address() -> None:
    assert lists().names == tuple(path.stem for path in FILES)
    assert len(FILES) > 60
    for name in lists().names:
        found = lists().get(name)
        assert found.name == name
        assert found.uri == f"urn:emla:codes:{name[3:].lower()}:{found.version}"


def test_every_code_type_of_the_schema_has_its_list_with_exactly_its_codes() -> None:
    assert code_types(), "no code types found"
    for type_, (name, codes) in code_types().items():
        assert name, f"{type_} has codes and does not say which list explains them (`Code list: CL-...`)"
        found = lists().find(name)
        assert found is not None, f"{type_} names {name}, which is not in schemas/codes"
        if codes:
            assert codes == set(found.codes), f"{type_} and {name} differ: {codes ^ set(found.codes)}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_list_is_complete_in_six_languages(path: object) -> None:
    found = lists().get(getattr(path, "stem", ""))
    for entry in found.codes.values():
        assert set(entry.labels) == set(LANGUAGES)
        assert entry.definition, entry.code
        assert entry.source, entry.code
        assert entry.valid_from >= date(2026, 1, 1), entry.code
        for language, script in SCRIPTS.items():
            assert script.search(entry.labels[language]), f"{found.name} {entry.code} {language}"
        for language in ("en", "fr", "es"):
            assert not LATIN_ONLY.search(entry.labels[language]), f"{found.name} {entry.code} {language}"
    for language in LANGUAGES:
        labels = sorted((entry.labels[language].casefold(), entry.code) for entry in found.codes.values())
        for (one, first), (other, second) in pairwise(labels):
            assert one != other, f"{found.name}: {first} and {second} have one label in {language}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_file_is_genericode_that_any_reader_of_it_takes(path: object) -> None:
    """The parts and their order as OASIS genericode 1.0 asks for them; its own schema is not ours to ship."""
    root = etree.parse(str(path)).getroot()
    assert root.tag == NAMESPACE + "CodeList"
    assert [each.tag for each in root] == ["Annotation", "Identification", "ColumnSet", "SimpleCodeList"]
    assert [each.tag for each in root.iterfind("Identification/*")] == [
        "ShortName", "LongName", "Version", "CanonicalUri", "CanonicalVersionUri",
    ]  # fmt: skip
    columns = list(root.iterfind("ColumnSet/Column"))
    ids = [column.get("Id", "") for column in columns]
    assert ids[: len(COLUMNS)] == list(COLUMNS)
    for column in columns:
        assert [each.tag for each in column] == ["ShortName", "LongName", "Data"]
        assert column.get("Use") in {"required", "optional"}
        data = column.find("Data")
        assert data is not None
        assert data.get("Type") in {"token", "string", "date", "boolean", "integer"}
    assert [each.get("Ref") for each in root.iterfind("ColumnSet/Key/ColumnRef")] == ["code"]
    required = {column.get("Id") for column in columns if column.get("Use") == "required"}
    for row in root.iterfind("SimpleCodeList/Row"):
        given = [value.get("ColumnRef", "") for value in row]
        assert given == sorted(given, key=ids.index)
        assert required <= set(given)
        assert all([each.tag for each in value] == ["SimpleValue"] for value in row)


def test_samples_use_no_code_that_its_list_does_not_have() -> None:
    """Instruments, crimes, countries, currencies and languages are data: the schema would let an invented one pass."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    index = read_index(SCHEMA_FOLDER / "1.0", parser)
    open_lists: dict[str, CodeList] = {}
    for children in index.complex_types.values():
        for child in children.values():
            value = index.simple_types.get(child.type_name)
            named = NAMED.search(value.documentation.text) if value is not None and not value.codes else None
            if named:
                open_lists[child.name] = lists().get(named[1])
    assert {found.name for found in open_lists.values()} >= {
        "CL-INSTRUMENT",
        "CL-CRIME",
        "CL-COUNTRY",
        "CL-LANG",
    }
    seen = 0
    for path in sorted((SCHEMA_FOLDER / "samples").rglob("*.xml")):
        if path.name.startswith(("not-valid", "breaks")):
            continue
        for element in etree.parse(path, parser).iter("*"):
            if element.tag in open_lists:
                seen += 1
                found, code = open_lists[str(element.tag)], (element.text or "").strip()
                assert found.find(code), (
                    f"{path.name}, line {element.sourceline}: {code} is not in {found.name}"
                )
    assert seen > 100


def of(name: str, column: str) -> dict[str, str]:
    found: CodeList = lists().get(name)
    return {code: entry.more.get(column, "") for code, entry in found.codes.items()}


def test_columns_that_rules_read_hold_only_what_rules_know() -> None:
    assert set(of("CL-MEASURE", "coercive").values()) == {"yes", "no", "maybe", "consent", ""}
    assert of("CL-MEASURE", "coercive")["SEARCH_SEIZURE"] == "yes"
    assert of("CL-REFUSAL", "permitted")["BANK_SECRECY"] == "no"
    assert set(of("CL-REFUSAL", "permitted").values()) == {"yes", "no", "not-alone"}
    countries = lists().get("CL-COUNTRY").codes
    parts = {code: state for code, state in of("CL-COUNTRY", "partOf").items() if state}
    assert {"HK": "CN", "GG": "GB", "KY": "GB"}.items() <= parts.items()
    assert all(state in countries and state not in parts for state in parts.values())
    assert len(countries) == 249


def test_what_nobody_has_verified_is_not_marked_as_verified() -> None:
    verified = {
        f"{name} {code}": entry.verified
        for name in lists().names
        for code, entry in lists().get(name).codes.items()
    }
    assert not verified["CL-DEADLINE D-HANOI-PRES"]
    assert not verified["CL-DEADLINE D-HARARE-PRES"]
    assert not verified["CL-INSTRUMENT HANOI"]
    assert not verified["CL-MEASURE DOMAIN_REGISTRATION"]
    assert verified["CL-DEADLINE D-BUD-PRES"]
    assert verified["CL-MEASURE SEARCH_SEIZURE"]
