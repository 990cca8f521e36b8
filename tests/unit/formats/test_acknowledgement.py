"""Acknowledgements and bundles: round trips, reasons, and mutated bytes."""

import hashlib
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emla.formats import acknowledgement as form
from emla.model.acknowledgement import NEGATIVE, Acknowledgement, Bundle
from emla.model.errors import MalformedError
from tests.support.strategies import acknowledgements, bundles, mutated


@given(acknowledgement=acknowledgements())
def test_an_acknowledgement_is_read_as_it_was_written(acknowledgement: Acknowledgement) -> None:
    data = form.encode(acknowledgement)
    assert form.decode(data) == acknowledgement
    assert form.acknowledgement_id(data) == hashlib.sha256(data).digest()


@given(acknowledgement=acknowledgements())
def test_a_reason_stands_where_an_event_says_no_and_only_there(acknowledgement: Acknowledgement) -> None:
    wrong = replace(acknowledgement, reason=None if acknowledgement.event in NEGATIVE else "expired")
    with pytest.raises(MalformedError):
        form.decode(form.encode(wrong))


@given(bundle=bundles)
def test_a_bundle_is_read_as_it_was_written(bundle: Bundle) -> None:
    assert form.decode_bundle(form.encode_bundle(bundle)) == bundle


@given(data=st.data(), acknowledgement=acknowledgements(), bundle=bundles)
def test_mutated_bytes_are_read_or_malformed(
    data: st.DataObject, acknowledgement: Acknowledgement, bundle: Bundle
) -> None:
    cases = ((form.decode, form.encode(acknowledgement)), (form.decode_bundle, form.encode_bundle(bundle)))
    for read, good in cases:
        with suppress(MalformedError):
            read(data.draw(mutated(good)))
