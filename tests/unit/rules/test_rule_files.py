"""Every rule that needs only the document: it finds what breaks it, nothing where all is in order, and says how to mend it."""

import re

import pytest
from lxml import etree, isoschematron

from emla.formats.schematron import RuleFiles
from emla.formats.schematron_read import Check
from emla.formats.xml import XmlDocument
from tests.support.sample_case import SCHEMA_FOLDER, schemas
from tests.unit.rules.broken import BROKEN, DOCUMENTS

FAILED = "{http://purl.oclc.org/dsdl/svrl}failed-assert"
RULES = schemas().rules
CHECKS = {each.id: each for each in RULES.checks()}


def found(text: str, rules: RuleFiles = RULES) -> list[str]:
    document = XmlDocument(root=etree.fromstring(text.encode()), size_bytes=len(text))
    return sorted({each.rule for each in rules.check(document)})


def test_documents_in_order_have_no_findings() -> None:
    assert [found(each) for each in DOCUMENTS] == [[]] * len(DOCUMENTS)


def test_every_rule_has_a_document_that_breaks_it() -> None:
    assert set(BROKEN) == set(CHECKS)


@pytest.mark.parametrize("rule", sorted(BROKEN))
def test_the_rule_finds_what_breaks_it_and_nothing_else_does(rule: str) -> None:
    """The document is refused for this rule alone: without the rule it would pass."""
    broken = BROKEN[rule]
    assert found(broken.text()) == sorted((rule, *broken.also))


@pytest.mark.parametrize("check", CHECKS.values(), ids=CHECKS.keys())
def test_every_rule_says_what_is_wrong_how_to_mend_it_and_where_it_comes_from(check: Check) -> None:
    assert re.fullmatch(r"BR-0[0-9]{2}[a-z]?", check.id)
    for text in (check.message, check.remedy):
        assert 12 <= len(text.template()) <= 400
        assert text.template().endswith(".")
    assert len(check.source.template()) >= 5


def test_removing_any_rule_lets_its_document_pass(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Each rule is taken out of its file in turn: then nothing else finds what it found."""
    sch = "{http://purl.oclc.org/dsdl/schematron}"
    for path in sorted((SCHEMA_FOLDER / "rules").glob("*.sch")):
        for rule in [str(each.get("id")) for each in etree.parse(path).iter(sch + "assert")]:
            tree = etree.parse(path)
            (element,) = (each for each in tree.iter(sch + "assert") if each.get("id") == rule)
            parent = element.getparent()
            assert parent is not None
            parent.remove(element)
            folder = tmp_path_factory.mktemp("rules")
            tree.write(folder / path.name)
            assert rule not in found(BROKEN[rule].text(), RuleFiles(folder))


def test_another_processor_takes_the_files_for_valid_schematron_and_finds_the_same() -> None:
    """The one of lxml checks a file against the grammar of ISO Schematron first. Other States may run the rules with any."""
    files = sorted((SCHEMA_FOLDER / "rules").glob("*.sch"))
    others = [isoschematron.Schematron(etree.parse(path), store_report=True) for path in files]
    for text in (*DOCUMENTS, *(broken.text() for broken in BROKEN.values())):
        tree = etree.ElementTree(etree.fromstring(text.encode()))
        failed = set()
        for other in others:
            other.validate(tree)
            assert other.validation_report is not None
            failed |= {each.get("id") for each in other.validation_report.iter(FAILED)}
        assert failed == set(found(text))
