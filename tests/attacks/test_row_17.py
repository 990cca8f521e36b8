"""Row 17. Header names a suite the recipient does not publish, or an unknown one.

Expected: bad-suite.
"""

import pytest

from emla.formats.strict_json import Json
from tests.support.authorities import Tampering, build, party
from tests.support.receiving import receive

AT, DE = party("at.moj"), party("de.bfj")


@pytest.mark.parametrize(
    "suites",
    [
        ["hy1", "cc1", "ed1"],
        ["h1", "none", "ed1"],
        ["h1", "cc1", "none"],
        ["h1", "cc1"],
        ["h1", "cc1", "ed1", "hy1"],
        ["cc1", "h1", "ed1"],
        ["h1", "h1", "h1"],
        [],
    ],
)
def test_only_the_suites_that_are_published_in_their_order_are_taken(suites: list[Json]) -> None:
    assert receive(build(AT, DE, tampering=Tampering(header={"suites": suites})), DE, AT) == "bad-suite"


def test_a_suite_nobody_can_have_is_malformed() -> None:
    lie = Tampering(header={"suites": ["h1+cc1", "ed1"]})
    assert receive(build(AT, DE, tampering=lie), DE, AT) == "malformed"
