"""Manifests: round trips, the end of the stream, and mutated bytes. Names people see:
tests/attacks/test_row_21.py.
"""

import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emla.formats import manifest as form
from emla.formats import padme
from emla.model.errors import MalformedError
from emla.model.limits import WIRE
from emla.model.package import Manifest
from tests.support.strategies import manifests, mutated


@given(manifest=manifests())
def test_a_manifest_is_read_as_it_was_written(manifest: Manifest) -> None:
    data = form.encode(manifest)
    assert form.decode(data) == manifest
    assert form.encode(form.decode(data)) == data


@given(data=st.data(), manifest=manifests())
def test_mutated_bytes_are_a_manifest_or_malformed(data: st.DataObject, manifest: Manifest) -> None:
    with suppress(MalformedError):
        form.decode(data.draw(mutated(form.encode(manifest))))


@given(parts_bytes=st.integers(0, 2**40), manifest=st.binary(min_size=1, max_size=50))
def test_the_trailer_ends_the_stream_at_its_padme_length(parts_bytes: int, manifest: bytes) -> None:
    zeros, end = form.trailer(parts_bytes, manifest)
    size = parts_bytes + zeros + len(end)
    assert zeros >= 0
    assert size == form.stream_size(parts_bytes, len(manifest)) == padme.padded_size(size)
    assert form.manifest_length(end) == len(manifest)
    assert end == manifest + end[-4:]


@pytest.mark.parametrize(
    "tail", [b"", b"\1", b"\0\0\1", bytes(4), b"\xff" * 4, (WIRE.manifest_bytes + 1).to_bytes(4, "big")]
)
def test_a_length_out_of_bounds_is_malformed(tail: bytes) -> None:
    with pytest.raises(MalformedError):
        form.manifest_length(tail)


@given(raw=st.text(max_size=300))
def test_a_name_is_shown_as_one_plain_component_whatever_it_was(raw: str) -> None:
    shown = form.display_name(raw)
    assert shown
    assert len(shown) <= form.NAME_CHARACTERS_MAX
    assert not set(shown) & set("/\\:\0\n\r\x1b")
    assert not shown.startswith((".", " "))
    assert form.display_name(shown) == shown


def test_the_longest_run_of_accents_costs_no_more_than_the_shortest() -> None:
    begun = time.perf_counter()
    assert form.display_name("\u0316\u0300" * 8192) == form.display_name("\u0316\u0300" * 512)
    print(f"{(time.perf_counter() - begun) * 1000:.1f} ms")
