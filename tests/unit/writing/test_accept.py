"""What was typed, and what becomes of it."""

import pytest

from emla.writing.accept import Unacceptable
from emla.writing.answers import Surroundings
from emla.writing.questions import Kind, Option, Question
from tests.support.written import AROUND, acceptance

C = "{urn:emla:common:1}"
NUMBERED = tuple(
    Option(code=each, words=words)
    for each, words in (("ESD_ACCESS", "Stored data"), ("ESD_PRESERVE", "Keep data"), ("OTHER", "Else"))
)


def question(
    type_: str,
    element: str = "X",
    path: str = "X",
    *,
    multiple: bool = False,
    options: tuple[Option, ...] = (),
    suggestions: tuple[Option, ...] = (),
) -> Question:
    return Question(
        path=path,
        section=0,
        kind=Kind.VALUE,
        words="",
        type_name=f"{C}{type_}",
        element=element,
        multiple=multiple,
        options=options,
        suggestions=suggestions,
    )


def accept(
    asked: Question, typed: str, answers: dict[str, str] | None = None, around: Surroundings = AROUND
) -> str:
    return acceptance(around).accept(asked, typed, answers or {})


@pytest.mark.parametrize(
    ("asked", "typed", "kept"),
    [
        (question("CountryCodeType"), "nl", "NL"),
        (question("IbanType"), "gb82 west-1234 5698 7654 32", "GB82WEST12345698765432"),
        (question("InstantType"), "2026-06-15 08:30 +09:00", "2026-06-14T23:30:00Z"),
        (question("InstantType"), "2026-06-15T08:30:00Z", "2026-06-15T08:30:00Z"),
        (question("InstantType"), "2026-06-15 08:30 UTC", "2026-06-15T08:30:00Z"),
        (question("TextType"), "  two   words ", "two words"),
        (question("LanguageType", multiple=True), "nl;en ; fr", "nl; en; fr"),
        (question("CrimeCode"), "cyber fraud", "CYBER_FRAUD"),
        (question("MeasureCode", options=NUMBERED), "2", "ESD_PRESERVE"),
        (question("MeasureCode", options=NUMBERED), "esd access", "ESD_ACCESS"),
        (question("MeasureCode", options=NUMBERED), "esd-p", "ESD_PRESERVE"),
        (question("MeasureCode", options=NUMBERED), "stored", "ESD_ACCESS"),
        (question("AuthorityIdType", suggestions=(Option(code="nl.moj", words=""),)), "nl", "nl.moj"),
        (question("AuthorityIdType", suggestions=(Option(code="nl.moj", words=""),)), "de.bfj", "de.bfj"),
    ],
)  # fmt: skip
def test_what_is_unmistakable_is_put_right(asked: Question, typed: str, kept: str) -> None:
    assert accept(asked, typed) == kept


@pytest.mark.parametrize("typed", ["y", "Yes", "TRUE", "да", "是"])
def test_yes_is_yes_in_several_languages(typed: str) -> None:
    gate = Question(path="X?", section=0, kind=Kind.GATE, words="")
    assert accept(gate, typed) == "yes"


@pytest.mark.parametrize(
    ("asked", "typed", "said"),
    [
        (question("DateType"), "2026-02-30", "not a calendar date"),
        (question("DateType"), "4 May", "2026-06-15"),
        (question("IbanType"), "GB82WEST12345698765433", "check digits"),
        (question("InstantType"), "2026-06-15 08:30", "2026-06-15T08:30:00Z"),
        (question("PhoneType"), "070 555", "country code"),
        (question("MeasureCode", options=NUMBERED), "ESD", "Did you mean ESD_ACCESS or ESD_PRESERVE?"),
        (question("MeasureCode", options=NUMBERED), "ESD_ACESS", "Did you mean ESD_ACCESS"),
        (question("TimeZoneType", "TimeZone"), "Europe/Amsterdm", "Did you mean Europe/Amsterdam?"),
        (question("DateType", "BirthDate"), "2026-06-23", "not come yet"),
        (question("DateType", "HearingDate"), "2026-06-21", "past"),
        (question("LocalIdType", "PersonRef"), "P1", "nothing yet to refer to"),
        (question("TextType"), "", "needed"),
        (question("InstantType"), "0001-01-01 00:00 +14:00", "2026-06-15T08:30:00Z"),
        (question("InstantType"), "9999-12-31 23:59 -14:00", "2026-06-15T08:30:00Z"),
        (question("MeasureCode", options=NUMBERED), "9" * 5000, "not one of the answers"),
    ],
)
def test_what_will_not_do_is_said_with_what_to_write(asked: Question, typed: str, said: str) -> None:
    with pytest.raises(Unacceptable, match=said.replace("?", r"\?")):
        accept(asked, typed)


def test_a_period_does_not_end_before_it_begins() -> None:
    asked = question("DateType", "To", "Measure[1]/BankBlock/Period/To")
    before = {"Measure[1]/BankBlock/Period/From": "2026-01-02"}
    assert accept(asked, "2026-01-02", before) == "2026-01-02"
    with pytest.raises(Unacceptable, match="before it begins"):
        accept(asked, "2026-01-01", before)


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("IPV4_WITH_PORT_AND_TIME", "203.0.113.88", "203.0.113.888"),
        ("IPV6_WITH_TIME", "2001:db8::1", "203.0.113.88"),
        ("EMAIL", "a@b.example", "a.example"),
        ("PHONE_E164", "+31705550142", "070 5550142"),
        ("IBAN", "NL91 ABNA 0417 1643 00", "NL91 ABNA 0417 1643 01"),
        ("MAC", "02:00:4c:0a:00:01", "02:00:4c"),
        ("USERNAME", "anything goes", ""),
    ],
)
def test_an_identifier_has_the_form_of_its_kind(kind: str, good: str, bad: str) -> None:
    asked = question("LineType", "IdentifierValue", "I[1]/IdentifierValue")
    before = {"I[1]/IdentifierType": kind}
    assert accept(asked, good, before) == good
    with pytest.raises(Unacceptable):
        accept(asked, bad, before)
