"""A safeguard that can be removed without a test failing is not tested. Each of the table is removed in turn, in a copy."""

import re
import time
from collections.abc import Callable

import pytest

from tests.ablation.report import PROPERTY, line_of
from tests.ablation.safeguard import Safeguard
from tests.ablation.table import SAFEGUARDS
from tests.ablation.workshop import Outcome, Workshop

NAMED = frozenset(test for each in SAFEGUARDS for test in each.held_by)
NUMBERS = {safeguard.name: number for number, safeguard in enumerate(SAFEGUARDS)}


def test_every_safeguard_is_in_the_table_once() -> None:
    assert len(NUMBERS) == len(SAFEGUARDS)
    assert len({(each.file, each.old, each.new) for each in SAFEGUARDS}) == len(SAFEGUARDS)


IN_BOTH_WAYS = pytest.mark.parametrize("anew", [False, True], ids=["collected", "anew"])


@pytest.mark.timeout(1800)
@IN_BOTH_WAYS
def test_with_every_safeguard_in_place_the_same_tests_pass(
    workshop: Workshop,
    request: pytest.FixtureRequest,
    anew: bool,  # noqa: FBT001
) -> None:
    """In a run of everything they are judged where they stand; `make ablation` alone runs them here."""
    _all_pass(
        workshop, NAMED - {name for item in request.session.items for name in _names(item.nodeid)}, anew=anew
    )


@pytest.mark.long
@IN_BOTH_WAYS
def test_with_every_safeguard_in_place_all_of_them_pass_here(workshop: Workshop, anew: bool) -> None:  # noqa: FBT001
    """Where they stand is not where they are run when a safeguard is gone."""
    _all_pass(workshop, NAMED, anew=anew)


def _all_pass(workshop: Workshop, tests: frozenset[str], *, anew: bool) -> None:
    asked = _once(tests)
    if not asked:
        return
    outcome = workshop.run(tuple(sorted(asked)), anew=anew)
    assert (outcome.broken, outcome.failed) == ("", frozenset()), outcome.output
    assert outcome.passed | outcome.skipped == asked, outcome.output


def _once(tests: frozenset[str]) -> frozenset[str]:
    """Without the cases of tests that are there with all of theirs: what became of those is said once, of the test."""
    return frozenset(each for each in tests if not (tests & {each.partition("[")[0]} - {each}))


def _names(nodeid: str) -> tuple[str, str]:
    """How the table may name a test: with its case, or all of its cases. xdist adds the test's group after an @."""
    case = re.sub(r"@[\w-]+$", "", nodeid)
    return case, case.partition("[")[0]


def test_a_case_is_not_asked_for_beside_its_whole_test() -> None:
    assert _once(frozenset({"a", "a[x]", "b[y]", "b[z]"})) == {"a", "b[y]", "b[z]"}


EACH = pytest.mark.parametrize("safeguard", SAFEGUARDS, ids=lambda each: each.name.replace(" ", "-"))


@pytest.mark.timeout(300)
@EACH
def test_no_safeguard_is_removed_unnoticed(
    workshop: Workshop, safeguard: Safeguard, record_property: Callable[[str, object], None]
) -> None:
    begun = time.monotonic()
    try:
        outcome = workshop.without(safeguard)
    finally:
        seconds = round(time.monotonic() - begun, 1)
        line = line_of(NUMBERS[safeguard.name], safeguard.row, safeguard.name, safeguard.held_by, seconds)
        record_property(PROPERTY, line)
    _is_held(safeguard, outcome)


@pytest.mark.long
@EACH
def test_no_safeguard_is_removed_unnoticed_where_all_is_executed_anew(
    workshop: Workshop, safeguard: Safeguard
) -> None:
    """Nothing computed before a removal can have failed a test then."""
    _is_held(safeguard, workshop.without(safeguard, anew=True))


def _is_held(safeguard: Safeguard, outcome: Outcome) -> None:
    held_by = frozenset(safeguard.held_by)
    if outcome.skipped and outcome.skipped | outcome.failed == held_by:
        pytest.skip(f"cannot be tried here: {', '.join(sorted(outcome.skipped))} skips")
    assert outcome.broken == "", outcome.output
    assert outcome.failed == held_by, (
        f"Without '{safeguard.name}' ({safeguard.file}) {', '.join(sorted(held_by - outcome.failed))} still passes. "
        "A test must fail when a safeguard is gone: write one, and name it in the table."
    )
