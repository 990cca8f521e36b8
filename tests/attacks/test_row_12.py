"""Row 12. Stanza replaced by one for another CEK whose ciphertext opens under both.

Expected: commit mismatch, ContentConsignmentFailure, both objects kept.
"""

import pytest

from emla.formats import cc1, header
from emla.model.errors import InvalidPackageError
from emla.steps.unseal import open_stanza
from tests.support.authorities import Tampering, build, derived, party
from tests.support.receiving import receive
from tests.support.two_keys import opens_under_both

AT, DE = party("at.moj"), party("de.bfj")


def test_a_chunk_that_opens_under_two_keys_exists_so_the_cipher_alone_does_not_commit() -> None:
    package = build(AT, DE)
    pbind = header.payload_binding(cc1.NAME, AT.id, package.header.payload.id)
    keys = [header.payload_key(cek, pbind) for cek in (package.cek, derived("another cek"))]
    chunk = opens_under_both(keys[0], keys[1])
    first, second = (cc1.open_all(key, chunk) for key in keys)
    assert first is not None
    assert second is not None
    assert first != second


def test_a_payload_that_opens_under_both_keys_fails_at_the_commitment_before_it_is_opened() -> None:
    other = derived("another cek")
    honest = build(AT, DE)
    pbind = header.payload_binding(cc1.NAME, AT.id, honest.header.payload.id)
    both = opens_under_both(header.payload_key(honest.cek, pbind), header.payload_key(other, pbind))
    lie = Tampering(payload=lambda _: both, wrapped_cek=lambda _: other)
    package = build(AT, DE, tampering=lie)
    assert receive(package, DE, AT) == "commit-mismatch"
    with pytest.raises(InvalidPackageError):
        open_stanza(package.header, DE.find_key)
