"""Ids that begin with their time: the vector of RFC 9562, their order, and that only their random bits are random."""

import uuid
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from emla.model.ids import UUID_BYTES, uuid7

INSTANTS = st.integers(min_value=0, max_value=2**37)
DRAWN = st.binary(min_size=UUID_BYTES, max_size=UUID_BYTES)


def test_the_example_of_rfc_9562() -> None:
    """Its appendix A.6, whose time is a whole second."""
    expected = uuid.UUID("017f22e2-79b0-7cc3-98c4-dc0c0c07398f")
    at = int(datetime(2022, 2, 22, 19, 22, 22, tzinfo=UTC).timestamp())
    random = bytes.fromhex("fffffffffffffcc3d8c4dc0c0c07398f")

    assert uuid7(at, random) == expected.bytes


@given(at=INSTANTS, random=DRAWN)
def test_it_is_a_uuid_of_version_7(at: int, random: bytes) -> None:
    made = uuid.UUID(bytes=uuid7(at, random))

    assert (made.version, made.variant) == (7, uuid.RFC_4122)


@given(at=INSTANTS, earlier=DRAWN, later=DRAWN)
def test_it_sorts_behind_those_of_the_second_before(at: int, earlier: bytes, later: bytes) -> None:
    assert uuid7(at, earlier) < uuid7(at + 1, later)


def test_74_bits_are_random() -> None:
    always = [uuid7(0, bytes([each]) * UUID_BYTES) for each in range(256)]
    free = 0
    for place in range(UUID_BYTES * 8):
        bits = {int.from_bytes(each, "big") >> place & 1 for each in always}
        free += len(bits) == 2

    assert free == 74
