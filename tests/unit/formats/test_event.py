"""Events: what is recorded comes back, and two of the same facts have nothing in common."""

import hashlib

import pytest

from emla.formats.event import NONCE_BYTES, RecordedEvent, decode, encode
from emla.model.errors import MalformedError

EVENT = RecordedEvent(
    kind="key.destroyed", at=1_790_000_000, nonce=bytes(range(16)), facts={"kid": "ab" * 16, "count": 3}
)


def test_an_event_comes_back_as_it_was_recorded() -> None:
    assert decode(encode(EVENT)) == EVENT


def test_the_nonce_hides_the_facts() -> None:
    other = RecordedEvent(kind=EVENT.kind, at=EVENT.at, nonce=bytes(16), facts=EVENT.facts)
    assert hashlib.sha256(encode(EVENT)).digest() != hashlib.sha256(encode(other)).digest()
    with pytest.raises(ValueError, match="nonce"):
        encode(RecordedEvent(kind="x", at=1, nonce=bytes(NONCE_BYTES - 1), facts={}))


@pytest.mark.parametrize(
    "data",
    [
        b"{}",
        encode(EVENT)[:-1],
        encode(EVENT).replace(b'"count":3', b'"count":true'),
        encode(EVENT).replace(b'"count":3', b'"count":[3]'),
        encode(EVENT).replace(b'"v":1', b'"v":2'),
    ],
)
def test_anything_else_is_malformed(data: bytes) -> None:
    with pytest.raises(MalformedError):
        decode(data)
