"""Row 1. Flip each byte of header payload, signature, type.

Expected: unsigned bad-signature or malformed; no state, no leaf, no acknowledgement (the last three: with a
gateway).
"""

import base64

import pytest

from emla.formats import dsse, header
from emla.model.errors import InvalidPackageError
from emla.model.limits import WIRE
from emla.model.signed import PayloadType
from emla.steps.verify_package import verify_package
from tests.support.authorities import NOW, build, changed, find, party

AT, DE = party("at.moj"), party("de.bfj")
PACKAGE = build(AT, DE)


def refused(signed: bytes) -> str:
    with pytest.raises(InvalidPackageError) as caught:
        verify_package(signed, addressee=DE.addressee, find_sender=find(AT), now=NOW, limits=WIRE)
    return caught.value.code


def text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def flipped(data: bytes, place: int) -> bytes:
    return data[:place] + bytes([data[place] ^ 0x01]) + data[place + 1 :]


def test_every_byte_of_the_header_counts() -> None:
    payload = PACKAGE.header_bytes
    for place in range(len(payload)):
        code = refused(changed(PACKAGE.signed, {"payload": text(flipped(payload, place))}))
        # A changed sender is unknown before its signature can be asked for.
        assert code in {"bad-signature", "malformed", "unknown-sender"}, place


def test_every_byte_of_the_signature_counts() -> None:
    signature = header.decode_signed(PACKAGE.signed).signatures[0].sig
    for place in range(len(signature)):
        changes = {"signatures.0.sig": text(flipped(signature, place))}
        assert refused(changed(PACKAGE.signed, changes)) == "bad-signature", place


def test_every_byte_of_the_type_counts() -> None:
    for place in range(len(PayloadType.HEADER)):
        kind = flipped(PayloadType.HEADER.encode(), place).decode()
        assert refused(changed(PACKAGE.signed, {"payloadType": kind})) == "malformed", place


def test_the_type_is_part_of_what_is_signed() -> None:
    signed = dsse.sign(PayloadType.PING, PACKAGE.header_bytes, AT.sign)
    assert refused(changed(signed, {"payloadType": PayloadType.HEADER.value})) == "bad-signature"


def test_every_byte_of_the_envelope_counts() -> None:
    for place in range(len(PACKAGE.signed)):
        code = refused(flipped(PACKAGE.signed, place))
        assert code in {"bad-signature", "malformed", "unknown-sender"}, place
