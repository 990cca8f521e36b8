"""Several bundles in one body, and what became of each."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emla.formats import bundles
from emla.model.errors import MalformedError
from emla.model.limits import WIRE

BUNDLE = st.binary(min_size=1, max_size=200)


@given(st.lists(BUNDLE, min_size=1, max_size=WIRE.bundles))
def test_what_is_encoded_decodes_again(row: list[bytes]) -> None:
    assert bundles.decode(bundles.encode(row)) == tuple(row)


@given(st.lists(BUNDLE, min_size=1, max_size=5), st.data())
def test_a_body_cut_anywhere_is_not_taken_for_the_whole(row: list[bytes], data: st.DataObject) -> None:
    whole = bundles.encode(row)
    cut = data.draw(st.integers(0, len(whole) - 1))
    try:
        found = bundles.decode(whole[:cut])
    except MalformedError:
        return
    assert found == tuple(row[: len(found)])
    assert len(found) < len(row)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\0\0\0\0",
        b"\0\0\0\1",
        b"\0\0\0\1x\0",
        (WIRE.bundle_bytes + 1).to_bytes(4, "big") + bytes(WIRE.bundle_bytes + 1),
        bundles.encode([b"x"] * (WIRE.bundles + 1)),
    ],
    ids=["nothing", "empty bundle", "cut", "left over", "too long", "too many"],
)
def test_a_body_of_another_form_is_malformed(body: bytes) -> None:
    with pytest.raises(MalformedError):
        bundles.decode(body)


def test_outcomes_come_back_in_order() -> None:
    answer = bundles.encode_outcomes(["ok", "bad-signature"])
    assert bundles.decode_outcomes(answer, 2) == ("ok", "bad-signature")


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"[]",
        b'{"outcomes":["ok"],"v":1}',
        b'{"outcomes":["ok","OK"],"v":1}',
        b'{"outcomes":["ok","ok"],"v":2}',
    ],
)
def test_an_answer_that_is_none_is_malformed(answer: bytes) -> None:
    with pytest.raises(MalformedError):
        bundles.decode_outcomes(answer, 2)
