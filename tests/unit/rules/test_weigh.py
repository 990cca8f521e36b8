"""How findings weigh: fatal blocks, an error blocks unless its reason is given, and at the recipient no rule blocks."""

import pytest

from emla.formats.schematron import MORE
from emla.model.errors import InvalidMessageError
from emla.model.findings import Finding, Override, Severity
from emla.model.limits import XmlLimits
from emla.model.terms import RECEIVING, Terms
from emla.rules.table import FINDINGS_MAX
from emla.rules.weigh import overridden
from emla.steps.validate import ValidMessage, validate
from tests.support.sample_case import changed, schemas

NO_LAW = changed("<ProvisionTextAttachment>A-ORDER-EN</ProvisionTextAttachment>", "", 2)
NO_FACTS = changed("<UrgencyLevel>PRIORITY", "<UrgencyLevel>EMERGENCY")
REASON = "The text of the law follows by courier."


def checked(data: bytes, terms: Terms) -> ValidMessage:
    return validate(
        data, schemas=schemas(), limits=XmlLimits(), sender="jp.moj", recipient="nl.moj", terms=terms
    )


def refused(data: bytes, *overrides: Override) -> tuple[Finding, ...]:
    with pytest.raises(InvalidMessageError) as caught:
        checked(data, Terms(sending=True, overrides=overrides))
    assert caught.value.code == "invalid-message"
    return caught.value.findings


def test_an_error_blocks_and_each_place_is_named() -> None:
    found = refused(NO_LAW)
    assert [(each.rule, each.severity, each.path) for each in found] == [
        ("BR-012a", Severity.ERROR, "/MLARequest/Offence[1]"),
        ("BR-012a", Severity.ERROR, "/MLARequest/Offence[2]"),
    ]
    assert all(each.line and each.remedy and each.source for each in found)


def test_an_error_with_a_reason_passes_and_the_reason_stays_with_the_finding() -> None:
    valid = checked(NO_LAW, Terms(sending=True, overrides=(Override(rule="BR-012a", reason=REASON),)))
    assert [each.override for each in valid.findings] == [REASON, REASON]
    assert overridden(valid.findings) == (Override(rule="BR-012a", reason=REASON),)


def test_what_is_fatal_no_reason_makes_good() -> None:
    (found,) = refused(NO_FACTS, Override(rule="BR-018", reason=REASON))
    assert (found.rule, found.severity, found.override) == ("BR-018", Severity.FATAL, "")


def test_findings_in_such_number_that_fatal_ones_may_hide_behind_them_are_fatal_themselves() -> None:
    wrong = (
        "<Identifier><IdentifierType>IMEI</IdentifierType><IdentifierValue>1</IdentifierValue></Identifier>"
    )
    text = changed("x", "x").decode()
    block = text[text.index("<Identifier>") : text.index("</Identifier>") + len("</Identifier>")]
    many = text.replace(block, wrong * (FINDINGS_MAX + 1), 1).encode()
    overrides = (Override(rule="BR-025", reason=REASON), Override(rule="BR-more", reason=REASON))
    assert refused(many, *overrides)[-1] == MORE
    assert checked(many, RECEIVING).findings[-1] == MORE


def test_the_reason_of_one_rule_overrides_no_other() -> None:
    refused(NO_LAW, Override(rule="BR-012", reason=REASON))


def test_an_override_that_was_not_needed_has_no_effect() -> None:
    valid = checked(
        changed("x", "x"), Terms(sending=True, overrides=(Override(rule="BR-012a", reason=REASON),))
    )
    assert valid.findings == ()
    assert overridden(valid.findings) == ()


@pytest.mark.parametrize("data", [NO_LAW, NO_FACTS], ids=["error", "fatal"])
def test_at_the_recipient_no_rule_blocks_and_every_finding_is_there(data: bytes) -> None:
    assert checked(data, RECEIVING).findings
