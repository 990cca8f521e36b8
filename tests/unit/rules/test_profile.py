"""What a profile says of requests reaches the rules whole, whatever a message claims about its day."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from emla.formats.message import read_message
from emla.formats.xml import parse_xml
from emla.model.limits import XmlLimits
from emla.model.requirements import Electronic
from emla.model.terms import Terms, Wishes
from emla.rules.context import Context
from emla.rules.profile import wishes_of
from emla.rules.table import check
from tests.support.authorities import profile_of
from tests.support.requirements import REQUIREMENTS
from tests.support.sample_case import s01

PROFILE = profile_of("nl.moj")


def test_everything_that_a_profile_can_say_is_what_the_rules_ask() -> None:
    assert wishes_of(replace(PROFILE, requirements=REQUIREMENTS)) == Wishes(
        languages=("en",),
        urgent_languages=("de", "en"),
        documents=(
            ("SEARCH_SEIZURE", "COURT_ORDER"),
            ("SEARCH_SEIZURE", "TEXT_OF_LAW"),
            ("BANK_RECORDS", "FACTS_STATEMENT"),
        ),
        de_minimis=(500, "EUR"),
        service_days=40,
        reply_days=30,
        informs_subjects=True,
    )


def test_what_a_profile_leaves_open_no_rule_asks() -> None:
    assert wishes_of(PROFILE) == Wishes(languages=("en",))


@pytest.mark.parametrize(
    ("said", "taken"),
    [
        (Electronic.ALL.value, True),
        (Electronic.ORIGINAL_FOLLOWS.value, True),
        (Electronic.NOT_ACCEPTED.value, False),
        ("notAccepted", False),
        ("only on working days", True),
    ],
)
def test_only_the_words_for_it_mean_that_nothing_is_taken_electronically(said: str, *, taken: bool) -> None:
    assert wishes_of(replace(PROFILE, electronic_acceptance=said)).accepts_electronic == taken


def test_a_message_of_the_last_day_there_is_is_judged_like_any_other() -> None:
    document = parse_xml(s01(), XmlLimits())
    message = replace(read_message(document), issued_at=datetime(9999, 12, 31, tzinfo=UTC))
    wishes = Wishes(reply_days=3650, service_days=50)
    terms = Terms(sending=True, wishes=wishes)
    found = check(Context(document=document, message=message, terms=terms))
    assert "BR-020a" in {each.rule for each in found}
