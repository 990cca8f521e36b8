"""Row 13. Stanza length off by one, 0, 1 MiB.

Expected: malformed before decryption; constant error text.
"""

from base64 import urlsafe_b64encode

import pytest

from emla.formats import h1
from emla.model.errors import InvalidPackageError
from emla.model.limits import WIRE
from emla.steps.verify_package import verify_package
from tests.support.authorities import NOW, Tampering, build, find, party

AT, DE = party("at.moj"), party("de.bfj")


def refusal(length: int) -> tuple[str, str]:
    stanza = urlsafe_b64encode(bytes(length)).rstrip(b"=").decode()
    package = build(AT, DE, tampering=Tampering(header={"stanza": stanza}))
    with pytest.raises(InvalidPackageError) as caught:
        verify_package(package.signed, addressee=DE.addressee, find_sender=find(AT), now=NOW, limits=WIRE)
    return caught.value.code, str(caught.value)


def test_every_wrong_length_that_fits_a_header_is_malformed_with_one_text() -> None:
    answers = {refusal(length) for length in (0, 1, 1120, 1167, 1169, 20_000)}
    assert {code for code, _ in answers} == {"malformed"}
    assert len(answers) == 1


def test_a_stanza_of_a_mebibyte_is_stopped_by_the_size_of_the_header() -> None:
    assert refusal(1 << 20)[0] == "malformed"


@pytest.mark.parametrize("length", [0, 1, 1167, 1169, 1 << 20])
def test_nor_does_the_key_itself_take_another_length(length: int) -> None:
    assert DE.seal.unwrap(bytes(length), b"") is None
    assert length != h1.STANZA_BYTES
