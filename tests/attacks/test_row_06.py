"""Row 6. Signature with S+L.

Expected: bad-signature.
"""

from base64 import urlsafe_b64encode

import pytest

from emla.formats import acknowledgement, header
from emla.model.acknowledgement import Event
from emla.model.errors import InvalidAcknowledgementError
from emla.steps.verify_acknowledgement import verify_acknowledgement
from tests.support.acknowledging import issue, record
from tests.support.authorities import Tampering, build, changed, party
from tests.support.receiving import receive

AT, DE = party("at.moj"), party("de.bfj")
ORDER = 2**252 + 27742317777372353535851937790883648493


def plus_order(sig: bytes, times: int) -> str:
    larger = sig[:32] + (int.from_bytes(sig[32:], "little") + times * ORDER).to_bytes(32, "little")
    return urlsafe_b64encode(larger).rstrip(b"=").decode()


@pytest.mark.parametrize("times", [1, 2, 8])
def test_a_second_spelling_of_a_headers_signature_is_refused(times: int) -> None:
    sig = header.decode_signed(build(AT, DE).signed).signatures[0].sig
    lie = Tampering(envelope={"signatures.0.sig": plus_order(sig, times)})
    assert receive(build(AT, DE, tampering=lie), DE, AT) == "bad-signature"


def test_a_second_spelling_of_an_acknowledgements_signature_is_refused() -> None:
    package = build(AT, DE)
    good = issue(DE, package, Event.RELAY_ACCEPTANCE)
    sig = acknowledgement.decode_signed(good.signed).signatures[0].sig
    signed = changed(good.signed, {"signatures.0.sig": plus_order(sig, 1)})
    with pytest.raises(InvalidAcknowledgementError) as caught:
        verify_acknowledgement(acknowledgement.encode_bundle(record(DE, signed)), issuer=DE.authority)
    assert caught.value.code == "bad-signature"
