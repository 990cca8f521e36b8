"""Several packages in one call: what is written is read back, and every other byte string is malformed."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emla.formats import package_row
from emla.model.errors import MalformedError
from emla.model.limits import WIRE
from tests.support.strategies import mutated

packages = st.lists(
    st.tuples(st.binary(min_size=1, max_size=40), st.binary(min_size=1, max_size=40)),
    min_size=1,
    max_size=WIRE.packages,
)
outcomes = st.lists(
    st.one_of(st.binary(max_size=40), st.sampled_from(["malformed", "bad-signature"])), min_size=1, max_size=8
)


@given(row=packages)
def test_packages_are_read_as_they_were_written(row: list[tuple[bytes, bytes]]) -> None:
    assert list(package_row.decode(package_row.encode(row))) == row


@given(row=outcomes)
def test_outcomes_are_read_as_they_were_written(row: list[bytes | str]) -> None:
    assert list(package_row.decode_answer(package_row.encode_answer(row), len(row))) == row


@given(data=st.data(), row=packages)
def test_mutated_bytes_are_read_or_malformed(data: st.DataObject, row: list[tuple[bytes, bytes]]) -> None:
    raw = data.draw(mutated(package_row.encode(row)))
    with suppress(MalformedError):
        assert package_row.encode(package_row.decode(raw)) == raw


@pytest.mark.parametrize(
    "row",
    [
        [],
        [(b"", b"payload")],
        [(b"header", b"")],
        [(b"h" * (WIRE.header_bytes + 1), b"payload")],
        [(b"header", b"payload")] * (WIRE.packages + 1),
    ],
)
def test_no_package_an_empty_one_and_too_many_are_refused(row: list[tuple[bytes, bytes]]) -> None:
    with pytest.raises(MalformedError):
        package_row.decode(package_row.encode(row))


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\x02\x00\x00\x00\x02ok",
        b"\x00\x00\x00\x00\x02\x00\x01",
        b"\x01\x00\x00\x00\x09short",
        b"\x01\x00\x00\x00\x01a\x01\x00\x00\x00\x01b",
        b"\x01\x00",
    ],
)
def test_an_answer_of_another_form_or_count_is_refused(answer: bytes) -> None:
    with pytest.raises(MalformedError):
        package_row.decode_answer(answer, 1)
