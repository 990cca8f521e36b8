"""cc1: streams of every length around a chunk, any way they are fed, and sizes no stream has."""

from itertools import pairwise

import pytest
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from hypothesis import given, settings
from hypothesis import strategies as st

from emla.formats import cc1
from tests.support.authorities import derived

KEY = derived("key")
TEXT = derived("text", length=3 * cc1.CHUNK_BYTES + 10)
SIZES = [0, 1, 65535, 65536, 65537, 131071, 131072, 131073, 196608, 196609]


@pytest.mark.parametrize("size", SIZES)
def test_a_stream_is_opened_as_it_was_sealed(size: int) -> None:
    sealed = cc1.seal_all(KEY, TEXT[:size])
    assert len(sealed) == cc1.sealed_size(size)
    assert cc1.stream_size(len(sealed)) == size
    assert cc1.open_all(KEY, sealed) == TEXT[:size]
    assert cc1.open_all(KEY, memoryview(sealed)) == TEXT[:size]
    assert cc1.open_all(derived("other"), sealed) is None


@settings(max_examples=30)
@given(cuts=st.lists(st.integers(0, len(TEXT)), max_size=8), size=st.sampled_from(SIZES))
def test_it_does_not_matter_how_a_stream_is_fed(cuts: list[int], size: int) -> None:
    places = [0, *sorted(min(cut, size) for cut in cuts), size]
    sealer = cc1.Sealer(KEY)
    pieces = [sealer.update(memoryview(TEXT)[a:b]) for a, b in pairwise(places)]
    assert b"".join(pieces) + sealer.finish() == cc1.seal_all(KEY, TEXT[:size])


@given(size=st.integers(0, 2**53))
def test_sizes_convert_both_ways_and_steps_between_are_no_sizes(size: int) -> None:
    assert cc1.stream_size(cc1.sealed_size(size)) == size
    assert cc1.chunk_range(cc1.chunk_count(size) - 1, cc1.sealed_size(size))[1] == cc1.sealed_size(size)


@given(size=st.integers(-10, 2**53))
def test_a_size_no_stream_has_is_refused(size: int) -> None:
    stream = cc1.stream_size(size)
    if stream is None:
        with pytest.raises(ValueError, match="size"):
            cc1.Opener(KEY, size)
    else:
        assert cc1.sealed_size(stream) == size


def test_chunks_open_in_any_order_and_only_in_their_place() -> None:
    sealed = cc1.seal_all(KEY, TEXT)
    opener = cc1.Opener(KEY, len(sealed))
    pieces = [sealed[slice(*cc1.chunk_range(number, len(sealed)))] for number in range(opener.chunks)]
    for place in reversed(range(opener.chunks)):
        for number, piece in enumerate(pieces):
            opened = opener.open(place, piece)
            expected = TEXT[place * cc1.CHUNK_BYTES : (place + 1) * cc1.CHUNK_BYTES]
            assert opened == (expected if number == place else None)


@pytest.mark.parametrize("sealed", [b"", b"x" * 15, b"x" * 16, b"x" * 70000])
def test_noise_is_no_chunk(sealed: bytes) -> None:
    assert cc1.Opener(KEY, 16).open(0, sealed) is None


def test_the_first_chunk_is_rfc_8439_under_nonce_zero() -> None:
    plain = ChaCha20Poly1305(KEY).decrypt(bytes(12), cc1.seal_all(KEY, TEXT)[:65552], None)
    assert plain == TEXT[: cc1.CHUNK_BYTES]
