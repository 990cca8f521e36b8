"""`emla schema`: the words of messages explained in the terminal, without a server."""

import json

import pytest

from tests.support.cli import emla


def test_an_element_is_explained_with_its_source() -> None:
    result = emla("schema", "show", "MLARequest/Measure/NecessityStatement")
    assert result.code == 0, result.err
    assert "Why it is necessary. Required." in result.out
    assert "BUD 29(2)(e), BR-010" in result.out


def test_json_has_every_meaning_of_a_name() -> None:
    result = emla("schema", "show", "SEARCH_SEIZURE", "--lang", "ar", "--json")
    assert result.code == 0, result.err
    said = json.loads(result.out)
    (meaning,) = said["meanings"]
    assert (said["language"], meaning["kind"], meaning["label"]) == ("ar", "code", "التفتيش والضبط")
    assert {"name": "coercive", "value": "yes"} in meaning["facts"]


def test_a_name_that_is_nearly_right_is_suggested() -> None:
    result = emla("schema", "show", "MLARequest/Mesure")
    assert result.code == 1
    assert "Did you mean MLARequest/Measure" in result.err


def test_a_name_that_is_nothing_leads_to_the_list() -> None:
    result = emla("schema", "show", "qqqqqqqqqq")
    assert result.code == 1
    assert "emla schema list" in result.err


def test_messages_lists_rules_and_codes_are_listed() -> None:
    assert "MLARequest" in emla("schema", "list").out
    assert "CL-MEASURE" in emla("schema", "list", "lists").out
    assert "BR-010" in emla("schema", "list", "rules").out
    assert "Обыск и выемка" in emla("schema", "list", "CL-MEASURE", "--lang", "ru").out
    said = json.loads(emla("schema", "list", "CL-SEX", "--json").out)
    assert [each["name"] for each in said["members"]] == ["F", "M", "X"]


def test_a_rule_that_needs_more_than_the_document_is_explained() -> None:
    result = emla("schema", "show", "BR-005")
    assert result.code == 0, result.err
    assert "not in force" in result.out
    assert "RECIPROCITY" in result.out


def test_a_list_that_is_not_there_is_said() -> None:
    result = emla("schema", "list", "CL-NOTHING")
    assert result.code == 1
    assert "neither messages, lists, rules nor a code list" in result.err


@pytest.mark.parametrize("rule", ["BR-001", "BR-002", "BR-056"])
def test_a_rule_about_identity_is_explained(rule: str) -> None:
    assert f"emla/1 {rule}" in emla("schema", "show", rule).out
    assert f"{rule} " in emla("schema", "list", "rules").out
