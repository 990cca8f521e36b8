"""Headers: round trips, what the binding holds and what it does not, and mutated bytes."""

from contextlib import suppress
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from emla.formats import header as form
from emla.model.errors import MalformedError
from emla.model.package import Header, Priority
from tests.support.strategies import headers, mutated, octets32


@given(header=headers())
def test_a_header_is_read_as_it_was_written(header: Header) -> None:
    data = form.encode(header)
    assert form.decode(data) == header
    assert form.encode(form.decode(data)) == data
    assert form.claimed_sender(form.parse(data)) == header.sender


@given(data=st.data(), header=headers())
def test_mutated_bytes_are_a_header_or_malformed(data: st.DataObject, header: Header) -> None:
    raw = data.draw(mutated(form.encode(header)))
    for read in (form.decode, form.parse, form.decode_signed):
        with suppress(MalformedError):
            read(raw)


BOUND = ("msg", "sender", "recipient", "kid", "created", "expires", "suites")
FREE = {"epoch": 2, "seq": 9, "prio": Priority.URGENT, "content": bytes(32), "stanza": b"", "prev": bytes(32)}


@given(header=headers(), other=headers(), name=st.sampled_from(BOUND))
def test_the_binding_changes_with_each_member_it_holds(header: Header, other: Header, name: str) -> None:
    changed = replace(header, **{name: getattr(other, name)})
    assert (form.header_binding(changed) == form.header_binding(header)) == (changed == header)


@given(header=headers(), value=octets32)
def test_the_binding_holds_the_payloads_hash_and_commitment(header: Header, value: bytes) -> None:
    for payload in (replace(header.payload, sha256=value), replace(header.payload, commit=value)):
        changed = replace(header, payload=payload)
        assert (form.header_binding(changed) == form.header_binding(header)) == (changed == header)


@given(header=headers())
def test_the_binding_leaves_free_what_is_given_when_the_package_gets_its_place(header: Header) -> None:
    for name, value in FREE.items():
        changed = replace(header, **{name: value})  # type: ignore[arg-type]  # the table's values have their members' types
        assert form.header_binding(changed) == form.header_binding(header), name


def test_keys_commitments_and_labels_are_apart() -> None:
    cek, pbind = bytes(32), form.payload_binding("cc1", "at.moj", bytes(16))
    values = {
        form.payload_key(cek, pbind),
        form.key_commitment(cek, pbind),
        form.payload_key(cek, form.payload_binding("cc1", "de.bfj", bytes(16))),
        form.payload_key(cek, form.payload_binding("cc1", "at.moj", bytes(15) + b"\1")),
    }
    assert len(values) == 4
