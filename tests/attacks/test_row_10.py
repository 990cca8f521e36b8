"""Row 10. B rewrites payload under known CEK keeping A's header.

Expected: digest-mismatch.
"""

from dataclasses import replace

import pytest

from emla.model.errors import InvalidPackageError
from emla.steps.unseal import unseal
from tests.support.authorities import Tampering, build, party
from tests.support.receiving import receive

AT, DE = party("at.moj"), party("de.bfj")


def test_other_content_under_the_known_key_is_not_what_was_signed() -> None:
    other = build(AT, DE, tampering=Tampering(manifest={"message": "Decision"}))
    assert receive(replace(build(AT, DE), payload=other.payload), DE, AT) == "digest-mismatch"


def test_even_past_the_hash_the_content_is_not_the_one_committed_to() -> None:
    package = build(AT, DE)
    other = build(AT, DE, tampering=Tampering(manifest={"message": "ABCRequest"}))
    assert len(other.payload) == len(package.payload)
    with pytest.raises(InvalidPackageError) as caught:
        unseal(package.header, other.read, DE.find_key, 1 << 20)
    assert caught.value.code == "manifest-mismatch"
