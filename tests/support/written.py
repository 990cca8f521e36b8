"""Answers to every question of the writer: what the simplest honest officer would type."""

from contextlib import suppress
from pathlib import Path

from lxml import etree

from emla.formats.genericode import CodeLists
from emla.formats.schema import Schemas
from emla.formats.schema_shape import read_shape, with_labels
from emla.formats.schema_value import ValueChecker
from emla.writing.accept import Acceptance, Unacceptable
from emla.writing.answers import Surroundings
from emla.writing.interview import Interview
from emla.writing.questions import Kind, Question

SCHEMAS = Path(__file__).parents[2] / "schemas"
ROOT = "{urn:emla:request:1}MLARequest"
TODAY = "2026-06-22"

_PARSER = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
COMPILED = Schemas(SCHEMAS)
INDEX = COMPILED.index_of(ROOT)
SHAPE = with_labels(read_shape(SCHEMAS / "1.0", _PARSER), CodeLists(SCHEMAS), "en")
AROUND = Surroundings(
    today=TODAY,
    sender={
        "AuthorityId": "jp.moj",
        "CountryCode": "JP",
        "Name": "Ministry of Justice",
        "Contact[1]/Post": "Central authority",
        "Contact[1]/Phone": "+81 3 5550 0142",
        "Contact[1]/Email": "mla@moj.example.jp",
        "Contact[1]/Language": "en; ja",
    },
    peers={
        "nl.moj": {
            "Name": "Ministry of Justice and Security",
            "Contact[1]/Post": "Central authority",
            "Contact[1]/Phone": "+31 70 555 0190",
            "Contact[1]/Email": "airs@minjenv.example.nl",
            "Contact[1]/Language": "nl; en",
        }
    },
    languages={"jp.moj": ("ja", "en"), "nl.moj": ("nl", "en")},
    time_zones=frozenset({"UTC", "Europe/Amsterdam"}),
)
_BY_TYPE = {
    "AuthorityIdType": "nl.moj",
    "CountryCodeType": "NL",
    "TerritoryCodeType": "GB-GGY",
    "LanguageType": "en",
    "DateType": TODAY,
    "InstantType": "2026-06-22 08:30 +09:00",
    "CountType": "3",
    "PortType": "443",
    "YearsType": "10",
    "DecimalType": "1250.50",
    "CurrencyType": "eur",
    "EmailType": "mla@example.nl",
    "PhoneType": "+31 70 555 0190",
    "TimeZoneType": "UTC",
    "IbanType": "GB82 WEST 1234 5698 7654 32",
    "CrimeCode": "CYBER_FRAUD",
    "InstrumentCode": "BUD",
    "Id128Type": "ab12" * 8,
    "GenerationType": "1",
    "MediaTypeType": "application/pdf",
}


def interview(around: Surroundings = AROUND) -> Interview:
    """The interview of a request."""
    return Interview(ROOT, INDEX, SHAPE, around)


def acceptance(around: Surroundings = AROUND) -> Acceptance:
    """What will do as an answer."""
    return Acceptance(ValueChecker(INDEX, _PARSER), around)


def plausible(question: Question, *, gates: bool) -> str:
    """What somebody might type; `gates` says whether everything that is offered is taken up."""
    if question.kind is Kind.GATE:
        again = question.words.startswith("Another")
        return "yes" if gates and not again else "no"
    if question.kind is Kind.FORM or question.options:
        return question.options[0].code if question.options else ""
    if question.suggestions and question.element == "AuthorityId":
        return question.suggestions[0].code
    if question.kind is Kind.FILE:
        return "order.pdf"
    if not question.required and not gates:
        return ""
    if "[" in question.path.rpartition("/")[2] and not question.required:
        return ""  # one paragraph is enough
    if question.element == "IdentifierValue":
        return "someone@example.com"
    local = question.type_name.rpartition("}")[2]
    return _BY_TYPE.get(local, f"Words about {question.element}")


def written(
    *measures: str, gates: bool, instrument: str = "BUD", preset: dict[str, str] | None = None
) -> dict[str, str]:
    """The answers to all questions of a request for these measures."""
    asked, judge = interview(), acceptance()
    answers: dict[str, str] = {
        "MessageHeader/Recipient/AuthorityId": "nl.moj",
        "LegalBasis[1]/InstrumentCode": instrument,
        **(preset or {}),
    }
    for number, measure in enumerate(measures, 1):
        answers |= {f"Measure[{number}]/MeasureType": measure, f"Measure[{number}]?": "yes"}
    while True:
        open_ = [each for each in asked.questions(answers) if each.is_open(answers)]
        if not open_:
            return answers
        before = len(answers)
        # Many at once, for speed; what depends on another answer of this turn may have to wait for the next.
        for question in open_:
            with suppress(Unacceptable):
                answers[question.path] = judge.accept(question, plausible(question, gates=gates), answers)
        assert len(answers) > before, open_[0]


FILE_FACTS = {
    "Attachment[1]/FileName": "order.pdf",
    "Attachment[1]/MediaType": "application/pdf",
    "Attachment[1]/SizeBytes": "3",
    "Attachment[1]/Sha256": "ab" * 32,
}
HEADER = {
    "MessageHeader/MessageId": "6f1c0a9de25b47c38b1f6a0d94e7c215",
    "MessageHeader/CaseId": "b84e19d07a3c4f62a5d8017fce93b640",
    "MessageHeader/MessageType": "MLARequest",
    "MessageHeader/Generation": "1",
    "MessageHeader/IssuedAt": "2026-06-22T07:30:00Z",
}
