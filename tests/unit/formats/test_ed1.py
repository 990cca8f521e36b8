"""ed1: RFC 8032's first example, and keys nobody may have. The vectors of others: test_wycheproof.py."""

import pytest

from emla.formats import ed1
from emla.formats.binding import key_id


def test_the_first_example_of_rfc_8032() -> None:
    seed = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
    key = ed1.SigningKey(seed, "")
    assert key.public.hex() == "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
    assert key.sign(b"").hex() == (
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
        "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
    )
    assert ed1.verify(key.public, b"", key.sign(b""))


def test_a_key_has_an_id_and_does_not_show_its_secret() -> None:
    seed = bytes(range(32))
    key = ed1.SigningKey(seed, "some-id")
    assert repr(key) == "SigningKey(kid=some-id)"
    assert seed.hex() not in repr(key)
    assert len(key_id("ed1", key.public)) == 32


SMALL_ORDER = (
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
)
NOT_CANONICAL = (
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
)


@pytest.mark.parametrize("public", [*SMALL_ORDER, *NOT_CANONICAL, "", "00" * 31, "00" * 33])
def test_a_key_of_small_order_or_of_another_spelling_is_no_key_and_verifies_nothing(public: str) -> None:
    octets = bytes.fromhex(public)
    assert not ed1.is_valid_public(octets)
    # With a small-order key, R = key and S = 0 satisfy the equation for many messages.
    for message in (b"", b"a", b"b", b"c"):
        assert not ed1.verify(octets, message, octets[:32].ljust(32, b"\0") + bytes(32))


@pytest.mark.parametrize("length", [0, 63, 65])
def test_a_signature_of_another_length_never_verifies(length: int) -> None:
    key = ed1.SigningKey(bytes(32), "")
    assert not ed1.verify(key.public, b"", (key.sign(b"") + b"\0")[:length])
