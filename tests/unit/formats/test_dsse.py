"""DSSE: the specification's example, many signers, and what is no envelope."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emla.formats import dsse
from emla.model.errors import MalformedError
from emla.model.signed import PayloadType
from tests.support.authorities import signing_key
from tests.support.strategies import mutated

ONE, TWO, THREE = (signing_key("dsse", name) for name in ("one", "two", "three"))
SIGNED = dsse.sign(PayloadType.CARD, b"payload", ONE, TWO)


def test_the_encoding_that_is_signed_is_that_of_the_dsse_specification() -> None:
    encoded = dsse.pre_authentication_encoding("http://example.com/HelloWorld", b"hello world")
    assert encoded == b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"


def test_lengths_are_counted_in_bytes() -> None:
    assert dsse.pre_authentication_encoding("é", "é".encode()) == "DSSEv1 2 é 2 é".encode()


def test_each_signer_verifies_and_nobody_else() -> None:
    signed = dsse.decode(SIGNED, PayloadType.CARD, 4096)
    assert [dsse.verifies(signed, key.kid, key.public) for key in (ONE, TWO, THREE)] == [True, True, False]
    assert not dsse.verifies(signed, ONE.kid, TWO.public)
    assert not dsse.verifies(signed, TWO.kid, ONE.public)


@given(payload=st.binary(max_size=200), kind=st.sampled_from(PayloadType))
def test_an_envelope_is_read_as_it_was_written(payload: bytes, kind: PayloadType) -> None:
    signed = dsse.decode(dsse.sign(kind, payload, ONE), kind, 4096)
    assert (signed.payload, signed.payload_type) == (payload, kind)
    assert dsse.verifies(signed, ONE.kid, ONE.public)
    assert dsse.decode(dsse.encode(signed), kind, 4096) == signed


@given(data=st.data())
def test_mutated_bytes_are_malformed_or_hold_the_same_payload_or_do_not_verify(data: st.DataObject) -> None:
    raw = data.draw(mutated(SIGNED))
    try:
        signed = dsse.decode(raw, PayloadType.CARD, 4096)
    except MalformedError:
        return
    assert signed.payload == b"payload" or not dsse.verifies(signed, ONE.kid, ONE.public)


def test_an_envelope_larger_than_the_limit_is_malformed() -> None:
    assert dsse.decode(SIGNED, PayloadType.CARD, len(SIGNED)).payload == b"payload"
    with pytest.raises(MalformedError):
        dsse.decode(SIGNED, PayloadType.CARD, len(SIGNED) - 1)
