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
