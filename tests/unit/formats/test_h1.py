"""h1: a second implementation's stanzas open here, nobody else's do, and no key that is none is taken."""

from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emla.formats import h1
from tests.support.authorities import derived
from tests.support.strategies import mutated
from tests.vectors import xwing

KEY = h1.SealingKey(bytes(range(32)))
CEK, HBIND = derived("cek"), derived("hbind")
KNOWN = xwing.wrap(KEY.public, CEK, HBIND, bytes(64))


def test_the_public_key_of_a_seed_is_known() -> None:
    assert len(KEY.public) == h1.PUBLIC_BYTES
    assert sha256(KEY.public).hexdigest() == PUBLIC_SHA256


def test_the_second_implementation_writes_a_known_stanza_and_ours_opens_it() -> None:
    assert len(KNOWN) == h1.STANZA_BYTES
    assert sha256(KNOWN).hexdigest() == STANZA_SHA256
    assert KEY.unwrap(KNOWN, HBIND) == CEK


PUBLIC_SHA256 = "c9a3565ffde4f72b51661be391ee13e46378d7f06dd5c8bf5af9d2cfb5b8336b"
STANZA_SHA256 = "5f6270bdd4285ebe0e63dbed2c1bcc32a1de5cfec7dfe78a6ebde08e989f2a21"


@settings(max_examples=20)
@given(
    seed=st.binary(min_size=32, max_size=32),
    cek=st.binary(min_size=32, max_size=32),
    hbind=st.binary(max_size=40),
)
def test_a_stanza_opens_with_its_key_for_its_header_only(seed: bytes, cek: bytes, hbind: bytes) -> None:
    key = h1.SealingKey(seed)
    stanza = h1.wrap(key.public, cek, hbind)
    assert key.unwrap(stanza, hbind) == cek
    assert key.unwrap(stanza, hbind + b"\0") is None
    assert h1.SealingKey(bytes(31) + b"\1").unwrap(stanza, hbind) is None


@settings(max_examples=50)
@given(data=st.data())
def test_a_mutated_stanza_is_none_of_ours(data: st.DataObject) -> None:
    raw = data.draw(mutated(KNOWN))
    assert KEY.unwrap(raw, HBIND) == (CEK if raw == KNOWN else None)


@pytest.mark.parametrize("length", [0, 1, 31, 33])
def test_a_seed_of_another_length_makes_no_key(length: int) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        h1.SealingKey(bytes(length))


LATTICE, CURVE = KEY.public[:1184], KEY.public[1184:]
P = 2**255 - 19


@pytest.mark.parametrize(
    "public",
    [
        b"",
        KEY.public[:-1],
        KEY.public + b"\0",
        b"\xff" * 1184 + CURVE,
        LATTICE + bytes(32),
        LATTICE + b"\1" + bytes(31),
        LATTICE + (P - 1).to_bytes(32, "little"),
        LATTICE + (P + 9).to_bytes(32, "little"),
        LATTICE + CURVE[:-1] + bytes([CURVE[-1] | 0x80]),
    ],
    ids=["empty", "short", "long", "not-reduced", "zero", "one", "minus-one", "above-p", "high-bit"],
)
def test_a_key_nobody_may_seal_to_is_not_valid(public: bytes) -> None:
    assert h1.is_valid_public(KEY.public)
    assert not h1.is_valid_public(public)


def test_a_key_does_not_show_its_secret() -> None:
    assert repr(h1.SealingKey(bytes(range(32)), "some-id")) == "SealingKey(kid=some-id)"
