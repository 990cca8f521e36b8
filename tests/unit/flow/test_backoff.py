"""Back-off stays between a quarter of a second and its cap, whatever is asked of it."""

import math

from hypothesis import given
from hypothesis import strategies as st

from emla.flow.backoff import (
    BASE_SECONDS,
    NORMAL_CAP_SECONDS,
    URGENT_CAP_SECONDS,
    delay_seconds,
    wait_seconds,
)

CHANCE = st.floats(0, 1, exclude_max=True)


@given(st.integers(0, 10**9), st.booleans(), CHANCE, st.floats(0, 1e12) | st.just(math.inf))
def test_a_delay_is_within_its_bounds(failures: int, urgent: bool, chance: float, retry_after: float) -> None:  # noqa: FBT001 (hypothesis gives it by name)
    cap = URGENT_CAP_SECONDS if urgent else NORMAL_CAP_SECONDS
    delay = delay_seconds(failures, urgent=urgent, chance=chance, retry_after=retry_after)
    assert 0.25 <= delay <= cap


@given(CHANCE)
def test_the_first_pauses_are_of_seconds(chance: float) -> None:
    assert delay_seconds(1, urgent=False, chance=chance) <= BASE_SECONDS
    assert delay_seconds(3, urgent=False, chance=chance) <= 4 * BASE_SECONDS


@given(st.integers(1, 100), CHANCE, st.floats(0, URGENT_CAP_SECONDS))
def test_what_the_peer_asks_for_is_honoured_up_to_the_cap(failures: int, chance: float, asked: float) -> None:
    assert delay_seconds(failures, urgent=True, chance=chance, retry_after=asked) >= asked


def test_many_failures_reach_the_cap_and_the_urgent_one_is_the_shorter() -> None:
    assert delay_seconds(50, urgent=True, chance=0.9999999) > URGENT_CAP_SECONDS * 0.99
    assert delay_seconds(50, urgent=False, chance=0.9999999) > NORMAL_CAP_SECONDS * 0.99
    assert URGENT_CAP_SECONDS == 15 * 60
    assert NORMAL_CAP_SECONDS == 60 * 60


@given(st.booleans(), CHANCE, st.floats(0, 1e12) | st.just(math.inf))
def test_what_passes_by_itself_is_waited_for_as_long_as_asked_and_each_leg_a_little_longer(
    urgent: bool,  # noqa: FBT001 (hypothesis gives it by name)
    chance: float,
    asked: float,
) -> None:
    cap = URGENT_CAP_SECONDS if urgent else NORMAL_CAP_SECONDS
    seconds = wait_seconds(urgent=urgent, chance=chance, retry_after=asked)
    assert min(asked, cap) <= seconds <= cap
    assert seconds <= max(1.5 * asked, 7.5)
    assert seconds >= 0.25
