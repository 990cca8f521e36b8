import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from shutil import copytree, ignore_patterns, rmtree

import pytest

from emla.formats.schema import FINDINGS_MAX, PARTS_MAX, Schemas
from emla.formats.xml import parse_xml
from emla.model.errors import ConfigurationError
from emla.model.findings import Finding, Severity
from emla.model.limits import XmlLimits
from tests.support.sample_case import SCHEMA_FOLDER, changed, s01, schemas

HEADER = "<MessageId>6f1c0a9de25b47c38b1f6a0d94e7c215</MessageId>"
PURPOSE = "<r:Purpose>To identify the person"


def findings(data: bytes) -> tuple[Finding, ...]:
    return schemas().validate(parse_xml(data, XmlLimits()))


def only(data: bytes) -> Finding:
    found = findings(data)
    assert len(found) == 1, found
    assert found[0].severity is Severity.FATAL
    assert found[0].line
    assert found[0].source
    assert found[0].message[-1] in ".?"
    assert "{" not in found[0].message
    return found[0]


def test_the_sample_is_valid() -> None:
    assert findings(s01()) == ()
    assert "{urn:emla:request:1}MLARequest" in schemas().roots


@pytest.mark.parametrize(
    ("old", "new", "rule", "path", "words"),
    [
        ("6f1c0a9d", "6F1C0A9D", "XSD-pattern", "/MLARequest/MessageHeader/MessageId", "each 0-9 or a-f"),
        (
            "<Generation>1<",
            "<Generation>0<",
            "XSD-datatype",
            "/MLARequest/MessageHeader/Generation",
            "number from 1",
        ),
        (
            "<Years>3<",
            "<Years>three<",
            "XSD-datatype",
            "/MLARequest/Offence[1]/MaximumPenalty/Years",
            "a number",
        ),
        ("<Years>3<", "<Years>-3<", "XSD-range", "/MLARequest/Offence[1]/MaximumPenalty/Years", "at least 0"),
        (">PRIORITY<", ">FAST<", "XSD-enumeration", "/MLARequest/Urgency/UrgencyLevel", "ROUTINE, PRIORITY"),
        (
            ">ESD_ACCESS<",
            ">ESD_ACESS<",
            "XSD-enumeration",
            "/MLARequest/Measure[1]/MeasureType",
            "did you mean ESD_ACCESS",
        ),
        (
            ">2026-03-01</CommittedFrom>",
            ">01.03.2026</CommittedFrom>",
            "XSD-datatype",
            "/MLARequest/Offence[1]/CommittedFrom",
            "year-month-day",
        ),
        (
            "<Name>Kenji Arimoto<",
            "<Name> <",
            "XSD-empty",
            "/MLARequest/Measure[2]/AttendanceRequested/Name",
            "empty",
        ),
        (
            "MOJ-IAD-2026-0417",
            "x" * 121,
            "XSD-too-long",
            "/MLARequest/MessageHeader/RequestingReference",
            "121 characters; at most 120",
        ),
        (
            ">true</Coercive>",
            ">yes</Coercive>",
            "XSD-datatype",
            "/MLARequest/Measure[1]/Coercive",
            "true or false",
        ),
        (
            "<Proceeding>",
            "<Proceeding id='1'>",
            "XSD-attribute",
            "/MLARequest/Proceeding",
            "the attribute id",
        ),
        ("<Handling>", "<Handling>see below", "XSD-text-between", "/MLARequest/Handling", "only elements"),
        (
            "<Language>en</Language>\n <",
            "<Language><b/></Language>\n <",
            "XSD-elements-in-value",
            "",
            "only text",
        ),
        ("<PersonId>P2<", "<PersonId>P1<", "XSD-reference", "/MLARequest/Person[2]", "a second time"),
    ],
)
def test_each_kind_of_error_has_its_rule_place_and_sentence(
    old: str, new: str, rule: str, path: str, words: str
) -> None:
    finding = only(changed(old, new))
    assert finding.rule == rule
    assert finding.path == path or not path
    assert words in finding.message


def test_a_reference_to_nobody_is_named() -> None:
    block = "<Target>\n   <Provider>Tulip Hosting B.V.</Provider>"
    finding = only(
        changed(block, block.replace("Provider>", "PersonRef>").replace("Tulip Hosting B.V.", "P9"))
    )
    assert finding.rule == "XSD-reference"
    assert "“P9”" in finding.message


def test_a_missing_element_is_named_with_its_definition_and_treaty() -> None:
    text = s01().decode()
    finding = only(changed(re.findall(r"<r:Purpose>.*</r:Purpose>", text)[0], ""))
    assert finding.rule == "XSD-missing-element"
    assert finding.message.startswith("Purpose is missing in MLARequest before Urgency: The purpose")
    assert "UNCAC 46(15)(f)" in finding.source


def test_a_missing_last_element_is_named() -> None:
    finding = only(changed("<SigningDate>2026-06-22</SigningDate>", ""))
    assert (finding.rule, finding.path) == ("XSD-missing-element", "/MLARequest/SigningOfficer")


def test_an_unfinished_choice_names_the_choices() -> None:
    found = findings(changed("<Item>Server nl-ams-417</Item>", ""))
    assert [(f.rule, f.path) for f in found] == [("XSD-missing-element", "/MLARequest/Measure[2]/Target[2]")]
    assert "PersonRef or Address" in found[0].message


def test_misspelt_repeated_and_misplaced_elements_are_told_apart() -> None:
    misspelt = findings(changed("<Stage>", "<Stagee>").replace(b"</Stage>", b"</Stagee>"))
    assert {f.rule for f in misspelt} == {"XSD-unexpected-element", "XSD-missing-element"}
    assert any("did you mean Stage?" in f.message for f in misspelt)
    assert (
        only(changed("<Generation>1", "<Generation>1</Generation><Generation>2")).rule
        == "XSD-repeated-element"
    )
    order = only(
        changed("<AssuranceType>DEATH_PENALTY_NOT_SOUGHT</AssuranceType>\n", "").replace(
            b"<GivenBy>Ministry", b"<AssuranceType>DEATH_PENALTY_NOT_SOUGHT</AssuranceType><GivenBy>Ministry"
        )
    )
    assert order.rule == "XSD-wrong-order"


def test_the_wrong_namespace_of_an_element_is_said() -> None:
    found = findings(changed("<r:Purpose>", "<Purpose>").replace(b"</r:Purpose>", b"</Purpose>"))
    assert "it belongs to urn:emla:request:1" in " ".join(f.message for f in found)


def test_all_errors_are_found_although_libxml2_skips_what_follows_a_misplaced_element() -> None:
    data = (
        changed(HEADER, "")
        .replace(b"<Article>8</Article>", b"<Article/>")
        .replace(b">PRIORITY<", b">FAST<")
        .replace(b"<GivenBy>Ministry of Justice of Japan</GivenBy>", b"")
        .replace(b"<r:Purpose>", b"<r:Porpose>")
        .replace(b"</r:Purpose>", b"</r:Porpose>")
        .replace(b"<PageCount>2<", b"<PageCount>two<")
    )
    found = findings(data)
    assert [(f.rule, f.path) for f in found] == [
        ("XSD-missing-element", "/MLARequest/MessageHeader"),
        ("XSD-empty", "/MLARequest/LegalBasis[1]/Article"),
        ("XSD-missing-element", "/MLARequest"),
        ("XSD-unexpected-element", "/MLARequest/Porpose"),
        ("XSD-enumeration", "/MLARequest/Urgency/UrgencyLevel"),
        ("XSD-missing-element", "/MLARequest/Assurance"),
        ("XSD-datatype", "/MLARequest/Attachment[2]/PageCount"),
    ]
    assert [f.line for f in found] == sorted(f.line or 0 for f in found)


def test_several_missing_elements_of_one_parent_are_all_named() -> None:
    found = findings(
        changed("<Name>Tomoko Hayase</Name>\n  <Post>Director, International Affairs Division</Post>", "")
    )
    assert [f.message.split(" is ")[0] for f in found] == ["Name", "Post"]


def test_an_unknown_version_and_an_unknown_message_are_told_apart() -> None:
    version = only(changed("urn:emla:request:1", "urn:emla:request:2"))
    assert version.rule == "XSD-unknown-message"
    assert "urn:emla:request:2" in version.message
    assert "urn:emla:request:1" in version.message
    other = only(b"<Letter/>")
    assert other.rule == "XSD-unknown-message"
    assert "lists the 43 it knows" in other.message
    mistyped = only(b'<MlaReqest xmlns="urn:emla:request:1"/>')
    assert mistyped.message.endswith("did you mean MLARequest?")


def test_prefixes_of_the_writer_do_not_matter() -> None:
    data = (
        s01()
        .replace(b"xmlns:r=", b"xmlns:request=")
        .replace(b"<r:", b"<request:")
        .replace(b"</r:", b"</request:")
    )
    assert findings(data) == ()
    broken = data.replace(
        b"<request:NecessityAndProportionality>true", b"<request:NecessityAndProportionality>maybe"
    )
    assert only(broken).path == "/MLARequest/Certification/NecessityAndProportionality"


def test_no_more_than_the_cap_is_worded_and_the_last_finding_says_so() -> None:
    found = findings(changed("<HandledAs>", "<Article/>" * (FINDINGS_MAX + 50) + "<HandledAs>"))
    assert len(found) == FINDINGS_MAX + 1
    assert found[-1].rule == "XSD-more"


def test_a_document_with_very_many_elements_after_misplaced_ones_is_not_read_to_its_end() -> None:
    one = "<LegalBasis><Foo/>" + "<Article>8</Article>" * (PARTS_MAX // 2 + 1) + "</LegalBasis>"
    found = findings(changed("<Proceeding>", one * 2 + "<Proceeding>"))
    assert found[-1].rule == "XSD-more"
    assert "XSD-unexpected-element" in {finding.rule for finding in found}


def test_a_schema_location_in_a_message_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "evil.xsd").write_text("not a schema")
    location = f"urn:emla:request:1 {(tmp_path / 'evil.xsd').as_uri()}"
    attribute = f'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="{location}"'
    assert findings(changed("<r:MLARequest ", f"<r:MLARequest {attribute} ")) == ()


def test_threads_share_the_schemas_without_mixing_their_errors() -> None:
    documents = [s01(), changed(">PRIORITY<", ">FAST<"), changed("6f1c0a9d", "6F1C0A9D"), b"<Letter/>"] * 12
    alone = [findings(data) for data in documents]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(findings, documents)) == alone


def test_schemas_compile_in_a_folder_with_spaces_and_umlauts(tmp_path: Path) -> None:
    folder = tmp_path / "Rechtshilfe für alle"
    copytree(SCHEMA_FOLDER, folder)
    document = parse_xml(changed("<Stage>", "<Stagee>").replace(b"</Stage>", b"</Stagee>"), XmlLimits())
    assert Schemas(folder).validate(document) == schemas().validate(document) != ()


@pytest.mark.parametrize("lost", ["codes/CL-COUNTRY.gc", "rules", "1.0/common.xsd"])
def test_a_folder_from_which_something_is_missing_is_refused_and_not_used_without_it(
    tmp_path: Path, lost: str
) -> None:
    folder = tmp_path / "schemas"
    copytree(SCHEMA_FOLDER, folder, ignore=ignore_patterns("samples"))
    if lost == "rules":
        rmtree(folder / lost)
    elif lost.endswith(".xsd"):
        (folder / lost).write_text("<cut")
    else:
        (folder / lost).unlink()
    with pytest.raises(ConfigurationError) as caught:
        Schemas(folder)
    assert caught.value.code == "unreadable-file"
