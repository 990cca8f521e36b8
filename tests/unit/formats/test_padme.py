"""Padme: the paper's examples and its two promises."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emla.formats.padme import padded_size


@pytest.mark.parametrize(
    ("size", "padded"),
    [
        (0, 0),
        (1, 1),
        (2, 2),
        (7, 7),
        (8, 8),
        (9, 10),
        (100, 104),
        (1000, 1024),
        (65537, 67584),
        (10**6, 1015808),
    ],
)
def test_sizes_that_are_known(size: int, padded: int) -> None:
    assert padded_size(size) == padded


@given(size=st.integers(1, 2**53))
def test_padding_costs_at_most_twelve_percent_and_is_done_once(size: int) -> None:
    padded = padded_size(size)
    assert size <= padded <= size * 1.12
    assert padded_size(padded) == padded


@given(size=st.integers(1, 2**53), more=st.integers(0, 2**40))
def test_a_longer_stream_never_looks_shorter(size: int, more: int) -> None:
    assert padded_size(size) <= padded_size(size + more)
