"""Records at rest: what is sealed opens, even the largest; everything else is not ours."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emla.formats import at_rest
from emla.model.findings import Finding, Severity
from emla.model.limits import WIRE
from emla.model.record import Record
from tests.support.strategies import mutated, records

KEY, NONCE, PID = b"k" * 32, b"n" * 24, b"p" * 32


@given(record=records)
def test_a_record_is_opened_as_it_was_sealed_and_only_for_its_package(record: Record) -> None:
    sealed = at_rest.seal_record(record, content_key=KEY, nonce=NONCE, pid=PID)
    assert at_rest.open_record(sealed, content_key=KEY, pid=PID) == record
    assert at_rest.open_record(sealed, content_key=KEY, pid=b"q" * 32) is None
    assert at_rest.open_record(sealed, content_key=b"l" * 32, pid=PID) is None


@given(data=st.data(), record=records)
def test_mutated_bytes_are_none_of_ours(data: st.DataObject, record: Record) -> None:
    sealed = at_rest.seal_record(record, content_key=KEY, nonce=NONCE, pid=PID)
    raw = data.draw(mutated(sealed))
    assert at_rest.open_record(raw, content_key=KEY, pid=PID) == (record if raw == sealed else None)


@pytest.mark.parametrize("length", range(41))
def test_bytes_too_short_for_a_record_are_none_of_ours(length: int) -> None:
    assert at_rest.open_record(bytes(length), content_key=KEY, pid=PID) is None


def test_the_largest_record_there_can_be_opens_again() -> None:
    finding = Finding(
        rule="\x01" * 300,
        severity=Severity.ERROR,
        message="\x01" * 1000,
        path="\x01" * 400,
        source="\x01" * 200,
    )
    record = Record(manifest=bytes(WIRE.manifest_bytes), cek=bytes(32), findings=(finding,) * 2001)
    sealed = at_rest.seal_record(record, content_key=KEY, nonce=NONCE, pid=PID)
    opened = at_rest.open_record(sealed, content_key=KEY, pid=PID)
    assert opened is not None
    assert len(opened.findings) == 2000
