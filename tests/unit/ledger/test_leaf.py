"""Leaf entries are what docs/spec/ledger.md says, byte for byte."""

from hashlib import sha256

import pytest

from emla.ledger.leaf import ENTRY_BYTES, LeafKind, entry, entry_of_digest


def test_the_type_bytes_are_the_published_ones() -> None:
    assert [(kind.name, kind.value) for kind in LeafKind] == [
        ("HEADER_SENT", 1),
        ("HEADER_RECEIVED", 2),
        ("ACKNOWLEDGEMENT_ISSUED", 3),
        ("ACKNOWLEDGEMENT_RECEIVED", 4),
        ("DOCUMENT", 5),
        ("EVENT", 6),
    ]


@pytest.mark.parametrize("kind", LeafKind)
def test_an_entry_is_the_type_byte_and_the_hash_of_the_stored_bytes(kind: LeafKind) -> None:
    stored = b'{"payload":"..."}'
    assert entry(kind, stored) == bytes([kind]) + sha256(stored).digest()
    assert len(entry(kind, stored)) == ENTRY_BYTES
    assert entry_of_digest(kind, sha256(stored).digest()) == entry(kind, stored)


def test_the_same_bytes_as_another_kind_are_another_entry() -> None:
    assert len({entry(kind, b"same") for kind in LeafKind}) == len(LeafKind)
