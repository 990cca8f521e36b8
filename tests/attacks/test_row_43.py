"""Row 43. Freeze: hub serves old card for 8 d.

Expected: freshness stops sending, warning earlier. (Here: what the documents say. That a gateway starts no transfer is
tested between two gateways, in tests/integration/test_key_life.py.)
"""

from dataclasses import replace

import pytest

from emla.model.documents import Authority
from emla.steps.trust import Freshness, check_fresh, trust_documents
from tests.support.authorities import DAY, NOW, party
from tests.support.standing import signed_status, status_of, with_status

AT = party("at.moj")
LONG_AGO = NOW - 300 * DAY


def of_now() -> Authority:
    return trust_documents(with_status(AT.authority, AT.sign))


@pytest.mark.parametrize(
    ("age", "expected"),
    [
        (0, Freshness.FRESH),
        (2 * DAY - 1, Freshness.FRESH),
        (2 * DAY, Freshness.LATE),
        (7 * DAY - 1, Freshness.LATE),
        (7 * DAY, Freshness.STALE),
        (8 * DAY, Freshness.STALE),
    ],
)
def test_the_same_documents_are_fresh_then_late_then_stale(age: int, expected: Freshness) -> None:
    assert check_fresh(of_now(), LONG_AGO, NOW + age) is expected
    # People who compared the root by telephone are as good as a status of that instant, and no more.
    assert check_fresh(AT.authority, NOW, NOW + age) is expected
    assert check_fresh(of_now(), NOW - DAY, NOW + age) is expected


def test_without_a_status_and_long_after_the_pin_it_is_stale() -> None:
    assert check_fresh(AT.authority, LONG_AGO, NOW) is Freshness.STALE


def test_a_status_that_ends_sooner_is_stale_sooner() -> None:
    status = replace(status_of(AT.authority), expires=NOW + DAY)
    short = trust_documents(replace(AT.authority.documents, status=signed_status(status, AT.sign)))
    assert check_fresh(short, LONG_AGO, NOW + DAY - 1) is Freshness.FRESH
    assert check_fresh(short, LONG_AGO, NOW + DAY) is Freshness.STALE


def test_a_clock_that_went_back_makes_nothing_stale() -> None:
    assert check_fresh(of_now(), NOW, NOW - DAY) is Freshness.FRESH
