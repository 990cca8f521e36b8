"""The data on instruments, asked as the rules ask them."""

from datetime import date

import pytest

from emla.rules.treaties import Treaties
from tests.support.sample_case import schemas

DAY = date(2026, 6, 22)


@pytest.fixture(scope="module")
def treaties() -> Treaties:
    countries = schemas().countries
    assert countries is not None
    return Treaties(schemas().instruments, countries)


@pytest.mark.parametrize(
    ("instrument", "one", "other", "in_force"),
    [
        ("EU-JP-2009", ("JP", ""), ("NL", ""), True),
        ("BUD", ("JP", ""), ("NL", ""), True),
        ("2AP", ("CA", ""), ("FR", ""), False),
        ("HANOI", ("JP", ""), ("NL", ""), False),
        ("RECIPROCITY", ("IN", ""), ("DE", ""), True),
        ("BILATERAL", ("IN", ""), ("DE", ""), True),
    ],
)
def test_only_what_is_surely_not_in_force_is_found(
    treaties: Treaties, instrument: str, one: tuple[str, str], other: tuple[str, str], *, in_force: bool
) -> None:
    assert (treaties.why_not(instrument, one, other, DAY) == "") is in_force


def test_the_treaty_closer_to_two_states_is_known(treaties: Treaties) -> None:
    assert "EU-JP-2009" in treaties.closer(("JP", ""), ("NL", ""), DAY)
    assert treaties.closer(("KE", ""), ("AE", ""), DAY) == ()


def test_what_is_kept_answers_its_own_question_only(treaties: Treaties) -> None:
    countries = schemas().countries
    assert countries is not None
    for one in (("JP", ""), ("FR", ""), ("HK", "")):
        for on in (DAY, date(2001, 1, 1)):
            for _ in range(2):
                anew = Treaties(schemas().instruments, countries)
                for code in ("EU-JP-2009", "BUD", "2AP"):
                    asked = (code, one, ("NL", ""), on)
                    assert treaties.why_not(*asked) == anew.why_not(*asked)
                assert treaties.closer(one, ("NL", ""), on) == anew.closer(one, ("NL", ""), on)
    assert treaties.why_not("BUD", ("JP", ""), ("NL", ""), date(2001, 1, 1))
