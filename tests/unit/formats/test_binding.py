"""Bindings: known answers, and no two lists of items that hash alike."""

import hashlib
import hmac

from hypothesis import given
from hypothesis import strategies as st

from emla.formats.binding import hash_of, key_id, labelled_key


def test_a_key_id_is_the_first_half_of_a_hash() -> None:
    assert key_id("ed1", bytes(32)) == hashlib.sha256(b"emla/1 kid\0ed1\0" + bytes(32)).hexdigest()[:32]


def test_a_labelled_key_is_an_hmac_of_label_and_data() -> None:
    expected = hmac.new(b"k" * 32, b"label\0data", "sha256").digest()
    assert labelled_key(b"k" * 32, "label", b"data") == expected


def test_items_are_hashed_with_their_lengths_and_integers_in_decimal() -> None:
    data = b"\0\0\0\2ab" + b"\0\0\0\0" + b"\0\0\0\3" + b"123" + b"\0\0\0\2\xc3\xa9"
    assert hash_of(b"ab", "", 123, "é") == hashlib.sha256(data).digest()


items = st.lists(st.binary(max_size=6), max_size=4)


@given(one=items, two=items)
def test_different_lists_have_different_hashes(one: list[bytes], two: list[bytes]) -> None:
    assert (hash_of(*one) == hash_of(*two)) == (one == two)
