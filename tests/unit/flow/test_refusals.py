"""Whose trouble a refusal is, and when one leg has been refused often enough."""

import pytest

from emla.flow.line.refusals import OF_ONE_LEG, Blame, blame, is_to_be_held
from emla.model.codes import CODES
from emla.model.leg import Leg, LegKind, LegState
from emla.model.settings import RelaySettings
from emla.ports.transport import Refusal

BOUNDS = RelaySettings()
LEG = Leg(
    id=1,
    kind=LegKind.PACKAGE,
    ref=b"",
    peer="de.bfj",
    urgent=False,
    state=LegState.READY,
    attempts=9,
    next_at=0.0,
    last_code=None,
    created=0,
    expires=10_000_000,
)


def test_every_code_that_blames_a_leg_is_in_the_catalogue() -> None:
    assert set(CODES) >= OF_ONE_LEG


@pytest.mark.parametrize("code", [*sorted(OF_ONE_LEG), "http-403", "http-422"])
def test_what_speaks_about_the_package_is_the_legs_trouble_alone(code: str) -> None:
    assert blame(Refusal(code=code), own=False) == Blame(leg=True, peer=False)


@pytest.mark.parametrize(
    "code",
    [
        "peer-unreachable",
        "timeout",
        "wrong-pin",
        "busy",
        "internal",
        "disk-full",
        "unknown-sender",
        "http-503",
        "http-429",
    ],
)
def test_what_speaks_about_the_line_is_the_peers_trouble(code: str) -> None:
    assert blame(Refusal(code=code), own=False) == Blame(leg=False, peer=True)


def test_that_nothing_answered_is_kept_apart() -> None:
    assert blame(Refusal(code="internal"), own=False) == Blame(leg=False, peer=True, answered=True)
    assert blame(Refusal(code="internal"), own=False, answered=False) == Blame(
        leg=False, peer=True, answered=False
    )


def test_our_own_failure_over_a_leg_says_nothing_about_the_peer() -> None:
    assert blame(Refusal(code="internal"), own=True) == Blame(leg=True, peer=False)


def test_nonsense_may_be_eithers() -> None:
    assert blame(Refusal(code="peer-nonsense"), own=False) == Blame(leg=True, peer=True)


def test_a_leg_is_put_aside_when_it_alone_is_refused() -> None:
    few, enough = BOUNDS.hold_after_refusals - 1, BOUNDS.hold_after_refusals
    assert is_to_be_held(LEG, enough, 1000, 1500, 1200, BOUNDS)
    assert not is_to_be_held(LEG, few, 1000, 1500, 1200, BOUNDS)
    # Nothing else went well since: perhaps the peer refuses everything, and that is not this leg's trouble.
    assert not is_to_be_held(LEG, enough, 1000, 1500, 900, BOUNDS)
    assert not is_to_be_held(LEG, 1000, 1000, 1500, 0, BOUNDS)


def test_a_leg_is_put_aside_after_a_week_of_refusals_however_the_others_fare() -> None:
    week = BOUNDS.hold_after_seconds
    assert is_to_be_held(LEG, 2, 1000, 1000 + week, 0, BOUNDS)
    assert not is_to_be_held(LEG, 2, 1000, 999 + week, 0, BOUNDS)


def test_what_has_expired_is_not_put_aside() -> None:
    assert not is_to_be_held(LEG, 100, 1000, 10_000_000, 2000, BOUNDS)
