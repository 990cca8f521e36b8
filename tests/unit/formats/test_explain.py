"""Every word of the schemas can be asked for, and what is nearly right is found."""

from functools import cache

import pytest

from emla.formats.explain import Vocabulary
from emla.model.explanation import Explanation, RuleWords
from tests.support.sample_case import SCHEMA_FOLDER


@cache
def vocabulary(language: str = "en") -> Vocabulary:
    return Vocabulary(SCHEMA_FOLDER, language)


def only(name: str, language: str = "en") -> Explanation:
    found = vocabulary(language).find(name)
    assert len(found) == 1, found
    return found[0]


def test_an_element_is_explained_in_its_place() -> None:
    found = only("MLARequest/Measure/NecessityStatement")
    assert found.kind == "element"
    assert found.definition == "Why it is necessary. Required."
    assert found.source == "BUD 29(2)(e), BR-010"
    assert ("Cardinality", "required") in found.facts


def test_a_path_that_a_finding_showed_is_understood() -> None:
    assert only("/MLARequest/Offence[2]/MaximumPenalty") == only("MLARequest/Offence/MaximumPenalty")
    assert {each.name for each in only("MLARequest/Offence/MaximumPenalty").members} >= {
        "DeathPenaltyPossible"
    }


def test_a_path_may_begin_below_the_message() -> None:
    assert only("Measure/NecessityStatement").source == "BUD 29(2)(e), BR-010"
    assert vocabulary().find("Measure/Nothing") == ()
    assert vocabulary().find("Nothing/Nothing") == ()
    assert vocabulary().find("MLARequest/Nothing") == ()
    assert vocabulary().find("MLARequest/MessageHeader/MessageId/Deeper") == ()


def test_an_element_alone_says_where_it_stands() -> None:
    (found,) = (each for each in vocabulary().find("NecessityStatement") if each.kind == "element")
    assert "MeasureType" in dict(found.facts)["Stands in"]


def test_a_message_lists_what_it_holds() -> None:
    (found,) = vocabulary().find("MLARequest")
    assert (found.kind, found.members[0].name) == ("message", "MessageHeader")
    assert any(each.name == "MLARequest" for each in vocabulary().messages())


def test_a_code_is_explained_with_its_list_and_labels() -> None:
    found = only("SEARCH_SEIZURE", "fr")
    assert (found.kind, found.label) == ("code", "Perquisition et saisie")
    facts = dict(found.facts)
    assert (facts["List"], facts["Label (ru)"], facts["coercive"]) == ("CL-MEASURE", "Обыск и выемка", "yes")


def test_a_code_of_several_lists_has_several_meanings() -> None:
    lists = {dict(each.facts).get("List") for each in vocabulary().find("OTHER")}
    assert {"CL-REFUSAL", "CL-DELAY", "CL-DOCTYPE"} <= lists


def test_a_time_limit_says_how_long_and_from_when() -> None:
    facts = dict(only("D-BUD-PRES").facts)
    assert (facts["value"], facts["unit"], facts["startEvent"]) == ("60", "calendar-days", "preservation")


def test_an_instrument_says_whom_it_binds() -> None:
    (found,) = (each for each in vocabulary().find("UNCAC") if each.kind == "instrument")
    assert dict(found.facts)["Entry into force"] == "2005-12-14"
    assert any(each.name == "GB" and "GG since 2009-11-09" in each.text for each in found.members)


def test_a_rule_says_how_weighty_it_is_and_how_to_mend() -> None:
    first = vocabulary().rules()[0]
    found = vocabulary().find(first.name)[0]
    assert (found.name, found.definition) == (first.name, first.text)
    assert (found.kind, dict(found.facts)["Severity"]) == ("rule", first.note)
    assert dict(found.facts)["To mend it"]


def test_rules_that_are_not_written_in_the_schemas_are_found_too_also_without_their_letter() -> None:
    more = [
        RuleWords(id=name, severity="error", message="It is wrong.", remedy="Mend it.", source="emla/1")
        for name in ("BR-990a", "BR-990b", "BR-99")
    ]
    found = Vocabulary(SCHEMA_FOLDER, more_rules=more)
    assert [each.name for each in found.find("BR-990")] == ["BR-990a", "BR-990b"]
    assert [each.name for each in found.find("BR-990b")] == ["BR-990b"]
    assert [each.name for each in found.find("BR-99")] == ["BR-99"]


def test_a_type_shows_its_codes_in_the_language_asked_for() -> None:
    found = only("HearingModeCode", "es")
    assert [each.text for each in found.members] == [
        "En persona",
        "Por videoconferencia",
        "Por conferencia telefónica",
    ]
    assert dict(found.facts) == {"Code list": "CL-HEARINGMODE"}
    assert "Code list" not in found.definition


def test_a_type_whose_list_is_data_names_the_list_alone() -> None:
    (found,) = (each for each in vocabulary().find("InstrumentCode") if each.kind == "type")
    assert found.members == ()
    assert dict(found.facts)["Code list"] == "CL-INSTRUMENT"


def test_capitals_do_not_matter_where_nothing_else_is_meant() -> None:
    assert only("search_seizure").name == "SEARCH_SEIZURE"
    assert only("br-010") == only("BR-010")


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("SERCH_SEIZURE", "SEARCH_SEIZURE"),
        ("MLARequest/Measure/NecesityStatement", "MLARequest/Measure/NecessityStatement"),
        ("MLARequest/Mesure", "MLARequest/Measure"),
        ("Measure/NecesityStatement", "Measure/NecessityStatement"),
        ("CL-MEASURES", "CL-MEASURE"),
    ],
)
def test_what_is_nearly_right_is_found(wrong: str, right: str) -> None:
    assert vocabulary().find(wrong) == ()
    assert vocabulary().near(wrong)[0] == right


def test_nonsense_has_no_neighbour() -> None:
    for wrong in ("", "/", "///", "qqqqqqqqqqqq", "a/b", "MLARequest/zzzzzzzz", "x" * 100_000):
        assert vocabulary().find(wrong) == ()
        assert vocabulary().near(wrong) == ()


def test_every_name_there_is_can_be_asked_for_and_says_its_source() -> None:
    for name in set(vocabulary().names()):
        found = vocabulary().find(name)
        assert found, name
        for each in found:
            assert each.definition, name
            assert each.source, name
