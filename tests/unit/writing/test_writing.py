"""The interview and the document it ends in."""

import random

import pytest
from lxml import etree

from emla.formats.xml import parse_xml
from emla.model.errors import InvalidMessageError
from emla.model.limits import XmlLimits
from emla.steps.validate import validate
from emla.writing.build import build
from emla.writing.conditions import BLOCKS
from emla.writing.progress import progress_of
from emla.writing.questions import Kind
from tests.support.written import COMPILED, FILE_FACTS, HEADER, INDEX, SHAPE, acceptance, interview, written

MEASURES = tuple(SHAPE.codes["{urn:emla:common:1}MeasureCode"])
C = "{urn:emla:common:1}"


def document(answers: dict[str, str]) -> bytes:
    return build(interview(), answers, INDEX, SHAPE, HEADER | FILE_FACTS)


def check(data: bytes) -> None:
    try:
        validate(data, schemas=COMPILED, limits=XmlLimits(), sender="jp.moj", recipient="nl.moj")
    except InvalidMessageError as error:
        raise AssertionError("\n".join(f"{each.path}: {each.message}" for each in error.findings)) from None


@pytest.mark.parametrize("gates", [False, True], ids=["as little as may be", "all that is offered"])
def test_whatever_the_measures_the_answers_make_a_valid_request(gates: bool) -> None:  # noqa: FBT001
    data = document(written(*MEASURES, gates=gates))
    check(data)
    found = {}
    for measure in parse_xml(data, XmlLimits()).root.iterchildren(f"{C}Measure"):
        names = [etree.QName(each).localname for each in measure]
        found[measure.findtext(f"{C}MeasureType")] = [each for each in names if each.endswith("Block")]
    assert found == {each: [BLOCKS[each]] if each in BLOCKS else [] for each in MEASURES}


@pytest.mark.parametrize(
    "measure", ["ESD_ACCESS", "SEARCH_SEIZURE", "GOV_PUBLIC_RECORDS", "JUDICIAL_RECORDS"]
)
def test_a_request_for_one_measure_is_valid_with_the_least(measure: str) -> None:
    check(document(written(measure, gates=False)))


def test_only_what_the_measure_needs_is_asked() -> None:
    asked = [each.path for each in interview().questions(written("BANK_RECORDS", gates=False))]
    assert any("/BankBlock/" in each for each in asked)
    assert not any("/HearingBlock/" in each or "/ElectronicDataBlock/" in each for each in asked)


def test_service_alone_asks_for_neither_offence_nor_facts() -> None:
    answers = written("SERVICE_DOCUMENTS", gates=False, preset={"Attachment[1]?": "yes"})
    assert answers["Offence[1]?"] == "no"
    assert answers["FactSummary?"] == "no"
    check(document(answers))


def test_what_is_no_longer_asked_does_not_enter_the_document_and_is_kept() -> None:
    answers = written("BANK_RECORDS", gates=False)
    answers["Measure[1]/MeasureType"] = "GOV_PUBLIC_RECORDS"
    answers["Attachment[1]?"] = "no"
    data = document(answers)
    assert b"BankBlock" not in data
    check(data)
    answers["Measure[1]/MeasureType"] = "BANK_RECORDS"
    assert b"GB82WEST12345698765432" in document(answers)


def test_markup_that_was_typed_is_text() -> None:
    answers = written("BANK_RECORDS", gates=False) | {"Purpose": "<!ENTITY x 'y'> & ]]> <script>"}
    data = document(answers)
    check(data)
    root = parse_xml(data, XmlLimits()).root
    assert root.findtext("{urn:emla:request:1}Purpose") == "<!ENTITY x 'y'> & ]]> <script>"


def test_an_address_on_the_internet_needs_its_time() -> None:
    preset = {"Measure[1]/ElectronicDataBlock/Identifier[1]/IdentifierType": "IPV4_WITH_PORT_AND_TIME"}
    preset["Measure[1]/ElectronicDataBlock/Identifier[1]/IdentifierValue"] = "203.0.113.88"
    answers = written("ESD_ACCESS", gates=False, preset=preset)
    assert answers["Measure[1]/ElectronicDataBlock/Identifier[1]/ObservedAt"] == "2026-06-21T23:30:00Z"
    check(document(answers))


def test_the_recipients_profile_fills_in_what_it_says() -> None:
    data = document(written("BANK_RECORDS", gates=False)).decode()
    assert "<Email>airs@minjenv.example.nl</Email>" in data
    assert data.index("<Language>nl</Language>") < data.index("<RequestingReference>")
    assert "<CountryCode>NL</CountryCode>" in data


def test_several_values_stand_in_one_answer() -> None:
    answers = written("BANK_RECORDS", gates=False) | {"LegalBasis[1]/Article": "46(3)(f); 46(8)"}
    assert b"<Article>46(3)(f)</Article>\n  <Article>46(8)</Article>" in document(answers)


def test_a_second_person_and_a_reference_to_it() -> None:
    preset = {"Person[2]?": "yes", "Measure[1]/HearingBlock/PersonRef": "P2"}
    answers = written("HEARING_VIDEO", gates=False, preset=preset)
    data = document(answers)
    check(data)
    assert b"<PersonId>P2</PersonId>" in data
    assert b"<PersonRef>P2</PersonRef>" in data


def test_the_interview_is_the_same_in_whatever_order_it_was_answered() -> None:
    answers = written("ESD_ACCESS", gates=True)
    shuffled = list(answers.items())
    random.Random(5).shuffle(shuffled)
    assert interview().questions(dict(shuffled)) == interview().questions(answers)


def test_progress_says_what_is_open_and_what_is_missing() -> None:
    answers = written("BANK_RECORDS", gates=False)
    assert progress_of(interview(), answers).percent == 100
    del answers["Purpose"]
    progress = progress_of(interview(), answers)
    assert progress.percent < 100
    (section,) = [each for each in progress.sections if each.missing]
    assert (section.name, [each.path for each in section.missing]) == ("Purpose and urgency", ["Purpose"])


def test_every_question_says_why_and_names_its_source() -> None:
    for question in interview().questions(written("ESD_ACCESS", gates=True)):
        if question.kind in (Kind.VALUE, Kind.FILE):
            assert question.explanation, question.path
            assert question.source, question.path


def test_lists_that_the_schema_leaves_open_are_suggested_and_others_taken_as_well() -> None:
    asked = {each.path: each for each in interview().questions(written("BANK_RECORDS", gates=False))}
    instrument = asked["LegalBasis[1]/InstrumentCode"]
    assert "UNCAC" in {each.code for each in instrument.suggestions}
    assert acceptance().accept(instrument, "unca", {}) == "UNCAC"
    assert acceptance().accept(instrument, "new-treaty-2027", {}) == "NEW-TREATY-2027"
    country = asked["MessageHeader/Recipient/CountryCode"]
    assert acceptance().accept(country, "netherlands", {}) == "NL"
    assert acceptance().accept(country, "nl", {}) == "NL"
