"""`emla profile set`, before anybody is asked: what its options change, and which words it does not take."""

from dataclasses import replace
from datetime import date

import click
import pytest

from emla.cli.profile_edit import Edits, edited
from emla.cli.profile_view import differences
from emla.formats.genericode import CodeLists
from emla.model.documents import Profile
from emla.model.requirements import NOTHING, Requirements, Sum
from emla.model.working_days import NOT_SAID, WEEKDAYS, WorkingDays
from tests.support.authorities import profile_of
from tests.support.requirements import REQUIREMENTS
from tests.support.sample_case import SCHEMA_FOLDER

BEFORE = replace(profile_of("at.moj"), requirements=REQUIREMENTS)
LISTS = CodeLists(SCHEMA_FOLDER)
DAY = date(2026, 11, 26)


def after(edits: Edits, before: Profile = BEFORE) -> Profile:
    return edited(before, edits, LISTS, DAY)


def test_everything_a_profile_can_say_is_said_by_options() -> None:
    edits = Edits(
        names=("de=Bundesministerium der Justiz", "en=Ministry of Justice"),
        contacts=("poc247=+43 1 52152 0", "post=Museumstrasse 7, Vienna"),
        office_hours="Mon-Fri 9-17",
        time_zone="UTC",
        languages=("de", "en", "de"),
        electronic="original-follows",
        urgent_languages=("de", "en"),
        documents=("SEARCH_SEIZURE=COURT_ORDER, TEXT_OF_LAW", "BANK_RECORDS=FACTS_STATEMENT"),
        de_minimis="500 EUR",
        service_days="40",
        reply_days="30",
        informs_subjects="yes",
        rest_days=("saturday", "Friday"),
        holidays=("2027-01-01", "2026-12-25", "2026-12-25"),
    )
    assert after(edits, replace(BEFORE, requirements=NOTHING)) == replace(
        BEFORE,
        names=(("en", "Ministry of Justice"), ("de", "Bundesministerium der Justiz")),
        contacts=(
            ("telephone", "+43 1 000000"),
            ("poc247", "+43 1 52152 0"),
            ("post", "Museumstrasse 7, Vienna"),
        ),
        office_hours="Mon-Fri 9-17",
        time_zone="UTC",
        languages=("de", "en"),
        electronic_acceptance="original-follows",
        working_days=WorkingDays(
            rest_days=("friday", "saturday"), holidays=(date(2026, 12, 25), date(2027, 1, 1))
        ),
    )


def test_holidays_are_added_and_those_of_years_long_over_go() -> None:
    old = WorkingDays(rest_days=("sunday",), holidays=(date(2019, 5, 1), date(2026, 5, 1)))
    before = replace(BEFORE, working_days=old)
    assert after(Edits(), before) == before
    added = after(Edits(holidays=("2026-12-25",)), before).working_days
    assert added == replace(old, holidays=(date(2026, 5, 1), date(2026, 12, 25)))
    assert after(Edits(rest_days=("none",), holidays=("none",)), before).working_days == NOT_SAID


def test_what_no_option_names_stays_and_none_takes_back() -> None:
    assert after(Edits()) == BEFORE
    taken_back = Edits(
        contacts=("telephone=none",),
        urgent_languages=("none",),
        documents=("SEARCH_SEIZURE=none", "ESD_ACCESS=AFFIDAVIT"),
        de_minimis="none",
        service_days="none",
        reply_days="none",
        informs_subjects="none",
    )
    documents = (("BANK_RECORDS", ("FACTS_STATEMENT",)), ("ESD_ACCESS", ("AFFIDAVIT",)))
    assert after(taken_back) == replace(BEFORE, contacts=(), requirements=Requirements(documents=documents))


@pytest.mark.parametrize(
    ("edits", "words"),
    [
        (Edits(documents=("SEARCH_SEIZURE=COURT_ORDR",)), "Did you mean COURT_ORDER"),
        (Edits(documents=("search_seizure=COURT_ORDER",)), "Did you mean SEARCH_SEIZURE"),
        (Edits(documents=("SEARCH_SEIZURE",)), "an equals sign"),
        (Edits(documents=("SEARCH_SEIZURE=",)), "an equals sign"),
        (Edits(de_minimis="500"), "no sum in whole units"),
        (Edits(de_minimis="0 EUR"), "no sum in whole units"),
        (Edits(de_minimis="5.50 EUR"), "no sum in whole units"),
        (Edits(de_minimis="500 EUX"), "no code of CL-CURRENCY"),
        (Edits(service_days="51"), "1 to 50 days"),
        (Edits(service_days="0"), "1 to 50 days"),
        (Edits(reply_days="3651"), "1 to 3650 days"),
        (Edits(languages=("English",)), "a language tag"),
        (Edits(urgent_languages=("none", "de")), "a language tag"),
        (Edits(names=("deutsch=Justiz",)), "a language tag"),
        (Edits(contacts=("telephone=call me",)), "a telephone number"),
        (Edits(contacts=("poc247=call me",)), "a telephone number"),
        (Edits(contacts=("E-Mail=a@b.example",)), "no kind of contact"),
        (Edits(time_zone="Vienna"), "IANA name"),
        (Edits(rest_days=("someday",)), "one of monday"),
        (Edits(rest_days=WEEKDAYS), "at least one working day"),
        (Edits(holidays=("25.12.2026",)), "a date such as"),
        (Edits(holidays=("2062-12-25",)), "not more than 5 years"),
    ],
)
def test_a_word_that_cannot_stand_there_is_refused_with_what_could(edits: Edits, words: str) -> None:
    with pytest.raises(click.UsageError, match=words):
        after(edits)


def test_a_person_is_shown_what_changes_and_nothing_else() -> None:
    changed = replace(
        BEFORE,
        office_hours="Mon-Fri 9-17",
        requirements=replace(
            REQUIREMENTS, de_minimis=Sum(amount=600, currency="EUR"), reply_days=None, informs_subjects=False
        ),
    )
    assert differences(BEFORE, BEFORE) == []
    assert dict(differences(BEFORE, changed)) == {
        "Office hours": "Mon-Fri 9-17 (Europe/Vienna) (instead of Mon-Fri 08:00-16:00 (Europe/Vienna))",
        "From a loss of": "600 EUR (instead of 500 EUR)",
        "Person concerned": "is not informed by law (instead of is informed, whatever is asked)",
        "An answer": "nothing said any more (was not before 30 days)",
    }
    closed = replace(BEFORE, working_days=WorkingDays(holidays=(date(2026, 12, 25), date(2027, 1, 1))))
    assert dict(differences(BEFORE, closed)) == {"Holidays in 2026": "25 Dec", "Holidays in 2027": "01 Jan"}
