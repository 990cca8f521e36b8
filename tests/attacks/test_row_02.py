"""Row 2. DSSE type of an acknowledgement on a header body and reverse.

Expected: rejected by type.
"""

import pytest

from emla.formats import acknowledgement, dsse
from emla.model.acknowledgement import Event
from emla.model.errors import InvalidAcknowledgementError
from emla.model.signed import PayloadType
from emla.steps.verify_acknowledgement import verify_acknowledgement
from tests.support.acknowledging import issue, record
from tests.support.authorities import Tampering, build, changed, party
from tests.support.receiving import receive

AT, DE = party("at.moj"), party("de.bfj")


def test_a_header_signed_as_an_acknowledgement_is_no_header() -> None:
    def other(_: bytes) -> bytes:
        return dsse.sign(PayloadType.ACKNOWLEDGEMENT, build(AT, DE).header_bytes, AT.sign)

    assert receive(build(AT, DE, tampering=Tampering(signed=other)), DE, AT) == "malformed"


def test_nor_is_it_one_when_its_type_is_written_over() -> None:
    def other(_: bytes) -> bytes:
        signed = dsse.sign(PayloadType.ACKNOWLEDGEMENT, build(AT, DE).header_bytes, AT.sign)
        return changed(signed, {"payloadType": PayloadType.HEADER.value})

    assert receive(build(AT, DE, tampering=Tampering(signed=other)), DE, AT) == "bad-signature"


@pytest.mark.parametrize(("relabel", "code"), [(False, "malformed"), (True, "bad-signature")])
def test_an_acknowledgement_signed_as_a_header_is_no_acknowledgement(*, relabel: bool, code: str) -> None:
    package = build(AT, DE)
    good = issue(DE, package, Event.RELAY_ACCEPTANCE)
    payload = acknowledgement.decode_signed(good.signed).payload
    signed = dsse.sign(PayloadType.HEADER, payload, DE.sign)
    if relabel:
        signed = changed(signed, {"payloadType": PayloadType.ACKNOWLEDGEMENT.value})
    bundle = acknowledgement.encode_bundle(record(DE, signed))
    with pytest.raises(InvalidAcknowledgementError) as caught:
        verify_acknowledgement(bundle, issuer=DE.authority, subject=package.subject)
    assert caught.value.code == code
